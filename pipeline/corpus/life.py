"""How long a published row has stood and whether its page is still there: a small table beside the rows.

`life/NNNNN.parquet` of a version are its lines by id, of several files with one the newest: a version adds a file of
what visits moved since its parent, so that its cost follows the visits (life_files.py). They stand apart because visits
move them every day and rows seldom change: a column of the rows would write again every file with a visited page, 4 KB
an article where a line has 20 bytes. Readers join them (`read`, which takes this module with pyarrow alone); DuckDB:

    select * from read_parquet('life/*', filename=true) qualify row_number() over (partition by id order by filename
    desc) = 1
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.corpus.schema import LIFE, READ
from pipeline.records import Document

FOLDER = "life"
"""Folder of a version."""

LINES = pa.schema([READ.field(name) for name in ("id", *LIFE)])
"""Columns of its files."""


def files(folder: Path) -> list[Path]:
    """The files of lives of a version, the newest first."""
    return sorted((folder / FOLDER).glob("*.parquet"), reverse=True)


def wanted(columns: Sequence[str] | None) -> bool:
    """Whether lives are asked for."""
    return columns is None or bool(set(columns) & set(LIFE))


def stored(columns: Sequence[str] | None) -> list[str] | None:
    """What to read of a file of articles so that lives can be joined to it; None: all of it."""
    return None if columns is None else list(dict.fromkeys([*(n for n in columns if n not in LIFE), "id"]))


def joined(rows: pa.Table, lives: pa.Table, columns: Sequence[str] | None) -> pa.Table:
    """Articles with their lives, in the columns asked for; null where the version tells none.

    `lives` are the lines of its files, those of the newest first.
    """
    at = pc.index_in(rows["id"], lives["id"].combine_chunks()).combine_chunks()
    for name in LIFE:
        rows = rows.append_column(LINES.field(name), lives[name].combine_chunks().take(at))
    return rows.select(READ.names if columns is None else list(columns))


def with_life(folder: Path, documents: Iterable[Document]) -> list[Document]:
    """Rows of a version with what it tells of the life of the published ones."""
    rows = list(documents)
    ids = [row.id for row in rows if row.reason is None]
    lines: dict[str, dict[str, Any]] = {}
    for path in files(folder) if ids else ():
        for line in pq.read_table(path, filters=[("id", "in", ids)]).to_pylist():
            lines.setdefault(line["id"], line)
    return [replace(row, **lines[row.id]) if row.reason is None and row.id in lines else row for row in rows]
