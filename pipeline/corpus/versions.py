"""The versions of a corpus: list them, compare two, verify one, let old ones go."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.corpus.changes import compare
from pipeline.corpus.publish import SUMS, read_manifest, sha256_of
from pipeline.corpus.read import latest, list_versions, version_folder, version_key
from pipeline.corpus.schema import SCHEMA, SCHEMA_VERSION, TABLES
from pipeline.records import Manifest

KEEP_DAYS, KEEP_WEEKS, KEEP_MONTHS = 7, 4, 12
"""How many daily, weekly and monthly versions gc keeps; older ones cost one corpus copy each."""

PINS = "PINNED"
"""Text file in the corpus folder, one version a line (`2.37.0` or `2.37`): never collected."""


def manifests(clean: Path) -> list[Manifest]:
    """The manifests of every version, oldest first."""
    return [read_manifest(clean / v) for v in list_versions(clean)]


def diff(clean: Path, old: str, new: str) -> pa.Table:
    """What changed from one version to another (the columns of `changes.parquet`)."""
    return compare(version_folder(clean, old), version_folder(clean, new))


def verify(folder: Path) -> list[str]:
    """Everything wrong with a version folder, in words; empty when it is whole.

    Checks every file against SHA256SUMS, the one schema, unique ids of published rows, that a row stands in
    the table its reason says, and that captures in = rows out.
    """
    problems = _check_sums(folder)
    if problems:
        return problems
    manifest = read_manifest(folder)
    paths = {t: sorted((folder / t).glob("*.parquet")) for t in TABLES}
    files = [p for ps in paths.values() for p in ps]
    schema = SCHEMA if version_key(manifest.version)[0] == SCHEMA_VERSION else None
    for path in files:
        found = pq.read_schema(path)
        # a version of an earlier schema has another one, but one
        schema = schema or found
        if found != schema:
            problems.append(f"{path}: its columns are not those of the corpus's schema")
    return problems or _check_rows(paths, sum(f.captures for f in manifest.inputs))


def _check_sums(folder: Path) -> list[str]:
    sums = folder / SUMS
    if not sums.is_file():
        return [f"{sums}: missing; this is not a published version"]
    listed = {}
    for line in sums.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        listed[name] = digest
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} - {SUMS}
    problems = [f"{folder / name}: not listed in {SUMS}" for name in sorted(there - listed.keys())]
    for name, digest in sorted(listed.items()):
        if name not in there:
            problems.append(f"{folder / name}: listed in {SUMS} but missing")
        elif sha256_of(folder / name) != digest:
            problems.append(f"{folder / name}: its bytes have changed since it was published")
    return problems


def _check_rows(paths: dict[str, list[Path]], captures: int) -> list[str]:
    problems = []
    with duckdb.connect() as db:
        for table, files in paths.items():
            if files:
                names = [str(p) for p in files]
                db.execute(
                    f"create view {table} as select id, capture, part, reason from read_parquet({names!r})"
                )
            else:
                db.execute(f"create table {table} (id varchar, capture varchar, part bigint, reason varchar)")
        twice = _number(db, "select count(*) from (select id from articles group by id having count(*) > 1)")
        if twice:
            problems.append(f"articles: {twice} ids stand in more than one row")
        wrong = _number(db, "select count(*) from articles where reason is not null")
        wrong += _number(db, "select count(*) from dropped where reason is null")
        if wrong:
            problems.append(f"{wrong} rows stand in the wrong table for their reason")
        both = "(select capture, part from articles union all select capture, part from dropped)"
        double = _number(
            db, f"select count(*) from (select 1 from {both} group by capture, part having count(*) > 1)"
        )
        if double:
            problems.append(f"{double} rows stand twice")
        seen = _number(db, f"select count(distinct capture) from {both}")
        if seen != captures:
            problems.append(f"{captures} captures went in, rows of {seen} came out")
    return problems


def _number(db: duckdb.DuckDBPyConnection, query: str) -> int:
    row = db.execute(query).fetchone()
    return int(row[0]) if row else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What gc does with a version."""

    version: str
    """The version."""
    why: str | None
    """latest, pinned, daily, weekly, monthly; None: it goes."""


def plan_gc(clean: Path) -> list[Kept]:
    """Which versions stay and why: the latest, pinned ones, 7 daily, 4 weekly and 12 monthly ones."""
    have = list_versions(clean)
    if not have:
        return []
    why: dict[str, str] = {latest(clean): "latest"}
    pins = clean / PINS
    for pin in pins.read_text(encoding="utf-8").split() if pins.is_file() else ():
        why.update({v: "pinned" for v in have if v == pin or v.startswith(pin + ".")})
    days = {v: read_manifest(clean / v).created_at.date() for v in have}
    for word, limit, period in (
        ("daily", KEEP_DAYS, lambda d: d.toordinal()),
        ("weekly", KEEP_WEEKS, lambda d: d.isocalendar()[:2]),
        ("monthly", KEEP_MONTHS, lambda d: (d.year, d.month)),
    ):
        newest: dict[object, str] = {}
        for version in have:
            newest[period(days[version])] = version
        for version in sorted(newest.values(), key=version_key, reverse=True)[:limit]:
            why.setdefault(version, word)
    return [Kept(version=v, why=why.get(v)) for v in have]


def collect(clean: Path, work: Path) -> list[Kept]:
    """Remove the versions that gc does not keep; each leaves the corpus folder in one rename."""
    plan = plan_gc(clean)
    work.mkdir(parents=True, exist_ok=True)
    for left in work.glob("collected-*"):  # by a run that was killed
        shutil.rmtree(left)
    for kept in plan:
        if kept.why is None:
            aside = work / f"collected-{kept.version}"
            (clean / kept.version).rename(aside)
            shutil.rmtree(aside)
    return plan


def totals(manifest: Manifest) -> Counter[str]:
    """Rows of a version by `articles` and reason, over all sources."""
    total: Counter[str] = Counter()
    for counts in manifest.counts.values():
        total.update(counts)
    return total
