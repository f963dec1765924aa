"""What still reads in a damaged WARC file: every whole record, and the bytes between them that are none.

Each record is a gzip member of its own, so what is lost ends where the next member begins. Where that is, the rows of
the file's CDXJ or daily index say; only what they do not tell is searched for. A page may hold bytes that read as a
member with a record in it (a WARC file on the web), so nothing is looked for inside a record whose end is known.
"""

from __future__ import annotations

import errno
import hashlib
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.archive import warc
from pipeline.archive.cdxj import Ref

_MAGIC = b"\x1f\x8b\x08"
_HEAD = 10
"""Bytes of a member before what is deflated, with no name stored (RFC 1952, 2.3)."""
_FLAGS = 3
"""Where a byte says whether a head is longer."""
_BLOCK = 4096
"""Bytes read at once around a part of the disk that does not read; a sector of today's disks."""
_CHUNK = 32 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of bytes of a file: one record, or what does not read."""

    offset: int
    """Bytes from the start of the file."""
    length: int
    """Bytes."""
    record: warc.Record | None
    """The record; None: these bytes are none."""
    data: bytes
    """The member that holds the record, mended where only its frame was damaged; empty for what is none."""
    why: str = ""
    """Why these bytes are no record."""


def pieces(path: Path, known: Sequence[Ref]) -> Iterator[Piece]:
    """The whole of a file in order, one record in memory at a time; `known` are its rows as they were written.

    A part of the disk that gives an I/O error counts as damaged bytes. Raises OSError for any other reason.
    """
    size = path.stat().st_size
    ends = {ref.offset: ref.offset + ref.length for ref in known}
    starts = sorted({min(start, size) for start in (*ends, *ends.values(), size)})
    at = 0
    with path.open("rb") as stream:
        while at < size:
            try:
                piece = _member(stream.fileno(), at, size)
            except warc.Damaged as error:
                end = _next(stream.fileno(), at, size, ends.get(at), starts)
                piece = _mended(stream.fileno(), at, end) or Piece(
                    offset=at, length=end - at, record=None, data=b"", why=str(error)
                )
            yield piece
            at += piece.length


def raw_bytes(fd: int, offset: int, length: int) -> bytes:
    """The bytes at a place, zeros where the disk does not give them (EIO)."""
    try:
        return os.pread(fd, length, offset)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        if length <= _BLOCK:
            return bytes(length)
        parts = range(offset, offset + length, _BLOCK)
        return b"".join(raw_bytes(fd, at, min(_BLOCK, offset + length - at)) for at in parts)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hex, with zeros where the disk does not give them."""
    digest, at = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while chunk := raw_bytes(stream.fileno(), at, 1 << 20):
            digest.update(chunk)
            at += len(chunk)
    return digest.hexdigest()


def _member(fd: int, offset: int, size: int) -> Piece:
    """The gzip member at a place with the one record in it; warc.Damaged when there is no such whole thing."""
    unpacker = zlib.decompressobj(31)
    packed, parts, at = [], [], offset
    while not unpacker.eof:
        chunk = raw_bytes(fd, at, _CHUNK)
        if at >= size or not chunk:
            raise warc.Damaged("it is cut off")
        try:
            parts.append(unpacker.decompress(chunk))
        except zlib.error as error:
            raise warc.Damaged(str(error)) from None
        used = len(chunk) - len(unpacker.unused_data)
        packed.append(chunk[:used])
        at += used
    record = _checked(b"".join(parts), offset, at - offset)
    data = b"".join(packed)
    if not data[_FLAGS]:  # what zlib does not look at may be damaged too
        data = warc.member(b"")[:_HEAD] + data[_HEAD:]
    return Piece(offset=offset, length=at - offset, record=record, data=data)


def _checked(data: bytes, offset: int, length: int) -> warc.Record:
    record = warc.parse_record(data, offset, length)
    if wrong := wrong_digests(record):
        raise warc.Damaged("; ".join(wrong))
    return record


def wrong_digests(record: warc.Record) -> list[str]:
    """What the digests of a record say against it, in words."""
    problems = []
    if record.headers.get("warc-block-digest") != warc.sha1(record.block):
        problems.append("its block digest is wrong")
    if record.kind == "response":
        body = warc.parse_http(record.block)[2]
        if record.headers.get("warc-payload-digest") != warc.sha1(body):
            problems.append("its payload digest is wrong")
    return problems


def _mended(fd: int, offset: int, end: int) -> Piece | None:
    """The record of a member of which only the frame is damaged, by the sums in its last eight bytes.

    What was unpacked must have the CRC that stands there. Or its length and all of the CRC but for one byte: that
    other bytes have such a CRC happens once in four million times (4 * 255 / 2**32).
    """
    unpacker = zlib.decompressobj(-15)
    try:
        data = unpacker.decompress(raw_bytes(fd, offset, end - offset)[_HEAD:])
        crc, size = struct.unpack("<II", unpacker.unused_data)
        record = _checked(data, offset, end - offset)
    except (zlib.error, struct.error, warc.Damaged):
        return None
    differing = sum(byte > 0 for byte in (crc ^ zlib.crc32(data)).to_bytes(4, "little"))
    if differing > (size == len(data) & 0xFFFFFFFF):
        return None
    return Piece(offset=offset, length=end - offset, record=record, data=warc.member(data))


def _next(fd: int, offset: int, size: int, known_end: int | None, starts: Sequence[int]) -> int:
    """Where the next record begins after one that does not read: where it is known to, or the first that is found."""
    if known_end is not None:
        return min(known_end, size)
    until = next(start for start in starts if start > offset)
    return next(_found(fd, offset + 1, until, size), until)


def _found(fd: int, offset: int, until: int, size: int) -> Iterator[int]:
    """Where whole members with a record begin that another one, or the file's end, follows."""
    for at in _magics(fd, offset, until):
        try:
            piece = _member(fd, at, size)
        except warc.Damaged:
            continue
        end = at + piece.length
        if end == size or raw_bytes(fd, end, len(_MAGIC)) == _MAGIC:
            yield at


def _magics(fd: int, offset: int, until: int) -> Iterator[int]:
    at = offset
    while at < until:
        chunk = raw_bytes(fd, at, min(_CHUNK, until - at) + len(_MAGIC) - 1)
        found = chunk.find(_MAGIC)
        while found >= 0:
            yield at + found
            found = chunk.find(_MAGIC, found + 1)
        at += _CHUNK
