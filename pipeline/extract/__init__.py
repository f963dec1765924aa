"""Capture → articles: one page's bytes to the articles it prints, and why each line stayed or went.

The order of the steps stands here and nowhere else:

    encoding   bytes → text                                     (encoding.py)
    declared   title, meta, JSON-LD, script variables           (declared.py)
    layout     the page as lines and the elements they stand in (layout.py)
    container  the element that holds the article               (container.py, names.py)
    body       its lines, less what is not the article          (body.py, boilerplate.py)
    metadata   title, author, day, source                       (metadata.py)
    split      two articles glued on one page; parts joined     (split.py)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from selectolax.lexbor import LexborHTMLParser

from pipeline.extract.body import Reading, read_body
from pipeline.extract.container import find_container, weigh
from pipeline.extract.declared import read_declared
from pipeline.extract.encoding import Decoded, decode
from pipeline.extract.fingerprint import fingerprint
from pipeline.extract.layout import Layout, read_layout
from pipeline.extract.metadata import read_metadata
from pipeline.extract.split import join_parts, split_articles
from pipeline.extract.title import find_title
from pipeline.nextpart import next_part
from pipeline.records import Article, Page, Selector, Source

__all__ = ["extract_page", "fingerprint", "join_parts", "line_report"]

MAX_BYTES = 10_000_000
"""Larger bodies are not articles; the crawl's own cap is below this."""

MAGIC = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"PK\x03\x04", "zip"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """All that was found out about one page; `line_report` tells it line by line."""

    page: Page
    layout: Layout | None = None
    reading: Reading | None = None


def extract_page(
    body: bytes,
    *,
    url: str,
    content_type: str = "",
    captured_on: date | None = None,
    source: Source | None = None,
) -> Page:
    """The articles of one captured page. Never raises: a page without an article has a `reason`.

    `content_type` is the HTTP header, `captured_on` the day (UTC) that decides which of the source's
    selectors hold; without a source the article's element is searched for.
    """
    return _extract(body, url, content_type, captured_on, source).page


def line_report(
    body: bytes,
    *,
    url: str,
    content_type: str = "",
    captured_on: date | None = None,
    source: Source | None = None,
) -> list[tuple[bool, str, str]]:
    """(kept, rule, text) of every line of the page: how a wrong extraction is understood.

    The rule of a kept line is the method; of a line outside the article's element it is `outside`.
    """
    found = _extract(body, url, content_type, captured_on, source)
    if found.layout is None or found.reading is None:
        return []
    removed = dict(found.reading.rules)
    report = []
    for index, line in enumerate(found.layout.lines):
        inside = found.reading.start <= index < found.reading.stop
        kept = inside and index not in removed
        report.append((kept, found.reading.method if kept else removed.get(index, "outside"), line.text))
    return report


def _extract(
    body: bytes, url: str, content_type: str, captured_on: date | None, source: Source | None
) -> Extraction:
    decoded = decode(body[:MAX_BYTES], content_type=content_type, override=source.charset if source else None)
    reason = _not_a_page(body)
    if reason:
        return _nothing(decoded, reason)
    try:
        return _read(decoded, url, captured_on, source)
    except (RecursionError, MemoryError, ValueError) as error:
        return _nothing(decoded, f"failed:{type(error).__name__}")


def _read(decoded: Decoded, url: str, captured_on: date | None, source: Source | None) -> Extraction:
    tree = LexborHTMLParser(decoded.text.replace("\x00", ""))
    if tree.css_first("frameset") is not None:
        return _nothing(decoded, "frameset")
    declared = read_declared(tree)
    layout = read_layout(
        tree,
        body=_in_force(source.body if source else (), captured_on),
        drop=_in_force(source.drop if source else (), captured_on),
    )
    weights = weigh(layout)
    box = layout.chosen[0] if layout.chosen else find_container(layout, weights)
    if box is None:
        return _nothing(decoded, "no_body")
    title, title_at = find_title(layout, declared, layout.boxes[box].first, layout.boxes[box].last)
    reading = read_body(layout, weights, box, title)
    articles: tuple[Article, ...] = ()
    if reading.text:
        first = read_metadata(layout, declared, reading, title, title_at, url)
        articles = split_articles(first, layout, weights, reading)
    if not articles:
        return Extraction(page=_page(decoded, reason="no_body"), layout=layout, reading=reading)
    page = _page(decoded, articles=articles, next_url=next_part(decoded.text, url))
    return Extraction(page=page, layout=layout, reading=reading)


def _in_force(selectors: Sequence[Selector], day: date | None) -> list[str]:
    """The selectors that hold on a day; without a day, those that still hold."""
    return [
        s.css
        for s in selectors
        if (day is None and s.until is None)
        or (day is not None and (s.since is None or s.since <= day) and (s.until is None or day <= s.until))
    ]


def _not_a_page(body: bytes) -> str | None:
    """Why these bytes are no HTML page, or None."""
    if not body.strip(b" \t\r\n\x00"):
        return "empty"
    if len(body) > MAX_BYTES:
        return "too_large"
    head = body[:8]
    return "not_html" if any(head.startswith(magic) for magic, _ in MAGIC) else None


def _page(
    decoded: Decoded,
    *,
    articles: tuple[Article, ...] = (),
    next_url: str | None = None,
    reason: str | None = None,
) -> Page:
    return Page(
        encoding=decoded.encoding,
        encoding_from=decoded.chosen_by,
        replacements=decoded.replacements,
        articles=articles,
        next_url=next_url,
        reason=reason,
    )


def _nothing(decoded: Decoded, reason: str) -> Extraction:
    return Extraction(page=_page(decoded, reason=reason))
