"""What a build has to do: which archive files are new, and whether the rules still are those of the parent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline import archive
from pipeline.corpus.identity import short_hash
from pipeline.corpus.job import Job
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import list_versions, version_key
from pipeline.corpus.schema import SCHEMA_VERSION
from pipeline.corrections import digests
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
    corrections: dict[str, str]
    """What the manifest will say of the corrections: id of a document → hash."""
    recorrected: tuple[str, ...]
    """Documents of which the corrections say something else than in the base."""


def plan(job: Job) -> Plan:
    """Compare archive, rules and newest version."""
    if not job.raw.is_dir():
        raise UsageError(f"{job.raw}: no such archive folder; `corpus crawl` or `corpus import` makes one")
    have = list_versions(job.clean)
    parent = read_manifest(job.clean / have[-1]) if have else None
    files = archive.sealed(job.raw)
    if parent is not None and not job.confirm:
        _refuse_lost_inputs(job, parent, files)
        _refuse_lost_corrections(job, parent)
    why = _why_full(job, parent, files) if parent is not None else None
    base = parent if why is None else None
    known = {f.file for f in parent.inputs} if parent is not None else set()
    new = tuple(f for f in files if f.file not in known)
    said, before = digests(job.corrections or ()), base.corrections if base is not None else {}
    others = {name for name in said.keys() | before.keys() if said.get(name) != before.get(name)}
    return Plan(
        parent=parent,
        base=base,
        files=tuple(files),
        fresh=new if base is not None else tuple(files),
        new=new,
        why_full=why,
        corrections=said,
        recorrected=tuple(sorted(others)),
    )


def _refuse_lost_inputs(job: Job, parent: Manifest, files: Sequence[archive.SealedFile]) -> None:
    """RefusedError when files the newest version was made of are gone: a disk not mounted, a wrong --raw."""
    have = {f.file for f in files}
    gone = [f.file for f in parent.inputs if f.file not in have]
    if gone:
        raise RefusedError(
            f"{job.raw}: {len(gone)} archive files of version {parent.version} are not there, {gone[0]} first."
            " Nothing was published; is it the right folder? Build with --confirm to go on without them"
        )


def _refuse_lost_corrections(job: Job, parent: Manifest) -> None:
    """RefusedError when the newest version was corrected and there is no folder of corrections at all."""
    if parent.corrections and job.corrections is None:
        raise RefusedError(
            f"version {parent.version} was made with corrections of {len(parent.corrections)} documents, and there is"
            " no folder of them here. Nothing was published; name it with --corrections, or build with --confirm to"
            " go on without them"
        )


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
    have = {f.file: f.sha256 for f in files}
    gone = [f.file for f in parent.inputs if have.get(f.file) != f.sha256]
    return f"the archive changed ({gone[0]})" if gone else None
