"""What extraction and normalization made of each archive file, kept as Parquet beside the corpus.

A shard holds the rows of one WARC file, in the order of its captures, under a folder named after the stage's
fingerprint: `.build/clean/extract-<hash>/<file>-<sha256>.parquet`, `.build/clean/normalize-<hash>/…`. A changed
normalize rule finds the extract shards still there, and of its tables only the texts they touch are done again
(tables.py); a changed extract rule starts anew, but for the phrases, of which only the pages they touch are done again
(phrases.py); so are the captures of a source that is declared otherwise (kept.py). Shards may be deleted when no build
runs.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import archive
from pipeline.archive import cdxj
from pipeline.archive.feeds import runs_behind
from pipeline.archive.store import sha256_of, sync
from pipeline.archive.withdrawn import withdrawn
from pipeline.corpus import kept, phrases, tables
from pipeline.corpus.batches import PER_BATCH, Batch, Lost, Steps
from pipeline.corpus.budget import PAGE_SECONDS
from pipeline.corpus.identity import short_hash
from pipeline.corpus.kept import MadeOf
from pipeline.corpus.pool import SEEN, Pool
from pipeline.corpus.references import page_batches
from pipeline.corpus.schema import EXTRACTED, SCHEMA, from_table, shard_writer
from pipeline.corpus.sent import extraction
from pipeline.corpus.texts import (
    keep_made,
    lost_rows,
    normalize_batch,
    normalize_rows,
    read_rows,
    row_batches,
)
from pipeline.records import Document, Kind, Reason, Source
from pipeline.rules import fingerprint

SECONDS_PER_ITEM = 2 * PAGE_SECONDS
"""Time on the clock a page and stage, for what hangs without using the CPU: its budget, doubled for a busy machine."""


WORK = ("pipeline.corpus.pages", "pipeline.corpus.texts")
"""The modules that workers are forked with."""

STAGES = ("extract", "normalize")
"""What the names of the shard folders begin with."""

SUM = ".sha256"
"""How the name of a shard's sum ends, which stands beside it."""

TORN = ".part"
"""How the name of a shard ends while it is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """Where the shards of the present rules stand."""

    raw: Path
    """The archive."""
    work: Path
    """The work folder of the corpus."""
    sources: tuple[Source, ...]
    """The declared sources; a capture of another source takes the defaults."""


def said_of_pages(source: Source) -> tuple[object, ...]:
    """What a source says of how its pages are read."""
    return (source.body, source.drop, source.charset, source.extractor, source.mask)


def source_fingerprint(source: Source) -> str:
    """Hash of what a source says about extraction; empty when it says nothing."""
    said = said_of_pages(source)
    return short_hash(repr(said))[:12] if any(said) else ""


def stage_folders(work: Path) -> tuple[Path, Path]:
    """The shard folders of the present rules: of extraction, of normalization."""
    return folders_of(work, fingerprint("corpus.pages"))


def folders_of(work: Path, extraction: str) -> tuple[Path, Path]:
    """The shard folders of a fingerprint of extraction, with the present one of normalization."""
    both = short_hash(extraction + fingerprint("corpus.texts"))
    return work / f"extract-{extraction[:16]}", work / f"normalize-{both[:16]}"


def remove_stale(work: Path) -> int:
    """Remove the shard folders of earlier rules; how many there were."""
    present = stage_folders(work)
    stale = [p for stage in STAGES for p in work.glob(f"{stage}-*") if p not in present]
    for folder in stale:
        shutil.rmtree(folder)
    return len(stale)


def remove_torn(work: Path) -> None:
    """Remove what killed builds left: shards half written, and `SEEN`; for the holder of the work folder's lock."""
    for pattern in (f"{SEEN}*", *(f"{stage}-*/*{TORN}" for stage in STAGES)):
        for path in work.glob(pattern):
            path.unlink()


def made_of(stages: Stages, file: archive.SealedFile) -> MadeOf:
    """What the rows of an archive file depend on besides the code."""
    refs = cdxj.refs(stages.raw, file.file)
    names = {ref.source for ref in refs}
    prints = {s.name: source_fingerprint(s) for s in stages.sources if s.name in names}
    # a joined part may have its text from another run's response, a page from the feed that another run read
    without = sorted(withdrawn(stages.raw))
    if without and not any(ref.refers_to for ref in refs):
        without = sorted(runs_behind(stages.raw, refs) & set(without))
    return MadeOf(
        file=file.sha256,
        sources={name: each for name, each in prints.items() if each},
        without=tuple(without),
    )


def extract_shard(stages: Stages, file: archive.SealedFile) -> Path:
    """Path of the extract shard of an archive file under the present rules."""
    what = made_of(stages, file)
    said = "".join(f"{name}={each};" for name, each in what.sources.items())
    said += "".join(f"without {run};" for run in what.without)
    return stage_folders(stages.work)[0] / f"{_stem(file)}-{short_hash(file.sha256 + said)[:12]}.parquet"


def _stem(file: archive.SealedFile) -> str:
    return Path(file.file).name.removesuffix(".warc.gz")


def plan_extraction(stages: Stages, file: archive.SealedFile) -> kept.Plan | None:
    """What of a file is to be extracted where an earlier shard has the rest; None: there is none, all is."""
    now = made_of(stages, file)
    names = {ref.source for ref in cdxj.refs(stages.raw, file.file) if ref.kind == Kind.PAGE}
    found = [
        (len(others), path, others)
        for path in sorted(stage_folders(stages.work)[0].glob(f"{_stem(file)}-*.parquet"))
        if (others := kept.changed(now, kept.read(path), names)) is not None and _readable(path, EXTRACTED)
    ]
    if not found:
        return _by_phrases(stages, file)
    _, path, others = min(found)
    normalized = stage_folders(stages.work)[1] / path.name
    return kept.to_extract(stages.raw, file.file, lambda ref: ref.source in others, path, normalized)


def _by_phrases(stages: Stages, file: archive.SealedFile) -> kept.Plan | None:
    """The same where the earlier shard was made by other phrases alone."""
    name, found = extract_shard(stages, file).name, []
    for print_, entries in phrases.earlier(stages.work):
        first, second = folders_of(stages.work, print_)
        if _readable(first / name, EXTRACTED):
            from pipeline.corpus.pages import touched

            found.append((touched(first / name, entries), first / name, second / name))
    if not found:
        return None
    captures, path, normalized = min(found, key=lambda each: (len(each[0]), each[1]))
    return kept.to_extract(stages.raw, file.file, lambda ref: ref.id in captures, path, normalized)


def normalize_shard(stages: Stages, file: archive.SealedFile) -> Path:
    """Path of the normalize shard of an archive file under the present rules."""
    return stage_folders(stages.work)[1] / extract_shard(stages, file).name


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardReport:
    """What making the shards of an archive file cost."""

    path: Path
    """The normalize shard."""
    source: Path
    """The extract shard it is made from."""
    whole: bool = False
    """Whether the normalize shard stands as it was written."""
    extracted: int = 0
    """Captures extracted now; 0 when the shard was there."""
    normalized: int = 0
    """Captures whose text was normalized now."""
    lost: tuple[str, ...] = ()
    """Captures that broke their worker, with why."""
    plan: kept.Plan | None = None
    """What of the file was extracted, where an earlier shard had the rest."""


def extract_batch(raw: Path, sources: tuple[Source, ...], batch: Batch) -> pa.Table:
    """`pages.extract_batch`; extraction is imported by the workers alone: half a second, and 60 MB."""
    from pipeline.corpus import pages

    return pages.extract_batch(raw, sources, batch)


def _lost_captures(raw: Path, lost: Lost) -> pa.Table:
    from pipeline.corpus import pages

    return pages.lost_captures(raw, lost)


def make_extracted(
    stages: Stages, file: archive.SealedFile, pool: Pool, tick: Callable[[int], None]
) -> ShardReport:
    """Make the extract shard of an archive file, unless one of its two is there; `tick` is told of captures."""
    report = ShardReport(path=normalize_shard(stages, file), source=extract_shard(stages, file))
    if _readable(report.path):
        return replace(report, whole=True, lost=_quarantined(report.path))
    if _readable(report.source, EXTRACTED):
        return report
    phrases.note(report.source.parent)
    whole, rescue = partial(extract_batch, stages.raw, stages.sources), partial(_lost_captures, stages.raw)

    def here(batches: Sequence[Batch]) -> Iterator[tuple[Batch, pa.Table]]:
        for outcome in pool.here.map(whole, batches, SECONDS_PER_ITEM):
            yield outcome.batch, rescue(outcome) if isinstance(outcome, Lost) else outcome.result

    work = _Work(
        schema=EXTRACTED,
        steps=extraction(stages.raw, stages.sources, whole, here),
        rescue=rescue,
        column="encoding",
    )
    plan = plan_extraction(stages, file)
    batches = plan.batches if plan is not None else page_batches(stages.raw, file.file)
    done = _fill(report.source, made_of(stages, file), pool, work, batches, plan, tick)
    return replace(report, extracted=done, plan=plan)


def plan_normalization(extracted: Path, normalized: Path) -> kept.Plan | None:
    """What of an extract shard is to be normalized where an earlier shard has the rest; None: all is."""
    found = []
    for folder, what in tables.earlier(normalized.parent.parent, fingerprint("corpus.pages")):
        path = folder / normalized.name
        if _readable(path) and (batches := tables.touched(extracted, path, what)) is not None:
            found.append((sum(each.count for each in batches), path, batches))
    if not found:
        return None
    _, path, batches = min(found, key=lambda each: each[:2])
    rows = pq.read_metadata(extracted).num_rows
    return kept.Plan(
        batches=batches, total=rows, earlier=path, normalized=path, schema=SCHEMA, row=lambda unit: unit
    )


def make_normalized(report: ShardReport, pool: Pool, tick: Callable[[int], None]) -> ShardReport:
    """Make the normalize shard from the extract shard, unless it is there; `tick` is told of rows."""
    if report.whole:
        return report
    tables.note(report.path.parent, fingerprint("corpus.pages"))
    steps = Steps(gather=read_rows, work=normalize_rows, keep=keep_made, whole=normalize_batch)
    work = _Work(steps=steps, rescue=lost_rows, column="text")
    if report.plan is None:
        plan = plan_normalization(report.source, report.path)
    else:
        is_there = _readable(report.plan.normalized)
        plan = kept.to_normalize(report.plan, report.source) if is_there else None
    batches = plan.batches if plan is not None else row_batches(report.source)
    done = _fill(report.path, kept.read(report.source), pool, work, batches, plan, tick)
    return replace(report, whole=True, normalized=done, lost=_quarantined(report.path))


def forget(report: ShardReport) -> None:
    """Remove the shards of an archive file, so that the next build makes them anew."""
    report.path.unlink(missing_ok=True)
    report.source.unlink(missing_ok=True)


def _sum_of(shard: Path) -> Path:
    """Where the sum of a shard stands."""
    return shard.with_suffix(SUM)


def _readable(shard: Path, schema: pa.Schema = SCHEMA) -> bool:
    """Whether a shard stands there as it was written, of the present schema; any other is made anew."""
    try:
        is_whole = _sum_of(shard).read_text(encoding="ascii") == sha256_of(shard)
        return is_whole and pq.read_schema(shard).equals(schema)
    except (OSError, ValueError):
        return False


def _quarantined(shard: Path) -> tuple[str, ...]:
    """The captures of a shard that broke their worker, each with why."""
    rows = pq.ParquetFile(shard).read(["capture", "reason", "rule"])
    lost = rows.filter(pc.fill_null(pc.equal(rows["reason"], Reason.QUARANTINED), False))
    return tuple(f"{row['capture']}: {row['rule']}" for row in lost.to_pylist())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    schema: pa.Schema = SCHEMA
    """The columns of the shard."""
    steps: Steps[pa.Table]
    """What gives the rows of a batch."""
    rescue: Callable[[Lost], pa.Table]
    """The row of an item that broke its worker."""
    column: str
    """The column that is filled where the stage had something to do."""

    def worked(self, rows: pa.Table) -> int:
        """How many captures of a batch's rows the stage really worked on."""
        filled = rows.filter(pc.not_equal(rows[self.column], ""))
        return len(filled["capture"].unique())


def _fill(
    shard: Path,
    what: MadeOf | None,
    pool: Pool,
    work: _Work,
    batches: Sequence[Batch],
    plan: kept.Plan | None,
    tick: Callable[[int], None],
) -> int:
    """Write a shard from the batches' tables, beside its place, then renamed; captures worked on.

    With a plan the rows of an earlier shard stand between those of the batches. A row group has those of a batch, or
    of so many short runs as make one: a file of single rows would take long to write and to read.
    """
    shard.parent.mkdir(parents=True, exist_ok=True)
    beside = shard.with_suffix(f".{os.getpid()}{TORN}")  # a rebuild may make the same one meanwhile
    done = 0
    outcomes = pool.map(work.steps, batches, SECONDS_PER_ITEM)
    with shard_writer(beside, work.schema) as writer:
        waiting: list[pa.Table] = []
        for outcome in plan.weave(outcomes) if plan is not None else outcomes:
            if isinstance(outcome, pa.Table):
                table = outcome
            else:
                table = work.rescue(outcome) if isinstance(outcome, Lost) else outcome.result
                done += work.worked(table)
                tick(outcome.batch.count)
            waiting.append(table)
            if sum(each.num_rows for each in waiting) >= PER_BATCH:
                writer.write_table(pa.concat_tables(waiting))
                waiting = []
        if waiting:
            writer.write_table(pa.concat_tables(waiting))
        writer.add_key_value_metadata(what.write() if what is not None else {})
    sync(beside)
    _sum_of(shard).write_text(sha256_of(beside), encoding="ascii")  # torn, it makes the shard anew
    beside.replace(shard)
    return done


def read_shard(path: Path, rows: int = 1_000, made_by: str = "") -> Iterator[list[Document]]:
    """The documents of a shard in batches, each marked with the rules it was `made_by`."""
    for batch in pq.ParquetFile(path).iter_batches(batch_size=rows):
        found = from_table(pa.Table.from_batches([batch]).cast(SCHEMA))
        yield [replace(document, made_by=made_by) for document in found] if made_by else list(found)
