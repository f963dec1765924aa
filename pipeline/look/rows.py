"""Rows of a version asked for by DuckDB: bounded in memory, and never a document that a takedown is at work on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from pipeline.corpus.queries import connected
from pipeline.corpus.read import hidden
from pipeline.corpus.schema import TABLES, from_table, present
from pipeline.records import Document


@cache
def _duckdb() -> duckdb.DuckDBPyConnection:
    """One DuckDB for all requests, so that its memory is bounded once; it holds nothing of its own."""
    return connected()


@contextmanager
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for one request; what it makes (temporary tables and views) goes with it."""
    with _duckdb().cursor() as db:
        db.execute("set timezone = 'UTC'")
        yield db


def files(folder: Path, tables: Collection[str] = TABLES) -> list[str]:
    """The files of rows of a version, as DuckDB takes them."""
    return [str(path) for table in tables for path in sorted((folder / table).glob("*.parquet"))]


def documents(
    folder: Path, column: str, values: Collection[str], paths: Sequence[str] = ()
) -> list[Document]:
    """The rows of a version (of `paths` of it alone) whose column has one of some values, published ones first."""
    paths = paths or files(folder)
    if not paths or not values:
        return []
    wanted = f"where {column} in (select unnest($values))"
    with database() as db:
        # the column alone first: with all columns DuckDB unpacks the texts of rows that nobody asked for
        holding = db.execute(
            f"select distinct filename from read_parquet($files, filename = true) {wanted}",
            {"files": list(paths), "values": sorted(values)},
        ).fetchall()
        if not holding:
            return []
        found = db.sql(
            f"select * from read_parquet($files, union_by_name = true) {wanted}",
            params={"files": sorted(name for (name,) in holding), "values": sorted(values)},
        ).to_arrow_table()
    away = hidden(folder.parent)
    rows = [row for row in from_table(present(found)) if row.id not in away]
    return sorted(rows, key=lambda row: (row.reason is not None, row.first_seen or row.captured_at, row.id))


def ask(query: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """What a query answers."""
    with database() as db:
        return db.execute(query, dict(values)).fetchall()
