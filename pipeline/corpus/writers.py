"""The files of an edition, written anew by many writers: each reads one, leaves rows out, puts others in.

A writer writes beside the place of a file, and the build alone puts what was written there: a writer that dies, or
does its work twice, leaves the file as it was. What the files lose and gain stands in a file too, so that only names
and counts pass.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.corpus.batches import Batch, Steps
from pipeline.corpus.pool import Done, Pool
from pipeline.corpus.schema import ARTICLES, SCHEMA, read_parquet, to_table, write_parquet
from pipeline.records import Document

SECONDS = 120.0
"""Time on the clock for a file."""

TASK, ROWS = "task.json", "rows.parquet"

Keys = Collection[tuple[str, int]]
"""Captures and parts."""


def sorted_rows(table: pa.Table, file: str) -> pa.Table:
    """Rows in the order a file of this name keeps them."""
    moment = "first_seen" if file.startswith(ARTICLES) else "captured_at"
    return table.sort_by([(moment, "ascending"), ("id", "ascending"), ("capture", "ascending")])


def rewritten(old: Path | pa.NativeFile | None, out: Keys, new: pa.Table, file: str) -> pa.Table:
    """The rows of a file, if there is one, without some and with others."""
    table = read_parquet([old]) if old is not None else SCHEMA.empty_table()
    if out:
        keys = zip(table["capture"].to_pylist(), table["part"].to_pylist(), strict=True)
        table = table.filter(pa.array([key not in out for key in keys], pa.bool_()))
    return sorted_rows(pa.concat_tables([table, new]), file)


class Writers:
    """The writers of one edition, on a cluster."""

    def __init__(self, pool: Pool, work: Path) -> None:
        """`work` is a folder for what passes between them and the build."""
        self._pool = pool
        self._work = work

    def write(
        self,
        folder: Path,
        there: Collection[str],
        out: Mapping[str, Keys],
        new: Mapping[str, Sequence[Document]],
    ) -> Iterator[tuple[str, Path, int]]:
        """Each file that was written, where it is now and how many rows it has; one that is not given was lost.

        `there` are the files that the edition has, `out` and `new` what leaves them and comes to them.
        """
        files = sorted({*out, *new})
        task = self._work / uuid4().hex
        task.mkdir(parents=True)
        groups = iter(range(len(files)))
        said = [
            {
                "file": file,
                "path": str(folder.absolute() / file) if file in there else None,
                "out": sorted(out.get(file, ())),
                "group": next(groups) if file in new else None,
            }
            for file in files
        ]
        (task / TASK).write_text(json.dumps(said), encoding="utf-8")
        with pq.ParquetWriter(task / ROWS, SCHEMA, compression="lz4") as writer:
            for file in (file for file in files if file in new):
                writer.write_table(to_table(new[file]), row_group_size=len(new[file]))
        batches = [Batch(file=str(task), start=number, count=1) for number in range(len(files))]
        steps = Steps(gather=read_task, work=written, keep=keep_written, whole=write_file)
        for outcome in self._pool.map(steps, batches, SECONDS):
            if isinstance(outcome, Done):
                number = outcome.batch.start
                yield files[number], _written(task, number), outcome.result
        shutil.rmtree(task)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A file to write anew."""

    file: str
    """Its name in the edition."""
    path: str | None
    """Where it stands; None: there is none yet."""
    out: Keys
    """What leaves it."""
    new: pa.Table
    """What comes to it."""
    old: bytes | None = None
    """Its bytes, for a writer that does not see it."""


def write_file(batch: Batch) -> int:
    """Write a file of a task anew, beside the task; how many rows it has."""
    task = _task(batch)
    table = rewritten(Path(task.path) if task.path else None, task.out, task.new, task.file)
    with _beside(batch) as beside:
        write_parquet(table, beside)
    return int(table.num_rows)


def read_task(batch: Batch) -> Task:
    """A file of a task, with its bytes."""
    task = _task(batch)
    return replace(task, old=Path(task.path).read_bytes() if task.path else None)


def written(task: Task) -> tuple[bytes, int]:
    """The bytes of a file that was written anew, and how many rows it has."""
    old = pa.BufferReader(task.old) if task.old is not None else None
    table = rewritten(old, task.out, task.new, task.file)
    sink = pa.BufferOutputStream()
    write_parquet(table, sink)
    return sink.getvalue().to_pybytes(), table.num_rows


def keep_written(batch: Batch, made: tuple[bytes, int]) -> int:
    """Put down beside the task what a writer sent; how many rows it has."""
    with _beside(batch) as beside:
        beside.write_bytes(made[0])
    return made[1]


def _task(batch: Batch) -> Task:
    task = Path(batch.file)
    said = json.loads((task / TASK).read_text(encoding="utf-8"))[batch.start]
    new = SCHEMA.empty_table()
    if said["group"] is not None:
        new = pq.ParquetFile(task / ROWS).read_row_group(said["group"]).cast(SCHEMA)
    out = {(capture, part) for capture, part in said["out"]}
    return Task(file=said["file"], path=said["path"], out=out, new=new)


@contextmanager
def _beside(batch: Batch) -> Iterator[Path]:
    """Where to write what comes to stand in its place when it is whole."""
    task = Path(batch.file)
    beside = task / f"{uuid4().hex}.part"
    yield beside
    beside.replace(_written(task, batch.start))


def _written(task: Path, number: int) -> Path:
    return task / f"{number:05d}.parquet"
