"""The versions of a corpus: list them, compare two, verify one, let old ones go."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.archive.store import sha256_of, write_whole
from pipeline.corpus import feed_files, life, tombstones
from pipeline.corpus.changes import compare
from pipeline.corpus.edition import CLUSTERS
from pipeline.corpus.id_index import FOLDER, IdIndex
from pipeline.corpus.leases import let_go
from pipeline.corpus.pins import pinned
from pipeline.corpus.publish import listed_sums, read_manifest
from pipeline.corpus.queries import connected
from pipeline.corpus.read import SUMS, hidden, latest, list_versions, version_folder, version_key
from pipeline.corpus.remembered import disagreements, number
from pipeline.corpus.schema import SCHEMA, TABLES, column_types, read_parquet
from pipeline.corpus.unreadable import lost_rows
from pipeline.dedupe.index import members_in
from pipeline.records import WITHHELD, Manifest, Reason

KEEP_DAYS, KEEP_WEEKS, KEEP_MONTHS = 7, 4, 12
"""How many daily, weekly and monthly versions gc keeps; older ones cost one corpus copy each."""

ROUNDS = 4
"""So many calls of maintain verify each old version once: a month where it runs weekly."""

VERIFIED = "verified"
"""File of the work folder with the versions in the order in which they were verified."""


def manifests(clean: Path) -> list[Manifest]:
    """The manifests of every version, oldest first."""
    return [read_manifest(clean / v) for v in list_versions(clean)]


def diff(clean: Path, old: str, new: str) -> pa.Table:
    """What changed from one version to another (the columns of `changes.parquet`)."""
    table = compare(version_folder(clean, old), version_folder(clean, new))
    return table.filter(pc.invert(pc.is_in(table["id"], pa.array(sorted(hidden(clean)), pa.string()))))


KnownSums = dict[tuple[int, int], str]
"""(device, inode) → SHA-256 of a file that was read: versions share most of theirs."""


def verify(
    folder: Path, known: KnownSums | None = None, acknowledged: Collection[str] = frozenset()
) -> list[str]:
    """Everything wrong with a version folder, in words; empty when it is whole. `known` is added to.

    Of files whose damage is `acknowledged` nothing is said, and then the rows are not compared either.

    Checks every file against SHA256SUMS, the one schema that the version has, unique ids of published rows, that a row
    stands in the table its reason says, that captures in = rows out, and that deduplication remembers of every document
    what its row says, of a masked copy all but that. Memory is bounded (queries.MEMORY).
    """
    if changed := _check_sums(folder, {} if known is None else known):
        return [told for file, told in changed if file not in acknowledged]
    problems = []
    manifest = read_manifest(folder)
    paths = {t: sorted((folder / t).glob("*.parquet")) for t in TABLES}
    files = [p for ps in paths.values() for p in ps]
    schemas = [pq.read_schema(path) for path in files]
    for path, found in zip(files, schemas, strict=True):
        # each version by what it says of itself: another may have other columns, and one before `columns` is alike
        if found != schemas[0] or (manifest.columns and column_types(found) != manifest.columns):
            problems.append(f"{path}: its columns are not those of version {manifest.version}")
    if problems:
        return problems
    with connected() as db:
        _open_tables(db, paths)
        db.register("tombstones", tombstones.read(folder))
        problems = _check_rows(db, sum(f.captures for f in manifest.inputs))
        problems += _not_indexed(folder, files)
        if lives := [str(path) for path in life.files(folder)]:
            db.execute(f"create view life as select id from read_parquet({lives!r})")
            if without := number(db, "select count(*) from articles anti join life using (id)"):
                problems.append(f"{folder / life.FOLDER}: {without} published rows have no line")
        if manifest.masked:  # a copy, without the index
            return problems
        members = members_in(folder / CLUSTERS)
        return problems + disagreements(db, folder / CLUSTERS, members, _CURRENT, is_all=True)


def _not_indexed(folder: Path, files: Sequence[Path]) -> list[str]:
    """The files with rows that a look-up by id would not find."""
    index = IdIndex(folder) if (folder / FOLDER).is_dir() else None
    problems = []
    for path in files if index is not None else ():
        name, ids = path.relative_to(folder).as_posix(), set(read_parquet([path], ["id"])["id"].to_pylist())
        if index is not None and (lacking := ids.difference(index.files(ids).get(name, ()))):
            problems.append(
                f"{folder / FOLDER}: {len(lacking)} documents of {name} are not found by their ids"
            )
    return problems


def _check_sums(folder: Path, known: KnownSums) -> list[tuple[str, str]]:
    """Each file that is not as it was published, with what is wrong with it."""
    sums = folder / SUMS
    if not sums.is_file():
        return [(SUMS, f"{sums}: missing; this is not a published version")]
    try:
        listed = listed_sums(folder)
    except ValueError as error:
        return [(SUMS, str(error))]
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} - {SUMS}
    problems = [(name, f"{folder / name}: not listed in {SUMS}") for name in sorted(there - listed.keys())]
    for name, digest in sorted(listed.items()):
        if name not in there:
            problems.append((name, f"{folder / name}: listed in {SUMS} but missing"))
        elif _sum_of(folder / name, known) != digest:
            told = f"its bytes have changed since it was published{lost_rows(folder / name)}"
            problems.append((name, f"{folder / name}: {told}"))
    return problems


def _sum_of(path: Path, known: KnownSums) -> str:
    inode = (path.stat().st_dev, path.stat().st_ino)
    if inode not in known:
        try:
            known[inode] = sha256_of(path)
        except OSError:  # a part of the disk that does not read
            return ""
    return known[inode]


def _open_tables(db: duckdb.DuckDBPyConnection, paths: dict[str, list[Path]]) -> None:
    for table, files in paths.items():
        if files:
            db.execute(f"create view {table} as select * from read_parquet({[str(p) for p in files]!r})")
        else:
            db.register(table, SCHEMA.empty_table())


def _check_rows(db: duckdb.DuckDBPyConnection, captures: int) -> list[str]:
    problems = []
    twice = number(db, "select count(*) from (select id from articles group by id having count(*) > 1)")
    if twice:
        problems.append(f"articles: {twice} ids stand in more than one row")
    wrong = number(db, "select count(*) from articles where reason is not null")
    wrong += number(db, "select count(*) from dropped where reason is null")
    if wrong:
        problems.append(f"{wrong} rows stand in the wrong table for their reason")
    both = "(select capture, part from articles union all select capture, part from dropped)"
    double = number(
        db, f"select count(*) from (select 1 from {both} group by capture, part having count(*) > 1)"
    )
    if double:
        problems.append(f"{double} rows stand twice")
    back = number(
        db,
        "select count(*) from (select id from articles union all select id from dropped"
        f" where reason <> '{Reason.TAKEDOWN}') where id in (select id from tombstones)",
    )
    if back:
        problems.append(f"{back} rows are of documents that were taken down")
    seen = number(db, f"select count(distinct capture) from {both}")
    if seen != captures:
        problems.append(f"{captures} captures went in, rows of {seen} came out")
    return problems


_CURRENT = (
    "select id, cluster, relation, reason, title, length(text) as size, false as is_new from articles"
    " union all by name"
    " select id, cluster, relation, reason, title, length(text) as size, false as is_new from dropped"
    f" where reason in ({', '.join(repr(str(reason)) for reason in sorted(WITHHELD))})"
)
"""The current row of each document: published, or withheld by deduplication."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What gc does with a version."""

    version: str
    """The version."""
    why: str | None
    """latest, pinned, daily, weekly, monthly, exported (just now); None: it goes."""


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
    """Remove the versions that gc does not keep and nobody holds; each leaves the corpus folder in one rename."""
    feed_files.mend(clean, work)  # what a version changed outlives it
    plan = plan_gc(clean)
    work.mkdir(parents=True, exist_ok=True)
    for left in work.glob("collected-*"):  # by a run that was killed
        shutil.rmtree(left)
    done = []
    for kept in plan:
        aside = work / f"collected-{kept.version}"
        if kept.why is None and not let_go(clean / kept.version, aside):
            kept = replace(kept, why="exported")
        elif kept.why is None:
            shutil.rmtree(aside)
        done.append(kept)
    return done


def next_round(work: Path, names: Sequence[str]) -> list[str]:
    """The versions to verify now: those that were not for longest, a share that gets round in ROUNDS."""
    before = _verified(work)
    waiting = sorted(
        names, key=lambda name: (before.index(name) if name in before else -1, version_key(name))
    )
    return waiting[: -(-len(names) // ROUNDS)]


def note_round(work: Path, names: Sequence[str]) -> None:
    """Remember which versions were verified last; lost with the work folder, the rounds begin anew."""
    before = [name for name in _verified(work) if name not in names]
    write_whole(work / VERIFIED, "".join(f"{name}\n" for name in (*before, *names)).encode())


def _verified(work: Path) -> list[str]:
    path = work / VERIFIED
    return path.read_text(encoding="utf-8").split() if path.is_file() else []
