"""What a build has to do: which archive files are new, and whether the rules still are those of the parent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline import archive
from pipeline.archive import cdxj
from pipeline.archive.plausible import SLACK, begun_on, believed, is_plausible
from pipeline.archive.withdrawn import run_of, withdrawn
from pipeline.corpus.identity import short_hash
from pipeline.corpus.job import Job
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import list_versions, version_key
from pipeline.corpus.schema import SCHEMA_VERSION
from pipeline.errors import RefusedError, UsageError
from pipeline.records import Manifest, Source
from pipeline.rules import fingerprint

FORCED = "asked for"
"""Why of a full build that the user asked for."""

MADE_BY = {
    "extract": "corpus.pages",
    "normalize": "corpus.texts",
    "dedupe": "dedupe",
    "corpus": "corpus.build",
}
"""Stage → the room or module whose fingerprint stands for it; the last imports the others, so it comes last.

What only reads versions, lists them or lets them go (`corpus.versions`) is no part of any.
"""

TOLD = {
    "extract": "the rules of extraction changed",
    "normalize": "the rules of normalization or quality changed",
    "dedupe": "the rules of deduplication changed",
    "corpus": "the code that assembles and publishes changed",
}
"""Stage → why of a full build when its fingerprint is another; the shards of the stages before it are used again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a build has to do."""

    parent: Manifest | None
    """The newest version; None: there is none."""
    base: Manifest | None
    """The version to add to; None: everything is built anew."""
    files: tuple[archive.SealedFile, ...]
    """The whole archive, in the order it is built in."""
    fresh: tuple[archive.SealedFile, ...]
    """The files to read: those the base does not hold."""
    new: tuple[archive.SealedFile, ...]
    """Of these, the ones the newest version does not hold; the others are read again."""
    why_full: str | None
    """Why everything is built anew although there is a version; None: it is not."""


def plan(job: Job) -> Plan:
    """Compare archive, rules and newest version."""
    if not job.raw.is_dir():
        raise UsageError(f"{job.raw}: no such archive folder; `corpus crawl` or `corpus import` makes one")
    have = list_versions(job.clean)
    parent = read_manifest(job.clean / have[-1]) if have else None
    files = archive.standing(job.raw)
    if parent is not None and not job.confirm:
        _refuse_lost_inputs(job, parent, files)
    why = _why_full(job, parent, files) if parent is not None else None
    base = parent if why is None else None
    known = {f.file for f in parent.inputs} if parent is not None else set()
    new = tuple(f for f in files if f.file not in known)
    return Plan(
        parent=parent,
        base=base,
        files=tuple(files),
        fresh=new if base is not None else tuple(files),
        new=new,
        why_full=why,
    )


def _refuse_lost_inputs(job: Job, parent: Manifest, files: Sequence[archive.SealedFile]) -> None:
    """RefusedError when files the newest version was made of are gone: a disk not mounted, a wrong --raw."""
    have, taken_back = {f.file for f in files}, withdrawn(job.raw)
    gone = [f.file for f in parent.inputs if f.file not in have and run_of(f.file) not in taken_back]
    if gone:
        raise RefusedError(
            f"{job.raw}: {len(gone)} archive files of version {parent.version} are not there, {gone[0]} first."
            " Nothing was published; is it the right folder? Build with --confirm to go on without them"
        )


def time_of(raw: Path, todo: Plan) -> datetime:
    """The time a version bears: that of the newest capture in it, as far as times are believed; no clock's.

    A capture that claims to be later than its file (`archive.plausible`) is none, and neither is a file begun after
    the newest of those that came since the parent: its writer's clock ran ahead, since others were begun later and
    say an earlier day. Where no file came the parent's day is the bound. So one wrong clock gives its own version a
    wrong time, and those after it their own again; one that takes in files of long ago bears their time.
    """
    begun = [day for file in todo.new if (day := begun_on(file.file)) is not None]
    last = max(begun) if begun else todo.parent.created_at if todo.parent is not None else None
    times = [
        _newest(raw, file)
        for file in todo.files
        if last is None or (begun_on(file.file) or last) < last + SLACK
    ]
    return max(times, default=datetime(1970, 1, 1, tzinfo=UTC))


def _newest(raw: Path, file: archive.SealedFile) -> datetime:
    """The time of a file's newest capture, of those that are believed."""
    if is_plausible(file.file, file.last):
        return file.last
    return max(believed(file.file, ref.fetched_at) for ref in cdxj.refs(raw, file.file))


def rules(sources: Sequence[Source]) -> dict[str, str]:
    """The fingerprints of everything the rows depend on besides the archive, a stage after the other."""
    found = {stage: fingerprint(made_by) for stage, made_by in MADE_BY.items()}
    for source in sources:
        said = (source.body, source.drop, source.charset, source.extractor, source.terms)
        if any(said):
            found[f"source:{source.name}"] = short_hash(repr(said))
    return found


def _why_full(job: Job, parent: Manifest, files: Sequence[archive.SealedFile]) -> str | None:
    schema = version_key(parent.version)[0]
    if schema != SCHEMA_VERSION:
        return f"the schema changed (from {schema} to {SCHEMA_VERSION})"
    if job.full:
        return FORCED
    if parent.unsettled:
        return "documents were taken down, and what stands in their place is to be decided"
    now, before = rules(job.sources), parent.fingerprints
    declared = {s.name for s in job.sources}
    for key in (*now, *(key for key in sorted(before) if key not in now)):
        name = key.removeprefix("source:")
        # a source that is new, or is no longer declared, changes no row that stands
        concerns = key == name or (name in parent.counts and name in declared)
        if concerns and now.get(key, "") != before.get(key, ""):
            said = (
                f"source {name} has another body, drop, charset, extractor or terms" if key != name else None
            )
            return said or TOLD.get(key, f"the rules changed ({key})")
    have, taken_back = {f.file: f.sha256 for f in files}, withdrawn(job.raw)
    gone = [f.file for f in parent.inputs if have.get(f.file) != f.sha256]
    for run in sorted({run_of(file) for file in gone} & taken_back.keys()):
        return f"the run {run} was withdrawn: {taken_back[run]}"
    # its captures may lie between others that are taken in already: only from the beginning do they come in order
    for run in sorted((parent.withdrawn.keys() - taken_back.keys()) & {run_of(file) for file in have}):
        return f"the run {run} counts again"
    return f"the archive changed ({gone[0]})" if gone else None
