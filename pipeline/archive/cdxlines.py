"""The lines of an index in text, whatever form they have, as fields by name.

CDX       https://iipc.github.io/warc-specifications/specifications/cdx-format/cdx-2015/, any order of columns;
          without a header by the number of fields, as pywb tells them (warcserver/index/cdxobject.py)
CDXJ      as pywb, cdxj-indexer and Common Crawl write it: key, time, JSON
JSON      lines as index.commoncrawl.org answers, an array of arrays as web.archive.org does
ZipNum    a secondary index (`cluster.idx`: key and time, part, offset, length, number, by tabs), beside it the parts
          (`cdx-00000.gz`) in blocks of lines, a gzip member each
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, TextIO

from pipeline.archive.warc import Damaged
from pipeline.rules.signatures import GZIP

MAX_LINE = 1 << 20
"""Characters of one line that are read."""
MAX_BLOCK = 64 << 20
"""Bytes of a ZipNum block, unpacked: 3,000 lines in Common Crawl's."""

_LETTERS = {
    "N": "urlkey",
    "A": "urlkey",
    "b": "timestamp",
    "a": "url",
    "m": "mime",
    "s": "status",
    "k": "digest",
} | {
    "S": "length",
    "V": "offset",
    "g": "filename",
}
"""Letters of a CDX header, and the names they have here."""
_SERVER = ("urlkey", "timestamp", "url", "mime", "status", "digest")
_COLUMNS = {
    6: _SERVER,
    7: (*_SERVER, "length"),
    9: (*_SERVER, "redirect", "offset", "filename"),
    10: (*_SERVER, "redirect", "robots", "offset", "filename"),
    11: (*_SERVER, "redirect", "robots", "length", "offset", "filename"),
    12: (*_SERVER, "redirect", "offset", "filename", "of_length", "of_offset", "of_filename"),
    14: (
        *_SERVER,
        "redirect",
        "robots",
        "length",
        "offset",
        "filename",
        "of_length",
        "of_offset",
        "of_filename",
    ),
}
"""Number of fields → columns of a CDX line without a header; 6 and 7 are a CDX server's answers."""

Told = tuple[str, dict[str, Any] | str]
"""Which line, and its fields by name; or in words why it has none."""


def told(path: Path, domains: Collection[str]) -> Iterator[Told]:
    """Each line of an index that names a capture or cannot be read; Damaged where the file breaks off.

    Of a ZipNum cluster only the blocks are read in which the registrable `domains` may be.
    """
    with path.open("rb") as stream:
        packed = stream.read(2) == GZIP[:2]
    number = 0
    try:
        with _text(path, packed=packed) as lines:
            first = lines.readline(MAX_LINE)
            lines.seek(0)
            if _pointer(first) is not None:
                yield from _zipnum(path, lines, domains)
            elif first.lstrip().startswith("["):
                yield from _array(lines)
            else:
                columns: list[str] = []
                while line := lines.readline(MAX_LINE):
                    number += 1
                    yield from _line(line.strip(), columns, f"line {number}")
    except (OSError, EOFError, zlib.error) as error:
        raise Damaged(f"unreadable after {number} lines: {error}") from error


def _text(path: Path, *, packed: bool) -> TextIO:
    if packed:
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace")
    return path.open("r", encoding="utf-8-sig", errors="replace")


def _line(line: str, columns: list[str], where: str) -> Iterator[Told]:
    """What a line tells; a header sets the columns of those after it."""
    if not line or line.startswith(("!", "#")):  # headers and remarks of CDXJ
        return
    if line.startswith("CDX "):
        columns[:] = [_LETTERS.get(letter, letter) for letter in line.split()[1:]]
        return
    words = line.split(maxsplit=2)
    is_json = words[0].startswith("{")
    if is_json or (len(words) == 3 and words[2].startswith("{")):
        fields = _json(line if is_json else words[2])
        stamp = {} if is_json else {"timestamp": words[1]}
        yield where, stamp | fields if isinstance(fields, dict) else "its JSON does not read"
        return
    cells = line.split()
    names = columns or _COLUMNS.get(len(cells), ())
    if len(cells) == len(names):
        yield where, dict(zip(names, cells, strict=True))
    elif len(cells) == 1:
        yield where, "one word: a resumption key, if it is the last line: the index goes on from there"
    else:
        yield where, f"{len(cells)} fields" + (f" under {len(columns)} columns" if columns else "")


def _array(stream: TextIO) -> Iterator[Told]:
    """The rows of a JSON array of arrays, the first of which has the names; each is read by itself."""
    decoder = json.JSONDecoder()
    names: list[str] | None = None
    number, buffer, is_inside = 0, "", False
    while chunk := stream.read(MAX_LINE):
        buffer += chunk
        while True:
            buffer = buffer.lstrip(" \t\r\n,")
            if not is_inside and buffer.startswith("["):
                buffer, is_inside = buffer[1:], True
                continue
            if buffer.startswith("]"):
                break
            try:
                row, end = decoder.raw_decode(buffer)
            except (ValueError, RecursionError):
                line, newline, rest = buffer.partition("\n")
                if not newline or not line.rstrip(", \r").endswith("]"):
                    break  # the rest of it is in the next chunk
                buffer, row, end = rest, None, 0
            buffer = buffer[end:]
            number += 1
            if names is None and isinstance(row, list) and "timestamp" in row:
                names = [str(cell) for cell in row]
            elif row != []:  # an empty one stands before the resumption key
                yield f"row {number}", _cells(row, names)
        if len(buffer) > MAX_LINE:
            raise Damaged(f"no JSON array of rows: what follows row {number} does not read")
    if buffer.strip() != "]":
        yield f"row {number + 1}", "the array breaks off here"


def _cells(row: Any, names: list[str] | None) -> dict[str, Any] | str:
    if names is None:
        return "no row of names before it"
    if not isinstance(row, list) or len(row) != len(names):
        is_key = isinstance(row, list) and len(row) == 1
        return "a resumption key: the index goes on from there" if is_key else f"no row of {len(names)} cells"
    return dict(zip(names, row, strict=True))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _pointer(line: str) -> tuple[str, str, int, int] | None:
    """Key and time, part, offset and length of a line of a secondary index; None: it is none."""
    cells = line.rstrip("\r\n").split("\t")
    if len(cells) < 4 or not all(
        cell.isascii() and cell.isdecimal() and len(cell) < 16 for cell in cells[2:4]
    ):
        return None
    return cells[0], cells[1], int(cells[2]), int(cells[3])


def _zipnum(path: Path, lines: TextIO, domains: Collection[str]) -> Iterator[Told]:
    """The lines of the blocks that a secondary index names."""
    keys = [",".join(reversed(name.split("."))) for name in domains]
    before: tuple[str, tuple[str, str, int, int]] | None = None
    for number, line in enumerate(lines, 1):
        here = _pointer(line)
        if here is None:
            yield (
                f"line {number}",
                "no line of a secondary index: key and time, part, offset, length, by tabs",
            )
            continue
        if before is not None and _may_hold(before[1][0], here[0], keys):
            yield from _block(path, *before)
        before = f"line {number}", here
    if before is not None and _may_hold(before[1][0], None, keys):
        yield from _block(path, *before)


def _may_hold(first: str, after: str | None, keys: Collection[str]) -> bool:
    """Whether a block from one key to another may hold any of some domains; theirs go on with `)`, `,` or `:`."""
    return not keys or any(first < f"{key};" and (after is None or after >= f"{key})") for key in keys)


def _block(path: Path, where: str, pointer: tuple[str, str, int, int]) -> Iterator[Told]:
    _, part, offset, length = pointer
    there = next((p for p in (path.parent / part, path.parent / f"{part}.gz") if p.is_file()), None)
    if there is None or there.resolve().parent != path.parent.resolve():
        yield where, f"its part {part} does not stand beside the index"
        return
    with there.open("rb") as stream:
        stream.seek(offset)
        packed = stream.read(min(length, MAX_BLOCK))
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        block = unpacker.decompress(packed, MAX_BLOCK)
    except zlib.error as error:
        yield where, f"its block in {part} does not unpack: {error}"
        return
    if not unpacker.eof:
        yield where, f"its block in {part} is cut off"
    columns: list[str] = []
    for number, line in enumerate(io.StringIO(block.decode("utf-8", "replace")), 1):
        yield from _line(line.strip(), columns, f"{where}, block of {part}, line {number}")
