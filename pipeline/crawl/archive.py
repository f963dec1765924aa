"""Captures into WARC files and back; one writer at a time, sealed files never change.

A file is `….warc.gz.open` while it is written. Sealing writes the CDXJ and checksum sidecars and
then renames it, so whatever has its final name is whole. What a killed run left is put right by
`repair` before anything is appended. Order of a batch: append → fsync → ledger commit; the CDXJ is
made from the WARC itself when the file is sealed, so it cannot be behind.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from pipeline.crawl import warc
from pipeline.crawl.urls import url_key
from pipeline.crawl.warc import Earlier, Wire
from pipeline.records import Capture, Place

if TYPE_CHECKING:
    from pipeline.crawl.fetch import Hop

SOFTWARE = "zh-article-corpus"
OPEN = ".open"
ROLL_BYTES = 1 << 30
"""Heritrix, Browsertrix and CC-NEWS roll at 1 GB."""
KEEP_FREE = 256 << 20
"""A writer stops while this much disk is left, so that sealing still succeeds."""
_CHUNK = 256 << 10
_NO_WIRE = Wire()


class Busy(RuntimeError):
    """Another process writes to this archive."""


class Damaged(ValueError):
    """A WARC file that does not read as written: file and offset of the first bad member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    """A finished WARC file."""

    file: str
    """Path relative to the raw folder."""
    sha256: str
    """Of the file's bytes, hex."""
    captures: int
    """Captures in it, of every kind."""
    pages: int
    """Captures of kind page."""
    first: datetime
    """Time of its earliest capture, UTC."""
    last: datetime
    """Time of its latest capture, UTC."""


@contextmanager
def lock(raw: Path) -> Iterator[None]:
    """Holds the archive's only writer lock; raises Busy at once when another process has it.

    The lock is the kernel's (flock), so it dies with its process.
    """
    raw.mkdir(parents=True, exist_ok=True)
    held = FileLock(raw / ".lock")
    try:
        held.acquire(timeout=0)
    except Timeout:
        raise Busy(f"another run writes to {raw}") from None
    try:
        yield
    finally:
        held.release()


def utcnow() -> datetime:
    """The time now, aware UTC."""
    return datetime.now(UTC)


class Writer:
    """The archive's one writer, for the span of a run; used as a context manager.

    Entering takes the lock (Busy) and repairs what a killed run left. Leaving seals the open file,
    also after an error. A run that writes nothing leaves no file.
    """

    def __init__(
        self,
        raw: Path,
        run_id: str,
        clock: Callable[[], datetime] = utcnow,
        roll_bytes: int = ROLL_BYTES,
        keep_free: int = KEEP_FREE,
    ) -> None:
        self.raw = raw
        self.run_id = run_id
        self._clock = clock
        self._roll_bytes = roll_bytes
        self._keep_free = keep_free
        self._written = 0
        self._files = 0
        self._file = ""
        self._day = ""
        self._fd = -1
        self._end = 0
        self._lock = lock(raw)

    def __enter__(self) -> Writer:
        from pipeline.crawl.repair import repair_locked

        self._lock.__enter__()
        try:
            repair_locked(self.raw)
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._seal()
        finally:
            self._lock.__exit__(None, None, None)

    def write(
        self,
        capture: Capture,
        *,
        request_headers: Sequence[tuple[str, str]] = (),
        hops: Sequence[Hop] = (),
        earlier: Earlier | None = None,
        peer: str | None = None,
        truncated: str | None = None,
        protocol: str | None = None,
    ) -> Capture:
        """Appends a capture and returns it as it will be read back, with id, digest and place.

        An empty `capture.id` is filled from run, serial, URL and time. `hops` are archived before it
        as captures of kind redirect. With `earlier` (from `Ledger.validators`) a 304 or an equal body
        becomes a revisit: body empty, outcome unchanged, refers_to set. `peer` is the address connected
        to, `truncated` a WARC-Truncated word (length, time, disconnect), `protocol` as spoken (h2).
        Raises OSError when the disk is full or the write fails; the file is then as it was before.
        """
        for hop in hops:
            self._append(_redirect(capture, hop), _NO_WIRE, None)
        wire = Wire(request_headers=tuple(request_headers), peer=peer, truncated=truncated, protocol=protocol)
        return self._append(capture, wire, earlier)

    def flush(self) -> None:
        """Forces everything written to the disk; only then may the ledger commit."""
        if self._fd >= 0:
            os.fsync(self._fd)

    def _append(self, capture: Capture, wire: Wire, earlier: Earlier | None) -> Capture:
        self._turn(capture)
        if not capture.id:
            name = warc.record_id(self.run_id, self._written, capture.url, warc.iso(capture.fetched_at))
            capture = replace(capture, id=name)
        capture, records = warc.pack(capture, wire, self.run_id, earlier)
        members = [warc.member(each) for each in records]
        start = self._end
        try:
            for each in members:
                self._put(each)
        except BaseException:
            os.ftruncate(self._fd, start)
            self._end = start
            raise
        self._written += 1
        return replace(capture, place=Place(file=self._file, offset=start, length=len(members[0])))

    def _put(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            done = os.write(self._fd, view)
            self._end += done
            view = view[done:]

    def _turn(self, capture: Capture) -> None:
        """Opens the next file where there is none, the day turned, or the open one is full."""
        if shutil.disk_usage(self.raw).free < self._keep_free:
            raise OSError(errno.ENOSPC, f"less than {self._keep_free >> 20} MiB free", str(self.raw))
        now = self._clock().astimezone(UTC)
        if self._fd >= 0 and (self._end >= self._roll_bytes or f"{now:%Y/%m/%d}" != self._day):
            self._seal()
        if self._fd < 0:
            self._open(now)

    def _open(self, now: datetime) -> None:
        self._day = f"{now:%Y/%m/%d}"
        folder = self.raw / "warc" / self._day
        folder.mkdir(parents=True, exist_ok=True)
        writer = re.sub(r"[^A-Za-z0-9_.]", "_", self.run_id) or "run"
        while True:
            # ISO 28500 annex C: prefix-timestamp-serial-host; milliseconds as Heritrix writes them.
            stamp = f"{now:%Y%m%d%H%M%S}{now.microsecond // 1000:03d}"
            name = f"corpus-{stamp}-{self._files:05d}-{writer}.warc.gz"
            self._files += 1
            if not (folder / name).exists():
                break
        self._file = f"warc/{self._day}/{name}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        self._fd = os.open(self.raw / (self._file + OPEN), flags, 0o644)
        self._end = 0
        self._put(warc.member(warc.warcinfo(name, now, self.run_id, SOFTWARE)))

    def _seal(self) -> None:
        from pipeline.crawl.repair import seal

        if self._fd < 0:
            return
        fd, self._fd = self._fd, -1
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        seal(self.raw, self._file)


def _redirect(capture: Capture, hop: Hop) -> Capture:
    return Capture(
        id="",
        source=capture.source,
        kind="redirect",
        url=hop.url,
        url_key=url_key(hop.url),
        final_url=hop.url,
        fetched_at=hop.fetched_at,
        status=hop.status,
        headers=hop.headers,
        body=hop.body,
        outcome="redirect",
        via=capture.url,
    )


def path_of(raw: Path, file: str) -> Path:
    """The file's path on disk, `.open` while it is being written; raises FileNotFoundError."""
    for path in (raw / file, raw / (file + OPEN)):
        if path.is_file():
            return path
    raise FileNotFoundError(errno.ENOENT, "not in the archive", file)


def records(path: Path, offset: int = 0) -> Iterator[warc.Record]:
    """The records of one of our files from a member's offset on, strictly checked (length, CRC).

    Holds one record in memory. Raises Damaged at the first member that is cut, altered or not a
    WARC record; nothing is skipped in silence.
    """
    with path.open("rb") as stream:
        stream.seek(offset)
        pending = stream.read(_CHUNK)
        while pending:
            unpacker = zlib.decompressobj(31)
            parts = []
            length = 0
            while not unpacker.eof:
                try:
                    parts.append(unpacker.decompress(pending))
                except zlib.error as error:
                    raise Damaged(f"{path.name}: member at {offset}: {error}") from None
                length += len(pending) - len(unpacker.unused_data)
                pending = unpacker.unused_data or stream.read(_CHUNK)
                if not pending and not unpacker.eof:
                    raise Damaged(f"{path.name}: member at {offset} is cut off")
            record = warc.parse(b"".join(parts), offset, length)
            if record is None:
                raise Damaged(f"{path.name}: member at {offset} is not one whole WARC record")
            yield record
            offset += length


def captures(found: Iterator[warc.Record], file: str) -> Iterator[Capture]:
    """The captures that a run of records tells of; a response and its companions are one."""
    main: warc.Record | None = None
    for record in found:
        if record.kind in {"response", "revisit", "resource"}:
            if main is not None:
                yield warc.unpack(file, main, None)
            main = record
        elif record.kind == "metadata":
            about = record.headers.get("warc-concurrent-to", "").strip("<>")
            if main is not None and about == main.id:
                yield warc.unpack(file, main, record)
                main = None
            elif not about:
                yield warc.unpack(file, None, record)
    if main is not None:
        yield warc.unpack(file, main, None)


def read(raw: Path, file: str, offset: int = 0, count: int | None = None) -> Iterator[Capture]:
    """The captures of one WARC file in file order, from a record's offset on, at most `count`.

    A visit that got no answer is a metadata record alone and comes back as a capture too. Raises
    FileNotFoundError, and Damaged where the file does not read as written.
    """
    for number, capture in enumerate(captures(records(path_of(raw, file), offset), file), 1):
        if count is not None and number > count:
            return
        yield capture
        if number == count:
            return


def read_one(raw: Path, place: Place) -> Capture:
    """The capture at a place; raises Damaged when there is none."""
    for capture in read(raw, place.file, place.offset, 1):
        return capture
    raise Damaged(f"{place.file}: no capture at {place.offset}")


def sealed(raw: Path) -> list[SealedFile]:
    """The finished files by time of their first capture, from the sidecars alone."""
    from pipeline.crawl.repair import sidecar

    files = [
        sidecar(raw, path.relative_to(raw).as_posix()) for path in (raw / "warc").glob("*/*/*/*.warc.gz")
    ]
    return sorted(files, key=lambda each: (each.first, each.file))
