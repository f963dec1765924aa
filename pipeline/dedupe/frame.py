"""Two articles with one frame, background or legal notice: told by what each has of its own.

A version that was cut and rewritten has passages of its own too. They speak of what the other text speaks of, though
in other words: of 234 versions and framed copies with 80 characters of their own or more on both sides half share 28 %
of the pairs of characters in them, and of 6,000 pairs of strangers nineteen in twenty share less than 11 %. A copy in
two sites' frames has such passages as well; there the titles speak of what both have.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import takewhile

from pipeline.dedupe.overlap import SOLID_RUN, Overlap, Side, measure
from pipeline.dedupe.sketch import Shingles, text_key
from pipeline.rules import table

OWN = 80
"""Characters that a text must have of its own to be an article beside what it shares."""

UNLIKE, UNLIKE_SHAPED = 0.15, 0.25
"""Share of the pairs of characters of what two texts have of their own below which they speak of two things; the
second where the titles say so too, or where both texts are one passage of their own and then one they share."""

TITLES_ALIKE = 0.3
"""The same of two titles, from which on they name one thing."""

TAIL = 0.8
"""A passage that is this share of what two texts have in common is all of it but for phrases."""

SAME_TITLE = 0.3
"""Two pages of one site with this share of their own are two articles under one title."""

TITLE_HELD = 0.3
"""Share of a title's pairs of characters that one part of its text has, from which on it speaks of it."""

HEADED = 8
"""Letters of a title that stands in a text as its heading only."""

WORD = 6
"""Latin letters that say as much as a pair of ideographs."""

_LATIN = re.compile("[a-z0-9]{2}")
_NAMED = re.compile("[^:：|｜_»>–—-]{1,40}[:：|｜_»>–—-]")

FRAME_WORDS, LONGEST_FRAME, FRAME_SHARE = 3, 400, 0.15
"""So many words of what sites put round an article, in no more characters, and this share of them, are a site's
frame."""

PLACE, PLACE_SHARE, SHARED = 0.15, 0.5, 0.5
"""Two articles in one frame stand in one place of it: what each has of its own is one piece for the most part, this
share of it, and as far into what they share, within the first share of that. Asked where they share half of either:
what one page of an article has as its frame and another as its code stands here and there."""

FRAME_MOST = 0.85
"""A frame leaves more of a page to its article than the rest of this share, if two articles alone are to show it."""

COMPARED, TIMES = 2000, 3
"""So many characters of what is a text's own are compared, and no more than so many times the other's, because a
long text has any pair of characters."""


@dataclass(frozen=True, eq=False)
class Owns:
    """What each of two texts has of its own, and what their titles speak of."""

    a: Shingles
    """The first text."""
    b: Shingles
    """The second one."""
    overlap: Overlap
    """Where each stands in the other."""
    titles: tuple[str, str]
    """Their titles, or empty."""

    @cached_property
    def texts(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """For each text its own part and the other part, which both have."""
        return _parted(self.a.string, self.overlap.a), _parted(self.b.string, self.overlap.b)

    @cached_property
    def likeness(self) -> float:
        """Share of the pairs of characters of the texts' own parts that both have; 1 if one is no article's length."""
        one, other = (own for own, _ in self.texts)
        return _likeness(one, other) if min(len(one), len(other)) >= OWN else 1.0

    @property
    def apart(self) -> bool:
        """Whether what each has of its own speaks of another thing, and no title says else."""
        return self.about is not False and self.likeness < (
            UNLIKE_SHAPED if self.about or self.tail else UNLIKE
        )

    def share(self, least: float) -> bool:
        """Whether each text's own part is at least this share of it."""
        return all(len(own) >= least * (len(own) + len(both)) for own, both in self.texts)

    @cached_property
    def about(self) -> bool | None:
        """Whether the titles speak of what is each text's own, not of what both have; None: they do not say."""
        keys = [_title(title) for title in own_titles(*self.titles)]
        found = [
            (_held(key, _unheaded(key, own)), _held(key, both))
            for key, (own, both) in zip(keys, self.texts, strict=True)
            if key
        ]
        # The name of a column stands in no text and says nothing.
        found = [(own, both) for own, both in found if max(own, both) >= TITLE_HELD]
        if len(found) == 2 and _likeness(*keys) >= TITLES_ALIKE:
            return False
        if found and all(own > both for own, both in found):
            return True
        # What names both is a table of contents.
        if all(keys) and all(key in both for key in keys for _, both in self.texts):
            return None
        return False if found and all(both > own for own, both in found) else None

    @property
    def in_one_place(self) -> bool:
        """Whether what each has of its own is one piece for the most part, in the same place of what they share."""
        (one, a), (other, b) = _place(self.overlap.a), _place(self.overlap.b)
        return min(one, other) >= PLACE_SHARE and abs(a - b) <= PLACE

    @property
    def tail(self) -> bool:
        """Whether both begin with what is their own and end with one passage that is most of what they share."""
        return all(_tailed(side) for side in (self.overlap.a, self.overlap.b))


def _unheaded(title: str, text: str) -> str:
    """A text's own part without its title, which a page prints above what it frames; a short one is a word of it."""
    return text.replace(title, "") if len(title) >= HEADED else text


def own_titles(one: str, other: str) -> tuple[str, str]:
    """Two titles without the name of the site or the book that both begin or end with: 学习手册: 2.4 如何阅读."""
    for turned in (False, True):
        a, b = (one[::-1], other[::-1]) if turned else (one, other)
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False))
        common = _NAMED.match("".join(char for char, _ in alike))
        left, right = (title[common.end() if common else 0 :] for title in (a, b))
        if common and left.strip() and right.strip():
            one, other = (left[::-1], right[::-1]) if turned else (left, right)
    return one, other


def framed(text: Shingles, side: Side) -> bool:
    """Whether what a text has beside another one is a site's frame."""
    rest = _parted(text.string, side)[0]
    words = [word for word in _frame_words() if word in rest]
    return (
        len(words) >= FRAME_WORDS
        and len(rest) <= LONGEST_FRAME
        and sum(map(len, words)) >= FRAME_SHARE * len(rest)
    )


@cache
def _frame_words() -> tuple[str, ...]:
    return tuple(_title(word) for word, _ in table("frame-words"))


def own(side: Side) -> bool:
    """Whether a text has an article's length of its own."""
    return sum(block for block in side.blocks if block >= SOLID_RUN) >= OWN


def two_articles(a: Shingles, b: Shingles, titles: tuple[str, str]) -> float | None:
    """The share that two articles of one site have in common, the site's; None: they are versions of one."""
    overlap = measure(a, b)
    if overlap is None:
        return 0.0
    if not (own(overlap.a) and own(overlap.b)):
        return None
    owns = Owns(a, b, overlap, titles)
    # A series has one title, and a site's word for its news stands in the frame.
    if not (owns.apart or (owns.likeness < UNLIKE and owns.share(SAME_TITLE))):
        return None
    shared = [len(both) / (len(own) + len(both)) for own, both in owns.texts]
    if max(shared) >= SHARED and not owns.in_one_place:
        return None
    return min(shared) if max(shared) <= FRAME_MOST else 0.0


def _tailed(side: Side) -> bool:
    if not side.runs or side.tail >= SOLID_RUN:
        return False
    start, end = side.runs[-1]
    return start >= OWN and end - start >= TAIL * sum(end - start for start, end in side.runs)


def _place(side: Side) -> tuple[float, float]:
    """The longest block of a text's own: what share of its own it is, and of what it shares how much stands before."""
    before = own = longest = place = at = 0
    for start, end in [
        *(run for run in side.runs if run[1] - run[0] >= SOLID_RUN),
        (side.length, side.length),
    ]:
        block = start - at if start - at >= SOLID_RUN else 0
        own += block
        if block > longest:
            longest, place = block, before
        before += end - start
        at = end
    return longest / max(1, own), place / max(1, before)


def _parted(text: str, side: Side) -> tuple[str, str]:
    own: list[str] = []
    both: list[str] = []
    at = 0
    for start, end in [*(run for run in side.runs if run[1] - run[0] >= SOLID_RUN), (len(text), len(text))]:
        (own if start - at >= SOLID_RUN else both).append(text[at:start])
        both.append(text[start:end])
        at = end
    return "".join(own), "".join(both)


def _title(title: str) -> str:
    return text_key(title[:COMPARED]).tobytes().decode("utf-32-le", "replace")


def _pairs(text: str) -> set[str]:
    """Pairs of characters; of Latin letters and digits, of which any text has every pair, as many as a word has."""
    if not _LATIN.search(text):
        return {text[at : at + 2] for at in range(len(text) - 1)}
    found = (text[at : at + 2] for at in range(len(text) - 1))
    return {text[at : at + WORD] if pair.isascii() else pair for at, pair in enumerate(found)}


def _likeness(one: str, other: str) -> float:
    shorter, longer = sorted((one[:COMPARED], other[:COMPARED]), key=len)
    few, many = _pairs(shorter), _pairs(longer[: TIMES * len(shorter)])
    return len(few & many) / max(1, min(len(few), len(many)))


def _held(title: str, text: str) -> float:
    pairs = _pairs(title)
    return sum(pair in text for pair in pairs) / max(1, len(pairs))
