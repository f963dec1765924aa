"""WARC 1.1 records as bytes: put together, packed into gzip members, read back.

Records are put together by hand, because warcio percent-encodes the bytes of non-ASCII HTTP headers
and fastwarc's writer makes one gzip member of a whole file; both read what is written here, and the
tests hold them to it. Standard: ISO 28500:2017 (WARC 1.1). Field names: raw/README.md.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote
from uuid import NAMESPACE_URL

from fastwarc.warc import ArchiveIterator

from pipeline.errors import CorpusError

FIELDS_TYPE = "application/warc-fields"
_CHUNK = 256 << 10

# Bodies are stored decoded, so these three headers of the wire would be lies; StormCrawler and so
# CC-NEWS mask them the same way. A name already masked gets one more prefix: masking is injective.
_MASKED = re.compile(r"(?:x-crawler-)*(?:content-encoding|transfer-encoding|content-length)", re.IGNORECASE)
_MASK = "X-Crawler-"
_NOT_TOKEN = re.compile(r"[^!#$%&'*+.^_`|~0-9A-Za-z-]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BREAK = re.compile(r"[\r\n\x00]")
_ESCAPE = {ord("\\"): "\\\\", ord("\n"): "\\n", ord("\r"): "\\r"}
_UNESCAPE = re.compile(r"\\([\\nr])")


class Damaged(CorpusError, ValueError):  # noqa: N818
    """A WARC file that does not read as it was written; the message names file and offset."""


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


def sha1(data: bytes) -> str:
    """`sha1:` and the base32 SHA-1 of the bytes, the form that archive tools compare.

    >>> sha1(b"")
    'sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ'
    """
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode("ascii")


def iso(at: datetime) -> str:
    """WARC 1.1 date of an aware time: UTC with six decimals and Z; such strings sort as the times do."""
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return f"{utc.isoformat(timespec='microseconds')[:-6]}Z"


def moment(text: str) -> datetime | None:
    """The aware UTC time of a WARC date of any precision; None when it is not one.

    >>> iso(moment("2026-05-06T10:30:00+08:00"))
    '2026-05-06T02:30:00.000000Z'
    """
    try:
        found = datetime.fromisoformat(text.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def record_id(*parts: object) -> str:
    """A record id that depends on nothing but its parts (uuid5), so equal runs write equal bytes.

    >>> record_id("response", 1) == record_id("response", 1) != record_id("response", 2)
    True
    """
    return id_in(NAMESPACE_URL.bytes, "\n".join(map(str, parts)))


def id_in(namespace: bytes, name: str) -> str:
    """`uuid.uuid5(…).urn`, given the bytes of the namespace, in a third of the time."""
    digest = bytearray(hashlib.sha1(namespace + name.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50  # version 5 (RFC 9562 §5.5)
    digest[8] = digest[8] & 0x3F | 0x80
    told = digest.hex()
    return f"urn:uuid:{told[:8]}-{told[8:12]}-{told[12:16]}-{told[16:20]}-{told[20:]}"


@lru_cache(maxsize=64)
def uri(url: str) -> str:
    """The URL with everything percent-encoded that may not stand in a record header."""
    return quote(url.encode("utf-8", "surrogatepass"), safe="!#$%&'()*+,-./:;=?@[]_~|^`{}\\\"")


def record(kind: str, headers: Sequence[tuple[str, str]], block: bytes) -> bytes:
    """A whole WARC record; headers with an empty value are left out, control characters blanked."""
    lines = ["WARC/1.1", f"WARC-Type: {kind}"]
    lines += [
        f"{name}: {value if value.isprintable() else _CONTROL.sub(' ', value)}"
        for name, value in headers
        if value
    ]
    lines += [f"WARC-Block-Digest: {sha1(block)}", f"Content-Length: {len(block)}", "", ""]
    return "\r\n".join(lines).encode("utf-8", "surrogatepass") + block + b"\r\n\r\n"


def member(data: bytes) -> bytes:
    """The record as one gzip member; mtime 0, so equal records are equal bytes.

    Of a small record the window is the smallest that holds it with zlib's margin (262 bytes): the bytes are those of
    the largest one, which zlib needs eight times as long to set up as to pack 500 bytes.
    """
    return zlib.compress(data, 6, wbits=16 + min(max((len(data) + 262).bit_length(), 10), 15))


def fields_block(pairs: Iterable[tuple[str, str]]) -> bytes:
    """`application/warc-fields`; line ends and backslashes in values are escaped: none forges a field."""
    return "".join(f"{name}: {value.translate(_ESCAPE)}\r\n" for name, value in pairs).encode(
        "utf-8", "surrogatepass"
    )


def parse_fields(block: bytes) -> list[tuple[str, str]]:
    """The pairs of an `application/warc-fields` block, the inverse of `fields_block`."""
    try:
        text = block.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        text = block.decode("utf-8", "replace")
    pairs = []
    for line in text.split("\r\n"):
        name, colon, value = line.partition(": ")
        if colon:
            pairs.append((name, _UNESCAPE.sub(lambda hit: {"n": "\n", "r": "\r"}.get(hit[1], hit[1]), value)))
    return pairs


def http_block(
    status: int, headers: Sequence[tuple[str, str]], body: bytes | None, reason: str = ""
) -> bytes:
    """Status line, headers byte for byte (latin-1) with the wire's three masked, and the body.

    `body` None (a revisit) writes no Content-Length; without a `reason` that of the standard is written. The line says
    HTTP/1.1 whatever was spoken: warcio and pywb accept no other.
    """
    lines = [f"HTTP/1.1 {status} {_BREAK.sub(' ', reason) or _phrase(status)}".encode("latin-1", "replace")]
    lines += [header_line(_shown(name), value) for name, value in headers]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}".encode())
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


@cache
def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


@lru_cache(maxsize=256)
def _shown(name: str) -> str:
    """A header's name as it is written."""
    shown = _NOT_TOKEN.sub("-", name) or "X-Nameless"
    return f"{_MASK}{shown}" if _MASKED.fullmatch(shown) else shown


def header_line(name: str, value: str) -> bytes:
    """One HTTP header line without its end; what would break the line becomes a blank."""
    line = _BREAK.sub(" ", f"{name}: {value}")
    try:
        return line.encode("latin-1")
    except UnicodeEncodeError:
        return line.encode("utf-8", "surrogatepass")


def parse_http(block: bytes) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
    """Status (0 if unreadable), headers as received and body: the inverse of `http_block`."""
    head, _, body = block.partition(b"\r\n\r\n")
    line, *rest = head.split(b"\r\n")
    words = line.split(None, 2)
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() and len(words[1]) < 6 else 0
    headers = []
    for each in rest:
        name, _, value = each.decode("latin-1").partition(": ")
        if name.lower() != "content-length":
            headers.append((unmask(name), value))
    return status, tuple(headers), body


def unmask(name: str) -> str:
    """The header name as received: one mask taken off where there is one."""
    inner = name[len(_MASK) :]
    return inner if name.lower().startswith(_MASK.lower()) and _MASKED.fullmatch(inner) else name


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


def walk(path: Path, offset: int = 0) -> Iterator[Record]:
    """Every record of one of our files from a member's offset on, each member checked to its last byte and CRC.

    Holds one record in memory. Raises Damaged at the first member that is cut, altered or not one
    whole record; slower than `scan`, for repair and verify.
    """
    with path.open("rb") as stream:
        yield from walk_open(stream, path.name, offset)


def walk_open(stream: BinaryIO, name: str, offset: int = 0) -> Iterator[Record]:
    """The same of a file that is open, and whose position nobody else moves meanwhile."""
    stream.seek(offset)
    pending = stream.read(_CHUNK)
    while pending:
        unpacker = zlib.decompressobj(31)
        parts = []
        length = 0
        while not unpacker.eof:
            if not pending:
                raise Damaged(f"{name}: the member at {offset} is cut off")
            try:
                parts.append(unpacker.decompress(pending))
            except zlib.error as error:
                raise Damaged(f"{name}: the member at {offset}: {error}") from None
            length += len(pending) - len(unpacker.unused_data)
            pending = unpacker.unused_data or stream.read(_CHUNK)
        yield parse_record(b"".join(parts), offset, length, name)
        offset += length


def parse_record(data: bytes, offset: int = 0, length: int = 0, name: str = "") -> Record:
    """The record that the bytes are, the inverse of `record`; raises Damaged if they are not one, whole.

    `name` is that of the file, for the message.
    """
    head, _, rest = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("utf-8", "replace").split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        field, _, value = line.partition(":")
        headers.setdefault(field.strip().lower(), value.strip())
    size = headers.get("content-length", "")
    block, end = rest[:-4], rest[-4:]
    if not first.startswith("WARC/"):
        wrong = f"begins with {first[:20]!r}"
    elif end != b"\r\n\r\n":
        wrong = "does not end in two line ends"
    elif size != str(len(block)):
        wrong = f"says Content-Length {size[:20]!r} and has {len(block)} bytes"
    else:
        return Record(offset=offset, length=length, headers=headers, block=block)
    raise Damaged(f"{name}: the member at {offset} is not one whole WARC record: it {wrong}")


def scan(path: Path, offset: int = 0) -> Iterator[Record]:
    """The records of one of our files from a member's offset on, read by fastwarc.

    Holds two records in memory. Raises Damaged where the bytes do not unpack. A file that merely
    ends too soon is not seen here: `archive.read` compares its size with the sidecar's.
    """
    with path.open("rb") as stream:
        yield from scan_open(stream, path.name, path.stat().st_size, offset)


def scan_open(stream: BinaryIO, name: str, size: int, offset: int = 0) -> Iterator[Record]:
    """The same of a file of so many bytes that is open, and whose position nobody else moves meanwhile."""
    held: tuple[int, dict[str, str], bytes] | None = None
    stream.seek(offset)
    records = iter(ArchiveIterator(stream, parse_http=False))
    while True:
        try:
            found = next(records, None)
            block = found.reader.read() if found else b""
        except OSError as error:
            raise Damaged(f"{name}: after {held[0] if held else offset}: {error}") from None
        start = found.stream_pos if found else size
        if held:
            yield Record(offset=held[0], length=start - held[0], headers=held[1], block=held[2])
        if found is None:
            return
        if len(block) != found.content_length:
            raise Damaged(f"{name}: the record at {start} is cut off")
        held = (start, {key.lower(): value for key, value in reversed(found.headers.items())}, block)
