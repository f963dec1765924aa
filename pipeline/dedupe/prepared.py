"""A text made ready for comparison: furniture stripped, key taken, and the way back to its code points."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from pipeline.dedupe.furniture import REMAINING, edge_lines, parted
from pipeline.dedupe.overlap import Side
from pipeline.dedupe.records import Item, Position
from pipeline.dedupe.sketch import Codes, key_positions, text_hash, text_key
from pipeline.dedupe.tables import key_of
from pipeline.dedupe.titles import is_notice, title_key

_ADDRESS = re.compile(r"https?://[!-~]+|(?:%[0-9A-Fa-f]{2}){3,}")
"""An address, or percent-encoded bytes."""


_FIELD = re.compile(r'"([^"\s]{1,60})" ?:')
FIELDS, RECORDS = 3, 0.5
"""A text with so many named fields is a record; one with this share of its names in names that recur, several."""


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
    """Hash of that key, and of the title of a notice whose text does not bear it."""
    print: int
    """64-bit hash of id and text."""
    left_out: frozenset[str]
    """Those of its site's lines, masked, that it bore."""

    @property
    def position(self) -> Position:
        """Where it stands in the order of decisions."""
        return self.item.position


def prepare(item: Item, repeated: Collection[str]) -> Prepared:
    """Strip the site's furniture and take the key of what remains."""
    spans, left_out = _compared(item.text, repeated)
    key = text_key("".join(item.text[start:end] for start, end in spans))
    hashed = text_hash(key, _which(item.title, key))
    return Prepared(item, repeated, key, hashed, key_of(f"{item.id}\n{hashed}\n{len(key)}"), left_out)


def _which(title: str, key: Codes) -> str:
    """The title of a notice whose text does not bear it: another one makes another notice of the same text."""
    named = title_key(title)
    return named if is_notice(named) and named not in key.tobytes().decode("utf-32-le", "replace") else ""


def stripped(text: str, repeated: Collection[str]) -> str:
    """The text that is compared."""
    return "".join(text[start:end] for start, end in compared_spans(text, repeated))


def compared_spans(text: str, repeated: Collection[str]) -> list[tuple[int, int]]:
    """The spans of the text, in code points, that are compared: no furniture, no addresses, no code.

    A text that is little else is compared with them.
    """
    return _compared(text, repeated)[0]


def beside(text: str, repeated: Collection[str], left_out: Collection[str]) -> Collection[str]:
    """The lines that a text is compared without: its site's, and those it bears that were left out of the text of
    another site which it is compared with; a copy may bear what is furniture at its origin only.

    Not what all of that site repeats: so two texts are compared anew when the furniture in either of them changes, and
    at no other time.
    """
    if not left_out or not any(line in left_out for line in edge_lines(text)):
        return repeated
    both = {*repeated, *left_out}
    return both if parted(text, both)[1] else repeated


def _compared(text: str, repeated: Collection[str]) -> tuple[list[tuple[int, int]], frozenset[str]]:
    kept, left_out = parted(text, repeated)
    silent = _silent(text)
    if not silent:
        return kept, left_out
    spans: list[tuple[int, int]] = []
    for start, end in kept:
        at = start
        for first, last in silent:
            if first < end and last > at:
                spans.append((at, max(at, first)))
                at = min(end, last)
        spans.append((at, end))
    size = sum(not char.isspace() for start, end in spans for char in text[start:end])
    return ([span for span in spans if span[0] < span[1]] if size >= REMAINING else kept), left_out


def _silent(text: str) -> list[tuple[int, int]]:
    """Where a text is an address or code, in order."""
    if "//" not in text and "%" not in text and "```" not in text:
        return []
    found, at, fence = [], 0, -1
    for line in text.splitlines(keepends=True):
        if line.startswith("```"):
            if fence >= 0:
                found.append((fence, at + len(line)))
            fence = at if fence < 0 else -1
        elif fence < 0:
            found += [(at + place.start(), at + place.end()) for place in _ADDRESS.finditer(line)]
        at += len(line)
    return found


def schema(text: str) -> frozenset[str]:
    """The names of the fields of a JSON-like text, of several records those that recur; empty for one that has few.

    Not those of the code within a text: of 27 judged versions an example in JSON made seven a form.
    """
    if '":' not in text and '" :' not in text:
        return frozenset()
    names = Counter(_FIELD.findall(stripped(text, ())))
    recurring = {name for name, times in names.items() if times > 1}
    if recurring and sum(names[name] for name in recurring) >= max(FIELDS, RECORDS * names.total()):
        return frozenset(recurring)
    return frozenset(names) if len(names) >= FIELDS else frozenset()


def span_in(text: str, repeated: Collection[str], side: Side) -> tuple[int, int] | None:
    """Where in the text the other one stands, in code points."""
    extent = side.extent
    if extent is None:
        return None
    spans = compared_spans(text, repeated)
    kept = np.concatenate([np.arange(start, end) for start, end in spans])
    positions = kept[key_positions(stripped(text, repeated))]
    start, end = int(positions[extent[0]]), int(positions[extent[1] - 1]) + 1
    while end < len(text) and not text[end].isalnum() and text[end] != "\n":
        end += 1  # the full stop and the closing quote belong to the sentence before
    return start, end
