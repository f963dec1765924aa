"""Who reads a version for long holds it, so that it is not let go meanwhile: a lock that dies with its process.

The lock is on the manifest, which is opened to be read only: what stands on a medium that cannot be written can be held
too. Where a file system has no locks nothing is held, and an export of what goes meanwhile ends in an error as before.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.corpus.read import MANIFEST
from pipeline.errors import CorpusError


@contextmanager
def leased(folder: Path) -> Iterator[None]:
    """Hold a version for the length of a `with`; CorpusError where it is gone, or goes although it is held.

    A takedown waits for nobody: the revision takes its place, and who reads is told.
    """
    path = folder / MANIFEST
    try:
        with path.open("rb") as file:
            with suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_SH)
            path.stat()  # it may have gone while we waited
            yield
    except (FileNotFoundError, CorpusError):
        if path.is_file():
            raise
        raise CorpusError(
            f"{folder}: was let go, or replaced by a revision, meanwhile; run again, and keep what is read for long"
            " with `corpus pin`"
        ) from None


def let_go(folder: Path, aside: Path) -> bool:
    """Rename a version out of its corpus, unless somebody holds it; whether it went."""
    with (folder / MANIFEST).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            pass  # a file system without locks
        folder.rename(aside)
    return True
