"""What to build and what came of it, and the folders and the lock a build works with."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipeline import archive
from pipeline.corpus import feed_files, publish
from pipeline.corpus.read import list_versions, pointed
from pipeline.corpus.shards import remove_torn
from pipeline.corpus.sums import Sums
from pipeline.corrections import Correction
from pipeline.errors import BusyError, CorpusError
from pipeline.locking import only_writer
from pipeline.records import Source

READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
"""What writing to an archive on a read-only medium, or of another user, answers."""

logger = logging.getLogger("pipeline.corpus")

Progress = Callable[[str, int, int], None]
"""Told (what, done, total) while work goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to build, from what, with what."""

    raw: Path
    """The archive."""
    clean: Path
    """The corpus folder."""
    work: Path
    """Shards and staging, of one build at a time; on the same disk as `clean`."""
    sources: tuple[Source, ...] = ()
    """The declared sources."""
    corrections: tuple[Correction, ...] | None = None
    """What people corrected; None: there is no folder of corrections."""
    workers: int = 2
    """Worker processes."""
    dask: str | None = None
    """Address of a Dask scheduler to use instead, tcp://…"""
    full: bool = False
    """Build everything anew even if the rules are the same."""
    preview: bool = False
    """Only say what would change; publish nothing."""
    compact: bool = False
    """Join half-empty files of a day, and publish if that saved any."""
    confirm: bool = False
    """Publish whatever a gate says."""
    accept: frozenset[str] = frozenset()
    """Sources of which it is published whatever a gate says."""
    later: bool = False
    """After a change of the rules only add new rows, and leave those that stand to a later rebuild."""

    def accepts(self, source: str) -> bool:
        """Whether a person took what a source yields as it is."""
        return self.confirm or source in self.accept


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """What a build did."""

    version: str | None
    """The version that stands now; None: there is none yet."""
    parent: str | None
    """The one before it."""
    published: bool
    """Whether this build published it."""
    full: str | None
    """Why everything was built anew; None: only what was new."""
    later: str | None = None
    """Why that is still to be done: the rows that stand were made by other rules; None: they were not."""
    files: int = 0
    """Archive files that were new to the corpus."""
    extracted: int = 0
    """Captures extracted in this run; the others stood in shards."""
    normalized: int = 0
    """Captures whose text was normalized in this run."""
    funnel: dict[str, dict[str, int]] = field(default_factory=dict)
    """source → captures, extracted, kept, new, changed, and each reason."""
    changes: dict[str, int] = field(default_factory=dict)
    """kind:cause → documents."""
    samples: tuple[dict[str, str | None], ...] = ()
    """For a preview: a few changes of each cause, with old and new text."""
    held: dict[str, str] = field(default_factory=dict)
    """source → why its new rows wait: a word of `gates.KINDS`, a colon, the figures."""
    held_anew: tuple[str, ...] = ()
    """Those of them that did not wait before."""
    let_in: dict[str, str] = field(default_factory=dict)
    """source → what a gate said and a person took as it is, by --confirm."""
    refused: dict[str, str] = field(default_factory=dict)
    """For a preview: source → why a build would be refused without --confirm."""
    on_hold: str | None = None
    """Why nothing was looked at: a rollback holds the corpus; None: none does."""
    lost: tuple[str, ...] = ()
    """Captures that broke their worker."""
    corrections: tuple[str, ...] = ()
    """Corrections that fell away, or of which not all could be done, in words."""


@contextmanager
def locked(job: Job) -> Iterator[None]:
    """Hold the corpus and the work folder; BusyError when another build has either.

    Two corpora that share a work folder would remove each other's staging, shards and links: they take turns.
    """
    clean = job.clean.resolve()
    writing = f"{job.clean}: another build is writing this corpus; wait for it to end"
    working = f"{job.work}: another corpus is being built in this folder; wait, or name another with --work"
    with only_writer(clean.parent / f".{clean.name}.lock", writing), only_writer(job.work / ".lock", working):
        yield


@contextmanager
def staging(job: Job) -> Iterator[Path]:
    """A fresh folder for the next version, gone afterwards whatever happens."""
    folder = job.work / f"staging-{job.clean.name}"
    publish.discard(folder)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        publish.discard(folder)


@contextmanager
def making_shards(job: Job) -> Iterator[None]:
    """Say that shards are made without the lock of the corpus, so that no other build removes half of one."""
    with only_writer(
        job.work / ".shards.lock", f"{job.work}: another rebuild makes its shards here; wait for it"
    ):
        yield


def recover(job: Job) -> None:
    """Mend what a killed run left (half a shard, a torn tail, a `latest` not moved yet) and lost sidecars."""
    if job.work.is_dir():
        with suppress(BusyError), making_shards(job):
            remove_torn(job.work)
    if job.raw.is_dir():
        _mend_archive(job.raw)
    feed_files.mend(job.clean, job.work)
    _mend_latest(job)


def _mend_archive(raw: Path) -> None:
    """Do what a writer does first; what others are writing, or nobody can write to, is built from as it is."""
    try:
        archive.repair(raw)
    except BusyError:
        pass  # a crawl that is writing has done the same
    except OSError as error:
        if error.errno not in READ_ONLY:
            raise


def _mend_latest(job: Job) -> None:
    """Put `latest` onto the newest version that is complete and as it was published, where it is on none or another."""
    there = pointed(job.clean)
    for version in reversed(list_versions(job.clean)):
        if version == there:
            return
        if not (wrong := _incomplete(job.clean / version)):
            publish.point_latest(job.clean, version, job.work)
            return
        logger.warning("%s: not made the latest: %s", version, wrong)


def _incomplete(folder: Path) -> str:
    """What shows that a folder is no version as it was published; "": nothing does."""
    try:
        manifest = publish.read_manifest(folder)
    except CorpusError as error:
        return str(error)
    if manifest.version != folder.name:
        return f"its manifest is that of {manifest.version}"
    damaged = Sums(folder).damaged(file.file for file in manifest.files)
    return f"{damaged[0]} is missing or not as it was published" if damaged else ""
