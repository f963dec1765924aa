"""Content-Encoding undone within a byte cap, never by raising.

Our own because httpx 0.28.1 returns a cut gzip body as a success, keeps only the first of two gzip
members (RFC 1952 §2.2 allows many), and unpacks 209,715,200 bytes from a bomb of 200 KB.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import brotli
import zstandard

from pipeline.rules.signatures import GZIP, ZSTD

MAX_CODINGS = 2
"""More stacked codings than this are refused (ours): no honest server sends three."""
MAX_MEMBERS = 1000
"""gzip members or zstd frames in one body; each costs a decoder, so the number is an attack surface."""

_SLICE = 64 * 1024
_ZSTD_SLICE = 128
"""A zstd block of 4 bytes may unpack to 128 KiB: 128 bytes overshoot the cap by at most 4 MiB."""
_ZSTD_WINDOW = 8 * 1024 * 1024
"""Largest window allowed in a content coding (RFC 9659)."""
_IDENTITY = frozenset({"", "identity", "none"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedBody:
    """A body as far as it could be unpacked."""

    body: bytes
    """Unpacked bytes, at most the cap."""
    problem: str | None = None
    """None, or cut (input ended early), corrupt, too_large, codings (too many)."""
    notes: tuple[str, ...] = ()
    """Irregularities that were accepted: gzip-members, trailing-bytes, encoding-lie, unknown-coding."""


def codings_of(header: str) -> tuple[str, ...]:
    """The codings a Content-Encoding header names, in the order they were applied, identity left out."""
    names = (name.strip().lower() for name in header.split(","))
    return tuple(name for name in names if name not in _IDENTITY)


def decode_body(raw: bytes, codings: tuple[str, ...], cap: int) -> DecodedBody:
    """Undo `codings`, last applied first; every intermediate body is capped at `cap` bytes too."""
    if len(codings) > MAX_CODINGS:
        return DecodedBody(body=b"", problem="codings")
    body = raw
    notes: list[str] = []
    for coding in reversed(codings):
        one = _decode_one(body, coding, cap)
        notes += one.notes
        body = one.body
        if one.problem:
            return DecodedBody(body=body, problem=one.problem, notes=tuple(notes))
    if len(body) > cap:
        return DecodedBody(body=body[:cap], problem="too_large", notes=tuple(notes))
    return DecodedBody(body=body, notes=tuple(notes))


def _decode_one(raw: bytes, coding: str, cap: int) -> DecodedBody:
    unpack = _UNPACKERS.get(coding)
    if unpack is None:
        return DecodedBody(body=raw, notes=("unknown-coding",))
    if not raw:
        return DecodedBody(body=b"")
    decoded = _collect(unpack, raw, cap)
    if decoded.problem in {"cut", "corrupt"} and raw.lstrip().startswith(b"<"):
        return DecodedBody(body=raw, notes=("encoding-lie",))  # plain markup under a false label
    return decoded


class _CutError(Exception):
    """The input ended before the coding's own end mark."""


_Unpacker = Callable[[bytes, list[str]], Iterator[bytes]]


def _collect(unpack: _Unpacker, raw: bytes, cap: int) -> DecodedBody:
    """Run an unpacker until it ends, fails or passes the cap; what came before a failure is kept."""
    body = bytearray()
    notes: list[str] = []
    problem = None
    try:
        for piece in unpack(raw, notes):
            body += piece
            if len(body) > cap:
                problem = "too_large"
                break
    except _CutError:
        problem = "cut"
    except (zlib.error, brotli.error, zstandard.ZstdError):
        problem = "corrupt"
    del body[cap:]
    return DecodedBody(body=bytes(body), problem=problem, notes=tuple(dict.fromkeys(notes)))


def _gunzip(raw: bytes, notes: list[str]) -> Iterator[bytes]:
    position = 0
    for member in range(MAX_MEMBERS):
        if member:
            notes.append("gzip-members")
        decoder = zlib.decompressobj(wbits=31)
        while not decoder.eof:
            if position >= len(raw):
                raise _CutError
            piece = raw[position : position + _SLICE]
            position += len(piece)
            yield decoder.decompress(piece, _SLICE)
            while decoder.unconsumed_tail:
                yield decoder.decompress(decoder.unconsumed_tail, _SLICE)
        position -= len(decoder.unused_data)
        if raw[position : position + 2] != GZIP:
            break
    else:
        raise zlib.error("too many members")
    if raw[position:].strip(b"\0"):
        notes.append("trailing-bytes")


def _inflate(raw: bytes, notes: list[str], wbits: int) -> Iterator[bytes]:
    decoder = zlib.decompressobj(wbits=wbits)
    position = 0
    while not decoder.eof and position < len(raw):
        pending = raw[position : position + _SLICE]
        position += len(pending)
        while pending:
            yield decoder.decompress(pending, _SLICE)
            pending = decoder.unconsumed_tail
    yield decoder.flush()
    if not decoder.eof:
        raise _CutError
    if decoder.unused_data or position < len(raw):
        notes.append("trailing-bytes")


def _inflate_any(raw: bytes, notes: list[str]) -> Iterator[bytes]:
    """`deflate` means zlib (RFC 9110 §8.4.1.2), but many servers send the bare stream."""
    wrapped = raw[0] & 0x0F == 8 and int.from_bytes(raw[:2], "big") % 31 == 0
    return _inflate(raw, notes, wbits=15 if wrapped else -15)


def _unbrotli(raw: bytes, _notes: list[str]) -> Iterator[bytes]:
    decoder = brotli.Decompressor()
    yield decoder.process(raw, output_buffer_limit=_SLICE)
    while not decoder.is_finished():
        if decoder.can_accept_more_data():
            raise _CutError
        yield decoder.process(b"", output_buffer_limit=_SLICE)


def _unzstd(raw: bytes, notes: list[str]) -> Iterator[bytes]:
    position = 0
    for _frame in range(MAX_MEMBERS):
        decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        while not decoder.eof:
            if position >= len(raw):
                raise _CutError
            piece = raw[position : position + _ZSTD_SLICE]
            position += len(piece)
            yield decoder.decompress(piece)
        position -= len(decoder.unused_data)
        if raw[position : position + 4] != ZSTD:
            break
    else:
        raise zstandard.ZstdError("too many frames")
    if raw[position:].strip(b"\0"):
        notes.append("trailing-bytes")


_UNPACKERS: dict[str, _Unpacker] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate_any,
    "br": _unbrotli,
    "zstd": _unzstd,
}
