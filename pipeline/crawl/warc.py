"""One capture as WARC 1.1 record bytes, and back: no file, no clock, nothing but bytes.

Records are put together by hand, because warcio percent-encodes non-ASCII HTTP header bytes and
fastwarc's writer makes one gzip member of a whole file; both read what is written here.
Layout and field names: raw/README.md. Standard: WARC 1.1 (ISO 28500:2017), annex C for file names.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import quote, urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

from pipeline.records import UNCHANGED, Capture, Place

VERSION = b"WARC/1.1"
PROFILE = "http://netpreserve.org/warc/1.1/revisit/"
FIELDS_TYPE = "application/warc-fields"

# Bodies are stored decoded, so these three headers of the wire would be lies; StormCrawler and so
# CC-NEWS mask them the same way. A name already masked gets one more prefix: masking is injective.
_MASKED = re.compile(r"(?:x-crawler-)*(?:content-encoding|transfer-encoding|content-length)", re.IGNORECASE)
_MASK = "X-Crawler-"
_UNSAFE_NAME = re.compile(r"[^!#$%&'*+.^_`|~0-9A-Za-z-]")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_UNESCAPE = re.compile(r"\\([\\nr])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A response in the archive that a later visit of the same URL may repeat."""

    id: str
    """WARC-Record-ID without angle brackets; always of a response, never of a revisit."""
    url: str
    """Its WARC-Target-URI."""
    url_key: str
    """Identity of the URL it was fetched for."""
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
    """What is known of the exchange beyond the capture; goes into the record headers."""

    request_headers: tuple[tuple[str, str], ...] = ()
    """Headers as sent; empty: no request record is written."""
    peer: str | None = None
    """Address connected to."""
    truncated: str | None = None
    """WARC-Truncated: length, time, disconnect or unspecified."""
    protocol: str | None = None
    """WARC-Protocol as spoken, e.g. h2; the status line always says HTTP/1.1."""


def sha1(data: bytes) -> str:
    """`sha1:` and the base32 SHA-1 of the bytes, the form that archive tools compare."""
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode("ascii")


def iso(moment: datetime) -> str:
    """WARC 1.1 date of an aware time: UTC with six decimals and Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(text: str) -> datetime | None:
    """The aware UTC time of a WARC date of any precision; None when it is not one."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def record_id(*parts: object) -> str:
    """A record id that depends on nothing but its parts (uuid5), so equal runs write equal bytes."""
    return uuid5(NAMESPACE_URL, "\n".join(str(part) for part in parts)).urn


def _companion(main: str, kind: str) -> str:
    """Id of the request or metadata record that belongs to a record."""
    return uuid5(UUID(main), kind).urn


def uri(url: str) -> str:
    """The URL with every character percent-encoded that may not stand in a record header."""
    return quote(url.encode("utf-8", "surrogatepass"), safe="!#$%&'()*+,-./:;=?@[]_~|^`{}\\\"<>")


def member(record: bytes) -> bytes:
    """The record as one gzip member; mtime 0, so equal records are equal bytes."""
    return zlib.compress(record, 6, wbits=31)


def record(kind: str, headers: Sequence[tuple[str, str]], block: bytes) -> bytes:
    """A whole WARC record: named headers, then digest, length and block."""
    lines = [VERSION, f"WARC-Type: {kind}".encode()]
    lines += [
        f"{name}: {_one_line(value)}".encode("utf-8", "surrogatepass") for name, value in headers if value
    ]
    lines += [f"WARC-Block-Digest: {sha1(block)}".encode(), f"Content-Length: {len(block)}".encode()]
    return b"\r\n".join(lines) + b"\r\n\r\n" + block + b"\r\n\r\n"


def _one_line(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", " ", text)


def fields_block(pairs: Iterable[tuple[str, str]]) -> bytes:
    """`application/warc-fields`; line ends and backslashes in values are escaped, so none can forge a field."""
    lines = (
        f"{name}: {''.join(_ESCAPES.get(mark, mark) for mark in value)}\r\n".encode("utf-8", "surrogatepass")
        for name, value in pairs
    )
    return b"".join(lines)


def parse_fields(block: bytes) -> list[tuple[str, str]]:
    """The pairs of an `application/warc-fields` block, the inverse of `fields_block`."""
    pairs = []
    for line in block.split(b"\r\n"):
        name, colon, value = line.partition(b": ")
        if colon:
            text = value.decode("utf-8", "surrogatepass" if _is_utf8(value) else "replace")
            plain = _UNESCAPE.sub(lambda hit: {"n": "\n", "r": "\r"}.get(hit[1], hit[1]), text)
            pairs.append((name.decode("ascii", "replace"), plain))
    return pairs


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def http_block(status: int, headers: Sequence[tuple[str, str]], body: bytes | None) -> bytes:
    """Status line, headers as received (latin-1 bytes) with the wire's three masked, and the body.

    `body` None (a revisit) writes no Content-Length. The line says HTTP/1.1 whatever was spoken:
    warcio and pywb accept no other.
    """
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {status} {phrase}".encode("ascii")]
    for name, value in headers:
        shown = _MASK + name if _MASKED.fullmatch(name) else name
        lines.append(
            _header_bytes(_UNSAFE_NAME.sub("-", shown) or "X-Nameless") + b": " + _header_bytes(value)
        )
    if body is not None:
        lines.append(f"Content-Length: {len(body)}".encode())
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


def _header_bytes(text: str) -> bytes:
    line = re.sub(r"[\r\n\x00]", " ", text)
    try:
        return line.encode("latin-1")
    except UnicodeEncodeError:
        return line.encode("utf-8", "surrogatepass")


def parse_http(block: bytes) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
    """Status (0 if unreadable), headers as received and body of a stored HTTP response block."""
    head, _, body = block.partition(b"\r\n\r\n")
    line, *rest = head.split(b"\r\n")
    words = line.split(None, 2)
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    headers = []
    for each in rest:
        name, _, value = each.decode("latin-1").partition(": ")
        if name.lower() == "content-length":
            continue
        headers.append((unmask(name), value))
    return status, tuple(headers), body


def unmask(name: str) -> str:
    """The header name as received: one mask taken off where there is one."""
    inner = name[len(_MASK) :]
    return inner if name.lower().startswith(_MASK.lower()) and _MASKED.fullmatch(inner) else name


def pack(
    capture: Capture, wire: Wire, run_id: str, earlier: Earlier | None = None
) -> tuple[Capture, list[bytes]]:
    """The capture as records in the order they are appended, the metadata record last.

    Returns the capture as it will be read back (digest set; body empty and outcome `unchanged` for a
    revisit) and one uncompressed record each. With `earlier` of the same URL key, a 304 becomes a
    `server-not-modified` revisit and an equal body an `identical-payload-digest` one.
    """
    profile = _profile(capture, earlier)
    if profile and earlier:
        capture = replace(capture, body=b"", digest=earlier.digest, refers_to=earlier.id, outcome=UNCHANGED)
    else:
        capture = replace(capture, digest=sha1(capture.body) if capture.status else "")
    records = []
    if capture.status:
        records.append(_main(capture, wire, profile, earlier))
        if wire.request_headers:
            records.append(_request(capture, wire))
    records.append(_metadata(capture, run_id))
    return capture, records


def _profile(capture: Capture, earlier: Earlier | None) -> str | None:
    if earlier is None or earlier.url_key != capture.url_key:
        return None
    if capture.status == HTTPStatus.NOT_MODIFIED:
        return "server-not-modified"
    same = capture.status == HTTPStatus.OK and capture.body and sha1(capture.body) == earlier.digest
    return "identical-payload-digest" if same else None


def _is_http(url: str) -> bool:
    return url[:8].lower().startswith(("http://", "https://"))


def _main(capture: Capture, wire: Wire, profile: str | None, earlier: Earlier | None) -> bytes:
    target = uri(capture.final_url or capture.url)
    headers = [
        ("WARC-Record-ID", f"<{capture.id}>"),
        ("WARC-Target-URI", target),
        ("WARC-Date", iso(capture.fetched_at)),
        ("WARC-IP-Address", _address(wire.peer)),
        ("WARC-Protocol", wire.protocol or ""),
        ("WARC-Truncated", wire.truncated or ""),
    ]
    if not _is_http(target):
        # No HTTP headers ever existed: a resource record; its payload digest is left off because
        # `fastwarc check -p` fails one on non-HTTP records.
        types = [value for name, value in capture.headers if name.lower() == "content-type"]
        headers.append(("Content-Type", types[0] if types else "application/octet-stream"))
        return record("resource", headers, capture.body)
    headers.append(("WARC-Payload-Digest", capture.digest))
    headers.append(("Content-Type", "application/http; msgtype=response"))
    if profile and earlier:
        headers += [
            ("WARC-Profile", PROFILE + profile),
            ("WARC-Refers-To", f"<{earlier.id}>"),
            ("WARC-Refers-To-Target-URI", uri(earlier.url)),
            ("WARC-Refers-To-Date", iso(earlier.fetched_at)),
        ]
        return record("revisit", headers, http_block(capture.status, capture.headers, None))
    return record("response", headers, http_block(capture.status, capture.headers, capture.body))


def _address(peer: str | None) -> str:
    try:
        return str(ip_address((peer or "").strip("[]")))
    except ValueError:
        return ""


def _request(capture: Capture, wire: Wire) -> bytes:
    target = uri(capture.final_url or capture.url)
    parts = urlsplit(target)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"GET {path} HTTP/1.1".encode()]
    if not any(name.lower() == "host" for name, _ in wire.request_headers):
        lines.append(f"Host: {parts.netloc}".encode())
    lines += [_header_bytes(name) + b": " + _header_bytes(value) for name, value in wire.request_headers]
    headers = [
        ("WARC-Record-ID", f"<{_companion(capture.id, 'request')}>"),
        ("WARC-Target-URI", target),
        ("WARC-Date", iso(capture.fetched_at)),
        ("WARC-Concurrent-To", f"<{capture.id}>"),
        ("Content-Type", "application/http; msgtype=request"),
    ]
    return record("request", headers, b"\r\n".join(lines) + b"\r\n\r\n")


def _metadata(capture: Capture, run_id: str) -> bytes:
    """All of the capture that the response cannot say; alone, it is a visit without an answer."""
    alone = capture.status == 0
    pairs = [
        ("source", capture.source),
        ("kind", capture.kind),
        ("url", capture.url),
        ("url-key", capture.url_key),
        ("final-url", capture.final_url),
        ("outcome", capture.outcome),
        ("status", str(capture.status)),
        ("run", run_id),
    ]
    optional = {
        "via": capture.via,
        "part-of": capture.part_of,
        "refers-to": capture.refers_to,
        "links": None if capture.links is None else str(capture.links),
        "sha256": hashlib.sha256(capture.body).hexdigest() if capture.body else None,
    }
    pairs += [(name, value) for name, value in optional.items() if value is not None]
    if alone or not _is_http(uri(capture.final_url or capture.url)):
        pairs += [("header", f"{name}: {value}") for name, value in capture.headers]
    pairs += [("note", note) for note in capture.notes]
    headers = [
        ("WARC-Record-ID", f"<{capture.id if alone else _companion(capture.id, 'metadata')}>"),
        ("WARC-Target-URI", uri(capture.final_url or capture.url)),
        ("WARC-Date", iso(capture.fetched_at)),
        ("WARC-Concurrent-To", "" if alone else f"<{capture.id}>"),
        ("Content-Type", FIELDS_TYPE),
    ]
    return record("metadata", headers, fields_block(pairs))


def warcinfo(name: str, at: datetime, run_id: str, software: str) -> bytes:
    """The first record of a file: what wrote it, in which run."""
    headers = [
        ("WARC-Record-ID", f"<{record_id('warcinfo', run_id, name)}>"),
        ("WARC-Filename", name),
        ("WARC-Date", iso(at)),
        ("Content-Type", FIELDS_TYPE),
    ]
    pairs = [
        ("software", software),
        ("format", "WARC File Format 1.1"),
        ("conformsTo", "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"),
        ("robots", "obey"),
        ("run", run_id),
    ]
    return record("warcinfo", headers, fields_block(pairs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record as it was read: where it lies, what it says of itself, its block."""

    offset: int
    """Bytes from the start of the file to its gzip member."""
    length: int
    """Bytes of the member."""
    headers: Mapping[str, str]
    """Named headers, names in lower case; the first of a repeated name."""
    block: bytes
    """The bytes after the headers."""

    @property
    def kind(self) -> str:
        """WARC-Type."""
        return self.headers.get("warc-type", "")

    @property
    def id(self) -> str:
        """WARC-Record-ID without angle brackets."""
        return self.headers.get("warc-record-id", "").strip("<>")


def parse(data: bytes, offset: int, length: int) -> Record | None:
    """The record in an unpacked gzip member; None when it is not one whole WARC record."""
    head, found, rest = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    if not found or not lines[0].startswith(b"WARC/"):
        return None
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, _, value = line.decode("utf-8", "replace").partition(":")
        headers.setdefault(name.strip().lower(), value.strip())
    size = headers.get("content-length", "")
    if not size.isdigit() or len(rest) != int(size) + 4:
        return None
    return Record(offset=offset, length=length, headers=headers, block=rest[: int(size)])


def unpack(file: str, main: Record | None, metadata: Record | None) -> Capture:
    """The capture that a response, revisit or resource record and its metadata record tell of.

    One of the two may be None: a failure has no response, and a foreign file no metadata of ours.
    """
    first = main or metadata
    if first is None:
        raise ValueError("a capture needs a record")
    pairs = parse_fields(metadata.block) if metadata else []
    told = dict(reversed(pairs))
    stored = tuple((name, value) for name, _, value in (v.partition(": ") for n, v in pairs if n == "header"))
    target = first.headers.get("warc-target-uri", "")
    status, headers, body = _content(main)
    if not headers:
        headers = stored
    if main is None or main.kind == "resource":
        status = int(told.get("status", "0")) if told.get("status", "0").isdigit() else 0
    digest = main.headers.get("warc-payload-digest", "") if main else ""
    links = told.get("links", "")
    return Capture(
        id=first.id,
        source=told.get("source", ""),
        kind=told.get("kind", "page"),
        url=told.get("url", target),
        url_key=told.get("url-key", target),
        final_url=told.get("final-url", target),
        fetched_at=moment(first.headers.get("warc-date", "")) or datetime.fromtimestamp(0, UTC),
        status=status,
        headers=headers,
        body=body,
        digest=digest or (sha1(body) if main and main.kind == "resource" else ""),
        outcome=told.get("outcome", "ok"),
        via=told.get("via"),
        part_of=told.get("part-of"),
        refers_to=told.get("refers-to"),
        links=int(links) if links.isdigit() else None,
        notes=tuple(value for name, value in pairs if name == "note"),
        place=Place(file=file, offset=first.offset, length=first.length),
    )


def _content(main: Record | None) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
    if main is None:
        return 0, (), b""
    if main.kind == "resource":
        return 0, (), main.block
    status, headers, body = parse_http(main.block)
    return status, headers, b"" if main.kind == "revisit" else body
