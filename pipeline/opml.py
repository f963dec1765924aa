"""Feeds of an OPML file, the export of a feed reader, as source files (http://opml.org/spec2.opml)."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from pipeline.errors import UsageError
from pipeline.sources import TERMS
from pipeline.tomlfile import written
from pipeline.web.urls import fetch_form, site

MAX_BYTES = 5_000_000
"""Of a file that is read; one of a thousand feeds has some 200 kB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlFeed:
    """One feed of the file."""

    title: str
    url: str
    """Fetch form."""
    home: str
    """The site's address as the file gives it, else \"\"."""


def read_opml(path: Path) -> tuple[OpmlFeed, ...]:
    """The feeds of an OPML file, each address once, in order; UsageError names the file when there are none."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB, no list of feeds")
        body = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True)
    root = etree.fromstring(body, parser) if body.strip() else None
    feeds: dict[str, OpmlFeed] = {}
    for outline in root.iter("outline") if root is not None else ():
        told = {name.lower(): value.strip() for name, value in outline.attrib.items()}
        if url := fetch_form(told.get("xmlurl", "")):
            title = told.get("title") or told.get("text") or site(url)
            home = fetch_form(told.get("htmlurl", "")) or ""
            feeds.setdefault(url, OpmlFeed(title=title, url=url, home=home))
    if not feeds:
        raise UsageError(f'{path}: no feed in it; an OPML file has <outline xmlUrl="…"> for each')
    return tuple(feeds.values())


def name_for(feed: OpmlFeed, taken: Collection[str]) -> str:
    """A free name for the feed's source, by its host: `news-example-cn`, `news-example-cn-2`."""
    host = site(feed.url).partition(":")[0]
    name = re.sub(r"[^a-z0-9]+", "-", host.lower()).strip("-") or "feed"
    number = 1
    while (found := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    return found


def declaration(feed: OpmlFeed) -> str:
    """The source file of a feed; TOML."""
    title = " ".join(feed.title.split())
    lines = [f"# {''.join(c for c in title if c.isprintable())}"]
    if feed.home:
        lines.append(f"home = {written(feed.home)}")
    lines += [
        f"feeds = {written([feed.url])}",
        TERMS,
    ]
    return "\n".join(lines) + "\n"
