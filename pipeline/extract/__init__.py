"""Capture → articles: one page's bytes to the articles it prints, and why each line stayed or went.

The order of the steps stands here and nowhere else:

    encoding   bytes → text                                     (encoding.py)
    plain      plain text → a page                              (plain.py)
    declared   title, meta, JSON-LD, script variables           (declared.py)
    layout     the page as lines and the elements they stand in (layout.py)
    container  the element that holds the article               (container.py, marks.py)
    body       its lines, less what is not the article          (body.py, looks.py, boilerplate.py)
    embedded   the same of a script, noscript, a shadow root    (embedded.py, scripts.py)
    metadata   title, author, day, source                       (title.py, printed.py, published.py, dates.py,
                                                                 author.py, origin.py, metadata.py)
    split      two articles glued on one page; parts joined     (split.py)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from selectolax.lexbor import LexborHTMLParser

from pipeline.extract.body import Reading, read_body, second_opinion
from pipeline.extract.container import Weights, find_container, weigh
from pipeline.extract.declared import Declared, read_declared
from pipeline.extract.embedded import Candidate, boxes_of, find_embedded, only_shell, reveal
from pipeline.extract.encoding import Decoded, decode
from pipeline.extract.layout import Layout, bare_long_tags, read_layout
from pipeline.extract.metadata import read_metadata
from pipeline.extract.plain import as_page, too_long
from pipeline.extract.split import join_parts, split_articles
from pipeline.extract.title import find_title, heading_of
from pipeline.nextpart import next_part
from pipeline.records import Article, Flag, Page, Selector, Source
from pipeline.rules.plain_text import is_plain, no_text
from pipeline.rules.signatures import NO_PAGE

__all__ = ["extract_page", "join_parts", "line_report"]

MAX_BYTES = 10_000_000
"""Larger bodies are not articles; the crawl's own cap is below this."""

MAX_DAMAGE = 0.05
"""Share of U+FFFD above which bytes are no text we can read; real pages with broken bytes stay below .01."""

FEED = re.compile(rb"(?:<\?xml[^>]{0,200}>\s{0,99})?<(?:rss|feed|urlset|sitemapindex|rdf:RDF)\b")
JSON = re.compile(rb"[\[{]{1,2}\s{0,99}\"")


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
    """The articles of one captured page or text. Never raises: a page without an article has a `reason`.

    `content_type` is the HTTP header, `captured_on` the day (UTC) that decides which of the source's
    selectors hold; without a source the article's element is searched for. Reasons: empty, too_large,
    not_html, undecodable, frameset, no_body, failed:<error>; of plain text also binary, data, table, log, code,
    not_chinese.
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
    if found.layout is None:
        return []
    reading = found.reading
    kept = set(reading.kept) if reading else set()
    rules = dict(reading.rules) if reading else {}
    method = reading.method if reading else ""
    return [
        (i in kept, method if i in kept else rules.get(i, "outside"), line.text)
        for i, line in enumerate(found.layout.lines)
    ]


def _extract(
    body: bytes, url: str, content_type: str, captured_on: date | None, source: Source | None
) -> Extraction:
    decoded = decode(body[:MAX_BYTES], content_type=content_type, override=source.charset if source else None)
    plain = is_plain(body, content_type)
    reason = _not_a_page(body, decoded)
    if plain and not reason:
        reason = no_text(body) or ("too_large" if too_long(decoded.text) else None)
    if reason:
        return _nothing(decoded, reason)
    try:
        return _read(decoded, url, captured_on, source, plain=plain)
    except (RecursionError, MemoryError, ValueError) as error:
        return _nothing(decoded, f"failed:{type(error).__name__}")


def _read(
    decoded: Decoded, url: str, captured_on: date | None, source: Source | None, *, plain: bool
) -> Extraction:
    html = decoded.text.replace("\x00", "")
    html = as_page(html) if plain else bare_long_tags(html)
    tree = LexborHTMLParser(html)
    if tree.css_first("frameset") is not None:
        return _nothing(decoded, "frameset")
    declared = read_declared(tree)
    body = () if plain else _in_force(source.body if source else (), captured_on)
    drop = _in_force(source.drop if source else (), captured_on)
    found = _body(read_layout(tree, body=body, drop=drop), declared, html)
    missed = bool(body) and not found.layout.chosen
    next_url = next_part(html, url, tree)
    if not found.layout.chosen and not plain:
        embedded = find_embedded(tree, declared, found.layout, found.weights, found.reading)
        if embedded is not None:
            declared = reveal(tree, embedded, declared)
            found = _body(read_layout(tree, drop=drop), declared, html, embedded)
    layout, reading = found.layout, found.reading
    if reading is None or not reading.text or (not layout.chosen and only_shell(reading.text)):
        return _nothing(decoded, "no_body", layout, reading)
    if plain:
        reading = replace(reading, method="text")
    first = read_metadata(layout, declared, reading, found.title, found.title_at, url)
    first = replace(first, flags=_doubts(layout, selector_missed=missed))
    articles = split_articles(first, layout, found.weights, reading)
    return Extraction(
        page=_page(decoded, articles=articles, next_url=next_url), layout=layout, reading=reading
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """The lines of a page, what they weigh, and the body and title found in them, if any."""

    layout: Layout
    weights: Weights
    reading: Reading | None = None
    title: str | None = None
    title_at: int | None = None


def _body(layout: Layout, declared: Declared, html: str, embedded: Candidate | None = None) -> _Body:
    weights = weigh(layout, heading_of(layout, declared))
    boxes = (
        boxes_of(layout, weights, embedded) if embedded else layout.chosen or find_container(layout, weights)
    )
    if not boxes:
        return _Body(layout=layout, weights=weights)
    title, title_at = find_title(layout, declared, layout.boxes[boxes[0]].first, layout.boxes[boxes[0]].last)
    reading = read_body(layout, weights, boxes, title, title_at)
    if embedded is not None:
        reading = replace(reading, method=embedded.method)
    elif not layout.chosen:
        reading = second_opinion(layout, weights, reading, html)
    return _Body(layout=layout, weights=weights, reading=reading, title=title, title_at=title_at)


def _doubts(layout: Layout, *, selector_missed: bool) -> tuple[Flag, ...]:
    """body_selector_missed: the source's selectors match nothing, its layout may be new; truncated: a cap cut."""
    named = (("body_selector_missed", selector_missed), ("truncated", layout.truncated))
    return tuple(Flag(name=name) for name, holds in named if holds)


def _in_force(selectors: Sequence[Selector], day: date | None) -> list[str]:
    """The selectors that hold on a day; without a day, those that still hold."""
    return [
        s.css
        for s in selectors
        if (day is None and s.until is None)
        or (day is not None and (s.since is None or s.since <= day) and (s.until is None or day <= s.until))
    ]


def _not_a_page(body: bytes, decoded: Decoded) -> str | None:
    """Why these bytes are no HTML page, or None."""
    if not body.strip(b" \t\r\n\x00"):
        return "empty"
    if len(body) > MAX_BYTES:
        return "too_large"
    head = body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(NO_PAGE) or FEED.match(head) or JSON.match(head):
        return "not_html"
    return "undecodable" if decoded.replacements > MAX_DAMAGE * len(decoded.text) else None


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


def _nothing(
    decoded: Decoded, reason: str, layout: Layout | None = None, reading: Reading | None = None
) -> Extraction:
    return Extraction(page=_page(decoded, reason=reason), layout=layout, reading=reading)
