"""The proof of a takedown: every byte of archive, work folder and corpus asked whether it says something of the text.

WARC records are unpacked, Parquet files read column by column, everything else is read as it is. Arrays of numbers
(`.npy`) hold no letters and are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.archive.takedowns import Takedown
from pipeline.corpus.job import Job, Progress
from pipeline.corpus.restore import quarantine
from pipeline.dedupe.purge import inode
from pipeline.takedown.grams import load
from pipeline.takedown.search import search


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A place in which something of the text stands, or that could not be read."""

    file: str
    """The file."""
    what: str
    """The record or row in it, or why it was not read."""
    grams: int
    """How many of the 13-grams stand there; 0: it could not be read."""
    kept: bool
    """Whether it is a document that was left where it stands, as the takedown said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a search found."""

    files: int
    """Files read, those that versions share once."""
    size: int
    """Their bytes."""
    wanted: int
    """The 13-grams looked for."""
    findings: tuple[Finding, ...]
    """Where they stand."""

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The findings that should not be."""
        return tuple(each for each in self.findings if not each.kept)


def prove(job: Job, takedown: Takedown, progress: Progress) -> Proof:
    """Search every file of archive, work folder, corpus and quarantine for the grams of a takedown; changes nothing."""
    wanted, kept = load(job.raw, takedown.ticket), frozenset(takedown.kept)
    files = list(_files(job))
    findings: list[Finding] = []
    for number, path in enumerate(files, 1):
        for what, said in search(job.raw, path, wanted):
            known = any(name in kept for name in what)
            findings.append(
                Finding(file=str(path), what=" ".join(name for name in what if name), grams=said, kept=known)
            )
        progress("searching", number, len(files))
    size = sum(path.stat().st_size for path in files)
    return Proof(files=len(files), size=size, wanted=len(wanted), findings=tuple(findings))


def _files(job: Job) -> Iterator[Path]:
    seen: set[tuple[int, int]] = set()
    for folder in (job.raw, job.work, job.clean, quarantine(job.clean)):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and path.suffix != ".npy" and inode(path) not in seen:
                seen.add(inode(path))
                yield path
