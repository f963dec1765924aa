"""Captures cut out of finished WARC files: the one way in which what stands in raw/ changes.

The bytes of all other records are copied as they are, unread, so that damage elsewhere in a file neither stops a
takedown nor is healed by it. Where a capture stood a `metadata` record says that it was removed, never what it said
(ISO 28500 6.6: such a record describes another one, named by WARC-Refers-To).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from pipeline.archive import cdxj, index, warc
from pipeline.archive.cdxj import Ref
from pipeline.archive.sealing import SealedFile, measure, sidecar, write_sidecar
from pipeline.archive.store import beside, sha256_of, sync

_AT_ONCE = 1 << 20


def cut(raw: Path, file: str, ids: Collection[str], ticket: str, at: datetime) -> SealedFile | None:
    """Take captures out of a finished file, and make its sidecars and index rows anew; for the holder of the lock.

    The file keeps its name; None: nothing else was in it, and it is gone. Killed anywhere it can be done again and
    ends in the same bytes. Raises `warc.Damaged` where the file has no CDXJ and cannot be read itself.
    """
    path = raw / file
    if not path.is_file():
        _forget(raw, file)
        return None
    told = sidecar(raw, file)
    refs = listed(raw, file, ids)
    gone = {ref.id for ref in refs} & set(ids)
    if not gone and told is not None and told.sha256 == sha256_of(path) and index.rows(raw, file) == refs:
        return told
    left = _rewritten(path, refs, gone, ticket, at) if gone else refs
    if not left:
        path.unlink()
        _forget(raw, file)
        return None
    cdxj.write(raw, file, left)
    found = measure(file, path, left)
    write_sidecar(raw, found)
    index.remove(raw, file)
    index.add(raw, file, left)
    return found


def listed(raw: Path, file: str, ids: Collection[str] = ()) -> list[Ref]:
    """The captures of a file: from its CDXJ, which damage in the file leaves as it is, if that tells of it as it is.

    Where one of `ids` was cut out already, from the file.
    """
    rows, told = cdxj.rows(raw, file), sidecar(raw, file)
    if rows is None or told is None or told.size != (raw / file).stat().st_size:
        return cdxj.refs(raw, file)
    first = min((ref for ref in rows if ref.id in ids), key=lambda ref: ref.offset, default=None)
    # killed before the CDXJ was written, of one size by chance: what lies before the first is where it was
    return cdxj.refs(raw, file) if first is not None and _is_cut(raw / file, first) else rows


def _is_cut(path: Path, ref: Ref) -> bool:
    try:
        return is_note(next(warc.walk(path, ref.offset)))
    except (warc.Damaged, StopIteration):
        return False


def _forget(raw: Path, file: str) -> None:
    for ending in (".cdxj", ".sha256"):
        beside(raw, file, ending).unlink(missing_ok=True)
    index.remove(raw, file)


def _rewritten(
    path: Path, refs: Sequence[Ref], gone: Collection[str], ticket: str, at: datetime
) -> list[Ref]:
    """Put a file without some captures in the place of the one there is; the captures left, where they now lie."""
    temporary = path.with_name(path.name + ".tmp")
    size = path.stat().st_size
    left: list[Ref] = []
    with path.open("rb") as old, temporary.open("wb") as new:
        _copy(old, new, 0, refs[0].offset)
        for ref, stop in zip(refs, [*(ref.offset for ref in refs[1:]), size], strict=True):
            if ref.id not in gone:
                left.append(replace(ref, offset=new.tell()))
                _copy(old, new, ref.offset, stop)
                continue
            new.write(warc.member(note(ref.id, ticket, at)))
            for start, length in _notes(old, path.name, ref.offset, stop):
                _copy(old, new, start, start + length)
        new.flush()
        os.fsync(new.fileno())
    if left:
        temporary.replace(path)
        sync(path.parent)
    else:
        temporary.unlink()
    return left


def note(removed: str, ticket: str, at: datetime) -> bytes:
    """The record that stands where a capture stood."""
    headers = [
        ("WARC-Record-ID", f"<{warc.record_id('takedown', ticket, removed)}>"),
        ("WARC-Date", warc.iso(at)),
        ("WARC-Refers-To", f"<{removed}>"),
        ("Content-Type", warc.FIELDS_TYPE),
    ]
    pairs = [("takedown", ticket), ("taken-down-at", warc.iso(at)), ("removed", removed)]
    return warc.record("metadata", headers, warc.fields_block(pairs))


def _notes(stream: BinaryIO, name: str, start: int, stop: int) -> list[tuple[int, int]]:
    """Where behind a capture the notes of earlier takedowns lie; of what does not read nothing is kept."""
    found = []
    with suppress(warc.Damaged):
        for record in warc.walk_open(stream, name, start):
            if is_note(record):
                found.append((record.offset, record.length))
            if record.offset + record.length >= stop:
                break
    return found


def is_note(record: warc.Record) -> bool:
    """Whether a record only says that another one was removed."""
    return record.kind == "metadata" and "warc-refers-to" in record.headers


def _copy(old: BinaryIO, new: BinaryIO, start: int, stop: int) -> None:
    old.seek(start)
    while start < stop:
        data = old.read(min(_AT_ONCE, stop - start))
        if not data:
            return
        new.write(data)
        start += len(data)
