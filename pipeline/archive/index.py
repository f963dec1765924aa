"""What was captured when, and where it lies: the rows of all files as Parquet, by capture day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields
from datetime import UTC, date
from functools import reduce
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.archive.cdxj import Ref, refs
from pipeline.archive.store import WARC, warc_files, write_whole
from pipeline.records import USABLE, Kind

_Filters = list[tuple[str, str, list[str]]] | list[list[tuple[str, str, list[str]]]]

_TYPES = {
    "offset": pa.int64(),
    "length": pa.int64(),
    "status": pa.int32(),
    "links": pa.int64(),
    "gap": pa.bool_(),
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


def _load(path: Path, filters: _Filters | None) -> list[Ref]:
    rows = pq.ParquetFile(path).read()  # `read_table` would import pandas
    if filters:
        rows = rows.filter(_fits(rows, filters))
    return [Ref(**row) for row in rows.to_pylist()]


def _fits(rows: pa.Table, filters: _Filters) -> pa.ChunkedArray:
    """Which rows have in each of some columns one of some values; of several such lists, by any of them."""
    if isinstance(filters[0], list):
        return reduce(pc.or_, (_fits(rows, each) for each in filters))
    return reduce(pc.and_, (pc.is_in(rows[name], pa.array(of, pa.string())) for name, _, of in filters))


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


def of_kinds(raw: Path, day: date, kinds: Collection[str]) -> list[Ref]:
    """Captures of some kinds on one day (UTC), by file and offset; opens the index of that day alone."""
    filters: _Filters = [("kind", "in", sorted(kinds))]
    return [ref for path in _of_day(raw, day) for ref in _load(path, filters)]


def moved(raw: Path, day: date) -> dict[str, str]:
    """Captures of one day (UTC) that redirects led elsewhere: id → where they came from."""
    found: dict[str, str] = {}
    for path in _of_day(raw, day):
        rows = pq.ParquetFile(path).read(["id", "url", "final_url"])
        rows = rows.filter(pc.not_equal(rows["url"], rows["final_url"]))
        found.update(zip(rows["id"].to_pylist(), rows["final_url"].to_pylist(), strict=True))
    return found


def lost(raw: Path) -> list[Ref]:
    """Captures in finished files that the index does not know at all; none where it was not lost."""
    return list(_unindexed(raw, {path.name for path in (raw / "index").glob("date=*/*.parquet")}))


def _of_day(raw: Path, day: date) -> list[Path]:
    return sorted((raw / "index" / f"date={day.isoformat()}").glob("*.parquet"))


def found_at(raw: Path, url: str) -> list[Ref]:
    """Captures of what was first found in one list or page, by file and offset. Finished files alone."""
    paths = sorted((raw / "index").glob("date=*/*.parquet"))
    found = [ref for path in paths for ref in _load(path, [("via", "in", [url])])]
    found += [ref for ref in _unindexed(raw, {path.name for path in paths}) if ref.via == url]
    return sorted(found, key=lambda ref: (ref.file, ref.offset))


def repeating(raw: Path, ids: Collection[str]) -> list[Ref]:
    """Captures that repeat one of some others, by file and offset. Finished files alone."""
    paths = sorted((raw / "index").glob("date=*/*.parquet"))
    found = [ref for path in paths for ref in _load(path, [("refers_to", "in", sorted(ids))])] if ids else []
    found += [ref for ref in _unindexed(raw, {path.name for path in paths}) if ref.refers_to in ids]
    return sorted(found, key=lambda ref: (ref.file, ref.offset))


def about(raw: Path, url_keys: Collection[str]) -> list[Ref]:
    """Every capture of some pages, by file and offset: theirs, those of their articles' other parts, and redirects.

    A page asked for under another address that led to one of theirs is theirs too. Finished files alone.
    """
    own = find(raw, url_keys=url_keys)
    firsts = {ref.part_of for ref in own if ref.part_of}
    own = find(raw, url_keys={*url_keys, *firsts}) if firsts else own
    addresses = sorted({ref.url for ref in own})
    keys = sorted({*url_keys, *firsts})
    paths = sorted((raw / "index").glob("date=*/*.parquet"))
    filters = [[(name, "in", keys)] for name in ("url_key", "part_of")]
    filters += [[(name, "in", addresses)] for name in ("final_url", "via") if addresses]
    found = [ref for path in paths for ref in _load(path, filters)]
    found += _unindexed(raw, {path.name for path in paths})
    chosen = {ref for ref in found if _concerns(ref, set(keys), set(addresses))}
    more = {ref.url_key for ref in chosen if ref.kind == Kind.PAGE} - set(keys)
    chosen |= {ref for ref in find(raw, url_keys=more) if ref.kind == Kind.PAGE} if more else set()
    return sorted(chosen, key=lambda ref: (ref.file, ref.offset))


def _concerns(ref: Ref, keys: Collection[str], addresses: Collection[str]) -> bool:
    if ref.kind == Kind.REDIRECT:
        return ref.url_key in keys or ref.via in addresses
    if ref.kind != Kind.PAGE:
        return False
    found_there = ref.final_url in addresses and ref.outcome in USABLE
    return ref.url_key in keys or ref.part_of in keys or found_there


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
