"""`corpus page record`: a golden page for the tests out of a capture, to be corrected by hand."""

from __future__ import annotations

import argparse
import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import archive, extract, identity
from pipeline.archive import index
from pipeline.cli import screen, stages
from pipeline.cli.options import Commands, json_option, local, machine, refuse_idle, user_agent
from pipeline.errors import CorpusError, UsageError
from pipeline.folders import load_sources
from pipeline.records import Capture, Kind, Outcome, Page, Source
from pipeline.web.urls import site, url_key

LONGEST_NAME = 60
"""Code points of a recorded page's folder name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A page as it came, wherever from."""

    body: bytes
    url: str
    content_type: str


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    page = commands.add_parser("page")
    what = page.add_subparsers(dest="what", metavar="WHAT", required=True)
    record = what.add_parser(
        "record",
        help="write a golden page out of a capture",
        description="Writes page.html (the bytes as they came) and expected.json (what extraction makes of them"
        " now, to be corrected by hand) to INTO/SITE/PAGE. A URL is taken from the archive if a usable capture is"
        " there, the newest, else fetched as `corpus source try` does. A page recorded before is never overwritten.",
    )
    record.add_argument("page", metavar="PATH|URL", help="a saved page, or an address")
    record.add_argument("--url", help="address the file came from (for a PATH)")
    record.add_argument(
        "--into", type=local, default=Path("tests/pages"), help="golden pages (default: tests/pages)"
    )
    record.add_argument("--raw", type=local, default=Path("raw"), help="the archive (default: raw)")
    record.add_argument(
        "--sources", type=local, default=Path("sources"), help="source files (default: sources)"
    )
    record.add_argument("--allow-private", action="store_true", help="URLs on this machine are fine")
    user_agent(record)
    json_option(record)
    record.set_defaults(run=run_record)


def run_record(arguments: argparse.Namespace) -> int:
    """corpus page record"""
    saved = _saved(arguments)
    page = extract.extract_page(saved.body, url=saved.url, content_type=saved.content_type)
    folder = write_golden(arguments.into, saved, expected(saved, page))
    if machine(arguments):
        screen.put({"folder": str(folder), "url": saved.url, "bytes": len(saved.body), "reason": page.reason})
    screen.say(
        f"Recorded in {folder}. It says what extraction makes of the page now"
        f" ({page.reason or f'{len(page.articles)} article(s)'}), right or wrong. Next:\n"
        f"  1. Open page.html in a browser; in expected.json correct title, author, day, source and every body line.\n"
        f"  2. Put strings that must not be in the body under `absent`, lines that may stay or go under `maybe`.\n"
        f"  3. python -m pytest tests/extract/test_pages.py -k {folder.name}"
    )
    return 0


def write_golden(into: Path, saved: Saved, wanted: dict[str, Any]) -> Path:
    """Write page.html and expected.json to `into`/SITE/PAGE, both or neither; never over one recorded before."""
    folder = into / page_name(saved.url)
    taken = UsageError(
        f"{folder}: recorded before; correct its expected.json, or move it away to record it anew"
    )
    if folder.exists():
        raise taken
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(
        tempfile.mkdtemp(prefix=".golden-", dir=into.parent)
    )  # what is killed leaves no page of the tests
    try:
        (beside / "page.html").write_bytes(saved.body)
        text = json.dumps(wanted, ensure_ascii=False, indent=1)
        (beside / "expected.json").write_text(text + "\n", encoding="utf-8")
        beside.chmod(0o755)
        beside.rename(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return folder


def _saved(arguments: argparse.Namespace) -> Saved:
    where: str = arguments.page
    if not stages.is_address(where):
        refuse_idle(arguments, "for a file", "allow_private", "user_agent")
        if not arguments.url:
            raise UsageError(f"{where}: say where the page came from with --url; its facts depend on it")
        return Saved(body=stages.file_bytes(Path(where)), url=arguments.url, content_type="")
    refuse_idle(arguments, "for a URL, which says where the page came from", "url")
    capture = _archived(arguments.raw, where)
    if capture is None:
        source = _source(arguments, where)
        agent = identity.user_agent(arguments.user_agent, arguments.sources, [where])
        capture = stages.fetch_one(where, source, agent, arguments.raw)
        if capture.outcome != Outcome.OK:
            raise CorpusError(f"{where}: {capture.outcome} (status {capture.status})")
    screen.say(f"{where}: as captured {capture.fetched_at:%Y-%m-%d %H:%M:%S} UTC")
    return Saved(body=capture.page[0], url=capture.final_url, content_type=capture.page[1])


def _archived(raw: Path, url: str) -> Capture | None:
    """The newest usable capture of a page; an unchanged one says that the newest with a body still stands."""
    if not raw.is_dir():
        return None
    refs = index.find(raw, url_keys=(url_key(url),))
    usable = [ref for ref in refs if ref.kind == Kind.PAGE and ref.outcome == Outcome.OK]
    return archive.read_one(raw, max(usable, key=lambda ref: ref.fetched_at).place) if usable else None


def _source(arguments: argparse.Namespace, url: str) -> Source:
    """The declared source of the URL's site, whose delay and patterns hold; else one made for it."""
    declared = load_sources(arguments.sources) if arguments.sources.is_dir() else ()
    own = stages.by_host(declared, url)
    return own[0] if own else stages.by_hand(url, allow_private=arguments.allow_private)


def page_name(url: str) -> Path:
    """SITE/PAGE of a URL: lower-case letters, digits and hyphens only, so that no address leads elsewhere."""
    path = re.sub(r"^[a-z]+://[^/?#]*", "", url, flags=re.I)
    parts = (site(url), re.sub(r"\.s?html?$", "", path))
    host, name = (re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in parts)
    if not host:
        raise UsageError(f"{url}: is not an address; a page of a site begins with https://")
    return Path(host, name[-LONGEST_NAME:].strip("-") or "home")


def expected(saved: Saved, page: Page) -> dict[str, Any]:
    """What tests/extract/test_pages.py reads, as extraction sees the page now; one empty article for none."""
    articles = [
        {
            "title": article.title,
            "author": article.author,
            "published_on": article.published_on.isoformat() if article.published_on else None,
            "origin_name": article.origin_name,
            "body": article.extracted.split("\n"),
            "captions": list(article.captions),
        }
        for article in page.articles
    ]
    return {
        "url": saved.url,
        **({"content_type": saved.content_type} if saved.content_type else {}),
        "declared": page.encoding,
        **({"next_url": page.next_url} if page.next_url else {}),
        "articles": articles or nothing(),
        "absent": [],
        "maybe": [],
    }


def nothing() -> list[dict[str, Any]]:
    """What a page without an article must read as."""
    return [dict.fromkeys(("title", "author", "published_on", "origin_name")) | {"body": [], "captions": []}]
