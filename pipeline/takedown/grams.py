"""The 13-grams of a text, and those that stand in bytes of any form: the proof that nothing is left of it.

Thirteen letters in a row, as contamination of training sets is told (Brown et al. 2020, appendix C, counts words),
of the text as deduplication folds it: no space, mark, script or width hides them.
"""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from pipeline.archive import takedowns
from pipeline.dedupe.sketch import Hashes, text_key

GRAM = 13

_FACTORS = tuple(pow(0x9E3779B97F4A7C15, power, 1 << 64) for power in range(1, GRAM + 1))
_TAG = re.compile(r"<[^<>]*>")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_CHARSETS = ("gb18030", "big5", "utf-16-le")
"""Tried where bytes are no UTF-8; what they make of other bytes says nothing in thirteen letters."""

_STEP = 256
"""Bytes unpacked at once: what stands before a damaged place is read but for the last of them."""

NONE: Hashes = np.zeros(0, np.uint64)


def save(raw: Path, ticket: str, found: Hashes) -> None:
    """Keep the 13-grams by which the proof of a takedown knows its texts."""
    path = takedowns.path(raw, ticket, ".npy")
    beside = path.with_name(path.name + ".tmp")
    with beside.open("wb") as file:
        np.save(file, found)
    beside.replace(path)


def load(raw: Path, ticket: str) -> Hashes:
    """The 13-grams by which the proof of a takedown knows its texts."""
    found: Hashes = np.load(takedowns.path(raw, ticket, ".npy"))
    return found


def grams(text: str) -> Hashes:
    """The hashes of a text's 13-grams, each once, ascending; none of a shorter text."""
    codes = text_key(text).astype(np.uint64)
    count = len(codes) - GRAM + 1
    if count < 1:
        return NONE
    found = np.zeros(count, np.uint64)
    for offset, factor in enumerate(_FACTORS):
        found += codes[offset : offset + count] * np.uint64(factor)
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):  # MurmurHash3's finalizer
        found ^= found >> np.uint64(33)
        found *= np.uint64(factor)
    found ^= found >> np.uint64(33)
    distinct: Hashes = np.unique(found)
    return distinct


def all_grams(texts: Iterable[str]) -> Hashes:
    """The 13-grams of several texts, each once, ascending."""
    distinct: Hashes = np.unique(np.concatenate([NONE, *(grams(text) for text in dict.fromkeys(texts))]))
    return distinct


def common(wanted: Hashes, found: Hashes) -> Hashes:
    """Those of the wanted hashes that were found, both ascending."""
    if not len(wanted) or not len(found):
        return NONE
    places = np.minimum(wanted.searchsorted(found), len(wanted) - 1)
    both: Hashes = found[wanted[places] == found]
    return both


def said_by(data: bytes, wanted: Hashes) -> int:
    """How many of the wanted 13-grams bytes hold, as text in any charset, with markup or without, escaped or not."""
    if not data or not len(wanted):
        return 0
    return max((len(common(wanted, grams(text))) for text in _readings(data)), default=0)


def _readings(data: bytes) -> Iterator[str]:
    for text in _decoded(data):
        plain = html.unescape(text) if "&" in text else text
        if "\\u" in plain:
            plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), plain)
        yield plain  # texts stand in attributes too
        if "<" in plain:
            yield _TAG.sub("", plain)


def _decoded(data: bytes) -> Iterator[str]:
    try:
        yield data.decode("utf-8-sig")
    except UnicodeDecodeError:
        yield data.decode("utf-8", "ignore")
        for charset in _CHARSETS:
            yield data.decode(charset, "ignore")


def unpacked(data: bytes) -> bytes:
    """What gzip members unpack to, up to the byte that is damaged; bytes that are none as they are."""
    parts = []
    left = data
    while left[:2] == b"\x1f\x8b":
        unpacker = zlib.decompressobj(31)
        try:
            for start in range(0, len(left), _STEP):
                parts.append(unpacker.decompress(left[start : start + _STEP]))
                if unpacker.eof:
                    left = unpacker.unused_data + left[start + _STEP :]
                    break
            else:
                break
        except zlib.error:
            break
    return b"".join(parts) or data
