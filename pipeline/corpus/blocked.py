"""Rows that must not come back: what was taken down by address, by id, or as the text of another page.

A copy is told from a text that is gone by its 5-grams alone: most of them, wherever in the row they stand. An excerpt
has fewer and is not blocked; a page that prints the whole text among others is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from pipeline.archive.blocklist import Blocklist
from pipeline.dedupe.sketch import SHORTEST, Hashes, Shingles, shingles, text_key
from pipeline.records import Document, Reason

NEAR = 0.9
"""Share of a text's sampled 5-grams that a row must have to be its copy. Of 40 made-up articles with one character in
a hundred changed .95 are left on average, one in fifty .89, one in twenty .73; the sample site's copies have .92 and
more, its notices of one form with other facts up to .77, and those are no copies."""

SCALE, FEWEST = 8, 64
"""One 5-gram in so many is kept, and at least so many of a text: twice and more what deduplication samples, because
nobody verifies on the full text. Three characters changed in 440 leave .97, and of 27 samples left .89 by chance."""

EMPTIED = ("id", "capture", "source", "site", "part", "captured_at", "first_seen")
"""Columns that a row which is taken down keeps, so that captures in = rows out."""


class Blocked:
    """The blocklist of an archive, ready to be asked of many rows."""

    def __init__(self, blocklist: Blocklist) -> None:
        self._list = blocklist
        pairs = [(value, number) for number, each in enumerate(blocklist.near) for value in each]
        pairs.sort()
        self._hashes = np.array([value for value, _ in pairs], np.uint64)
        self._owners = np.array([number for _, number in pairs], np.int64)
        self._needed = np.array([NEAR * len(each) for each in blocklist.near])

    def blocks(self, document: Document) -> bool:
        """Whether a row must not be published."""
        told = self._list
        if document.id in told.ids or told.has_url(document.url_key):
            return True
        return document.id not in told.kept and self.has_text(document.text)

    def has_text(self, text: str) -> bool:
        """Whether a text is one that was taken down, or a copy of one."""
        told = self._list
        if not text or not (told.texts or told.near):
            return False
        key = text_key(text)
        if text_hash(key.tobytes()) in told.texts:
            return True
        return bool(len(self._hashes)) and len(key) >= SHORTEST and self._is_copy(shingles(key))

    def _is_copy(self, text: Shingles) -> bool:
        found = self._owners[np.isin(self._hashes, text.distinct)]
        return bool((np.bincount(found, minlength=len(self._needed)) >= self._needed).any())

    def withhold(self, document: Document) -> Document:
        """The row; one that is blocked without anything of what it said."""
        return emptied(document) if self.blocks(document) else document


def emptied(document: Document) -> Document:
    """A row of which nothing is left but that there was a capture."""
    left = {name: getattr(document, name) for name in EMPTIED}
    return Document(**left, url="", url_key="", reason=Reason.TAKEDOWN)


def text_hash(key: bytes) -> str:
    """SHA-256 of a text's comparison key (`dedupe.sketch.text_key`, its code points as bytes), hex."""
    return hashlib.sha256(key).hexdigest()


def signs(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Kind and value of the blocklist's entries for some texts, each once.

    A text of fewer than SHORTEST characters is known by equality only: its few grams are in any text.
    """
    found: dict[tuple[str, str], None] = {}
    for text in texts:
        key = text_key(text)
        if len(key):
            found[("text", text_hash(key.tobytes()))] = None
        if len(key) >= SHORTEST:
            found[("near", ",".join(f"{value:016x}" for value in _sample(shingles(key)).tolist()))] = None
    return list(found)


def _sample(text: Shingles) -> Hashes:
    below = int(np.searchsorted(text.distinct, np.uint64(2**64 // SCALE)))
    return text.distinct[: max(below, FEWEST)]
