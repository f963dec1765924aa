"""DuckDB as the corpus asks it: in memory, never in more of it than it may have, and of any schema there was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from tempfile import gettempdir

import duckdb
import pyarrow.parquet as pq

MEMORY = "500MB"
"""What one connection may take; what is more goes to the folder for temporary files."""


def connected() -> duckdb.DuckDBPyConnection:
    """A database of its own, for queries over Parquet files and Arrow tables; close it, or use it with `with`."""
    return duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": gettempdir()})


def selected(files: Sequence[str], names: Iterable[str]) -> str:
    """SQL that selects columns of the files of a version: null where its schema is of before a column came."""
    have = set(pq.read_schema(files[0]).names)
    return ", ".join(name if name in have else f"null as {name}" for name in names)
