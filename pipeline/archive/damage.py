"""Damaged WARC files put right: what reads is kept, what does not is set aside, and the file says what it lost.

A capture whose record is lost stays in the file as a `metadata` record alone, with the outcome `damaged`: so it is in
the index, the ledger asks for its URL again, and a build has a row for it. The damaged bytes lie in `quarantine/`;
`repairs.jsonl` tells of each file what was lost, until somebody has acknowledged it. Only under the archive's lock.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.archive import cdxj, exchange, index, salvage, warc
from pipeline.archive.blocklist import url_hash
from pipeline.archive.cdxj import Ref
from pipeline.archive.journal import NAME, read_journal, write_journal
from pipeline.archive.repair import RepairReport, repair_locked
from pipeline.archive.sealing import SealedFile, measure, sidecar, write_sidecar
from pipeline.archive.store import WARC, lock, sync, write_all, write_whole
from pipeline.archive.verify import captures_of
from pipeline.errors import UsageError
from pipeline.records import Capture, Outcome
from pipeline.web.urls import url_key

logger = logging.getLogger("pipeline.archive")

JOURNAL = NAME
"""What was put right and what was lost with it, a line a file, in the folder of the archive."""

SOFTWARE = "zh-article-corpus repair"


@dataclass(frozen=True, slots=True, kw_only=True)
class LostCapture:
    """A capture whose record is gone."""

    id: str
    """WARC-Record-ID."""
    url: str
    """URL asked for."""
    source: str
    """Name of the source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One damaged file that was put right."""

    file: str
    """Path relative to the raw folder."""
    sealed: str
    """SHA-256 of the file as it was sealed; empty: its checksum was lost too."""
    found: str
    """SHA-256 of the damaged file."""
    now: str
    """SHA-256 of the file in its place."""
    kept: int
    """Captures that are whole."""
    lost: tuple[LostCapture, ...] = ()
    """Captures that are gone."""
    aside: tuple[str, ...] = ()
    """Files in quarantine/ with the bytes that do not read."""
    acknowledged: str | None = None
    """Who took note of the loss, and why it may be; None: nobody has, or nothing was lost."""


def repairs(raw: Path) -> list[Repair]:
    """What was put right so far, oldest first; CorpusError names the line that does not read."""
    return read_journal(raw / JOURNAL, _repair)


def _repair(row: dict[str, Any]) -> Repair:
    row["lost"] = tuple(LostCapture(**each) for each in row["lost"])
    return Repair(**{**row, "aside": tuple(row["aside"])})


def losses(raw: Path) -> list[Repair]:
    """The repairs with lost captures that nobody has acknowledged."""
    return [each for each in repairs(raw) if each.lost and each.acknowledged is None]


def acknowledge(raw: Path, why: str, file: str | None = None) -> list[Repair]:
    """Note that a loss (of one file, or all) is known and why it may be; those that were open.

    UsageError where none was.
    """
    done = repairs(raw)
    chosen = [each for each in losses(raw) if file is None or file in (each.file, Path(each.file).name)]
    if not chosen:
        raise UsageError(f"{raw}: no loss{f' in {file}' if file else ''} that is not acknowledged yet")
    write_journal(
        raw / JOURNAL, [replace(each, acknowledged=why) if each in chosen else each for each in done]
    )
    return chosen


def forget(raw: Path, urls: Collection[str]) -> None:
    """Take lost captures out of the journal, by the hashes of their URL keys; done again it changes nothing more."""
    known = repairs(raw)
    left = [
        replace(each, lost=tuple(lost for lost in each.lost if url_hash(url_key(lost.url)) not in urls))
        for each in known
    ]
    if left != known:
        write_journal(raw / JOURNAL, left)


Remembered = Callable[[], Sequence[Ref]]
"""Gives the captures that others know of (the rows of a version) and that stand in no index of the archive."""


def mend(raw: Path, remembered: Remembered = tuple) -> tuple[RepairReport, tuple[Repair, ...]]:
    """Look at every file: make lost sidecars anew, put damaged files right; BusyError while a writer runs.

    The report's `unproven` are the files of which nothing could be saved. `remembered`: see `put_right`.
    """
    with lock(raw):
        report = repair_locked(raw, thorough=True)
        done, hopeless = [], []
        for file, _ in report.unproven:
            try:
                done.append(put_right(raw, file, remembered))
            except (warc.Damaged, OSError) as error:
                hopeless.append((file, str(error)))
        return replace(report, unproven=tuple(hopeless)), tuple(done)


def put_right(raw: Path, file: str, remembered: Remembered = tuple) -> Repair:
    """Make a damaged file whole again with what reads in it; for the holder of the archive's lock.

    What the file lost is told by its CDXJ, else by the daily index, else by those of the remembered captures within
    its time. Killed anywhere, it starts over and ends in
    the same bytes. `warc.Damaged` where nothing reads and nothing tells what was in the file.
    """
    path, told = raw / file, sidecar(raw, file)
    found = salvage.sha256_of(path)
    earlier = next((each for each in repairs(raw) if each.file == file and each.now == found), None)
    if earlier is not None:  # killed after the file was put in its place
        _finish(raw, file)
        return earlier
    known = listed(raw, file)
    survey = _survey(path, known)
    if not known:
        known = _within(told, remembered(), survey.kept)
    if not survey.kept and not known:
        raise warc.Damaged(
            f"{file}: nothing in it reads, and nothing tells what it held; put it back from a copy"
        )
    added = _added(survey, known)
    aside = _set_aside(raw, path, found, survey.broken)
    beside = path.with_name(path.name + ".tmp")
    _write(beside, file, path, survey, added)
    done = Repair(
        file=file,
        sealed=told.sha256 if told else "",
        found=found,
        now=salvage.sha256_of(beside),
        kept=len(survey.kept),
        lost=tuple(lost for _, _, lost in added if lost is not None),
        aside=aside,
    )
    write_journal(
        raw / JOURNAL, [*(each for each in repairs(raw) if (each.file, each.found) != (file, found)), done]
    )
    beside.replace(path)
    sync(path.parent)
    _finish(raw, file)
    logger.warning("%s: %d captures kept, %d lost", file, done.kept, len(done.lost))
    return done


@dataclass(slots=True, kw_only=True)
class _Survey:
    """What a damaged file still holds."""

    mains: dict[str, warc.Record] = field(default_factory=dict)
    """id → response, revisit or resource record, its block left out."""
    told: set[str] = field(default_factory=set)
    """Ids of these whose metadata record is there."""
    alone: set[str] = field(default_factory=set)
    """Ids of visits without an answer."""
    orphans: list[warc.Record] = field(default_factory=list)
    """Metadata records of which the response is gone."""
    known: Sequence[Ref] = ()
    """The file's rows as they were written."""
    broken: list[salvage.Piece] = field(default_factory=list)
    """What does not read."""
    run: str = ""
    """The run that wrote the file, as its records say."""
    has_info: bool = False
    """Whether its warcinfo record is there."""

    @property
    def kept(self) -> set[str]:
        """Ids of the captures that are whole."""
        return self.mains.keys() | self.alone


def _survey(path: Path, known: Sequence[Ref]) -> _Survey:
    seen = _Survey(known=known)
    for piece in salvage.pieces(path, known):
        record = piece.record
        if record is None:
            seen.broken.append(piece)
        elif record.kind in exchange.MAIN:
            seen.mains[record.id] = replace(record, block=b"")
        elif record.kind == "warcinfo":
            seen.has_info = True
        elif record.kind == "metadata":
            about = record.headers.get("warc-concurrent-to", "").strip("<>")
            seen.run = seen.run or dict(warc.parse_fields(record.block)).get("run", "")
            if not about:
                seen.alone.add(record.id)
            elif about in seen.mains:
                seen.told.add(about)
            else:
                seen.orphans.append(record)
    return seen


def listed(raw: Path, file: str) -> list[Ref]:
    """The rows of a file as they were written: of its CDXJ, else of the daily index; none where both are lost."""
    listed = cdxj.rows(raw, file)
    if listed is not None:
        return listed
    try:
        return index.rows(raw, file)
    except (OSError, ValueError):
        return []


def _within(told: SealedFile | None, remembered: Sequence[Ref], kept: Collection[str]) -> list[Ref]:
    """Those of some captures that a file without rows held, to stand at its end: all that are of its time."""
    return [
        replace(ref, offset=_AT_END)
        for ref in remembered
        if ref.id not in kept and (told is None or told.first <= ref.fetched_at <= told.last)
    ]


_AT_END = 1 << 62
"""An offset behind every file's end."""

_Added = tuple[int, bytes, LostCapture | None]
"""A record that comes into the file: before which offset, its bytes, and the capture it says is lost."""


def _added(survey: _Survey, known: Sequence[Ref]) -> list[_Added]:
    """The records that stand for what is gone, in the order of the file."""
    run = survey.run or "unknown"
    orphans = {record.headers["warc-concurrent-to"].strip("<>"): record for record in survey.orphans}
    added: list[_Added] = []
    for ref in known:
        main = survey.mains.get(ref.id)
        if main is not None and ref.id not in survey.told:
            metadata = exchange.metadata(_as_told(ref, main), run, alone=False)
            added.append((main.offset + 1, warc.member(metadata), None))
        elif ref.id not in survey.kept and ref.id not in orphans:
            added.append(_gone(ref.offset, cdxj.capture_of(ref), run, is_lost=_had_answer(ref)))
    for ident, record in orphans.items():
        capture = exchange.unpack("", None, record)
        added.append(_gone(record.offset, replace(capture, id=ident), run, is_lost=True))
    return sorted(added, key=lambda each: each[0])


def _had_answer(ref: Ref) -> bool:
    return bool(ref.status or ref.digest)


def _gone(offset: int, capture: Capture, run: str, *, is_lost: bool) -> _Added:
    if is_lost:
        note = f"its record was damaged; it said {capture.outcome}, {capture.digest or 'no digest known'}"
        capture = replace(capture, outcome=Outcome.DAMAGED, notes=(*capture.notes, note))
    _, (record,) = exchange.pack(replace(capture, status=0, headers=()), exchange.Wire(), run)
    lost = LostCapture(id=capture.id, url=capture.url, source=capture.source)
    return offset, warc.member(record), lost if is_lost else None


def _as_told(ref: Ref, main: warc.Record) -> Capture:
    """A capture whose metadata record is gone: the row tells the same, but for its notes."""
    capture = cdxj.capture_of(ref)
    if main.kind == "resource":
        told = (main.headers.get("content-type"), ref.etag, ref.last_modified)
        pairs = zip(("Content-Type", "ETag", "Last-Modified"), told, strict=True)
        capture = replace(capture, headers=tuple((name, value) for name, value in pairs if value))
    return capture


def _set_aside(raw: Path, path: Path, found: str, broken: Sequence[salvage.Piece]) -> tuple[str, ...]:
    """Keep the bytes that do not read; the names of the files they are in."""
    names = []
    with path.open("rb") as stream:
        for piece in broken:
            name = f"{path.name.removesuffix(WARC)}.{found[:8]}.{piece.offset}.damaged"
            data = salvage.raw_bytes(stream.fileno(), piece.offset, piece.length)
            write_whole(raw / "quarantine" / name, data)
            names.append(name)
    return tuple(names)


def _write(beside: Path, file: str, path: Path, survey: _Survey, added: Sequence[_Added]) -> None:
    """The file anew: the members that read as they are, and among them the records that were added."""
    gone = {piece.offset for piece in survey.broken} | {record.offset for record in survey.orphans}
    fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        if not survey.has_info:
            write_all(fd, _info(file, survey))
        waiting = list(added)
        for piece in salvage.pieces(path, survey.known):
            while waiting and waiting[0][0] <= piece.offset:
                write_all(fd, waiting.pop(0)[1])
            if piece.offset not in gone:
                write_all(fd, piece.data)
        for _, data, _ in waiting:
            write_all(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)


def _info(file: str, survey: _Survey) -> bytes:
    """A `warcinfo` record in place of one that is gone."""
    times = [warc.moment(main.headers.get("warc-date", "")) for main in survey.mains.values()]
    times += [ref.fetched_at for ref in survey.known]
    at = min((each for each in times if each is not None), default=datetime(1970, 1, 1, tzinfo=UTC))
    return warc.member(warc.warcinfo(Path(file).name, at, survey.run or "unknown", SOFTWARE))


def _finish(raw: Path, file: str) -> None:
    """The sidecars and the index rows of a file that was put in its place."""
    found, wrong = captures_of(raw, file)
    if wrong:
        raise warc.Damaged(f"{file}: {'; '.join(wrong)}")
    write_sidecar(raw, measure(file, raw / file, found))
    cdxj.write(raw, file, found)
    index.remove(raw, file)
    index.add(raw, file, found)
