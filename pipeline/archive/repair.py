"""What a killed run left behind, put right: torn tails cut off, open files sealed."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from pipeline.archive import warc
from pipeline.archive.exchange import captures
from pipeline.archive.index import ref_of
from pipeline.archive.sealing import seal
from pipeline.archive.store import OPEN, WARC, lock, warc_files, write_whole

logger = logging.getLogger("pipeline.archive")


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairReport:
    """What a repair found and did."""

    sealed: tuple[str, ...] = ()
    """Files that a killed run left open and that are now finished."""
    empty: tuple[str, ...] = ()
    """Files left open without one whole capture, removed."""
    cut: tuple[tuple[str, int], ...] = ()
    """File and bytes of each torn tail; the bytes lie in raw/quarantine/."""


def repair(raw: Path) -> RepairReport:
    """Finishes what a killed run left open; raises BusyError while a writer runs.

    Captures are kept up to the last whole one; its metadata record is written last, so a group of
    records that lacks it goes to raw/quarantine/ with the torn tail. Killed itself, it starts over.
    """
    with lock(raw):
        return repair_locked(raw)


def repair_locked(raw: Path) -> RepairReport:
    """`repair` for the holder of the archive's lock."""
    for pattern in ("warc/*/*/*/*.tmp", "index/*/*.tmp", "quarantine/*.tmp"):
        for path in raw.glob(pattern):
            path.unlink()
    done: list[str] = []
    empty: list[str] = []
    cut: list[tuple[str, int]] = []
    for name in warc_files(raw, WARC + OPEN):
        file = name.removesuffix(OPEN)
        torn = _cut_tail(raw, raw / name)
        if torn:
            logger.warning("%s: %d bytes of a torn tail went to quarantine", file, torn)
            cut.append((file, torn))
        refs = [ref_of(capture) for capture in captures(warc.walk(raw / name), file)]
        (done if seal(raw, file, refs) else empty).append(file)
    return RepairReport(sealed=tuple(done), empty=tuple(empty), cut=tuple(cut))


def _cut_tail(raw: Path, path: Path) -> int:
    """Moves what follows the last whole capture into quarantine; returns its bytes."""
    end = 0
    try:
        for record in warc.walk(path):
            if record.kind in {"warcinfo", "metadata"}:
                end = record.offset + record.length
    except warc.Damaged:
        pass
    torn = path.stat().st_size - end
    if torn:
        with path.open("rb") as stream:
            stream.seek(end)
            tail = stream.read()
        write_whole(raw / "quarantine" / f"{path.name.removesuffix(OPEN)}.{end}.tail", tail)
        os.truncate(path, end)
    return torn
