"""Tables that grow by immutable Parquet files: one segment for each publication, small ones joined in time.

Rows are looked up by 64-bit keys: beside each segment of a table lies a sorted file of (key, row number),
and only the row groups that hold a wanted row are read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.dedupe.sorted_pairs import Values, search, write_pairs

# With more segments than this the newest, smallest ones are joined at the next write, because each is searched
# for every hash of a batch: an increment of 1,000 on 34 million hashes took 1.1 s of CPU with ten segments and
# 0.7 s with two.
MOST_SEGMENTS = 8
# Few rows, because a look-up reads whole row groups.
_ROW_GROUP = 1 << 13
# Joining segments of 34 million hashes takes 0.9 GB in all, in the same time as with two threads, which need
# more: with 256 MB for two DuckDB gives up.
_MEMORY, _THREADS = "300MB", 1

_KEYS = pa.schema(
    [pa.field("key", pa.uint64(), nullable=False), pa.field("row", pa.uint64(), nullable=False)]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of the index: its columns, what identifies a row, and how it is looked up."""

    name: str
    """Name of its files before the number."""
    schema: pa.Schema
    """Its columns."""
    identity: tuple[str, ...]
    """A newer row with the same values here replaces an older one; empty: rows are only added."""
    order: tuple[str, ...]
    """The rows of a segment are sorted by these columns."""
    lookup: tuple[str, ...] = ()
    """The 64-bit columns it is looked up by; empty: two such columns, searched by the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """Rows to leave out: those with one of the keys in one of the columns."""

    columns: tuple[str, ...]
    """The columns looked at."""
    keys: Values
    """The keys."""


class Segments:
    """The segments of one table in one folder, in the order they were written."""

    def __init__(self, table: Table, folder: Path | None) -> None:
        self.table = table
        found = sorted(folder.glob(f"{table.name}-*.parquet")) if folder else []
        self.files: list[Path] = [file for file in found if not file.stem.endswith("-keys")]

    def rows(self, keys: Values) -> pa.Table:
        """The rows with one of the keys in any look-up column, those of older segments first."""
        wanted, found = np.unique(keys), [_no_rows(self.table)]
        for file in self.files:
            numbers = np.unique(search(_keys_file(file), wanted)[1]).astype(np.int64)
            if len(numbers):
                found.append(_read_rows(file, numbers))
        return pa.concat_tables(found)

    def pairs(self, values: Values) -> tuple[Values, Values]:
        """For a table of two columns: its rows with one of the values in the first."""
        wanted = np.unique(values)
        found = [search(file, wanted) for file in self.files]
        none = np.zeros(0, np.uint64)
        return (
            np.concatenate([first for first, _ in found] or [none]),
            np.concatenate([second for _, second in found] or [none]),
        )

    def all(self) -> pa.Table:
        """The current rows of all segments, in the table's order."""
        chunks = list(self._current(self.files, None)) if self.files else []
        return pa.concat_tables([_no_rows(self.table), *chunks])

    def write(self, folder: Path, rows: pa.Table, dropped: Dropped | None = None) -> None:
        """Write the table into a folder: hard links to the present segments, and one more with the new rows.

        `dropped`: rows that must be in no segment any more; then all are written anew.
        """
        folder.mkdir(parents=True, exist_ok=True)
        number = int(self.files[-1].stem.rpartition("-")[2]) + 1 if self.files else 1
        files = list(self.files)
        if rows.num_rows or not files:
            files.append(folder / f"{self.table.name}-{number:05d}.parquet")
            self._write_segment(
                files[-1], iter([rows.sort_by([(name, "ascending") for name in self.table.order])])
            )
        joined = files if dropped else _small_tail(files)
        kept = files[: len(files) - len(joined)]
        linked = [self._linked(file, folder) for file in kept]
        if joined:
            linked.append(folder / f"{self.table.name}-{number + 1:05d}.parquet")
            self._write_segment(linked[-1], self._current(joined, dropped))
            for file in (file for file in joined if file.parent == folder):
                file.unlink()
                _keys_file(file).unlink(missing_ok=True)
        self.files = linked

    def _write_segment(self, path: Path, chunks: Iterator[pa.Table]) -> None:
        if not self.table.lookup:
            write_pairs(path, self.table.schema, chunks)
            return
        with pq.ParquetWriter(path, self.table.schema, compression="zstd") as writer:
            for chunk in chunks:
                writer.write_table(chunk, row_group_size=_ROW_GROUP)
        columns = pq.read_table(path, columns=list(self.table.lookup))
        keys = np.concatenate([columns[name].to_numpy() for name in self.table.lookup])
        numbers = np.tile(np.arange(columns.num_rows, dtype=np.uint64), len(self.table.lookup))
        order = np.lexsort((numbers, keys))
        write_pairs(
            _keys_file(path),
            _KEYS,
            iter([pa.table({"key": keys[order], "row": numbers[order]}, schema=_KEYS)]),
        )

    def _current(self, files: Sequence[Path], dropped: Dropped | None) -> Iterator[pa.Table]:
        """The newest row of each identity, sorted, in chunks; larger than memory if need be."""
        names = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
        columns = ", ".join(f'"{name}"' for name in self.table.schema.names)
        newest, where = "", ""
        if self.table.identity:
            key = ", ".join(self.table.identity)
            newest = f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY filename DESC) = 1"
        with duckdb.connect(
            config={"memory_limit": _MEMORY, "threads": _THREADS, "temp_directory": gettempdir()}
        ) as connection:
            if dropped:
                connection.register("dropped", pa.table({"dropped": dropped.keys}))
                kept = (f"{column} NOT IN (SELECT dropped FROM dropped)" for column in dropped.columns)
                where = f"WHERE {' AND '.join(kept)}"
            reader: pa.RecordBatchReader = connection.sql(
                f"SELECT {columns} FROM read_parquet([{names}], filename = true) {where} {newest} "
                f"ORDER BY {', '.join(self.table.order)}"
            ).to_arrow_reader(1 << 17)
            for batch in reader:
                yield pa.Table.from_batches([batch]).cast(self.table.schema)

    def _linked(self, file: Path, folder: Path) -> Path:
        target = folder / file.name
        if target != file:
            os.link(file, target)
            if self.table.lookup:
                os.link(_keys_file(file), _keys_file(target))
        return target


def _no_rows(table: Table) -> pa.Table:
    # `schema.empty_table()` makes pyarrow load pandas: a second of CPU, for nothing.
    return pa.Table.from_batches([], schema=table.schema)


def _read_rows(file: Path, numbers: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pa.Table:
    groups = np.unique(numbers // _ROW_GROUP)
    rows = pq.ParquetFile(file).read_row_groups(groups.tolist())
    # Every group but the last has _ROW_GROUP rows.
    places = np.searchsorted(groups, numbers // _ROW_GROUP) * _ROW_GROUP + numbers % _ROW_GROUP
    return rows.take(places)


def _keys_file(file: Path) -> Path:
    return file.with_name(f"{file.stem}-keys.parquet")


def _small_tail(files: Sequence[Path]) -> Sequence[Path]:
    """The newest segments that together outweigh the one before them, if there are too many segments.

    So sizes stay in a geometric row, and a row is rewritten a logarithmic number of times.
    """
    if len(files) <= MOST_SEGMENTS:
        return ()
    sizes = [pq.read_metadata(file).num_rows for file in files]
    first, total = len(files) - 1, sizes[-1]
    while first and total >= sizes[first - 1] / 2:
        first -= 1
        total += sizes[first]
    return files[first:]
