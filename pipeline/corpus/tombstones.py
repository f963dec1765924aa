"""What was taken down, for those who read a version: `tombstones.parquet`, an id, its ticket and the day, no more."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.archive import takedowns
from pipeline.corpus.schema import write_parquet

TOMBSTONES = "tombstones.parquet"
SCHEMA = pa.schema([("id", pa.string()), ("ticket", pa.string()), ("taken_down_on", pa.date32())])


def read(folder: Path) -> pa.Table:
    """The tombstones of a version, by id; none where there is no such file."""
    path = folder / TOMBSTONES
    return pq.read_table(path) if path.is_file() else SCHEMA.empty_table()


def of(done: Iterable[takedowns.Takedown], ids: Iterable[str] | None = None) -> pa.Table:
    """The tombstones of some takedowns (of these ids alone), by id; of one taken down twice the first counts."""
    wanted = None if ids is None else set(ids)
    rows: dict[str, dict[str, object]] = {}
    for each in done:
        for ident in each.documents:
            if wanted is None or ident in wanted:
                rows.setdefault(ident, {"id": ident, "ticket": each.ticket, "taken_down_on": each.on})
    return pa.Table.from_pylist([rows[ident] for ident in sorted(rows)], schema=SCHEMA)


def write(folder: Path, tombstones: pa.Table) -> None:
    """Put the tombstones of a version into its folder, if there are any."""
    if tombstones.num_rows:
        path = folder / TOMBSTONES
        path.unlink(missing_ok=True)
        write_parquet(tombstones, path)
