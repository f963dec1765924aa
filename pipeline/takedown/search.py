"""A file of any kind asked whether it says something of a text: record by record, row by row, else as it is."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.archive import cdxj, warc
from pipeline.archive.store import OPEN, WARC
from pipeline.corpus.identity import document_id
from pipeline.dedupe.sketch import Hashes
from pipeline.takedown.grams import common, grams, said_by, unpacked
from pipeline.web.urls import url_key

_WINDOW, _OVERLAP = 4 << 20, 4096
"""Bytes of a file read at once, and read again with the next ones, so that no gram stands on a border."""

PARQUET = ".parquet"

Said = Iterator[tuple[tuple[str, ...], int]]
"""Names of a record or row, and how many of the grams it has; 0: it could not be read, and the name says why."""


def search(raw: Path, path: Path, wanted: Hashes) -> Said:
    """Where in a file of the archive, of a corpus or of what was set aside some of the wanted 13-grams stand."""
    try:
        if path.name.endswith((WARC, WARC + OPEN)):
            yield from _records(raw, path, wanted)
        elif PARQUET in path.suffixes:  # one that was set aside has a sum behind it
            yield from _rows(path, wanted)
        elif said := _bytes(path, wanted):
            yield (("",), said)
    except (OSError, ValueError, pa.ArrowException) as error:
        yield ((f"cannot be read: {error}",), 0)


def _records(raw: Path, path: Path, wanted: Hashes) -> Said:
    """The records of a WARC file, capture by capture, so that damage in one hides no other."""
    refs = cdxj.rows(raw, path.relative_to(raw).as_posix().removesuffix(OPEN)) or []
    starts = sorted({0, *(ref.offset for ref in refs)})
    for start, stop in zip(starts, [*starts[1:], path.stat().st_size], strict=True):
        try:
            for record in warc.walk(path, start):
                if said := said_by(record.block, wanted):
                    key = url_key(record.headers.get("warc-target-uri", ""))
                    yield ((record.id, document_id(key, 1)), said)
                if record.offset + record.length >= stop:
                    break
        except warc.Damaged as error:
            yield ((f"cannot be read: {error}",), 0)


def _rows(path: Path, wanted: Hashes) -> Said:
    file = pq.ParquetFile(path)
    for number in range(file.num_row_groups):
        table = file.read_row_group(number)
        if not len(common(wanted, grams("\n".join(_strings(table.columns))))):
            continue
        for row in table.to_pylist():
            if said := len(common(wanted, grams("\n".join(_values(row))))):
                yield ((str(row.get("id") or ""), str(row.get("capture") or "")), said)


def _strings(columns: Collection[Any]) -> Iterator[str]:
    """The strings in columns, however deep."""
    for column in columns:
        for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else (column,):
            if pa.types.is_string(chunk.type):
                yield from (value for value in chunk.to_pylist() if value)
            elif pa.types.is_list(chunk.type):
                yield from _strings([chunk.flatten()])
            elif pa.types.is_struct(chunk.type):
                yield from _strings(chunk.flatten())


def _values(value: Any) -> Iterator[str]:
    """The strings in a row, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _values(each)


def _bytes(path: Path, wanted: Hashes) -> int:
    said = 0
    with path.open("rb") as file:
        before = b""
        while data := file.read(_WINDOW):
            said = max(said, said_by(unpacked(before + data), wanted))
            before = data[-_OVERLAP:]
    return said
