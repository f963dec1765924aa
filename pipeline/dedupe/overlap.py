"""How much of one text stands in another, and where: the measurement behind every relation.

The grams of each text that the other has too are joined into runs, and what the runs leave uncovered
tells an excerpt (one side covered whole) from an edited copy (both sides covered, small gaps) from two
pages in one frame (a large gap in the middle of both).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, starmap

import numpy as np
from numpy.typing import NDArray

from pipeline.dedupe.sketch import GRAM, Hashes, Shingles

BRIDGE = 12
"""Matched grams at most this many characters apart are one run."""

SHORTEST_RUN = 6
"""A run of fewer grams is chance."""

SOLID_RUN = 24
"""Only runs this long interrupt a foreign block: a phrase that both texts use does not cut it in two."""

APART = 200
"""Runs further apart than this do not stand for one piece: a phrase elsewhere on the page matches by chance."""

LEAST = 0.15
"""With fewer matching grams on both sides than this share no rule finds a relation: coverage 0.4 at density 0.5 is
0.2."""


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
    passages: int
    """How many blocks as long as a solid run have solid runs on both sides."""
    tail: int
    """Characters after the last run."""

    @property
    def extent(self) -> tuple[int, int] | None:
        """The span of the key where the other text stands: runs near each other that together cover most."""
        groups: list[list[tuple[int, int]]] = []
        for run in self._standing():
            if groups and run[0] - groups[-1][-1][1] <= APART:
                groups[-1].append(run)
            else:
                groups.append([run])
        if not groups:
            return None
        most = max(groups, key=lambda group: sum(end - start for start, end in group))
        return most[0][0], most[-1][1]

    def _standing(self) -> Sequence[tuple[int, int]]:
        """The runs without the phrases, far from any other run, that texts on one subject share by chance."""
        gaps = [start - end for (_, end), (start, _) in pairwise(self.runs)]
        beside = zip([SOLID_RUN, *gaps], [*gaps, SOLID_RUN], strict=True)
        near = [
            (start, end)
            for (start, end), gap in zip(self.runs, starmap(min, beside), strict=False)
            if end - start >= SOLID_RUN or gap < SOLID_RUN
        ]
        return near or self.runs


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


def measure(a: Shingles, b: Shingles) -> Overlap | None:
    """Measure two texts against each other; None when they have too little in common to be related."""
    matched_a, matched_b = _found(a.grams, b.distinct), _found(b.grams, a.distinct)
    if max(_share(matched_a), _share(matched_b)) < LEAST:
        return None
    return Overlap(
        a=_side(matched_a, len(a.codes)),
        b=_side(matched_b, len(b.codes)),
        matched_a=matched_a,
        matched_b=matched_b,
    )


def _found(grams: Hashes, distinct: Hashes) -> NDArray[np.bool_]:
    if not len(distinct):
        return np.zeros(len(grams), bool)
    at = distinct.searchsorted(grams)
    at[at == len(distinct)] = 0
    found: NDArray[np.bool_] = distinct[at] == grams
    return found


def _share(matched: NDArray[np.bool_]) -> float:
    return np.count_nonzero(matched) / len(matched) if len(matched) else 0.0


def _side(matched: NDArray[np.bool_], length: int) -> Side:
    runs, grams, hits = _runs(matched)
    spans = [(start, min(end + GRAM - 1, length)) for start, end in runs]
    blocks, inner, at = [], [0], 0
    for start, end in spans:
        if end - start >= SOLID_RUN:
            if start > at:
                blocks.append(start - at)
                if at:
                    inner.append(start - at)
            at = end
    if length > at:
        blocks.append(length - at)
    return Side(
        length=length,
        coverage=sum(end - start for start, end in spans) / length if length else 0.0,
        density=hits / grams if grams else 0.0,
        runs=tuple(spans),
        blocks=tuple(sorted(blocks, reverse=True)),
        inner=max(inner),
        passages=sum(block >= SOLID_RUN for block in inner),
        tail=length - spans[-1][1] if spans else length,
    )


def _runs(matched: NDArray[np.bool_]) -> tuple[list[tuple[int, int]], int, int]:
    """Spans of grams, from the first to past the last matched one of each run; grams and matches in them."""
    hits = np.flatnonzero(matched)
    if not len(hits):
        return [], 0, 0
    breaks = (np.flatnonzero(hits[1:] - hits[:-1] > BRIDGE) + 1).tolist()
    runs, grams, count = [], 0, 0
    for first, last in zip([0, *breaks], [*breaks, len(hits)], strict=True):
        if last - first >= SHORTEST_RUN:
            start, end = int(hits[first]), int(hits[last - 1]) + 1
            runs.append((start, end))
            grams += end - start
            count += last - first
    return runs, grams, count


_NO_SIDE = Side(length=0, coverage=0.0, density=0.0, runs=(), blocks=(), inner=0, passages=0, tail=0)
_NO_MATCH = np.zeros(0, bool)
NOTHING = Overlap(a=_NO_SIDE, b=_NO_SIDE, matched_a=_NO_MATCH, matched_b=_NO_MATCH)
