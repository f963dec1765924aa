"""Which representatives have which sampled hash: (hash, print) pairs, on disk and of the batches since."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.dedupe.segments import Dropped, Segments
from pipeline.dedupe.sketch import Hashes
from pipeline.dedupe.sorted_pairs import ranges
from pipeline.dedupe.tables import SKETCHES

_MOST_RUNS = 16
"""More sorted runs in memory than this are merged into one."""


class Postings:
    """The postings of one index; only representatives are in them, so that a hash counts distinct articles."""

    def __init__(self, folder: Path | None) -> None:
        self._on_disk = Segments(SKETCHES, folder)
        self._runs: list[tuple[Hashes, Hashes]] = []

    def find(self, hashes: Hashes) -> tuple[Hashes, Hashes]:
        """The representatives that have the given hashes: (hash, print) pairs, sorted."""
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


def _sorted(runs: list[tuple[Hashes, Hashes]]) -> tuple[Hashes, Hashes]:
    hashes, prints = (np.concatenate(part) for part in zip(*runs, strict=True))
    order = np.lexsort((prints, hashes))
    return hashes[order], prints[order]
