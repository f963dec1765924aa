"""How much of one text stands in another, and where: the measurement behind every relation.

The grams of each text that the other has too are joined into runs, and what the runs leave uncovered
tells an excerpt (one side covered whole) from an edited copy (both sides covered, small gaps) from two
pages in one frame (a large gap in the middle of both).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.corpus.sketch import GRAM, Shingles

# Matched grams at most this many characters apart are one run; a run of fewer grams is chance.
BRIDGE = 12
SHORTEST_RUN = 6
# Only runs this long interrupt a foreign block: a phrase that both texts use does not cut it in two.
SOLID_RUN = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One text as seen from the other one."""

    length: int
    """Characters of its key."""
    coverage: float
    """Share of the key that stands in runs."""
    density: float
    """Share of the grams inside the runs that match."""
    runs: tuple[tuple[int, int], ...]
    """Spans of the key that the other text has too."""
    blocks: tuple[int, ...]
    """Lengths of the uncovered blocks between solid runs, the longest first."""
    inner: int
    """The longest uncovered block with solid runs on both sides of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Two texts, each measured against the other."""

    a: Side
    b: Side
    matched_a: NDArray[np.bool_]
    """For each gram of the first text, whether the second has it."""
    matched_b: NDArray[np.bool_]
    """The same the other way round."""

    @property
    def density(self) -> float:
        """The density of the sparser side."""
        return min(self.a.density, self.b.density)


def measure(a: Shingles, b: Shingles) -> Overlap:
    """Measure two texts against each other."""
    matched_a, matched_b = _found(a.grams, b.distinct), _found(b.grams, a.distinct)
    return Overlap(
        a=_side(matched_a, len(a.codes)),
        b=_side(matched_b, len(b.codes)),
        matched_a=matched_a,
        matched_b=matched_b,
    )


def _found(grams: NDArray[np.uint64], distinct: NDArray[np.uint64]) -> NDArray[np.bool_]:
    if not len(distinct):
        return np.zeros(len(grams), bool)
    at = np.minimum(np.searchsorted(distinct, grams), len(distinct) - 1)
    found: NDArray[np.bool_] = distinct[at] == grams
    return found


def _side(matched: NDArray[np.bool_], length: int) -> Side:
    starts, ends = _runs(matched)
    ends_in_text = np.minimum(ends + GRAM - 1, length)
    covered = int((ends_in_text - starts).sum())
    grams = int((ends - starts).sum())
    density = float(matched_in(matched, starts, ends) / grams) if grams else 0.0
    solid = ends_in_text - starts >= SOLID_RUN
    edges_from, edges_to = starts[solid], ends_in_text[solid]
    gaps = np.append(edges_from, length) - np.insert(edges_to, 0, 0)
    return Side(
        length=length,
        coverage=covered / length if length else 0.0,
        density=density,
        runs=tuple(zip(starts.tolist(), ends_in_text.tolist())),
        blocks=tuple(sorted((int(g) for g in gaps if g > 0), reverse=True)),
        inner=int(gaps[1:-1].max(initial=0)),
    )


def matched_in(matched: NDArray[np.bool_], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> int:
    """How many grams match inside the given spans of grams."""
    total = np.append(0, np.cumsum(matched))
    return int((total[ends] - total[starts]).sum())


def _runs(matched: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Spans of grams, from the first to past the last matched one of each run."""
    hits = np.flatnonzero(matched)
    if not len(hits):
        return hits, hits
    breaks = np.flatnonzero(np.diff(hits) > BRIDGE)
    first, last = np.append(0, breaks + 1), np.append(breaks, len(hits) - 1)
    long = last - first + 1 >= SHORTEST_RUN
    return hits[first[long]], hits[last[long]] + 1
