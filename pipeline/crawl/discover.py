"""What a feed, sitemap or listing page leads to: links of the source, each judged once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from pipeline.crawl.feeds import Entry, parse_feed
from pipeline.crawl.scope import Scope, on_own_site, unwanted
from pipeline.crawl.sitemaps import parse_sitemap
from pipeline.parsing import tamed
from pipeline.records import Kind
from pipeline.web.urls import fetch_form, is_home, same_site, url_key

MAX_LISTED = 20_000
"""Elements of one listing page that are looked at."""

_CODECS = {"gb2312": ("gb18030", "gbk"), "gbk": ("gb18030", "gbk"), "big5": ("big5hkscs", "big5hkscs")}
"""Label → the codec that reads what stands under it, and the one in which a browser writes."""

_LABEL = re.compile(
    rb"(?:charset|encoding)\s{0,9}=\s{0,9}[\"']?\s{0,9}([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedUrl:
    """An address worth a visit."""

    url: str
    """Fetch form."""
    key: str
    """Identity (urls.url_key)."""
    at: datetime | None = None
    """Publication or last change as the list tells it, aware UTC."""
    published: datetime | None = None
    """Publication, where the list says that it is that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What one list leads to."""

    links: tuple[ListedUrl, ...] = ()
    """Pages, each identity once, in the list's order."""
    children: tuple[ListedUrl, ...] = ()
    """Sitemaps that a sitemap index names."""
    rejected: Counter[str] = field(default_factory=Counter)
    """Addresses not taken, by reason: bad_url, foreign, not_included, excluded, not_a_page, trap, itself."""
    note: str = ""
    """What the list's reader has to say: no_entries, cut, bad_gzip."""
    older: str | None = None
    """Of a feed: where the entries before these stand, fetch form."""


def links_of(scope: Scope, kind: str, body: bytes, url: str, content_type: str = "") -> Listed:
    """The links of the feed, sitemap or listing `body`, fetched from `url` for a source; never raises."""
    if kind == Kind.FEED:
        feed = parse_feed(body, url, content_type)
        older = fetch_form(feed.older, url) if feed.older else None
        return replace(_judged(scope, url, feed.entries, (), feed.note), older=older)
    if kind == Kind.SITEMAP:
        sitemap = parse_sitemap(body, url)
        return _judged(scope, url, sitemap.entries, sitemap.children, sitemap.note)
    entries = _listed(body, content_type, url, _selectors_of(scope, url))
    return _judged(scope, url, entries, (), "" if entries else "no_entries")


def canonical(html: str, url: str) -> str | None:
    """The page's rel=canonical if it can be believed, in fetch form; None otherwise or when it is `url`.

    Only on the same site, and never a front page (whatever its query) or folder: templates often name those for
    every article. A hint for the record, which few pages give (5 of 69 real ones); nothing is fetched for it.
    """
    if "canonical" not in html:
        return None
    link = LexborHTMLParser(tamed(html)).css_first("link[rel=canonical][href]")
    target = fetch_form((link.attributes.get("href") or "").strip(), url) if link is not None else None
    if target is None or url_key(target) == url_key(url) or not same_site(target, url):
        return None
    parts = urlsplit(target)
    is_folder = parts.path.endswith("/") and not parts.query and not re.search(r"\d{4}", parts.path)
    return None if is_folder or is_home(target.partition("?")[0]) else target


def rough_text(body: bytes, content_type: str = "") -> str:
    """The body decoded well enough to read its links: strict UTF-8, else as declared, else GB18030.

    Never raises. What the text says is read from the archive by extraction, with its own care.
    """
    return rough(body, content_type)[0]


def rough(body: bytes, content_type: str) -> tuple[str, str]:
    """The body decoded so, and the codec in which its links mean their queries."""
    try:
        return body.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        pass
    for where in (content_type.encode("latin-1", "replace"), body[:4096]):
        label = _LABEL.search(where)
        name = label[1].decode("ascii").lower() if label else ""
        wider, codec = _CODECS.get(name, (name, name))
        try:
            if name and name not in ("utf-8", "utf8", "iso-8859-1"):
                return body.decode(wider, "replace"), "utf-8" if name.startswith("utf") else codec
        except (LookupError, ValueError):
            continue
    return body.decode("gb18030", "replace"), "gbk"


def _judged(scope: Scope, url: str, entries: Iterable[Entry], children: Iterable[Entry], note: str) -> Listed:
    rejected: Counter[str] = Counter()
    links: dict[str, ListedUrl] = {}
    itself = url_key(url)
    for entry in entries:
        address = fetch_form(entry.url, url)
        reason = unwanted(scope, address) if address else "bad_url"
        key = url_key(address) if address and not reason else ""
        if key == itself:
            reason = "itself"
        if address is None or reason:
            rejected[reason or "bad_url"] += 1
        else:
            links.setdefault(key, ListedUrl(url=address, key=key, at=entry.at, published=entry.published))
    nested: dict[str, ListedUrl] = {}
    for child in children:
        address = fetch_form(child.url, url)
        if address is None or not on_own_site(scope, address):
            rejected["bad_url" if address is None else "foreign"] += 1
        elif (key := url_key(address)) != itself:
            nested.setdefault(key, ListedUrl(url=address, key=key, at=child.at))
    return Listed(links=tuple(links.values()), children=tuple(nested.values()), rejected=rejected, note=note)


def _selectors_of(scope: Scope, url: str) -> tuple[str, ...]:
    """The link selectors of the listing at `url`; of a further page of a listing, those of all listings."""
    listings = scope.source.listings
    own = tuple(each.links for each in listings if url_key(each.url) == url_key(url))
    return own or tuple(dict.fromkeys(each.links for each in listings))


def _listed(body: bytes, content_type: str, url: str, selectors: tuple[str, ...]) -> list[Entry]:
    text, codec = rough(body, content_type)
    tree = LexborHTMLParser(tamed(text))
    base = tree.css_first("base[href]")
    here = fetch_form((base.attributes.get("href") or "").strip(), url) if base is not None else None
    entries = []
    for selector in selectors:
        try:
            chosen = tree.css(selector)[:MAX_LISTED]
        except SelectolaxError:  # sources.py has checked it; a caller's own Source may not be
            continue
        for element in chosen:
            anchors = [element] if "href" in element.attributes else element.css("a[href]")
            for anchor in anchors[:MAX_LISTED]:
                href = (anchor.attributes.get("href") or "").strip()
                if href and not href.startswith("#"):
                    entries.append(Entry(url=fetch_form(href, here or url, codec) or href))
    return entries[:MAX_LISTED]
