"""raw → clean: the one place where the order of the cleaning stages stands.

    sealed archive files → extract shards → normalize shards (quality)
    → corrections → revisions → dedupe → version

Nothing here fetches, nothing reads the clock. A build is incremental while the rules are those of the latest
version; when they are not, everything is built anew from the shards that still fit: `clean/` stays a pure
function of `raw/`, the code and the rule files. An increment gives the rows a full build gives, in all columns: what
stands of a page follows from its captures in their order (revisions.py), what deduplication says from the texts that
stand (dedupe/run.py). What may differ is how rows are cut into files, the segments of `clusters/` and what its
`redirects` say of ids of earlier versions, visits that brought nothing new (they wait for the next version), and rows
of a source that was held back or let go with --confirm, which a person decides.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import archive
from pipeline.archive import blocklist, takedowns
from pipeline.archive.store import beside
from pipeline.archive.withdrawn import runs
from pipeline.corpus import carried, feed, feed_files, gates, life_files, publish, tombstones
from pipeline.corpus import changes as changing
from pipeline.corpus.ahead import NO_HELP, Help, look_ahead
from pipeline.corpus.assemble import Assembled
from pipeline.corpus.blocked import Blocked
from pipeline.corpus.card import LASTING, write_card
from pipeline.corpus.edition import CLUSTERS, Edition
from pipeline.corpus.environment import environment
from pipeline.corpus.harm import Tried, refusal
from pipeline.corpus.held import release
from pipeline.corpus.holds import hold_words, on_hold
from pipeline.corpus.intake import Intake, captured_in, intake, retake
from pipeline.corpus.job import BuildReport, Job, Progress, locked, making_shards, recover, staging
from pipeline.corpus.judging import beforehand, harm_of, waiting
from pipeline.corpus.plan import FORCED, Plan, plan, rules, time_of
from pipeline.corpus.pool import Pool
from pipeline.corpus.read import CHANGES_FILE, list_versions
from pipeline.corpus.reserved import Rights, SiteFiles
from pipeline.corpus.schema import SCHEMA, column_types, write_parquet
from pipeline.corpus.shards import (
    WORK,
    ShardReport,
    Stages,
    forget,
    make_extracted,
    make_normalized,
    read_shard,
)
from pipeline.corpus.staged import check_staged
from pipeline.corpus.sums import Sums
from pipeline.corpus.writers import Writers
from pipeline.corrections import kept_apart
from pipeline.dedupe.comparison import BY_HEADS, PARTLY
from pipeline.dedupe.index import DedupeIndex
from pipeline.records import Document, InputFile, Manifest, Reason
from pipeline.stages import Stage, StageName, stage, watched

logger = logging.getLogger("pipeline.corpus")

ROWS_AT_ONCE = 2_000
"""Rows compared and written in one go: bounds the memory to some 50 MB of text."""

NAMED = 8
"""So many of the documents that were compared in part only are named in a warning."""

SELECTOR_MISSED = "body_selector_missed"
"""Flag of a page on which the body selector of its source matched nothing."""


@dataclass(slots=True, kw_only=True)
class _Made:
    """An edition with what went into it, summed over the batches."""

    edition: Edition
    index: DedupeIndex
    into: Intake
    tried: Tried
    crowd: gates.Crowd = field(default_factory=gates.Crowd)
    loud: bool = False
    """Whether a version with it says anything that its parent does not."""
    left: int = 0
    partly: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Of the rules that bound the comparison the documents they bounded."""
    by_heads: set[str] = field(default_factory=set)
    """The clusters of which only some copies decide which one is published."""
    funnel: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, assembled: Assembled) -> None:
        """Count a batch."""
        self.loud = self.loud or assembled.loud
        self.left += assembled.left
        for name, rule in assembled.partly.items():
            self.partly[rule].append(name)
        self.by_heads.update(assembled.by_heads)

    def is_new(self, document: Document) -> bool:
        """Whether a row is of a page that no version held yet, or let in."""
        return self.tried.captures is None or document.capture in self.tried.captures


def build(job: Job, progress: Progress = lambda what, done, total: None) -> BuildReport:
    """Build and publish the next version, if there is anything to say that the latest does not.

    Raises BusyError when another build works on the same corpus, RefusedError when a gate stands against
    publishing anything (gates.py), CorpusError for a damaged version or disk trouble.
    """
    try:
        with locked(job), staging(job) as folder:
            recover(job)
            rolled_back = None if job.preview else on_hold(job.clean)
            if rolled_back is None:
                return _build(job, plan(job), folder, progress)
    except OSError as error:
        raise publish.disk_error(error, Path(error.filename or job.work)) from error
    return BuildReport(
        version=rolled_back.version,
        parent=rolled_back.parent,
        published=False,
        full=None,
        on_hold=hold_words(rolled_back),
    )


def make_ahead(job: Job, progress: Progress = lambda what, done, total: None) -> list[ShardReport]:
    """Make the shards of the whole archive before a rebuild, while other builds of the corpus may go on.

    BusyError when another rebuild does the same.
    """
    with making_shards(job):
        return _make_shards(job, archive.standing(job.raw), progress)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """An edition about which the gates have spoken."""

    made: _Made
    faults: dict[str, str]
    """Sources that are at fault, each with why: their new rows wait, or were let in by a person."""
    stopped: list[gates.Fault]
    """What stands against publishing anything."""
    table: pa.Table | None
    """The changes, where they were asked for."""


def _build(job: Job, todo: Plan, folder: Path, progress: Progress) -> BuildReport:
    logger.info("%d archive files to read, on top of %s", len(todo.fresh), _base_of(todo))
    shards = _make_shards(job, todo.fresh, progress)
    with stage(StageName.DEDUPLICATE) as told, _help(job, todo, shards) as cluster:
        judged = _judge(job, todo, folder, shards, cluster, progress, told)
        _say_compared(told, judged.made)
    report = _report(job, todo, shards, judged.made, judged.faults)
    with stage(StageName.PUBLISH) as told:
        report = _finish(job, todo, folder, shards, judged, report, progress)
        told.counts = {key.replace(":", " by "): n for key, n in report.changes.items()}
        if not report.published:
            told.idle = "only a preview was asked for" if job.preview else "there is nothing new to publish"
        return report


@contextmanager
def _help(job: Job, todo: Plan, shards: Sequence[ShardReport]) -> Iterator[Help]:
    """What the workers of a cluster find out about the texts of the shards, and they themselves to write the files.

    On one machine a text is looked at when it is asked for: ahead it costs more than two processes save.
    """
    if job.dask is None:
        yield NO_HELP
        return
    found, written = job.work.absolute() / "ahead", job.work.absolute() / "written"
    publish.discard(found)
    publish.discard(written)
    index = DedupeIndex.open(job.clean / todo.base.version / CLUSTERS if todo.base is not None else None)
    try:
        with Pool(job.workers, job.dask, work=job.work.absolute()) as pool:
            ahead = look_ahead([shard.path for shard in shards], found, index.repeated_lines, pool)
            yield Help(ahead=ahead, writers=Writers(pool, written))
    finally:
        publish.discard(found)
        publish.discard(written)


def _judge(
    job: Job,
    todo: Plan,
    folder: Path,
    shards: Sequence[ShardReport],
    cluster: Help,
    progress: Progress,
    told: Stage,
) -> _Judged:
    """Make the edition, and again without the new rows of those to blame for what a gate says, until none is left."""
    limits = gates.Limits(job.sources)
    faults = beforehand(job, todo, shards, limits)
    while True:
        held = {name: why for name, why in faults.items() if not job.accepts(name)}
        made = _make(job, todo, folder, shards, held, cluster, progress, told)
        stopped, table = made.crowd.faults(limits, job.accepts), None
        if all(job.accepts(fault.source) for fault in stopped) and (todo.why_full or made.loud):
            table = _compared(job, todo, folder)
            stopped += harm_of(job, todo, folder, made.tried, table, limits)
        blamed = {f.source: f.why for f in stopped if f.source not in faults and not f.rows}
        faults |= blamed | {f.source: f.why for f in stopped if job.accepts(f.source)}
        stopped = [fault for fault in stopped if not job.accepts(fault.source)]
        if not any(fault.source in blamed for fault in stopped):
            return _Judged(made=made, faults=faults, stopped=stopped, table=table)
        logger.info("made again without the new rows of %s", ", ".join(sorted(blamed)))


def _finish(
    job: Job,
    todo: Plan,
    folder: Path,
    shards: Sequence[ShardReport],
    judged: _Judged,
    report: BuildReport,
    progress: Progress,
) -> BuildReport:
    """Publish the edition, if nothing stands against it and it says anything new; RefusedError where something does."""
    if judged.stopped:
        if not job.preview:
            command = "rebuild" if todo.why_full == FORCED else "build"
            raise refusal(judged.stopped, job.clean / _version(todo.parent), folder, command)
        report = replace(report, refused={fault.source: fault.why for fault in judged.stopped})
    if not (todo.why_full or judged.made.loud or _holds_otherwise(todo, report)):
        return report
    if any(why.startswith(gates.LOST) for why in report.held.values()):
        for shard in (each for each in shards if each.lost):
            forget(shard)  # so that a rebuild reads the pages again
    judged.made.index.write(folder / CLUSTERS)
    table = judged.table if judged.table is not None else _compared(job, todo, folder)
    return _publish(job, todo, folder, judged.made.edition, report, table, progress)


def _make(
    job: Job,
    todo: Plan,
    folder: Path,
    shards: Sequence[ShardReport],
    held: dict[str, str],
    cluster: Help,
    progress: Progress,
    told: Stage,
) -> _Made:
    """The edition in which the new rows of some sources wait."""
    publish.discard(folder)
    folder.mkdir()
    base = job.clean / todo.base.version if todo.base is not None else None
    sums = Sums(base) if base is not None else None
    if sums is not None:
        sums.check_folder(CLUSTERS)
    paths = [s.path for s in shards]
    rows = sum(pq.read_metadata(path).num_rows for path in paths)
    edition = Edition(folder, base, sums, rows=rows, writers=cluster.writers)
    apart = kept_apart(job.corrections or ())
    index = DedupeIndex.open(base / CLUSTERS if base is not None else None, apart)
    before = todo.parent.held if todo.parent is not None else {}
    must_wait, tried = waiting(job, todo, shards, held)
    into = intake(
        job.raw,
        job.corrections or (),
        edition,
        index,
        blocked=Blocked(blocklist.read(job.raw)),
        terms={source.name: source.terms for source in job.sources},
        rights=Rights(files=SiteFiles(job.raw), sources={source.name: source for source in job.sources}),
        waiting=must_wait,
        made_by=todo.mark,
        ahead=cluster.ahead,
    )
    retaken = retake(into, todo.recorrected, lambda rows: _shards_of(job, todo, rows, progress), held)
    released = release(edition, before.keys() - held.keys()) if base is not None else []
    made = _Made(
        edition=edition,
        index=index,
        into=into,
        tried=Tried(shards=paths, captures=tried, released=released, held=held),
    )
    for assembled in retaken:
        made.add(assembled)
    _take(_batches(released, paths, todo.mark), made, progress, told)
    if made.left:
        logger.warning(
            "%d documents near what changed stand as they were; `corpus rebuild` decides them", made.left
        )
    for rule, names in sorted(made.partly.items()):
        logger.warning("%s: %s", _first_of(names), PARTLY[rule])
    if made.by_heads:
        logger.warning("clusters %s: %s", _first_of(sorted(made.by_heads)), BY_HEADS)
    compacted = job.compact and edition.compact() > 0
    made.loud = made.loud or compacted or (todo.parent is None and bool(made.funnel))
    return made


def _first_of(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"


def _version(manifest: Manifest | None) -> str:
    return manifest.version if manifest is not None else ""


def _base_of(todo: Plan) -> str:
    if todo.base is not None:
        return todo.base.version
    return f"nothing: {todo.why_full or 'there is no version yet'}"


def _compared(job: Job, todo: Plan, folder: Path) -> pa.Table:
    """The changes of the staged edition against the newest version; what came out equal is made a link to it."""
    parent = job.clean / todo.parent.version if todo.parent is not None else None
    damaged: list[str] = []
    if todo.why_full is not None and todo.parent is not None and parent is not None:
        damaged = _damaged(parent, todo.parent)
        whole = {f.file: f for f in todo.parent.files if f.file not in damaged}
        publish.relink_equal(folder, parent, whole)
    return changing.compare(parent, folder, damaged)


def _holds_otherwise(todo: Plan, report: BuildReport) -> bool:
    """Whether other sources are held back than in the newest version: that is worth a version."""
    before = todo.parent.held if todo.parent is not None else {}
    return report.held.keys() != before.keys()


def _publish(
    job: Job,
    todo: Plan,
    folder: Path,
    edition: Edition,
    report: BuildReport,
    table: pa.Table,
    progress: Progress,
) -> BuildReport:
    """Make the edition the next version, if it says anything new."""
    progress("publishing", 0, 1)
    parent = job.clean / todo.parent.version if todo.parent is not None else None
    _count_changes(report.funnel, table)
    report = replace(report, changes=feed.summary(table))
    if job.preview:
        return replace(report, samples=changing.samples(table, parent, folder))
    is_same = not table.num_rows and _same_rules(job, todo) and not _holds_otherwise(todo, report)
    if todo.why_full == FORCED and is_same:
        return report
    write_parquet(table, folder / CHANGES_FILE)
    tombstones.write(folder, tombstones.of(takedowns.all_of(job.raw)))
    life_files.write(folder, parent, edition.moved if todo.base is not None else None, edition.id_index)
    edition.id_index.write(folder)
    manifest = _describe(job, todo, folder, edition, report)
    check_staged(folder, manifest, parent, todo.base)
    carried.check(folder, manifest, parent, job.work / f"whole-{job.clean.name}")
    lasting = feed_files.stage(table, manifest.parent, manifest.version, job.work)
    publish.put_in_place(folder, job.clean, manifest.version)
    feed_files.put_in_place(lasting, job.clean, manifest.version)
    logger.info(
        "published %s: %s", manifest.version, ", ".join(f"{n} {what}" for what, n in report.changes.items())
    )
    progress("publishing", 1, 1)
    return replace(report, version=manifest.version, parent=manifest.parent, published=True)


def _damaged(folder: Path, manifest: Manifest) -> list[str]:
    """The files of the newest version with which a full build compares nothing; an increment checked its own."""
    found = Sums(folder).damaged(file.file for file in manifest.files)
    for file in found:
        logger.warning("%s is damaged: the documents in it count as added", folder / file)
    return found


def _same_rules(job: Job, todo: Plan) -> bool:
    return todo.parent is not None and todo.parent.fingerprints == rules(job.sources)


def _shards_of(job: Job, todo: Plan, rows: Sequence[Document], progress: Progress) -> list[Path]:
    """The shards that hold the captures of some rows, made where they are missing."""
    with watched(None):  # part of the stage that asks for them
        return [shard.path for shard in _make_shards(job, captured_in(job.raw, todo.files, rows), progress)]


def _make_shards(job: Job, files: Sequence[archive.SealedFile], progress: Progress) -> list[ShardReport]:
    # absolute: a cluster's workers stand in folders of their own
    stages = Stages(raw=job.raw.absolute(), work=job.work.absolute(), sources=job.sources)
    total = sum(f.pages for f in files)
    sidecars = [beside(stages.raw, file.file, ".sha256") for file in files[-1:]]
    alike = [path for path in sidecars if path.is_file()]
    with Pool(job.workers, job.dask, preload=WORK, work=stages.work, alike=alike) as pool:
        with stage(StageName.EXTRACT) as told:
            tick = _Ticking(told, progress, "extracting", total)
            reports = []
            for file in files:
                reports.append(make_extracted(stages, file, pool, tick.add))
                tick.upto(file.pages)
            told.counts = {"captures": total, "extracted": sum(each.extracted for each in reports)}
            told.idle = _idle(told.counts, "extracted", is_made=all(each.whole for each in reports))
        with stage(StageName.NORMALIZE) as told:
            is_made = all(each.whole for each in reports)
            tick = _Ticking(told, progress, "normalizing", total)
            for number, file in enumerate(files):
                reports[number] = made = make_normalized(reports[number], pool, tick.add)
                tick.upto(file.pages)
                logger.debug("%s: %d extracted, %d normalized", file.file, made.extracted, made.normalized)
                for lost in made.lost:
                    logger.warning("quarantined %s", lost)
            told.counts = {"captures": total, "normalized": sum(each.normalized for each in reports)}
            told.idle = _idle(told.counts, "normalized", is_made=is_made)
    return reports


def _idle(counts: dict[str, int], what: str, *, is_made: bool) -> str:
    """Why a stage did nothing with the captures of some archive files; "": it did something."""
    if counts[what]:
        return ""
    if not counts["captures"]:
        return "there are no new captures"
    many = counts["captures"]
    return (
        f"all {many} captures are {what} already"
        if is_made
        else f"none of {many} captures brought a new page"
    )


class _Ticking:
    """How far a stage is over several files, told to whoever watches."""

    def __init__(self, told: Stage, progress: Progress, what: str, total: int) -> None:
        self._told, self._progress, self._what, self._total = told, progress, what, total
        self._done = self._before = 0

    def add(self, count: int) -> None:
        """So many more of the present file."""
        self._say(self._done + count)

    def upto(self, pages: int) -> None:
        """The present file is done."""
        self._before += pages
        self._say(self._before)

    def _say(self, done: int) -> None:
        self._done = min(done, self._total)
        self._told.at(self._done, self._total)
        self._progress(self._what, self._done, self._total)


def _batches(
    released: Sequence[Document], shards: Sequence[Path], made_by: str
) -> Iterator[tuple[list[Document], int]]:
    """Rows in capture order, a bounded number at a time, with the total; a capture's rows are never parted."""
    total = len(released) + sum(pq.read_metadata(path).num_rows for path in shards)
    waiting = list(released)
    for shard in shards:
        for rows in read_shard(shard, made_by=made_by):
            waiting += rows
            while len(waiting) > ROWS_AT_ONCE:
                cut = ROWS_AT_ONCE
                while cut < len(waiting) and waiting[cut].capture == waiting[cut - 1].capture:
                    cut += 1
                if cut == len(waiting):
                    break
                yield waiting[:cut], total
                waiting = waiting[cut:]
    if waiting:
        yield waiting, total


def _take(
    batches: Iterator[tuple[list[Document], int]], made: _Made, progress: Progress, told: Stage
) -> None:
    done = 0
    for batch, total in batches:
        rows = made.into.rows(batch)
        for document in rows:
            _count(made.funnel[document.source], document)
        assembled = made.into.put(rows)
        made.add(assembled)
        made.crowd.add(filter(made.is_new, rows), assembled.decisions, made.index)
        done += len(batch)
        told.at(done, total)
        progress("comparing", done, total)


def _say_compared(told: Stage, made: _Made) -> None:
    """How many rows came in and how many are fit, for who watches."""
    rows = sum(made.funnel.values(), Counter())
    told.counts = {"captures": rows["captures"], "kept": rows["kept"]}
    told.idle = "" if rows else "no row is new"


def _count(counts: Counter[str], document: Document) -> None:
    counts["captures"] += document.part == 1
    counts["extracted"] += bool(document.extracted)
    counts[SELECTOR_MISSED] += any(flag.name == SELECTOR_MISSED for flag in document.flags)
    counts["kept" if document.reason is None else document.reason] += 1


def _count_changes(funnel: dict[str, dict[str, int]], table: pa.Table) -> None:
    words = {"added": "new", "changed": "changed", "removed": "removed"}
    for row in feed.rows(table):
        counts, word = funnel.setdefault(row["source"] or "", {}), words[row["kind"] or ""]
        counts[word] = counts.get(word, 0) + 1


def _report(
    job: Job, todo: Plan, shards: Sequence[ShardReport], made: _Made, faults: dict[str, str]
) -> BuildReport:
    parent, declared = todo.parent, {source.name for source in job.sources}
    before = parent.held if parent is not None else {}
    counts = publish.merge_counts(todo.base.counts if todo.base is not None else {}, made.edition.counts)
    held = {
        name: why
        for name, why in sorted(faults.items())
        if not job.accepts(name) and (name in declared or counts.get(name, {}).get(Reason.HELD))
    }
    return BuildReport(
        version=parent.version if parent is not None else None,
        parent=parent.parent if parent is not None else None,
        published=False,
        full=todo.why_full,
        later=todo.later,
        files=len(todo.fresh),
        extracted=sum(s.extracted for s in shards),
        normalized=sum(s.normalized for s in shards),
        funnel={source: dict(counts) for source, counts in made.funnel.items()},
        held=held,
        held_anew=tuple(sorted(held.keys() - before.keys())),
        let_in={name: why for name, why in sorted(faults.items()) if job.accepts(name)},
        lost=tuple(lost for s in shards for lost in s.lost),
        corrections=made.into.told(todo.recorrected),
    )


def _accepted(job: Job, todo: Plan, report: BuildReport) -> dict[str, str]:
    """Up to when a person took what each source yields as it is."""
    before = todo.parent.accepted if todo.parent is not None else {}
    now = time_of(job.raw, todo).isoformat()
    return dict(sorted((before | dict.fromkeys(report.let_in, now)).items()))


def _describe(job: Job, todo: Plan, folder: Path, edition: Edition, report: BuildReport) -> Manifest:
    """Write the card, the manifest and the sums of a staged version."""
    parent, base = todo.parent, todo.base
    known = {f.file: f for f in parent.files} if parent is not None else {}
    parent_folder = job.clean / parent.version if parent is not None else None
    manifest = Manifest(
        version=publish.next_version([*list_versions(job.clean), *feed.files(job.clean)]),
        parent=parent.version if parent is not None else None,
        created_at=time_of(job.raw, todo),
        fingerprints=todo.fingerprints,
        made_by=todo.made_by,
        inputs=tuple(InputFile(file=f.file, sha256=f.sha256, captures=f.pages) for f in todo.files),
        files=publish.describe_files(folder, parent_folder, known),
        counts=publish.merge_counts(base.counts if base is not None else {}, edition.counts),
        changes=report.changes,
        held=report.held,
        accepted=_accepted(job, todo, report),
        corrections=todo.corrections,
        withdrawn={run.run: run.pages for run in runs(job.raw) if run.withdrawn},
        columns=column_types(SCHEMA),
    )
    write_card(folder, manifest, {s.name: s.terms for s in job.sources})
    publish.write_json(folder / publish.ENVIRONMENT, environment())
    same = {name: file for name, file in known.items() if name in LASTING}
    if parent_folder is not None and not Sums(parent_folder).damaged(same):
        publish.relink_equal(folder, parent_folder, same)
    manifest = replace(manifest, files=publish.describe_files(folder, parent_folder, known))
    publish.write_manifest(folder, manifest)
    return manifest
