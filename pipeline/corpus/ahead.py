"""Deduplication's costly parts mapped over batches before the texts are decided in their order (dedupe/phases.py).

Rows of shards go in by file and range, and stand in files of the work folder as they are compared; what a batch gives
back is a name with two counts. To workers that do not see these files rows are sent to be sketched; their pairs are
found and compared by processes of the builder's machine then, for to gather what it takes costs about as much as to do
it. A batch that is lost costs its share of the help and nothing else.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.corpus.assemble import order_of
from pipeline.corpus.batches import Batch, R, Steps
from pipeline.corpus.identity import short_hash
from pipeline.corpus.pool import Done, Pool
from pipeline.corpus.shards import SECONDS_PER_ITEM
from pipeline.corpus.texts import rows_of
from pipeline.corpus.writers import Writers
from pipeline.dedupe import phases
from pipeline.dedupe.ahead import NOTHING_AHEAD, Ahead, texts_file
from pipeline.dedupe.phases import Runs, Sketched
from pipeline.dedupe.records import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """What a cluster does for the process that decides and publishes."""

    ahead: Ahead = NOTHING_AHEAD
    """What was found out about the texts."""
    writers: Writers | None = None
    """Who writes the files; None: that process itself."""


NO_HELP = Help()

TEXTS = 1_000
"""Rows of a batch: about a second of work for each of its parts, as where pages are extracted."""

HASHES = 1 << 22
"""About as many hashes in a range: bounds the memory of a worker to some 300 MB."""

RANGE_SECONDS = 600.0
"""Time on the clock for a range of hashes."""

_COLUMNS = ("id", "site", "title", "text", "published_on", "captured_at")

Known = Callable[[str], Collection[str]]


def look_ahead(shards: Sequence[Path], folder: Path, known: Known, pool: Pool) -> Ahead:
    """Sketch the rows of shards, pair them up and compare the pairs, each in batches, by way of files in a folder.

    `known` gives the furniture lines of a site so far.
    """
    folder.mkdir(parents=True, exist_ok=True)
    batches = [
        Batch(file=str(shard), start=start, count=min(TEXTS, rows - start))
        for shard in shards
        for rows in [pq.read_metadata(shard).num_rows]
        for start in range(0, rows, TEXTS)
    ]
    lines = Steps(gather=_rows, work=repeated_lines, keep=partial(_keep_lines, folder))
    repeated = _done(pool, lines, batches, SECONDS_PER_ITEM)
    _write_repeated(folder, known, [done.result for done in repeated])
    sketch = Steps(
        gather=partial(_rows_and_lines, folder), work=sketch_rows, keep=partial(_keep_sketched, folder)
    )
    sketched = _done(pool, sketch, batches, SECONDS_PER_ITEM)
    runs = [done.result for done in sketched if done.result.texts]
    if not runs:
        return NOTHING_AHEAD
    told = Runs.of(folder, runs)
    file = str(told.write())
    parts = 1 + sum(run.hashes for run in runs) // HASHES
    ranges = [Batch(file=file, start=part, count=1) for part in range(parts)]
    for _ in _done(pool, partial(pair_up, parts), ranges, RANGE_SECONDS):
        pass
    runs_of = [Batch(file=file, start=run, count=1) for run in range(len(runs))]
    for _ in _done(pool, compare, runs_of, SECONDS_PER_ITEM * TEXTS):
        pass
    files = [texts_file(folder, run.name) for run in runs]
    spans = zip(files, told.starts, told.starts[1:], strict=False)
    return Ahead([(path, told.prints[start:end]) for path, start, end in spans])


def _done(
    pool: Pool, function: Callable[[Batch], R] | Steps[R], batches: Sequence[Batch], seconds: float
) -> Iterator[Done[R]]:
    return (outcome for outcome in pool.map(function, batches, seconds) if isinstance(outcome, Done))


def repeated_lines(rows: pa.Table) -> tuple[tuple[str, str], ...]:
    """The lines that some rows of a shard repeat, each with its site."""
    return phases.lines_repeated(_items(rows))


def _keep_lines(folder: Path, batch: Batch, repeated: tuple[tuple[str, str], ...]) -> str:
    """Write them; the name of the file."""
    name = f"{_name(batch)}.lines.json"
    (folder / name).write_text(json.dumps(repeated), encoding="utf-8")
    return name


Repeated = dict[str, frozenset[str]]
"""Site → its furniture lines."""


def _rows_and_lines(folder: Path, batch: Batch) -> tuple[pa.Table, Repeated]:
    rows, path = _rows(batch), folder / _REPEATED
    repeated = _repeated(path, path.stat().st_mtime_ns)
    return rows, {site: repeated.get(site, frozenset()) for site in rows["site"].unique().to_pylist()}


@lru_cache(maxsize=1)
def _repeated(path: Path, _written: int) -> Repeated:
    """What `_write_repeated` wrote; a worker outlives a build, and the next one writes it anew."""
    return {site: frozenset(each) for site, each in json.loads(path.read_text(encoding="utf-8")).items()}


def sketch_rows(given: tuple[pa.Table, Repeated]) -> phases.Sketches:
    """Sketch the texts among some rows of a shard."""
    rows, repeated = given
    return phases.sketched(_items(rows), repeated)


def _keep_sketched(folder: Path, batch: Batch, made: phases.Sketches) -> Sketched:
    return phases.write_sketched(made, folder, _name(batch))


def pair_up(parts: int, batch: Batch) -> int:
    """Pair up the texts that share hashes of a range."""
    return phases.pair_up(Path(batch.file), batch.start, parts)


def compare(batch: Batch) -> int:
    """Compare the texts of a run with what they share most with."""
    return phases.compare(Path(batch.file), batch.start)


_REPEATED = "repeated.json"


def _write_repeated(folder: Path, known: Known, names: Sequence[str]) -> None:
    """Write the furniture lines of the sites for the workers: those known, and those that rows repeat."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name in names:
        for site, line in json.loads((folder / name).read_text(encoding="utf-8")):
            found[site].add(line)
    repeated = {site: sorted(each.union(known(site))) for site, each in found.items()}
    (folder / _REPEATED).write_text(json.dumps(repeated), encoding="utf-8")


def _rows(batch: Batch) -> pa.Table:
    """Of some rows of a shard those that are compared, and of these what is."""
    rows = rows_of(Path(batch.file), batch.start, batch.count, [*_COLUMNS, "reason"])
    return rows.filter(pc.is_null(rows["reason"])).select(_COLUMNS)


def _items(rows: pa.Table) -> list[Item]:
    return [
        Item(
            id=row["id"],
            site=row["site"],
            title=row["title"] or "",
            text=row["text"],
            published_on=row["published_on"],
            order=order_of(row["captured_at"]),
        )
        for row in rows.to_pylist()
    ]


def _name(batch: Batch) -> str:
    return f"{short_hash(batch.file)[:12]}-{batch.start:08d}"
