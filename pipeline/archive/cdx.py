"""Indexes of other people's archives: CDX and CDXJ files, answers of CDX servers, and Common Crawl's Parquet index.

Forms: CDX (https://iipc.github.io/warc-specifications/specifications/cdx-format/cdx-2015/, any order of columns), CDXJ
as pywb and cdxj-indexer write it, JSON lines as index.commoncrawl.org answers, JSON arrays as web.archive.org does.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import gettempdir
from typing import Any, TextIO

import duckdb

from pipeline.archive.warc import Damaged
from pipeline.rules.signatures import GZIP
from pipeline.web.urls import domain, fetch_form

MAX_LINE = 1 << 20
"""Characters of one line that are read."""
MEMORY = "500MB"
"""What DuckDB may take; what is more goes to the folder for temporary files."""

_STAMP = re.compile(r"\d{14}")
_LETTERS = {"a": "url", "b": "timestamp", "m": "mime", "s": "status", "k": "digest"} | {
    "S": "length",
    "V": "offset",
    "g": "filename",
    "N": "urlkey",
}
"""Letters of a CDX header, and the names they have here."""
_NAMES = {"original": "url", "mimetype": "mime", "statuscode": "status"}
"""The Wayback machine's names of what others call otherwise."""
_SERVER = ("urlkey", "timestamp", "url", "mime", "status", "digest", "length")
"""Columns of what a Wayback CDX server answers as text, which has no header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One capture that an index names."""

    url: str
    """Fetch form."""
    at: datetime
    """Time of the capture, aware UTC."""
    mime: str = ""
    """As the index has it, lower case."""
    status: int = 0
    """HTTP status; 0: the index does not say."""
    digest: str = ""
    """Payload digest as written, without `sha1:`."""
    file: str = ""
    """Its WARC file, as the index names it; empty: a CDX server told of a capture without its place."""
    offset: int = 0
    """Bytes to its record."""
    length: int = 0
    """Bytes of the record's gzip member; 0: to be read from the offset on."""


def rows(path: Path, since: date | None, until: date | None, domains: Collection[str] = ()) -> Iterator[Row]:
    """The captures of pages that an index names, of days of capture (UTC, both included); Damaged when it is none.

    Only what may be a page: HTML or text, with a status of 200 or none. `domains` (registrable) may leave more out.
    """
    with path.open("rb") as stream:
        magic = stream.read(4)
    found = _parquet(path, since, until, domains) if magic == b"PAR1" else _lines(path, magic)
    for row in found:
        day = row.at.date()
        is_wanted = (since is None or since <= day) and (until is None or day <= until)
        is_page = row.status in (0, 200) and (not row.mime or "html" in row.mime or row.mime in _TEXTS)
        if is_wanted and is_page and (not domains or domain(row.url) in domains):
            yield row


_TEXTS = frozenset({"text/plain", "unk", "-", "application/octet-stream"})


def _lines(path: Path, magic: bytes) -> Iterator[Row]:
    columns: list[str] = []
    number = 0
    try:
        with _text(path, packed=magic.startswith(GZIP)) as stream:
            while line := stream.readline(MAX_LINE):
                number += 1
                told = _of_line(line.strip(), columns)
                if isinstance(told, list):
                    columns = told
                elif told is not None and (row := _row(told)) is not None:
                    yield row
    except (OSError, EOFError) as error:
        raise Damaged(f"unreadable after {number} lines: {error}") from error


def _text(path: Path, *, packed: bool) -> TextIO:
    if packed:
        return gzip.open(path, "rt", encoding="utf-8", errors="replace")
    return path.open("r", encoding="utf-8", errors="replace")


def _of_line(line: str, columns: list[str]) -> dict[str, Any] | list[str] | None:
    """The fields of a line, or the names of the columns that a line gives; None: it names no capture."""
    if line.startswith("CDX "):
        return [_LETTERS.get(letter, letter) for letter in line.split()[1:]]
    if line.startswith("["):  # web.archive.org, output=json: a list of lists, a line each, the first of names
        cells = _json(
            line.removeprefix("[" if line.startswith("[[") else "").removesuffix(",").replace("]]", "]")
        )
        if not isinstance(cells, list):
            return None
        names = "timestamp" in cells
        return [str(cell) for cell in cells] if names else dict(zip(columns, cells, strict=False))
    head, brace, rest = line.partition("{")
    if brace:
        told = _json(brace + rest)
        stamp = head.split()[1:2]
        return ({"timestamp": stamp[0]} if stamp else {}) | told if isinstance(told, dict) else None
    return dict(zip(columns or _SERVER, line.split(), strict=False)) if line else None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _row(told: dict[str, Any]) -> Row | None:
    told = {_NAMES.get(name, name): value for name, value in told.items()}
    url = fetch_form(str(told.get("url") or ""))
    stamp = _STAMP.match(str(told.get("timestamp") or ""))
    if url is None or stamp is None:
        return None
    try:
        at = datetime.strptime(stamp[0], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    file = str(told.get("filename") or "")
    return Row(
        url=url,
        at=at,
        mime=str(told.get("mime") or "").lower(),
        status=_number(told.get("status")),
        digest=str(told.get("digest") or "").removeprefix("sha1:"),
        file="" if file == "-" else file,
        offset=_number(told.get("offset")),
        length=_number(told.get("length")),
    )


def _number(value: object) -> int:
    text = str(value if value is not None else "")
    return int(text) if text.isdecimal() and len(text) < 16 else 0


_COLUMNS = (
    "url",
    "fetch_time",
    "fetch_status",
    "content_mime_detected",
    "content_digest",
    "warc_filename",
    "warc_record_offset",
    "warc_record_length",
)
"""Of https://commoncrawl.org/columnar-index: what a capture needs."""


def _parquet(path: Path, since: date | None, until: date | None, domains: Collection[str]) -> Iterator[Row]:
    try:
        with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": gettempdir()}) as db:
            db.execute("set timezone = 'UTC'")
            there = {
                name for (name, *_) in db.execute("describe from read_parquet($1)", [str(path)]).fetchall()
            }
            if missing := [name for name in _COLUMNS if name not in there]:
                raise Damaged(f"no index of Common Crawl: it has no column {', '.join(missing)}")
            by_domain = "url_host_registered_domain" in there and bool(domains)
            found = db.execute(
                f"select {', '.join(_COLUMNS)} from read_parquet($path) where fetch_status = 200"
                " and ($since is null or cast(fetch_time as date) >= $since)"
                " and ($until is null or cast(fetch_time as date) <= $until)"
                + (" and list_contains($domains, url_host_registered_domain)" if by_domain else ""),
                {"path": str(path), "since": since, "until": until}
                | ({"domains": sorted(domains)} if by_domain else {}),
            )
            while batch := found.fetchmany(10_000):
                for url, at, status, mime, digest, file, offset, length in batch:
                    address = fetch_form(url or "")
                    if address is not None and at is not None:
                        yield Row(
                            url=address,
                            at=at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC),
                            mime=(mime or "").lower(),
                            status=int(status or 0),
                            digest=digest or "",
                            file=file or "",
                            offset=int(offset or 0),
                            length=int(length or 0),
                        )
    except duckdb.Error as error:
        raise Damaged(f"no readable Parquet file: {str(error).partition(chr(10))[0]}") from error
