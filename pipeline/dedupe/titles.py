"""What two titles name in each other's place: another guest, another firm, another issue; and which goes on.

A copy under another title takes its words from a text that both have; a notice is one of many, and its title may be
all that says which.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import cache, lru_cache
from itertools import product

from pipeline.dedupe.sketch import key_positions, text_key
from pipeline.rules import table

_NUMBER = re.compile(r"\d+")
_TOKEN = re.compile(r"\d+|.", re.DOTALL)

ALIKE, LONGEST_TITLE = 0.4, 80
"""Titles this alike have one form; past so many characters a title is not one."""

REGIONAL = 3
"""So many words of one place where the other text has the other's: 20 of 42 manual pages in both were of one form, for
their swapped names, and no copies."""

SUBJECT, MENTIONED, HEADING = 3, 4, 60
"""So often a text says, from its title or else its first so many characters on, what another one never says, or so
many times as often as that mentions it."""

LETTERS = 3
"""Letters of a word of a title: with fewer, as in i386, it is a code or the number of a release."""

CORRECTED = 0.6
"""Titles this alike are one that was corrected."""

EXCHANGED = 6
"""Letters of words whose order says which of two things is meant."""

LONGEST_WHOLE = 120
"""Characters of a line that may be a title (extract/title.py)."""

SURE, SHORTEST_CUT = 6, 4
"""Letters of a title from which a longer one of the same article that begins with it shows it to be cut, and of one
that says so itself by its ellipsis (as in extract/shortened.py)."""

LOOKED_AT = 16
"""Longer titles that are tried for one."""

_WORD, _ASCII = re.compile(r"[a-z][a-z0-9]{2,}"), re.compile("[!-~]")
_IDEOGRAPH = re.compile("[\u3400-\u9fff]")
_ELLIPSIS = re.compile(r"(?:…|\.{3})[….]{0,5}$")


def titles_conflict(a: str, text_a: str, b: str, text_b: str) -> tuple[str, str] | None:
    """What the titles name in each other's place, each found in its own text only; None: nothing.

    Two of one form, like the welcomes of two guests; a copy under another title takes its words from a text
    that both have, and so does one in the words of another place. All four are comparison keys.
    """
    for tw, cn in zip(*_regional(), strict=True):
        if (tw in a and cn in b) or (tw in b and cn in a):
            a, text_a, b, text_b = (said.replace(tw, cn) for said in (a, text_a, b, text_b))
    tokens_a, tokens_b = (_TOKEN.findall(title[:LONGEST_TITLE]) for title in (a, b))
    matcher = SequenceMatcher(None, tokens_a, tokens_b, autojunk=False)
    if matcher.ratio() < ALIKE:
        return None
    # A page prints its title above the text; that occurrence proves nothing.
    text_a, text_b = text_a.replace(a, ""), text_b.replace(b, "")
    for change, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        if change != "replace":
            continue
        # 巴西 for 巴勒斯坦: what the names have in common at their head belongs to them.
        shared = max(0, 2 - min(a_to - a_from, b_to - b_from))
        here = "".join(tokens_a[max(0, a_from - shared) : a_to])
        there = "".join(tokens_b[max(0, b_from - shared) : b_to])
        if here in text_a and there in text_b and here not in text_b and there not in text_a:
            return here, there
    return None


def change_places(here: str, there: str, a: str, b: str) -> bool:
    """Whether words that stand for each other in two texts are, but for a letter or two, words of their titles that
    have the same letters in another order: 空格转换为制表符 for 制表符转换为空格. All are comparison keys."""
    if min(len(here), len(there), len(a), len(b)) < EXCHANGED:
        return False
    one, other = _of_title(here, a), _of_title(there, b)
    return one != other and min(len(one), len(other)) >= EXCHANGED and sorted(one) == sorted(other)


def _of_title(words: str, title: str) -> str:
    """The longest part of some words that a title has, but for a letter or two of them."""
    found = SequenceMatcher(None, words, title, autojunk=False).find_longest_match()
    return words[found.a : found.a + found.size] if found.size >= len(words) - 2 else ""


def in_ideographs(title: str) -> bool:
    """Whether a title, as a comparison key, has two ideographs: the first line of a file of code has none."""
    return len(_IDEOGRAPH.findall(title)) > 1


def named_in_place(a: str, b: str) -> bool:
    """Whether two titles, as comparison keys, have ideographs in each other's place: not a word more or less, and not
    the number or the name in Latin letters of another edition."""
    matcher = SequenceMatcher(None, a[:LONGEST_TITLE], b[:LONGEST_TITLE], autojunk=False)
    return any(
        change == "replace" and _IDEOGRAPH.search(a[a_from:a_to]) and _IDEOGRAPH.search(b[b_from:b_to])
        for change, a_from, a_to, b_from, b_to in matcher.get_opcodes()
    )


def alike(a: str, b: str) -> bool:
    """Whether two titles, as comparison keys, are one but for a few words."""
    return SequenceMatcher(None, a[:LONGEST_TITLE], b[:LONGEST_TITLE], autojunk=False).ratio() >= CORRECTED


def notices_conflict(a: str, text_a: str, b: str, text_b: str) -> tuple[str, str] | None:
    """What the titles of two notices name in each other's place, each in no text but its own; None: nothing.

    Unlike other titles they need not be borne out by the texts. All four are comparison keys.
    """
    if opposite := _opposite(a, b):
        return opposite
    if not (is_notice(a) and is_notice(b)):
        return None
    numbers_a, numbers_b = _NUMBER.findall(a), _NUMBER.findall(b)
    if numbers_a and numbers_b and not (set(numbers_a) <= set(numbers_b) or set(numbers_b) <= set(numbers_a)):
        return next((one, two) for one, two in product(numbers_a, numbers_b) if one != two)
    # 公告 for 通告 is the same notice.
    plain_a, plain_b = _without_form(a[:LONGEST_TITLE]), _without_form(b[:LONGEST_TITLE])
    text_a, text_b = text_a.replace(a, ""), text_b.replace(b, "")
    matcher = SequenceMatcher(None, plain_a, plain_b, autojunk=False)
    for change, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        here, there = plain_a[a_from:a_to], plain_b[b_from:b_to]
        if change == "replace" and here not in text_b and there not in text_a:
            return here, there
    return None


def _opposite(a: str, b: str) -> tuple[str, str] | None:
    """The words for the beginning and the end of a thing, where two titles are one but for them."""
    for one, other in _opposites():
        for here, there in ((one, other), (other, one)):
            if here in a and there in b and a.replace(here, there) == b:
                return here, there
    return None


def subjects_conflict(a: str, text_a: str, b: str, text_b: str) -> tuple[str, str] | None:
    """What each of two texts speaks of throughout, its title says and the other one never does; None: not both do.

    Pages about two components or commands in the words of one, which need not stand in each other's place. A text
    without a title is taken by its first words. The titles are as they are printed, the texts comparison keys; texts
    in the words of two places have other words for one thing, and one letter for another puts a name right. On three
    judged samples of the pages of handbooks, components and games 33 of 90 pairs of other things stood in one cluster
    without it and 14 with it; of 72 versions one more is parted.
    """
    if title_key(a) == title_key(b) != "":
        return None
    here = _subjects(a, text_a, text_b)
    there = _subjects(b, text_b, text_a) if here else []
    mine = [word for word in here if not any(_put_right(word, other) for other in there)]
    theirs = [word for word in there if not any(_put_right(word, other) for other in here)]
    if not (mine and theirs) or in_words_of_two_places(text_a, text_b, least=1):
        return None
    return mine[0], theirs[0]


def _subjects(title: str, text: str, other: str) -> list[str]:
    """The words of the title, and stretches of its ideographs, that the text says often and the other one never."""
    key = title_key(title[:LONGEST_TITLE])
    key = key if len(key) > 1 else text[:HEADING]
    pairs = [key[at : at + 2] for at in range(len(key) - 1)]
    own = "".join("1" if not _ASCII.search(pair) and _is_own(pair, text, other) else " " for pair in pairs)
    stretches = [key[found.start() : found.end() + 1] for found in re.finditer("1+", own)]
    return stretches + [
        word
        for word in _WORD.findall(title.lower())
        if sum(map(str.isalpha, word)) >= LETTERS and _is_own(word, text, other)
    ]


def _is_own(word: str, text: str, other: str) -> bool:
    return text.count(word) >= max(SUBJECT, MENTIONED * other.count(word))


def _put_right(here: str, there: str) -> bool:
    """Whether they are one word in which a letter was put right."""
    return len(here) == len(there) and sum(map(str.__ne__, here, there)) == 1


def in_words_of_two_places(text_a: str, text_b: str, least: int = REGIONAL) -> bool:
    """Whether two texts, as comparison keys, say the same in the words of Taiwan and of the mainland."""
    (tw_a, cn_a), (tw_b, cn_b) = _regional_in(text_a), _regional_in(text_b)
    return len(tw_a & cn_b - tw_b) >= least or len(tw_b & cn_a - tw_a) >= least


@lru_cache(1 << 6)
def _regional_in(text: str) -> tuple[frozenset[int], frozenset[int]]:
    """Which pairs of words have the one of Taiwan, and which that of the mainland, in a text."""
    one, other = (frozenset(n for n, word in enumerate(words) if word in text) for words in _regional())
    return one, other


def of_two_places(here: str, there: str) -> bool:
    """Whether two words, as comparison keys, are Taiwan's and the mainland's word for one thing."""
    return any(pair in zip(*_regional(), strict=True) for pair in ((here, there), (there, here)))


@cache
def _regional() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of Taiwan, and those of the mainland in the same order."""
    pairs = [(title_key(tw), title_key(cn)) for tw, cn, _ in table("regional")]
    return tuple(tw for tw, _ in pairs), tuple(cn for _, cn in pairs)


def is_notice(title: str) -> bool:
    """Whether a title, as a comparison key, has a word that heads many notices of one form."""
    return any(word in title for word in _form_words())


def whole_titles(
    titles: Iterable[tuple[str, str]], asked: Iterable[tuple[str, str]] | None = None
) -> dict[str, str]:
    """Id of each copy whose title was cut short → id of the copy that shows it: its title begins so, and goes on.

    `titles` are the ids and titles of the copies of one article, in the order of decisions; `asked`, if given, those
    that may be cut.

    >>> whole_titles([("a", "没人能复制Chat"), ("b", "没人能复制ChatGPT"), ("c", "没人能复制ChatGPT（图）")])
    {'a': 'b'}
    """
    titles = list(titles)
    asked = titles if asked is None else list(asked)
    different = dict.fromkeys(title for _, title in (*titles, *asked) if title)
    if len(different) < 2:
        return {}
    whole: dict[str, tuple[str, str]] = {}
    for name, title in titles:
        if title and len(title) <= LONGEST_WHOLE and not _ELLIPSIS.search(title):
            whole.setdefault(title_key(title), (name, title))
    keys = sorted(whole)
    shown = {title: _shown_by(title, keys, whole) for title in different}
    return {name: other for name, title in asked if (other := shown.get(title))}


def _shown_by(title: str, keys: list[str], whole: dict[str, tuple[str, str]]) -> str | None:
    """The copy whose title shows that one is cut short, of the keys of whole titles in their order."""
    stem = _ELLIPSIS.sub("", title[: 2 * LONGEST_WHOLE])
    is_cut, key = stem != title, title_key(stem)
    if len(key) < (SHORTEST_CUT if is_cut else SURE):
        return None
    start = bisect_right(keys, key)
    for longer in keys[start : start + LOOKED_AT]:
        other, said = whole[longer]
        if longer.startswith(key) and (is_cut or _goes_on(said, len(key))):
            return other
    return None


def _goes_on(title: str, letters: int) -> bool:
    """Whether a title goes on behind so many letters of its key, with no subtitle or name of a site."""
    end = int(key_positions(title)[letters - 1]) + 1
    # 没人能复制Chat|GPT: a word, or a number, is cut in two
    is_one_word = title[end - 1 : end + 1].isascii() and title[end - 1 : end + 1].isalnum()
    return is_one_word or not _subtitle().match(title, end)


@cache
def _subtitle() -> re.Pattern[str]:
    return re.compile("|".join(pattern for pattern, _ in table("after-title")))


@lru_cache(1 << 12)
def title_key(title: str) -> str:
    """The comparison key of a title."""
    return text_key(title).tobytes().decode("utf-32-le", "replace")


def _without_form(title: str) -> str:
    for word in _form_words():
        title = title.replace(word, "")
    return title


@cache
def _opposites() -> tuple[tuple[str, str], ...]:
    return tuple((title_key(one), title_key(other)) for one, other, _ in table("opposites"))


@cache
def _form_words() -> tuple[str, ...]:
    return tuple(title_key(word) for word, _ in table("form-titles"))
