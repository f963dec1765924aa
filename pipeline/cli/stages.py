"""One stage by hand on any file: extract, normalize, dedupe; each imports that stage alone."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.cli import screen
from pipeline.cli.options import Commands, local, refuse_idle, user_agent
from pipeline.errors import CorpusError, UsageError
from pipeline.folders import load_sources
from pipeline.records import Capture, Kind, Outcome, Page, Source, Span

TEXT_NAMES = (".txt", ".text", ".md", ".markdown")
"""Names of files that `corpus extract` reads as plain text, as an import does."""

RAW = Path("raw")
"""The archive beside which a page is fetched where a command has no option for it."""

MAX_FILE_BYTES = 64 * 1024 * 1024
"""A page larger than this is not read into memory."""


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    extraction = commands.add_parser("extract")
    extraction.add_argument("pages", nargs="+", metavar="PATH|URL")
    extraction.add_argument("--url", help="address the file came from (for a PATH)")
    extraction.add_argument(
        "--lines", action="store_true", help="each line of the page, and the rule that kept or removed it"
    )
    extraction.add_argument(
        "--format",
        choices=screen.FORMATS,
        default="json",
        help="json: all that was found, an object a page (default); text, markdown: title and text in the"
        " corpus's form, a form feed between two articles",
    )
    extraction.add_argument("--source", help="use this source's selectors and charset")
    extraction.add_argument(
        "--sources", type=local, default=Path("sources"), help="source files (default: sources)"
    )
    extraction.add_argument("--allow-private", action="store_true", help="URLs on this machine are fine")
    user_agent(extraction)
    extraction.set_defaults(run=run_extract)

    normal = commands.add_parser("normalize")
    normal.add_argument(
        "--target",
        choices=("Hans", "Hant-TW", "Hant-HK", "keep"),
        default="Hans",
        metavar="SCRIPT",
        help="Hans (default), Hant-TW, Hant-HK, keep",
    )
    normal.add_argument(
        "--spacing", choices=("remove", "keep"), default="remove", help="spaces between Han and Latin"
    )
    normal.add_argument("--explain", action="store_true", help="print each change instead of the text")
    normal.set_defaults(run=run_normalize)

    compare = commands.add_parser("dedupe")
    compare.add_argument(
        "file", type=local, metavar="FILE.jsonl", help='{"id","site","url","title","text",…} a line'
    )
    compare.add_argument(
        "--batch", type=int, help="compare in increments of so many, as scheduled runs would"
    )
    compare.set_defaults(run=run_dedupe)


def run_extract(arguments: argparse.Namespace) -> int:
    """corpus extract"""
    from pipeline import normalize

    source = load_sources(arguments.sources, [arguments.source])[0] if arguments.source else None
    if all(is_address(where) for where in arguments.pages):
        refuse_idle(arguments, "for a URL, which says where the page came from", "url")
    if not any(is_address(where) for where in arguments.pages):
        refuse_idle(arguments, "for a file", "allow_private", "user_agent")
    failed = written = 0
    for where in arguments.pages:
        row = _extract_one(where, source, arguments)
        failed += row.get("reason") is not None
        if arguments.format == "json":
            screen.put(row)
            continue
        if row["reason"] is not None:
            screen.say(f"{where}: no article ({row['reason']})")
        for article in row["documents"]:
            structure = [Span(**span) for span in article["structure"]]
            title = normalize.normalize_title(article["title"] or "")
            screen.put_text(arguments.format, written, title, article["text"], structure)
            written += 1
    return 1 if failed == len(arguments.pages) else 0


def _extract_one(where: str, source: Source | None, arguments: argparse.Namespace) -> dict[str, Any]:
    from pipeline import extract, identity

    is_url = is_address(where)
    name = {"url": where} if is_url else {"path": where}
    if is_url:
        agent = identity.user_agent(arguments.user_agent, arguments.sources, [where])
        fetched = fetch_one(where, source or by_hand(where, allow_private=arguments.allow_private), agent)
        if fetched.outcome != Outcome.OK:
            return {**name, "encoding": None, "documents": [], "reason": fetched.outcome}
        (body, content_type), url, at = fetched.page, fetched.final_url, fetched.fetched_at
    else:
        body, url, content_type, at = (
            file_bytes(Path(where)),
            arguments.url or Path(where).absolute().as_uri(),
            "text/plain" if where.lower().endswith(TEXT_NAMES) else "",
            None,
        )
    if arguments.lines:
        for kept, rule, text in extract.line_report(body, url=url, content_type=content_type, source=source):
            screen.say(f"{'kept' if kept else 'removed':<8} {rule:<28} {text}"[:240])
    page = extract.extract_page(body, url=url, content_type=content_type, captured_at=at, source=source)
    return {**name, **page_row(page)}


def is_address(where: str) -> bool:
    """Whether a page is to be fetched; else it is a file."""
    return where.startswith(("http://", "https://"))


def by_hand(url: str, *, allow_private: bool) -> Source:
    """A source of one page that no file declares."""
    return Source(name="by-hand", home=url, urls=(url,), delay=0, allow_private=allow_private)


def fetch_one(url: str, source: Source, agent: str, beside: Path = RAW) -> Capture:
    """One page fetched as a crawl would, robots.txt and limits included, into an archive that is thrown away.

    `beside` is the archive whose crawls may be asking the same site just now: it is asked at their pace.
    """
    from pipeline import archive
    from pipeline.crawl import run as crawling

    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder)
        (told,) = crawling.crawl([source], raw, urls=[url], user_agent=agent, only_due=False, beside=beside)
        captures = (c for file in archive.sealed(raw) for c in archive.read(raw, file.file))
        page = next((c for c in captures if c.kind == Kind.PAGE), None)
    if page is None:
        why = "; ".join(told.notes)
        if not why or Outcome.ADDRESS_REFUSED in why:
            why = f"is it a private address, or excluded by the source's patterns? {why}".rstrip()
        raise CorpusError(f"{url}: nothing came back; {why}")
    return page


def file_bytes(path: Path) -> bytes:
    """The bytes of a saved page; UsageError for what cannot be read or is too large to be one."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UsageError(f"{path}: larger than {MAX_FILE_BYTES >> 20} MiB, not a page")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def page_row(page: Page) -> dict[str, Any]:
    """A page's extraction as `corpus extract` prints it."""
    from pipeline.corpus.texts import normalize_body

    articles = []
    for article in page.articles:
        done, structure = normalize_body(article.extracted, article.structure)
        articles.append(
            {
                "title": article.title,
                "title_from": article.title_from,
                "author": article.author,
                "author_from": article.author_from,
                "affiliation": article.affiliation,
                "editors": [asdict(editor) for editor in article.editors],
                "published_on": article.published_on,
                "published_raw": article.published_raw,
                "published_from": article.published_from,
                "published_at": article.published_at,
                "published_at_from": article.published_at_from,
                "published_confidence": article.published_confidence,
                "modified_on": article.modified_on,
                "modified_at": article.modified_at,
                "modified_raw": article.modified_raw,
                "modified_from": article.modified_from,
                "zone_from": article.zone_from,
                "origin_name": article.origin_name,
                "origin_url": article.origin_url,
                "origin_from": article.origin_from,
                "origins": [asdict(step) for step in article.origins],
                "site_name": article.site_name,
                "section": article.section,
                "sections": list(article.sections),
                "tags": list(article.tags),
                "canonical_url": article.canonical_url,
                "reprint_terms": article.reprint_terms,
                "extracted": article.extracted,
                "text": done.text,
                "structure": [asdict(span) for span in structure],
                "captions": list(article.captions),
                "method": article.method,
                "agreement": article.agreement,
                "flags": [asdict(f) for f in (*article.flags, *done.flags)],
            }
        )
    return {
        "encoding": page.encoding,
        "encoding_from": page.encoding_from,
        "replacements": page.replacements,
        "documents": articles,
        "next_url": page.next_url,
        "reason": page.reason,
    }


def run_normalize(arguments: argparse.Namespace) -> int:
    """corpus normalize"""
    from pipeline import normalize

    settings = {"target": arguments.target, "spacing": arguments.spacing}
    lines = _stdin_lines()
    if not arguments.explain:
        for line in normalize.normalize_lines(lines, **settings):
            screen.out(line + "\n")
        return 0
    text = "".join(lines)
    for change in normalize.explain(text, **settings):
        screen.out(f"{change.fix}\t{change.before}\t{change.after}\n")
    for flag in normalize.normalize(text, **settings).flags:
        screen.out(f"flag {flag.name}\t{flag.text}\t\n")
    return 0


def _stdin_lines() -> Iterator[str]:
    """The lines of stdin as they come; UsageError names the first that is not UTF-8."""
    for number, line in enumerate(sys.stdin.buffer, 1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise UsageError(
                f"stdin, line {number}: not UTF-8 at byte {error.start}; decode it first"
            ) from error


def run_dedupe(arguments: argparse.Namespace) -> int:
    """corpus dedupe"""
    from pipeline.dedupe import file as dedupe_file

    try:
        with arguments.file.open(encoding="utf-8") as lines:
            for row in dedupe_file.dedupe_file(lines, batch=arguments.batch):
                screen.put(row)
    except OSError as error:
        raise UsageError(f"{arguments.file}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{arguments.file}: {error}") from error
    return 0


def by_host(declared: tuple[Source, ...], url: str) -> list[Source]:
    """The declared sources of a URL's site."""
    from pipeline.web.urls import same_site

    return [s for s in declared if same_site(s.home, url)]
