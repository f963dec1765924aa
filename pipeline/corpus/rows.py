"""Captures → rows of the corpus: one page, one group of parts, one document at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline import extract, normalize
from pipeline.corpus import quality
from pipeline.crawl import archive, index
from pipeline.crawl.urls import site
from pipeline.records import OK, Article, Capture, Document, Page, Source


def document_id(url_key: str, part: int) -> str:
    """The stable id of an article: of its URL's identity and its place on the page."""
    return hashlib.sha256(f"{url_key}\n{part}".encode()).hexdigest()[:32]


def short_hash(text: str) -> str:
    """First 32 hex digits of the SHA-256 of a text, empty for an empty text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32] if text else ""


def groups(captures: Sequence[Capture]) -> Iterator[list[Capture]]:
    """Captures in runs: a page, and behind it the further parts of its article."""
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


def extract_group(raw: Path, group: list[Capture], source: Source | None) -> list[Document]:
    """The rows of one page and, when the article runs on, of its further parts."""
    if len(group) > 1 and any(c.outcome == OK for c in group):
        group = [_with_body(raw, c) for c in group]
    first = group[0]
    rest = [bare_row(c, source, reason="part_of" if c.outcome == OK else c.outcome) for c in group[1:]]
    if first.outcome != OK:
        return [bare_row(first, source, reason=first.outcome), *rest]
    page = _page(first, source)
    if rest and page.articles:
        page = extract.join_parts([page, *(_page(c, source) for c in group[1:] if c.outcome == OK)])
    if not page.articles:
        return [bare_row(first, source, reason=page.reason or "no_body", page=page), *rest]
    return [*(article_row(first, source, page, article) for article in page.articles), *rest]


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


def bare_row(capture: Capture, source: Source | None, *, reason: str, page: Page | None = None) -> Document:
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


def article_row(capture: Capture, source: Source | None, page: Page, article: Article) -> Document:
    """The row of one article, not normalized yet."""
    return replace(
        bare_row(capture, source, reason="", page=page),
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
