"""Do two texts of the same wording state the same facts: their numbers, and the names swapped in place.

A weather report of Monday is not a copy of Tuesday's, although they share nine characters in ten.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.dedupe.overlap import Overlap
from pipeline.dedupe.sketch import GRAM, Shingles

LONGEST_SWAP = 12
"""A replacement longer than this on either side is rewriting, not a fact put in another's place."""

HEAD, FOOT = 100, 60
"""The head and the foot of a notice, in characters, state when, where and who."""

CODE = 5
"""A number of so many digits is the code of something."""

_WHICH_AFTER, _WHICH_BEFORE = tuple("年月日号期届次时"), tuple("第")
_NUMBER = re.compile(r"\d+")
_NUMERALS = "0123456789〇零一二三四五六七八九十百千万亿两"
_UNITS = "百千万亿"
_NUMERAL = re.compile(f"[{_NUMERALS}]+")
_GARBLED = re.compile("[0-9][〇零一二三四五六七八九]|[〇零一二三四五六七八九][0-9]")
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
    """How many facts conflict at the head or the foot, one of them a number that says when or which; 0 where the
    texts depart from each other in more places than by these facts."""


def numbers_agree(a: Shingles, b: Shingles) -> float:
    """Share of the distinct numbers of the text with fewer of them that the other has; 1 if it has none."""
    one, two = (set(_NUMBER.findall(string(text))) for text in (a, b))
    fewer = min(len(one), len(two))
    return len(one & two) / fewer if fewer else 1.0


def string(text: Shingles) -> str:
    """The key as a string."""
    return text.codes.tobytes().decode("utf-32-le", "replace")


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
    text_a, text_b = string(a), string(b)
    numbers: dict[tuple[str, str], None] = {}
    names: Counter[tuple[str, str]] = Counter()
    heads: set[tuple[str, str]] = set()
    edges: set[tuple[str, str]] = set()
    which: set[tuple[str, str]] = set()
    facts: list[tuple[str, str]] = []
    for a_from, a_to, b_from, b_to in _swaps(a, b, overlap):
        head = a_from < HEAD and b_from < HEAD
        edge = head or (a_to > len(text_a) - FOOT and b_to > len(text_b) - FOOT)
        here, there = _numeral(text_a, a_from, a_to), _numeral(text_b, b_from, b_to)
        found: list[tuple[str, str]] = []
        if here and there:
            # A numeral inside the other one is a character lost or added, one of both scripts is garbled.
            if here not in there and there not in here and not _GARBLED.search(f"{here},{there}"):
                found.append((here, there))
                numbers[here, there] = None
                if head:
                    heads.add((here, there))
                if _says_which(text_a, a_from, a_to):
                    which.add((here, there))
            one, other = _NUMERAL.sub("", text_a[a_from:a_to]), _NUMERAL.sub("", text_b[b_from:b_to])
            if one != other and one and other:
                found.append((one, other))
        elif not here and not there:
            names[text_a[a_from:a_to], text_b[b_from:b_to]] += 1
            found.append((text_a[a_from:a_to], text_b[b_from:b_to]))
        facts += found
        if edge:
            edges.update(found)
    agreeing = _agreeing(text_a, overlap.matched_a)
    total = len(numbers) + agreeing
    elsewhere = _places(overlap.matched_a) - sum(fact in edges for fact in facts)
    return Conflicts(
        numbers=tuple(numbers),
        share=len(numbers) / total if total else 0.0,
        head=len(heads) > 1 or bool(heads & which),
        names=names,
        edges=len(edges) if edges & which and elsewhere <= len(edges) else 0,
    )


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
    found = [one for one in _NUMERAL.findall(text[start:end]) if one.strip(_UNITS)]
    return ",".join(found)


def _swaps(a: Shingles, b: Shingles, overlap: Overlap) -> list[tuple[int, int, int, int]]:
    """Short spans of both texts between two aligned stretches: (from, to) in the first, (from, to) in the other."""
    at_a = np.flatnonzero(overlap.matched_a)
    if len(at_a) < 2:
        return []
    order = np.argsort(b.grams, kind="stable")
    at_b = order[np.searchsorted(b.grams[order], a.grams[at_a])]
    # The ends of both texts stand for each other.
    after_a, after_b = (np.concatenate(([0], at + GRAM)) for at in (at_a, at_b))
    before_a, before_b = (np.concatenate((at, [len(text.codes)])) for at, text in ((at_a, a), (at_b, b)))
    gap_a, gap_b = before_a - after_a, before_b - after_b
    swap = (gap_a > 0) & (gap_a <= LONGEST_SWAP) & (gap_b > 0) & (gap_b <= LONGEST_SWAP)
    where = np.flatnonzero(swap)
    spans = np.stack((after_a[where], before_a[where], after_b[where], before_b[where]), axis=1)
    return [(int(p), int(q), int(r), int(s)) for p, q, r, s in spans]


def _agreeing(text: str, matched: NDArray[np.bool_]) -> int:
    """How many numbers of the text stand inside matched grams."""
    change = np.zeros(len(text) + GRAM + 1, np.int64)
    hits = np.flatnonzero(matched)
    np.add.at(change, hits, 1)
    np.add.at(change, hits + GRAM, -1)
    covered = np.cumsum(change) > 0
    return sum(bool(covered[found.start() : found.end()].all()) for found in _NUMBER.finditer(text))
