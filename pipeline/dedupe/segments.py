"""Tables that grow by immutable files: one segment for each publication, small ones joined in time.

Rows stand in Parquet and are looked up by 64-bit keys: beside each segment of a table lies a file of sorted
(key, row number) pairs, and only the row groups that hold a wanted row are read; a small segment has none, its keys
are read from the rows. A table of two such numbers is a file of pairs itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import gettempdir

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.dedupe.sorted_pairs import Values, count_pairs, mapped, merge_pairs, search, write_pairs
from pipeline.errors import CorpusError
from pipeline.linking import link_or_copy

MOST_SEGMENTS = 16
"""With more segments than this the newest, smallest ones are joined at the next write, because each is searched
for every hash of a batch: an increment of 1,000 on 34 million hashes took 1.1 s of CPU with ten segments and
0.7 s with two."""

LIGHT = 1 << 11
"""Bytes of the newest segments together that are joined at once: each file costs each version 230 bytes to name."""

_ROW_GROUP = 1 << 13
"""Few rows, because a look-up reads whole row groups."""

FEW = 1_000
"""Rows of a segment without a file of keys: it would cost each version more to name than it saves to read."""

_CROWD, _BEHIND = b"crowd", "behind"
"""The mark of a file whose rows are in the order of `Table.crowd`, and the column they are sorted by."""

_FIRST_ASKED = 16
"""Rows of a key, beside those of the crowd, that are read at first."""

COUNTED = "order"
"""The column whose largest value is asked for (`Segments.largest`)."""

MEMORY, THREADS = "300MB", 1
"""What DuckDB may take to join segments. With two threads it needs more, and gives up on 34 million rows with
256 MB; the time is the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of the index: its columns, what identifies a row, and how it is looked up."""

    name: str
    """Name of its files before the number."""
    schema: pa.Schema
    """Its columns."""
    identity: tuple[str, ...]
    """A newer row with the same values here replaces an older one; of pairs none does."""
    order: tuple[str, ...]
    """The rows of a segment are sorted by these columns."""
    crowd: tuple[str, object] | None = None
    """A column and its value in the rows of which one key may have thousands: they stand behind all others."""
    lookup: tuple[str, ...] = ()
    """The 64-bit columns it is looked up by; empty: a table of pairs, searched by the first number."""


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
        """Find them. CorpusError for a folder that holds none: each version has one, if only an empty one."""
        self.table = table
        self._none = _no_rows(table)
        self._opened: dict[Path, pq.ParquetFile] = {}
        self._mapped: dict[Path, Values] = {}
        self._suffix = ".parquet" if table.lookup else ".npy"
        found = folder.glob(f"{table.name}-*{self._suffix}") if folder else []
        self.files: list[Path] = sorted((file for file in found if _NUMBERED.search(file.stem)), key=_number)
        if folder and not self.files:
            raise CorpusError(
                f"{folder}: no {table.name}-*{self._suffix} here; the index is damaged, or of another release."
                " `corpus rebuild` makes a version with one of this release, `corpus repair` mends what is damaged"
            )

    def rows(self, keys: Values) -> pa.Table:
        """The rows with one of the keys in any look-up column, those of older segments first."""
        if not self.files or not len(keys):
            return self._none
        wanted, found = np.unique(keys), [self._none]
        for file in self.files:
            numbers = np.unique(search(self._keys_of(file), wanted)[1]).astype(np.int64)
            if len(numbers):
                if file not in self._opened:
                    self._opened[file] = pq.ParquetFile(file)
                found.append(_read_rows(self._opened[file], numbers))
        # a segment of an earlier release may lack a column: null
        return pa.concat_tables(found, promote_options="default")

    def first_rows(self, keys: Values, most: int) -> Iterator[tuple[pa.Table, Values]]:
        """As `rows`, segment by segment, of the crowd of a key the first so many at least; and the keys that have more.

        A segment of an earlier release, which is not in this order, is read as a whole.
        """
        if self.files and len(keys):
            wanted = np.unique(keys)
            yield from (self._firsts(file, wanted, most) for file in self.files)

    def _firsts(self, file: Path, wanted: Values, most: int) -> tuple[pa.Table, Values]:
        if file not in self._opened:
            self._opened[file] = pq.ParquetFile(file)
        opened, pairs = self._opened[file], self._keys_of(file)
        in_order = _CROWD in (opened.metadata.metadata or {})
        assert self.table.crowd is not None
        column, value = self.table.crowd
        asked = most + _FIRST_ASKED if in_order else None
        while True:
            found, places = search(pairs, wanted, asked)
            if not len(places):
                return self._none, wanted[:0]
            numbers, at = np.unique(places.astype(np.int64), return_inverse=True)
            rows = _read_rows(opened, numbers)
            if asked is None:
                return rows, wanted[:0]
            is_crowd = np.asarray(pc.fill_null(pc.equal(rows[column], value), True))[at]
            distinct, which, counts = np.unique(found, return_inverse=True, return_counts=True)
            if not ((counts == asked) & (np.bincount(which, is_crowd) < max(1, most))).any():
                return rows, distinct[counts == asked]
            asked *= 4

    def _keys_of(self, file: Path) -> Values:
        """The (key, row number) pairs of a segment."""
        if _keys_file(file).is_file():
            return self._pairs_of(_keys_file(file))
        if file not in self._mapped:
            self._mapped[file] = _keys(file, self.table)
        return self._mapped[file]

    def _pairs_of(self, file: Path) -> Values:
        """The pairs of a file, opened once: a batch looks up dozens of times."""
        if file not in self._mapped:
            self._mapped[file] = mapped(file)
        return self._mapped[file]

    def pairs(self, values: Values) -> tuple[Values, Values]:
        """For a table of two numbers: its rows with one of the values in the first."""
        wanted = np.unique(values)
        found = [search(self._pairs_of(file), wanted) for file in self.files]
        none = np.zeros(0, np.uint64)
        return (
            np.concatenate([first for first, _ in found] or [none]),
            np.concatenate([second for _, second in found] or [none]),
        )

    def all_pairs(self) -> tuple[Values, Values]:
        """For a table of two numbers: all its rows."""
        none = np.zeros((2, 0), np.uint64)
        first, second = np.concatenate([none, *(mapped(file) for file in self.files)], axis=1)
        return first, second

    def first_pairs(self, values: Values, most: int) -> tuple[Values, Values]:
        """As `pairs`, of each segment and value the rows with the smallest second numbers, so many at most."""
        wanted = np.unique(values)
        found = [search(self._pairs_of(file), wanted, most) for file in self.files]
        none = np.zeros(0, np.uint64)
        return (
            np.concatenate([first for first, _ in found] or [none]),
            np.concatenate([second for _, second in found] or [none]),
        )

    def largest(self, column: str) -> int:
        """The largest number in a column that is not negative, by what the files say of themselves; -1: none."""
        found = -1
        for file in self.files:
            metadata = pq.read_metadata(file)
            at = metadata.schema.names.index(column)
            for group in range(metadata.num_row_groups):
                said = metadata.row_group(group).column(at).statistics
                if said is not None and said.has_min_max:
                    found = max(found, int(said.max))
        return found

    def current(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Some columns of the current rows of all segments, in the table's order, in chunks."""
        return _current(self.table, self.files, None, columns) if self.files else iter(())

    def all(self) -> pa.Table:
        """The current rows of all segments, in the table's order."""
        return pa.concat_tables([self._none, *self.current(self.table.schema.names)])

    def write(self, folder: Path, rows: pa.Table, dropped: Dropped | None = None) -> None:
        """Write the table into a folder: links to the present segments, and one more with the new rows.

        `dropped`: rows that must be in no segment any more; then all are written anew.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._opened.clear()
        self._mapped.clear()
        number = _number(self.files[-1]) + 1 if self.files else 1
        files = list(self.files)
        if rows.num_rows or not files:
            files.append(self._file(folder, number))
            rows = _in_order(rows, self.table)
            if self.table.lookup:
                _write_rows(files[-1], self.table, iter([rows]))
            else:
                write_pairs(files[-1], rows.column(0).to_numpy(), rows.column(1).to_numpy())
        joined = files if dropped else _small_tail(files)
        kept = files[: len(files) - len(joined)]
        linked = [self._linked(file, folder) for file in kept]
        if joined:
            linked.append(self._file(folder, number + 1))
            self._join(linked[-1], joined, dropped)
            for file in (file for file in joined if file.parent == folder):
                file.unlink()
                _keys_file(file).unlink(missing_ok=True)
        self.files = linked

    def _file(self, folder: Path, number: int) -> Path:
        return folder / f"{self.table.name}-{number:05d}{self._suffix}"

    def _join(self, path: Path, files: Sequence[Path], dropped: Dropped | None) -> None:
        if self.table.lookup:
            _write_rows(
                path, self.table, _current(self.table, files, dropped, tuple(self.table.schema.names))
            )
        else:
            merge_pairs(path, files, dropped.keys if dropped else np.zeros(0, np.uint64))

    def _linked(self, file: Path, folder: Path) -> Path:
        target = folder / file.name
        if target != file:
            link_or_copy(file, target)
            if _keys_file(file).is_file():
                link_or_copy(_keys_file(file), _keys_file(target))
        return target


def replace_segment(file: Path, table: Table, rows: pa.Table) -> None:
    """Write a segment with these rows, sorted as they must be, in the place of the one there is.

    One of an earlier release keeps its columns, and has as many look-ups as they allow.
    """
    for old in (file, _keys_file(file)):
        old.unlink(missing_ok=True)
    if table.lookup:
        lookup = tuple(name for name in table.lookup if name in rows.schema.names)
        _write_rows(file, replace(table, schema=rows.schema, lookup=lookup), iter([_in_order(rows, table)]))
    else:
        write_pairs(file, rows.column(0).to_numpy(), rows.column(1).to_numpy())


def link_segment(source: Path, target: Path) -> None:
    """Put a segment and its keys under another name, in the place of what is there."""
    for old, new in ((source, target), (_keys_file(source), _keys_file(target))):
        if old.is_file():
            new.unlink(missing_ok=True)
            link_or_copy(old, new)


_NUMBERED = re.compile(r"-\d+$")


def _number(file: Path) -> int:
    """The number of a segment: a newer one has a higher number, in whatever folder it lies."""
    return int(file.stem.rpartition("-")[2])


def _write_rows(path: Path, table: Table, chunks: Iterator[pa.Table]) -> None:
    """Write sorted rows as a segment, and its keys beside it."""
    counted = [name for name in table.schema.names if name == COUNTED]
    with (
        pq.ParquetWriter(
            path,
            table.schema,
            compression="zstd",
            compression_level=9,
            use_dictionary=False,  # hashes, ids and numbers: a day's segment is a third smaller without what follows
            write_statistics=counted,
            store_schema=False,
        ) as writer
    ):
        for chunk in chunks:
            writer.write_table(chunk, row_group_size=_ROW_GROUP)
        if table.crowd:
            writer.add_key_value_metadata({_CROWD: table.crowd[0].encode()})
    if pq.read_metadata(path).num_rows > FEW:
        write_pairs(_keys_file(path), *_keys(path, table))


def _keys(path: Path, table: Table) -> Values:
    """The keys of a segment's rows with the rows' numbers, sorted."""
    columns = pq.read_table(path, columns=list(table.lookup))
    keys = np.concatenate([columns[name].to_numpy() for name in table.lookup])
    numbers = np.tile(np.arange(columns.num_rows, dtype=np.uint64), len(table.lookup))
    order = np.lexsort((numbers, keys))
    return np.stack((keys[order], numbers[order]))


def _current(
    table: Table, files: Sequence[Path], dropped: Dropped | None, columns: Sequence[str]
) -> Iterator[pa.Table]:
    """The newest row of each identity, sorted, in chunks; larger than memory if need be."""
    names = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    wanted = ", ".join(f'"{name}"' for name in columns)
    where = ""
    with duckdb.connect(
        config={"memory_limit": MEMORY, "threads": THREADS, "temp_directory": gettempdir()}
    ) as connection:
        if dropped:
            connection.register("dropped", pa.table({"dropped": dropped.keys}))
            kept = (f"{column} NOT IN (SELECT dropped FROM dropped)" for column in dropped.columns)
            where = f"WHERE {' AND '.join(kept)}"
        # The whole path says where a segment lies, not when it was written: its number does.
        reader: pa.RecordBatchReader = connection.sql(
            f"SELECT {wanted} "
            f"FROM read_parquet([{names}], filename = true) {where} "
            f"QUALIFY row_number() OVER (PARTITION BY {', '.join(table.identity)} "
            "ORDER BY regexp_extract(filename, '-([0-9]+)[.]parquet$', 1)::BIGINT DESC) = 1 "
            f"ORDER BY {', '.join(_crowd_last(table) + table.order)}"
        ).to_arrow_reader(1 << 17)
        schema = pa.schema([table.schema.field(name) for name in columns])
        for batch in reader:
            yield pa.Table.from_batches([batch]).cast(schema)


def _crowd_last(table: Table) -> tuple[str, ...]:
    if table.crowd is None:
        return ()
    column, value = table.crowd
    return (f"({column} = {value!r})",)


def _in_order(rows: pa.Table, table: Table) -> pa.Table:
    order = [(name, "ascending") for name in table.order]
    if table.crowd is None:
        return rows.sort_by(order)
    column, value = table.crowd
    behind = rows.append_column(_BEHIND, pc.equal(rows[column], value))
    return behind.sort_by([(_BEHIND, "ascending"), *order]).drop_columns([_BEHIND])


def _no_rows(table: Table) -> pa.Table:
    # `schema.empty_table()` makes pyarrow load pandas: a second of CPU, for nothing.
    return pa.Table.from_batches([], schema=table.schema)


def _read_rows(file: pq.ParquetFile, numbers: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pa.Table:
    groups = np.unique(numbers // _ROW_GROUP)
    rows = file.read_row_groups(groups.tolist())
    # Every group but the last has _ROW_GROUP rows.
    places = np.searchsorted(groups, numbers // _ROW_GROUP) * _ROW_GROUP + numbers % _ROW_GROUP
    return rows.take(places)


def _keys_file(file: Path) -> Path:
    return file.with_name(f"{file.stem}-keys.npy")


def _small_tail(files: Sequence[Path]) -> Sequence[Path]:
    """The newest segments that are to be joined: all that are light, or where there are too many more than those.

    Then it is the two newest, and those before them of which they have twice the rows. So sizes stay in a falling row
    of few steps, and a day's rows are rewritten once in four months of days.
    """
    if len(files) <= MOST_SEGMENTS:
        weights = np.cumsum([file.stat().st_size for file in reversed(files)])
        light = int(np.searchsorted(weights, LIGHT, "right"))
        return files[len(files) - light :] if light > 1 else ()
    sizes = [count_pairs(f) if f.suffix == ".npy" else pq.read_metadata(f).num_rows for f in files]
    first = len(files) - 2
    total = sum(sizes[first:])
    while first and total >= 2 * sizes[first - 1]:
        first -= 1
        total += sizes[first]
    return files[first:]
