"""What is known of two overlapping texts, each thing measured once, when a rule first asks for it.

`low` and `high` are the smaller and the larger coverage of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property

from pipeline.dedupe import facts, titles
from pipeline.dedupe.frame import Owns, framed, own, own_titles
from pipeline.dedupe.overlap import SOLID_RUN, Overlap, Side
from pipeline.dedupe.sketch import Shingles

SCHEMA_ALIKE = 0.6
"""Share of the names of the fields of two that both have, from which on they are of one schema."""

OWN_SHARE, TITLED_SHARE, COMMON = 0.15, 0.08, 0.5
"""Share of each text that is its own, where they are two articles; the same where their titles say so; and the share
of what they have in common that several others have too: a passage of the corpus."""

THROUGHOUT, THROUGHOUT_NUMBER = 2, 3
"""So often a text bears, beside its title, what that names in the place of the other one's."""

TITLED, OWN_TITLE, LONG_TEXT = 4, 8, 600
"""Letters of a title that says something, of one that many articles do not have, and characters of a text that has
grown over years."""

SUBJECT, WORD, HEADING = 3, 2, 60
"""So often the subject of a text stands in the place of the other one's, each of so many letters at least (您 for 你 is
none), and first within so many characters."""

MOST_NAMES = 64
"""The most frequent replacements, which are looked for in the other text."""

OPENING = 200
"""The title of a page stands within so many characters, below what is above it."""

LONGEST_TEASER = 24
"""Characters of the line that ends an excerpt and says where the rest is; it is not part of the article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known of two texts beside their wording."""

    days: int | None
    """Days between their publication; None when one is unknown."""
    titles: tuple[str, str]
    """Their titles, or empty."""
    one_site: bool = False
    """Whether one site has both."""
    rare: Callable[[], float]
    """Gives the share 0..1 of the sampled grams they share that no other article has."""
    common: Callable[[], float] = lambda: 0.0
    """Gives the share 0..1 of them that several other articles have."""
    schemas: Callable[[], tuple[Collection[str], Collection[str]]] = lambda: ((), ())
    """Gives the names of the fields of each, where they are records."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Evidence:
    """Two texts and what the rules ask about them, each thing measured once, when it is first asked for."""

    a: Shingles
    """The first text."""
    b: Shingles
    """The second one."""
    overlap: Overlap
    """Where each stands in the other."""
    known: Circumstances
    """What is known beside."""

    @cached_property
    def low(self) -> float:
        """The smaller coverage; a text that repeats itself is covered no further than the other one is long."""
        a, b = self.overlap.a, self.overlap.b
        return min(a.coverage, b.coverage, min(a.length, b.length) / max(1, a.length, b.length))

    @cached_property
    def high(self) -> float:
        """The larger coverage."""
        return max(self.overlap.a.coverage, self.overlap.b.coverage)

    @cached_property
    def density(self) -> float:
        """The density of the sparser side."""
        return self.overlap.density

    @cached_property
    def strength(self) -> float:
        """How much of both texts is the same: 0 to 2."""
        return (self.low + self.high) * self.density

    @cached_property
    def agree(self) -> float:
        """Share of the numbers of the text with fewer of them that the other has."""
        return facts.numbers_agree(self.a, self.b)

    @cached_property
    def rare(self) -> float:
        """Share of what they have in common that no third article has."""
        return self.known.rare()

    @cached_property
    def gaps(self) -> tuple[int, float, float]:
        """In how many short places the first text departs, and how often they and any place of it touch a digit."""
        return facts.digit_gaps(self.a, self.overlap.matched_a)

    @cached_property
    def conflicts(self) -> facts.Conflicts:
        """What stands in one text in the place of something else in the other."""
        return facts.conflicts(self.a, self.b, self.overlap)

    @cached_property
    def titles(self) -> tuple[str, str] | None:
        """What the titles name in each other's place."""
        return titles.titles_conflict(*self._titled)

    @cached_property
    def notices(self) -> tuple[str, str] | None:
        """What the titles of two notices do."""
        return titles.notices_conflict(*self._titled)

    @cached_property
    def named_apart(self) -> bool:
        """Whether what the titles name in each other's place is what the texts speak of throughout."""
        one, a, other, b = self._titled
        if self.titles is not None:
            here, there = self.titles
            told = here.isdigit() and there.isdigit()
            times = min(a.replace(one, "").count(here), b.replace(other, "").count(there))
            # A name or number that was put right has most of its letters left.
            if times >= (THROUGHOUT_NUMBER if told else THROUGHOUT) and (told or not set(here) & set(there)):
                return True
        return any(titles.change_places(*pair, one, other) for pair in self.conflicts.names)

    @cached_property
    def one_title(self) -> bool:
        """Whether they have one title, which is no notice's."""
        one, _, other, _ = self._titled
        return one == other and len(one) >= TITLED and not titles.is_notice(one)

    @cached_property
    def own_title(self) -> bool:
        """Whether the one title and their lengths are those of an article of its own."""
        one, a, _, b = self._titled
        return self.one_title and len(one) >= OWN_TITLE and min(len(a), len(b)) >= LONG_TEXT

    @cached_property
    def about_other(self) -> bool:
        """Whether the title of one names the other text: a decision to amend it, a comment on it."""
        one, other = self.known.titles
        return bool(one and other) and (f"《{one.strip()}》" in other or f"《{other.strip()}》" in one)

    @cached_property
    def swapped(self) -> int:
        """How often a name stands in the place of another one, neither of which is anywhere in the other text."""
        return max((times for _, _, times in self._swaps), default=0)

    @cached_property
    def of_other(self) -> bool:
        """Whether a name stands throughout, from the first words on, in the place of another one: the subject."""
        a, b = self.a.string[:HEADING], self.b.string[:HEADING]
        return any(
            times >= SUBJECT and min(len(here), len(there)) >= WORD and here in a and there in b
            for here, there, times in self._swaps
        )

    @cached_property
    def subjects(self) -> tuple[str, str] | None:
        """What each speaks of throughout and names in its title, and the other never says."""
        (one, other), a, b = self.known.titles, self.a.string, self.b.string
        return titles.subjects_conflict(one, a, other, b)

    @cached_property
    def siblings(self) -> tuple[str, str] | None:
        """The titles of two pages of one site that name two things: neither is at the head of the other page."""
        if not self.known.one_site:
            return None
        one, other = map(titles.title_key, own_titles(*self.known.titles))
        named = titles.in_ideographs(one) and titles.in_ideographs(other)
        if not named or not titles.named_in_place(one, other):
            return None
        a, b = self.a.string[:OPENING], self.b.string[:OPENING]
        return None if one in b or other in a else (one, other)

    @cached_property
    def _swaps(self) -> list[tuple[str, str, int]]:
        """Names in the place of another one, neither of which is anywhere in the other text, and how often; but for
        one thing's names in two places."""
        a, b = self.a.string, self.b.string
        return [
            (here, there, times)
            for (here, there), times in self.conflicts.names.most_common(MOST_NAMES)
            if here not in b and there not in a and not titles.of_two_places(here, there)
        ]

    @cached_property
    def _titled(self) -> tuple[str, str, str, str]:
        one, other = map(titles.title_key, self.known.titles)
        return one, self.a.string, other, self.b.string

    @cached_property
    def held(self) -> float:
        """The larger coverage, the teaser at the end of an excerpt or a site's frame round it left out."""
        side = self.shorter
        beside = side.tail if side.tail <= LONGEST_TEASER else 0
        if not beside and framed(self.a if side is self.overlap.a else self.b, side):
            beside = sum(block for block in side.blocks if block >= SOLID_RUN)
        return min(1.0, side.coverage * side.length / max(1, side.length - beside))

    @cached_property
    def regional(self) -> bool:
        """Whether they say the same in the words of two places."""
        return titles.in_words_of_two_places(self.a.string, self.b.string)

    @cached_property
    def framed(self) -> bool:
        """Whether what the longer one has beside the shorter is a site's frame."""
        return framed(self.a if self.longer is self.overlap.a else self.b, self.longer)

    @cached_property
    def schema(self) -> bool:
        """Whether they are records of one schema."""
        one, other = map(set, self.known.schemas())
        return len(one & other) >= max(1, SCHEMA_ALIKE * len(one | other))

    @cached_property
    def owns(self) -> Owns:
        """What each has of its own."""
        return Owns(self.a, self.b, self.overlap, self.known.titles)

    @cached_property
    def two_articles(self) -> bool:
        """Whether what they share is not what either is about."""
        if not all(own(side) for side in (self.overlap.a, self.overlap.b)):
            return False
        least = TITLED_SHARE if self.owns.about else OWN_SHARE
        known = self.owns.about or self.owns.tail or self.known.common() >= COMMON
        return known and self.owns.share(least) and self.owns.apart

    @property
    def shorter(self) -> Side:
        """The side that is covered more; the first, when both are alike."""
        return self.overlap.a if self.overlap.a.coverage >= self.overlap.b.coverage else self.overlap.b

    @property
    def longer(self) -> Side:
        """The other side."""
        return self.overlap.b if self.shorter is self.overlap.a else self.overlap.a
