"""A capture without its body as one row, and the CDXJ of such rows beside each WARC file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from pathlib import Path

from pipeline.archive import warc
from pipeline.archive.exchange import Earlier, captures
from pipeline.archive.store import beside, path_of, write_whole
from pipeline.records import Capture, Place
from pipeline.web.urls import surt


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A capture without its body: one row of the index."""

    file: str
    """WARC file, relative to the raw folder."""
    offset: int
    """Bytes to the capture's first record."""
    length: int
    """Bytes of that record's member."""
    id: str
    """WARC-Record-ID."""
    url: str
    """URL asked for."""
    url_key: str
    """Its identity."""
    final_url: str
    """WARC-Target-URI."""
    source: str
    """Name of the source."""
    kind: str
    """page, feed, sitemap, listing, robots, tdmrep, probe, redirect or discovery."""
    fetched_at: datetime
    """Aware UTC."""
    status: int
    """HTTP status, 0: no response."""
    outcome: str
    """Word for what came of it."""
    digest: str
    """Payload digest."""
    mime: str
    """Content type as cdxj-indexer prints it."""
    via: str | None = None
    """URL where the link was found."""
    part_of: str | None = None
    """url_key of part 1."""
    next_part: str | None = None
    """URL of the next part, which was to be fetched after this page."""
    refers_to: str | None = None
    """id of the capture a revisit repeats."""
    links: int | None = None
    """For kind discovery."""
    gap: bool | None = None
    """True for a feed in which nothing known was left."""
    etag: str | None = None
    """ETag as received."""
    last_modified: str | None = None
    """Last-Modified as received."""
    twin: str | None = None
    """What the page says of other URLs of it."""

    @property
    def place(self) -> Place:
        """Where the capture lies."""
        return Place(file=self.file, offset=self.offset, length=self.length)


def ref_of(capture: Capture) -> Ref:
    """The index row of an archived capture; raises ValueError for one without a place."""
    if capture.place is None:
        raise ValueError(f"{capture.id} is not archived")
    return Ref(
        file=capture.place.file,
        offset=capture.place.offset,
        length=capture.place.length,
        id=capture.id,
        url=_storable(capture.url),
        url_key=_storable(capture.url_key),
        final_url=_storable(capture.final_url),
        source=_storable(capture.source),
        kind=capture.kind,
        fetched_at=capture.fetched_at,
        status=capture.status,
        outcome=capture.outcome,
        digest=capture.digest,
        mime=_mime(capture, capture.header("content-type")),
        via=_storable(capture.via) if capture.via else None,
        part_of=_storable(capture.part_of) if capture.part_of else None,
        next_part=_storable(capture.next_part) if capture.next_part else None,
        refers_to=capture.refers_to,
        links=capture.links,
        gap=capture.gap or None,
        etag=capture.header("etag") or None,
        last_modified=capture.header("last-modified") or None,
        twin=_storable(capture.twin) if capture.twin else None,
    )


def earlier_of(ref: Ref) -> Earlier:
    """A response, by its row, as what a later visit may repeat."""
    return Earlier(
        id=ref.id,
        url=ref.final_url,
        url_key=ref.url_key,
        fetched_at=ref.fetched_at,
        digest=ref.digest,
        place=ref.place,
    )


def capture_of(ref: Ref) -> Capture:
    """The capture with all that its row tells of it: no headers, no body, no notes, no place."""
    return Capture(**{name: value for name in _SHARED if (value := getattr(ref, name)) is not None})


_SHARED = sorted({each.name for each in fields(Ref)} & {each.name for each in fields(Capture)})
"""What row and capture both have, whatever comes to them."""


def _storable(text: str) -> str:
    """Lone surrogates, which neither Parquet nor SQLite can hold, as escapes."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _mime(capture: Capture, content_type: str) -> str:
    if capture.status == 0 and not capture.digest:
        return "warc/metadata"
    if capture.refers_to:
        return "warc/revisit"
    return re.split(r"[;\s]", content_type, maxsplit=1)[0]


def write(raw: Path, file: str, refs: Iterable[Ref]) -> None:
    """Writes the sorted CDXJ beside the file: cdxj-indexer's fields first, then our own."""
    text = "".join(sorted(_line(ref) for ref in refs))
    write_whole(beside(raw, file, ".cdxj"), text.encode())


def _line(ref: Ref) -> str:
    """One row; a visit without an answer has the type warc/metadata and no row in other tools' CDXJ."""
    shown = {
        "url": warc.uri(ref.final_url),
        "mime": ref.mime,
        "status": str(ref.status or ""),
        "digest": ref.digest,
        "length": str(ref.length),
        "offset": str(ref.offset),
        "filename": ref.file.rpartition("/")[2],
    }
    ours = dict(zip(_OURS, _OURS_OF(ref), strict=True)) | {"fetched_at": warc.iso(ref.fetched_at)}
    row = {name: value for name, value in shown.items() if value}
    row_of_ours = {name: value for name, value in ours.items() if value is not None}
    stamp = ours["fetched_at"][:19].translate(_TO_STAMP)
    return f"{warc.uri(surt(ref.url_key))} {stamp} {json.dumps(row | {'capture': row_of_ours})}\n"


def refs(raw: Path, file: str) -> list[Ref]:
    """The rows of one WARC file in file order: from its CDXJ, or from the file where that is lost or stale.

    Raises FileNotFoundError, and `warc.Damaged` when the file itself has to be read and is broken.
    """
    path = path_of(raw, file)
    told = rows(raw, file) if is_current(raw, file) else None
    return [ref_of(each) for each in captures(warc.scan(path), file)] if told is None else told


def is_current(raw: Path, file: str) -> bool:
    """Whether a finished file has a CDXJ, and none older than the file."""
    try:
        cdxj = beside(raw, file, ".cdxj").stat()
    except FileNotFoundError:
        return False
    return cdxj.st_mtime_ns >= path_of(raw, file).stat().st_mtime_ns


def rows(raw: Path, file: str) -> list[Ref] | None:
    """What the CDXJ beside a file says, in file order; None: it is lost or unreadable."""
    try:
        lines = beside(raw, file, ".cdxj").read_text("ascii").splitlines()
        return sorted((_parse(line, file) for line in lines), key=lambda ref: ref.offset)
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return None


def _parse(line: str, file: str) -> Ref:
    row = json.loads(line.split(" ", 2)[2])
    at = warc.moment(row["capture"]["fetched_at"])
    if at is None:
        raise ValueError(line)
    return Ref(
        file=file,
        offset=int(row["offset"]),
        length=int(row["length"]),
        fetched_at=at,
        **{name: row["capture"][name] for name in _OURS if name in row["capture"]},
    )


_OURS = tuple(
    each.name for each in fields(Ref) if each.name not in {"file", "offset", "length", "fetched_at"}
)
_OURS_OF = attrgetter(*_OURS)
_TO_STAMP = {ord(sign): None for sign in "-T:"}
