"""Where a document stands: found before anything is touched, so that a person sees it and a journal can say it.

names → URL keys → captures (archive index) and rows (every version) → texts → copies and excerpts of them
(newest version) → whatever else in the archive prints them → files to write anew
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from os.path import relpath
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.archive import blocklist, cdxj, index
from pipeline.archive.blocklist import url_hash
from pipeline.archive.embody import leaning
from pipeline.archive.sealing import sidecar
from pipeline.archive.store import sha256_of
from pipeline.archive.takedowns import Changed, Takedown
from pipeline.corpus.blocked import signs
from pipeline.corpus.exports import exported
from pipeline.corpus.identity import part_ids
from pipeline.corpus.job import Job, Progress
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import list_versions
from pipeline.corpus.revision import Removal, holding, next_revision
from pipeline.corpus.sums import Sums
from pipeline.dedupe.prepared import stripped
from pipeline.dedupe.sketch import Hashes
from pipeline.errors import RefusedError, UsageError
from pipeline.records import BY_FEED, Kind, Outcome
from pipeline.takedown.alike import ROW, Place, alike, files_of, printed
from pipeline.takedown.grams import NONE
from pipeline.web.urls import url_key

READ_AGAIN = "stays, and the next build reads its page again"


LISTS = (Kind.FEED, Kind.SITEMAP, Kind.LISTING)
"""What may be named by its own address and is no page."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """What a takedown would do."""

    takedown: Takedown
    """The journal, not written yet."""
    places: tuple[Place, ...] = ()
    """Everything found, for people."""
    grams: Hashes = field(default_factory=lambda: NONE)
    """The 13-grams by which the proof knows the texts, ascending."""
    already: tuple[str, ...] = ()
    """Of what was named, what was taken down before and stands nowhere now."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to take down."""
        return not self.takedown.captures and not self.takedown.documents


@dataclass(slots=True, kw_only=True)
class _Found:
    """What was found so far."""

    keys: set[str]
    refs: list[cdxj.Ref] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    """The rows of every version, each once for each file in which it stands."""

    @property
    def ids(self) -> list[str]:
        return sorted({row["id"] for row in self.rows})


def find(
    job: Job, names: Sequence[str], ticket: str, at: datetime, *, copies: bool, progress: Progress
) -> Plan:
    """Everything that would go, and what stays although it prints some of it; changes nothing.

    `names` are ids of documents and URLs; with one page go all the articles and parts of it. `copies`: the documents
    with the same text go too. UsageError for names that are nowhere, RefusedError for a damaged blocklist.
    """
    versions = list_versions(job.clean)
    found, already = _named(job, versions, names)
    if not found.refs and not found.rows:
        return Plan(takedown=Takedown(ticket=ticket, at=at), already=already)
    also = alike(job, versions, found.keys, found.rows, progress)
    if copies and also.copies:
        found = _stand(job, versions, found.keys | {row["url_key"] for row in also.copies})
        also = alike(job, versions, found.keys, found.rows, progress)
    known = {row["id"] for row in (*also.copies, *also.excerpts)}
    others = printed(job, {ref.id for ref in found.refs}, known, also.grams, progress)
    captures = [*found.refs, *others.going]
    staying = leaning(job.raw, {ref.id for ref in captures})
    warc = _warc_files(job.raw, captures, staying)
    fed, reread = _fed(job, versions, captures, found.keys)
    texts = [stripped(row["text"], also.repeated.get(row["site"], ())) for row in found.rows]
    takedown = Takedown(
        ticket=ticket,
        at=at,
        clean=relpath(job.clean.resolve(), job.raw.resolve()),
        work=relpath(job.work.resolve(), job.raw.resolve()),
        documents=tuple(found.ids),
        urls=tuple(sorted(url_hash(key) for key in found.keys)),
        captures=tuple(sorted({ref.id for ref in captures})),
        kept=tuple(sorted(known | others.kept)),
        blocked=(
            *(("url", url_hash(key)) for key in sorted(found.keys)),
            *(("id", ident) for ident in found.ids),
            *signs(texts),
            *(("kept", row["id"]) for row in also.copies),
        ),
        fed=tuple(row["id"] for row in fed),
        reread=reread,
        grams=len(also.grams),
        warc=warc,
    )
    files, successors = _version_files(job, versions, takedown)
    takedown = replace(takedown, files=files, versions=successors)
    places = (
        *(Place(where=f.file, what=f"{f.removed} captures", then="goes") for f in warc if f.removed),
        *(
            Place(
                where=ref.id,
                what=f"{ref.kind} of {ref.url} has its body from there",
                then="stays, with its own",
            )
            for ref in staying
            if ref.outcome == Outcome.OK
        ),
        *_version_places(takedown),
        *(Place(where=row["id"], what=f"copy, {row['url']}", then="stays") for row in also.copies),
        *(Place(where=row["id"], what=f"excerpt, {row['url']}", then="stays") for row in also.excerpts),
        *others.places,
        *(
            Place(where=row["id"], what=f"text of a feed that goes, {row['url']}", then=READ_AGAIN)
            for row in fed
        ),
        *_exports(job, takedown),
    )
    return Plan(takedown=takedown, places=places, grams=also.grams, already=already)


def _named(job: Job, versions: Sequence[str], names: Sequence[str]) -> tuple[_Found, tuple[str, ...]]:
    """What is named, and which of the names are nowhere because they were taken down; UsageError for the others."""
    ids = [name for name in names if "://" not in name]
    by_id: dict[str, str] = {}
    for path in files_of(job.clean, reversed(versions)):
        if len(by_id) == len(set(ids)):
            break
        table = pq.read_table(path, columns=["id", "url_key"])
        rows = table.filter(pc.is_in(table["id"], pa.array(ids, pa.string()))).to_pylist()
        by_id |= {row["id"]: row["url_key"] for row in rows if row["url_key"]}
    keys = {name: by_id.get(name, "") if name in ids else url_key(name) for name in names}
    found = _stand(job, versions, {key for key in keys.values() if key})
    there = {ref.url_key for ref in found.refs} | {row["url_key"] for row in found.rows}
    missing = [name for name, key in keys.items() if key not in there]
    blocked = blocklist.read(job.raw)
    already = tuple(n for n in missing if n in blocked.ids or (keys[n] and blocked.has_url(keys[n])))
    if unknown := [name for name in missing if name not in already]:
        raise UsageError(
            f"{', '.join(unknown)}: neither in {job.raw} nor in a version of {job.clean}; nothing was done."
            " `corpus explain URL` shows what is known of a page. An address that was never fetched goes into"
            " `exclude` of its source file"
        )
    return found, already


def _stand(job: Job, versions: Sequence[str], keys: set[str]) -> _Found:
    """The captures and rows of some pages and of all that belongs to their articles."""
    refs = index.about(job.raw, keys) if keys else []
    refs += [ref for ref in index.find(job.raw, url_keys=keys) if ref.kind in LISTS] if keys else []
    found = _Found(keys=keys | {ref.url_key for ref in refs if ref.kind == Kind.PAGE}, refs=refs)
    # by id too: a row that was withheld as blocked bears no address
    ids = pa.array(sorted(ident for key in found.keys for ident in part_ids(key)), pa.string())
    wanted = pa.array(sorted(found.keys), pa.string())
    for path in files_of(job.clean, versions):
        narrow = pq.read_table(path, columns=["id", "url_key"])
        ours = pc.or_(pc.is_in(narrow["id"], ids), pc.is_in(narrow["url_key"], wanted))
        if pc.any(ours).as_py():
            found.rows += pq.read_table(path, columns=list(ROW)).filter(ours).to_pylist()
    return found


def _warc_files(raw: Path, refs: Sequence[cdxj.Ref], staying: Sequence[cdxj.Ref]) -> tuple[Changed, ...]:
    """The WARC files to write anew: captures go, or such as stay and repeat them get a body of their own."""
    captures = Counter(ref.file for ref in refs)
    pages = Counter(ref.file for ref in refs if ref.kind == Kind.PAGE)
    return tuple(
        Changed(file=file, before=_sum_of(raw, file), removed=count, pages=pages[file])
        for file, count in sorted({**dict.fromkeys((ref.file for ref in staying), 0), **captures}.items())
    )


def _sum_of(raw: Path, file: str) -> str:
    told = sidecar(raw, file)
    return told.sha256 if told is not None else sha256_of(raw / file)


def _fed(
    job: Job, versions: Sequence[str], going: Sequence[cdxj.Ref], keys: set[str]
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Rows of other pages in the newest version whose text a feed printed of which a reading goes, and the WARC files
    with pages that were found in it."""
    feeds = sorted({ref.url for ref in going if ref.kind == Kind.FEED})
    pages = [ref for feed in feeds for ref in index.found_at(job.raw, feed) if ref.kind == Kind.PAGE]
    others = pa.array(sorted({ref.url_key for ref in pages} - keys), pa.string())
    found: dict[str, dict[str, Any]] = {}
    for path in files_of(job.clean, versions[-1:]) if len(others) else ():
        table = pq.read_table(path, columns=["id", "url", "url_key", "method"])
        ours = pc.and_(pc.is_in(table["url_key"], others), pc.equal(table["method"], BY_FEED))
        found |= {row["id"]: row for row in table.filter(pc.fill_null(ours, False)).to_pylist()}
    return [row for _, row in sorted(found.items())], tuple(sorted({ref.file for ref in pages}))


def _version_files(
    job: Job, versions: Sequence[str], takedown: Takedown
) -> tuple[tuple[Changed, ...], tuple[tuple[str, str], ...]]:
    """The files of versions that go or are written anew, and which revision takes the place of which version."""
    removal = Removal(takedown=takedown)
    rewritten = {(file.file, file.before) for file in takedown.warc}
    files: list[Changed] = []
    concerned: list[str] = []
    for version in versions:
        manifest = read_manifest(job.clean / version)
        held = holding(job.clean / version, removal)
        if damaged := Sums(job.clean / version).damaged(held):
            raise RefusedError(
                f"{job.clean / version / damaged[0]}: not as it was published. Nothing was taken down; put the file"
                " back, or let the version go (remove its folder), and run again"
            )
        if held or rewritten & {(file.file, file.sha256) for file in manifest.inputs}:
            concerned.append(version)
        sums = {file.file: file.sha256 for file in manifest.files}
        files += [
            Changed(file=f"{version}/{name}", before=sums.get(name, ""), removed=rows)
            for name, rows in sorted(held.items())
        ]
    newest = {version.rpartition(".")[0]: version for version in versions}
    now = {release: next_revision(v) if v in concerned else v for release, v in newest.items()}
    return tuple(files), tuple((version, now[version.rpartition(".")[0]]) for version in concerned)


def _version_places(takedown: Takedown) -> Iterator[Place]:
    for was, now in takedown.versions:
        rows: Counter[str] = Counter()
        for file in takedown.files:
            version, _, name = file.file.partition("/")
            if version == was:
                rows[name.partition("/")[0]] += file.removed
        told = ", ".join(f"{count} in {table}" for table, count in rows.items() if count)
        yield Place(
            where=f"version {was}", what=told or "the sums of its archive files", then=f"becomes {now}"
        )


def _exports(job: Job, takedown: Takedown) -> Iterator[Place]:
    """The versions that stand elsewhere: those that get a revision, and those that are no longer here to tell."""
    here = set(list_versions(job.clean))
    concerned = {was for was, _ in takedown.versions}
    for version, to in exported(job.clean):
        if version in concerned or version not in here:
            then = (
                "`corpus export --sync` renews it" if version in here else "`corpus export --sync` removes it"
            )
            yield Place(where=to, what=f"version {version}", then=then)
