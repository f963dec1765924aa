"""Whether a version that is about to be published is what the build meant to write, by reading it back.

Looked at is what is new: each file that is no link to the parent's is read from the disk against its sum, its rows
against those they replace, and the new segments of deduplication against the rows. A link keeps the sum it was
published with: what a build opened of its parent was checked then (sums.py), what it only takes over is looked at in
turns (carried.py). So the cost follows the new work.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.archive.store import sha256_of, sync
from pipeline.corpus.correcting import BY_HAND
from pipeline.corpus.edition import CLUSTERS
from pipeline.corpus.queries import connected
from pipeline.corpus.remembered import disagreements, number
from pipeline.corpus.schema import ARTICLES, TABLES, read_parquet
from pipeline.dedupe.index import members_in
from pipeline.errors import CorpusError, RefusedError
from pipeline.records import WITHHELD, Manifest


def check_staged(folder: Path, manifest: Manifest, parent: Path | None, base: Manifest | None) -> None:
    """RefusedError with all that is wrong with a staged version; nothing is said when it is right.

    `parent` is the version whose files it may link to; `base` the manifest of the version it adds to, None when
    everything in it was made anew: then all its rows are looked at, else those of files that were written.
    """
    _refuse(folder, _unlike(folder, manifest, parent) or _wrong_rows(folder, manifest, parent, base))


def check_written(folder: Path, manifest: Manifest, parent: Path) -> None:
    """RefusedError where the disk did not keep what was written, for a revision: its rows went on purpose."""
    _refuse(folder, _unlike(folder, manifest, parent))


def _refuse(folder: Path, problems: Sequence[str]) -> None:
    if problems:
        raise RefusedError(
            "\n".join(problems)
            + f"\nNothing was published: what was written to {folder} is not what was meant."
            " Look whether the disk is well, then build again; if it says the same, it is a fault of ours"
        )


def is_linked(folder: Path, parent: Path | None, name: str) -> bool:
    """Whether a file of a staged version is the parent's, under a second name."""
    there = parent / name if parent is not None else None
    return there is not None and there.is_file() and there.samefile(folder / name)


def _unlike(folder: Path, manifest: Manifest, parent: Path | None) -> list[str]:
    """The new files whose bytes on the disk are not those that were summed, or whose pages do not read."""
    problems = []
    for file in (each for each in manifest.files if not is_linked(folder, parent, each.file)):
        path = folder / file.file
        sync(path)
        uncache(path)
        if sha256_of(path) != file.sha256:
            problems.append(f"{file.file}: other bytes than were written")
        elif file.rows is not None and pq.read_metadata(path).num_rows != file.rows:
            problems.append(f"{file.file}: not the {file.rows} rows that were written")
    return problems


def uncache(path: Path) -> None:
    """Ask the kernel to forget a file, so that it is read from the disk and not from where it was written to."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(fd)


def _wrong_rows(folder: Path, manifest: Manifest, parent: Path | None, base: Manifest | None) -> list[str]:
    before = parent if base is not None else None
    with connected() as db:
        try:
            _load(db, "now", folder, before, _SAID)
            _load(db, "before", before, folder, _SAID_BEFORE)
        except (CorpusError, OSError, pa.ArrowException) as error:
            return [str(error)]
        captures = _captures(manifest) - _captures(base)
        problems = [f"{count} {told}" for told, query in _NEVER if (count := number(db, query))]
        if (came := number(db, _CAME)) != captures:
            problems.append(f"{captures} captures went in, rows of {came} came out")
        problems += _miscounted(db, manifest, base)
        members = members_in(folder / CLUSTERS, before and before / CLUSTERS)
        return problems + disagreements(db, folder / CLUSTERS, members, _CURRENT, is_all=before is None)


def _captures(manifest: Manifest | None) -> int:
    return sum(file.captures for file in manifest.inputs) if manifest is not None else 0


def _load(
    db: duckdb.DuckDBPyConnection, name: str, folder: Path | None, beside: Path | None, columns: Sequence[str]
) -> None:
    """The rows of a version's files that are none of the other's; with all columns every page is read and checked."""
    kinds = ("bigint" if column == "part" else "varchar" for column in columns)
    said = ", ".join(f"{column} {kind}" for column, kind in zip(columns, kinds, strict=True))
    db.execute(f"create table {name} ({said}, size bigint, published boolean)")
    for table in TABLES if folder is not None else ():
        for path in sorted((folder / table).glob("*.parquet")):  # type: ignore[operator]
            other = beside / table / path.name if beside is not None else None
            if other is None or not other.is_file() or not other.samefile(path):
                _insert(db, name, path, columns, is_published=table == ARTICLES)


def _insert(
    db: duckdb.DuckDBPyConnection, name: str, path: Path, columns: Sequence[str], *, is_published: bool
) -> None:
    whole = columns is _SAID
    size = "length(text)" if whole else "null"
    db.register("rows", read_parquet([path], None if whole else columns))
    db.execute(f"insert into {name} select {', '.join(columns)}, {size}, {is_published} from rows")
    db.unregister("rows")


_SAID = ("id", "capture", "part", "source", "reason", "cluster", "relation", "title", "method")

_SAID_BEFORE = ("capture", "part", "source", "reason", "method")
"""What is asked of the rows that were replaced: their files were checked against their sums when they were opened."""

_NEVER = (
    (
        "rows stand in the wrong table for their reason",
        "select count(*) from now where published <> (reason is null)",
    ),
    (
        "rows stand twice",
        "select count(*) from (select 1 from now group by capture, part having count(*) > 1)",
    ),
    (
        "ids stand in more than one published row",
        "select count(*) from (select 1 from now where published group by id having count(*) > 1)",
    ),
    (
        "rows of the version before are lost",
        # what a correction split off goes with the correction: its capture never had that part
        "select count(*) from before anti join now using (capture, part)"
        f" where method is distinct from '{BY_HAND}'",
    ),
)
"""What no version has: in words behind a number, and the query for the number."""

_CAME = "select count(distinct capture) from now anti join before using (capture)"

_CURRENT = (
    "select id, cluster, relation, reason, title, size, (capture, part) not in (select (capture, part) from before)"
    f" as is_new from now where published or reason in ({', '.join(repr(str(r)) for r in sorted(WITHHELD))})"
)


def _miscounted(db: duckdb.DuckDBPyConnection, manifest: Manifest, base: Manifest | None) -> list[str]:
    """Where the manifest's counts are not those of the rows; for an increment what was added to them."""
    said: Counter[tuple[str, str]] = Counter()
    for counts, sign in ((manifest.counts, 1), (base.counts if base is not None else {}, -1)):
        for source, by_reason in counts.items():
            for reason, rows in by_reason.items():
                said[source, reason] += sign * rows
    came: Counter[tuple[str, str]] = Counter()
    for name, sign in (("now", 1), ("before", -1)):
        query = f"select source, coalesce(reason, '{ARTICLES}'), count(*) from {name} group by all"
        for source, reason, rows in db.execute(query).fetchall():
            came[source, reason] += sign * rows
    return [
        f"{source}: {said[source, reason]} more rows under {reason} are counted, {came[source, reason]} came"
        for source, reason in sorted(said.keys() | came.keys())
        if said[source, reason] != came[source, reason]
    ]
