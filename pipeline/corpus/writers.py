"""The files of an edition, written anew by many writers: each reads one, leaves rows out, puts others in.

A writer writes beside the place of a file, and the build alone puts what was written there: a writer that dies, or
does its work twice, leaves the file as it was. What the files lose and gain stands in a file too, so that only names
and counts pass.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.corpus.batches import Batch
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


def rewritten(path: Path | None, out: Keys, new: pa.Table, file: str) -> pa.Table:
    """The rows of a file, if there is one, without some and with others."""
    table = read_parquet([path]) if path is not None else SCHEMA.empty_table()
    if out:
        keys = zip(table["capture"].to_pylist(), table["part"].to_pylist(), strict=True)
        table = table.filter(pa.array([key not in out for key in keys], pa.bool_()))
    return sorted_rows(pa.concat_tables([table, new]), file)


class Writers:
    """The writers of one edition, on a cluster."""

    def __init__(self, pool: Pool, work: Path) -> None:
        """`work` is a folder that all of them see."""
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
        for outcome in self._pool.map(write_file, batches, SECONDS):
            if isinstance(outcome, Done):
                number = outcome.batch.start
                yield files[number], _written(task, number), outcome.result
        shutil.rmtree(task)


def write_file(batch: Batch) -> int:
    """Write a file of a task anew, beside the task; how many rows it has."""
    task = Path(batch.file)
    said = json.loads((task / TASK).read_text(encoding="utf-8"))[batch.start]
    new = SCHEMA.empty_table()
    if said["group"] is not None:
        new = pq.ParquetFile(task / ROWS).read_row_group(said["group"]).cast(SCHEMA)
    out = {(capture, part) for capture, part in said["out"]}
    table = rewritten(Path(said["path"]) if said["path"] else None, out, new, said["file"])
    beside = task / f"{uuid4().hex}.part"
    write_parquet(table, beside)
    beside.replace(_written(task, batch.start))
    return int(table.num_rows)


def _written(task: Path, number: int) -> Path:
    return task / f"{number:05d}.parquet"
