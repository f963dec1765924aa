"""Tables that grow by immutable Parquet files: one segment for each publication, small ones joined in time.

DuckDB reads them: a look-up is a join of the wanted keys with the key column of all segments, one scan of
a narrow column however many rows are wanted.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

# With more segments than this the newest, smallest ones are joined at the next write.
MOST_SEGMENTS = 20
_ROW_GROUP = 1 << 17
_MEMORY = "400MB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of the index: its columns, what identifies a row, and the order of its rows."""

    name: str
    """Name of its files before the number."""
    schema: pa.Schema
    """Its columns."""
    key: tuple[str, ...]
    """A newer row with the same key replaces an older one; empty: rows are only added."""
    order: tuple[str, ...]
    """The rows of a segment are sorted by these columns."""


class Segments:
    """The segments of one table in one folder, in the order they were written."""

    def __init__(self, table: Table, folder: Path | None, connection: duckdb.DuckDBPyConnection) -> None:
        self.table = table
        self._connection = connection
        self._empty = table.schema.empty_table().append_column("segment", pa.array([], pa.string()))
        self.files: list[Path] = sorted(folder.glob(f"{table.name}-*.parquet")) if folder else []

    def rows(self, column: str, keys: pa.Array, *, identity: str | None = None) -> pa.Table:
        """The rows whose column has one of the keys, with `segment` telling newer from older ones.

        `identity`: another column; then all rows, newer and older, that share its value with such a row.
        """
        if not self.files or not len(keys):
            return self._empty
        scan = _scan(self.files)
        wanted = f"{column} IN (SELECT wanted FROM wanted)"
        if identity:
            wanted = f"{identity} IN (SELECT {identity} FROM {scan} WHERE {wanted})"
        return self._fetched(f"SELECT *, filename AS segment FROM {scan} WHERE {wanted}", wanted=keys)

    def all(self) -> pa.Table:
        """The current rows of all segments, in the table's order."""
        if not self.files:
            return self.table.schema.empty_table()
        return self._fetched(self._current(self.files)).cast(self.table.schema)

    def _fetched(self, query: str, **columns: pa.Array) -> pa.Table:
        for name, values in columns.items():
            self._connection.register(name, pa.table({name: values}))
        rows: pa.Table = self._connection.sql(query).to_arrow_table()
        for name in columns:
            self._connection.unregister(name)
        return rows

    def write(self, folder: Path, rows: pa.Table, dropped: tuple[str, pa.Array] | None = None) -> None:
        """Write the table into a folder: hard links to the present segments, and one more with the new rows.

        `dropped`: a column and its values whose rows must be in no segment any more; all are written anew.
        """
        folder.mkdir(parents=True, exist_ok=True)
        number = int(self.files[-1].stem.rpartition("-")[2]) + 1 if self.files else 1
        newest = folder / f"{self.table.name}-{number:05d}.parquet"
        if rows.num_rows or not self.files:
            ordered = rows.sort_by([(column, "ascending") for column in self.table.order])
            with pq.ParquetWriter(newest, self.table.schema, compression="zstd") as writer:
                writer.write_table(ordered, row_group_size=_ROW_GROUP)
            files = [*self.files, newest]
        else:
            files = list(self.files)
        joined = files if dropped else _small_tail(files)
        kept = files[: len(files) - len(joined)]
        linked = [_linked(file, folder) for file in (kept if joined else files) if file != newest]
        if joined:
            linked.append(self._join(joined, folder / f"{self.table.name}-{number + 1:05d}.parquet", dropped))
            newest.unlink(missing_ok=True)
        elif newest in files:
            linked.append(newest)
        self.files = linked

    def _join(self, files: Sequence[Path], target: Path, dropped: tuple[str, pa.Array] | None) -> Path:
        where = ""
        if dropped:
            self._connection.register("dropped", pa.table({"dropped": dropped[1]}))
            where = f"WHERE {dropped[0]} NOT IN (SELECT dropped FROM dropped)"
        batches: pa.RecordBatchReader = self._connection.sql(self._current(files, where)).to_arrow_reader(
            _ROW_GROUP
        )
        with pq.ParquetWriter(target, self.table.schema, compression="zstd") as writer:
            for batch in batches:
                writer.write_table(pa.Table.from_batches([batch]).cast(self.table.schema))
        return target

    def _current(self, files: Sequence[Path], where: str = "") -> str:
        columns = ", ".join(f'"{name}"' for name in self.table.schema.names)
        newest = ""
        if self.table.key:
            key = ", ".join(self.table.key)
            newest = f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY filename DESC) = 1"
        return f"SELECT {columns} FROM {_scan(files)} {where} {newest} ORDER BY {', '.join(self.table.order)}"


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


def connect() -> duckdb.DuckDBPyConnection:
    """A connection for the segments of one index; opening one takes longer than a look-up."""
    return duckdb.connect(config={"memory_limit": _MEMORY})


def _scan(files: Sequence[Path]) -> str:
    names = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    return f"read_parquet([{names}], filename = true)"


def _linked(file: Path, folder: Path) -> Path:
    target = folder / file.name
    if target != file:
        os.link(file, target)
    return target
