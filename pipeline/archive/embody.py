"""Pages given a body of their own, before the response of another URL that they repeat is taken down.

A page whose body another URL's response holds (a revisit across URLs) stays when that one goes: it becomes a response
itself, under its id and of its time, and the later visits of its URL repeat that.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO

from pipeline.archive import cdxj, exchange, index, warc
from pipeline.archive.cdxj import Ref, earlier_of
from pipeline.archive.exchange import Wire
from pipeline.archive.reader import original
from pipeline.archive.removal import listed
from pipeline.archive.sealing import measure, write_sidecar
from pipeline.archive.store import sync
from pipeline.archive.warc import Damaged
from pipeline.records import Outcome


def leaning(raw: Path, gone: Collection[str]) -> list[Ref]:
    """The captures of finished files that repeat one of those that go and stay themselves, by file and offset."""
    return [ref for ref in index.repeating(raw, gone) if ref.id not in gone]


def embody(raw: Path, file: str, gone: Collection[str]) -> None:
    """Write a finished file anew in which no capture that stays repeats one that goes; for the holder of the lock.

    For every file of `leaning`, before it or another is cut (`removal.cut`). Killed anywhere it can be done again and
    ends in the same bytes. Where the body cannot be read any more the visit is left, and is read as `damaged`.
    """
    path = raw / file
    if not path.is_file():
        return
    refs = listed(raw, file)
    todo = {ref.id for ref in refs if ref.refers_to in gone and ref.id not in gone}
    if not todo:  # what a kill left of the sidecars is made anew by `cut`
        return
    refs = _rewritten(raw, path, refs, todo)
    cdxj.write(raw, file, refs)
    write_sidecar(raw, measure(file, path, refs))
    index.remove(raw, file)
    index.add(raw, file, refs)


def _rewritten(raw: Path, path: Path, refs: Sequence[Ref], todo: Collection[str]) -> list[Ref]:
    """Put a file with some captures written otherwise in its own place; all captures, where they now lie."""
    temporary = path.with_name(path.name + ".tmp")
    keys = {ref.url_key for ref in refs if ref.id in todo and ref.outcome != Outcome.OK}
    own = {(ref.url_key, ref.digest): ref for ref in _with_bodies(raw, keys)}
    left: list[Ref] = []
    with path.open("rb") as old, temporary.open("wb") as new:
        new.write(old.read(refs[0].offset))
        ends = [*(ref.offset for ref in refs[1:]), path.stat().st_size]
        for ref, end in zip(refs, ends, strict=True):
            start = new.tell()
            found = _otherwise(raw, old, ref, end, own) if ref.id in todo else None
            old.seek(ref.offset)
            stood, members = found or (ref, [old.read(end - ref.offset)])
            length = ref.length if found is None else len(members[0])
            left.append(replace(stood, offset=start, length=length))
            for each in members:
                new.write(each)
        new.flush()
        os.fsync(new.fileno())
    temporary.replace(path)
    sync(path.parent)
    return left


def _with_bodies(raw: Path, keys: Collection[str]) -> list[Ref]:
    """The captures of some URLs that have a body, or will have one by then, in the order of their time."""
    found = index.find(raw, url_keys=keys) if keys else []
    return sorted((ref for ref in found if ref.outcome == Outcome.OK), key=lambda ref: ref.fetched_at)


def _otherwise(
    raw: Path, old: BinaryIO, ref: Ref, end: int, own: Mapping[tuple[str, str], Ref]
) -> tuple[Ref, list[bytes]] | None:
    """A capture as it stands by itself, row and members; None: what it repeats cannot be read, or is not there."""
    try:
        main, *rest = takewhile(lambda each: each.offset < end, warc.scan(raw / ref.file, ref.offset))
    except Damaged:
        return None
    capture = exchange.unpack(ref.file, main, next((each for each in rest if _tells_of(each, ref.id)), None))
    wire = Wire(peer=main.headers.get("warc-ip-address"), truncated=main.headers.get("warc-truncated"))
    if ref.outcome == Outcome.OK:
        try:
            whole = original(raw, capture)
        except (FileNotFoundError, Damaged):
            whole = None
        if whole is None:
            return None
        capture = replace(capture, body=whole.body, refers_to=None, twin=None)  # it names the page that goes
        head = exchange.response(capture, wire)
    else:
        there = own.get((ref.url_key, ref.digest))
        if there is None:
            return None
        capture = replace(capture, refers_to=there.id)
        profile = main.headers.get("warc-profile", "").removeprefix(exchange.PROFILE)
        head = exchange.revisit(capture, wire, profile, earlier_of(there))
    members = [warc.member(head)]
    for each in rest:
        if _tells_of(each, ref.id):
            run = dict(warc.parse_fields(each.block)).get("run", "unknown")
            members.append(warc.member(exchange.metadata(capture, run, alone=False)))
        else:
            old.seek(each.offset)
            members.append(old.read(each.length))
    return cdxj.ref_of(capture), members


def _tells_of(record: warc.Record, id: str) -> bool:
    """Whether a record is the metadata of a capture."""
    return record.kind == "metadata" and record.headers.get("warc-concurrent-to", "").strip("<>") == id
