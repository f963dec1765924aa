"""What extraction and normalization made of each archive file, kept as Parquet beside the corpus.

A shard holds the rows of one WARC file, in the order of its captures, under a folder named after the stage's
fingerprint: `.build/extract-<hash>/<file>-<sha256>.parquet`, `.build/normalize-<hash>/…`. A changed normalize
rule finds the extract shards still there; a changed extract rule starts anew. Shards may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import extract, normalize
from pipeline.corpus import quality
from pipeline.corpus import rows as row_making
from pipeline.corpus.pool import Batch, Lost, Pool
from pipeline.corpus.rows import bare_row, extract_group, groups, normalize_document, short_hash
from pipeline.corpus.schema import SCHEMA, from_table, to_table
from pipeline.crawl import archive, index, urls
from pipeline.records import Document, Source

PAGES_PER_BATCH = 64
"""About a second of work: long enough to hide the call, short enough to lose little with a killed worker."""

QUARANTINED = "quarantined"
"""Reason of a row whose page killed, hung or broke its worker."""

SECONDS_PER_ITEM = 5.0
"""Time limit a page and stage: both stages promise 2 s for the worst page, doubled for a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """Where the shards of the present rules stand."""

    raw: Path
    """The archive."""
    work: Path
    """The `.build` folder."""
    sources: tuple[Source, ...]
    """The declared sources; a capture of another source takes the defaults."""


def source_fingerprint(source: Source) -> str:
    """Hash of what a source says about extraction; empty when it says nothing."""
    said = (source.body, source.drop, source.charset)
    return short_hash(repr(said))[:12] if any(said) else ""


def code_hash(*modules: ModuleType) -> str:
    """Hash of the source of modules that decide what rows say."""
    sources = (Path(str(module.__file__)).read_bytes() for module in modules)
    return hashlib.sha256(b"".join(sources)).hexdigest()[:16]


def fingerprints() -> dict[str, str]:
    """The rules in force: a hash for each stage; `rows` is how captures become rows, in either stage."""
    return {
        "extract": extract.fingerprint(),
        "normalize": normalize.fingerprint(),
        "quality": code_hash(quality),
        "rows": code_hash(row_making, urls),
    }


def stage_folders(work: Path) -> tuple[Path, Path]:
    """The shard folders of the present rules: of extraction, of normalization."""
    rules = fingerprints()
    first = short_hash(rules["extract"] + rules["rows"])
    both = short_hash("".join(rules.values()))
    return work / f"extract-{first[:16]}", work / f"normalize-{both[:16]}"


def remove_stale(work: Path) -> int:
    """Remove the shard folders of earlier rules; how many there were."""
    present = stage_folders(work)
    stale = [p for stage in ("extract", "normalize") for p in work.glob(f"{stage}-*") if p not in present]
    for folder in stale:
        shutil.rmtree(folder)
    return len(stale)


def extract_shard(stages: Stages, file: archive.SealedFile) -> Path:
    """Path of the extract shard of an archive file under the present rules."""
    names = {ref.source for ref in index.refs(stages.raw, file.file)}
    said = "".join(f"{s.name}={source_fingerprint(s)};" for s in stages.sources if s.name in names)
    stem = Path(file.file).name.removesuffix(".warc.gz")
    return stage_folders(stages.work)[0] / f"{stem}-{short_hash(file.sha256 + said)[:12]}.parquet"


def normalize_shard(stages: Stages, file: archive.SealedFile) -> Path:
    """Path of the normalize shard of an archive file under the present rules."""
    return stage_folders(stages.work)[1] / extract_shard(stages, file).name


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardReport:
    """What making a shard cost."""

    path: Path
    """The normalize shard."""
    source: Path
    """The extract shard it was made from."""
    extracted: int
    """Captures extracted now; 0 when the shard was there."""
    normalized: int
    """Captures whose text was normalized now."""
    lost: tuple[str, ...] = ()
    """Captures that broke their worker, with why."""


def make_shard(
    stages: Stages, file: archive.SealedFile, pool: Pool, tick: Callable[[int], None]
) -> ShardReport:
    """Make both shards of an archive file where they are missing; `tick` is told of captures extracted."""
    shard = normalize_shard(stages, file)
    raw_shard = extract_shard(stages, file)
    if _readable(shard):
        lost = _quarantined(shard)
        return ShardReport(path=shard, source=raw_shard, extracted=0, normalized=0, lost=lost)
    extracted = 0
    if not _readable(raw_shard):
        work = _Work(
            function=partial(extract_batch, stages), rescue=partial(_lost_captures, stages), column="encoding"
        )
        extracted = _fill(raw_shard, pool, work, _page_batches(stages.raw, file.file), tick)
    work = _Work(function=normalize_batch, rescue=_lost_rows, column="text")
    normalized = _fill(shard, pool, work, _row_batches(raw_shard), lambda count: None)
    lost = _quarantined(shard)
    return ShardReport(path=shard, source=raw_shard, extracted=extracted, normalized=normalized, lost=lost)


def forget(report: ShardReport) -> None:
    """Remove the shards of an archive file, so that the next build makes them anew."""
    report.path.unlink(missing_ok=True)
    report.source.unlink(missing_ok=True)


def _readable(shard: Path) -> bool:
    """Whether a shard stands there whole; a torn one (the power went) is made anew."""
    try:
        pq.read_metadata(shard)
    except (OSError, pa.ArrowException):
        return False
    return True


def _quarantined(shard: Path) -> tuple[str, ...]:
    """The captures of a shard that broke their worker, each with why."""
    rows = pq.read_table(shard, columns=["capture", "reason", "rule"])
    lost = rows.filter(pc.fill_null(pc.equal(rows["reason"], QUARANTINED), False))
    return tuple(f"{row['capture']}: {row['rule']}" for row in lost.to_pylist())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    function: Callable[[Batch], pa.Table]
    """The rows of a batch."""
    rescue: Callable[[Lost], pa.Table]
    """The row of an item that broke its worker."""
    column: str
    """The column that is filled where the stage had something to do."""

    def worked(self, rows: pa.Table) -> int:
        """How many captures of a batch's rows the stage really worked on."""
        filled = rows.filter(pc.not_equal(rows[self.column], ""))
        return len(filled["capture"].unique())


def _fill(shard: Path, pool: Pool, work: _Work, batches: Sequence[Batch], tick: Callable[[int], None]) -> int:
    """Write a shard from the batches' tables, beside its place, then renamed; captures worked on."""
    shard.parent.mkdir(parents=True, exist_ok=True)
    beside = shard.with_suffix(f".part-{os.getpid()}")  # two corpora may share the shards of one archive
    done = 0
    with pq.ParquetWriter(beside, SCHEMA, compression="zstd", store_schema=False) as writer:
        for outcome in pool.map(work.function, batches, SECONDS_PER_ITEM):
            table = work.rescue(outcome) if isinstance(outcome, Lost) else outcome.result
            writer.write_table(table)
            done += work.worked(table)
            tick(outcome.batch.count)
    with beside.open("rb") as written:
        os.fsync(written.fileno())
    beside.replace(shard)
    return done


@lru_cache(maxsize=2)
def _page_refs(raw: Path, file: str) -> list[index.Ref]:
    """The page captures of a sealed file, the further parts of an article right behind its first.

    Hosts are visited side by side, so that the parts do not lie together in the file. Kept, since every
    batch of the file asks for them.
    """
    refs = [ref for ref in index.refs(raw, file) if ref.kind == "page"]
    firsts = {ref.url_key for ref in refs if ref.part_of is None}
    parts: dict[str, list[index.Ref]] = defaultdict(list)
    for ref in refs:
        if ref.part_of in firsts:
            parts[ref.part_of or ""].append(ref)
    whole = [ref for ref in refs if ref.part_of not in firsts]
    return [each for ref in whole for each in (ref, *parts.pop(ref.url_key, ()))]


def _page_batches(raw: Path, file: str) -> list[Batch]:
    """Batches of a file's page captures, cut so that the parts of one article stay together."""
    refs = _page_refs(raw, file)
    batches, start = [], 0
    for n in range(1, len(refs) + 1):
        if n == len(refs) or (n - start >= PAGES_PER_BATCH and refs[n].part_of is None):
            batches.append(Batch(file=file, start=start, count=n - start))
            start = n
    return batches


def _row_batches(shard: Path) -> list[Batch]:
    rows = pq.read_metadata(shard).num_rows
    starts = range(0, rows, PAGES_PER_BATCH)
    return [Batch(file=str(shard), start=n, count=min(PAGES_PER_BATCH, rows - n)) for n in starts]


def _rows(path: Path, start: int, count: int) -> pa.Table:
    """Some rows of a shard, reading only the row groups they stand in."""
    file = pq.ParquetFile(path)
    first, groups, skipped = 0, [], 0
    for n in range(file.num_row_groups):
        rows = file.metadata.row_group(n).num_rows
        if first + rows <= start:
            skipped = first + rows
        elif first < start + count:
            groups.append(n)
        first += rows
    return file.read_row_groups(groups).cast(SCHEMA).slice(start - skipped, count)


def extract_batch(stages: Stages, batch: Batch) -> pa.Table:
    """The rows of a batch of page captures, text still as on the page: at least one row a capture."""
    refs = _page_refs(stages.raw, batch.file)[batch.start : batch.start + batch.count]
    captures = [archive.read_one(stages.raw, ref.place) for ref in refs]
    by_name = {source.name: source for source in stages.sources}
    documents: list[Document] = []
    for group in groups(captures):
        source = by_name.get(group[0].source)
        documents += extract_group(stages.raw, group, source)
    return to_table(documents)


def normalize_batch(batch: Batch) -> pa.Table:
    """The rows of a batch of an extract shard, normalized, measured and judged."""
    table = _rows(Path(batch.file), batch.start, batch.count)
    return to_table([normalize_document(d) for d in from_table(table)])


def _lost_captures(stages: Stages, lost: Lost) -> pa.Table:
    ref = _page_refs(stages.raw, lost.batch.file)[lost.batch.start]
    capture = archive.read_one(stages.raw, ref.place)
    by_name = {source.name: source for source in stages.sources}
    row = bare_row(capture, by_name.get(capture.source), reason=QUARANTINED)
    return to_table([replace(row, rule=lost.why)])


def _lost_rows(lost: Lost) -> pa.Table:
    table = _rows(Path(lost.batch.file), lost.batch.start, 1)
    return to_table([replace(d, reason=QUARANTINED, rule=lost.why) for d in from_table(table)])


def read_shard(path: Path, rows: int = 1_000) -> Iterator[list[Document]]:
    """The documents of a shard in batches."""
    for batch in pq.ParquetFile(path).iter_batches(batch_size=rows):
        yield list(from_table(pa.Table.from_batches([batch]).cast(SCHEMA)))
