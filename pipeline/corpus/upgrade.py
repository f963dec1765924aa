"""What a build will make anew, before it does: after an upgrade that may be everything, and take hours."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.corpus.job import Job
from pipeline.corpus.plan import changed_rules, hindrance, plan
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import list_versions
from pipeline.corpus.shards import (
    Stages,
    extract_shard,
    normalize_shard,
    plan_extraction,
    plan_normalization,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """What a build will do, in captures."""

    full: str | None
    """Why everything is made anew; None: only what is new is."""
    files: int
    """Archive files to read."""
    extract: int
    """Pages to extract, and their texts to normalize."""
    normalize: int
    """Texts alone to normalize: their extraction is kept from before."""
    untouched: int
    """Texts that the change of a table cannot touch: they are kept from before too."""
    compare: int
    """Pages to compare."""
    not_later: str | None
    """Why the new pages cannot be published before everything is made anew; None: they can, or it is not."""


def foresee(job: Job) -> Foresight:
    """Look at archive, rules, version and shards; changes nothing. Raises what `plan` raises."""
    todo = plan(job)
    stages = Stages(raw=job.raw, work=job.work, sources=job.sources)
    extract = normalize = untouched = 0
    for file in todo.fresh:
        if normalize_shard(stages, file).exists():
            continue
        if (extracted := extract_shard(stages, file)).exists():
            texts = plan_normalization(extracted, normalize_shard(stages, file))
            touched = sum(each.count for each in texts.batches) if texts is not None else file.pages
            normalize += touched
            untouched += texts.total - touched if texts is not None else 0
        else:
            partly = plan_extraction(stages, file)
            extract += sum(each.count for each in partly.batches) if partly is not None else file.pages
    not_later = None
    if todo.parent is not None and todo.why_full is not None:
        not_later = hindrance(job, todo.parent, todo.files)
    return Foresight(
        full=todo.why_full,
        files=len(todo.fresh),
        extract=extract,
        normalize=normalize,
        untouched=untouched,
        compare=sum(file.pages for file in todo.fresh),
        not_later=not_later,
    )


def other_rules(job: Job) -> str | None:
    """What of the rules is not as the newest version has it, in words; None: nothing is, or there is no version."""
    have = list_versions(job.clean)
    return changed_rules(job, read_manifest(job.clean / have[-1])) if have else None
