"""One visit of a URL as WARC records, and back: Capture ↔ response, request and metadata record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit
from uuid import UUID

from pipeline.archive import warc
from pipeline.archive.warc import Record
from pipeline.records import Capture, Kind, Outcome, Place

PROFILE = "http://netpreserve.org/warc/1.1/revisit/"
CONVERSION = "conversion"
WITHHELD = "withheld"
SHARED_BYTES = 1024
"""A body that two URLs share is kept once from so many bytes on: an empty or block page joins no strangers (ours)."""
_COOKIES = {"cookie": 100, "set-cookie": 1, "set-cookie2": 1}
"""Headers that carry cookies → pairs of theirs that are cookies, and not attributes of one."""
MAIN = ("response", "revisit", "resource")


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A response in the archive that a later visit, of the same URL or of another one, may repeat."""

    id: str
    """WARC-Record-ID without angle brackets; always of a response, never of a revisit."""
    url: str
    """Its WARC-Target-URI."""
    url_key: str
    """Identity of the URL whose last good response it is."""
    fetched_at: datetime
    """Its WARC-Date."""
    digest: str
    """Its payload digest, `sha1:` + base32."""
    place: Place
    """Where it lies."""
    etag: str | None = None
    """ETag exactly as received; None: there was none."""
    last_modified: str | None = None
    """Last-Modified exactly as received."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """What is known of an exchange beyond the capture; it goes into the record headers."""

    request_headers: tuple[tuple[str, str], ...] = ()
    """Headers as sent; empty: no request record is written."""
    peer: str | None = None
    """Address connected to."""
    truncated: str | None = None
    """WARC-Truncated: length, time, disconnect or unspecified."""
    resource: bool = False
    """The body did not come by HTTP (a file): a resource record instead of a response."""
    reason: str = ""
    """The words behind the status as they came, latin-1 decoded; empty: those of the standard are written."""


def pack(
    capture: Capture, wire: Wire, run_id: str, earlier: Earlier | None = None, id: str = ""
) -> tuple[Capture, list[bytes]]:
    """The capture as records in the order they are appended, the metadata record last; `id` becomes its own.

    Returns the capture as it will be read back (digest set; body empty and outcome `unchanged` where it repeats
    a visit of its own URL) and the records, not yet compressed. With `earlier` of the same URL key, a 304 becomes a
    `server-not-modified` revisit and an equal body an `identical-payload-digest` one. So does the equal body of
    another URL: then this is a page of its own, the outcome stays, and its body is that of the response it repeats.
    """
    headers, id = without_cookies(capture.headers), id or capture.id
    profile = _profile(capture, earlier)
    if profile and earlier:
        capture = replace(capture, id=id, headers=headers, digest=earlier.digest, refers_to=earlier.id)
        if earlier.url_key == capture.url_key:
            capture = replace(capture, body=b"", outcome=Outcome.UNCHANGED)
        records = [revisit(capture, wire, profile, earlier)]
    elif wire.resource or capture.status:
        status = 0 if wire.resource else capture.status
        digest = warc.sha1(capture.body)
        capture = replace(capture, id=id, headers=headers, digest=digest, refers_to=None, status=status)
        records = [_resource(capture, wire) if wire.resource else response(capture, wire)]
    else:
        capture = replace(capture, id=id, headers=headers, digest="", body=b"", refers_to=None)
        records = []
    if records and wire.request_headers:
        records.append(_request(capture, wire))
    if records and capture.rendered:
        records.append(_conversion(capture))
    return capture, [*records, metadata(capture, run_id, alone=not records)]


def without_cookies(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Headers in which each cookie has its name and no value: who holds that of a session could go on with it."""
    return tuple(
        (name, _names(value, _COOKIES[name.lower()]) if name.lower() in _COOKIES else value)
        for name, value in headers
    )


def _names(value: str, most: int) -> str:
    """The names of the first cookies of a header."""
    pairs = (pair.strip().partition("=") for pair in value.split(";", most)[:most])
    return "; ".join(f"{name}={WITHHELD}" if equals else WITHHELD for name, equals, _ in pairs)


def _profile(capture: Capture, earlier: Earlier | None) -> str | None:
    if earlier is None:
        return None
    is_own = earlier.url_key == capture.url_key
    if is_own and capture.status == HTTPStatus.NOT_MODIFIED:
        return "server-not-modified"
    is_shared = len(capture.body) >= (1 if is_own else SHARED_BYTES) and (is_own or not capture.rendered)
    same = capture.outcome == Outcome.OK and is_shared and warc.sha1(capture.body) == earlier.digest
    return "identical-payload-digest" if same else None


def _head(capture: Capture, wire: Wire) -> list[tuple[str, str]]:
    return [
        ("WARC-Record-ID", f"<{capture.id}>"),
        ("WARC-Target-URI", warc.uri(capture.final_url)),
        ("WARC-Date", warc.iso(capture.fetched_at)),
        ("WARC-IP-Address", _address(wire.peer)),
        ("WARC-Truncated", wire.truncated or ""),
    ]


@lru_cache(maxsize=256)
def _address(peer: str | None) -> str:
    """The peer's address alone; anything else is left out rather than written wrongly."""
    try:
        return str(ip_address((peer or "").strip("[]")))
    except ValueError:
        return ""


def response(capture: Capture, wire: Wire) -> bytes:
    """The record of an answer with its body."""
    headers = [
        *_head(capture, wire),
        ("WARC-Payload-Digest", capture.digest),
        ("Content-Type", "application/http; msgtype=response"),
    ]
    block = warc.http_block(capture.status, capture.headers, capture.body, wire.reason)
    return warc.record("response", headers, block)


def revisit(capture: Capture, wire: Wire, profile: str, earlier: Earlier) -> bytes:
    """The record of an answer whose body is that of an earlier response."""
    # pywb finds the earlier payload by Refers-To-Target-URI and -Date alone, other tools by Refers-To.
    headers = [
        *_head(capture, wire),
        ("WARC-Profile", PROFILE + profile),
        ("WARC-Refers-To", f"<{earlier.id}>"),
        ("WARC-Refers-To-Target-URI", warc.uri(earlier.url)),
        ("WARC-Refers-To-Date", warc.iso(earlier.fetched_at)),
        ("WARC-Payload-Digest", capture.digest),
        ("Content-Type", "application/http; msgtype=response"),
    ]
    return warc.record(
        "revisit", headers, warc.http_block(capture.status, capture.headers, None, wire.reason)
    )


def _resource(capture: Capture, wire: Wire) -> bytes:
    # No payload digest: `fastwarc check -p` fails one on records that are not HTTP.
    headers = [
        *_head(capture, wire),
        ("Content-Type", capture.header("content-type") or "application/octet-stream"),
    ]
    return warc.record("resource", headers, capture.body)


def _companion(main: str, kind: str) -> str:
    """Id of the request or metadata record that belongs to a record."""
    namespace = _bytes_of(main)
    return warc.record_id(main, kind) if namespace is None else warc.id_in(namespace, kind)


@lru_cache(maxsize=4)
def _bytes_of(id: str) -> bytes | None:
    try:
        return UUID(id).bytes
    except ValueError:
        return None


def _request(capture: Capture, wire: Wire) -> bytes:
    target = warc.uri(capture.final_url)
    parts = urlsplit(target)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"GET {path} HTTP/1.1".encode()]
    if not any(name.lower() == "host" for name, _ in wire.request_headers):
        lines.append(warc.header_line("Host", parts.netloc))
    lines += [warc.header_line(name, value) for name, value in without_cookies(wire.request_headers)]
    headers = [
        ("WARC-Record-ID", f"<{_companion(capture.id, 'request')}>"),
        ("WARC-Target-URI", target),
        ("WARC-Date", warc.iso(capture.fetched_at)),
        ("WARC-Concurrent-To", f"<{capture.id}>"),
        ("Content-Type", "application/http; msgtype=request"),
    ]
    return warc.record("request", headers, b"\r\n".join(lines) + b"\r\n\r\n")


def _conversion(capture: Capture) -> bytes:
    """The page as rendered (WARC 1.1 §6.8); it belongs to its response, and goes where that goes."""
    headers = [
        ("WARC-Record-ID", f"<{_companion(capture.id, CONVERSION)}>"),
        ("WARC-Target-URI", warc.uri(capture.final_url)),
        ("WARC-Date", warc.iso(capture.fetched_at)),
        ("WARC-Refers-To", f"<{capture.id}>"),
        ("Content-Type", "text/html; charset=utf-8"),
    ]
    return warc.record(CONVERSION, headers, capture.rendered)


def metadata(capture: Capture, run_id: str, *, alone: bool) -> bytes:
    """All of the capture that the other record cannot say; alone, it is a visit without an answer."""
    told = {
        "source": capture.source,
        "kind": capture.kind,
        "url": capture.url,
        "url-key": capture.url_key,
        "final-url": capture.final_url,
        "outcome": capture.outcome,
        "run": run_id,
        "via": capture.via,
        "part-of": capture.part_of,
        "next-part": capture.next_part,
        "refers-to": capture.refers_to,
        "links": None if capture.links is None else str(capture.links),
        "gap": "yes" if capture.gap else None,
        "twin": capture.twin,
        "sha256": hashlib.sha256(capture.body).hexdigest() if capture.body else None,
    }
    pairs = [(name, value) for name, value in told.items() if value is not None]
    if not capture.status:
        pairs += [("header", f"{name}: {value}") for name, value in capture.headers]
    pairs += [("note", note) for note in capture.notes]
    headers = [
        ("WARC-Record-ID", f"<{capture.id if alone else _companion(capture.id, 'metadata')}>"),
        ("WARC-Target-URI", warc.uri(capture.final_url)),
        ("WARC-Date", warc.iso(capture.fetched_at)),
        ("WARC-Concurrent-To", "" if alone else f"<{capture.id}>"),
        ("Content-Type", warc.FIELDS_TYPE),
    ]
    return warc.record("metadata", headers, warc.fields_block(pairs))


def captures(records: Iterable[Record], file: str) -> Iterator[Capture]:
    """The captures that a run of records tells of; a response and its companions are one."""
    main: Record | None = None
    rendered = b""
    for record in records:
        if record.kind in MAIN:
            if main is not None:
                yield replace(unpack(file, main, None), rendered=rendered)
            main, rendered = record, b""
        elif record.kind == CONVERSION:
            is_ours = main is not None and record.headers.get("warc-refers-to", "").strip("<>") == main.id
            rendered = record.block if is_ours else rendered
        elif record.kind == "metadata":
            about = record.headers.get("warc-concurrent-to", "").strip("<>")
            if main is not None and about == main.id:
                yield replace(unpack(file, main, record), rendered=rendered)
                main, rendered = None, b""
            elif not about and "warc-refers-to" not in record.headers:  # else it tells of a removed one
                yield unpack(file, None, record)
    if main is not None:
        yield replace(unpack(file, main, None), rendered=rendered)


def unpack(file: str, main: Record | None, metadata: Record | None) -> Capture:
    """The capture of a response, revisit or resource record and its metadata record.

    Either may be missing: a failure has no response, a record of somebody else's no such metadata.
    """
    first = main or metadata
    if first is None:
        raise ValueError("a capture needs a record")
    pairs = warc.parse_fields(metadata.block) if metadata else []
    told = dict(reversed(pairs))
    target = first.headers.get("warc-target-uri", "")
    if main is None or main.kind == "resource":
        status = 0
        headers = tuple(_name_value(value) for name, value in pairs if name == "header")
        body = main.block if main else b""
    else:
        status, headers, body = warc.parse_http(main.block)
    digest = main.headers.get("warc-payload-digest") or warc.sha1(body) if main else ""
    return Capture(
        id=first.id,
        source=told.get("source", ""),
        kind=told.get("kind", Kind.PAGE),
        url=told.get("url", target),
        url_key=told.get("url-key", target),
        final_url=told.get("final-url", target),
        fetched_at=warc.moment(first.headers.get("warc-date", "")) or datetime.fromtimestamp(0, UTC),
        status=status,
        headers=headers,
        body=body if main and main.kind != "revisit" else b"",
        digest=digest,
        outcome=told.get("outcome", Outcome.OK),
        via=told.get("via"),
        part_of=told.get("part-of"),
        next_part=told.get("next-part"),
        refers_to=told.get("refers-to"),
        links=_number(told.get("links")),
        gap=told.get("gap") == "yes",
        twin=told.get("twin"),
        notes=tuple(value for name, value in pairs if name == "note"),
        place=Place(file=file, offset=first.offset, length=first.length),
    )


def _name_value(line: str) -> tuple[str, str]:
    name, _, value = line.partition(": ")
    return name, value


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 20 else None
