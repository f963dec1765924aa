"""What is gathered for the gates of a build: what speaks against the new rows of sources, and what must wait for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from pipeline.archive import cdxj
from pipeline.archive.withdrawn import run_of, withdrawn
from pipeline.corpus import expectations, gates, harm
from pipeline.corpus.held import captures_of, parked, sources_of
from pipeline.corpus.job import Job
from pipeline.corpus.plan import Plan
from pipeline.corpus.schema import ARTICLES
from pipeline.corpus.shards import ShardReport
from pipeline.records import Reason


def beforehand(job: Job, todo: Plan, shards: Sequence[ShardReport], limits: gates.Limits) -> dict[str, str]:
    """The sources that are at fault before anything is compared, each with why: what they yield, pages that break
    their workers, and what was found before where nothing speaks for another judgement."""
    parent, new = todo.parent, _new_of(todo, shards)
    before = parent.held if parent is not None else {}
    came = sources_of(new)
    evidence = expectations.Evidence(
        raw=job.raw,
        files=todo.files,
        new=todo.new,
        shards=new,
        known=expectations.rows_of(job.clean / todo.base.version)
        if todo.base is not None
        else [shard.path for shard in shards if shard.path not in set(new)],
        came=came if todo.base is not None else None,
        before=before,
        accepted=parent.accepted if parent is not None else {},
    )
    faults = {
        fault.source: fault.why for fault in gates.breaking(shards, _known_lost(job, todo), job.accepts)
    }
    faults |= expectations.failing(job.sources, evidence)
    stays = gates.staying(before, limits, came, is_anew=todo.base is None)
    return stays | faults


def _known_lost(job: Job, todo: Plan) -> dict[str, str]:
    """The captures that broke their worker in builds before, where the pages are read again; not those still judged."""
    if todo.parent is None or todo.base is not None:
        return {}
    names = todo.parent.counts.keys() - todo.parent.held.keys()
    return parked(job.clean / todo.parent.version, names, Reason.QUARANTINED)


def waiting(
    job: Job, todo: Plan, shards: Sequence[ShardReport], held: Mapping[str, str]
) -> tuple[frozenset[str], frozenset[str] | None]:
    """The captures that must wait, and, where everything is made anew, which of the others are new; None: all are."""
    parent, new = todo.parent, _new_of(todo, shards)
    if parent is None or todo.base is not None:
        fresh = captures_of(new) if held else {}
        return frozenset(capture for capture, name in fresh.items() if name in held), None
    fresh = captures_of(new) | parked(job.clean / parent.version, parent.held.keys())
    must_wait = frozenset(capture for capture, name in fresh.items() if name in held)
    return must_wait, frozenset(fresh) - must_wait


def _new_of(todo: Plan, shards: Sequence[ShardReport]) -> list[Path]:
    """The shards of the files that the newest version does not hold."""
    names = {file.file for file in todo.new}
    return [shard.path for file, shard in zip(todo.fresh, shards, strict=True) if file.file in names]


def harm_of(
    job: Job, todo: Plan, folder: Path, tried: harm.Tried, table: pa.Table, limits: gates.Limits
) -> list[gates.Fault]:
    """What the staged edition would do to published articles that a person must say yes to, or has.

    `table` are its changes. Where no rule is another one than before, what nobody's page is seen to have done is laid
    to the new pages of the same source, if it has any.
    """
    if todo.parent is None:
        return []
    old = job.clean / todo.parent.version
    standing, taken_back = {f.file for f in todo.files}, withdrawn(job.raw)
    gone = [f.file for f in todo.parent.inputs if f.file not in standing and run_of(f.file) in taken_back]
    left = {ref.id for file in gone if (job.raw / file).is_file() for ref in cdxj.refs(job.raw, file)}
    harms = harm.harmed(table, old, folder, tried, left)
    if todo.base is not None and any(each.by is None for each in harms):
        came = sources_of(tried.shards) | {row.source for row in tried.released}
        own = came - set(tried.held)
        harms = [
            replace(each, by=each.source) if each.by is None and each.source in own else each
            for each in harms
        ]
    published = {name: counts.get(ARTICLES, 0) for name, counts in todo.parent.counts.items()}
    known = harm.harm_faults(harms, published, limits, lambda _: False)
    let_in = [fault for fault in known if job.accepts(fault.source)]
    return let_in + harm.harm_faults(harms, published, limits, job.accepts)
