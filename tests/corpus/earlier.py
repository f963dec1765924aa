"""A corpus as schema 1 had it, made from one of today: for the tests of what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.archive.store import sha256_of
from pipeline.corpus.publish import point_latest, read_manifest, write_manifest
from pipeline.corpus.quality import words
from pipeline.corpus.schema import SCHEMA, TABLES, write_parquet
from pipeline.records import Measures


def as_schema_1(folder: Path) -> Path:
    """Turn the folder of version 2.n.0 into 1.n.0 of the same corpus, `latest` with it; the new folder."""
    for path in (p for table in TABLES for p in (folder / table).glob("*.parquet")):
        rows = pq.read_table(path)
        old = [words(Measures(**m)) if m else "" for m in rows["quality"].to_pylist()]
        place = SCHEMA.get_field_index("quality")
        write_parquet(rows.set_column(place, "quality", pa.array(old, pa.string())), path)
    manifest = read_manifest(folder)
    version = "1" + manifest.version[1:]
    files = tuple(replace(f, sha256=sha256_of(folder / f.file)) for f in manifest.files)
    write_manifest(folder, replace(manifest, version=version, files=files, columns={}))
    target = folder.rename(folder.with_name(version))
    point_latest(target.parent, version, target.parent.parent)
    return target
