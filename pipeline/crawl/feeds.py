"""Feeds: the articles an RSS, Atom or JSON feed lists, and when."""

from __future__ import annotations

import io
import itertools
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

import feedparser
from lxml import etree

from pipeline.crawl.times import parse_time

MAX_BYTES = 8 * 1024 * 1024
"""As much as a fetch brings."""
MAX_TAGS = 20_000
"""Tags that feedparser is given, which needs some 100 µs for each; a hostile megabyte holds 300,000. What stands behind
them lxml reads, in a hundredth of that: it knows fewer of the ways in which a feed can be wrong."""

_OTHER_SCHEME = re.compile(r"\s*(?!https?:)[A-Za-z][A-Za-z0-9+.-]{0,30}:", re.IGNORECASE)
_AT_POST = re.compile(r"at://([\w.:%-]{3,300})/app\.bsky\.feed\.post/([\w.~:-]{1,512})", re.ASCII)
_BARE_AMPERSAND = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item of a feed or sitemap."""

    url: str
    """Absolute URL as the list gives it."""
    at: datetime | None = None
    """When it was published or last changed, aware UTC; a date without a zone is read as China time."""
    published: datetime | None = None
    """The same where the list says that it is the time of publication."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a feed says."""

    entries: tuple[Entry, ...] = ()
    """In the feed's order, each URL once."""
    note: str = ""
    """Why there is less than there could be: no_entries, cut; empty: all is well."""
    older: str | None = None
    """Absolute URL of the document with the entries before these: the archive before (RFC 5005 §4, rel=prev-archive),
    else the next page (§3, rel=next; JSON Feed 1.1, next_url)."""


def parse_feed(body: bytes, url: str, content_type: str = "") -> Feed:
    """Entries of the feed `body` fetched from `url`; never raises, a page that is no feed has none.

    feedparser reads RSS, RDF and Atom: on the 43 Big5 and GB2312 feeds among the tests of chardet/chardet it finds
    all 551 entries with their titles (fastfeedparser 0.6.5: right on 39, atoma 0.0.17: on none). JSON Feed
    (jsonfeed.org, 1.1) is read here.
    """
    body, cut = body[:MAX_BYTES], len(body) > MAX_BYTES
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        entries, older = _json_entries(body, url)
    else:
        end = _end_of_reading(body)
        entries, older = _xml_entries(body[:end], url, content_type)
        if end < len(body):
            # the last item that feedparser saw may have been cut in two
            entries = [*entries[:-1], *_plain_entries(body, url)]
    first_of_each: dict[str, Entry] = {}
    for entry in entries:
        first_of_each.setdefault(entry.url, entry)
    kept = tuple(first_of_each.values())
    return Feed(entries=kept, note="no_entries" if not kept else "cut" if cut else "", older=older)


def _end_of_reading(body: bytes) -> int:
    """Where MAX_TAGS are reached."""
    last = next(itertools.islice(re.finditer(rb"<", body), MAX_TAGS, None), None)
    return last.start() if last else len(body)


def escape_ampersands(body: bytes) -> bytes:
    """XML with every `&` that starts no entity written `&amp;` (addresses are often pasted in raw)."""
    return body if b"\0" in body[:100] else _BARE_AMPERSAND.sub(b"&amp;", body)  # NUL: UTF-16


def _xml_entries(body: bytes, url: str, content_type: str) -> tuple[list[Entry], str | None]:
    """The entries, and where those before them stand."""
    headers = {"content-location": url, "content-type": content_type or "application/xml"}
    try:
        # A stream, never the bytes: feedparser would open a body that reads like a path or an address.
        parsed = feedparser.parse(
            io.BytesIO(escape_ampersands(body)),
            response_headers=headers,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception:  # noqa: BLE001  feedparser lets odd input through as AttributeError, ValueError, LookupError …
        return [], None
    entries = []
    for item in parsed.entries:
        link = _address_of(item)
        if link:
            at = _time(item, ("published", "updated", "created"))
            entries.append(Entry(url=_join(url, link), at=at, published=_time(item, ("published",))))
    hrefs = {each.get("rel"): each.get("href") for each in reversed(parsed.feed.get("links", []))}
    older = hrefs.get("prev-archive") or hrefs.get("next")
    return entries, _join(url, older) if older else None


def _plain_entries(body: bytes, url: str) -> list[Entry]:
    """The items of a long feed that say what they should where they should; memory stays flat."""
    entries = []
    try:
        for _, element in etree.iterparse(
            io.BytesIO(escape_ampersands(body)),
            recover=True,
            resolve_entities=False,
            no_network=True,
            huge_tree=False,
        ):
            if local_name(element) not in ("item", "entry"):
                continue
            link, at, published = "", None, None
            for child in element:
                name, text = local_name(child), (child.text or "").strip()
                if name == "link" and child.get("rel", "alternate") == "alternate":
                    link = link or text or child.get("href", "")
                elif name == "guid" and child.get("isPermaLink") != "false" and _is_address(text):
                    link = link or text
                elif name in ("pubdate", "published"):
                    published = published or parse_time(text)
                elif name in ("date", "updated"):
                    at = at or parse_time(text)
            if link:
                entries.append(Entry(url=_join(url, link), at=published or at, published=published))
            element.clear()
            parent = element.getparent()
            if parent is not None:
                del parent[: parent.index(element)]
    except etree.XMLSyntaxError:
        pass  # what was read before the fault stands
    return entries


def local_name(element: etree._Element) -> str:
    """The name of an element without its namespace, in lower case; "" for a comment."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _address_of(item: Any) -> str:
    """The address of an item: its link, or where that is no web address (`at://`) the first it has that is one."""
    link: str = item.get("feedburner_origlink") or item.get("link") or ""
    if _OTHER_SCHEME.match(link) is None:
        return link
    others = (*(each.get("href") for each in item.get("links", ())), item.get("id"), _post_of(link))
    return next((each for each in others if _is_address(each)), link)


def _post_of(link: str) -> str | None:
    """The web page of a post that an AT URI names (atproto.com/specs/at-uri-scheme), as bsky.app shows it."""
    found = _AT_POST.fullmatch(link.strip())
    return f"https://bsky.app/profile/{found[1]}/post/{found[2]}" if found else None


def _time(item: Any, names: tuple[str, ...]) -> datetime | None:
    for name in names:
        if name in item:  # asked for, updated copies published
            return parse_time(str(item[name]))
    return None


def _json_entries(body: bytes, url: str) -> tuple[list[Entry], str | None]:
    """The entries, and where those before them stand."""
    try:
        feed = json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return [], None
    items = feed.get("items") if isinstance(feed, dict) else None
    entries = []
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, dict):
            continue
        named = [item.get(key) for key in ("url", "external_url", "id")]
        posts = [_post_of(each) for each in named if isinstance(each, str)]
        link = next((each for each in (*named, *posts) if isinstance(each, str) and _is_address(each)), None)
        if link is None:
            continue
        published, changed = (_read_time(item.get(name)) for name in ("date_published", "date_modified"))
        entries.append(Entry(url=_join(url, link), at=published or changed, published=published))
    older = feed.get("next_url") if isinstance(feed, dict) else None
    return entries, _join(url, str(older)) if _is_address(older) else None


def _read_time(value: object) -> datetime | None:
    return parse_time(value) if isinstance(value, str) else None


def _is_address(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://", "/"))


def _join(base: str, link: str) -> str:
    try:
        return urljoin(base, link.strip().replace("&amp;", "&"))
    except ValueError:
        return link.strip()
