"""DuckDB as the corpus asks it: in memory, and never in more of it than it may have."""

from __future__ import annotations

from tempfile import gettempdir

import duckdb

MEMORY = "500MB"
"""What one connection may take; what is more goes to the folder for temporary files."""


def connected() -> duckdb.DuckDBPyConnection:
    """A database of its own, for queries over Parquet files and Arrow tables; close it, or use it with `with`."""
    return duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": gettempdir()})
