"""What a source must yield, and what becomes of its new rows when it does not: they are held back.

A site that silently broke (a redesign, a login wall, a list that came back empty) must not publish its ruins.
The rows stand in `dropped` under the reason `held` and go in when the source yields again, or on --confirm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import archive
from pipeline.archive import cdxj
from pipeline.corpus.edition import Edit, Edition
from pipeline.corpus.schema import DROPPED
from pipeline.records import Document, Kind, Reason, Source

FEWEST = 5
"""Documents from which a share can be told: one short notice on a quiet day must not hold a source."""


def failing(
    sources: Sequence[Source],
    raw: Path,
    fresh: Sequence[archive.SealedFile],
    shards: Sequence[Path],
    before: dict[str, str],
) -> dict[str, str]:
    """The sources to hold back, each with why; `before` are those held by the parent version.

    A source held before stays held until new rows show that it yields again, also when its file is gone.
    """
    links = _links(raw, fresh)
    opened, kept = _yields(shards)
    held = {name: why for name, why in before.items() if opened[name] < FEWEST}
    for source in sources:
        name, found, rows = source.name, links.get(source.name), opened[source.name]
        if found is not None and found < source.expect_links:
            held[name] = f"{found} links found, expect_links is {source.expect_links}"
        elif rows >= FEWEST and kept[name] / rows < source.expect_kept:
            held[name] = (
                f"{kept[name]} of {rows} documents are fit to publish, expect_kept is {source.expect_kept:g}"
            )
    return held


def _links(raw: Path, fresh: Sequence[archive.SealedFile]) -> dict[str, int]:
    """Links that each source's newest run found, where a run read a discovery page anew."""
    links = {}
    for file in fresh:
        for ref in cdxj.refs(raw, file.file):
            if ref.kind == Kind.DISCOVERY and ref.links is not None:
                links[ref.source] = ref.links
    return links


def _yields(shards: Sequence[Path]) -> tuple[Counter[str], Counter[str]]:
    """Rows whose page was opened for extraction, and those of them fit to publish, by source."""
    opened: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for shard in shards:
        for row in pq.read_table(shard, columns=["source", "reason", "encoding"]).to_pylist():
            if row["encoding"]:
                opened[row["source"]] += 1
                kept[row["source"]] += row["reason"] is None
    return opened, kept


def losing(sources: Sequence[Source], shards: Sequence[Path], published: set[str]) -> dict[str, str]:
    """The sources of which a full build would lose too much of what is published, each with why."""
    opened, kept = _yields(shards)
    return {
        s.name: f"{kept[s.name]} of {opened[s.name]} documents would stay, expect_kept is {s.expect_kept:g}"
        for s in sources
        if s.name in published and opened[s.name] and kept[s.name] / opened[s.name] < s.expect_kept
    }


def to_hold(held: Iterable[str], new_shards: Sequence[Path], parent: Path | None) -> frozenset[str]:
    """The captures that must wait: those of held sources that are new, or that waited already."""
    names = pa.array(sorted(held), pa.string())
    found: set[str] = set()
    for path in new_shards if len(names) else ():
        rows = pq.read_table(path, columns=["capture", "source"])
        found.update(rows.filter(pc.is_in(rows["source"], names))["capture"].to_pylist())
    for path in sorted((parent / DROPPED).glob("*.parquet")) if parent is not None and len(names) else ():
        rows = pq.read_table(path, columns=["capture", "source", "reason"])
        waiting = pc.and_(pc.is_in(rows["source"], names), pc.equal(rows["reason"], Reason.HELD))
        found.update(rows.filter(pc.fill_null(waiting, False))["capture"].to_pylist())
    return frozenset(found)


def hold(document: Document, captures: frozenset[str]) -> Document:
    """The row, set aside when its capture must wait."""
    if document.reason is None and document.capture in captures:
        return replace(document, reason=Reason.HELD)
    return document


def release(edition: Edition, before: dict[str, str], held: dict[str, str]) -> list[Document]:
    """The rows earlier builds held back whose source is well again, taken out of `dropped`, oldest first."""
    placed = edition.captures(Reason.HELD, before.keys() - held.keys())
    edition.apply([Edit(before=p) for p in placed])
    rows = [replace(p.document, reason=None) for p in placed]
    return sorted(rows, key=lambda d: (d.captured_at, d.url_key, d.part))
