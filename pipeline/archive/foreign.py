"""Records of WARC and ARC files that somebody else wrote, in whatever compression, read with distrust.

WARC by fastwarc. ARC, the format before it (https://archive.org/web/researcher/ArcFileFormat.php), by warcio: fastwarc
2.0.1 finds no record in such a file and says nothing. This is all that warcio is needed for; it brings nothing along.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from fastwarc.warc import ArchiveIterator
from warcio.archiveiterator import ArchiveIterator as ArcIterator

from pipeline.archive import warc
from pipeline.rules.signatures import GZIP, LZ4, ZSTD, ZSTD_DICTIONARY
from pipeline.web.decode import codings_of, decode_body

_ARC = b"filedesc:"
_PIECE = 64 << 10
_CHUNK_SIZE = re.compile(rb"\s*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,1000})?\r?\n")
_END = b"\r\n\r\n"
_NEXT = _END + b"WARC/1."
"""How a block ends and another record begins."""

DAMAGED = "damaged"
"""Kind of a record that claims bytes which are not its own: nothing of it can be believed."""

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A record of somebody else's file."""

    kind: str
    """WARC-Type; of an ARC record, the type it would have; or DAMAGED."""
    url: str
    """Target URI, without angle brackets."""
    date: str
    """WARC-Date as written."""
    id: str
    """WARC-Record-ID as written."""
    content_type: str
    """Content-Type of the block."""
    block: bytes | None
    """The block; None: larger than the cap."""
    repeats: tuple[str, str] | None = None
    """Of a revisit that has the very body of an earlier response: that one's URL and date, as written."""


def is_archive(path: Path) -> bool:
    """Whether the file's first bytes are those of a WARC or ARC file (plain, gzip, zstd or lz4)."""
    return _magic(path).startswith((b"WARC/", _ARC, LZ4, ZSTD, ZSTD_DICTIONARY))


def _magic(path: Path) -> bytes:
    """The file's first bytes, unpacked where they are gzip."""
    with path.open("rb") as stream:
        head = stream.read(4096)
    if head.startswith(GZIP):
        try:
            return zlib.decompressobj(31).decompress(head, 64)
        except zlib.error:
            return b""
    return head


def records(path: Path, cap: int) -> Iterator[Foreign]:
    """The file's records, at most `cap` bytes of one in memory.

    Raises `warc.Damaged` where no further record can be read; those before it have been given.
    """
    number = 0
    try:
        for found in _arc(path, cap) if _magic(path).startswith(_ARC) else _warc(path, cap):
            yield found
            number += 1
    except GeneratorExit:
        raise
    except BaseException as error:
        # fastwarc's panics are BaseExceptions; warcio raises whatever its parsing stumbles over.
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        why = str(error).strip().partition("\n")[0]
        raise warc.Damaged(f"unreadable after {number} records: {why}") from error


def _warc(path: Path, cap: int) -> Iterator[Foreign]:
    start: int | None = 0
    while start is not None:
        start = yield from _warc_from(path, start, cap)


def _warc_from(path: Path, start: int, cap: int) -> Generator[Foreign, None, int | None]:
    """The records from an offset on; where to go on behind one that claims bytes which are not its own."""
    with path.open("rb") as stream:
        stream.seek(start)
        for each in ArchiveIterator(stream, parse_http=False, quirks_mode=True):
            headers = {name.lower(): value for name, value in reversed(each.headers.items())}
            if "content-length" not in headers:
                raise EOFError("the headers of the next are cut off")
            at = each.stream_pos
            block = each.reader.read() if each.content_length <= cap else None
            if block is None or len(block) < each.content_length or _NEXT in block:
                behind = _behind(path, at, each.content_length)
                if behind is not None:
                    yield _foreign(headers, None, kind=DAMAGED)
                    return behind
            if block is not None and len(block) < each.content_length:
                raise EOFError("the next is cut off")
            yield _foreign(headers, block, kind=headers.get("warc-type", "").lower())
    return None


def _foreign(headers: dict[str, str], block: bytes | None, *, kind: str) -> Foreign:
    return Foreign(
        kind=kind,
        url=headers.get("warc-target-uri", "").strip("<>"),
        date=headers.get("warc-date", ""),
        id=headers.get("warc-record-id", ""),
        content_type=headers.get("content-type", ""),
        block=block,
        repeats=_repeated(headers),
    )


def _repeated(headers: dict[str, str]) -> tuple[str, str] | None:
    """What a revisit of the profile `identical-payload-digest` (of whatever version of WARC) says it repeats."""
    url = headers.get("warc-refers-to-target-uri", "").strip("<>")
    date = headers.get("warc-refers-to-date", "")
    is_same = headers.get("warc-profile", "").rstrip("/").endswith("/identical-payload-digest")
    return (url, date) if is_same and url and date else None


def _behind(path: Path, at: int, claimed: int) -> int | None:
    """Where the next record begins, if the one at an offset claims more bytes than are its own; None: it does not.

    A gzip member is a record, so that its end tells; in a plain file a block ends in two line ends (ISO 28500, 4).
    """
    with path.open("rb") as stream:
        stream.seek(at)
        if stream.read(len(GZIP)) == GZIP:
            stream.seek(at)
            size, length = _member(stream, claimed)
            return at + length if size < claimed and _begins(stream, at + length) else None
        stream.seek(at)
        head = _BLANK_LINE.search(stream.read(_PIECE))
        stream.seek(at + (head.end() if head else 0) + claimed)
        if head is None or stream.read(len(_END)) == _END:
            return None
        return _found(stream, at + head.end())


def _member(stream: BufferedReader, most: int) -> tuple[int, int]:
    """Bytes that a gzip member unpacks to (looked at until there are more than `most`), and its own length."""
    unpacker = zlib.decompressobj(31)
    size = length = 0
    while not unpacker.eof and size <= most and (piece := stream.read(_PIECE)):
        try:
            size += len(unpacker.decompress(piece))
        except zlib.error:
            break
        length += len(piece) - len(unpacker.unused_data)
    return size, length


def _begins(stream: BufferedReader, at: int) -> bool:
    """Whether a gzip member with a WARC record begins at an offset."""
    stream.seek(at)
    try:
        return zlib.decompressobj(31).decompress(stream.read(4096), 64).startswith(b"WARC/")
    except zlib.error:
        return False


def _found(stream: BufferedReader, at: int) -> int | None:
    """The first offset behind `at` where a record begins in a plain file; None: there is none."""
    stream.seek(at)
    left = b""
    while piece := stream.read(_PIECE):
        found = (left + piece).find(_NEXT)
        if found >= 0:
            return at - len(left) + found + len(_END)
        at += len(piece)
        left = (left + piece)[-len(_NEXT) :]
    return None


def _arc(path: Path, cap: int) -> Iterator[Foreign]:
    with _plain(path) as stream:
        for each in ArcIterator(stream, no_record_parse=True, arc2warc=True):
            headers = each.rec_headers
            block = bytearray()
            # warcio hands out one buffer a call.
            while len(block) <= cap and (piece := each.raw_stream.read(_PIECE)):
                block += piece
            yield Foreign(
                kind=each.rec_type,
                url=headers.get_header("WARC-Target-URI") or "",
                date=headers.get_header("WARC-Date") or "",
                id="",
                content_type=headers.get_header("Content-Type") or "",
                block=bytes(block) if len(block) <= cap else None,
            )


def _plain(path: Path) -> gzip.GzipFile | BufferedReader:
    """The file unpacked: warcio refuses a gzip ARC file whose records are not one member each."""
    with path.open("rb") as stream:
        packed = stream.read(2) == GZIP
    return gzip.open(path) if packed else path.open("rb")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignResponse:
    """An HTTP response out of a foreign record, its body unpacked."""

    status: int
    """0: unreadable."""
    headers: tuple[tuple[str, str], ...]
    """As received; masks of other crawlers (X-Crawler-…) taken off."""
    body: bytes
    """Unpacked, if it was packed."""
    problem: str | None
    """None, or too_large, bad_encoding, incomplete."""


def response_in(block: bytes, cap: int) -> ForeignResponse:
    """The HTTP response in a block. Writers differ in what they leave of the wire's codings.

    Many keep `Transfer-Encoding: chunked` or `Content-Encoding: gzip` over a body stored plain, so a
    coding is undone only where the bytes bear it out.
    """
    cut = _BLANK_LINE.search(block)
    head, body = (block[: cut.start()], block[cut.end() :]) if cut else (block, b"")
    line, *rest = re.split(rb"\r?\n", head)
    words = line.split(None, 2)
    readable = len(words) > 1 and line.startswith(b"HTTP/") and re.fullmatch(rb"[1-9]\d\d", words[1])
    stored = [(name.strip(), value.strip()) for name, colon, value in map(_split, rest) if colon]
    names = {name.lower(): value for name, value in reversed(stored)}
    if "chunked" in names.get("transfer-encoding", "").lower():
        body = _unchunk(body)
    problem = None
    codings = codings_of(names.get("content-encoding", ""))
    if codings:
        unpacked = decode_body(body, codings, cap)
        if unpacked.problem in {"too_large", "codings"}:
            problem = "too_large" if unpacked.problem == "too_large" else "bad_encoding"
        elif unpacked.problem == "cut" and unpacked.body:
            body, problem = unpacked.body, "incomplete"
        elif unpacked.problem is None:
            body = unpacked.body
    headers = tuple((warc.unmask(name), value) for name, value in stored if name.lower() != "content-length")
    return ForeignResponse(
        status=int(words[1]) if readable else 0, headers=headers, body=body, problem=problem
    )


def _split(line: bytes) -> tuple[str, str, str]:
    return line.decode("latin-1").partition(":")


def _unchunk(body: bytes) -> bytes:
    """The body without chunk framing; as it is where it has none. Cut framing keeps what is there."""
    parts: list[bytes] = []
    position = 0
    while size := _CHUNK_SIZE.match(body, position):
        start, length = size.end(), int(size[1], 16)
        if length == 0:
            return b"".join(parts)
        parts.append(body[start : start + length])
        position = start + length
    return b"".join(parts) if parts and position >= len(body) else body
