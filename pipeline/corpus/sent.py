"""Pages that go to a worker which does not see the archive: their records, as they lie in the file.

A few stay here: a page whose body another record has, one that its feed may have more of, since only the whole archive
tells, and what would make a message too large. These are extracted by worker processes of this machine.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pyarrow as pa

from pipeline.archive import cdxj
from pipeline.archive.exchange import captures
from pipeline.archive.feeds import runs_behind
from pipeline.archive.sealing import sidecar
from pipeline.archive.store import path_of
from pipeline.archive.warc import Damaged, scan_open
from pipeline.corpus.batches import Batch, Steps
from pipeline.corpus.references import groups, page_refs
from pipeline.records import Capture, Outcome, Source

Here = Callable[[Sequence[Batch]], Iterator[tuple[Batch, pa.Table]]]
"""What extracts batches on this machine: their rows, in their order, each with what part of a batch they are of."""

NOWHERE = Path(os.devnull, "archive")
"""Where a worker that sees no archive looks for more of it: there is nothing."""

MOST_BYTES = 8 << 20
"""Of the records of a batch, so that it is never parted (`pool.MOST_SENT`), and articles with it. Real pages have 2 MB
a batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Pages of an archive file, each with its further parts."""

    file: str
    """The file, relative to the archive."""
    records: bytes
    """Their records, one behind the other."""
    groups: tuple[tuple[int, ...], ...]
    """Where in these each page begins, and each of its parts."""
    sources: tuple[Source, ...]
    """The declared sources they are from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What came of them."""

    rows: pa.Table
    """Their rows."""
    counts: tuple[int, ...]
    """How many of these each page has."""
    want: frozenset[int]
    """The pages that their feeds may have more of, by number."""


def extraction(
    raw: Path, sources: tuple[Source, ...], whole: Callable[[Batch], pa.Table], here: Here
) -> Steps[pa.Table]:
    """The extraction of a batch of pages: by a worker that sees the archive, as a `whole`, or by one that does not."""
    return Steps(
        gather=partial(send, raw, sources), work=extract_sent, keep=partial(keep, raw, here), whole=whole
    )


def send(raw: Path, sources: tuple[Source, ...], batch: Batch) -> Sent:
    """The pages of a batch that go; `warc.Damaged` where their file is not as long as when it was sealed."""
    path, told = path_of(raw, batch.file), sidecar(raw, batch.file)
    if told is not None and path.stat().st_size != told.size:
        raise Damaged(f"{batch.file}: not as long as when it was sealed")
    parts: list[bytes] = []
    offsets: list[tuple[int, ...]] = []
    at, names, ends = 0, set(), _ends(raw, batch.file)
    with path.open("rb") as stream:
        for group, goes in _pages(raw, batch):
            if not goes:
                continue
            of_group = []
            for ref in group:
                stream.seek(ref.offset)
                parts.append(stream.read(ends[ref.offset] - ref.offset))
                of_group.append(at)
                at += len(parts[-1])
            offsets.append(tuple(of_group))
            names.add(group[0].source)
    return Sent(
        file=batch.file,
        records=b"".join(parts),
        groups=tuple(offsets),
        sources=tuple(source for source in sources if source.name in names),
    )


def extract_sent(sent: Sent) -> Made:
    """Extract pages that were sent; extraction is imported by the workers alone."""
    from pipeline.corpus.pages import as_rows, extract_groups, may_want_feed

    found = [[_capture(sent, offset) for offset in offsets] for offsets in sent.groups]
    done = list(extract_groups(NOWHERE, sent.sources, found))
    want = (number for number, (rows, _) in enumerate(done) if found[number][0].via and may_want_feed(rows))
    return Made(rows=as_rows(done), counts=tuple(len(rows) for rows, _ in done), want=frozenset(want))


def _capture(sent: Sent, offset: int) -> Capture:
    """The capture that begins at an offset of what was sent."""
    records = scan_open(BytesIO(sent.records), Path(sent.file).name, len(sent.records), offset)
    for capture in captures(records, sent.file):
        return capture
    raise Damaged(f"{sent.file}: no capture at {offset} of what was sent of it")


def keep(raw: Path, here: Here, batch: Batch, made: Made) -> pa.Table:
    """The rows of a batch: those a worker made, and between them those of the pages that stay."""
    parts: list[Batch | slice] = []
    start, number, row = batch.start, 0, 0
    for group, goes in _pages(raw, batch):
        part: Batch | slice = Batch(file=batch.file, start=start, count=len(group))
        start += len(group)
        if goes:
            first, row = row, row + made.counts[number]
            if number not in made.want or not runs_behind(raw, group[:1]):
                last = parts.pop() if parts and isinstance(parts[-1], slice) else slice(first, row)
                part = slice(last.start, row)
            number += 1
        parts.append(part)
    made_here = here([part for part in parts if isinstance(part, Batch)])
    tables: list[pa.Table] = []
    for part in parts:
        if isinstance(part, slice):
            tables.append(made.rows[part])
            continue
        left = part.count
        while left:  # a page that broke its worker comes in halves
            done, rows = next(made_here)
            tables.append(rows)
            left -= done.count
    return pa.concat_tables(tables)


def _pages(raw: Path, batch: Batch) -> list[tuple[list[cdxj.Ref], bool]]:
    """The pages of a batch, each with its further parts, and whether they go."""
    pages: list[tuple[list[cdxj.Ref], bool]] = []
    left, ends = MOST_BYTES, _ends(raw, batch.file)
    refs = page_refs(raw, batch.file)[batch.start : batch.start + batch.count]
    for group in groups(refs):
        is_alone = not any(ref.refers_to and (ref.outcome == Outcome.OK or len(group) > 1) for ref in group)
        size = sum(ends[ref.offset] - ref.offset for ref in group)
        goes = is_alone and size <= left
        left -= size if goes else 0
        pages.append((group, goes))
    return pages


def _ends(raw: Path, file: str) -> dict[int, int]:
    """Where in a file the records of each capture begin, and where they end: at the next one's."""
    stat = path_of(raw, file).stat()
    return _known_ends(raw, file, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=2)
def _known_ends(raw: Path, file: str, size: int, _written: int) -> dict[int, int]:
    offsets = sorted(ref.offset for ref in cdxj.refs(raw, file))
    return dict(pairwise([*offsets, size]))
