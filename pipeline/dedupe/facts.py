"""Do two texts of the same wording state the same facts: their numbers, and the names swapped in place.

A weather report of Monday is not a copy of Tuesday's, although they share nine characters in ten.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline.dedupe.overlap import Overlap
from pipeline.dedupe.sketch import GRAM, Shingles

LONGEST_SWAP = 12
"""A replacement longer than this on either side is rewriting, not a fact put in another's place."""

LONGEST_LINE = 100
"""A line of a notice that was written anew."""

ELSEWHERE = 3
"""Instances of a form depart from each other in no more places than these beside the facts, and no more than there
are facts."""

MISREAD, MISREAD_SHARE = 5, 0.5
"""So many single characters, and this share of what was replaced, in the place of another one: the text was misread,
and so was a number in which one digit differs."""

FORM_LIKE = 0.4
"""Two lines of which this share of the longer one is the same, whatever the numbers, are of one form."""

TABLE_LIKE, TABLE_VALUES = 0.8, 3
"""Lines this alike but for so many numbers or more are the same table with other values."""

LONGEST_TABLE, TABLE_DIGITS = 600, 0.25
"""Lines of a table, which digits are this share of, are compared as far as so many characters."""

HEAD, FOOT = 100, 60
"""The head and the foot of a notice, in characters, state when, where and who."""

CODE = 5
"""A number of so many digits is the code of something."""

LARGE, NAME = 3, 4
"""Digits of a sum, and characters of the name of a firm that has none of another firm's."""

RENUMBERED = 3
"""So many items in a row, each with another number, are a list that was numbered anew."""

LONGEST_PART, PARTS = 3, 3
"""Digits of the number of a section, dots left out, and how many begin with it, itself among them: a section that was
moved takes the numbers of its own sections along."""

_TENS = ["", "十", *(f"{one}十" for one in "二三四五六七八九")]
_PARTS = tuple("条款项章节编")
_WHICH_AFTER, _WHICH_BEFORE = tuple("年月日号期届次时"), tuple("第")
_NUMBER = re.compile(r"\d+")
_NUMERALS = "0123456789〇零一二三四五六七八九十百千万亿两"
_UNITS = "百千万亿"
_NUMERAL = re.compile(f"[{_NUMERALS}]+")
_SPELT = re.compile(f"[{_NUMERALS}]{{2,}}")
_UNNUMBERED = re.compile(f"[{_NUMERALS}]{{0,6}}[条款项章节编]")
_TOKEN = re.compile(f"[{_NUMERALS}]+|.", re.DOTALL)
_GARBLED = re.compile("[0-9][〇零一二三四五六七八九]|[〇零一二三四五六七八九][0-9]")
_ARABIC = str.maketrans("〇零一二三四五六七八九", "00123456789")
_DIGITS = (0x30, 0x39)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflicts:
    """What stands in one text in the place of something else in the other."""

    numbers: tuple[tuple[str, str], ...]
    """Numbers in each other's place, Arabic or Chinese."""
    share: float
    """Share of the aligned numbers that conflict."""
    head: bool
    """Whether a number that says when or which, or two numbers, conflict within the first characters of both."""
    names: Counter[tuple[str, str]]
    """Other replacements and how often each was made."""
    edges: int = 0
    """How many facts conflict at the head or the foot, one of them a number that says when or which, or in one line
    amid, one of them a name and two of them numbers; 0 where the texts depart from each other in more places."""
    others: tuple[tuple[str, str], ...] = ()
    """What differs in lines of one form that have more in common than their length of a replacement tells."""


def numbers_agree(a: Shingles, b: Shingles) -> float:
    """Share of the distinct numbers of the text with fewer of them that the other has; 1 if it has none."""
    one, two = (set(_NUMBER.findall(text.string)) for text in (a, b))
    fewer = min(len(one), len(two))
    return len(one & two) / fewer if fewer else 1.0


def digit_gaps(text: Shingles, matched: NDArray[np.bool_]) -> tuple[int, float, float]:
    """How many short places depart from the other text, and how often they and any place touch a digit.

    The frequencies are shares 0..1: of those places, and of all grams of the text.
    """
    digits = (text.codes >= _DIGITS[0]) & (text.codes <= _DIGITS[1])
    total = np.concatenate(([0], np.cumsum(digits)))
    edges = np.diff(np.concatenate(([False], ~matched, [False])).astype(np.int8))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    short = ends - starts < LONGEST_SWAP + GRAM
    starts, ends = starts[short], ends[short]
    if not len(starts):
        return 0, 0.0, 1.0
    # The changed characters, and one neighbour on either side.
    first = np.minimum(starts + GRAM - 2, ends)
    last = np.minimum(np.maximum(ends + 1, first + 2), len(text.codes))
    touching = (total[last] - total[first]) > 0
    grams = (total[GRAM:] - total[:-GRAM]) > 0
    return len(starts), float(touching.mean()), float(grams.mean()) if len(grams) else 0.0


def conflicts(a: Shingles, b: Shingles, overlap: Overlap) -> Conflicts:
    """Align the two texts and list what stands in the place of something else."""
    text_a, text_b = a.string, b.string
    numbers: dict[tuple[str, str], None] = {}
    names: Counter[tuple[str, str]] = Counter()
    heads: set[tuple[str, str]] = set()
    edges: set[tuple[str, str]] = set()
    which: set[tuple[str, str]] = set()
    facts: list[tuple[str, str]] = []
    others: list[tuple[str, str]] = []
    at_edges = 0
    spans: list[tuple[int, int]] = []
    swaps: list[tuple[int, int]] = []
    for a_from, a_to, b_from, b_to in _swaps(a, b, overlap):
        head = a_from < HEAD and b_from < HEAD
        edge = head or (a_to > len(text_a) - FOOT and b_to > len(text_b) - FOOT)
        if max(a_to - a_from, b_to - b_from) > LONGEST_SWAP:
            a_from, a_to, b_from, b_to = _whole_numbers(text_a, a_from, a_to, text_b, b_from, b_to)
            found, told, values = line_facts(text_a[a_from:a_to], text_b[b_from:b_to])
            which.update(told)
            others += found
            numbers |= dict.fromkeys(values)
        else:
            here, there = _numeral(text_a, a_from, a_to), _numeral(text_b, b_from, b_to)
            found = []
            if here and there:
                one, other = _NUMERAL.sub("", text_a[a_from:a_to]), _NUMERAL.sub("", text_b[b_from:b_to])
                reworded = one != other and bool(one) and bool(other)
                if _other_number(here, there) and not _numbers_a_part(text_a, a_to, text_b, b_to):
                    found.append((here, there))
                    numbers |= dict.fromkeys(_apart(here, there))
                    if head:
                        heads.add((here, there))
                    if _says_which(text_a, a_from, a_to):
                        which.add((here, there))
                if reworded:
                    found.append((one, other))
            elif not here and not there:
                names[text_a[a_from:a_to], text_b[b_from:b_to]] += 1
                found.append((text_a[a_from:a_to], text_b[b_from:b_to]))
        swaps.append((a_from, a_to))
        if found:
            spans.append((a_from, a_to))
            facts += found
        if edge:
            edges.update(found)
            at_edges += 1
    if sum(times for pair, times in names.items() if len(pair[0]) == len(pair[1]) == 1) >= max(
        MISREAD, MISREAD_SHARE * len(spans)
    ):
        misread = {pair for pair in numbers if _one_digit(*pair)}
        numbers = dict.fromkeys(pair for pair in numbers if pair not in misread)
        heads -= misread
        edges -= misread
    renumbered = _renumbered(list(numbers)) | _moved_along(list(numbers)) | _shifted(list(numbers))
    numbers = dict.fromkeys(pair for pair in numbers if pair in which or pair not in renumbered)
    total = len(numbers) + _agreeing(text_a, overlap.matched_a)
    places = _places(overlap.matched_a)
    instance = len(edges) if edges & which and places - at_edges <= min(len(edges), ELSEWHERE) else 0
    if places == len(swaps) and _in_one_line(swaps) and _who_and_how_much(facts):
        instance = max(instance, len(set(facts)))
    return Conflicts(
        numbers=tuple(numbers),
        share=len(numbers) / total if total else 0.0,
        head=len(heads) > 1 or bool(heads & which),
        names=names,
        edges=instance,
        others=tuple(others),
    )


def _whole_numbers(
    a: str, a_from: int, a_to: int, b: str, b_from: int, b_to: int
) -> tuple[int, int, int, int]:
    """Two spans that cut into a number at either end, which begins or ends alike in both, with the whole of it."""
    while a_from and b_from and a[a_from - 1] == b[b_from - 1] and a[a_from - 1] in _NUMERALS:
        a_from, b_from = a_from - 1, b_from - 1
    while a_to < len(a) and b_to < len(b) and a[a_to] == b[b_to] and a[a_to] in _NUMERALS:
        a_to, b_to = a_to + 1, b_to + 1
    return a_from, a_to, b_from, b_to


def _one_digit(here: str, there: str) -> bool:
    return len(here) == len(there) and sum(one != other for one, other in zip(here, there, strict=True)) == 1


def _numbers_a_part(text_a: str, a_to: int, text_b: str, b_to: int) -> bool:
    """Whether two numbers name parts of a text, articles of a law, which a new version numbers anew."""
    after_a, after_b = _UNNUMBERED.match(text_a, a_to), _UNNUMBERED.match(text_b, b_to)
    return bool(after_a and after_b)


def _renumbered(pairs: Pairs) -> set[tuple[str, str]]:
    """The numbers of a list that was numbered anew: one after the other, each moved as far as the one before."""
    found: set[tuple[str, str]] = set()
    run: Pairs = []
    before = (0, 0)
    for pair in pairs:
        here, there = (_counted().get(number, 0) for number in pair)
        if not run or (here, there) != (before[0] + 1, before[1] + 1):
            run = []
        if here and there:
            run.append(pair)
            before = here, there
        if len(run) >= RENUMBERED:
            found.update(run)
    return found


def _moved_along(pairs: Pairs) -> set[tuple[str, str]]:
    """The numbers of a section that stands elsewhere in a book, and those of its parts: 5.3, 5.3.1, 5.3.2 for 5.2,
    5.2.1, 5.2.2."""
    begun: defaultdict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for one, other in pairs:
        if one.isdigit() and other.isdigit():
            for digits in range(2, LONGEST_PART + 1):
                if digits <= min(len(one), len(other)):
                    begun[one[:digits], other[:digits]].add((one, other))
    found: set[tuple[str, str]] = set()
    for pair in begun.keys() & {*pairs}:
        if len(begun[pair]) >= PARTS:
            found |= begun[pair]
    return found


def _shifted(pairs: Pairs) -> set[tuple[str, str]]:
    """The numbers of a book's chapters of which one is left out: all after it are moved as far, wherever they are
    named."""
    by: defaultdict[int, set[tuple[str, str]]] = defaultdict(set)
    for one, other in pairs:
        if one.isdigit() and other.isdigit() and len(one) == len(other) <= LONGEST_PART:
            by[int(other) - int(one)].add((one, other))
    return {pair for shifted in by.values() if len(shifted) >= RENUMBERED for pair in shifted}


@cache
def _counted() -> dict[str, int]:
    """The numbers of the items of a list, as they are written."""
    ones = ["", *"一二三四五六七八九"]
    spelt = {f"{tens}{one}": 10 * at + n for at, tens in enumerate(_TENS) for n, one in enumerate(ones)}
    return {str(n): n for n in range(1, 100)} | {word: n for word, n in spelt.items() if word}


def _apart(here: str, there: str) -> Pairs:
    """The numbers that differ of two that stand in one place: of two days both the month and the day."""
    one, other = here.split(","), there.split(",")
    if len(one) != len(other):
        return [(here, there)]
    return [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]]


def _in_one_line(spans: list[tuple[int, int]]) -> bool:
    return spans[-1][1] - spans[0][0] <= LONGEST_LINE if spans else False


def _who_and_how_much(facts: Pairs) -> bool:
    """Whether a name and two numbers are others, or another name and a large number: a correction puts fewer things
    right."""
    numbers = [pair for pair in set(facts) if _NUMERAL.search(pair[0])]
    names = [pair for pair in set(facts) if pair not in numbers]
    if len(numbers) >= 2:
        return bool(names)
    large = any(max(map(len, pair)) >= LARGE for pair in numbers)
    return large and any(min(map(len, pair)) >= NAME and not set(pair[0]) & set(pair[1]) for pair in names)


def _other_number(here: str, there: str) -> bool:
    """Whether they are two numbers: one inside the other lost a character, one of both scripts is garbled."""
    one, other = here.translate(_ARABIC), there.translate(_ARABIC)
    return one not in other and other not in one and not _GARBLED.search(f"{here},{there}")


Pairs = list[tuple[str, str]]


def line_facts(one: str, other: str) -> tuple[Pairs, Pairs, Pairs]:
    """What two lines of one form, which say the same but for it, have in each other's place; the numbers of it that
    are a date, an ordinal or a code; and all its numbers, where the lines are a table's and nothing else differs."""
    mine, theirs = _TOKEN.findall(one), _TOKEN.findall(other)
    masks = [["0" if _NUMERAL.match(token) else token for token in tokens] for tokens in (mine, theirs)]
    aligned = SequenceMatcher(None, masks[0], masks[1], autojunk=False).get_opcodes()
    alike = sum(to - at for kind, at, to, *_ in aligned if kind == "equal") / max(map(len, masks))
    if alike < FORM_LIKE:
        return [], [], []
    swapped = [
        ("".join(mine[a:b]), "".join(theirs[c:d])) for kind, a, b, c, d in aligned if kind == "replace"
    ]
    which: Pairs = []
    values: Pairs = []
    for kind, a_from, a_to, b_from, _ in aligned:
        for at in range(a_to - a_from if kind == "equal" else 0):
            here, there = mine[a_from + at], theirs[b_from + at]
            if _other_number(here, there):
                values.append((here, there))
                start = len("".join(mine[: a_from + at]))
                if _says_which(one, start, start + len(here)):
                    which.append((here, there))
    table = alike >= TABLE_LIKE and len(values) >= TABLE_VALUES
    return swapped[:1] + values, which, values if table else []


def _places(matched: NDArray[np.bool_]) -> int:
    """In how many places a text departs from the other."""
    return int(np.count_nonzero(np.diff(np.concatenate(([True], matched))) & ~matched))


def _says_which(text: str, start: int, end: int) -> bool:
    """Whether a number of the span is a date, an ordinal or a code: it says which event, not how much."""
    around = text[max(0, start - 4) : end + 4]
    return any(
        len(found.group()) >= CODE
        or around[found.end() : found.end() + 1] in _WHICH_AFTER
        or around[: found.start()][-1:] in _WHICH_BEFORE
        for found in _NUMERAL.finditer(around)
    )


def _numeral(text: str, start: int, end: int) -> str:
    """The numerals of a span, the whole of those it cuts into."""
    while start > 0 and text[start - 1] in _NUMERALS and start < end and text[start] in _NUMERALS:
        start -= 1
    while end < len(text) and text[end] in _NUMERALS and text[end - 1] in _NUMERALS:
        end += 1
    # A part of a text that is named within the span: a new version numbers it anew.
    found = [
        one.group()
        for one in _NUMERAL.finditer(text, start, end)
        if one.group().strip(_UNITS) and not (one.end() < end and text[one.end()] in _PARTS)
    ]
    return ",".join(found)


def _swaps(a: Shingles, b: Shingles, overlap: Overlap) -> list[tuple[int, int, int, int]]:
    """Spans of both texts between two aligned stretches, no longer than a line, or a table: (from, to) in each."""
    at_a = np.flatnonzero(overlap.matched_a)
    if len(at_a) < 2:
        return []
    at_b = _counterparts(a, b, at_a)
    # The ends of both texts stand for each other.
    after_a, after_b = (np.concatenate(([0], at + GRAM)) for at in (at_a, at_b))
    before_a, before_b = (np.concatenate((at, [len(text.codes)])) for at, text in ((at_a, a), (at_b, b)))
    gap_a, gap_b = before_a - after_a, before_b - after_b
    longest = np.maximum(gap_a, gap_b)
    where = np.flatnonzero((gap_a > 0) & (gap_b > 0) & (longest <= LONGEST_TABLE))
    spans = np.stack((after_a[where], before_a[where], after_b[where], before_b[where]), axis=1).tolist()
    return [
        (p, q, r, s)
        for p, q, r, s in spans
        if max(q - p, s - r) <= LONGEST_LINE or (_tabular(a, p, q) and _tabular(b, r, s))
    ]


def _tabular(text: Shingles, start: int, end: int) -> bool:
    """Whether a span is a table of values."""
    span = text.codes[start:end]
    return bool(((span >= _DIGITS[0]) & (span <= _DIGITS[1])).mean() >= TABLE_DIGITS)


def _counterparts(a: Shingles, b: Shingles, at_a: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where in the second text each of these grams of the first stands; one that stands there often, as its neighbours
    do."""
    first, once = b.places
    rank = b.distinct.searchsorted(a.grams[at_a])
    at_b, certain = first[rank], once[rank]
    unsure = np.flatnonzero(~certain)
    if len(unsure) and certain.any():
        known = np.flatnonzero(certain)
        following = known.searchsorted(unsure)
        for near in (following, following - 1):
            there = at_a[unsure] + (at_b - at_a)[known[near.clip(0, len(known) - 1)]]
            there = there.clip(0, len(b.grams) - 1)
            right = b.grams[there] == a.grams[at_a[unsure]]
            at_b[unsure[right]] = there[right]
    return at_b


def _agreeing(text: str, matched: NDArray[np.bool_]) -> int:
    """How many numbers of the text stand inside matched grams."""
    change = np.zeros(len(text) + GRAM + 1, np.int64)
    hits = np.flatnonzero(matched)
    change[hits] += 1
    change[hits + GRAM] -= 1
    covered = np.concatenate(([0], np.cumsum(np.cumsum(change) > 0)))
    written = (found.span() for pattern in (_NUMBER, _SPELT) for found in pattern.finditer(text))
    spans = np.array(sorted(set(written)), np.int64).reshape(-1, 2)
    return int(np.count_nonzero(covered[spans[:, 1]] - covered[spans[:, 0]] == spans[:, 1] - spans[:, 0]))
