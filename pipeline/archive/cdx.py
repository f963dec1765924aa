"""Indexes of other people's archives: the captures of pages that one names, and what of it is none, line by line.

Forms: CDX and CDXJ files, answers of CDX servers, ZipNum clusters (cdxlines.py), Common Crawl's Parquet (columnar.py).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pipeline.archive import cdxlines, columnar
from pipeline.archive.warc import Damaged
from pipeline.web.urls import domain, fetch_form

REVISIT_TYPE = "warc/revisit"
"""What stands for the type of a capture whose body is an earlier one's."""

_STAMP = re.compile(r"\d{14}(?!\d)")
_NAMES = {"original": "url", "mimetype": "mime", "statuscode": "status"}
"""The Wayback machine's names of what others call otherwise."""
_TEXTS = frozenset({"text/plain", "unk", "-", "application/octet-stream"})
"""Types, besides HTML, of what may be a page."""
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One capture that an index names."""

    url: str
    """Fetch form."""
    at: datetime
    """Time of the capture, aware UTC."""
    mime: str = ""
    """As detected, else as the index has it, lower case."""
    status: int = 0
    """HTTP status; 0: the index does not say."""
    digest: str = ""
    """Payload digest as written, without `sha1:`; "": the index does not say."""
    file: str = ""
    """Its WARC file, as the index names it; empty: a CDX server told of a capture without its place."""
    offset: int = 0
    """Bytes to its record."""
    length: int = 0
    """Bytes of the record's gzip member; 0: to be read from the offset on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What an index names that is not to be read."""

    why: str
    """redirect, http_error, not_html, revisit, not_http; in words for a line that cannot be read."""
    where: str = ""
    """Which line that is; empty: it could be read."""


def rows(
    path: Path, since: date | None, until: date | None, domains: Collection[str] = ()
) -> Iterator[Row | Left]:
    """The captures that an index names, of days of capture (UTC, both included); Damaged when it is none.

    A Row is what may be a page: HTML or text, with a status of 200 or none. `domains` (registrable) leave out all
    others, untold. A folder is one of Parquet files, with partitions as Common Crawl has them.
    """
    odd = ""
    is_index = False
    for where, told in _told(path, since, until, domains):
        found = Left(why=told, where=where) if isinstance(told, str) else _read(told, where)
        if isinstance(found, Left) and found.where:
            odd = odd or f"{found.where}: {found.why}"
            yield found
            continue
        is_index = True
        if isinstance(found, Left):
            yield found
        elif _is_wanted(found, since, until) and (not domains or domain(found.url) in domains):
            reason = _no_page(found)
            yield Left(why=reason) if reason else found
    if odd and not is_index:
        raise Damaged(f"no line of it names a capture; {odd}")


def _told(
    path: Path, since: date | None, until: date | None, domains: Collection[str]
) -> Iterator[tuple[str, dict[str, Any] | str]]:
    if path.is_dir():
        return columnar.told(path, since, until, domains)
    with path.open("rb") as stream:
        magic = stream.read(4)
    if magic == columnar.MAGIC:
        return columnar.told(path, since, until, domains)
    return cdxlines.told(path, domains)


def _is_wanted(row: Row, since: date | None, until: date | None) -> bool:
    day = row.at.date()
    return (since is None or since <= day) and (until is None or day <= until)


def _no_page(row: Row) -> str:
    """Why a capture is no page to be read; "": it may be one."""
    if row.mime == REVISIT_TYPE:
        return "revisit" if row.file else ""  # a CDX server's archive gives the body it repeats
    if 300 <= row.status < 400:
        return "redirect"
    if row.status not in (0, 200):
        return "http_error"
    return "" if not row.mime or "html" in row.mime or row.mime in _TEXTS else "not_html"


def _read(told: dict[str, Any], where: str) -> Row | Left:
    """The fields of a line as a capture."""
    told = {_NAMES.get(name, name): value for name, value in told.items()}
    address = str(told.get("url") or "")
    url = fetch_form(address) if _SCHEME.match(address) else None
    if url is None:
        is_other = _SCHEME.match(address) and not address.lower().startswith(("http:", "https:"))
        return Left(why="not_http") if is_other else Left(where=where, why=f"no address: {address[:80]!r}")
    at = _moment(told.get("timestamp"))
    if at is None:
        return Left(where=where, why=f"no time of 14 digits: {str(told.get('timestamp') or '')[:40]!r}")
    file, offset = str(told.get("filename") or ""), _number(told.get("offset"))
    if "filename" in told and (file in ("", "-") or offset is None):
        return Left(where=where, why="its record's file or offset is not named")
    digest = str(told.get("digest") or "").removeprefix("sha1:")
    return Row(
        url=url,
        at=at,
        mime=str(told.get("mime-detected") or told.get("mime") or "").partition(";")[0].strip().lower(),
        status=_number(told.get("status")) or 0,
        digest="" if digest == "-" else digest,
        file=file,
        offset=offset or 0,
        length=_number(told.get("length")) or 0,
    )


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    stamp = _STAMP.match(str(value or ""))
    try:
        return datetime.strptime(stamp[0], "%Y%m%d%H%M%S").replace(tzinfo=UTC) if stamp else None
    except ValueError:
        return None


def _number(value: object) -> int | None:
    text = str(value if value is not None else "")
    return int(text) if text.isdecimal() and len(text) < 16 else None
