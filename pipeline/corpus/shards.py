"""What extraction and normalization made of each archive file, kept as Parquet beside the corpus.

A shard holds the rows of one WARC file, in the order of its captures, under a folder named after the stage's
fingerprint: `.build/extract-<hash>/<file>-<sha256>.parquet`, `.build/normalize-<hash>/…`. A changed normalize
rule finds the extract shards still there; a changed extract rule starts anew. Shards may be deleted at any time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import extract, normalize
from pipeline.corpus import quality
from pipeline.corpus.pool import Batch, Lost, Pool
from pipeline.corpus.schema import SCHEMA, from_table, read_parquet, to_table
from pipeline.crawl import archive, index
from pipeline.crawl.urls import site
from pipeline.records import OK, Article, Capture, Document, Page, Source

PAGES_PER_BATCH = 64
"""About a second of work: long enough to hide the call, short enough to lose little with a killed worker."""

EXTRACT_SECONDS = 5.0
"""Time limit a page; the issue's bound is 2 s a page, doubled for a busy machine."""

NORMALIZE_SECONDS = 5.0
"""The same for normalization, whose law is 2 s for a megabyte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """Where the shards of the present rules stand."""

    raw: Path
    """The archive."""
    work: Path
    """The `.build` folder."""
    sources: tuple[Source, ...]
    """The declared sources; a capture of another source takes the defaults."""


def document_id(url_key: str, part: int) -> str:
    """The stable id of an article: of its URL's identity and its place on the page."""
    return hashlib.sha256(f"{url_key}\n{part}".encode()).hexdigest()[:32]


def short_hash(text: str) -> str:
    """First 32 hex digits of the SHA-256 of a text, empty for an empty text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32] if text else ""


def source_fingerprint(source: Source) -> str:
    """Hash of what a source says about extraction; empty when it says nothing."""
    said = (source.body, source.drop, source.charset)
    return short_hash(repr(said))[:12] if any(said) else ""


def fingerprints() -> dict[str, str]:
    """The rules in force: a hash for each stage."""
    return {
        "extract": extract.fingerprint(),
        "normalize": normalize.fingerprint(),
        "quality": hashlib.sha256(Path(quality.__file__).read_bytes()).hexdigest()[:16],
    }


def extract_shard(stages: Stages, file: archive.SealedFile) -> Path:
    """Path of the extract shard of an archive file under the present rules."""
    names = {ref.source for ref in index.refs(stages.raw, file.file)}
    said = "".join(f"{s.name}={source_fingerprint(s)};" for s in stages.sources if s.name in names)
    folder = stages.work / f"extract-{fingerprints()['extract'][:16]}"
    return (
        folder
        / f"{Path(file.file).name.removesuffix('.warc.gz')}-{short_hash(file.sha256 + said)[:12]}.parquet"
    )


def normalize_shard(stages: Stages, file: archive.SealedFile) -> Path:
    """Path of the normalize shard of an archive file under the present rules."""
    rules = fingerprints()
    own = hashlib.sha256(f"{rules['extract']}{rules['normalize']}{rules['quality']}".encode()).hexdigest()
    return stages.work / f"normalize-{own[:16]}" / extract_shard(stages, file).name


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardReport:
    """What making a shard cost."""

    path: Path
    """The normalize shard."""
    extracted: int
    """Captures extracted now; 0 when the shard was there."""
    normalized: int
    """Rows normalized now."""
    lost: tuple[str, ...] = ()
    """Captures that broke their worker, with why."""


def make_shard(
    stages: Stages, file: archive.SealedFile, pool: Pool, tick: Callable[[int], None]
) -> ShardReport:
    """Make both shards of an archive file where they are missing; `tick` is told the captures done."""
    raw_shard, shard = extract_shard(stages, file), normalize_shard(stages, file)
    extracted = normalized = 0
    lost: list[str] = []
    if not shard.exists():
        if not raw_shard.exists():
            function = partial(extract_batch, stages)
            extracted, lost = _fill(
                raw_shard,
                pool,
                function,
                _page_batches(stages.raw, file.file),
                EXTRACT_SECONDS,
                tick,
                partial(_lost_captures, stages),
            )
        rows = pq.read_metadata(raw_shard).num_rows
        batches = [
            Batch(file=str(raw_shard), start=n, count=min(PAGES_PER_BATCH, rows - n))
            for n in range(0, rows, PAGES_PER_BATCH)
        ]
        normalized, more = _fill(
            shard, pool, normalize_batch, batches, NORMALIZE_SECONDS, lambda n: None, _lost_rows
        )
        lost += more
    return ShardReport(path=shard, extracted=extracted, normalized=normalized, lost=tuple(lost))


def _fill(
    shard: Path,
    pool: Pool,
    function: Callable[[Batch], pa.Table],
    batches: Sequence[Batch],
    seconds: float,
    tick: Callable[[int], None],
    rescue: Callable[[Lost], pa.Table],
) -> tuple[int, list[str]]:
    """Write a shard from the batches' tables: beside its place, then renamed."""
    shard.parent.mkdir(parents=True, exist_ok=True)
    beside = shard.with_suffix(".part")
    lost: list[str] = []
    done = 0
    with pq.ParquetWriter(beside, SCHEMA, compression="zstd", store_schema=False) as writer:
        for outcome in pool.map(function, batches, seconds):
            if isinstance(outcome, Lost):
                table = rescue(outcome)
                lost += [f"{ident}: {outcome.why}" for ident in table["capture"].to_pylist()]
            else:
                table = outcome.result
            writer.write_table(table)
            done += outcome.batch.count
            tick(outcome.batch.count)
    beside.replace(shard)
    return done, lost


def _page_refs(raw: Path, file: str) -> list[index.Ref]:
    return [ref for ref in index.refs(raw, file) if ref.kind == "page"]


def _page_batches(raw: Path, file: str) -> list[Batch]:
    """Batches of a file's page captures, cut so that the parts of one article stay together."""
    refs = _page_refs(raw, file)
    batches, start = [], 0
    for n in range(1, len(refs) + 1):
        if n == len(refs) or (n - start >= PAGES_PER_BATCH and refs[n].part_of is None):
            batches.append(Batch(file=file, start=start, count=n - start))
            start = n
    return batches


def extract_batch(stages: Stages, batch: Batch) -> pa.Table:
    """The rows of a batch of page captures, text still as on the page: at least one row a capture."""
    refs = _page_refs(stages.raw, batch.file)[batch.start : batch.start + batch.count]
    captures = [archive.read_one(stages.raw, ref.place) for ref in refs]
    by_name = {source.name: source for source in stages.sources}
    documents: list[Document] = []
    for group in _groups(captures):
        source = by_name.get(group[0].source)
        documents += _extract_group(stages.raw, group, source)
    return to_table(documents)


def _groups(captures: Sequence[Capture]) -> Iterator[list[Capture]]:
    group: list[Capture] = []
    for capture in captures:
        if group and capture.part_of is not None and capture.part_of == group[0].url_key:
            group.append(capture)
            continue
        if group:
            yield group
        group = [capture]
    if group:
        yield group


def _extract_group(raw: Path, group: list[Capture], source: Source | None) -> list[Document]:
    """The rows of one page and, when the article runs on, of its further parts."""
    if len(group) > 1 and any(c.outcome == OK for c in group):
        group = [_with_body(raw, c) for c in group]
    first = group[0]
    rest = [_bare(c, source, reason="part_of" if c.outcome == OK else c.outcome) for c in group[1:]]
    if first.outcome != OK:
        return [_bare(first, source, reason=first.outcome), *rest]
    page = _page(first, source)
    if rest and page.articles:
        page = extract.join_parts([page, *(_page(c, source) for c in group[1:] if c.outcome == OK)])
    if not page.articles:
        return [_bare(first, source, reason=page.reason or "no_body", page=page), *rest]
    return [*(_row(first, source, page, article) for article in page.articles), *rest]


def _with_body(raw: Path, capture: Capture) -> Capture:
    """A revisit with the body of the capture it repeats, so that a joined article is whole."""
    if capture.body or capture.refers_to is None:
        return capture
    earlier = index.find(raw, url_keys=(capture.url_key,))
    place = next((ref.place for ref in earlier if ref.id == capture.refers_to), None)
    if place is None:
        return capture
    original = archive.read_one(raw, place)
    return replace(capture, body=original.body, headers=original.headers, outcome=OK)


def _page(capture: Capture, source: Source | None) -> Page:
    content_type = next((v for k, v in capture.headers if k.lower() == "content-type"), "")
    return extract.extract_page(
        capture.body,
        url=capture.final_url,
        content_type=content_type,
        captured_on=capture.fetched_at.date(),
        source=source,
    )


def _bare(capture: Capture, source: Source | None, *, reason: str, page: Page | None = None) -> Document:
    """The row of a capture without an article."""
    return Document(
        id=document_id(capture.url_key, 1),
        capture=capture.id,
        source=capture.source,
        url=capture.url,
        url_key=capture.url_key,
        site=site(capture.final_url) or capture.source,
        captured_at=capture.fetched_at,
        first_seen=capture.fetched_at,
        encoding=page.encoding if page else "",
        encoding_from=page.encoding_from if page else "",
        replacements=page.replacements if page else 0,
        terms=source.terms if source else "",
        reason=reason,
    )


def _row(capture: Capture, source: Source | None, page: Page, article: Article) -> Document:
    """The row of one article, not normalized yet."""
    return replace(
        _bare(capture, source, reason="", page=page),
        id=document_id(capture.url_key, article.part),
        part=article.part,
        reason=None,
        title_raw=article.title,
        author=article.author,
        published_on=article.published_on,
        published_raw=article.published_raw,
        published_from=article.published_from,
        origin_name=article.origin_name,
        origin_url=article.origin_url,
        site_name=article.site_name,
        section=article.section,
        canonical_url=article.canonical_url,
        extracted=article.extracted,
        extracted_hash=short_hash(article.extracted),
        captions=article.captions,
        method=article.method,
        flags=article.flags,
    )


def normalize_batch(batch: Batch) -> pa.Table:
    """The rows of a batch of an extract shard, normalized, measured and judged."""
    table = read_parquet([Path(batch.file)]).slice(batch.start, batch.count)
    return to_table([normalize_document(d) for d in from_table(table)])


def normalize_document(document: Document) -> Document:
    """A row with its text in the corpus's form, its measures, and the reason of the first rule it fails."""
    if document.reason is not None:
        return document
    done = normalize.normalize(document.extracted)
    measures = quality.measure(done.text)
    flags = document.flags + done.flags
    title = normalize.normalize_title(document.title_raw) if document.title_raw else None
    return replace(
        document,
        title=title,
        text=done.text,
        text_hash=short_hash(done.text),
        captions=tuple(normalize.normalize_text(c) for c in document.captions),
        script=done.script,
        han=measures.han,
        fixes=done.fixes,
        flags=flags,
        quality=measures.line(),
        reason=quality.judge(measures, flags),
    )


def _lost_captures(stages: Stages, lost: Lost) -> pa.Table:
    ref = _page_refs(stages.raw, lost.batch.file)[lost.batch.start]
    capture = archive.read_one(stages.raw, ref.place)
    by_name = {source.name: source for source in stages.sources}
    return to_table([_bare(capture, by_name.get(capture.source), reason="quarantined")])


def _lost_rows(lost: Lost) -> pa.Table:
    table = read_parquet([Path(lost.batch.file)]).slice(lost.batch.start, 1)
    return to_table([replace(d, reason="quarantined") for d in from_table(table)])


def read_shard(path: Path, rows: int = 1_000) -> Iterator[list[Document]]:
    """The documents of a shard in batches."""
    for batch in pq.ParquetFile(path).iter_batches(batch_size=rows):
        yield list(from_table(pa.Table.from_batches([batch]).cast(SCHEMA)))
