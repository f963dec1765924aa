"""A version without documents that were taken down: the next REVISION of its release, which takes its place.

Every file that held something of them is written anew, once for all versions that share it; the others stay hard
links. What is left of the documents is a tombstone each.
"""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.archive.takedowns import Takedown
from pipeline.corpus import changes as changing
from pipeline.corpus import feed, feed_files, life, life_files, pins, publish, tombstones
from pipeline.corpus.card import write_card
from pipeline.corpus.edition import CLUSTERS, link_tree
from pipeline.corpus.job import Job
from pipeline.corpus.read import CHANGES_FILE, latest, version_key
from pipeline.corpus.schema import ARTICLES, SCHEMA_VERSION, TABLES, write_parquet
from pipeline.corpus.staged import check_written
from pipeline.corpus.sums import Sums
from pipeline.dedupe.purge import Made, inode, purge, segments_with, touched
from pipeline.linking import link_or_copy
from pipeline.records import InputFile, Manifest, Reason

TOLD = ("url", "title")
"""Columns of a list of changes that say something of a document besides its id and hashes."""

Rows = tuple[dict[str, str], ...]
"""id, source and table or reason of each row that goes out of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What goes out of the versions of a corpus, and what of it was done already."""

    takedown: Takedown
    """The documents."""
    inputs: Mapping[tuple[str, str], InputFile | None] = field(default_factory=dict)
    """Name and old sum of each archive file written anew → what it is now; None: it is gone."""
    made: Made = field(default_factory=dict)
    """What was made of each file, for the other versions that share it."""
    rows: dict[tuple[int, int], Rows] = field(default_factory=dict)
    """(device, inode) of each file of rows looked into → the rows that go."""

    @property
    def ids(self) -> pa.Array:
        """Ids of the documents."""
        return pa.array(self.takedown.documents, pa.string())

    def going(self, path: Path) -> Rows:
        """The rows of a file that go; CorpusError or an Arrow error where it cannot be read."""
        same = inode(path)
        if same not in self.rows:
            file = pq.ParquetFile(path, page_checksum_verification=True)
            table = file.read(["id", "source", "reason"])
            found = table.filter(pc.is_in(table["id"], self.ids)).to_pylist()
            self.rows[same] = tuple({**row, "reason": row["reason"] or ARTICLES} for row in found)
        return self.rows[same]


def holding(folder: Path, removal: Removal) -> dict[str, int]:
    """The files of a version that say something of the documents, with the number of rows that do."""
    found = {_name(folder, path): len(removal.going(path)) for path in _rows_files(folder)}
    telling = _telling(folder / CHANGES_FILE, removal.ids)
    found[CHANGES_FILE] = 0 if telling is None else int(pc.sum(telling).as_py() or 0)
    found = {file: rows for file, rows in found.items() if rows}
    return found | {
        _name(folder, path): 0 for path in segments_with(folder / CLUSTERS, removal.takedown.documents)
    }


def next_revision(version: str) -> str:
    """The name of the revision after a version."""
    schema, release, revision = version_key(version)
    return f"{schema}.{release}.{revision + 1}"


def revise(job: Job, was: str, now: str, removal: Removal) -> None:
    """Make the revision of a version and put it beside it; nothing half-written is ever visible.

    For the holder of the corpus's lock. CorpusError names a file that is not as it was published: its damage must
    not come out under a fresh sum.
    """
    folder, staged = job.clean / was, job.work / f"revision-{job.clean.name}"
    publish.discard(staged)
    staged.mkdir(parents=True)
    link_tree(folder, staged)
    manifest = publish.read_manifest(folder)
    ids = removal.takedown.documents
    Sums(folder).check(holding(folder, removal))
    rows = [
        row for path in _rows_files(folder) for row in _take_out(path, staged / _name(folder, path), removal)
    ]
    changes = _changes(folder, staged)
    purge(folder / CLUSTERS, staged / CLUSTERS, ids, removal.made)
    _bury(folder, staged, removal.takedown, {row["id"] for row in rows})
    if (folder / life.FOLDER).is_dir():
        life_files.write(staged, None)
    inputs = [removal.inputs.get((file.file, file.sha256), file) for file in manifest.inputs]
    unsettled = {*manifest.unsettled, *touched(folder / CLUSTERS, ids), *removal.takedown.fed}
    manifest = replace(
        manifest,
        version=now,
        parent=was,
        changes=feed.summary(changes),
        inputs=tuple(file for file in inputs if file is not None),
        counts=publish.merge_counts(manifest.counts, _fewer(rows)),
        unsettled=tuple(sorted(unsettled)),
    )
    check_written(staged, _describe(job, staged, folder, manifest), folder)
    lasting = feed_files.stage(changes, was, now, job.work)
    target = publish.put_in_place(staged, job.clean, now, newest=False)
    feed_files.put_in_place(lasting, job.clean, now)
    for same, path in removal.made.items():
        if path is not None and path.is_relative_to(staged):
            removal.made[same] = target / path.relative_to(staged)


def replace_version(job: Job, was: str, now: str, ticket: str) -> None:
    """Let a revision take the place of the version that it was made of: pins and `latest` move, the old one goes."""
    pins.move(job.clean, was, now, f"takedown {ticket}")
    if latest(job.clean) == was:
        publish.point_latest(job.clean, now, job.work)
    aside = job.work / f"collected-{was}"
    if aside.exists():
        shutil.rmtree(aside)
    (job.clean / was).rename(aside)
    shutil.rmtree(aside)


def _rows_files(folder: Path) -> list[Path]:
    return [path for table in TABLES for path in sorted((folder / table).glob("*.parquet"))]


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _fewer(rows: Iterable[Mapping[str, str]]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        counts[row["source"]][row["reason"]] -= 1
    return counts


def _take_out(path: Path, target: Path, removal: Removal) -> Rows:
    """Put a file without the rows that go in the place of its link; one without rows goes altogether."""
    going, same = removal.going(path), inode(path)
    if not going:
        return going
    target.unlink()
    if same not in removal.made:
        table = pq.ParquetFile(path, page_checksum_verification=True).read()
        left = table.filter(pc.invert(pc.is_in(table["id"], removal.ids)))
        removal.made[same] = target if left.num_rows else None
        if left.num_rows:
            write_parquet(left, target)
    elif (made := removal.made[same]) is not None:
        link_or_copy(made, target)
    return going


def _telling(changes: Path, ids: pa.Array) -> pa.Array | None:
    """Which rows of a list of changes tell more of these documents than id and hashes; None: there is no list."""
    if not changes.is_file():
        return None
    table = pq.read_table(changes)
    told = pc.or_(*(pc.is_valid(table[name]) for name in TOLD))
    return pc.and_(pc.is_in(table["id"], ids), told)


def _changes(folder: Path, staged: Path) -> pa.Table:
    """Write what the revision changed against the version it revises: rows that left, of which ids and hashes stay."""
    table = changing.compare(folder, staged)
    words = {"cause": Reason.TAKEDOWN.value, "url": None, "title": None}
    for name, word in words.items():
        said = pa.array([word] * table.num_rows, pa.string())
        table = table.set_column(table.schema.get_field_index(name), name, said)
    (staged / CHANGES_FILE).unlink(missing_ok=True)
    write_parquet(table, staged / CHANGES_FILE)
    return table


def _bury(folder: Path, staged: Path, takedown: Takedown, ids: set[str]) -> None:
    """Add the tombstones of the documents that the version had rows of."""
    before = tombstones.read(folder)
    new = tombstones.of([takedown], ids - set(before["id"].to_pylist()))
    if new.num_rows:
        tombstones.write(staged, pa.concat_tables([before, new]).sort_by("id"))


def _describe(job: Job, staged: Path, folder: Path, manifest: Manifest) -> Manifest:
    """Write the card, the manifest and the sums of the staged revision; what stands there are links to the old ones.

    Returns the manifest.
    """
    known = {file.file: file for file in publish.read_manifest(folder).files}
    present = version_key(manifest.version)[0] == SCHEMA_VERSION
    for path in [path for path in staged.iterdir() if path.is_file() and path.suffix != ".parquet"]:
        # what it was made with stays; the card of an earlier schema cannot be written any more
        if path.name != publish.ENVIRONMENT and (present or path.name != "README.md"):
            path.unlink()
    manifest = replace(manifest, files=publish.describe_files(staged, folder, known))
    if present:
        write_card(staged, manifest, {source.name: source.terms for source in job.sources})
    manifest = replace(manifest, files=publish.describe_files(staged, folder, known))
    publish.write_manifest(staged, manifest)
    return manifest
