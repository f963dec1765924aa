"""Rows of a version asked for by DuckDB: bounded in memory, and never a document that a takedown is at work on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from pipeline.corpus.queries import connected
from pipeline.corpus.read import hidden
from pipeline.corpus.schema import TABLES, from_table, present
from pipeline.records import Document


@cache
def _duckdb() -> duckdb.DuckDBPyConnection:
    """One DuckDB for all requests, so that its memory is bounded once.

    All it keeps is what stands at the end of Parquet files, which it looks up by name and time: half of what a question
    to a thousand files costs.
    """
    db = connected()
    db.execute("set parquet_metadata_cache = true")
    db.execute("set memory_limit = '200MB'")
    return db


@contextmanager
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for one request; what it makes (temporary tables and views) goes with it."""
    with _duckdb().cursor() as db:
        db.execute("set timezone = 'UTC'")
        yield db


def files(folder: Path, tables: Collection[str] = TABLES) -> list[str]:
    """The files of rows of a version, as DuckDB takes them."""
    return [str(path) for table in tables for path in sorted((folder / table).glob("*.parquet"))]


def files_about(folder: Path, ident: str) -> list[str]:
    """The files of a version with the rows of a document, of its address and its cluster; all are read through once."""
    paths = files(folder)
    if not paths:
        return []
    found = ask(
        "with row as materialized (select id, url_key, cluster, filename"
        " from read_parquet($files, union_by_name = true, filename = true)),"
        " own as (select url_key, cluster from row where id = $id)"
        " select distinct filename from row where id = $id or url_key in (select url_key from own)"
        " or cluster in (select cluster from own) order by 1",
        {"files": paths, "id": ident},
    )
    return [name for (name,) in found]


def documents(
    folder: Path,
    column: str,
    values: Collection[str],
    paths: Sequence[str] = (),
    *,
    most: int | None = None,
) -> list[Document]:
    """The rows of a version (of `paths` of it alone) whose column has one of some values, published ones first.

    With `most` at most so many, and without their texts.
    """
    paths = paths or files(folder)
    if not paths or not values:
        return []
    wanted = f"where {column} in (select unnest($values))"
    last = "" if most is None else f"order by {_FIRST} limit {most}"
    with database() as db:
        # the column alone first: with all columns DuckDB unpacks the texts of rows that nobody asked for
        holding = db.execute(
            f"select distinct filename from read_parquet($files, filename = true) {wanted}",
            {"files": list(paths), "values": sorted(values)},
        ).fetchall()
        if not holding:
            return []
        columns = "*" if most is None else _bare(pq.read_schema(holding[0][0]).names)
        found = db.sql(
            f"select {columns} from read_parquet($files, union_by_name = true) {wanted} {last}",
            params={"files": sorted(name for (name,) in holding), "values": sorted(values)},
        ).to_arrow_table()
    away = hidden(folder.parent)
    rows = [row for row in from_table(present(found)) if row.id not in away]
    return sorted(rows, key=lambda row: (row.reason is not None, row.first_seen or row.captured_at, row.id))


def _bare(names: Iterable[str]) -> str:
    """SQL that selects some columns, with nothing in those of texts."""
    return ", ".join(f"'' as {name}" if name in ("text", "extracted") else name for name in names)


_FIRST = "reason is not null, coalesce(first_seen, captured_at), id"
"""The order of rows: published ones first."""


def ask(query: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """What a query answers."""
    with database() as db:
        return db.execute(query, dict(values)).fetchall()
