"""Rows of an earlier shard that still hold: after a source is declared otherwise, only its captures are worked on.

A shard says in its own metadata what it was made of. One of the same file and code, in which only some sources were
declared otherwise, gives the rows of all others; one of the same code and other phrases those of the pages that these
cannot touch (phrases.py). What is worked on anew goes between them, in the order of the file.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.archive.cdxj import Ref
from pipeline.corpus.batches import PER_BATCH, Batch, Lost
from pipeline.corpus.pool import Done
from pipeline.corpus.references import page_batches
from pipeline.corpus.schema import EXTRACTED, SCHEMA

KEY = b"made_of"
"""Where in a shard's metadata it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeOf:
    """What the rows of a shard depend on besides the code."""

    file: str
    """sha256 of the archive file."""
    sources: dict[str, str]
    """Source → hash of what it says of extraction; a source that says nothing is not there."""
    without: tuple[str, ...]
    """Runs taken back, where rows may have their text from other files."""

    def write(self) -> dict[bytes, bytes]:
        """For the metadata of a shard."""
        said = {"file": self.file, "sources": self.sources, "without": self.without}
        return {KEY: json.dumps(said, sort_keys=True).encode()}


def read(shard: Path) -> MadeOf | None:
    """What a shard says that it was made of; None: it says nothing, or cannot be read."""
    try:
        said: dict[str, Any] = json.loads((pq.read_metadata(shard).metadata or {})[KEY])
        return MadeOf(file=said["file"], sources=said["sources"], without=tuple(said["without"]))
    except (OSError, ValueError, KeyError):
        return None


def changed(now: MadeOf, before: MadeOf | None, names: set[str]) -> frozenset[str] | None:
    """The sources of a file that are declared otherwise than when a shard was made; None: it is of no use."""
    if before is None or (before.file, before.without) != (now.file, now.without):
        return None
    others = frozenset(n for n in names if before.sources.get(n) != now.sources.get(n))
    return others if others < names else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to work on, in the order of the file, and where the rows between stand in an earlier shard."""

    batches: list[Batch]
    """What to work on; starts and counts in units of the stage: captures, or rows of the extract shard."""
    total: int
    """All units of the file."""
    earlier: Path
    """The shard that has the rows of the others."""
    normalized: Path
    """The normalize shard made of it."""
    schema: pa.Schema = EXTRACTED
    """Its columns."""
    row: Callable[[int], int]
    """From a unit at which rows that are kept begin or end to its row in that shard."""

    def weave(self, outcomes: Iterator[Done[pa.Table] | Lost]) -> Iterator[Done[pa.Table] | Lost | pa.Table]:
        """The outcomes of the batches, and between them the rows that are kept."""
        at, rows = 0, _reader(self.earlier, self.schema)
        for outcome in outcomes:
            if outcome.batch.start > at:
                yield from rows(self.row(at), self.row(outcome.batch.start))
            yield outcome
            at = outcome.batch.start + outcome.batch.count
        if self.total > at:
            yield from rows(self.row(at), self.row(self.total))


def _reader(shard: Path, schema: pa.Schema) -> Callable[[int, int], Iterator[pa.Table]]:
    """What reads the rows of a shard from one to before another, in order, a row group in memory at a time."""
    file = pq.ParquetFile(shard)
    ends = list(accumulate(file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)))

    @lru_cache(maxsize=1)
    def group(number: int) -> pa.Table:
        return file.read_row_group(number, columns=schema.names).cast(schema)

    def rows(first: int, last: int) -> Iterator[pa.Table]:
        while first < last:
            number = bisect_right(ends, first)
            begin = ends[number - 1] if number else 0
            part = group(number).slice(first - begin, last - first)
            yield part
            first += part.num_rows

    return rows


def to_extract(raw: Path, file: str, wanted: Callable[[Ref], bool], earlier: Path, normalized: Path) -> Plan:
    """The page captures of a file that are wanted, to extract anew; the others have rows in two earlier shards."""
    batches, starts = page_batches(raw, file, wanted), _starts(earlier)
    return Plan(
        batches=batches,
        total=len(starts) - 1,
        earlier=earlier,
        normalized=normalized,
        row=starts.__getitem__,
    )


def to_normalize(plan: Plan, extracted: Path) -> Plan:
    """The rows of the captures that were extracted anew by a plan, in the shard it gave, to normalize anew."""
    before, now = _starts(plan.normalized), _starts(extracted)
    batches = []
    for each in plan.batches:
        first, last = now[each.start], now[each.start + each.count]
        for row in range(first, last, PER_BATCH):
            batches.append(Batch(file=str(extracted), start=row, count=min(PER_BATCH, last - row)))
    return replace(
        plan,
        batches=batches,
        total=now[-1],
        earlier=plan.normalized,
        schema=SCHEMA,
        row=lambda unit: before[bisect_left(now, unit)],
    )


def _starts(shard: Path) -> Sequence[int]:
    """The row at which each capture of a shard begins, and at the end the number of rows."""
    captures = pq.ParquetFile(shard).read(["capture"])["capture"].to_pylist()
    return [n for n, each in enumerate(captures) if not n or captures[n - 1] != each] + [len(captures)]
