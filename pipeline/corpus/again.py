"""Whether a version comes out the same when it is made again; if not, what differs first and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from pipeline.corpus.environment import changed, environment_of
from pipeline.corpus.publish import ENVIRONMENT, read_manifest
from pipeline.corpus.read import read_whole
from pipeline.corpus.remake import Remade, unlike
from pipeline.corpus.schema import SCHEMA, TABLES
from pipeline.records import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of making a version again."""

    version: str
    """The version."""
    same: tuple[str, ...]
    """Its files that came out byte for byte."""
    other: tuple[str, ...]
    """Those that did not."""
    first: str
    """The first row and column that differ, or that none does; empty: every file is the same."""
    causes: tuple[str, ...]
    """What may have done it, the likeliest first; empty: nothing that is known."""


def verdict(clean: Path, version: str, made: Remade) -> Verdict:
    """Compare a published version with what it came out as now; CorpusError where a file of it is damaged."""
    old = read_manifest(clean / version)
    # what it was made with now is no part of what came out: where rows differ it is told as a cause
    other = [file for file in unlike(old, made.manifest) if file != ENVIRONMENT]
    return Verdict(
        version=version,
        same=tuple(file.file for file in old.files if file.file not in other),
        other=tuple(other),
        first=_first(clean / version, made.folder) if other else "",
        causes=tuple(_causes(clean / version, old, made)) if other else (),
    )


def _first(old: Path, new: Path) -> str:
    """The first row that differs, and its first column that does; both versions' rows in memory."""
    before, after = _rows(old), _rows(new)
    for key in sorted(before.keys() | after.keys()):
        one, two = before.get(key), after.get(key)
        if one is None or two is None:
            row = one or two or {}
            told = "not there then, but now" if one is None else "there then, but not now"
            return f"document {row['id']} ({row['url']}): {told}"
        for name in SCHEMA.names:
            if one[name] != two[name]:
                told = f"{str(one[name])[:80]!r} then, {str(two[name])[:80]!r} now"
                return f"document {one['id']} ({one['url']}), {name}: {told}"
    return "no row: the same rows stand in other files, or what is told of them differs"


def _rows(folder: Path) -> dict[tuple[str, int], dict[str, object]]:
    tables = [read_whole(path, None) for t in TABLES for path in sorted((folder / t).glob("*.parquet"))]
    rows = pa.concat_tables(tables).to_pylist() if tables else []
    return {(str(row["capture"]), int(row["part"])): row for row in rows}


def _causes(folder: Path, old: Manifest, made: Remade) -> list[str]:
    """What is other than it was, in the order in which it explains most."""
    new = made.manifest
    then = environment_of(folder)
    told = changed(then, environment_of(made.folder)) if then else []
    for key in sorted(old.fingerprints.keys() | new.fingerprints.keys()):
        if old.fingerprints.get(key) != new.fingerprints.get(key):
            is_stage = ":" not in key and not told
            if is_stage:
                told.append(f"the code, rules or libraries of {key} changed")
            elif ":" in key:
                kind, _, name = key.partition(":")
                told.append(f"{kind} {name} declares something else")
    if old.version.rsplit(".", 1)[1] != "0":
        told.append("a takedown removed rows from it after it was made")
    if old.corrections != new.corrections:
        told.append(
            "the corrections say something else, or there is no folder of them: --corrections names it"
        )
    if old.withdrawn != new.withdrawn:
        told.append("runs were taken back, or given back, since")
    if old.equal_to is not None:
        told.append(f"it is a rollback: made again is what it equals, {old.equal_to}")
    if old.parent is not None and not made.on_parent:
        told.append(
            "its parent is gone: what it says of that, and the files its rows stand in, cannot be the same"
        )
    return told
