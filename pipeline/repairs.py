"""What is damaged put right, in archive, ledger and versions: the one order of a repair.

    archive files → the ledger → versions → if the newest version is lost: a new one

Each step is done under its own lock, starts over when it was killed, and says what it did.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import archive
from pipeline.archive import damage
from pipeline.archive.cdxj import Ref
from pipeline.archive.store import warc_files
from pipeline.corpus import restore
from pipeline.corpus.publish import discard
from pipeline.corpus.read import list_versions, tables
from pipeline.corpus.restore import Rotten
from pipeline.corpus.schema import TABLES
from pipeline.errors import CorpusError, UsageError
from pipeline.records import USABLE, Outcome

if TYPE_CHECKING:
    from pipeline.corpus.job import Job, Progress
    from pipeline.corpus.remake import Remade

logger = logging.getLogger("pipeline.repairs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """What a repair did, and what it could not."""

    remade: tuple[tuple[str, str], ...] = ()
    """Archive file and what beside it was made anew: checksum, CDXJ or index."""
    files: tuple[damage.Repair, ...] = ()
    """Damaged archive files that were put right, with what was lost."""
    hopeless: tuple[tuple[str, str], ...] = ()
    """Archive files that could not be, and why."""
    ledger: bool = False
    """Whether the crawl's memory was made anew."""
    restored: tuple[Rotten, ...] = ()
    """Files of versions that stand again as they were published."""
    stays: tuple[Rotten, ...] = ()
    """Files of versions that cannot be restored."""
    version: str | None = None
    """The version published in place of a newest one that cannot be restored."""
    held: str | None = None
    """Why none was, where one should have been: a rollback holds the corpus."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was damaged."""
        return self == Repaired()


def repair(
    job: Job, *, lossless: bool = False, progress: Progress = lambda what, done, total: None
) -> Repaired:
    """Put right what is damaged in an archive and in the versions made of it; either may be missing.

    `lossless`: only what loses nothing; a WARC file with a record that does not read stays as it is. BusyError while
    another process writes the archive or the corpus.
    """
    from pipeline.corpus.build import build

    remade: tuple[tuple[str, str], ...] = ()
    hopeless: tuple[tuple[str, str], ...] = ()
    files: tuple[damage.Repair, ...] = ()
    memory = False
    if job.raw.is_dir():
        if lossless:
            done = archive.repair(job.raw, thorough=True)
        else:
            done, files = damage.mend(job.raw, lambda: _remembered(job))
        remade, hopeless = done.remade, done.unproven
        memory = _mend_ledger(job.raw, [each.file for each in files])
    if not list_versions(job.clean):
        return Repaired(remade=remade, files=files, hopeless=hopeless, ledger=memory)
    found = _restore(job, progress)
    stays = tuple(each for each in found if each.restored is None)
    made = None
    if not lossless and any(each.version == list_versions(job.clean)[-1] for each in stays):
        made = build(replace(job, full=True), progress)
    return Repaired(
        remade=remade,
        files=files,
        hopeless=hopeless,
        ledger=memory,
        restored=tuple(each for each in found if each.restored is not None),
        stays=stays,
        version=made.version if made and made.published else None,
        held=made.on_hold if made else None,
    )


def acknowledge(job: Job, why: str, what: str | None = None) -> int:
    """Note of a loss (of an archive file, of a version, or of all) why it may be; how many there were.

    UsageError where nothing is open.
    """
    noted = 0
    for note, folder in ((damage.acknowledge, job.raw), (restore.acknowledge, job.clean)):
        with suppress(UsageError):
            noted += len(note(folder, why, what))
    if not noted:
        raise UsageError(f"no loss{f' of {what}' if what else ''} that is not acknowledged yet")
    return noted


def open_losses(raw: Path, clean: Path) -> list[str]:
    """What was lost for good and nobody has acknowledged, in words."""
    told = [
        f"{each.file}: {len(each.lost)} captures are lost, {each.lost[0].url} first; {each.kept} were kept"
        for each in damage.losses(raw)
    ]
    return told + [
        f"version {each.version}: {each.file} is lost: {each.why}"
        for each in restore.rotten(clean)
        if each.restored is None and each.acknowledged is None
    ]


def _mend_ledger(raw: Path, rewritten: Sequence[str]) -> bool:
    """Tell the crawl's memory that files were written anew; whether it had to be made anew itself."""
    from pipeline.crawl import ledger

    if not ledger.is_whole(raw):
        ledger.rebuild(raw)
        return True
    if rewritten and (raw / "ledger.sqlite").is_file():
        with archive.lock(raw), closing(ledger.Ledger(raw)) as memory:
            memory.moved(rewritten)
    return False


def _restore(job: Job, progress: Progress) -> list[Rotten]:
    from pipeline.corpus.job import locked
    from pipeline.corpus.remake import remake

    folder = job.work / f"remade-{job.clean.name}"

    def again(version: str) -> Remade:
        discard(folder)
        return remake(job, version, folder, with_shards=True, progress=progress)

    with locked(job):
        try:
            return restore.restore(job, again)
        finally:
            discard(folder)


def _remembered(job: Job) -> list[Ref]:
    """The captures of the newest version that reads and that stand in no index of the archive."""
    known = {ref.id for file in warc_files(job.raw) for ref in damage.listed(job.raw, file)}
    for version in reversed(list_versions(job.clean)):
        try:
            return [ref for ref in _rows_as_refs(job.clean, version) if ref.id not in known]
        except CorpusError as error:
            logger.warning("%s: its rows cannot tell what was lost: %s", version, error)
    return []


def _rows_as_refs(clean: Path, version: str) -> list[Ref]:
    columns = ["capture", "url", "url_key", "source", "captured_at", "reason"]
    found: dict[str, Ref] = {}
    for table in TABLES:
        for part in tables(clean, version=version, table=table, columns=columns):
            for row in part.to_pylist():
                found[row["capture"]] = _as_ref(row["captured_at"], row)
    return list(found.values())


_FAILED = frozenset(Outcome) - USABLE


def _as_ref(at: datetime, row: dict[str, str]) -> Ref:
    failed = row["reason"] in _FAILED
    return Ref(
        file="",
        offset=0,
        length=0,
        id=row["capture"],
        url=row["url"],
        url_key=row["url_key"],
        final_url=row["url"],
        source=row["source"],
        kind="page",
        fetched_at=at,
        status=0 if failed else 200,
        outcome=row["reason"] if failed else Outcome.OK,
        digest="",
        mime="",
    )
