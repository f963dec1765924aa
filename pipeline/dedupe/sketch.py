"""Fingerprints of a text: its comparison key, the hashes of its 5-grams, and a sample of them.

The sample is a FracMinHash (Irber et al. 2022): all hashes below a threshold, so that its size grows with
the text and a part can be found in the whole, which a MinHash signature of fixed size cannot do.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.dedupe.hashing import hash64
from pipeline.rules import table

GRAM = 5
"""Characters of a gram. On 10,000 made-up documents 4, 5, 6 and 8 give a mean F1 of .981, .980, .976 and .971, pair
precision of .992, .998, – and 1.000: fewer find more rewrites and merge more strangers."""

SCALE, MINIMUM = 16, 16
"""One hash in so many is kept, and at least so many for a short text. One in 32 costs nothing measurable, one in 64
.003 of F1. A long text has as many as its length asks for: with no more than 256 an excerpt of a text of 60,000
characters was not found."""

DEEPER = 4
"""So many times as large a sample is taken of a text whose sketch says what a crowd says: of an instance of a form,
in which a fact is some five grams of some three hundred."""

SHORTEST = 80
"""A text of fewer characters is compared for equality only: its few grams are in any text."""

LONGEST = 200_000
"""Only so many characters of a text are compared piece by piece; its text hash and its sketch still cover all of it, so
that what may be an excerpt from behind them meets it, and is told (the rules `too-long` and `beyond`)."""

_THRESHOLD = np.uint64(2**64 // SCALE)
_DEEP_THRESHOLD = np.uint64(2**64 // SCALE * DEEPER)
_FACTORS = (
    0x9E3779B97F4A7C15,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0xD6E8FEB86659FD93,
    0xA0761D6478BD642F,
)
_EXPANDS = 0xFFFFFFFF
_LAST = 0x323AF  # the last ideograph of Unicode 15
_ALONE = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0x20000, _LAST))
"""Ideographs and Hangul: letters without case, whose compatibility form are themselves."""
_OTHERS = ((0, 0x33FF), (0x4DC0, 0x4DFF), (0xA000, 0xABFF), (0xD7A4, 0xD7FF), (0xF900, 0x1FFFF))
"""All others below the supplementary ideographs, but surrogates and private use, which are no letters."""

_MARKS = frozenset(
    (*range(0x2460, 0x249C), *range(0x24EA, 0x2500), *range(0x2776, 0x2794), *range(0x3251, 0x3260))
)
"""Circled and bracketed numbers: the marks of notes, which another copy has not."""

Codes = NDArray[np.uint32]
Hashes = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Shingles:
    """A text as dedupe sees it: folded code points and the hashes of their 5-grams.

    What is compared with many others takes its string and the order of its grams once.
    """

    codes: Codes
    """Code points of the comparison key, at most LONGEST."""
    grams: Hashes
    """Hash of the gram that starts at each code point; a shorter text is one gram."""
    distinct: Hashes
    """The same hashes, each once, ascending."""
    rest: Codes
    """The key from the first gram on that does not end within LONGEST; mostly empty."""

    @cached_property
    def string(self) -> str:
        """The key as a string."""
        return self.codes.tobytes().decode("utf-32-le", "replace")

    @cached_property
    def places(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Where the first gram with each of the distinct hashes starts, and whether it is the only one."""
        order = np.argsort(self.grams, kind="stable")
        starts = self.grams[order].searchsorted(self.distinct)
        return order[starts], np.diff(starts, append=len(order)) == 1

    @cached_property
    def beyond(self) -> Hashes:
        """The sample of the gram hashes of the rest, ascending."""
        found = [np.zeros(0, np.uint64)]
        for start in range(0, max(0, len(self.rest) - GRAM + 1), LONGEST):
            grams = _grams(self.rest[start : start + LONGEST + GRAM - 1])
            found.append(grams[grams < _THRESHOLD])
        return _distinct(np.concatenate(found))


def text_key(text: str) -> Codes:
    """The letters and digits of a text, in compatibility form, lower case, script and variants folded.

    Two texts with one key differ in spacing, punctuation, width or script only.
    """
    folded, expanding = _looked_up(text)
    return _folded(text)[0] if expanding else folded[folded != 0]


def key_positions(text: str) -> NDArray[np.int64]:
    """For each code point of the key, where in the text it stands."""
    return _folded(text)[1]


def text_hash(key: Codes, title: str = "") -> int:
    """64-bit hash of a key, and of a title that belongs to it; equal for equal ones, on every machine."""
    return hash64(key.astype("<u4").tobytes() + title.encode("utf-32-le", "surrogatepass"))


def shingles(key: Codes) -> Shingles:
    """The 5-grams of a key; an empty key has none."""
    codes, rest = key[:LONGEST], key[LONGEST:]
    grams = _grams(codes)
    return Shingles(codes, grams, _distinct(grams), key[LONGEST - GRAM + 1 :] if len(rest) else rest)


def _grams(codes: Codes) -> Hashes:
    padded = codes.astype(np.uint64)
    if 0 < len(padded) < GRAM:
        padded = np.pad(padded, (0, GRAM - len(padded)))
    count = max(0, len(padded) - GRAM + 1)
    grams = np.zeros(count, np.uint64)
    for offset, factor in enumerate(_FACTORS):
        grams += padded[offset : offset + count] * np.uint64(factor)
    # The finalizer of MurmurHash3: sums of products alone are not spread evenly over the high bits.
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        grams ^= grams >> np.uint64(33)
        grams *= np.uint64(factor)
    grams ^= grams >> np.uint64(33)
    return grams


def sketch(text: Shingles) -> Hashes:
    """The sample of the text's gram hashes that the index holds, ascending."""
    below = int(np.searchsorted(text.distinct, _THRESHOLD))
    return _and_beyond(text, text.distinct[: max(below, MINIMUM)])


def deep_sketch(text: Shingles) -> Hashes:
    """A larger sample, which begins with the sketch."""
    below = int(np.searchsorted(text.distinct, _DEEP_THRESHOLD))
    return _and_beyond(text, text.distinct[: max(below, DEEPER * MINIMUM)])


def _and_beyond(text: Shingles, sampled: Hashes) -> Hashes:
    return _distinct(np.concatenate((sampled, text.beyond))) if len(text.rest) else sampled


def _distinct(values: Hashes) -> Hashes:
    # np.unique, at a third of its time on arrays of a few hundred.
    ordered = np.sort(values)
    first: Hashes = ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]]
    return first


def _looked_up(text: str) -> tuple[Codes, bool]:
    """What each code point is compared as, and whether one is compared as several."""
    # Beyond the last ideograph nothing is a letter: `clip` gives the last entry, which is 0.
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    folded: Codes = _fold_table()[0].take(codes, mode="clip")
    return folded, bool((folded == _EXPANDS).any())


def _folded(text: str) -> tuple[Codes, NDArray[np.int64]]:
    expansions = _fold_table()[1]
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    folded, _ = _looked_up(text)
    lengths: NDArray[Any] = (folded != 0).astype(np.int64)
    expanding = np.flatnonzero(folded == _EXPANDS)
    pieces = [expansions[int(codes[at])] for at in expanding]
    lengths[expanding] = [len(piece) for piece in pieces]
    positions = np.repeat(np.arange(len(codes)), lengths)
    key = folded[positions]
    if pieces:
        starts = np.cumsum(lengths) - lengths
        for at, piece in zip(expanding, pieces, strict=True):
            key[starts[at] : starts[at] + len(piece)] = piece
    return key, positions


@cache
def _fold_table() -> tuple[Codes, dict[int, list[int]]]:
    """For each code point what it is compared as: 0 when it is left out, _EXPANDS for more than one."""
    same = _fold_rules()
    table = np.zeros(_LAST + 2, np.uint32)
    expansions: dict[int, list[int]] = {}
    # These stand for themselves, unless a rule or a compatibility form says else.
    for first, last in _ALONE:
        table[first : last + 1] = np.arange(first, last + 1)
    others = (code for first, last in _OTHERS for code in range(first, last + 1))
    for code in (*others, *range(0x2F800, 0x2FA20), *map(ord, same)):
        char = chr(code)
        plain = unicodedata.normalize("NFKD", char)
        if code in _MARKS or not any(c.isalnum() for c in plain):
            continue
        letters = "".join(c for c in plain.lower() if not unicodedata.category(c).startswith("M"))
        folded = [ord(same.get(c, c)) for c in unicodedata.normalize("NFC", letters) if c.isalnum()]
        table[code] = folded[0] if len(folded) == 1 else _EXPANDS
        if len(folded) != 1:
            expansions[code] = folded
    return table, expansions


def _fold_rules() -> dict[str, str]:
    return {char: kept for kept, chars, _ in table("fold") for char in chars}
