"""One writer at a time: a lock file held by the kernel, which dies with its process.

A writer that gives way (a backfill, which takes hours) is waited for by the others instead of being taken for busy:
they ask for the lock by a file beside it, and it lets go at its next step.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.errors import BusyError

PATIENCE = 120.0
"""Seconds that one who gives way is waited for: it ends the page under way, and seals its file (ours)."""


@contextmanager
def only_writer(lock: Path, busy: str, *, gives_way: bool = False) -> Iterator[None]:
    """Hold a lock file for the length of a `with`; BusyError with these words when another process has it.

    Who `gives_way` looks at `is_wanted` now and then, and lets go soon when it says so.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    held, way = FileLock(lock), FileLock(f"{lock}.way")
    try:
        held.acquire(timeout=0)
    except Timeout:
        if gives_way or not _is_held(way):
            raise BusyError(busy) from None
        _wait_for(held, lock, busy)
    _wanted(lock).unlink(missing_ok=True)
    try:
        if gives_way:
            way.acquire()
        yield
    finally:
        way.release()
        held.release()


def is_wanted(lock: Path) -> bool:
    """Whether another process waits for a lock whose holder gives way."""
    return _wanted(lock).exists()


def _wanted(lock: Path) -> Path:
    return lock.with_name(f"{lock.name}.wanted")


def _is_held(lock: FileLock) -> bool:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def _wait_for(held: FileLock, lock: Path, busy: str) -> None:
    """Ask the holder of a lock for it, and take it when it lets go; BusyError when it does not in PATIENCE."""
    _wanted(lock).touch()
    try:
        held.acquire(timeout=PATIENCE)
    except Timeout:
        _wanted(lock).unlink(missing_ok=True)
        raise BusyError(busy) from None
