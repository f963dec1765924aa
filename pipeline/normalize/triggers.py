"""Which fixes a line can need: one look at each character of a text instead of a search for each fix and line."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.unsignedinteger]

_MEMBER = re.compile(r"\\?(.)(?:-\\?(.))?", re.DOTALL)
"""A character or a range from one to another, inside a class."""
_LINE_FEED = 10


def trigger_table(classes: Sequence[str]) -> Bits:
    """For every code point the classes it belongs to: bit n for class n of `classes` (insides of [ ], at most 32)."""
    bits = np.zeros(sys.maxunicode + 1, np.min_scalar_type(1 << len(classes)))
    for number, characters in enumerate(classes):
        for first, last in _MEMBER.findall(characters):
            bits[ord(first) : ord(last or first) + 1] |= 1 << number
    return bits


def of_text(text: str, trigger_table: Bits) -> int:
    """The bits of all characters of the text together."""
    return int(np.bitwise_or.reduce(trigger_table.take(_codes(text)), initial=0))


def counts(text: str, trigger_table: Bits, classes: int) -> list[int]:
    """How many characters of the text belong to none of a table's classes, which share none, and to each of them."""
    found = np.bincount(trigger_table.take(_codes(text)), minlength=1 << classes).tolist()
    return [found[0], *(found[1 << number] for number in range(classes))]


def of_lines(text: str, trigger_table: Bits) -> list[int]:
    """For every line of the text the bits of all its characters together."""
    codes = _codes(text + "\n")
    ends = np.flatnonzero(codes == _LINE_FEED)
    starts = np.concatenate(([0], ends[:-1] + 1))
    bits: list[int] = np.bitwise_or.reduceat(trigger_table.take(codes), starts).tolist()
    return bits


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
