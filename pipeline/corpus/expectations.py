"""What a source must yield, and what becomes of its new rows when it does not: they are held back.

A site that silently broke (a redesign, a login wall, a list that came back empty) must not publish its ruins.
The rows stand in `dropped` under the reason `held` and go in when the source yields again, or on --confirm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq

from pipeline.corpus.edition import Edit, Edition
from pipeline.crawl import archive, index
from pipeline.records import Document, Source

HELD = "held"
"""Reason of a row that waits because its source did not yield what it must."""


def failing(
    sources: Sequence[Source],
    raw: Path,
    fresh: Sequence[archive.SealedFile],
    shards: Sequence[Path],
    before: dict[str, str],
) -> dict[str, str]:
    """The sources to hold back, each with why; `before` are those held by the parent version.

    A source held before stays held until new rows show that it yields again.
    """
    links = _links(raw, fresh)
    opened, kept = _yields(shards)
    held = {}
    for source in sources:
        name, found, rows = source.name, links.get(source.name), opened[source.name]
        if found is not None and found < source.expect_links:
            held[name] = f"{found} links found, expect_links is {source.expect_links}"
        elif rows and kept[name] / rows < source.expect_kept:
            held[name] = (
                f"{kept[name]} of {rows} documents are fit to publish, expect_kept is {source.expect_kept:g}"
            )
        elif not rows and name in before:
            held[name] = before[name]
    return held


def _links(raw: Path, fresh: Sequence[archive.SealedFile]) -> dict[str, int]:
    """Links that each source's newest run found, where a run read a discovery page anew."""
    links = {}
    for file in fresh:
        for ref in index.refs(raw, file.file):
            if ref.kind == "discovery" and ref.links is not None:
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


def hold(document: Document, held: dict[str, str]) -> Document:
    """The row, set aside when its source is held."""
    if document.source in held and document.reason is None:
        return replace(document, reason=HELD)
    return document


def release(edition: Edition, before: dict[str, str], held: dict[str, str]) -> list[Document]:
    """The rows earlier builds held back whose source is well again, taken out of `dropped`, oldest first."""
    placed = edition.captures(HELD, before.keys() - held.keys())
    edition.apply([Edit(before=p) for p in placed])
    rows = [replace(p.document, reason=None) for p in placed]
    return sorted(rows, key=lambda d: (d.captured_at, d.url_key, d.part))
