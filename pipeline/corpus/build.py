"""raw → clean: the one place where the order of the cleaning stages stands.

    sealed archive files → extract shards → normalize shards (quality) → revisions → dedupe → version

Nothing here fetches, nothing reads the clock. A build is incremental while the rules are those of the latest
version; when they are not, everything is built anew from the shards that still fit: `clean/` stays a pure
function of `raw/`, the code and the rule files.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from pipeline.corpus import changes as changing
from pipeline.corpus import dedupe, publish, versions
from pipeline.corpus.assemble import assemble
from pipeline.corpus.card import write_card
from pipeline.corpus.dedupe_index import DedupeIndex
from pipeline.corpus.edition import ARTICLES, Edit, Edition
from pipeline.corpus.pool import Pool
from pipeline.corpus.read import latest, version_key
from pipeline.corpus.read import versions as list_versions
from pipeline.corpus.relations import Alarm
from pipeline.corpus.schema import SCHEMA_VERSION, write_parquet
from pipeline.corpus.shards import Stages, fingerprints, make_shard, read_shard, short_hash
from pipeline.crawl import archive, index, repair
from pipeline.errors import BusyError, RefusedError
from pipeline.records import Document, InputFile, Manifest, Source

ROWS_AT_ONCE = 2_000
"""Rows compared and written in one go: bounds the memory to some 50 MB of text."""

HELD = "held"
"""Reason of a row that waits because its source did not yield what it must."""

CLUSTERS, CHANGES_FILE = "clusters", "changes.parquet"

Progress = Callable[[str, int, int], None]
"""Told (what, done, total) while work goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to build, from what, with what."""

    raw: Path
    """The archive."""
    clean: Path
    """The corpus folder."""
    work: Path
    """Shards, staging and locks; on the same disk as `clean`."""
    sources: tuple[Source, ...] = ()
    """The declared sources."""
    workers: int = 2
    """Worker processes."""
    dask: str | None = None
    """Address of a Dask scheduler to use instead, tcp://…"""
    full: bool = False
    """Build everything anew even if the rules are the same."""
    preview: bool = False
    """Only say what would change; publish nothing."""
    confirm: bool = False
    """Publish although an alarm or an expectation says no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """What a build did."""

    version: str | None
    """The version that stands now; None: there is none yet."""
    parent: str | None
    """The one before it."""
    published: bool
    """Whether this build published it."""
    full: str | None
    """Why everything was built anew; None: only what was new."""
    files: int = 0
    """Archive files that were new to the corpus."""
    extracted: int = 0
    """Captures extracted in this run; the others stood in shards."""
    normalized: int = 0
    """Rows normalized in this run."""
    funnel: dict[str, Counter[str]] = field(default_factory=dict)
    """source → captures, extracted, kept, new, changed, and each reason."""
    changes: dict[str, int] = field(default_factory=dict)
    """kind:cause → documents."""
    samples: tuple[dict[str, str | None], ...] = ()
    """For a preview: a few changes of each cause, with old and new text."""
    held: dict[str, str] = field(default_factory=dict)
    """source → why its new rows wait."""
    alarms: tuple[Alarm, ...] = ()
    """What deduplication found unusual."""
    lost: tuple[str, ...] = ()
    """Captures that broke their worker."""


def build(job: Job, progress: Progress = lambda what, done, total: None) -> BuildReport:
    """Build and publish the next version, if there is anything to say that the latest does not.

    Raises BusyError when another build works on the same corpus, RefusedError when an alarm or a full
    build's expectation stands against publishing, CorpusError for a damaged version or disk trouble.
    """
    with locked(job), _staging(job) as staging:
        _recover(job)
        parent = _parent(job)
        files = archive.sealed(job.raw)
        why = _why_full(job, parent, files)
        known = {f.file for f in parent.inputs} if parent is not None and why is None else set()
        fresh = [f for f in files if f.file not in known]
        stages = Stages(raw=job.raw, work=job.work, sources=job.sources)
        try:
            return _build(job, staging, parent, files, fresh, why, stages, progress)
        except OSError as error:
            raise publish.disk_error(error, Path(error.filename or job.work)) from error


def _build(
    job: Job,
    staging: Path,
    parent: Manifest | None,
    files: Sequence[archive.SealedFile],
    fresh: Sequence[archive.SealedFile],
    why: str | None,
    stages: Stages,
    progress: Progress,
) -> BuildReport:
    reports = list(_make_shards(job, stages, fresh, progress))
    base = parent if why is None else None
    base_folder = job.clean / base.version if base is not None else None
    edition = Edition(staging, base_folder)
    dedupe_index = DedupeIndex.open(base_folder / CLUSTERS if base_folder else None)
    held = {} if job.confirm else _held(job, fresh, [r.path for r in reports])
    if held and why is not None and parent is not None:
        raise RefusedError(_words(held) + "; nothing was published. Mend it, or build with --confirm")
    funnel: dict[str, Counter[str]] = defaultdict(Counter)
    loud, alarms = False, []
    released = _release(edition, base, held)
    total = sum(pq.read_metadata(r.path).num_rows for r in reports) + len(released)
    done = 0
    for rows in _batches(released, [r.path for r in reports]):
        rows = [_hold(d, held) for d in rows]
        _count(funnel, rows)
        assembled = assemble(rows, edition, dedupe_index)
        loud = loud or assembled.loud
        alarms += assembled.alarms
        done += len(rows)
        progress("comparing", done, total)
    report = BuildReport(
        version=parent.version if parent else None,
        parent=parent.parent if parent else None,
        published=False,
        full=why,
        files=len(fresh),
        extracted=sum(r.extracted for r in reports),
        normalized=sum(r.normalized for r in reports),
        funnel=dict(funnel),
        held=held,
        alarms=tuple(alarms),
        lost=tuple(x for r in reports for x in r.lost),
    )
    if not loud and why is None and (parent is not None or not funnel):
        return report
    dedupe_index.write(staging / CLUSTERS)
    parent_folder = job.clean / parent.version if parent else None
    if why is not None and parent is not None and parent_folder is not None:
        publish.relink_equal(staging, parent_folder, {f.file: f for f in parent.files})
    table = changing.compare(parent_folder, staging)
    _count_changes(funnel, table)
    report = replace(report, changes=changing.summary(table), funnel=dict(funnel))
    if job.preview:
        return replace(report, samples=_samples(table, parent_folder, staging))
    if why == _FORCED and parent is not None and not table.num_rows:
        return report
    if alarms and not job.confirm:
        told = "; ".join(f"{a.kind} {a.subject}: {a.detail}" for a in alarms)
        raise RefusedError(f"{told}. Nothing was published; look at it, then build with --confirm")
    write_parquet(table, staging / CHANGES_FILE)
    manifest = _manifest(job, parent, base, files, edition, held, report.changes, staging)
    publish.put_in_place(staging, job.clean, manifest.version)
    return replace(
        report, version=manifest.version, parent=parent.version if parent else None, published=True
    )


_FORCED = "asked for"


@contextmanager
def locked(job: Job) -> Iterator[None]:
    """Hold the corpus's writer lock, which dies with the process."""
    job.work.mkdir(parents=True, exist_ok=True)
    lock = FileLock(job.work / f"{job.clean.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BusyError(f"{job.clean}: another build is writing this corpus; wait for it to end") from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _staging(job: Job) -> Iterator[Path]:
    """A fresh folder for the next version, gone afterwards whatever happens."""
    folder = job.work / f"staging-{job.clean.name}"
    publish.discard(folder)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        publish.discard(folder)


def _recover(job: Job) -> None:
    """Finish what a killed run left: the archive's torn tail, and a `latest` that was not moved yet."""
    if job.raw.is_dir():
        try:
            repair.repair(job.raw)
        except archive.Busy:
            pass  # a crawl is writing; its sealed files are enough for this build
    have = list_versions(job.clean)
    if have and latest(job.clean) != have[-1]:
        publish.point_latest(job.clean, have[-1], job.work)


def _parent(job: Job) -> Manifest | None:
    have = list_versions(job.clean)
    return publish.read_manifest(job.clean / have[-1]) if have else None


def rules(sources: Sequence[Source]) -> dict[str, str]:
    """The fingerprints of everything the rows depend on besides the archive."""
    found = {**fingerprints(), "dedupe": dedupe.fingerprint(), "schema": str(SCHEMA_VERSION)}
    for source in sources:
        said = (source.body, source.drop, source.charset, source.terms)
        if any(said):
            found[f"source:{source.name}"] = short_hash(repr(said))
    return dict(sorted(found.items()))


def _why_full(job: Job, parent: Manifest | None, files: Sequence[archive.SealedFile]) -> str | None:
    """Why everything must be built anew; None when adding what is new is enough."""
    if parent is None:
        return None
    if job.full:
        return _FORCED
    now, before = rules(job.sources), parent.fingerprints
    known = set(parent.counts)
    for key in sorted(now.keys() | before.keys()):
        name = key.removeprefix("source:")
        concerns = key == name or (name in known and any(s.name == name for s in job.sources))
        if concerns and now.get(key, "") != before.get(key, ""):
            return f"the rules changed ({key})"
    have = {f.file: f.sha256 for f in files}
    gone = [f.file for f in parent.inputs if have.get(f.file) != f.sha256]
    return f"the archive changed ({gone[0]})" if gone else None


def _make_shards(
    job: Job, stages: Stages, fresh: Sequence[archive.SealedFile], progress: Progress
) -> Iterator:  # type: ignore[type-arg]
    total = sum(f.pages for f in fresh)
    done = 0
    with Pool(job.workers, job.dask) as pool:
        for file in fresh:
            start = done

            def tick(n: int) -> None:
                nonlocal done
                done += n
                progress("extracting", done, total)

            yield make_shard(stages, file, pool, tick)
            done = start + file.pages
            progress("extracting", done, total)


def _held(job: Job, fresh: Sequence[archive.SealedFile], shards: Sequence[Path]) -> dict[str, str]:
    """The sources whose new rows do not meet what their declaration expects."""
    held: dict[str, str] = {}
    links: dict[str, int] = {}
    for file in fresh:
        for ref in index.refs(job.raw, file.file):
            if ref.kind == "discovery" and ref.links is not None:
                links[ref.source] = ref.links
    rows: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for shard in shards:
        table = pq.read_table(shard, columns=["source", "reason", "extracted_hash"])
        for row in table.to_pylist():
            rows[row["source"]] += bool(row["extracted_hash"])
            kept[row["source"]] += bool(row["extracted_hash"]) and row["reason"] is None
    for source in job.sources:
        found = links.get(source.name)
        if found is not None and found < source.expect_links:
            held[source.name] = f"{found} links found, expect_links is {source.expect_links}"
        share = kept[source.name] / rows[source.name] if rows[source.name] else 1.0
        if share < source.expect_kept:
            held[source.name] = (
                f"{share:.0%} of its articles pass quality, expect_kept is {source.expect_kept:.0%}"
            )
    return held


def _words(held: dict[str, str]) -> str:
    return "; ".join(f"{name}: {why}" for name, why in held.items())


def _release(edition: Edition, base: Manifest | None, held: dict[str, str]) -> list[Document]:
    """The rows held back by earlier builds whose source is well again, taken out of `dropped`."""
    names = set(base.held) - set(held) if base is not None else set()
    placed = edition.captures(HELD, names)
    edition.apply([Edit(before=p) for p in placed])
    return sorted(
        (replace(p.document, reason=None) for p in placed), key=lambda d: (d.captured_at, d.url_key, d.part)
    )


def _hold(document: Document, held: dict[str, str]) -> Document:
    if document.source in held and document.reason is None:
        return replace(document, reason=HELD)
    return document


def _batches(released: list[Document], shards: Sequence[Path]) -> Iterator[list[Document]]:
    """Rows in capture order, a bounded number at a time; the rows of one capture are never parted."""
    waiting = list(released)
    for shard in shards:
        for rows in read_shard(shard):
            waiting += rows
            while len(waiting) > ROWS_AT_ONCE:
                cut = ROWS_AT_ONCE
                while cut < len(waiting) and waiting[cut].capture == waiting[cut - 1].capture:
                    cut += 1
                if cut == len(waiting):
                    break
                yield waiting[:cut]
                waiting = waiting[cut:]
    if waiting:
        yield waiting


def _count(funnel: dict[str, Counter[str]], rows: Sequence[Document]) -> None:
    for document in rows:
        counts = funnel[document.source]
        counts["captures"] += document.part == 1
        counts["extracted"] += bool(document.extracted)
        counts["kept"] += document.reason is None
        if document.reason is not None:
            counts[document.reason] += 1


def _count_changes(funnel: dict[str, Counter[str]], table: pa.Table) -> None:
    for row in changing.rows(table):
        word = {"added": "new", "changed": "changed", "removed": "removed"}[row["kind"] or ""]
        funnel[row["source"] or ""][word] += 1


def _samples(table: pa.Table, old: Path | None, new: Path) -> tuple[dict[str, str | None], ...]:
    """Up to three changes of each kind and cause, with the texts."""
    seen: Counter[str] = Counter()
    samples = []
    for row in changing.rows(table):
        key = f"{row['kind']}:{row['cause']}"
        seen[key] += 1
        if seen[key] <= 3:
            before = _text_at(old, row["old_file"], row["id"])
            samples.append({**row, "before": before, "after": _text_at(new, row["new_file"], row["id"])})
    return tuple(samples)


def _text_at(folder: Path | None, file: str | None, ident: str | None) -> str | None:
    if folder is None or file is None:
        return None
    found = pq.read_table(folder / file, columns=["id", "text"], filters=[("id", "=", ident)])
    return found["text"][0].as_py() if found.num_rows else None


def _manifest(
    job: Job,
    parent: Manifest | None,
    base: Manifest | None,
    files: Sequence[archive.SealedFile],
    edition: Edition,
    held: dict[str, str],
    changes: dict[str, int],
    staging: Path,
) -> Manifest:
    """Write card, manifest and sums of a staged version, and check it."""
    known = {f.file: f for f in parent.files} if parent is not None else {}
    parent_folder = job.clean / parent.version if parent is not None else None
    newest = max((f.last for f in files), default=datetime(1970, 1, 1, tzinfo=UTC))
    manifest = Manifest(
        version=publish.next_version(parent.version if parent else None, list_versions(job.clean)),
        parent=parent.version if parent else None,
        created_at=newest,
        fingerprints=rules(job.sources),
        inputs=tuple(InputFile(file=f.file, sha256=f.sha256, captures=f.pages) for f in files),
        files=publish.describe_files(staging, parent_folder, known),
        counts=publish.merge_counts(base.counts if base is not None else {}, edition.counts),
        changes=changes,
        held=held,
    )
    write_card(staging, manifest, {s.name: s.terms for s in job.sources})
    manifest = replace(manifest, files=publish.describe_files(staging, parent_folder, known))
    publish.write_manifest(staging, manifest)
    return manifest


__all__ = ["ARTICLES", "BuildReport", "Job", "build", "rules", "version_key", "versions"]
