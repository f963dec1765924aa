"""What a build has to do: which archive files are new, and whether the rules still are those of the parent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import archive
from pipeline.archive import cdxj
from pipeline.archive.plausible import SLACK, begun_on, believed, is_plausible
from pipeline.archive.withdrawn import run_of, withdrawn
from pipeline.corpus.identity import short_hash
from pipeline.corpus.job import Job
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import list_versions, version_key
from pipeline.corpus.schema import SCHEMA, SCHEMA_VERSION, TABLES
from pipeline.corpus.shards import said_of_pages
from pipeline.corrections import digests
from pipeline.dedupe.records import SPLIT_FROM
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
    fingerprints: dict[str, str]
    """What the manifest will say made its rows."""
    later: str | None
    """Why the rows that stand were made by other rules than those that come; None: they were not, or are made anew."""
    mark: str
    """What the rows that come are marked with; "": they are of the version's fingerprints."""
    made_by: dict[str, dict[str, str]]
    """What the manifest will say of marked rows."""
    recorrected: tuple[str, ...]
    """Documents of which the corrections say something else than in the base."""


def plan(job: Job) -> Plan:
    """Compare archive, rules and newest version."""
    if not job.raw.is_dir():
        raise UsageError(f"{job.raw}: no such archive folder; `corpus crawl` or `corpus import` makes one")
    have = list_versions(job.clean)
    parent = read_manifest(job.clean / have[-1]) if have else None
    files = archive.standing(job.raw)
    if parent is not None and not job.confirm:
        _refuse_lost_inputs(job, parent, files)
        _refuse_lost_corrections(job, parent)
    why = _why_full(job, parent, files) if parent is not None else None
    later = _later(job, parent, files) if parent is not None and why is not None else None
    if later is not None:
        why = None
    base = parent if why is None else None
    fingerprints, mark, made_by = _marked(rules(job.sources), base if later is not None else None)
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
        fingerprints=fingerprints,
        later=later,
        mark=mark,
        made_by=made_by,
        recorrected=tuple(sorted(others)),
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


def _refuse_lost_corrections(job: Job, parent: Manifest) -> None:
    """RefusedError when the newest version was corrected and there is no folder of corrections at all."""
    if parent.corrections and job.corrections is None:
        raise RefusedError(
            f"version {parent.version} was made with corrections of {len(parent.corrections)} documents, and there is"
            " no folder of them here. Nothing was published; name it with --corrections, or build with --confirm to"
            " go on without them"
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
        said = (*said_of_pages(source), source.terms)
        if any(said):
            found[f"source:{source.name}"] = short_hash(repr(said))
    return found


def _marked(
    now: dict[str, str], beside: Manifest | None
) -> tuple[dict[str, str], str, dict[str, dict[str, str]]]:
    """What a manifest says made its rows, the mark of those of the present rules, and what it says of marked ones.

    `beside` is the version of other rules to which they are added.
    """
    if beside is None:
        return now, "", {}
    if now == beside.fingerprints:
        return now, "", beside.made_by
    mark = short_hash(repr(sorted(now.items())))[:16]
    return beside.fingerprints, mark, beside.made_by | {mark: now}


def hindrance(job: Job, parent: Manifest, files: Sequence[archive.SealedFile]) -> str | None:
    """Why rows of the present rules cannot be added to a version of others, in words; None: they can."""
    return _other_archive(job, parent, files) or incompatible(job.clean / parent.version, parent)


def _later(job: Job, parent: Manifest, files: Sequence[archive.SealedFile]) -> str | None:
    """Why rows made by the present rules are added to a version of others; None: it is made anew.

    RefusedError where that was asked for and the two do not go together.
    """
    if not job.later or job.full:
        return None
    if why := hindrance(job, parent, files):
        raise RefusedError(
            f"New rows cannot stand beside those of before: {why}. Nothing was published; `corpus rebuild` makes"
            " everything anew (--preview shows what that changes)"
        )
    return _other_rules(job, parent)


def incompatible(folder: Path, parent: Manifest) -> str | None:
    """Why rows made by the present rules cannot stand beside those of a version, in words; None: they can.

    They must have its columns; the same rules must have compared them; and a text that was cut at places of its
    normalized form must still have that form.
    """
    schema = version_key(parent.version)[0]
    paths = [path for name in TABLES for path in sorted((folder / name).glob("*.parquet"))]
    if schema != SCHEMA_VERSION or any(pq.read_schema(path) != SCHEMA for path in paths[:1]):
        return f"the rows of version {parent.version} have other columns"
    if parent.fingerprints.get("dedupe") != fingerprint(MADE_BY["dedupe"]):
        return f"the documents of version {parent.version} were compared by other rules"
    if parent.fingerprints.get("normalize") == fingerprint(MADE_BY["normalize"]):
        return None
    relations = (pq.read_table(path, columns=["relation"])["relation"] for path in paths)
    if any(pc.any(pc.equal(each, SPLIT_FROM)).as_py() for each in relations):
        return f"version {parent.version} has texts cut out of others, and normalization is another"
    return None


def _why_full(job: Job, parent: Manifest, files: Sequence[archive.SealedFile]) -> str | None:
    if why := _other_schema(parent):
        return why
    if job.full:
        return FORCED
    if parent.unsettled:
        return "documents were taken down, and what stands in their place is to be decided"
    return _other_rules(job, parent) or _other_archive(job, parent, files)


def changed_rules(job: Job, parent: Manifest) -> str | None:
    """What of the schema or the rules is another than in a version, in words."""
    return _other_schema(parent) or _other_rules(job, parent)


def _other_schema(parent: Manifest) -> str | None:
    schema = version_key(parent.version)[0]
    return f"the schema changed (from {schema} to {SCHEMA_VERSION})" if schema != SCHEMA_VERSION else None


def _other_rules(job: Job, parent: Manifest) -> str | None:
    """What the rows of the newest version were made by that is another now, in words."""
    now, before = rules(job.sources), parent.fingerprints
    declared = {s.name for s in job.sources}
    for key in (*now, *(key for key in sorted(before) if key not in now)):
        name = key.removeprefix("source:")
        # a source that is new, or is no longer declared, changes no row that stands
        concerns = key == name or (name in parent.counts and name in declared)
        if concerns and now.get(key, "") != before.get(key, ""):
            said = (
                f"source {name} has another body, drop, charset, extractor, mask or terms"
                if key != name
                else None
            )
            return said or TOLD.get(key, f"the rules changed ({key})")
    if parent.made_by:
        return "some of its rows were made by later rules than the others"
    return None


def _other_archive(job: Job, parent: Manifest, files: Sequence[archive.SealedFile]) -> str | None:
    have, taken_back = {f.file: f.sha256 for f in files}, withdrawn(job.raw)
    gone = [f.file for f in parent.inputs if have.get(f.file) != f.sha256]
    for run in sorted({run_of(file) for file in gone} & taken_back.keys()):
        return f"the run {run} was withdrawn: {taken_back[run]}"
    # its captures may lie between others that are taken in already: only from the beginning do they come in order
    for run in sorted((parent.withdrawn.keys() - taken_back.keys()) & {run_of(file) for file in have}):
        return f"the run {run} counts again"
    return f"the archive changed ({gone[0]})" if gone else None
