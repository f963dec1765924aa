"""Do two texts of the same wording state the same facts: their numbers, and the names swapped in place.

A weather report of Monday is not a copy of Tuesday's, although they share nine characters in ten.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from pipeline.dedupe.overlap import Overlap
from pipeline.dedupe.sketch import GRAM, Shingles

LONGEST_SWAP = 12
"""A replacement longer than this on either side is rewriting, not a fact put in another's place."""

ALIKE, LONGEST_TITLE = 0.4, 80
"""Titles this alike have one form; past so many characters a title is not one."""

HEAD = 100
"""The head of a notice, in characters, states when, where and who."""

_NUMBER = re.compile(r"\d+")
_NUMERALS = "0123456789〇零一二三四五六七八九十百千万亿两"
_NUMERAL = re.compile(f"[{_NUMERALS}]+")
_DIGITS = (0x30, 0x39)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflicts:
    """What stands in one text in the place of something else in the other."""

    numbers: tuple[tuple[str, str], ...]
    """Numbers in each other's place, Arabic or Chinese."""
    share: float
    """Share of the aligned numbers that conflict."""
    head: bool
    """Whether a number conflicts within the first characters of both texts."""
    names: Counter[tuple[str, str]]
    """Other replacements and how often each was made."""


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
    numbers: list[tuple[str, str]] = []
    head = False
    names: Counter[tuple[str, str]] = Counter()
    for a_from, a_to, b_from, b_to in _swaps(a, b, overlap):
        here, there = _numeral(text_a, a_from, a_to), _numeral(text_b, b_from, b_to)
        if here and there:
            # A numeral inside the other one is a character lost or added, not another number.
            if here not in there and there not in here:
                numbers.append((here, there))
                head = head or (a_from < HEAD and b_from < HEAD)
        elif not here and not there:
            names[text_a[a_from:a_to], text_b[b_from:b_to]] += 1
    agreeing = _agreeing(text_a, overlap.matched_a)
    total = len(numbers) + agreeing
    return Conflicts(
        numbers=tuple(numbers), share=len(numbers) / total if total else 0.0, head=head, names=names
    )


def titles_conflict(a: str, text_a: str, b: str, text_b: str) -> tuple[str, str] | None:
    """What the titles name in each other's place, each found in its own text only; None: nothing.

    Two of one form, like the welcomes of two guests; a copy under another title takes its words from a text
    that both have. All four are comparison keys.
    """
    matcher = SequenceMatcher(None, a[:LONGEST_TITLE], b[:LONGEST_TITLE], autojunk=False)
    if matcher.ratio() < ALIKE:
        return None
    # A page prints its title above the text; that occurrence proves nothing.
    text_a, text_b = text_a.replace(a, ""), text_b.replace(b, "")
    for change, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        if change != "replace":
            continue
        # 巴西 for 巴勒斯坦: what the names have in common at their head belongs to them.
        shared = max(0, 2 - min(a_to - a_from, b_to - b_from))
        here, there = a[max(0, a_from - shared) : a_to], b[max(0, b_from - shared) : b_to]
        if here in text_a and there in text_b and here not in text_b and there not in text_a:
            return here, there
    return None


def _numeral(text: str, start: int, end: int) -> str:
    """The numerals of a span, the whole of those it cuts into."""
    while start > 0 and text[start - 1] in _NUMERALS and start < end and text[start] in _NUMERALS:
        start -= 1
    while end < len(text) and text[end] in _NUMERALS and text[end - 1] in _NUMERALS:
        end += 1
    return ",".join(_NUMERAL.findall(text[start:end]))


def _swaps(a: Shingles, b: Shingles, overlap: Overlap) -> list[tuple[int, int, int, int]]:
    """Short spans of both texts between two aligned stretches: (from, to) in the first, (from, to) in the other."""
    at_a = np.flatnonzero(overlap.matched_a)
    if len(at_a) < 2:
        return []
    order = np.argsort(b.grams, kind="stable")
    at_b = order[np.searchsorted(b.grams[order], a.grams[at_a])]
    after_a, after_b = at_a[:-1] + GRAM, at_b[:-1] + GRAM
    gap_a, gap_b = at_a[1:] - after_a, at_b[1:] - after_b
    swap = (gap_a > 0) & (gap_a <= LONGEST_SWAP) & (gap_b > 0) & (gap_b <= LONGEST_SWAP)
    where = np.flatnonzero(swap)
    spans = np.stack((after_a[where], at_a[where + 1], after_b[where], at_b[where + 1]), axis=1)
    return [(int(p), int(q), int(r), int(s)) for p, q, r, s in spans]


def _agreeing(text: str, matched: NDArray[np.bool_]) -> int:
    """How many numbers of the text stand inside matched grams."""
    change = np.zeros(len(text) + GRAM + 1, np.int64)
    hits = np.flatnonzero(matched)
    np.add.at(change, hits, 1)
    np.add.at(change, hits + GRAM, -1)
    covered = np.cumsum(change) > 0
    return sum(bool(covered[found.start() : found.end()].all()) for found in _NUMBER.finditer(text))
