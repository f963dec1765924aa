"""What each release changed, kept for ever: a small file a release, and what several of them add up to.

`changes/2.37.0.parquet` holds no text, title or URL, so that it may stay when the version itself was collected.
The files make a tree: each says upon which version its own was made. From one version to another leads the way
through their nearest common ancestor, up against the changes and down with them; so a revision, which stands
beside the release it revises, is a leaf like any other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import UsageError

FOLDER = "changes"
"""Where the files stand, beside the versions."""

VERSION = re.compile(r"\d+\.\d+\.\d+")
"""Name of a version, and without its ending of its file."""

_HASHES = ("old_text_hash", "new_text_hash", "old_row_hash", "new_row_hash")

FEED = pa.schema(
    [(name, pa.string()) for name in ("id", "kind", "cause", *_HASHES, "from_version", "to_version")]
)
"""Columns: kind is added, changed or removed, from_version null for the first release."""

MEANS = {
    "kind": "added, changed or removed",
    "cause": "what did it: capture (the page), extract, normalize, quality, dedupe (our rules), takedown, …",
}
"""What the columns of a list of changes mean."""

UNDONE = "undone"
"""Cause of what a way back takes back."""

_FROM = "from_version"
"""Key of the file's metadata under which the version stands upon which this one was made; "" for the first: a release
that changed no row has no row to say so."""


def name_of(version: str) -> str:
    """Path of a release's file below the corpus folder."""
    return f"{FOLDER}/{version}.parquet"


def files(clean: Path) -> dict[str, Path]:
    """Version → its file, of every release that has one."""
    found = (clean / FOLDER).glob("*.parquet")
    return {path.stem: path for path in found if VERSION.fullmatch(path.stem)}


def of_release(changes: pa.Table, parent: str | None, version: str) -> pa.Table:
    """The lasting part of a release's `changes.parquet`; an older one lacks the hashes of rows: null."""
    columns = []
    for name in FEED.names:
        if name in ("from_version", "to_version"):
            said = parent if name == "from_version" else version
            columns.append(pa.array([said] * changes.num_rows, pa.string()))
        elif name in changes.schema.names:
            columns.append(changes[name])
        else:
            columns.append(pa.nulls(changes.num_rows, pa.string()))
    return pa.Table.from_arrays(columns, schema=FEED)


def to_bytes(table: pa.Table, parent: str | None) -> bytes:
    """The file of a release: equal changes give equal bytes."""
    sink = BytesIO()
    with pq.ParquetWriter(
        sink, FEED, compression="zstd", store_schema=False, write_page_checksum=True
    ) as out:
        out.write_table(table)
        out.add_key_value_metadata({_FROM: parent or ""})
    return sink.getvalue()


def made_upon(file: Path | BinaryIO) -> str | None:
    """The version upon which that of this file was made; None: it was the first. ValueError: no such file."""
    said = (pq.read_metadata(file).metadata or {}).get(_FROM.encode())
    if said is None:
        raise ValueError(f"{file}: does not say upon which version its own was made")
    return said.decode() or None


def load(file: Path | BinaryIO) -> pa.Table:
    """The changes of a file."""
    return pq.ParquetFile(file, page_checksum_verification=True).read().cast(FEED)


def route(parents: Mapping[str, str | None], since: str, until: str) -> list[tuple[str, bool]]:
    """The releases whose changes lead from one version to another, each with whether they are taken or undone.

    `parents` says of each version that has a file upon which it was made. UsageError names the file that is missing
    on the way.
    """
    down, lost = _line(parents, until, {since})
    if down[-1] == since:
        return [(each, True) for each in reversed(down[:-1])]
    up, lost_too = _line(parents, since, set(down))
    if up[-1] in down:
        back, forth = up[:-1], down[: down.index(up[-1])]
    elif (missing := lost or lost_too) is not None:
        raise UsageError(
            f"{name_of(missing)}: missing, so that what led from {since} to {until} is not known; read {until} whole"
        )
    else:
        back, forth = up, down
    return [(each, False) for each in back] + [(each, True) for each in reversed(forth)]


def _line(parents: Mapping[str, str | None], version: str, ends: set[str]) -> tuple[list[str], str | None]:
    """A version and those it was made upon, as far as one of `ends`, the first, or one without a file, also given."""
    line: list[str] = []
    at: str | None = version
    while at is not None:
        line.append(at)
        if at in ends:
            return line, None
        if at not in parents:
            return line, at
        at = parents[at]
    return line, None


@dataclass(slots=True)
class _Sum:
    """What the changes of one document add up to."""

    first: tuple[str | None, str | None]
    """Hashes of text and row before the first of them; None: it was not there."""
    last: tuple[str | None, str | None]
    """The same after the last."""
    was_there: bool
    is_there: bool
    cause: str | None = None
    """Of the last change."""
    of_text: str | None = None
    """Of the last change of its text."""


def fold(steps: Iterable[tuple[pa.Table, bool]], since: str, until: str) -> pa.Table:
    """What several releases did to each document in all, by id; what ended as it began is left out.

    A step that is not taken forth is undone. The hash of a row says whether it is what it was; where a release of
    before there was one has none, a row that was touched counts as changed. `cause` is that of the last change of the
    text, where the text is another, else of the last change.
    """
    sums: dict[str, _Sum] = {}
    for table, is_forth in steps:
        columns = (table[name].to_pylist() for name in ("id", "kind", "cause", *_HASHES))
        for ident, kind, cause, old_text, new_text, old_row, new_row in zip(*columns, strict=True):
            before, after = (old_text, old_row), (new_text, new_row)
            was, is_there = kind != "added", kind != "removed"
            if not is_forth:
                before, after, was, is_there, cause = after, before, is_there, was, UNDONE
            sum_ = sums.setdefault(ident, _Sum(before, after, was, is_there))
            sum_.last, sum_.is_there, sum_.cause = after, is_there, cause
            if before[0] != after[0]:
                sum_.of_text = cause
    rows = []
    for ident, s in sorted(sums.items()):
        kind = _kind(s)
        if kind is not None:
            cause = s.of_text if s.first[0] != s.last[0] else s.cause
            rows.append((ident, kind, cause, s.first[0], s.last[0], s.first[1], s.last[1], since, until))
    arrays = [pa.array([row[n] for row in rows], pa.string()) for n in range(len(FEED))]
    return pa.Table.from_arrays(arrays, schema=FEED)


def _kind(s: _Sum) -> str | None:
    if not s.was_there:
        return "added" if s.is_there else None
    if not s.is_there:
        return "removed"
    is_same = s.first == s.last and s.first[1] is not None
    return None if is_same else "changed"


def summary(changes: pa.Table) -> dict[str, int]:
    """Number of changes by `kind:cause`."""
    pairs = zip(changes["kind"].to_pylist(), changes["cause"].to_pylist(), strict=True)
    return dict(sorted(Counter(f"{kind}:{cause}" for kind, cause in pairs).items()))


def rows(changes: pa.Table) -> Iterator[dict[str, str | None]]:
    """The changes as dictionaries, for people and JSON."""
    for batch in changes.to_batches():
        yield from batch.to_pylist()
