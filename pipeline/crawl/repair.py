"""What is made from a WARC file's own bytes: its seal, its sidecars, and a torn tail put right."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from pipeline.crawl import warc
from pipeline.crawl.archive import OPEN, Damaged, SealedFile, captures, lock, records
from pipeline.crawl.index import Ref, add, ref_of, write_cdxj


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairReport:
    """What start-up found and did."""

    sealed: tuple[str, ...] = ()
    """Files a killed run left open that were completed and sealed."""
    cut: tuple[tuple[str, int], ...] = ()
    """File and bytes of each torn tail, moved to raw/quarantine/."""
    removed: tuple[str, ...] = ()
    """Open files without a single capture, and half-written sidecars."""


def repair(raw: Path) -> RepairReport:
    """Cuts torn tails, seals what a killed run left open; raises Busy while a writer runs.

    Killed itself, it starts over. The bytes cut off stay in raw/quarantine/.
    """
    with lock(raw):
        return repair_locked(raw)


def repair_locked(raw: Path) -> RepairReport:
    """`repair` for the holder of the archive's lock."""
    done: list[str] = []
    cut: list[tuple[str, int]] = []
    removed: list[str] = []
    folder = raw / "warc"
    for path in sorted(folder.glob("*/*/*/*.tmp")):
        path.unlink()
        removed.append(path.relative_to(raw).as_posix())
    for path in sorted(folder.glob("*/*/*/*.warc.gz" + OPEN)):
        file = path.relative_to(raw).as_posix().removesuffix(OPEN)
        whole = committed_bytes(path)
        torn = path.stat().st_size - whole
        if torn:
            _quarantine(raw, path, whole)
            cut.append((file, torn))
        if seal(raw, file):
            done.append(file)
        else:
            removed.append(file)
    return RepairReport(sealed=tuple(done), cut=tuple(cut), removed=tuple(removed))


def committed_bytes(path: Path) -> int:
    """Bytes up to the end of the last whole capture; its metadata record is written last."""
    end = 0
    try:
        for record in records(path):
            if record.kind in {"warcinfo", "metadata"}:
                end = record.offset + record.length
    except Damaged:
        pass
    return end


def _quarantine(raw: Path, path: Path, whole: int) -> None:
    with path.open("rb") as stream:
        stream.seek(whole)
        tail = stream.read()
    folder = raw / "quarantine"
    folder.mkdir(exist_ok=True)
    write_whole(folder / f"{path.name.removesuffix(OPEN)}.{whole}.tail", tail)
    os.truncate(path, whole)


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file so that it is there whole or not at all: temporary name, fsync, rename."""
    temporary = path.with_name(path.name + ".tmp")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        os.fsync(fd)
    finally:
        os.close(fd)
    os.replace(temporary, path)


def seal(raw: Path, file: str) -> SealedFile | None:
    """Writes the sidecars of an open file and gives it its final name; None: it held no capture."""
    path = raw / (file + OPEN)
    refs = [ref_of(each) for each in captures(records(path), file)]
    if not refs:
        path.unlink()
        return None
    write_cdxj(raw, file, refs)
    found = _write_sidecar(raw, path, file, refs)
    os.replace(path, raw / file)
    _sync_folder(path.parent)
    add(raw, file, refs)
    return found


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _write_sidecar(raw: Path, path: Path, file: str, refs: list[Ref]) -> SealedFile:
    """`….sha256` as `sha256sum -c` reads it, the counts in a comment line above."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    times = sorted(ref.fetched_at for ref in refs)
    found = SealedFile(
        file=file,
        sha256=digest,
        captures=len(refs),
        pages=sum(ref.kind == "page" for ref in refs),
        first=times[0],
        last=times[-1],
    )
    words = f"captures={found.captures} pages={found.pages}"
    span = f"first={warc.iso(found.first)} last={warc.iso(found.last)}"
    text = f"# {words} {span}\n{digest}  {Path(file).name}\n"
    write_whole(raw / (file.removesuffix(".warc.gz") + ".sha256"), text.encode("ascii"))
    return found


def sidecar(raw: Path, file: str) -> SealedFile:
    """The counts and checksum of a sealed file; its sidecars are made again where they are missing."""
    try:
        comment, line = (raw / (file.removesuffix(".warc.gz") + ".sha256")).read_text("ascii").splitlines()
        told = dict(word.split("=", 1) for word in comment.removeprefix("# ").split())
        first, last = warc.moment(told["first"]), warc.moment(told["last"])
        if first is None or last is None:
            raise ValueError("no dates")
        return SealedFile(
            file=file,
            sha256=line.split()[0],
            captures=int(told["captures"]),
            pages=int(told["pages"]),
            first=first,
            last=last,
        )
    except (OSError, ValueError, KeyError, IndexError):
        refs = [ref_of(each) for each in captures(records(raw / file), file)]
        write_cdxj(raw, file, refs)
        return _write_sidecar(raw, raw / file, file, refs)
