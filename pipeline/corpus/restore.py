"""Versions whose files rotted: restored byte for byte where the same bytes stand elsewhere or can be made again.

A file is taken from another version that has one with the same sum (versions share most of theirs), else from the
version made again from its inputs. What neither gives stays as it is and is named. The damaged bytes are kept in
`quarantine/` beside the corpus, where `repairs.jsonl` tells of each file. Only under the corpus's lock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.archive.journal import NAME, read_journal, write_journal
from pipeline.archive.store import sha256_of, sync, write_whole
from pipeline.corpus.publish import listed_sums, read_manifest, sums_text
from pipeline.corpus.read import MANIFEST, SUMS, list_versions
from pipeline.errors import CorpusError, UsageError
from pipeline.linking import link_or_copy

if TYPE_CHECKING:
    from pipeline.corpus.job import Job
    from pipeline.corpus.remake import Remade

logger = logging.getLogger("pipeline.corpus")

JOURNAL = NAME
"""What rotted and what became of it, a line a file, in the folder that keeps its bytes."""

Remake = Callable[[str], "Remade"]
"""Makes a version again from its inputs; CorpusError when that cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotten:
    """A damaged file of a version."""

    version: str
    """The version."""
    file: str
    """Path relative to the version folder."""
    found: str
    """SHA-256 of what stood there; empty: it was missing."""
    restored: str | None
    """Where its bytes were had from; None: nowhere."""
    why: str = ""
    """Why it cannot be restored."""
    acknowledged: str | None = None
    """Why that may be; None: nobody has taken note of it, or it is restored."""


def quarantine(clean: Path) -> Path:
    """The folder that keeps the damaged bytes of a corpus."""
    return clean.parent / "quarantine" / clean.name


def rotten(clean: Path) -> list[Rotten]:
    """What rotted so far; CorpusError names a line that does not read."""
    return read_journal(quarantine(clean) / JOURNAL, lambda row: Rotten(**row))


def acknowledge(clean: Path, why: str, version: str | None = None) -> list[Rotten]:
    """Note that damage (of one version, or all) stays, and why it may; UsageError where there was none to note."""
    known = rotten(clean)
    chosen = [
        each
        for each in known
        if each.restored is None and each.acknowledged is None and version in (None, each.version)
    ]
    if not chosen:
        raise UsageError(
            f"{clean}: no damage{f' of {version}' if version else ''} that is not acknowledged yet"
        )
    noted = [replace(each, acknowledged=why) if each in chosen else each for each in known]
    write_journal(quarantine(clean) / JOURNAL, noted)
    return chosen


def damaged(folder: Path) -> list[str]:
    """The files of a version folder that are missing or not as they were published; SHA256SUMS itself may be one."""
    try:
        sums = listed_sums(folder)
    except (OSError, ValueError):
        return [SUMS]
    own = _sum_of(folder / MANIFEST)  # which tells what the sums are
    if _differing(own, sums.get(MANIFEST, "")) <= 1:
        manifest = read_manifest(folder)
        if (folder / SUMS).read_text(encoding="utf-8") != sums_text(folder, manifest):
            return [SUMS]
    return [file for file, digest in sums.items() if _sum_of(folder / file) != digest]


def _differing(one: str, other: str) -> int:
    """In how many signs two sums differ: a flipped byte in one spoils one, other bytes spoil nearly all."""
    return sum(a != b for a, b in zip(one.ljust(64), other.ljust(64), strict=False))


def _sum_of(path: Path) -> str:
    """SHA-256 of a file; empty where it is missing or the disk does not give it."""
    try:
        return sha256_of(path)
    except OSError:
        return ""


def restore(job: Job, remake: Remake | None) -> list[Rotten]:
    """Put right what rotted in any version, as far as that can be; all that was found, what stays damaged too.

    Without `remake` only from other versions. Killed anywhere, it goes on where it was.
    """
    found: list[Rotten] = []
    names = list_versions(job.clean)
    bad = {version: files for version in names if (files := damaged(job.clean / version))}
    for version, files in bad.items():
        if files == [SUMS]:
            found += _sums_anew(job, version)
            files = damaged(job.clean / version)
        left = []
        for file in files if files != [SUMS] else []:
            wanted = listed_sums(job.clean / version)[file]
            source = _elsewhere(job.clean, file, wanted, version)
            if source is None:
                left.append(file)
            else:
                found.append(
                    _replace(job, version, file, source, f"version {source.relative_to(job.clean).parts[0]}")
                )
        found += _from_inputs(job, version, left, remake) if left else []
    return found


def _elsewhere(clean: Path, file: str, digest: str, version: str) -> Path | None:
    """A whole file with the wanted sum in another version."""
    for other in list_versions(clean):
        path = clean / other / file
        if other != version and path.is_file() and _sum_of(path) == digest:
            return path
    return None


def _from_inputs(job: Job, version: str, files: Sequence[str], remake: Remake | None) -> list[Rotten]:
    if remake is None:
        return [_hopeless(job, version, file, "no other version has the same file") for file in files]
    try:
        made = remake(version)
    except CorpusError as error:
        if isinstance(error.__cause__, OSError):  # a full or failing disk says nothing of the version
            raise
        return [_hopeless(job, version, file, str(error)) for file in files]
    sums = listed_sums(job.clean / version)
    found = []
    for file in files:
        path = made.folder / file
        if _sum_of(path) == sums[file]:
            found.append(_replace(job, version, file, path, "its inputs"))
        else:
            why = "made again from its inputs it comes out otherwise; `corpus verify --rebuild` says how"
            found.append(_hopeless(job, version, file, why))
    return found


def _sums_anew(job: Job, version: str) -> list[Rotten]:
    """SHA256SUMS from the manifest, where that reads and all but a line of what is left agrees with it."""
    folder = job.clean / version
    try:
        said = sums_text(folder, read_manifest(folder))
    except (CorpusError, OSError) as error:
        return [_hopeless(job, version, SUMS, str(error))]
    path = folder / SUMS
    left = path.read_bytes().decode("utf-8", "replace").splitlines() if path.is_file() else []
    if left and len(set(said.splitlines()) - set(left)) > 1:
        return [
            _hopeless(
                job, version, SUMS, "it differs from the manifest in more than a line: one of them is wrong"
            )
        ]
    beside = job.work / f"restored-{job.clean.name}"
    write_whole(beside, said.encode())
    return [_replace(job, version, SUMS, beside, "its manifest")]


def _replace(job: Job, version: str, file: str, source: Path, told: str) -> Rotten:
    """Put a whole file in place of a damaged one, in one rename, the damaged bytes kept."""
    target = job.clean / version / file
    done = Rotten(version=version, file=file, found=_sum_of(target), restored=told)
    aside = quarantine(job.clean) / version / f"{file}.{done.found[:8] or 'unread'}"
    aside.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and not aside.exists():
        link_or_copy(target, aside)
    _note(job.clean, [done])
    beside = job.work / f"restoring-{job.clean.name}"
    beside.unlink(missing_ok=True)
    link_or_copy(source, beside)
    beside.chmod(0o444)
    sync(beside)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside.replace(target)
    sync(target.parent)
    logger.warning("%s/%s: restored from %s", version, file, told)
    return done


def _hopeless(job: Job, version: str, file: str, why: str) -> Rotten:
    found = Rotten(
        version=version, file=file, found=_sum_of(job.clean / version / file), restored=None, why=why
    )
    known = next(
        (r for r in rotten(job.clean) if (r.version, r.file, r.found) == (version, file, found.found)), None
    )
    found = replace(found, acknowledged=known.acknowledged if known else None)
    _note(job.clean, [found])
    return found


def _note(clean: Path, more: Iterable[Rotten]) -> None:
    """Write into the journal what became of some files, in place of what it said of them."""
    new = list(more)
    names = {(each.version, each.file, each.found) for each in new}
    old = [each for each in rotten(clean) if (each.version, each.file, each.found) not in names]
    write_journal(quarantine(clean) / JOURNAL, [*old, *new])
