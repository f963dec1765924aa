"""The files of the change feed (feed.py): written with each release, made good where a killed build left none, checked.

The bytes are written in the work folder before the version gets its name, and renamed right after: a full disk
strikes while nothing is published yet. Killed in between, the version stands without its file; the next build makes
it of the version's `changes.parquet`, and until then the reader does the same in memory. A copy and no hard link: what
stays for ever must hold no title and no URL.
"""

from __future__ import annotations

import logging
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.archive.store import sync
from pipeline.corpus import feed
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import CHANGES_FILE, list_versions
from pipeline.corpus.sums import Sums
from pipeline.errors import CorpusError

logger = logging.getLogger("pipeline.corpus")


def stage(changes: pa.Table, parent: str | None, version: str, work: Path) -> Path:
    """Write a release's file in the work folder, to be put in place when the version is."""
    staged = work / f"changes-{version}"
    staged.write_bytes(feed.to_bytes(feed.of_release(changes, parent, version), parent))
    sync(staged)
    return staged


def put_in_place(staged: Path, clean: Path, version: str) -> None:
    """Give a staged file its name in the corpus."""
    target = clean / feed.name_of(version)
    target.parent.mkdir(parents=True, exist_ok=True)
    staged.replace(target)
    sync(target.parent)


def lacking(clean: Path) -> list[str]:
    """The versions that stand without their file, oldest first."""
    return [version for version in list_versions(clean) if not (clean / feed.name_of(version)).is_file()]


def mend(clean: Path, work: Path) -> None:
    """Make the files that versions lack; one whose version is damaged is told and left to a repair."""
    for left in work.glob("changes-*"):  # by a build that was killed
        left.unlink()
    for version in lacking(clean):
        folder = clean / version
        try:
            Sums(folder).check([CHANGES_FILE])
            made = pq.read_table(folder / CHANGES_FILE)
            parent = read_manifest(folder).parent
        except (CorpusError, OSError, pa.ArrowException) as error:
            logger.warning("%s cannot be made: %s", feed.name_of(version), error)
            continue
        work.mkdir(parents=True, exist_ok=True)
        put_in_place(stage(made, parent, version, work), clean, version)


def problems(clean: Path) -> list[str]:
    """Everything wrong with the feed, in words: a file that is missing, unreadable, a stranger or not the version's."""
    found = [
        f"{clean / feed.name_of(version)}: missing; the next build makes it" for version in lacking(clean)
    ]
    have = set(list_versions(clean))
    for path in sorted((clean / feed.FOLDER).glob("*")):
        version = path.stem
        try:
            if feed.name_of(version) != f"{feed.FOLDER}/{path.name}" or not feed.VERSION.fullmatch(version):
                found.append(f"{path}: not a file of the change feed")
                continue
            parent, rows = feed.made_upon(path), feed.load(path)
        except (OSError, ValueError, pa.ArrowException) as error:
            found.append(f"{path}: cannot be read: {str(error).partition(chr(10))[0]}")
            continue
        if version in have and not _is_of(clean / version, parent, rows):
            found.append(f"{path}: not what {version} changed; remove it, and the next build makes it anew")
    return found


def _is_of(folder: Path, parent: str | None, rows: pa.Table) -> bool:
    """Whether a file says what the version says; where the version cannot be read, nothing shows otherwise."""
    try:
        manifest, changes = read_manifest(folder), pq.read_table(folder / CHANGES_FILE)
    except (CorpusError, OSError, pa.ArrowException):
        return True
    return parent == manifest.parent and rows.equals(feed.of_release(changes, parent, manifest.version))
