"""Rows that wait under the reason `held`: set aside, let go again, and shown to whoever decides about them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.corpus.edition import CLUSTERS, Edit, Edition
from pipeline.corpus.expectations import rows_of
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import list_versions, version_folder
from pipeline.corpus.schema import DROPPED, from_table, read_parquet
from pipeline.records import WITHHELD, Document, Reason

COMPARED = 2_000
"""Waiting rows of a source, the newest, that are compared with what is published to say what would become of them."""


def parked(version: Path | None, sources: Collection[str], reason: str = Reason.HELD) -> dict[str, str]:
    """The captures of some sources that wait in a version (or were dropped for another reason) → their source."""
    found: dict[str, str] = {}
    names = pa.array(sorted(sources), pa.string())
    for path in sorted((version / DROPPED).glob("*.parquet")) if version is not None and len(names) else ():
        rows = pq.ParquetFile(path).read(["capture", "source", "reason"])
        waiting = pc.and_(pc.is_in(rows["source"], names), pc.equal(rows["reason"], reason))
        rows = rows.filter(pc.fill_null(waiting, False))
        found.update(zip(rows["capture"].to_pylist(), rows["source"].to_pylist(), strict=True))
    return found


def captures_of(shards: Iterable[Path]) -> dict[str, str]:
    """The captures of some shards → their source."""
    found: dict[str, str] = {}
    for path in shards:
        rows = pq.ParquetFile(path).read(["capture", "source"])
        found.update(zip(rows["capture"].to_pylist(), rows["source"].to_pylist(), strict=True))
    return found


def sources_of(shards: Iterable[Path]) -> set[str]:
    """The sources of some shards."""
    return {
        name
        for path in shards
        for name in pq.ParquetFile(path).read(["source"])["source"].unique().to_pylist()
    }


def hold(document: Document, captures: Collection[str]) -> Document:
    """The row, set aside when its capture must wait."""
    if document.reason is None and document.capture in captures:
        return replace(document, reason=Reason.HELD)
    return document


def release(edition: Edition, sources: Collection[str]) -> list[Document]:
    """The rows of some sources that earlier builds held back, taken out of `dropped`, oldest first."""
    placed = edition.captures(Reason.HELD, sources)
    edition.apply([Edit(before=p) for p in placed])
    rows = [replace(p.document, reason=None) for p in placed]
    return sorted(rows, key=lambda d: (d.captured_at, d.url_key, d.part))


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A source whose new rows wait."""

    source: str
    """Its name."""
    why: str
    """A word of `gates.KINDS`, a colon, the figures."""
    rows: int
    """How many wait; 0: none of what it yielded is fit to publish."""
    since: datetime
    """When the oldest of them was captured, UTC; without any the time of the version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A row that waits, and what would become of it."""

    source: str
    """Name of its source."""
    id: str
    """The document."""
    title: str | None
    """Its title."""
    url: str
    """Its address."""
    captured_at: datetime
    """When its page was read, UTC."""
    would_be: str
    """`published`, `another text` of what is published, or the reason it would be dropped for; "": not looked at."""
    of: str | None
    """Address of the document it is a copy or a part of."""


def read_held(clean: Path) -> tuple[Held, ...]:
    """The sources that the newest version holds back, by name; none where there is no version."""
    have = list_versions(clean)
    if not have:
        return ()
    folder = clean / have[-1]
    manifest = read_manifest(folder)
    times: dict[str, list[datetime]] = {name: [] for name in sorted(manifest.held)}
    for path in sorted((folder / DROPPED).glob("*.parquet")) if times else ():
        wanted = [("reason", "=", str(Reason.HELD)), ("source", "in", list(times))]
        table = pq.read_table(path, columns=["source", "captured_at"], filters=wanted)
        for name, moment in zip(table["source"].to_pylist(), table["captured_at"].to_pylist(), strict=True):
            times[name].append(moment)
    return tuple(
        Held(
            source=name,
            why=manifest.held[name],
            rows=len(moments),
            since=min(moments, default=manifest.created_at),
        )
        for name, moments in times.items()
    )


def show(clean: Path, source: str) -> list[Waiting]:
    """The rows of a source that wait in the newest version, newest first, and what would become of the first COMPARED.

    They are compared with what is published as a build would do it; nothing is written.
    """
    from pipeline.corpus.assemble import item_of
    from pipeline.corpus.texts import whole_text
    from pipeline.dedupe.index import DedupeIndex
    from pipeline.dedupe.run import dedupe

    folder = version_folder(clean)
    rows = sorted(_waiting(folder, source), key=lambda row: (row.captured_at, row.id), reverse=True)
    compared = {row.id: row for row in reversed(rows[:COMPARED])}
    index = DedupeIndex.open(folder / CLUSTERS)
    standing = _current(folder, compared)
    decisions = dedupe(
        [item_of(row) for row in compared.values()],
        index,
        lambda ids: {name: whole_text(row)[0] for name, row in _current(folder, ids).items()},
    ).decisions
    partners = _current(folder, [name for each in decisions for name in each.of[:1]])
    told: dict[str, tuple[str, str | None]] = {}
    for each in decisions:
        partner = partners.get(each.of[0]) or compared.get(each.of[0]) if each.of else None
        kept = "another text" if each.id in standing else "published"
        word = kept if each.published else each.reason or each.relation
        told[each.id] = (word, partner.url if partner is not None else None)
    return [
        Waiting(
            source=row.source,
            id=row.id,
            title=row.title,
            url=row.url,
            captured_at=row.captured_at,
            would_be=told.get(row.id, ("", None))[0],
            of=told.get(row.id, ("", None))[1],
        )
        for row in rows
    ]


def _waiting(folder: Path, source: str) -> list[Document]:
    wanted = [("reason", "=", str(Reason.HELD)), ("source", "=", source)]
    paths = sorted((folder / DROPPED).glob("*.parquet"))
    return [row for path in paths for row in from_table(pq.read_table(path, filters=wanted))]


def _current(folder: Path, ids: Iterable[str]) -> Mapping[str, Document]:
    """The rows of some documents that are published, or withheld by deduplication."""
    wanted = pa.array(sorted(set(ids)), pa.string())
    found: dict[str, Document] = {}
    for path in rows_of(folder) if len(wanted) else ():
        table = pq.read_table(path, columns=["id", "reason"])
        stands = pc.or_kleene(
            pc.is_null(table["reason"]), pc.is_in(table["reason"], pa.array(sorted(WITHHELD)))
        )
        here = pc.fill_null(pc.and_(pc.is_in(table["id"], wanted), stands), False)
        if pc.any(here).as_py():
            found |= {d.id: d for d in from_table(read_parquet([path]).filter(here))}
    return found
