"""What was captured when, and where it lies: a CDXJ beside each WARC, Parquet by capture day."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.archive import warc
from pipeline.archive.exchange import captures
from pipeline.archive.store import WARC, beside, path_of, warc_files, write_whole
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
        refers_to=capture.refers_to,
        links=capture.links,
        etag=capture.header("etag") or None,
        last_modified=capture.header("last-modified") or None,
    )


def _storable(text: str) -> str:
    """Lone surrogates, which neither Parquet nor SQLite can hold, as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _mime(capture: Capture, content_type: str) -> str:
    if capture.status == 0 and not capture.digest:
        return "warc/metadata"
    if capture.refers_to:
        return "warc/revisit"
    return re.split(r"[;\s]", content_type, maxsplit=1)[0]


def write_cdxj(raw: Path, file: str, refs: Iterable[Ref]) -> None:
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
        "filename": Path(ref.file).name,
    }
    ours = {name: getattr(ref, name) for name in _OURS} | {"fetched_at": warc.iso(ref.fetched_at)}
    row = {name: value for name, value in shown.items() if value}
    row_of_ours = {name: value for name, value in ours.items() if value is not None}
    stamp = f"{ref.fetched_at.astimezone(UTC):%Y%m%d%H%M%S}"
    return f"{warc.uri(surt(ref.url_key))} {stamp} {json.dumps(row | {'capture': row_of_ours})}\n"


def refs(raw: Path, file: str) -> list[Ref]:
    """The rows of one WARC file in file order: from its CDXJ, or from the file where that is lost or stale.

    Raises FileNotFoundError, and `warc.Damaged` when the file itself has to be read and is broken.
    """
    path = path_of(raw, file)
    told = cdxj_rows(raw, file) if has_cdxj(raw, file) else None
    return [ref_of(each) for each in captures(warc.scan(path), file)] if told is None else told


def has_cdxj(raw: Path, file: str) -> bool:
    """Whether a finished file has a CDXJ, and none older than the file."""
    try:
        cdxj = beside(raw, file, ".cdxj").stat()
    except FileNotFoundError:
        return False
    return cdxj.st_mtime_ns >= path_of(raw, file).stat().st_mtime_ns


def cdxj_rows(raw: Path, file: str) -> list[Ref] | None:
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
_TYPES = {
    "offset": pa.int64(),
    "length": pa.int64(),
    "status": pa.int32(),
    "links": pa.int64(),
    "fetched_at": pa.timestamp("us", tz="UTC"),
}
SCHEMA = pa.schema([(each.name, _TYPES.get(each.name, pa.string())) for each in fields(Ref)])
"""Columns of the daily index, as in Ref."""


def day_of(ref: Ref) -> date:
    """The capture day (UTC), under which a row stands."""
    return ref.fetched_at.astimezone(UTC).date()


def add(raw: Path, file: str, refs: Sequence[Ref]) -> None:
    """Puts a file's rows into the daily index: one Parquet file per capture day (UTC)."""
    of_day: dict[date, list[Ref]] = defaultdict(list)
    for ref in refs:
        of_day[day_of(ref)].append(ref)
    for day, chosen in sorted(of_day.items()):
        columns = {name: [getattr(ref, name) for ref in chosen] for name in SCHEMA.names}
        buffer = BytesIO()
        pq.write_table(pa.table(columns, schema=SCHEMA), buffer, compression="zstd")
        write_whole(raw / "index" / f"date={day.isoformat()}" / parquet_name(file), buffer.getvalue())


def parquet_name(file: str) -> str:
    """Name of the Parquet files with a WARC file's rows, the same under each day."""
    return Path(file).name.removesuffix(WARC) + ".parquet"


def rows(raw: Path, file: str) -> list[Ref]:
    """What the daily index holds of one WARC file, in file order."""
    paths = (raw / "index").glob(f"date=*/{parquet_name(file)}")
    return sorted((ref for path in paths for ref in _load(path, None)), key=lambda ref: ref.offset)


def remove(raw: Path, file: str) -> None:
    """Takes a file's rows out of the daily index."""
    for path in (raw / "index").glob(f"date=*/{parquet_name(file)}"):
        path.unlink()


def days(raw: Path) -> dict[str, set[date]]:
    """Name of Parquet files (`parquet_name`) → the days under which one stands."""
    found: dict[str, set[date]] = defaultdict(set)
    for path in (raw / "index").glob("date=*/*.parquet"):
        found[path.name].add(_day(path.parent))
    return found


def _day(folder: Path) -> date:
    return date.fromisoformat(folder.name.removeprefix("date="))


def _load(path: Path, filters: list[tuple[str, str, list[str]]] | None) -> list[Ref]:
    # partitioning=None: `date=` in the path must not become a column.
    return [Ref(**row) for row in pq.read_table(path, partitioning=None, filters=filters).to_pylist()]


def find(
    raw: Path,
    since: date | None = None,
    until: date | None = None,
    sources: Collection[str] = (),
    url_keys: Collection[str] = (),
) -> list[Ref]:
    """Captures of finished files by capture day (UTC, both ends included), by file and offset.

    Empty `sources` or `url_keys` choose all. Files that the index does not know at all are looked
    into themselves. That it lost one day of a file with others is not seen here, but by `repair` and `verify`.
    """
    filters = [(name, "in", sorted(of)) for name, of in (("source", sources), ("url_key", url_keys)) if of]
    paths = sorted((raw / "index").glob("date=*/*.parquet"))
    found = [
        ref
        for path in paths
        if (since is None or since <= _day(path.parent)) and (until is None or _day(path.parent) <= until)
        for ref in _load(path, filters or None)
    ]
    found += [
        ref
        for ref in _unindexed(raw, {path.name for path in paths})
        if (since is None or since <= day_of(ref)) and (until is None or day_of(ref) <= until)
        if (not sources or ref.source in sources) and (not url_keys or ref.url_key in url_keys)
    ]
    return sorted(found, key=lambda ref: (ref.file, ref.offset))


def by_day(raw: Path, files: Collection[str]) -> Iterator[list[Ref]]:
    """The rows of some finished files, one capture day (UTC) after the other, each day in time order."""
    names = {parquet_name(file) for file in files}
    paths: dict[date, list[Path]] = defaultdict(list)
    for path in (raw / "index").glob("date=*/*.parquet"):
        if path.name in names:
            paths[_day(path.parent)].append(path)
    more: dict[date, list[Ref]] = defaultdict(list)
    for ref in _unindexed(raw, {path.name for of_day in paths.values() for path in of_day}, files):
        more[day_of(ref)].append(ref)
    for day in sorted(paths.keys() | more.keys()):
        found = [ref for path in paths[day] for ref in _load(path, None)] + more[day]
        yield sorted(found, key=lambda ref: (ref.fetched_at, ref.file, ref.offset))


def find_one(raw: Path, id: str, day: date) -> Ref | None:
    """The capture of an id, captured on `day` (UTC); None: no finished file has it.

    Opens the index of that day alone, however large the archive is.
    """
    for path in sorted((raw / "index" / f"date={day.isoformat()}").glob("*.parquet")):
        for ref in _load(path, [("id", "in", [id])]):
            return ref
    known = {path.name for path in (raw / "index").glob("date=*/*.parquet")}
    return next((ref for ref in _unindexed(raw, known) if ref.id == id), None)


def _unindexed(raw: Path, known: Collection[str], files: Collection[str] | None = None) -> Iterator[Ref]:
    """The rows of the finished files (of `files`) that have none in the daily index, read elsewhere.

    Sealing gives a file its rows before its name: they are missing only where the index was lost.
    """
    for file in warc_files(raw) if files is None else files:
        if parquet_name(file) not in known:
            yield from refs(raw, file)
