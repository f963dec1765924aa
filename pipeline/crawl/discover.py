"""What a feed, sitemap or listing page leads to: links of the source, each judged once."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from pipeline.crawl.feeds import Entry, parse_feed
from pipeline.crawl.sitemaps import parse_sitemap
from pipeline.records import Kind, Source
from pipeline.web.urls import fetch_form, same_site, url_key

MAX_SEGMENTS = 16
MAX_REPEATS = 3
"""A path deeper than MAX_SEGMENTS, or with one segment more than MAX_REPEATS times, is a link that a broken
relative address lengthens at every step."""
MAX_URL = 2_000
MAX_LISTED = 20_000
"""Elements of one listing page that are looked at."""

_NOT_A_PAGE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|ico|bmp|css|js|json|mp3|mp4|m3u8|flv|avi|mov|wmv|wav|pdf|docx?|xlsx?|pptx?"
    r"|zip|rar|7z|gz|tgz|exe|apk|ipa|dmg|iso)",
    re.IGNORECASE,
)
_LABEL = re.compile(
    rb"(?:charset|encoding)\s{0,9}=\s{0,9}[\"']?\s{0,9}([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE
)
_ROOT_NAMES = re.compile(r"/?(?:(?:index|default|home)(?:\.\w{2,5})?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedUrl:
    """An address worth a visit."""

    url: str
    """Fetch form."""
    key: str
    """Identity (urls.url_key)."""
    at: datetime | None = None
    """Publication or last change as the list tells it, aware UTC."""


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


def links_of(source: Source, kind: str, body: bytes, url: str, content_type: str = "") -> Listed:
    """The links of the feed, sitemap or listing `body`, fetched from `url` for `source`; never raises."""
    if kind == Kind.FEED:
        feed = parse_feed(body, url, content_type)
        return _judged(source, url, feed.entries, (), feed.note)
    if kind == Kind.SITEMAP:
        sitemap = parse_sitemap(body, url)
        return _judged(source, url, sitemap.entries, sitemap.children, sitemap.note)
    entries = _listed(body, content_type, url, _selectors_of(source, url))
    return _judged(source, url, entries, (), "" if entries else "no_entries")


def unwanted(source: Source, url: str) -> str | None:
    """Why `url` (fetch form) is not fetched for `source`; None: it is wanted.

    URLs the user named outright always are. `exclude` wins over `include`; without `include` a URL has to
    be on a site (registrable domain) of the source's own addresses. Globs match the whole URL; fnmatch's
    expressions are free of backtracking blow-up (atomic groups, CPython bpo-40480).
    """
    if url in source.urls:
        return None
    if any(fnmatchcase(url, pattern) for pattern in source.exclude):
        return "excluded"
    if _is_trap(url):
        return "trap"
    if _NOT_A_PAGE.fullmatch(_ending(url)):
        return "not_a_page"
    if source.include:
        return None if any(fnmatchcase(url, pattern) for pattern in source.include) else "not_included"
    return None if on_own_site(source, url) else "foreign"


def on_own_site(source: Source, url: str) -> bool:
    """Whether `url` is on a site of the source's home, lists or named URLs."""
    own = (
        source.home,
        *source.feeds,
        *source.sitemaps,
        *(each.url for each in source.listings),
        *source.urls,
    )
    return any(same_site(url, each) for each in dict.fromkeys(own))


def canonical(html: str, url: str) -> str | None:
    """The page's rel=canonical if it can be believed, in fetch form; None otherwise or when it is `url`.

    Only on the same site, and never a front page or folder: templates often name those for every article
    (fetch-and-archive reference §1.3). A hint for the record; nothing is fetched because of it.
    """
    if "canonical" not in html:
        return None
    link = LexborHTMLParser(html).css_first("link[rel=canonical][href]")
    target = fetch_form((link.attributes.get("href") or "").strip(), url) if link is not None else None
    if target is None or url_key(target) == url_key(url) or not same_site(target, url):
        return None
    parts = urlsplit(target)
    is_folder = parts.path.endswith("/") and not parts.query and not re.search(r"\d{4}", parts.path)
    return None if is_folder or _ROOT_NAMES.fullmatch(parts.path) else target


def rough_text(body: bytes, content_type: str = "") -> str:
    """The body decoded well enough to read its links: strict UTF-8, else as declared, else GB18030.

    Never raises. What the text says is read from the archive by extraction, with its own care.
    """
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    for where in (content_type.encode("latin-1", "replace"), body[:4096]):
        label = _LABEL.search(where)
        name = label[1].decode("ascii").lower() if label else ""
        name = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs"}.get(name, name)
        try:
            if name and name not in ("utf-8", "utf8", "iso-8859-1") and codecs.lookup(name)._is_text_encoding:
                return body.decode(name, "replace")
        except (LookupError, ValueError):
            continue
    return body.decode("gb18030", "replace")


def _judged(
    source: Source, url: str, entries: Iterable[Entry], children: Iterable[Entry], note: str
) -> Listed:
    rejected: Counter[str] = Counter()
    links: dict[str, ListedUrl] = {}
    itself = url_key(url)
    for entry in entries:
        address = fetch_form(entry.url, url)
        reason = unwanted(source, address) if address else "bad_url"
        key = url_key(address) if address and not reason else ""
        if key == itself:
            reason = "itself"
        if address is None or reason:
            rejected[reason or "bad_url"] += 1
        else:
            links.setdefault(key, ListedUrl(url=address, key=key, at=entry.at))
    nested: dict[str, ListedUrl] = {}
    for child in children:
        address = fetch_form(child.url, url)
        if address is None or not on_own_site(source, address):
            rejected["bad_url" if address is None else "foreign"] += 1
        elif (key := url_key(address)) != itself:
            nested.setdefault(key, ListedUrl(url=address, key=key, at=child.at))
    return Listed(links=tuple(links.values()), children=tuple(nested.values()), rejected=rejected, note=note)


def _selectors_of(source: Source, url: str) -> tuple[str, ...]:
    """The link selectors of the listing at `url`; of a further page of a listing, those of all listings."""
    own = tuple(each.links for each in source.listings if url_key(each.url) == url_key(url))
    return own or tuple(dict.fromkeys(each.links for each in source.listings))


def _listed(body: bytes, content_type: str, url: str, selectors: tuple[str, ...]) -> list[Entry]:
    tree = LexborHTMLParser(rough_text(body, content_type))
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
                    entries.append(Entry(url=fetch_form(href, here or url) or href))
    return entries[:MAX_LISTED]


def _is_trap(url: str) -> bool:
    if len(url) > MAX_URL:
        return True
    segments = [segment for segment in urlsplit(url).path.split("/") if segment]
    return len(segments) > MAX_SEGMENTS or any(n > MAX_REPEATS for n in Counter(segments).values())


def _ending(url: str) -> str:
    name = urlsplit(url).path.rpartition("/")[2]
    dot = name.rfind(".")
    return name[dot:] if dot >= 0 else ""
