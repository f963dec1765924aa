"""Which rows of a damaged file of a version do not read, in words."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

SHOWN = 3
"""So many documents of a row group that does not read are named."""


def lost_rows(path: Path) -> str:
    """The rows and columns of a Parquet file that do not read, and whose they are; empty when it is none.

    The checksum of each page says where the damage is, so that all other rows are known to be whole.
    """
    if path.suffix != ".parquet":
        return ""
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
    except (OSError, pa.ArrowException):
        return "; none of its rows can be read"
    told = []
    first = 0
    for number in range(file.num_row_groups):
        rows = file.metadata.row_group(number).num_rows
        if bad := [name for name in file.schema_arrow.names if not _reads(file, number, name)]:
            told.append(f"rows {first} to {first + rows - 1}{_ids(file, number, bad)}: {', '.join(bad)}")
        first += rows
    return f"; unreadable: {'; '.join(told)}" if told else "; all its rows can be read, its frame is damaged"


def _reads(file: pq.ParquetFile, group: int, column: str) -> bool:
    try:
        file.read_row_group(group, columns=[column])
    except (OSError, pa.ArrowException):
        return False
    return True


def _ids(file: pq.ParquetFile, group: int, bad: list[str]) -> str:
    if "id" in bad or "id" not in file.schema_arrow.names:
        return ""
    ids = file.read_row_group(group, columns=["id"])["id"].to_pylist()
    return f" (documents {', '.join(ids[:SHOWN])}{' …' if len(ids) > SHOWN else ''})"
