"""Which representatives have which sampled hash: (hash, print) pairs, on disk and of the batches since."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.dedupe.segments import Dropped, Segments
from pipeline.dedupe.sketch import Hashes
from pipeline.dedupe.sorted_pairs import ranges
from pipeline.dedupe.tables import RETIRED, SKETCHES

_MOST_RUNS = 16
"""More sorted runs in memory than this are merged into one."""


class Postings:
    """The postings of one index; only representatives are in them, so that a hash counts distinct articles.

    A text that is decided again leaves its pairs on disk and may come back to them: a table of its own notes each
    time one goes or comes, and one that is there an odd number of times is gone.
    """

    def __init__(self, folder: Path | None) -> None:
        self._on_disk = Segments(SKETCHES, folder)
        self._retired_on_disk = Segments(RETIRED, folder)
        self._runs: list[tuple[Hashes, Hashes]] = []
        prints, times = np.unique(self._retired_on_disk.all_pairs()[0], return_counts=True)
        self._written = set(prints[times % 2 == 1].tolist())
        self._retired = set(self._written)
        self.deep: set[int] = set()
        """Those who were added by a deeper sample as far as there was room, which only leaves when one is retired."""

    def find(self, hashes: Hashes) -> tuple[Hashes, Hashes]:
        """The representatives that have the given hashes: (hash, print) pairs, sorted."""
        found, prints = self._find(hashes)
        if not self._retired:
            return found, prints
        kept = ~np.isin(prints, np.fromiter(self._retired, np.uint64, len(self._retired)))
        return found[kept], prints[kept]

    def retire(self, print_: int) -> None:
        """Take a representative out, until `restore` or `add` puts it back."""
        self._retired.add(print_)
        self.deep.clear()

    def restore(self, print_: int, hashes: Hashes) -> Hashes:
        """Put a retired representative back; which of its hashes are still to be added."""
        if print_ not in self._retired:
            return hashes
        self._retired.discard(print_)
        found, prints = self._find(hashes)
        return np.setdiff1d(hashes, found[prints == np.uint64(print_)], assume_unique=True)

    def _find(self, hashes: Hashes) -> tuple[Hashes, Hashes]:
        found = [self._on_disk.pairs(hashes)]
        for run_hashes, run_prints in self._runs:
            first = np.searchsorted(run_hashes, hashes, "left")
            at = ranges(first, np.searchsorted(run_hashes, hashes, "right") - first)
            found.append((run_hashes[at], run_prints[at]))
        return _sorted(found)

    def add(self, hashes: Hashes, prints: Hashes) -> None:
        """Add the hashes of representatives, each with the print of the one that has it."""
        self._runs.append(_sorted([(hashes, prints)]))
        if len(self._runs) > _MOST_RUNS:
            self._runs = [_sorted(self._runs)]

    def write(self, folder: Path, purged: Hashes) -> None:
        """Write them into a new folder, without those of the purged prints, and start afresh from there."""
        hashes, prints = _sorted([(np.zeros(0, np.uint64), np.zeros(0, np.uint64)), *self._runs])
        kept = ~np.isin(prints, purged)
        rows = pa.table({"hash": hashes[kept], "print": prints[kept]}, schema=SKETCHES.schema)
        gone = Dropped(columns=("print",), keys=purged) if len(purged) else None
        self._on_disk.write(folder, rows, gone)
        self._runs = []
        self._retired -= set(purged.tolist())
        moved = np.array(sorted(self._retired ^ self._written), np.uint64)
        rows = pa.table({"print": moved, "of_print": moved}, schema=RETIRED.schema)
        self._retired_on_disk.write(folder, rows, gone)
        self._written = set(self._retired)


def _sorted(runs: list[tuple[Hashes, Hashes]]) -> tuple[Hashes, Hashes]:
    hashes, prints = (np.concatenate(part) for part in zip(*runs, strict=True))
    order = np.lexsort((prints, hashes))
    return hashes[order], prints[order]
