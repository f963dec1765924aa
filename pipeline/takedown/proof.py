"""The proof of a takedown: every byte of archive, work folder and corpus asked whether it says something of the text.

WARC records are unpacked, Parquet files read column by column, everything else is read as it is. Arrays of numbers
(`.npy`) hold no letters and are passed over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.archive import cdxj, warc
from pipeline.archive.store import OPEN, WARC
from pipeline.archive.takedowns import Takedown
from pipeline.corpus.identity import document_id
from pipeline.corpus.job import Job, Progress
from pipeline.dedupe.purge import inode
from pipeline.dedupe.sketch import Hashes
from pipeline.takedown.carry_out import load_grams
from pipeline.takedown.grams import common, grams, said_by, unpacked
from pipeline.web.urls import url_key

_WINDOW, _OVERLAP = 4 << 20, 4096
"""Bytes of a file read at once, and read again with the next ones, so that no gram stands on a border."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A place in which something of the text stands, or that could not be read."""

    file: str
    """The file."""
    what: str
    """The record or row in it, or why it was not read."""
    grams: int
    """How many of the 13-grams stand there; 0: it could not be read."""
    kept: bool
    """Whether it is a document that was left where it stands, as the takedown said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a search found."""

    files: int
    """Files read, those that versions share once."""
    size: int
    """Their bytes."""
    wanted: int
    """The 13-grams looked for."""
    findings: tuple[Finding, ...]
    """Where they stand."""

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The findings that should not be."""
        return tuple(each for each in self.findings if not each.kept)


def prove(job: Job, takedown: Takedown, progress: Progress) -> Proof:
    """Search every file of archive, work folder and corpus for the 13-grams of a takedown; changes nothing."""
    wanted, kept = load_grams(job.raw, takedown.ticket), frozenset(takedown.kept)
    files = list(_files(job))
    findings: list[Finding] = []
    for number, path in enumerate(files, 1):
        for what, said in _search(job.raw, path, wanted):
            known = any(name in kept for name in what)
            findings.append(
                Finding(file=str(path), what=" ".join(name for name in what if name), grams=said, kept=known)
            )
        progress("searching", number, len(files))
    size = sum(path.stat().st_size for path in files)
    return Proof(files=len(files), size=size, wanted=len(wanted), findings=tuple(findings))


def _files(job: Job) -> Iterator[Path]:
    seen: set[tuple[int, int]] = set()
    for folder in (job.raw, job.work, job.clean):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and path.suffix != ".npy" and inode(path) not in seen:
                seen.add(inode(path))
                yield path


_Said = Iterator[tuple[tuple[str, ...], int]]
"""Names of a record or row, and how many of the grams it has."""


def _search(raw: Path, path: Path, wanted: Hashes) -> _Said:
    try:
        if path.name.endswith((WARC, WARC + OPEN)):
            yield from _records(raw, path, wanted)
        elif path.suffix == ".parquet":
            yield from _rows(path, wanted)
        elif said := _bytes(path, wanted):
            yield (("",), said)
    except (OSError, ValueError, pa.ArrowException) as error:
        yield ((f"cannot be read: {error}",), 0)


def _records(raw: Path, path: Path, wanted: Hashes) -> _Said:
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


def _rows(path: Path, wanted: Hashes) -> _Said:
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
