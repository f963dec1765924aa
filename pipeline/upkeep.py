"""What keeps archive and corpus whole over the years: verify, repair, maintain, a version made again.

As runs.py: the `corpus` command and the Prefect flows call these same functions; nothing here knows of either.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline import archive, repairs
from pipeline.archive import damage
from pipeline.corpus import feed_files, versions
from pipeline.corpus.again import Verdict, verdict
from pipeline.corpus.job import Progress, locked
from pipeline.corpus.pins import pins
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import list_versions, version_folder
from pipeline.corpus.remake import remake
from pipeline.corpus.restore import Rotten, rotten
from pipeline.corpus.shards import remove_stale
from pipeline.errors import CorpusError, RefusedError, UsageError
from pipeline.folders import Folders, whole_job
from pipeline.runs import build, finish_takedowns, other_rules, quiet
from pipeline.stages import StageName, stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """What maintenance found and did."""

    compacted: str | None = None
    """The version published with half-empty files joined; None: there were none."""
    waits: str | None = None
    """Why none were looked for: the rules changed, and maintenance is no rebuild; None: they did not."""
    collected: tuple[str, ...] = ()
    """Versions removed."""
    kept: dict[str, str] = field(default_factory=dict)
    """version → why it stays."""
    shards: int = 0
    """Shard folders of earlier rules removed."""
    verified: tuple[str, ...] = ()
    """The versions that were looked at: the newest, and those that were not for longest."""
    remade: tuple[tuple[str, str], ...] = ()
    """Archive file and what was lost beside it and made anew: checksum, CDXJ or index."""
    restored: tuple[Rotten, ...] = ()
    """Files of versions that had rotted and stand again as they were."""
    losses: tuple[str, ...] = ()
    """What earlier repairs could not save and nobody has acknowledged, in words."""
    expired: tuple[str, ...] = ()
    """Pins that no longer hold, each in words."""


def maintain(folders: Folders, *, verify_only: bool = False, progress: Progress = quiet) -> Maintenance:
    """Verify archive and corpus, mend what loses nothing, join half-empty files, let old versions and shards go.

    Of the versions the newest is verified, and of the others those that were not for longest. RefusedError lists what
    is wrong and cannot be mended without a loss; nothing else is changed then.
    """
    if not verify_only:
        finish_takedowns(folders)
    found = pins(folders.clean)  # a pin that nobody understands is told before anything is changed
    job = whole_job(folders)
    have = list_versions(folders.clean)
    due = [*versions.next_round(job.work, have[:-1]), *have[-1:]]
    mended = repairs.Repaired()
    with stage(StageName.VERIFY) as told:
        problems = _verify(folders, due)
        if problems and not verify_only:
            mended = repairs.repair(job, lossless=True, progress=progress)
            problems = problems if mended.is_empty else _verify(folders, due)
        told.counts = {"versions": len(due), "mended": len(mended.remade) + len(mended.restored)}
        told.wrong = f"{len(problems)} problems, {problems[0]}" if problems else ""
    if problems:
        raise RefusedError("\n".join([*problems, "`corpus repair` goes on without what cannot be mended"]))
    losses = tuple(repairs.open_losses(folders.raw, folders.clean))
    if verify_only or not have:
        return Maintenance(remade=mended.remade, restored=mended.restored, losses=losses)
    waits = other_rules(folders)
    report = build(folders, compact=True, progress=progress) if waits is None else None
    with stage(StageName.COLLECT) as told, locked(job):
        versions.note_round(job.work, due[:-1])
        plan = versions.collect(folders.clean, job.work)
        stale = remove_stale(job.work) if waits is None else 0
        told.counts = {"versions": sum(k.why is None for k in plan), "shard folders": stale}
        told.idle = "" if any(told.counts.values()) else "there is nothing to let go"
    return Maintenance(
        compacted=report.version if report is not None and report.published else None,
        waits=waits,
        collected=tuple(k.version for k in plan if k.why is None),
        kept={k.version: k.why for k in plan if k.why is not None},
        shards=stale,
        verified=tuple(due),
        remade=mended.remade,
        restored=mended.restored,
        losses=losses,
        expired=tuple(f"{p.said}: {p.words}" for p in found if p.expired),
    )


def verify(folders: Folders, version: str | None = None) -> list[str]:
    """Everything wrong with the archive and with a version (None: every version there is), in words.

    Either may be missing; UsageError when there is neither, or not the version asked for. With both, each
    archive file that a version was made from is looked for too. What a repair could not mend and somebody has
    acknowledged is not told again. Mends nothing.
    """
    return _verify(
        folders, list_versions(folders.clean) if version is None else [version], is_all=version is None
    )


def _verify(folders: Folders, names: Sequence[str], *, is_all: bool = True) -> list[str]:
    has_archive, has_corpus = folders.raw.is_dir(), bool(list_versions(folders.clean))
    if not has_archive and not has_corpus:
        raise UsageError(f"nothing to verify: no archive in {folders.raw}, no version in {folders.clean}")
    paths = [version_folder(folders.clean, name) for name in names]
    problems = archive.verify(folders.raw) if has_archive else []
    known: versions.KnownSums = {}
    noted = [(each.version, each.file) for each in rotten(folders.clean) if each.acknowledged is not None]
    for path in paths:
        problems += versions.verify(path, known, [file for name, file in noted if name == path.name])
    if is_all:
        problems += feed_files.problems(folders.clean)
    return problems + (_missing_inputs(folders.raw, paths) if has_archive else [])


def verify_rebuild(folders: Folders, version: str, *, progress: Progress = quiet) -> Verdict:
    """Make a version again from its inputs in a clean folder, with the code and libraries of now, and compare.

    UsageError for an unknown version, RefusedError when its inputs are not there as they were. Changes nothing else.
    """
    name = version_folder(folders.clean, version).name
    job = whole_job(folders)
    job.work.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="rebuilt-", dir=job.work) as folder:
        return verdict(job.clean, name, remake(job, name, Path(folder), progress=progress))


def repair(folders: Folders, *, progress: Progress = quiet) -> repairs.Repaired:
    """Put right what is damaged; UsageError where there is neither archive nor corpus."""
    if not folders.raw.is_dir() and not list_versions(folders.clean):
        raise UsageError(f"nothing to repair: no archive in {folders.raw}, no version in {folders.clean}")
    with suppress(CorpusError):  # what stops a takedown may be the damage
        finish_takedowns(folders)
    repaired = repairs.repair(whole_job(folders), progress=progress)
    finish_takedowns(folders)
    return repaired


def _missing_inputs(raw: Path, paths: Sequence[Path]) -> list[str]:
    """The archive files that versions were made from and that are not there as they were."""
    there = {file.file: file.sha256 for file in archive.sealed(raw)}
    told = {(each.file, each.sealed) for each in damage.repairs(raw)}
    made_from: dict[tuple[str, str], list[str]] = {}
    for path in paths:
        for each in read_manifest(path).inputs:
            made_from.setdefault((each.file, each.sha256), []).append(path.name)
    return [
        f"{file}: {'other bytes than' if file in there else 'missing;'} version {', '.join(names)} was made from it"
        for (file, digest), names in made_from.items()
        if there.get(file) != digest and (file, digest) not in told
    ]
