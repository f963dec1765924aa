"""A text made ready for comparison: furniture stripped, key taken, and the way back to its code points."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from pipeline.dedupe.furniture import kept_spans
from pipeline.dedupe.overlap import Side
from pipeline.dedupe.records import Item
from pipeline.dedupe.sketch import Codes, key_positions, text_hash, text_key
from pipeline.dedupe.tables import key_of


@dataclass(slots=True)
class Prepared:
    """An item with its furniture stripped and its key taken."""

    item: Item
    """The item."""
    repeated: Collection[str]
    """The furniture lines of its site."""
    key: Codes
    """Comparison key of the text without them."""
    text_hash: int
    """Hash of that key."""

    @property
    def print(self) -> int:
        """64-bit hash of id and text."""
        return key_of(f"{self.item.id}\n{self.text_hash}\n{len(self.key)}")


def prepare(item: Item, repeated: Collection[str]) -> Prepared:
    """Strip the site's furniture and take the key of what remains."""
    key = text_key(stripped(item.text, repeated))
    return Prepared(item, repeated, key, text_hash(key))


def stripped(text: str, repeated: Collection[str]) -> str:
    """The text that is compared."""
    if not repeated:
        return text
    return "".join(text[start:end] for start, end in kept_spans(text, repeated))


def span_in(text: str, repeated: Collection[str], side: Side) -> tuple[int, int] | None:
    """Where in the text the other one stands, in code points."""
    extent = side.extent
    if extent is None:
        return None
    spans = kept_spans(text, repeated)
    kept = np.concatenate([np.arange(start, end) for start, end in spans])
    positions = kept[key_positions(stripped(text, repeated))]
    start, end = int(positions[extent[0]]), int(positions[extent[1] - 1]) + 1
    while end < len(text) and not text[end].isalnum() and text[end] != "\n":
        end += 1  # the full stop and the closing quote belong to the sentence before
    return start, end
