"""Common Crawl's columnar index: Parquet files, alone or in folders `crawl=…/subset=…/` (hive partitions).

As in https://commoncrawl.org/columnar-index; read by DuckDB, which reads no more than the columns and groups it needs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import duckdb

from pipeline.archive.warc import Damaged

MAGIC = b"PAR1"
MEMORY = "500MB"
"""What DuckDB may take; what is more goes to the folder for temporary files."""

COLUMNS = {
    "url": "url",
    "fetch_time": "timestamp",
    "fetch_status": "status",
    "content_mime_detected": "mime",
    "content_digest": "digest",
    "warc_filename": "filename",
    "warc_record_offset": "offset",
    "warc_record_length": "length",
}
"""What a capture needs, and the names of it elsewhere (cdxlines.py)."""


def told(
    path: Path, since: date | None, until: date | None, domains: Collection[str]
) -> Iterator[tuple[str, dict[str, Any] | str]]:
    """Each row of some days and registrable domains, and which it is; Damaged for what is no such index.

    Of the subsets only `warc` is read, where files stand in their folders: `robotstxt` and `crawldiagnostics` hold no
    pages.
    """
    files = f"{path}/**/*.parquet" if path.is_dir() else str(path)
    try:
        with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": gettempdir()}) as db:
            db.execute("set timezone = 'UTC'")
            read = "read_parquet($path, union_by_name = true, file_row_number = true, filename = '_file')"
            there = {name for (name, *_) in db.execute(f"describe from {read}", {"path": files}).fetchall()}
            if missing := [name for name in COLUMNS if name not in there]:
                raise Damaged(f"no index of Common Crawl: it has no column {', '.join(missing)}")
            wanted = [
                "($since is null or fetch_time is null or cast(fetch_time as date) >= $since)",
                "($until is null or fetch_time is null or cast(fetch_time as date) <= $until)",
                *(["subset = 'warc'"] if "subset" in there else []),
            ]
            values: dict[str, Any] = {"path": files, "since": since, "until": until}
            if domains and "url_host_registered_domain" in there:
                wanted.append("list_contains($domains, url_host_registered_domain)")
                values["domains"] = sorted(domains)
            found = db.execute(
                f"select _file, file_row_number, {', '.join(COLUMNS)} from {read} where {' and '.join(wanted)}",
                values,
            )
            while batch := found.fetchmany(10_000):
                for file, number, *cells in batch:
                    where = f"row {number + 1}" + (f" of {Path(file).name}" if path.is_dir() else "")
                    yield where, dict(zip(COLUMNS.values(), cells, strict=True))
    except duckdb.Error as error:
        raise Damaged(f"no readable Parquet file: {str(error).partition(chr(10))[0]}") from error
