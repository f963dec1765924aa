"""The one Parquet schema of the corpus's rows, derived from `records.Document`."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.records import Document, Flag

SCHEMA_VERSION = 1
"""Raised when a reader of the previous schema could break; the first number of a version."""

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


SCHEMA = arrow_schema(Document)
_NAMES = SCHEMA.names


def to_table(documents: Sequence[Document]) -> pa.Table:
    """Rows as an Arrow table of the corpus's schema."""
    columns = []
    for column in SCHEMA:
        if column.name == "flags":
            values: list[Any] = [[_plain_flag(f) for f in d.flags] for d in documents]
        else:
            values = [getattr(d, column.name) for d in documents]
        columns.append(pa.array(values, type=column.type))
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def from_table(table: pa.Table) -> Iterator[Document]:
    """The documents of an Arrow table; columns that are missing take their defaults."""
    for batch in table.to_batches(max_chunksize=1_000):
        names = [n for n in batch.schema.names if n in _NAMES]
        for row in batch.select(names).to_pylist():
            yield _document(row)


def _plain_flag(flag: Flag) -> dict[str, Any]:
    return {"name": flag.name, "start": flag.start, "end": flag.end, "text": flag.text}


def _document(row: dict[str, Any]) -> Document:
    for name, value in row.items():
        if name == "flags":
            row[name] = tuple(Flag(**f) for f in value or ())
        elif isinstance(value, list):
            row[name] = tuple(value)
        elif isinstance(value, datetime):
            row[name] = value.astimezone(UTC)
    return Document(**row)


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table so that equal rows give equal bytes: fixed codec, row groups and metadata."""
    pq.write_table(
        table.replace_schema_metadata(None),
        path,
        compression="zstd",
        compression_level=3,
        row_group_size=ROW_GROUP_ROWS,
        store_schema=False,
        write_statistics=True,
    )


def read_parquet(paths: Iterable[Path], columns: Sequence[str] | None = None) -> pa.Table:
    """The rows of several files of the corpus's schema in the order given; no file gives no rows."""
    schema = SCHEMA if columns is None else pa.schema([SCHEMA.field(c) for c in columns])
    tables = [pq.ParquetFile(p).read(columns=columns).cast(schema) for p in paths]
    return pa.concat_tables(tables) if tables else schema.empty_table()
