"""Captures into WARC files and back; one writer at a time, sealed files never change.

A file is `….warc.gz.open` while it is written. Sealing writes the CDXJ and checksum sidecars and
then renames it, so whatever has its final name is whole. What a killed run left is put right by
`repair` before anything is appended. Order of a batch: append → fsync → ledger commit. The CDXJ is
written when the file is sealed; a repair makes it from the WARC itself, so it cannot be behind.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from pipeline.archive import warc
from pipeline.archive.cdxj import Ref, ref_of
from pipeline.archive.exchange import Earlier, Wire, pack
from pipeline.archive.repair import repair_locked
from pipeline.archive.sealing import seal
from pipeline.archive.store import OPEN, WARC, lock, sync, write_all, writer_name
from pipeline.records import Capture, Kind, Outcome, Place
from pipeline.web.fetched import Hop
from pipeline.web.urls import url_key

SOFTWARE = "zh-article-corpus"
ROLL_BYTES = 1 << 30
"""Heritrix, Browsertrix and CC-NEWS roll at 1 GB."""
KEEP_FREE = 256 << 20
"""A writer stops while this much disk is left, so that sealing still succeeds."""
LOOK_EVERY = 1 << 20
"""Bytes written between two looks at how much there is left."""
_NO_WIRE = Wire()


def utcnow() -> datetime:
    """The time now, aware UTC."""
    return datetime.now(UTC)


class Writer:
    """The archive's one writer, for the span of a run; used as a context manager.

    Entering takes the lock (BusyError) and repairs what a killed run left. Leaving seals the open file,
    also after an error. A run that writes nothing leaves no file.
    """

    def __init__(
        self,
        raw: Path,
        run_id: str,
        clock: Callable[[], datetime] = utcnow,
        roll_bytes: int = ROLL_BYTES,
        keep_free: int = KEEP_FREE,
        *,
        gives_way: bool = False,
    ) -> None:
        """`gives_way`: the caller looks at `store.is_wanted`, so others wait for it instead of being refused."""
        self.raw = raw
        self.run_id = run_id
        self._clock = clock
        self._roll_bytes = roll_bytes
        self._keep_free = keep_free
        self._written = 0
        self._serial = 0
        self._file = ""
        self._day = ""
        self._fd = -1
        self._end = 0
        self._look_at = 0
        self._refs: list[Ref] = []
        self._lock = lock(raw, gives_way=gives_way)

    def __enter__(self) -> Writer:
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
            if error is None or isinstance(error, Exception):
                self._seal()
            elif self._fd >= 0:
                # An interrupt may have struck between two steps of a write: trust the bytes alone.
                os.close(self._fd)
                repair_locked(self.raw)
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
        reason: str = "",
        resource: bool = False,
        without_body: bool = False,
    ) -> Capture:
        """Appends a capture and returns it as it will be read back, with id, digest and place.

        An empty `capture.id` is filled from run, serial, URL and time. `hops` are archived before it
        as captures of kind redirect. With `earlier` (from `Ledger.validators`) a 304 or an equal body
        becomes a revisit: body empty, outcome unchanged, refers_to set. `peer` is the address connected
        to, `truncated` a WARC-Truncated word (length, time, disconnect), `reason` what the server said
        behind the status; `resource` is for a body that did not come by HTTP; `without_body` returns it so.
        Raises OSError when the disk is nearly full (ENOSPC) or the write fails; the file is then as it was before.
        """
        for hop in hops:
            self._append(_redirect(capture, hop), _NO_WIRE, None)
        wire = Wire(
            request_headers=tuple(request_headers),
            peer=peer,
            truncated=truncated,
            resource=resource,
            reason=reason,
        )
        return self._append(capture, wire, earlier, without_body=without_body)

    @property
    def newest(self) -> Ref:
        """The index row of the capture that was written last."""
        return self._refs[-1]

    def flush(self) -> None:
        """Forces everything written to the disk; only then may the ledger commit."""
        if self._fd >= 0:
            os.fsync(self._fd)

    def _append(
        self, capture: Capture, wire: Wire, earlier: Earlier | None, *, without_body: bool = False
    ) -> Capture:
        self._turn()
        id = capture.id or warc.record_id(
            self.run_id, self._written, capture.url, warc.iso(capture.fetched_at)
        )
        capture, records = pack(capture, wire, self.run_id, earlier, id)
        members = [warc.member(each) for each in records]
        written = b"".join(members)
        try:
            write_all(self._fd, written)  # what is cut in two by a kill is put right by `repair`
        except BaseException:
            self._undo()
            raise
        place = Place(file=self._file, offset=self._end, length=len(members[0]))
        self._end += len(written)
        self._written += 1
        body, rendered = (b"", b"") if without_body else (capture.body, capture.rendered)
        capture = replace(capture, place=place, body=body, rendered=rendered)
        self._refs.append(ref_of(capture))
        return capture

    def _undo(self) -> None:
        """Takes back a half-written capture; where even that fails, the file is left to `repair`."""
        try:
            os.ftruncate(self._fd, self._end)
        except OSError:
            os.close(self._fd)
            self._fd = -1

    def _turn(self) -> None:
        """Opens the next file where there is none, the day turned, or the open one is full."""
        if self._end >= self._look_at:
            if shutil.disk_usage(self.raw).free < self._keep_free:
                raise OSError(errno.ENOSPC, f"less than {self._keep_free >> 20} MiB free", str(self.raw))
            self._look_at = self._end + LOOK_EVERY
        now = self._clock().astimezone(UTC)
        if self._fd >= 0 and (self._end >= self._roll_bytes or f"{now:%Y/%m/%d}" != self._day):
            self._seal()
        if self._fd < 0:
            self._open(now)

    def _open(self, now: datetime) -> None:
        self._day = f"{now:%Y/%m/%d}"
        folder = self.raw / "warc" / self._day
        folder.mkdir(parents=True, exist_ok=True)
        writer = writer_name(self.run_id)
        # ISO 28500 annex C: prefix-timestamp-serial-host; milliseconds as Heritrix writes them.
        stamp = f"{now:%Y%m%d%H%M%S}{now.microsecond // 1000:03d}"
        name = ""
        while not name or (folder / name).exists() or (folder / (name + OPEN)).exists():
            name = f"corpus-{stamp}-{self._serial:05d}-{writer}{WARC}"
            self._serial += 1
        info = warc.member(warc.warcinfo(name, now, self.run_id, SOFTWARE))
        path = folder / (name + OPEN)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        try:
            write_all(fd, info)
            sync(folder)
        except BaseException:
            os.close(fd)
            path.unlink()
            raise
        self._fd, self._file, self._end, self._refs = fd, f"warc/{self._day}/{name}", len(info), []
        self._look_at = len(info) + LOOK_EVERY

    def _seal(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            seal(self.raw, self._file, self._refs)


def _redirect(capture: Capture, hop: Hop) -> Capture:
    return Capture(
        id="",
        source=capture.source,
        kind=Kind.REDIRECT,
        url=hop.url,
        url_key=url_key(hop.url),
        final_url=hop.url,
        fetched_at=hop.fetched_at,
        status=hop.status,
        headers=hop.headers,
        body=hop.body,
        outcome=Outcome.REDIRECT,
        via=capture.url,
    )
