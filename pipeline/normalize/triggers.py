"""Which fixes a line can need: one look at each character of a text instead of a search for each fix and line."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint32]

_CODE_POINTS = np.arange(sys.maxunicode + 1, dtype=np.uint32)
_LINE_FEED = 10


def table(classes: Sequence[str]) -> Bits:
    """For every code point the classes it belongs to: bit n for class n of `classes` (insides of [ ], at most 32)."""
    bits = np.zeros_like(_CODE_POINTS)
    everything = _CODE_POINTS.tobytes().decode("utf-32-le", "surrogatepass")
    for number, characters in enumerate(classes):
        for run in re.finditer(f"[{characters}]+", everything):
            bits[run.start() : run.end()] |= 1 << number
    return bits


def of_lines(text: str, table: Bits) -> list[int]:
    """For every line of the text the bits of all its characters together."""
    codes = np.frombuffer((text + "\n").encode("utf-32-le", "surrogatepass"), np.uint32)
    ends = np.flatnonzero(codes == _LINE_FEED)
    starts = np.concatenate(([0], ends[:-1] + 1))
    bits: list[int] = np.bitwise_or.reduceat(table[codes], starts).tolist()
    return bits
