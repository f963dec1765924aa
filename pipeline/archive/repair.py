"""What killed runs left and what was lost, put right: torn tails cut off, open files sealed, sidecars made anew.

Nobody but a writer calls this, under the archive's lock; whoever reads does without what is lost.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from pipeline.archive import cdxj, index, warc
from pipeline.archive.cdxj import ref_of
from pipeline.archive.exchange import captures
from pipeline.archive.sealing import measure, seal, sidecar, write_sidecar
from pipeline.archive.store import OPEN, WARC, lock, sha256_of, warc_files, write_whole
from pipeline.archive.verify import captures_of

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
    remade: tuple[tuple[str, str], ...] = ()
    """Finished file and what was made anew for it: checksum, CDXJ or index."""
    unproven: tuple[tuple[str, str], ...] = ()
    """Finished file for which nothing was made anew, and why: nothing shows that it is what was sealed."""


def repair(raw: Path, *, thorough: bool = False) -> RepairReport:
    """Finishes what a killed run left open, makes lost sidecars anew; raises BusyError while a writer runs.

    Captures are kept up to the last whole one; its metadata record is written last, so a group of
    records that lacks it goes to raw/quarantine/ with the torn tail. Killed itself, it starts over.

    Of finished files that lack a sidecar or their rows in the daily index, the rest must show that they
    are what was sealed: see `_mend`. `thorough` looks at every file, and so also finds a sidecar that is
    there and does not tell what is in the file; it reads every byte.
    """
    with lock(raw):
        return repair_locked(raw, thorough=thorough)


def repair_locked(raw: Path, *, thorough: bool = False) -> RepairReport:
    """`repair` for the holder of the archive's lock."""
    for pattern in ("warc/*/*/*/*.tmp", "index/*/*.tmp", "quarantine/*.tmp", "withdrawn.tsv.tmp"):
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
    remade: list[tuple[str, str]] = []
    unproven: list[tuple[str, str]] = []
    for file in warc_files(raw) if thorough else _lacking(raw):
        try:
            made = _mend(raw, file)
        except (OSError, ValueError) as error:
            logger.warning("%s: not mended: %s", file, error)
            unproven.append((file, str(error)))
            continue
        if made:
            logger.warning("%s: made anew: %s", file, ", ".join(made))
        remade += [(file, what) for what in made]
    return RepairReport(
        sealed=tuple(done),
        empty=tuple(empty),
        cut=tuple(cut),
        remade=tuple(remade),
        unproven=tuple(unproven),
    )


def _lacking(raw: Path) -> list[str]:
    """The finished files that lack a sidecar, or rows in the daily index for their first or last day."""
    days = index.days(raw)
    lacking = []
    for file in warc_files(raw):
        told = sidecar(raw, file)
        have = days.get(index.parquet_name(file), set())
        if (
            told is None
            or not {told.first.date(), told.last.date()} <= have
            or not cdxj.is_current(raw, file)
        ):
            lacking.append(file)
    return lacking


def _mend(raw: Path, file: str) -> list[str]:
    """Makes anew what a finished file lacks beside it, if the rest shows it to be what was sealed.

    Its checksum shows it. Where that is lost: every gzip member and digest holds, and the captures in the
    file are those of its CDXJ or, if that is lost too, of the daily index; a file cut between two members
    would else pass for whole. Returns what was made; raises `warc.Damaged` with the reason if it is not shown.
    """
    told, listed, rows = sidecar(raw, file), cdxj.rows(raw, file), _rows(raw, file)
    if told is not None and told.sha256 != sha256_of(raw / file):
        raise warc.Damaged("not the bytes that its checksum was made of")
    found, wrong = captures_of(raw, file)
    if wrong:
        raise warc.Damaged("; ".join(wrong))
    if told is None and found != (rows if listed is None else listed):
        raise warc.Damaged("its checksum is lost, and neither CDXJ nor daily index tells what is in it")
    made = []
    if told is None:
        write_sidecar(raw, measure(file, raw / file, found))
        made.append("checksum")
    if found != listed or not cdxj.is_current(raw, file):
        cdxj.write(raw, file, found)
        made.append("CDXJ")
    if found != rows:
        index.remove(raw, file)
        index.add(raw, file, found)
        made.append("index")
    return made


def _rows(raw: Path, file: str) -> list[cdxj.Ref] | None:
    """What the daily index holds of a file; None: it does not read."""
    try:
        return index.rows(raw, file)
    except (OSError, ValueError):
        return None


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
