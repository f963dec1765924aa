"""The one Parquet schema of the corpus's rows, derived from `records.Document`."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import MISSING, asdict, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
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


def to_table(documents: Sequence[Document]) -> pa.Table:
    """Rows as an Arrow table of the corpus's schema."""
    columns = []
    for column in SCHEMA:
        values: list[Any] = [getattr(d, column.name) for d in documents]
        if column.name == "quality":
            values = [measures and asdict(measures) for measures in values]
        elif column.name in RECORDS:
            values = [[asdict(record) for record in records] for records in values]
        columns.append(pa.array(values, type=column.type))
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def from_table(table: pa.Table) -> Iterator[Document]:
    """The documents of an Arrow table; columns that are missing, or null, take their defaults."""
    for batch in table.to_batches(max_chunksize=1_000):
        columns = {f.name: batch[f.name] for f in batch.schema if f.name in READ.names}
        for name in _TIMES & columns.keys():
            columns[name] = columns[name].cast(pa.int64())  # as times, Arrow would import pandas for them
        for row in pa.RecordBatch.from_pydict(columns).to_pylist():
            yield _document(row)


def _document(row: dict[str, Any]) -> Document:
    said = {name: value for name, value in row.items() if value is not None}
    for name, value in said.items():
        if name == "quality":
            said[name] = _record(Measures, value)
        elif name in RECORDS:
            said[name] = tuple(_record(RECORDS[name], record) for record in value)
        elif isinstance(value, list):
            said[name] = tuple(value)
        elif name in _TIMES:
            said[name] = _EPOCH + timedelta(microseconds=value)
    return Document(**said)


def _record(kind: Any, said: dict[str, Any]) -> Any:
    lacking = {name: default for name, default in _UNSAID[kind].items() if said[name] is None}
    return kind(**said | lacking) if lacking else kind(**said)


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


SMALL = 256
"""Rows of a file so small that no column has a dictionary: one costs 1.4 KB in each."""


def write_parquet(table: pa.Table, path: Path) -> None:
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
        # 7 % smaller than 3, for 0.1 ms of CPU a row
        compression_level={leaf: 9 for leaf, codec in codecs.items() if codec == "zstd"},
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


def _leaves(name: str, kind: pa.DataType) -> list[str]:
    """The paths of the leaf columns of a column, as Parquet names them."""
    if pa.types.is_list(kind):
        return _leaves(f"{name}.list.element", kind.value_type)
    if pa.types.is_struct(kind):
        return [leaf for field in kind for leaf in _leaves(f"{name}.{field.name}", field.type)]
    return [name]


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
