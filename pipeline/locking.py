"""One writer at a time: a lock file held by the kernel, which dies with its process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.errors import BusyError


@contextmanager
def only_writer(lock: Path, busy: str) -> Iterator[None]:
    """Hold a lock file for the length of a `with`; BusyError with these words when another process has it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    held = FileLock(lock)
    try:
        held.acquire(timeout=0)
    except Timeout:
        raise BusyError(busy) from None
    try:
        yield
    finally:
        held.release()
