"""`raw/` as a folder: its one lock, where a file lies, and writing a file whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import re
from contextlib import AbstractContextManager
from pathlib import Path

from pipeline.locking import is_wanted as is_lock_wanted
from pipeline.locking import only_writer

OPEN = ".open"
"""Ending of a WARC file that is still being written."""
WARC = ".warc.gz"
LOCK = ".lock"
"""Name of the lock file."""


def lock(raw: Path, *, gives_way: bool = False) -> AbstractContextManager[None]:
    """Holds the archive's only writer lock; raises BusyError at once when another run has it.

    One that `gives_way` lets go when `is_wanted` says so, and is waited for.
    """
    busy = f"{raw}: another run writes to this archive; wait for it to end"
    return only_writer(raw / LOCK, busy, gives_way=gives_way)


def is_wanted(raw: Path) -> bool:
    """Whether another run waits for one that gives way."""
    return is_lock_wanted(raw / LOCK)


def warc_files(raw: Path, ending: str = WARC) -> list[str]:
    """Names of the WARC files, relative to the raw folder and sorted; `ending` may ask for open ones."""
    return sorted(path.relative_to(raw).as_posix() for path in (raw / "warc").glob(f"*/*/*/*{ending}"))


def writer_name(run_id: str) -> str:
    """What of a run's name stands at the end of its files' names."""
    return re.sub(r"[^A-Za-z0-9_.]", "_", run_id) or "run"


def path_of(raw: Path, file: str) -> Path:
    """The file's path on disk, `.open` while it is being written; raises FileNotFoundError."""
    for path in (raw / file, raw / (file + OPEN)):
        if path.is_file():
            return path
    raise FileNotFoundError(errno.ENOENT, "not in the archive", file)


def beside(raw: Path, file: str, ending: str) -> Path:
    """Path of a WARC file's sidecar."""
    return raw / (file.removesuffix(WARC) + ending)


def write_all(fd: int, data: bytes) -> None:
    """Writes every byte, however many calls that takes; raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file so that it is there whole or not at all: temporary name, fsync, rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        write_all(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)
    temporary.replace(path)


def sync(path: Path) -> None:
    """Forces a file's bytes, or a folder's names, to the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
