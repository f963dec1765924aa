"""The versions of a corpus: list them, compare two, verify one, let old ones go."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.archive.store import sha256_of
from pipeline.corpus import feed_files
from pipeline.corpus.assemble import CANONICAL
from pipeline.corpus.changes import compare
from pipeline.corpus.edition import CLUSTERS
from pipeline.corpus.pins import pinned
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import SUMS, latest, list_versions, version_folder, version_key
from pipeline.corpus.schema import SCHEMA, SCHEMA_VERSION, TABLES
from pipeline.dedupe.index import members_in
from pipeline.dedupe.records import DUPLICATE
from pipeline.errors import CorpusError
from pipeline.records import WITHHELD, Manifest

KEEP_DAYS, KEEP_WEEKS, KEEP_MONTHS = 7, 4, 12
"""How many daily, weekly and monthly versions gc keeps; older ones cost one corpus copy each."""

MEMORY = "500MB"
"""What DuckDB may take to verify a version; what is more goes to the folder for temporary files."""

SHOWN = 20
"""So many documents on which rows and index disagree are named; the rest is counted."""

_REMEMBERED = ("cluster", "relation", "reason", "title", "size")
"""What both deduplication and the row say of a document; no reason: it is published."""


def manifests(clean: Path) -> list[Manifest]:
    """The manifests of every version, oldest first."""
    return [read_manifest(clean / v) for v in list_versions(clean)]


def diff(clean: Path, old: str, new: str) -> pa.Table:
    """What changed from one version to another (the columns of `changes.parquet`)."""
    return compare(version_folder(clean, old), version_folder(clean, new))


KnownSums = dict[tuple[int, int], str]
"""(device, inode) → SHA-256 of a file that was read: versions share most of theirs."""


def verify(folder: Path, known: KnownSums | None = None) -> list[str]:
    """Everything wrong with a version folder, in words; empty when it is whole. `known` is added to.

    Checks every file against SHA256SUMS, the one schema, unique ids of published rows, that a row stands in
    the table its reason says, that captures in = rows out, and that deduplication remembers of every document
    what its row says. Memory is bounded by MEMORY.
    """
    problems = _check_sums(folder, {} if known is None else known)
    if problems:
        return problems
    manifest = read_manifest(folder)
    paths = {t: sorted((folder / t).glob("*.parquet")) for t in TABLES}
    files = [p for ps in paths.values() for p in ps]
    is_present = version_key(manifest.version)[0] == SCHEMA_VERSION
    schemas = [pq.read_schema(path) for path in files]
    for path, found in zip(files, schemas, strict=True):
        # an earlier version may lack a column that came since, but all its files alike
        if found != schemas[0] or (is_present and any(field not in SCHEMA for field in found)):
            problems.append(f"{path}: its columns are not those of the corpus's schema")
    if problems:
        return problems
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": gettempdir()}) as db:
        _open_tables(db, paths)
        return _check_rows(db, sum(f.captures for f in manifest.inputs)) + _check_index(db, folder / CLUSTERS)


def _check_sums(folder: Path, known: KnownSums) -> list[str]:
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
        elif _sum_of(folder / name, known) != digest:
            problems.append(f"{folder / name}: its bytes have changed since it was published")
    return problems


def _sum_of(path: Path, known: KnownSums) -> str:
    inode = (path.stat().st_dev, path.stat().st_ino)
    if inode not in known:
        known[inode] = sha256_of(path)
    return known[inode]


def _open_tables(db: duckdb.DuckDBPyConnection, paths: dict[str, list[Path]]) -> None:
    for table, files in paths.items():
        if files:
            db.execute(f"create view {table} as select * from read_parquet({[str(p) for p in files]!r})")
        else:
            db.register(table, SCHEMA.empty_table())


def _check_rows(db: duckdb.DuckDBPyConnection, captures: int) -> list[str]:
    problems = []
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


def _check_index(db: duckdb.DuckDBPyConnection, clusters: Path) -> list[str]:
    """Where what deduplication remembers of a document is not what the document's current row says."""
    db.execute(
        "create table said (id varchar, cluster varchar, relation varchar, reason varchar, title varchar,"
        " size bigint, cut boolean)"
    )
    try:
        for members in members_in(clusters):
            db.register("members", members)
            db.execute(
                "insert into said select id, cluster,"
                f" case when published and relation = '{DUPLICATE}' then '{CANONICAL}' else relation end,"
                " case when not published then coalesce(reason, relation) end,"
                " title, size, len(spans) > 0 or reason = 'glued' from members"
            )
    except CorpusError as error:
        return [str(error)]
    withheld = ", ".join(f"'{reason}'" for reason in sorted(WITHHELD))
    columns = "id, cluster, relation, reason, coalesce(title, '') as title, length(text) as size"
    found = db.execute(
        f"with rows as (select {columns} from articles union all by name"
        f" select {columns} from dropped where reason in ({withheld}))"
        " select said.id, rows.id,"
        f" {', '.join(f'said.{name}, rows.{name}' for name in _REMEMBERED)}, said.cut, count(*) over ()"
        " from said full join rows using (id)"
        f" where {' or '.join(f'said.{name} is distinct from rows.{name}' for name in _REMEMBERED[:-1])}"
        # what stands elsewhere was cut out of a glued page, and the index remembers the whole
        " or case when cut then said.size < rows.size else said.size is distinct from rows.size end"
        f" order by coalesce(said.id, rows.id) limit {SHOWN}"
    ).fetchall()
    problems = [f"{clusters}: {_disagreement(row)}" for row in found]
    if found and (total := found[0][-1]) > len(found):
        problems.append(f"{clusters}: {total} documents in all disagree with their rows")
    return problems


def _disagreement(row: tuple[Any, ...]) -> str:
    said, there = row[:2]
    if said is None:
        return f"document {there} has a row, and the index does not know it"
    if there is None:
        return f"the index knows document {said}, and it has no row"
    pairs = zip(_REMEMBERED, row[2:-2:2], row[3:-2:2], strict=True)
    differing = [f"{name} {a!r}, the row says {b!r}" for name, a, b in pairs if a != b]
    return f"document {said}: the index says {'; '.join(differing)}"


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
    """Which versions stay and why: the latest, pinned ones, 7 daily, 4 weekly and 12 monthly ones.

    The newest in number come first. Of one that is dated after the newest, or of that, the clock was wrong: its day is
    not believed, and it counts as the only one of its own.
    """
    have = list_versions(clean)
    if not have:
        return []
    why: dict[str, str] = {latest(clean): "latest"}
    why |= dict.fromkeys(pinned(clean), "pinned")
    days = {v: read_manifest(clean / v).created_at.date() for v in have}
    last = days[have[-1]] + timedelta(days=1)
    for word, limit, period in (
        ("daily", KEEP_DAYS, lambda d: d.toordinal()),
        ("weekly", KEEP_WEEKS, lambda d: d.isocalendar()[:2]),
        ("monthly", KEEP_MONTHS, lambda d: (d.year, d.month)),
    ):
        newest: dict[object, str] = {}
        for version in have:
            newest[period(days[version]) if days[version] <= last else version] = version
        for version in sorted(newest.values(), key=version_key, reverse=True)[:limit]:
            why.setdefault(version, word)
    return [Kept(version=v, why=why.get(v)) for v in have]


def collect(clean: Path, work: Path) -> list[Kept]:
    """Remove the versions that gc does not keep; each leaves the corpus folder in one rename."""
    feed_files.mend(clean, work)  # what a version changed outlives it
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
