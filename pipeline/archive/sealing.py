"""Finished WARC files: sidecars made, name given, and what the sidecars say of them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.archive import cdxj, index, warc
from pipeline.archive.cdxj import Ref
from pipeline.archive.store import OPEN, beside, sha256_of, sync, warc_files, write_whole
from pipeline.records import Kind

logger = logging.getLogger("pipeline.archive")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    """A finished WARC file."""

    file: str
    """Path relative to the raw folder."""
    sha256: str
    """Of the file's bytes, hex."""
    size: int
    """Bytes."""
    captures: int
    """Captures in it, of every kind."""
    pages: int
    """Captures of kind page."""
    first: datetime
    """Time of its earliest capture, UTC."""
    last: datetime
    """Time of its latest capture, UTC."""


def seal(raw: Path, file: str, refs: Sequence[Ref]) -> SealedFile | None:
    """Gives an open file its sidecars, its rows in the daily index and, last, its final name.

    Killed anywhere, it can be done again and ends the same. A file without a capture is removed:
    None.
    """
    path = raw / (file + OPEN)
    if not refs:
        path.unlink()
        return None
    sync(path)
    cdxj.write(raw, file, refs)
    found = measure(file, path, refs)
    write_sidecar(raw, found)
    index.add(raw, file, refs)
    path.replace(raw / file)
    sync(path.parent)
    logger.info("sealed %s: %d captures, %d bytes", file, found.captures, found.size)
    return found


def measure(file: str, path: Path, refs: Sequence[Ref]) -> SealedFile:
    """What the sidecar of the file at `path` has to say, with these captures in it."""
    return SealedFile(
        file=file,
        sha256=sha256_of(path),
        size=path.stat().st_size,
        captures=len(refs),
        pages=sum(ref.kind == Kind.PAGE for ref in refs),
        first=min(ref.fetched_at for ref in refs),
        last=max(ref.fetched_at for ref in refs),
    )


def write_sidecar(raw: Path, found: SealedFile) -> None:
    """Writes `….sha256`: a line as `sha256sum -c` reads it, below a comment line with the counts."""
    counts = f"size={found.size} captures={found.captures} pages={found.pages}"
    span = f"first={warc.iso(found.first)} last={warc.iso(found.last)}"
    text = f"# {counts} {span}\n{found.sha256}  {Path(found.file).name}\n"
    write_whole(beside(raw, found.file, ".sha256"), text.encode())


def sidecar(raw: Path, file: str) -> SealedFile | None:
    """What the sidecar of a finished file says; None: it is lost or unreadable."""
    try:
        comment, line = beside(raw, file, ".sha256").read_text("ascii").splitlines()
        told = dict(word.split("=", 1) for word in comment.removeprefix("# ").split())
        first, last = warc.moment(told["first"]), warc.moment(told["last"])
        if first is None or last is None:
            raise ValueError(comment)
        return SealedFile(
            file=file,
            sha256=line.split()[0],
            size=int(told["size"]),
            captures=int(told["captures"]),
            pages=int(told["pages"]),
            first=first,
            last=last,
        )
    except (OSError, ValueError, KeyError, IndexError):
        return None


def sealed(raw: Path) -> list[SealedFile]:
    """The finished files by time of their first capture and name, from the sidecars.

    A file whose sidecar is lost is measured as it is now, each time, until a writer mended it. Raises
    `warc.Damaged` when such a file cannot be read.
    """
    files = [
        sidecar(raw, file) or measure(file, raw / file, cdxj.refs(raw, file)) for file in warc_files(raw)
    ]
    return sorted(files, key=lambda each: (each.first, each.file))
