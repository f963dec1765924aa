"""The article as a feed prints it: RSS `content:encoded`, Atom `content`, JSON Feed `content_html`, never a summary.

Used where the page itself is blocked or keeps a part of its article, and only where the feed has more of it.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from html import escape
from typing import Any

import feedparser

from pipeline.extract import extract_page
from pipeline.extract.access import breaks_off
from pipeline.records import BY_FEED, AccessState, Article, Outcome, Page, Reason, Selector, Source

MAX_BYTES = 8 * 1024 * 1024
MAX_TAGS = 20_000
"""A feed is read up to here: feedparser needs some 100 µs a tag. What stands in CDATA is none of them."""

HAS_TEXT = re.compile(rb":encoded\b|<(?:\w{1,20}:)?content\b")
"""In a feed that prints articles: content:encoded, by whatever prefix, or Atom's content."""

CHINA = timezone(timedelta(hours=8))

KEPT_BACK = frozenset({Reason.LOGIN, Reason.VERIFY, Reason.NO_BODY})
"""Reasons of pages without an article of which a feed may have the article."""

PARTIAL = frozenset({AccessState.TEASER, AccessState.PAYWALLED, AccessState.LOGIN})
"""What a page says that does not give its whole article."""

_BOX = "corpus-feed-item"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One article as a feed prints it."""

    link: str
    """As the feed has it."""
    html: str
    """All of it."""
    title: str = ""
    author: str = ""
    at: str = ""
    """When it was published, as the feed says it."""


def wants_feed(page: Page | None, outcome: str = Outcome.OK) -> bool:
    """Whether a page keeps its article, or a part of it, from us; `page` None: it could not be read at all."""
    if page is None:
        return outcome == Outcome.BLOCKED
    if not page.articles:
        return page.reason in KEPT_BACK
    return len(page.articles) == 1 and page.access is not None and page.access.state in PARTIAL


def completed(page: Page | None, item: Item, url: str) -> Page | None:
    """The page with the article as its feed prints it; None where the feed has no more of it than the page.

    A page that could be read keeps its facts, and says by `method` where its body is from.
    """
    found = _read(item, url)
    if found is None:
        return None
    theirs = found.articles[0]
    if page is not None and page.articles:
        own = page.articles[0]
        if len(theirs.extracted) <= len(own.extracted):
            return None
        article = replace(
            own,
            extracted=theirs.extracted,
            structure=theirs.structure,
            captions=theirs.captions or own.captions,
            agreement=theirs.agreement,
            flags=tuple(flag for flag in own.flags if flag.name != "readers_disagree"),
            method=BY_FEED,
        )
        return replace(page, articles=(article,))
    article = _told(theirs, item)
    if page is None:
        return replace(found, encoding_from=BY_FEED, articles=(article,), access=None)
    return replace(page, articles=(article,), reason=None)


def _told(article: Article, item: Item) -> Article:
    """An article with what its feed tells of it."""
    day = _day(item.at)
    facts: dict[str, Any] = {"method": BY_FEED}
    if item.title:
        facts |= {"title": " ".join(item.title.split()), "title_from": BY_FEED}
    if item.author:
        facts |= {"author": item.author, "author_from": BY_FEED}
    if day:
        facts |= {"published_on": day, "published_raw": item.at, "published_from": BY_FEED}
    return replace(article, **facts)


def _read(item: Item, url: str) -> Page | None:
    """What an item prints, read as a page that has nothing else; None where it is no whole article."""
    title = escape(item.title)
    html = (
        f"<!DOCTYPE html><html><head><meta charset=utf-8><title>{title}</title></head><body><h1>{title}</h1>"
        f'<div class="{_BOX}">{item.html}</div></body></html>'
    )
    source = Source(name=BY_FEED, home=url, body=(Selector(css=f"div.{_BOX}"),))
    page = extract_page(html.encode("utf-8", "replace"), url=url, source=source)
    partial = page.access is not None and page.access.state in PARTIAL
    if len(page.articles) != 1 or partial or breaks_off(page.articles[0].extracted):
        return None
    return page


def _day(text: str) -> date | None:
    """The day in China time of an RFC 822 or ISO 8601 time; one without a zone is China's."""
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            at = read(text.strip())
            return (at if at.tzinfo is None else at.astimezone(CHINA)).date()
        except (ValueError, OverflowError, TypeError):
            continue
    return None


def items_of(body: bytes, content_type: str = "") -> Iterator[Item]:
    """The articles that a feed prints; never raises."""
    body = body[: _end_of_reading(body)]
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        yield from _json_items(body)
        return
    headers = {"content-type": content_type or "application/xml"}
    try:
        # a stream, never the bytes: feedparser would open a body that reads like a path or an address
        parsed = feedparser.parse(
            io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except Exception:  # noqa: BLE001  feedparser lets odd input through as AttributeError, ValueError, LookupError …
        return
    if not HAS_TEXT.search(body):  # a second summary would come as content
        return
    for entry in parsed.entries:
        html = max((str(each.get("value") or "") for each in entry.get("content") or ()), key=len, default="")
        link = entry.get("feedburner_origlink") or entry.get("link") or ""
        if html and link:
            at = next((entry[k] for k in ("published", "updated", "created") if k in entry), "")
            title, author = str(entry.get("title") or ""), str(entry.get("author") or "")
            yield Item(link=link, html=html, title=title, author=author, at=str(at or ""))


def _json_items(body: bytes) -> Iterator[Item]:
    try:
        feed = json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return
    items = feed.get("items") if isinstance(feed, dict) else None
    for item in items if isinstance(items, list) else ():
        said = item if isinstance(item, dict) else {}
        link = _text(said, "url") or _text(said, "external_url") or _text(said, "id")
        if (html := _text(said, "content_html")) and link:
            authors = said.get("authors")
            names = (
                [_text(a, "name") for a in authors if isinstance(a, dict)]
                if isinstance(authors, list)
                else []
            )
            yield Item(
                link=link,
                html=html,
                title=_text(said, "title"),
                author="、".join(filter(None, names)),
                at=_text(said, "date_published"),
            )


def _text(item: dict[str, Any], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""


def _end_of_reading(body: bytes) -> int:
    """Where MAX_BYTES or MAX_TAGS is reached, whichever comes first."""
    at, end = 0, min(len(body), MAX_BYTES)
    for _ in range(MAX_TAGS):
        at = body.find(b"<", at, end)
        if at < 0:
            return end
        if body.startswith(b"<![CDATA[", at):
            at = body.find(b"]]>", at, end)
            if at < 0:
                return end
        at += 1
    return at
