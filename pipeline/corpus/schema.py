"""The one Parquet schema of the corpus's rows, derived from `records.Document`."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, islice, repeat
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.records import Corrected, Document, Editor, Flag, Measures, OriginStep, Right, Span

SCHEMA_VERSION = 2
"""Raised when a reader of the previous schema could break; the first number of a version. One of a higher number than
this is neither read nor built upon, verified or collected (read.refuse_later).

1: `quality` was a string of `name=value` pairs, rounded to three digits. 2: it is a struct, a number a measure.
"""

ARTICLES, DROPPED = TABLES = ("articles", "dropped")
"""What is published, and everything else with its reason: the two folders of rows, of one schema."""

ROW_GROUP_ROWS = 1_000
"""Rows of a row group: about 5 MB of text, small enough to skip, large enough to compress."""

_SCALARS: dict[Any, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    date: pa.date32(),
    datetime: pa.timestamp("us", tz="UTC"),
}


def arrow_type(annotation: Any) -> pa.DataType:
    """The Arrow type of a record field's annotation; TypeError for one no column can hold."""
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (types.UnionType, Union):
        (inner,) = (a for a in arguments if a is not type(None))
        return arrow_type(inner)
    if origin is tuple:
        return pa.list_(arrow_type(arguments[0]))
    if is_dataclass(annotation):
        return pa.struct(arrow_schema(annotation))
    raise TypeError(f"no column type for {annotation!r}")


def arrow_schema(record: Any) -> pa.Schema:
    """The Arrow schema of a record class: a column a field, in the order of the fields."""
    hints = get_type_hints(record)
    return pa.schema([pa.field(f.name, arrow_type(hints[f.name])) for f in fields(record)])


LIFE = ("last_verified", "gone_since", "revised")
"""Columns of published rows that visits change: they stand in a table of their own (life.py), and readers join them."""

READ = arrow_schema(Document)
"""What a reader gives of a published row."""

SCHEMA = pa.schema([column for column in READ if column.name not in LIFE])
"""What a file of rows holds."""

RECORDS = {
    "structure": Span,
    "structure_raw": Span,
    "flags": Flag,
    "quality": Measures,
    "rights": Right,
    "editors": Editor,
    "origins": OriginStep,
    "corrected": Corrected,
}
"""Column that holds records → their class."""

_UNSAID = {
    kind: {f.name: f.default for f in fields(kind) if f.default is not MISSING} for kind in RECORDS.values()
}
"""Class → what a record says in a field that came after it was written: its default, so a new field has one."""


def parts(kind: pa.DataType) -> Sequence[pa.Field]:
    """The fields of a struct or of the structs of a list; none for any other type."""
    inner = kind.value_type if pa.types.is_list(kind) else kind
    return list(inner) if pa.types.is_struct(inner) else ()


def column_types(schema: pa.Schema) -> dict[str, str]:
    """Column → its type in words, as a manifest says it: `string`, `[string]`, `[{name: string, start: int64}]`."""
    return {field.name: _type(field.type) for field in schema}


def _type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"[{_type(kind.value_type)}]"
    if pa.types.is_struct(kind):
        return "{" + ", ".join(f"{field.name}: {_type(field.type)}" for field in kind) + "}"
    return str(kind)


_TIMES = {column.name for column in SCHEMA if pa.types.is_timestamp(column.type)}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


ASKED = pa.field("asked", pa.list_(pa.field("item", pa.string(), nullable=False)), nullable=False)
"""Of the first row of a page in a shard of extraction: the lines that its phrases were asked about (phrases.py)."""

EXTRACTED = SCHEMA.append(ASKED)
"""Columns of a shard of extraction."""


NEEDED = tuple(f.name for f in fields(Document) if f.default is MISSING)
"""Columns without which there is no `Document`."""


def to_table(documents: Sequence[Document]) -> pa.Table:
    """Rows as an Arrow table of the corpus's schema."""
    columns = [to_column(field, [getattr(d, field.name) for d in documents]) for field in SCHEMA]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def to_column(field: pa.Field, values: Sequence[Any]) -> pa.Array:
    """What rows say in a column, as an Arrow array; records need not become dicts for it."""
    if field.name == "quality":
        is_null = pa.array([each is None for each in values], pa.bool_())
        return pa.StructArray.from_arrays(
            _leaf_columns(field.type, values), fields=list(field.type), mask=is_null
        )
    if field.name in RECORDS:
        records = [each for several in values for each in several]
        structs = pa.StructArray.from_arrays(
            _leaf_columns(field.type.value_type, records), fields=list(field.type.value_type)
        )
        offsets = pa.array([0, *accumulate(map(len, values))], pa.int32())
        return pa.ListArray.from_arrays(offsets, structs, type=field.type)
    return pa.array(values, type=field.type)


def _leaf_columns(kind: pa.StructType, records: Sequence[Any]) -> list[pa.Array]:
    return [pa.array([getattr(each, f.name, None) for each in records], f.type) for f in kind]


def from_table(table: pa.Table) -> Iterator[Document]:
    """The documents of an Arrow table; columns that are missing, or null, take their defaults."""
    for batch in table.to_batches(max_chunksize=1_000):
        said = {
            field.name: from_column(field, batch[field.name])
            for field in batch.schema
            if field.name in READ.names and batch[field.name].null_count < batch.num_rows
        }
        rows = zip(*said.values(), strict=True) if said else repeat((), batch.num_rows)
        for row in rows:
            yield Document(**{name: v for name, v in zip(said, row, strict=True) if v is not None})


def from_column(field: pa.Field, column: pa.Array) -> list[Any]:
    """What rows say in a column, as a `Document` has it; None where it is null."""
    name = field.name
    if name == "quality":
        found = iter(_records(Measures, column.drop_null()))
        return [next(found) if is_valid else None for is_valid in column.is_valid().to_pylist()]
    if pa.types.is_list(field.type):
        values = column.flatten()
        inner = iter(_records(RECORDS[name], values) if name in RECORDS else values.to_pylist())
        sizes = pc.list_value_length(column).to_pylist()
        return [None if size is None else tuple(islice(inner, size)) for size in sizes]
    if name in _TIMES:  # as times, Arrow would import pandas for them
        times = column.cast(pa.int64()).to_pylist()
        return [None if each is None else _EPOCH + timedelta(microseconds=each) for each in times]
    return column.to_pylist()  # type: ignore[no-any-return]


def _records(kind: Any, structs: pa.StructArray) -> Iterator[Any]:
    names = [field.name for field in structs.type]
    for values in zip(*(each.to_pylist() for each in structs.flatten()), strict=True):
        said = dict(zip(names, values, strict=True))
        lacking = {n: default for n, default in _UNSAID[kind].items() if said.get(n) is None}
        yield kind(**said | lacking) if lacking else kind(**said)


FILTERED = (
    "id",
    "source",
    "site",
    "part",
    "captured_at",
    "first_seen",
    "published_on",
    "script",
    "han",
    "reason",
)
"""Columns whose smallest and largest value stand in the file, for readers that skip by them."""

DISTINCT = frozenset(
    {
        "id",
        "capture",
        "url",
        "url_key",
        "title",
        "title_raw",
        "text",
        "extracted",
        "text_hash",
        "extracted_hash",
    }
)
"""Columns of values that hardly come twice: no dictionary. A file costs 13 KB beside its rows so, and 29 KB with
dictionaries and statistics of all columns, whose values are whole texts: young days have many small files."""


def _leaves(name: str, kind: pa.DataType) -> list[str]:
    """The paths of the leaf columns of a column, as Parquet names them."""
    if pa.types.is_list(kind):
        return _leaves(f"{name}.list.element", kind.value_type)
    if pa.types.is_struct(kind):
        return [leaf for field in kind for leaf in _leaves(f"{name}.{field.name}", field.type)]
    return [name]


SMALL = 256
"""Rows of a file so small that no column has a dictionary: one costs 1.4 KB in each."""


LEVEL = 5
"""Of zstd. On real articles 9 takes 3 % less and 3 takes 3 % more; 9 takes twice the time to write, and what refreshes
write again is most of what they take."""

LONG = frozenset({"text", "extracted", *_leaves(ASKED.name, ASKED.type)})
"""Columns of a shard that are most of its bytes: only these are worth the time that zstd takes."""


def shard_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """What writes a shard, which is read once, from the first row to the last: a third of the time, no byte more."""
    leaves = [leaf for field in schema for leaf in _leaves(field.name, field.type)]
    codecs = {leaf: "zstd" if leaf in LONG else "snappy" for leaf in leaves}
    return pq.ParquetWriter(
        path, schema, compression=codecs, use_dictionary=False, write_statistics=False, store_schema=False
    )


def write_parquet(table: pa.Table, path: Path | pa.NativeFile) -> None:
    """Write a table so that equal rows give equal bytes: fixed codec, row groups and metadata."""
    codecs = {
        leaf: "none" if _says_nothing(table[field.name]) else "zstd"
        for field in table.schema
        for leaf in _leaves(field.name, field.type)
    }
    pq.write_table(
        table.replace_schema_metadata(None),
        path,
        compression=codecs,
        compression_level={leaf: LEVEL for leaf, codec in codecs.items() if codec == "zstd"},
        row_group_size=ROW_GROUP_ROWS,
        store_schema=False,
        write_statistics=[name for name in FILTERED if name in table.schema.names],
        use_dictionary=table.num_rows > SMALL and [n for n in table.schema.names if n not in DISTINCT],
        write_page_checksum=True,
    )


def _says_nothing(column: pa.ChunkedArray) -> bool:
    """Whether a column is null or an empty list in all rows: nine bytes shorter where they are not compressed."""
    if pa.types.is_list(column.type):
        return not pc.any(pc.greater(pc.list_value_length(column), 0)).as_py()
    return bool(column.null_count == len(column))


def read_parquet(
    paths: Iterable[Path | pa.NativeFile], columns: Sequence[str] | None = None, schema: pa.Schema = SCHEMA
) -> pa.Table:
    """The rows of several files, of this schema or an earlier one, in the order given; no file gives no rows."""
    schema = schema if columns is None else pa.schema([schema.field(c) for c in columns])
    tables = [present(_columns(path, columns), schema) for path in paths]
    return pa.concat_tables(tables) if tables else pa.Table.from_batches([], schema)


def _columns(path: Path | pa.NativeFile, columns: Sequence[str] | None) -> pa.Table:
    # bytes and files of Python's own are read in this thread: one of Arrow's that lets go of them when Python is ending
    # aborts the process (seen in one of twenty)
    own = isinstance(path, Path)
    file = pq.ParquetFile(path, page_checksum_verification=True, pre_buffer=own)
    return file.read(columns=columns, use_threads=own)


def present(table: pa.Table, schema: pa.Schema = SCHEMA) -> pa.Table:
    """Rows of this schema or an earlier one in the present one: a column they lack is null."""
    columns = []
    for field in schema:
        if field.name not in table.schema.names:
            columns.append(pa.nulls(table.num_rows, field.type))
        elif field.name == "quality" and pa.types.is_string(table.schema.field("quality").type):
            columns.append(_measures(table["quality"].to_pylist(), field.type))
        else:
            column = table[field.name]
            columns.append(column if column.type == field.type else column.cast(field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def _measures(lines: Sequence[str], kind: pa.StructType) -> pa.Array:
    """The column `quality` of schema 1 as it is now, from its `name=value` pairs."""
    rows = [{n: float(v) for n, _, v in (p.partition("=") for p in line.split())} or None for line in lines]
    return pa.array(rows, pa.struct([(field.name, pa.float64()) for field in kind])).cast(kind)
