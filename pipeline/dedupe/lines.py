"""Which documents of a site have which lines at their edges, and which of the lines are the site's furniture.

Whether a line is furniture follows from the documents as they stand, not from the order in which they came: the first
COMPARED documents that have it, by the hash of their ids, are told apart as articles. So an edit, a removal and an old
capture that comes late teach as much as they would have in their place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.dedupe.hashing import hash64
from pipeline.dedupe.segments import Dropped, Segments
from pipeline.dedupe.sorted_pairs import Values
from pipeline.dedupe.tables import EDGE_LINES

REPEATS = 3
"""A line on so many different articles of a site is the site's, not the articles'."""

FRAMED = 0.5
"""Where two articles of a site have this share in common, two are enough: no article is longer than its frame by
chance, and three would be compared by it first."""

COMPARED, FEW = 16, 4
"""So many of the documents that have a line are looked at, most often only the first few."""

BEGINNINGS = 3
"""So many of them are tried for the first article."""

LISTED = 4 * COMPARED
"""So many are listed to find them: an edit leaves its old lines in the list."""

Shared = Callable[[str, str], float | None]
"""The share that two documents have in common; None when they are versions of one article."""


class Lines:
    """(line of a site, document) pairs, on disk and of the batches since; what an edit left there stays."""

    def __init__(self, folder: Path | None) -> None:
        self._on_disk = Segments(EDGE_LINES, folder)
        self._added: defaultdict[int, set[int]] = defaultdict(set)

    def add(self, lines: Iterable[int], document: int) -> None:
        """Say that a document, by its key, has these lines, by their keys."""
        for line in lines:
            self._added[line].add(document)

    def first(self, lines: Collection[int]) -> dict[int, list[int]]:
        """Keys of the first LISTED documents that have each line, ascending."""
        firsts, seconds = self._on_disk.first_pairs(_sorted(lines), LISTED)
        return {line: found[:LISTED] for line, found in self._with(lines, firsts, seconds).items()}

    def all(self, lines: Collection[int]) -> dict[int, list[int]]:
        """Keys of all documents that have each line, ascending."""
        return self._with(lines, *self._on_disk.pairs(_sorted(lines)))

    def _with(self, lines: Collection[int], firsts: Values, seconds: Values) -> dict[int, list[int]]:
        found = {line: set(self._added.get(line, ())) for line in lines}
        for line, document in zip(firsts.tolist(), seconds.tolist(), strict=True):
            found[line].add(document)
        return {line: sorted(documents) for line, documents in found.items()}

    def write(self, folder: Path, purged: Values) -> None:
        """Write them into a new folder, without those of the purged documents, and start afresh from there."""
        gone = set(purged.tolist())
        pairs = [
            (line, one)
            for line in sorted(self._added)
            for one in sorted(self._added[line])
            if one not in gone
        ]
        columns = np.array(pairs, np.uint64).reshape(-1, 2)
        rows = pa.table({"line": columns[:, 0], "key": columns[:, 1]}, schema=EDGE_LINES.schema)
        self._on_disk.write(folder, rows, Dropped(columns=("key",), keys=purged) if gone else None)
        self._added.clear()


def line_key(site: str, line: str) -> int:
    """64-bit key of a masked line of a site."""
    return hash64(f"{site}\n{line}".encode("utf-8", "surrogatepass"))


def is_furniture(documents: Sequence[str], shared: Shared) -> bool | None:
    """Whether a line that these documents have is on enough different articles; None: not on these alone.

    A page that is all frame is a version of every other one: where one stands first, the next begins.
    """
    for start in range(min(BEGINNINGS, len(documents))):
        articles: list[str] = []
        for document in documents[start:]:
            common = [shared(document, other) for other in articles]
            if any(share is None for share in common):
                continue
            articles.append(document)
            if len(articles) == REPEATS or any((share or 0) >= FRAMED for share in common):
                return True
    return None


def _sorted(values: Iterable[int]) -> Values:
    return np.array(sorted(values), np.uint64)
