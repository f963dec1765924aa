"""What was captured when, and where it lies: a CDXJ beside each WARC, Parquet by capture day."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.crawl import warc
from pipeline.crawl.urls import surt
from pipeline.records import UNCHANGED, Capture, Place


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
    """page, feed, sitemap, listing, robots, redirect or discovery."""
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
    refers_to: str | None = None
    """id of the capture a revisit repeats."""
    links: int | None = None
    """For kind discovery."""
    etag: str | None = None
    """ETag as received."""
    last_modified: str | None = None
    """Last-Modified as received."""

    @property
    def place(self) -> Place:
        """Where the capture lies."""
        return Place(file=self.file, offset=self.offset, length=self.length)


def ref_of(capture: Capture) -> Ref:
    """The index row of an archived capture; raises ValueError for one without a place."""
    if capture.place is None:
        raise ValueError(f"{capture.id} is not archived")
    headers = {name.lower(): value for name, value in reversed(capture.headers)}
    return Ref(
        file=capture.place.file,
        offset=capture.place.offset,
        length=capture.place.length,
        id=capture.id,
        url=capture.url,
        url_key=capture.url_key,
        final_url=capture.final_url,
        source=capture.source,
        kind=capture.kind,
        fetched_at=capture.fetched_at,
        status=capture.status,
        outcome=capture.outcome,
        digest=capture.digest,
        mime=_mime(capture, headers.get("content-type", "")),
        via=capture.via,
        part_of=capture.part_of,
        refers_to=capture.refers_to,
        links=capture.links,
        etag=headers.get("etag"),
        last_modified=headers.get("last-modified"),
    )


def _mime(capture: Capture, content_type: str) -> str:
    if capture.status == 0:
        return "warc/metadata"
    if capture.refers_to:
        return "warc/revisit"
    return re.split(r"[;\s]", content_type, maxsplit=1)[0].strip()


def write_cdxj(raw: Path, file: str, refs: Iterable[Ref]) -> None:
    """Writes the sorted CDXJ beside the file: cdxj-indexer's fields first, then our own."""
    from pipeline.crawl.repair import write_whole

    text = "".join(sorted(_line(ref) for ref in refs))
    write_whole(_cdxj_path(raw, file), text.encode("utf-8", "surrogatepass"))


def _cdxj_path(raw: Path, file: str) -> Path:
    return raw / (file.removesuffix(".warc.gz") + ".cdxj")


def _line(ref: Ref) -> str:
    row: dict[str, object] = {"url": warc.uri(ref.final_url)}
    if ref.mime:
        row["mime"] = ref.mime
    if ref.status and ref.mime != "warc/metadata":
        row["status"] = str(ref.status)
    if ref.digest:
        row["digest"] = ref.digest
    row |= {"length": str(ref.length), "offset": str(ref.offset), "filename": Path(ref.file).name}
    row |= {
        "id": ref.id,
        "asked": ref.url,
        "final": ref.final_url,
        "key": ref.url_key,
        "source": ref.source,
        "kind": ref.kind,
        "outcome": ref.outcome,
        "at": warc.iso(ref.fetched_at),
    }
    rest = {name: getattr(ref, name) for name in _OPTIONAL}
    row |= {name: value for name, value in rest.items() if value is not None}
    return f"{surt(ref.url_key)} {ref.fetched_at.astimezone(UTC):%Y%m%d%H%M%S} {json.dumps(row)}\n"


_OPTIONAL = ("via", "part_of", "refers_to", "links", "etag", "last_modified")


def refs(raw: Path, file: str) -> list[Ref]:
    """The rows of one WARC file in file order; its CDXJ is made again when missing or out of date."""
    from pipeline.crawl.archive import captures, path_of, records

    path = path_of(raw, file)
    beside = _cdxj_path(raw, file)
    try:
        if beside.stat().st_mtime_ns < path.stat().st_mtime_ns:
            raise ValueError("older than the file")
        lines = beside.read_text("utf-8").splitlines()
        found = [_parse(line, file) for line in lines]
    except (OSError, ValueError, KeyError):
        found = [ref_of(each) for each in captures(records(path), file)]
        if path.name.endswith(".warc.gz"):
            write_cdxj(raw, file, found)
    return sorted(found, key=lambda ref: ref.offset)


def _parse(line: str, file: str) -> Ref:
    row = json.loads(line[line.index("{") :])
    at = warc.moment(row["at"])
    if at is None:
        raise ValueError(line)
    return Ref(
        file=file,
        offset=int(row["offset"]),
        length=int(row["length"]),
        id=row["id"],
        url=row["asked"],
        url_key=row["key"],
        final_url=row["final"],
        source=row["source"],
        kind=row["kind"],
        fetched_at=at,
        status=int(row.get("status", 0)),
        outcome=row["outcome"],
        digest=row.get("digest", ""),
        mime=row.get("mime", ""),
        **{name: row.get(name) for name in _OPTIONAL},
    )


SCHEMA = pa.schema(
    [
        (
            name,
            {
                "offset": pa.int64(),
                "length": pa.int64(),
                "status": pa.int32(),
                "links": pa.int64(),
                "fetched_at": pa.timestamp("us", tz="UTC"),
            }.get(name, pa.string()),
        )
        for name in (each.name for each in fields(Ref))
    ]
)


def add(raw: Path, file: str, rows: Collection[Ref]) -> None:
    """Puts a file's rows into the daily index; its last day is written last and marks it complete."""
    from pipeline.crawl.repair import write_whole

    days = sorted({ref.fetched_at.astimezone(UTC).date() for ref in rows})
    for day in days:
        chosen = [ref for ref in rows if ref.fetched_at.astimezone(UTC).date() == day]
        columns = {name: [getattr(ref, name) for ref in chosen] for name in SCHEMA.names}
        buffer = BytesIO()
        pq.write_table(pa.table(columns, schema=SCHEMA), buffer, compression="zstd")
        path = _day_path(raw, file, day)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, buffer.getvalue())


def _day_path(raw: Path, file: str, day: date) -> Path:
    return raw / "index" / f"date={day.isoformat()}" / (Path(file).name.removesuffix(".warc.gz") + ".parquet")


def find(
    raw: Path,
    since: date | None = None,
    until: date | None = None,
    sources: Collection[str] = (),
    url_keys: Collection[str] = (),
) -> list[Ref]:
    """Captures of sealed files by capture day (UTC, both ends included), sorted by file and offset.

    Empty `sources` or `url_keys` choose all. Files not yet in the index are added first.
    """
    _complete(raw)
    found: list[Ref] = []
    for folder in sorted((raw / "index").glob("date=*")):
        day = date.fromisoformat(folder.name.removeprefix("date="))
        if (since and day < since) or (until and day > until):
            continue
        for path in sorted(folder.glob("*.parquet")):
            table = pq.read_table(path, partitioning=None, filters=_filters(sources, url_keys))
            found += [Ref(**row) for row in table.to_pylist()]
    return sorted(found, key=lambda ref: (ref.file, ref.offset))


def _filters(sources: Collection[str], url_keys: Collection[str]) -> list[tuple[str, str, list[str]]] | None:
    chosen = []
    if sources:
        chosen.append(("source", "in", sorted(sources)))
    if url_keys:
        chosen.append(("url_key", "in", sorted(url_keys)))
    return chosen or None


def _complete(raw: Path) -> None:
    from pipeline.crawl.archive import sealed

    for each in sealed(raw):
        if not _day_path(raw, each.file, each.last.date()).exists():
            add(raw, each.file, refs(raw, each.file))


def rebuild(raw: Path) -> int:
    """Makes every CDXJ and the whole daily index again from the WARC files; returns their number."""
    from pipeline.crawl.archive import captures, records, sealed

    for path in (raw / "index").glob("date=*/*.parquet"):
        path.unlink()
    files = sealed(raw)
    for each in files:
        rows = [ref_of(capture) for capture in captures(records(raw / each.file), each.file)]
        write_cdxj(raw, each.file, rows)
        add(raw, each.file, rows)
    return len(files)


def is_repeat(ref: Ref) -> bool:
    """Whether the row is a revisit: nothing new was said."""
    return ref.outcome == UNCHANGED
