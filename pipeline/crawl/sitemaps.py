"""Sitemaps: the addresses a sitemap, sitemap index or plain list of URLs names."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass

from lxml import etree

from pipeline.crawl.feeds import Entry, escape_ampersands, local_name, parse_feed
from pipeline.crawl.times import parse_time
from pipeline.rules.signatures import GZIP

MAX_BYTES = 50 * 1024 * 1024
MAX_URLS = 50_000
"""Both limits are those of the sitemap protocol (sitemaps.org, 0.9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap:
    """What a sitemap says."""

    entries: tuple[Entry, ...] = ()
    """Pages, in the file's order, with lastmod (or the news publication date)."""
    children: tuple[Entry, ...] = ()
    """Sitemaps that an index names, with their lastmod."""
    note: str = ""
    """Why there is less than there could be: no_entries, cut, bad_gzip; empty: all is well."""


def parse_sitemap(body: bytes, url: str) -> Sitemap:
    """Pages and child sitemaps of the sitemap `body` fetched from `url`; never raises.

    Read as a stream that forgives: bare `&`, blanks before the declaration, no namespace, a cut-off
    end, gzip whatever the name says, a plain list of URLs, or a feed in a sitemap's place. 50,000 URLs take lxml's
    iterparse an eighth of the time of ultimate-sitemap-parser 1.8.1, which loses every URL on a bare `&`.
    """
    data, note = _inflate(body)
    data = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    entries: list[Entry] = []
    children: list[Entry] = []
    if data.startswith((b"<", b"\xfe\xff", b"\xff\xfe")):
        root = _read_xml(escape_ampersands(data), entries, children)
        if root in ("rss", "feed", "rdf"):
            entries = list(parse_feed(data, url).entries)
        elif data.rfind(b"<loc") > data.rfind(b"</loc"):  # the file ends inside an address
            del (entries or children)[-1:]
            note = "cut"
    else:
        entries = _plain_list(data)
    if len(entries) > MAX_URLS or len(children) > MAX_URLS:
        entries, children, note = entries[:MAX_URLS], children[:MAX_URLS], note or "cut"
    if not entries and not children:
        note = note or "no_entries"
    return Sitemap(entries=tuple(entries), children=tuple(children), note=note)


def _inflate(body: bytes) -> tuple[bytes, str]:
    """The body without gzip (told by its magic number, layer by layer but at most two), and a note."""
    note = ""
    for _ in range(2):
        if not body.startswith(GZIP):
            break
        inflated, rest = b"", body
        try:
            while rest.startswith(GZIP) and len(inflated) < MAX_BYTES:
                member = zlib.decompressobj(31)
                inflated += member.decompress(rest, MAX_BYTES - len(inflated))
                note = note if member.eof else "cut"
                rest = member.unused_data
        except zlib.error:
            note = "bad_gzip"
        body = inflated
    if len(body) > MAX_BYTES:
        body, note = body[:MAX_BYTES], "cut"
    return body, note


def _plain_list(data: bytes) -> list[Entry]:
    lines = data.decode("utf-8", "replace").splitlines()[: MAX_URLS + 1]
    return [Entry(url=line.strip()) for line in lines if line.strip().startswith(("http://", "https://"))]


def _read_xml(data: bytes, entries: list[Entry], children: list[Entry]) -> str:
    """Fill `entries` and `children` from an XML sitemap; the local name of its root."""
    root = ""
    try:
        events = etree.iterparse(
            io.BytesIO(data), events=("start", "end"), recover=True, resolve_entities=False, no_network=True
        )
        for event, element in events:
            name = local_name(element)
            root = root or name
            if event == "start" or name not in ("url", "sitemap"):
                continue
            entry = _entry(element)
            if entry is not None:
                (entries if name == "url" else children).append(entry)
            element.clear()
            parent = element.getparent()  # none: it is the root, and what precedes it belongs to the document
            if parent is not None:
                del parent[: parent.index(element)]  # keeps memory flat on 50,000 entries
            if len(entries) > MAX_URLS or len(children) > MAX_URLS:
                break
    except etree.XMLSyntaxError:
        pass  # what was read before the fault stands
    return root


def _entry(element: etree._Element) -> Entry | None:
    """One `url` or `sitemap` element; `loc` must be its own child (an image has a `loc` too)."""
    texts = {local_name(child): (child.text or "").strip() for child in element}
    for child in element:
        if local_name(child) == "news":
            texts |= {local_name(part): (part.text or "").strip() for part in child}
    if not texts.get("loc"):
        return None
    published = parse_time(texts.get("publication_date") or "")
    at = parse_time(texts["lastmod"]) if texts.get("lastmod") else published
    return Entry(url=texts["loc"].replace("&amp;", "&"), at=at, published=published)
