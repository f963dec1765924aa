"""Captures → rows with the text as it stood on the page: what the first of the two shards of a file holds.

All that decides what such a row says is imported from here, so that `fingerprint("corpus.pages")` knows of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import extract
from pipeline.archive.feeds import feeds_before, identity
from pipeline.archive.plausible import is_plausible
from pipeline.archive.reader import original, read_one, site_of
from pipeline.corpus.batches import Batch, Lost
from pipeline.corpus.budget import PAGE_SECONDS, TOO_LONG, OverBudget, budget
from pipeline.corpus.identity import document_id, short_hash
from pipeline.corpus.personal import masked
from pipeline.corpus.references import groups, page_refs
from pipeline.corpus.schema import ASKED, to_table
from pipeline.extract.boilerplate import answers, noting, phrases
from pipeline.extract.feeditems import KEPT_BACK, PARTIAL, Item, completed, items_of, wants_feed
from pipeline.records import (
    IMPLAUSIBLE_DATE,
    LICENSES_DIFFER,
    SETTLED,
    USABLE,
    Article,
    Capture,
    Document,
    Flag,
    Outcome,
    Page,
    Reason,
    Source,
)
from pipeline.rights import directives, licences, tdmrep
from pipeline.rights.facts import ordered
from pipeline.rules.plain_text import is_plain

PARTS_MISSING = "parts_missing"
"""Flag of an article whose page goes on in a part that is not in the archive (an interrupted crawl, a failed visit)."""


Group = tuple[list[Document], list[str]]
"""The rows of a page with its further parts, and the lines that the phrases were asked about."""


def extract_batch(raw: Path, sources: tuple[Source, ...], batch: Batch) -> pa.Table:
    """The rows of a batch of page captures, text still as on the page: at least one row a capture (EXTRACTED)."""
    refs = page_refs(raw, batch.file)[batch.start : batch.start + batch.count]
    return as_rows(extract_groups(raw, sources, groups([read_one(raw, ref.place) for ref in refs])))


def extract_groups(raw: Path, sources: tuple[Source, ...], found: Iterable[list[Capture]]) -> Iterator[Group]:
    """The rows of pages, each with its further parts."""
    by_name = {source.name: source for source in sources}
    for group in found:
        source = by_name.get(group[0].source)
        try:
            with budget(PAGE_SECONDS * len(group)), noting() as lines:
                rows = extract_group(raw, group, source)
        except OverBudget:
            rows = [replace(bare_row(c, reason=Reason.QUARANTINED), rule=TOO_LONG) for c in group]
        yield rows, sorted(lines)


def as_rows(made: Iterable[Group]) -> pa.Table:
    """The rows of some pages as a table."""
    documents: list[Document] = []
    asked: list[list[str]] = []
    for rows, lines in made:
        documents += rows
        asked += [lines, *([] for _ in rows[1:])]
    return _with_asked(to_table(documents), asked)


def may_want_feed(rows: Sequence[Document]) -> bool:
    """Whether a page whose rows these are was perhaps looked for in its feed (`wants_feed`, for all that it knows)."""
    first = rows[0]
    return first.reason in {Outcome.BLOCKED, Outcome.NOT_HTML, *KEPT_BACK} or first.access in PARTIAL


def _with_asked(rows: pa.Table, asked: list[list[str]]) -> pa.Table:
    return rows.append_column(ASKED, pa.array(asked, ASKED.type))


def lost_captures(raw: Path, lost: Lost) -> pa.Table:
    """The row of a capture whose page broke its worker."""
    ref = page_refs(raw, lost.batch.file)[lost.batch.start]
    capture = read_one(raw, ref.place)
    row = bare_row(capture, reason=Reason.QUARANTINED)
    return _with_asked(to_table([replace(row, rule=lost.why)]), [[]])


def touched(shard: Path, entries: Sequence[Sequence[str]]) -> frozenset[str]:
    """The captures of a shard whose pages some lines of the phrases' file may touch, and those nothing is known of.

    ValueError for lines that are no phrases.
    """
    rules = phrases(entries)
    rows = pq.read_table(shard, columns=["capture", "reason", ASKED.name])
    columns = (rows[name].to_pylist() for name in rows.column_names)
    return frozenset(
        capture
        for capture, reason, lines in zip(*columns, strict=True)
        if reason == Reason.QUARANTINED or any(answers(rules, line) for line in lines)
    )


def extract_group(raw: Path, group: list[Capture], source: Source | None) -> list[Document]:
    """The rows of one page and, when the article runs on, of its further parts."""
    if len(group) > 1 and any(c.outcome == Outcome.OK for c in group):
        group = [_with_body(raw, c) for c in group]
    first = _as_text(group[0])
    rest = [bare_row(c, reason=Reason.PART_OF if c.outcome == Outcome.OK else c.outcome) for c in group[1:]]
    page = _page(first, source) if first.outcome == Outcome.OK else None
    if wants_feed(page, first.outcome):
        page = _by_feed(raw, first, page, source) or page
    if page is None:
        return [bare_row(first, reason=first.outcome), *rest]
    if rest and page.articles:
        page = extract.join_parts([page, *(_page(c, source) for c in group[1:] if c.outcome == Outcome.OK)])
    if page.articles and parts_missing(group):
        last = page.articles[-1]
        last = replace(last, flags=(*last.flags, Flag(name=PARTS_MISSING)))
        page = replace(page, articles=(*page.articles[:-1], last))
    if not page.articles:
        reason = page.reason if group[0].outcome == Outcome.OK else group[0].outcome
        return [bare_row(first, reason=reason or Reason.NO_BODY, page=page), *rest]
    return [*(article_row(first, page, article) for article in page.articles), *rest]


def _by_feed(raw: Path, capture: Capture, page: Page | None, source: Source | None) -> Page | None:
    """A page that keeps its article, or a part of it, with the text that its feed has; None: none has more."""
    for feed in feeds_before(raw, capture):
        item = _items(feed).get(capture.url_key)
        if item is not None:
            found = completed(page, item, capture.final_url)
            return _masked(found, source) if found is not None else None
    return None


@lru_cache(maxsize=4)
def _items(feed: Capture) -> dict[str, Item]:
    """Identity of an address → what a feed prints of the article there, the first of each."""
    items = [(identity(item.link, feed), item) for item in items_of(feed.body, feed.header("content-type"))]
    return dict(reversed(items))


def parts_missing(group: Sequence[Capture]) -> bool:
    """Whether a part that was to follow a page of the article is not there, and may yet come."""
    came = {capture.url: capture.outcome for capture in group}
    owed = [capture.next_part for capture in group if capture.next_part and capture.outcome in USABLE]
    return any(came.get(url) not in {*USABLE, *SETTLED} for url in owed)


def _as_text(capture: Capture) -> Capture:
    """A capture of plain text as a usable one: the crawl, which looks for HTML, calls it not_html."""
    if capture.outcome == Outcome.NOT_HTML and is_plain(capture.body, capture.header("content-type")):
        return replace(capture, outcome=Outcome.OK)
    return capture


def _with_body(raw: Path, capture: Capture) -> Capture:
    """A revisit with the body of the capture it repeats, so that a joined article is whole."""
    earlier = original(raw, capture)
    if earlier is None:
        return capture
    return replace(
        capture,
        body=earlier.body,
        rendered=earlier.rendered,
        headers=earlier.headers,
        outcome=Outcome.OK,
    )


def _page(capture: Capture, source: Source | None) -> Page:
    body, content_type = capture.page
    page = extract.extract_page(
        body,
        url=capture.final_url,
        content_type=content_type,
        captured_at=None if _doubts(capture) else capture.fetched_at,
        source=source,
    )
    headers = (*tdmrep.reserved_by_headers(capture.headers), *directives.by_headers(capture.headers))
    return _masked(replace(page, rights=ordered((*headers, *page.rights))), source)


def _masked(page: Page, source: Source | None) -> Page:
    if source is None or not source.mask:
        return page
    return replace(page, articles=tuple(masked(article, source.mask) for article in page.articles))


def bare_row(capture: Capture, *, reason: str, page: Page | None = None) -> Document:
    """The row of a capture without an article."""
    return Document(
        id=document_id(capture.url_key, 1),
        capture=capture.id,
        source=capture.source,
        url=capture.url,
        url_key=capture.url_key,
        site=site_of(capture) or capture.source,
        captured_at=capture.fetched_at,
        first_seen=capture.fetched_at,
        encoding=page.encoding if page else "",
        encoding_from=page.encoding_from if page else "",
        replacements=page.replacements if page else 0,
        flags=_doubts(capture),
        rights=page.rights if page else (),
        access=page.access.state if page and page.access else None,
        access_raw=page.access.said if page and page.access else None,
        access_from=page.access.place if page and page.access else None,
        rendered=bool(page and capture.rendered),
        reason=reason,
    )


def _doubts(capture: Capture) -> tuple[Flag, ...]:
    """A flag on a capture that cannot be of the time it claims; the time itself stands as it is."""
    if capture.place is None or is_plausible(capture.place.file, capture.fetched_at):
        return ()
    return (Flag(name=IMPLAUSIBLE_DATE, text=f"{capture.fetched_at:%Y-%m-%d}"),)


def article_row(capture: Capture, page: Page, article: Article) -> Document:
    """The row of one article, not normalized yet."""
    licence, several = licences.named(page.rights)
    differ = (Flag(name=LICENSES_DIFFER),) if several else ()
    return replace(
        bare_row(capture, reason="", page=page),
        id=document_id(capture.url_key, article.part),
        part=article.part,
        reason=None,
        title_raw=article.title,
        title_from=article.title_from,
        author=article.author,
        author_from=article.author_from,
        affiliation=article.affiliation,
        editors=article.editors,
        published_on=article.published_on,
        published_raw=article.published_raw,
        published_from=article.published_from,
        published_at=article.published_at,
        published_at_from=article.published_at_from,
        published_confidence=article.published_confidence,
        modified_on=article.modified_on,
        modified_at=article.modified_at,
        modified_raw=article.modified_raw,
        modified_from=article.modified_from,
        zone_from=article.zone_from,
        origin_name=article.origin_name,
        origin_url=article.origin_url,
        origin_from=article.origin_from,
        origins=article.origins,
        site_name=article.site_name,
        section=article.section,
        sections=article.sections,
        tags=article.tags,
        canonical_url=article.canonical_url,
        extracted=article.extracted,
        structure_raw=article.structure,
        extracted_hash=short_hash(article.extracted),
        captions=article.captions,
        method=article.method,
        agreement=article.agreement,
        flags=(*article.flags, *differ, *_doubts(capture)),
        license_url=licence,
        reprint_terms=article.reprint_terms,
    )
