"""Capture → articles: one page's bytes to the articles it prints, and why each line stayed or went.

The order of the steps stands here and nowhere else:

    encoding   bytes → text                                     (encoding.py)
    plain      plain text → a page                              (plain.py, plainhead.py, plainchrome.py,
                                                                 plainmarkdown.py)
    elements   what is asked of the page by tag or attribute    (elements.py)
    declared   title, meta, JSON-LD, script variables           (declared.py)
    layout     the page as lines and the elements they stand in (layout.py)
    thread     the first post of a page of posts, or the answer (thread.py, bulletin.py, answer.py)
    container  the element that holds the article               (weights.py, container.py, verses.py, marks.py)
    body       its lines, less what is not the article          (body.py, looks.py, boilerplate.py, calls.py,
                                                                 asides.py, ending.py),
               as two readers have them                         (trafilatura_reader.py, agreement.py),
               and what they were: headings, tables, code …     (structure.py, tables.py, images.py, inline.py)
    embedded   the same of a script, noscript, a shadow root    (embedded.py, scripts.py, attributes.py)
    reason     what a page without an article is                (noarticle.py, goods.py)
    metadata   title, author, days, source                      (title.py, heading.py, declaredtitle.py,
                                                                 printed.py, days.py, publication.py,
                                                                 published.py, modified.py, dayline.py, dates.py,
                                                                 clock.py, ago.py,
                                                                 author.py, account.py, byline.py, dateline.py,
                                                                 names.py, origin.py, metadata.py),
               who else worked on it, the way it came, where    (people.py, chain.py, filed.py, shortened.py,
               it is filed, and what of it is cut off            references.py)
    rights     what the page says of its own use                (statements.py)
    access     how much of its article it says it gives         (access.py)
    split      two articles glued on one page; parts joined     (split.py, frames.py)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from selectolax.lexbor import LexborHTMLParser

from pipeline.extract.access import access_of, buttons_of, declared_access
from pipeline.extract.agreement import DECIDED, DISAGREE
from pipeline.extract.answer import with_answer, with_question
from pipeline.extract.body import Reading, read_body, second_opinion
from pipeline.extract.bulletin import in_rows
from pipeline.extract.container import find_container
from pipeline.extract.declared import Declared, read_declared
from pipeline.extract.elements import Elements, read_elements
from pipeline.extract.embedded import Candidate, boxes_of, find_embedded, only_shell, reveal
from pipeline.extract.encoding import Decoded, decode
from pipeline.extract.heading import heading_of
from pipeline.extract.images import with_addresses
from pipeline.extract.layout import Layout, Line, read_layout
from pipeline.extract.metadata import read_metadata
from pipeline.extract.noarticle import no_article
from pipeline.extract.plain import as_page, too_long
from pipeline.extract.references import missing_references
from pipeline.extract.split import join_parts, split_articles
from pipeline.extract.statements import declared_statements, printed_statements, reprint_terms
from pipeline.extract.thread import first_post
from pipeline.extract.title import Title, find_title
from pipeline.extract.weights import Weights, weigh
from pipeline.nextpart import next_part
from pipeline.parsing import tamed
from pipeline.records import Access, AccessState, Article, Flag, Outcome, Page, Reason, Selector, Source
from pipeline.rights.facts import ordered
from pipeline.rules.plain_text import is_plain, no_text
from pipeline.rules.signatures import NO_PAGE

__all__ = ["DECIDED", "as_parsed", "extract_page", "in_force", "join_parts", "line_report"]

MAX_BYTES = 10_000_000
"""What is read of a larger body: the article of a page stands before its endless tail, and the row is flagged."""

NEAR = 10_000
"""Bytes before the cap in which a tag is looked for."""

MAX_DAMAGE = 0.15
"""Share of U+FFFD above which bytes are no text we can read: random bytes have .18, a page of 800 code points with 40
stray bytes .14. A text with more than one broken sign in a hundred is told by quality.RULES."""

FEED = re.compile(rb"(?:<\?xml[^>]{0,200}>\s{0,99})?<(?:rss|feed|urlset|sitemapindex|rdf:RDF)\b")
JSON = re.compile(rb"[\[{]{1,2}\s{0,99}\"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """All that was found out about one page; `line_report` tells it line by line."""

    page: Page
    layout: Layout | None = None
    reading: Reading | None = None
    lines: tuple[Line, ...] = ()
    """All lines of the page; `layout` holds those that are not of replies."""


def extract_page(
    body: bytes,
    *,
    url: str,
    content_type: str = "",
    captured_at: datetime | None = None,
    source: Source | None = None,
) -> Page:
    """The articles of one captured page or text. Never raises: a page without an article has a `reason`.

    `content_type` is the HTTP header; `captured_at` (UTC) decides which of the source's selectors hold, what "3 hours
    ago" was, and which days had not come; without a source the article's element is searched for. Reasons: empty,
    too_large, not_html, undecodable, frameset, no_body, verify, deleted, login, gallery, list_page, goods,
    failed:<error>; of plain text also binary, data, table, log, code, not_chinese.
    """
    return _extract(body, url, content_type, captured_at, source).page


def line_report(
    body: bytes,
    *,
    url: str,
    content_type: str = "",
    captured_at: datetime | None = None,
    source: Source | None = None,
) -> list[tuple[bool, str, str]]:
    """(kept, rule, text) of every line of the page: how a wrong extraction is understood.

    The rule of a kept line is the method, or what let it stay where only one of the two readers has it; of a
    line outside the article's element it is `outside`, of one of another post, or beside the first one, `reply`.
    """
    found = _extract(body, url, content_type, captured_at, source)
    if found.layout is None:
        return []
    reading = found.reading
    kept = set(reading.kept) if reading else set()
    rules = {**dict(reading.rules), **dict(reading.kept_by)} if reading else {}
    method = reading.method if reading else ""
    told = {
        id(line): (i in kept, rules.get(i, method if i in kept else "outside"))
        for i, line in enumerate(found.layout.lines)
    }
    return [(*told.get(id(line), (False, "reply")), line.text) for line in found.lines]


def as_parsed(body: bytes, *, content_type: str = "", source: Source | None = None) -> str:
    """The page as its lines are read: decoded, made safe to parse, plain text as a page. Never raises."""
    decoded = _decoded(body, content_type, source)
    return _parseable(decoded, plain=is_plain(body, content_type))


def _decoded(body: bytes, content_type: str, source: Source | None) -> Decoded:
    return decode(_within_cap(body), content_type=content_type, override=source.charset if source else None)


def _parseable(decoded: Decoded, *, plain: bool) -> str:
    html = decoded.text.replace("\x00", "") if "\x00" in decoded.text else decoded.text
    return as_page(html) if plain else tamed(html)


def _extract(
    body: bytes, url: str, content_type: str, captured_at: datetime | None, source: Source | None
) -> Extraction:
    decoded = _decoded(body, content_type, source)
    plain = is_plain(body, content_type)
    reason = _not_a_page(body, decoded)
    if plain and not reason:
        reason = no_text(body) or ("too_large" if too_long(decoded.text) else None)
    if reason:
        return _nothing(decoded, reason)
    try:
        return _read(decoded, url, captured_at, source, plain=plain, is_cut=len(body) > MAX_BYTES)
    except Exception as error:  # noqa: BLE001  whatever a hostile page finds must cost only that page
        return _nothing(decoded, f"failed:{type(error).__name__}")


def _read(
    decoded: Decoded,
    url: str,
    captured_at: datetime | None,
    source: Source | None,
    *,
    plain: bool,
    is_cut: bool,
) -> Extraction:
    html = _parseable(decoded, plain=plain)
    tree = LexborHTMLParser(html)
    elements = read_elements(tree)
    declared = read_declared(elements)
    rights = declared_statements(elements, declared, url)
    said, buttons = declared_access(elements, declared), buttons_of(elements)
    if tree.body is None:  # where a page of frames has its frameset
        found = _nothing(decoded, "frameset")
    else:
        found = _article(
            decoded, html, elements, declared, url, captured_at, source, plain=plain, is_cut=is_cut
        )
    if found.layout is not None:
        rights += printed_statements(found.layout, found.reading)
    access = _access(found, said, buttons)
    return replace(found, page=replace(found.page, rights=ordered(rights), access=access))


def _access(found: Extraction, declared: Access | None, buttons: Sequence[str]) -> Access | None:
    """How much of its article the page gives; asked of articles, and of pages that keep theirs."""
    page, layout = found.page, found.layout
    if layout is None or not (page.articles or page.reason in (Reason.LOGIN, Reason.NO_BODY)):
        return None
    kept = found.reading.kept if found.reading is not None and page.articles else ()
    access = access_of(declared, layout, kept, buttons)
    if page.reason == Reason.LOGIN and (access is None or access.state == AccessState.WHOLE):
        return Access(state=AccessState.LOGIN, place="printed", said="")
    return access


def _article(
    decoded: Decoded,
    html: str,
    elements: Elements,
    declared: Declared,
    url: str,
    captured_at: datetime | None,
    source: Source | None,
    *,
    plain: bool,
    is_cut: bool,
) -> Extraction:
    """The articles of a parsed page, or why there is none."""
    missing = Outcome.TOO_LARGE if is_cut else Reason.NO_BODY
    extractor = source.extractor if source else None
    day = captured_at.date() if captured_at else None
    selected = () if plain else in_force(source.body if source else (), day)
    drop = in_force(source.drop if source else (), day)
    tree, has_inline = elements.tree, elements.has_inline
    next_url = next_part(html, url, elements.by_tag)
    layout = read_layout(tree, body=selected, drop=drop, has_inline=has_inline)
    found = _body(layout, declared, html, extractor)
    missed = bool(selected) and not found.layout.chosen
    embedded = None
    if not found.layout.chosen and not plain:
        if drop or has_inline:
            elements = read_elements(tree)  # some have left the tree
        embedded = find_embedded(elements, declared, found.weights, found.reading, found.heading)
    if embedded is not None:
        declared = reveal(tree, embedded, declared)
        found = _body(read_layout(tree, drop=drop), declared, html, extractor, embedded)
    layout, reading = found.layout, found.reading
    has_text = reading is not None and bool(reading.text) and reading.kept != (found.heading,)
    reason = None
    if not (plain or embedded or (layout.chosen and has_text)):
        reason = no_article(tree, layout, found.weights, reading.kept if reading else (), found.heading)
    if reading is None or found.title is None or reason or not has_text:
        return _nothing(decoded, reason or missing, layout, reading, found.lines)
    if not layout.chosen and only_shell(reading.text):
        return _nothing(decoded, reason or missing, layout, reading, found.lines)
    if plain:
        reading = replace(reading, method="text")
    first = read_metadata(layout, declared, reading, found.title, url, captured_at)
    flags = (*first.flags, *_doubts(layout, reading, selector_missed=missed, is_cut=is_cut))
    parts = split_articles(replace(first, flags=flags), layout, found.weights, reading, url, captured_at)
    terms = reprint_terms(layout, reading)
    articles = tuple(
        replace(
            part,
            agreement=reading.agreement,
            structure=with_addresses(part.structure, url),
            flags=(*part.flags, *missing_references(part.extracted, part.structure)),
            reprint_terms=terms,
        )
        for part in parts
    )
    page = _page(decoded, articles=articles, next_url=next_url)
    return Extraction(page=page, layout=layout, reading=reading, lines=found.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """The lines of a page, what they weigh, and the body and title found in them, if any."""

    layout: Layout
    lines: tuple[Line, ...]
    weights: Weights
    heading: int | None
    """Index of the line whose heading the declared title begins with."""
    reading: Reading | None = None
    title: Title | None = None


def _body(
    layout: Layout, declared: Declared, html: str, extractor: str | None, embedded: Candidate | None = None
) -> _Body:
    layout = in_rows(layout)
    lines = tuple(layout.lines)
    heading = heading_of(layout, declared)
    layout = with_answer(layout, heading)
    is_shown = embedded is None or embedded.place is not None
    if is_shown and (embedded is not None or not layout.chosen):
        post = first_post(layout, heading)
        if post is not layout:
            layout, heading = post, heading_of(post, declared)
    weights = weigh(layout, heading)
    boxes = (
        boxes_of(layout, weights, embedded) if embedded else layout.chosen or find_container(layout, weights)
    )
    if not layout.chosen:
        boxes = with_question(layout, weights.plain, heading, boxes)
    if not boxes:
        return _Body(layout=layout, lines=lines, weights=weights, heading=heading)
    title = find_title(layout, declared, layout.boxes[boxes[0]].first, layout.boxes[boxes[0]].last)
    reading = read_body(layout, weights, boxes, title.text, title.at, extractor)
    if embedded is not None:
        reading = replace(reading, method=embedded.method)
    elif not layout.chosen and extractor != "container":
        reading = second_opinion(layout, weights, reading, html)
    return _Body(layout=layout, lines=lines, weights=weights, heading=heading, reading=reading, title=title)


def _doubts(layout: Layout, reading: Reading, *, selector_missed: bool, is_cut: bool) -> tuple[Flag, ...]:
    """What extraction itself doubts of an article.

    body_selector_missed: the source's selectors match nothing, its layout may be new; truncated: a cap cut;
    readers_disagree: the two readers of the body have too little in common.
    """
    named = (
        ("body_selector_missed", selector_missed),
        ("truncated", layout.truncated or is_cut),
        ("readers_disagree", reading.agreement is not None and reading.agreement < DISAGREE),
    )
    return tuple(Flag(name=name) for name, holds in named if holds)


def in_force(selectors: Sequence[Selector], day: date | None) -> list[str]:
    """The selectors (CSS) that hold on a day; without a day, those that still hold."""
    return [
        s.css
        for s in selectors
        if (day is None and s.until is None)
        or (day is not None and (s.since is None or s.since <= day) and (s.until is None or day <= s.until))
    ]


def _within_cap(body: bytes) -> bytes:
    """The bytes that are read, cut behind a tag where one is near, lest half a character spoil the decoding."""
    if len(body) <= MAX_BYTES:
        return body
    return body[: body.rfind(b">", MAX_BYTES - NEAR, MAX_BYTES) + 1 or MAX_BYTES]


def _not_a_page(body: bytes, decoded: Decoded) -> str | None:
    """Why these bytes are no HTML page, or None."""
    if not body.strip(b" \t\r\n\x00"):
        return "empty"
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
    decoded: Decoded,
    reason: str,
    layout: Layout | None = None,
    reading: Reading | None = None,
    lines: tuple[Line, ...] = (),
) -> Extraction:
    return Extraction(page=_page(decoded, reason=reason), layout=layout, reading=reading, lines=lines)
