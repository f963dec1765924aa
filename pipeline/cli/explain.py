"""`corpus explain`: what became of one page or list, the newest visit first, and why a text reads as it does."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import explain as why
from pipeline.cli import screen
from pipeline.cli.look import find_rows, in_corpus, reasons_of
from pipeline.cli.options import Commands, local, machine, must_exist
from pipeline.corpus.life import with_life
from pipeline.corpus.read import hidden, version_folder
from pipeline.errors import UsageError
from pipeline.records import USABLE, WITHHELD, Document, Kind, Outcome, Reason

if TYPE_CHECKING:
    from pipeline.archive.cdxj import Ref
    from pipeline.corrections import Correction

LISTS = (Kind.FEED, Kind.SITEMAP, Kind.LISTING)

STAMP = 20
"""Columns of a visit's time."""


def add(commands: Commands) -> None:
    """Add this command to the parser."""
    explain = commands.add_parser(
        "explain",
        description="Tells of a page or document whether it is published, its visits (the newest first) and how its"
        " text came about; of a feed, sitemap or listing when it was read, and what became of its links.",
    )
    explain.add_argument("what", metavar="ID|URL", help="a document, a page, or a list of links")
    in_corpus(explain)
    for name, text in (
        ("raw", "the archive (default: raw)"),
        ("sources", "source files (default: sources)"),
        ("corrections", "corrections (default: corrections, if there)"),
    ):
        explain.add_argument(f"--{name}", type=local, default=Path(name), help=text)
    explain.add_argument("--version", help="of which version (default: latest)")
    explain.set_defaults(run=run_explain)


def run_explain(arguments: argparse.Namespace) -> int:
    """corpus explain"""
    must_exist(arguments, "clean", "raw")
    folder = version_folder(arguments.clean, arguments.version)
    rows = with_life(folder, find_rows(folder, arguments.what))
    refs = sorted(
        _captures(arguments.raw, rows, arguments.what), key=lambda ref: ref.fetched_at, reverse=True
    )
    if not rows and (buried := _tombstone(folder, arguments.what)):
        screen.say(f"{arguments.what}: {buried}")
        return 0
    if not rows and not refs:
        raise UsageError(f"{arguments.what}: neither in version {folder.name} nor in the archive")
    if not rows and any(ref.kind in LISTS for ref in refs):
        _tell_list(arguments, folder, [ref for ref in refs if ref.kind in LISTS])
        return 0
    _tell(arguments, folder, rows, refs)
    if machine(arguments):
        for document in rows:
            screen.put(asdict(document))
    return 0


def _captures(raw: Path, rows: list[Document], what: str) -> list[Ref]:
    from pipeline.archive import index
    from pipeline.web.urls import url_key

    keys = {d.url_key for d in rows} | ({url_key(what)} if "://" in what else set())
    return index.find(raw, url_keys=sorted(keys)) if raw.is_dir() and keys else []


def _tombstone(folder: Path, what: str) -> str:
    """What a version says of a document that was taken down, in words; "" if it says nothing."""
    from pipeline.corpus import tombstones
    from pipeline.corpus.identity import document_id
    from pipeline.web.urls import url_key

    ident = document_id(url_key(what), 1) if "://" in what else what
    for row in tombstones.read(folder).to_pylist():
        if row["id"] == ident:
            return f"taken down on {row['taken_down_on']}, ticket {row['ticket']}"
    return "a takedown is at work on it" if ident in hidden(folder.parent) else ""


def _tell(arguments: argparse.Namespace, folder: Path, rows: Sequence[Document], refs: Sequence[Ref]) -> None:
    """The page's documents, each once; its visits once for all of them."""
    chosen = [_main(each) for each in _by_id(rows)]
    said = _corrections(arguments.corrections, rows)
    for document in chosen:
        screen.say(f"\n{document.title or document.title_raw or '(no title)'}  [{document.id}]")
        screen.say(document.url)
        for line in why.verdict(document, folder.name):
            screen.say(line, hang=2)
    if not rows:
        screen.say(f"\n{arguments.what}")
        screen.say(_waits(arguments.raw, folder, refs), hang=2)
    screen.say("\nVisits (UTC), the newest first")
    for line in _visits(arguments.raw, refs, rows):
        screen.say(line, hang=STAMP)
    for document in chosen:
        if document.extracted:
            screen.say(f"\nWhy it reads so{f' [{document.id}]' if len(chosen) > 1 else ''}")
        told = (
            why.explain_lines(document, whole=bool(arguments.verbose))
            if document.extracted
            else _bare(arguments, document, refs)
        )
        told += [*_by_whom(said.get(document.id, ()), document), *_differing(arguments, document, refs)]
        for line in told:
            screen.say(line, hang=why.DEEPER if line.startswith("  ") else why.HANG)


def _by_id(rows: Sequence[Document]) -> list[list[Document]]:
    """The rows of each document, articles in the page's order."""
    found: dict[str, list[Document]] = {}
    for row in sorted(rows, key=lambda row: row.part):
        found.setdefault(row.id, []).append(row)
    return list(found.values())


def _main(rows: Sequence[Document]) -> Document:
    """The row that says how a document stands: the published one, else a text that is withheld, else the newest."""
    standing = [row for row in rows if row.reason is None or row.reason in (*WITHHELD, Reason.HELD)]
    told = (
        standing
        or [row for row in rows if row.reason not in (Outcome.UNCHANGED, Reason.SUPERSEDED, Reason.LESS)]
        or rows
    )
    return max(told, key=lambda row: (row.reason is None, row.captured_at))


def _visits(raw: Path, refs: Sequence[Ref], rows: Sequence[Document]) -> list[str]:
    """A line a visit, the newest first; those that said the same as the one after them are counted."""
    from pipeline.archive.withdrawn import run_of, withdrawn

    gone = withdrawn(raw) if raw.is_dir() else {}
    by_capture: dict[str, list[str | None]] = {}
    for row in rows:
        by_capture.setdefault(row.capture, []).append(row.reason)

    def came_to(ref: Ref) -> str:
        run = run_of(ref.file)
        if run in gone:
            return f"{ref.outcome} ({ref.status}), withdrawn: {gone[run]}"
        reasons = by_capture.get(ref.id, [])
        if reasons and None in reasons:
            return f"{ref.outcome} ({ref.status}): the text that is published"
        kept = [str(reason) for reason in dict.fromkeys(reasons) if reason and reason != ref.outcome]
        words = "; ".join(f"{reason}: {why.meaning_of(reason)[0]}" for reason in kept)
        words = words or (why.REASONS[ref.outcome][0] if ref.outcome in why.REASONS else "")
        return f"{ref.outcome} ({ref.status or 'no answer'}){f': {words}' if words else ''}"

    lines = []
    for words, same in groupby(refs, came_to):
        newest, *others = same
        lines.append(f"  {newest.fetched_at:%Y-%m-%d %H:%M}  {words}")
        if others:
            s = "s" * (len(others) > 1)
            back = f"{others[-1].fetched_at:%Y-%m-%d %H:%M}"
            lines.append(f"{'':<{STAMP}}+ {len(others)} visit{s} that said the same, back to {back}")
        if not newest.refers_to:
            lines.append(f"{'':<{STAMP}}captured in {newest.file} at {newest.offset}")
    if refs:
        lines.append(f"{'':<{STAMP}}first found in {refs[-1].via or 'the source file'}")
    return lines or ["  none in this archive"]


def _waits(raw: Path, folder: Path, refs: Sequence[Ref]) -> str:
    """Why a version has no row of a page that the archive has."""
    from pipeline.archive.withdrawn import run_of, withdrawn
    from pipeline.corpus.publish import read_manifest

    gone, manifest = withdrawn(raw), read_manifest(folder)
    if all(run_of(ref.file) in gone for ref in refs):
        return "It is in the archive, in withdrawn runs alone: they count for no version."
    pages = [ref for ref in refs if ref.kind == Kind.PAGE]
    if not pages:
        kinds = ", ".join(sorted({ref.kind for ref in refs}))
        return f"It is in the archive as {kinds}, of which no version has rows."
    taken = {each.file for each in manifest.inputs}
    if all(ref.file in taken for ref in pages):
        return f"Version {folder.name} was made from its captures and has no row of this address: it led elsewhere."
    return f"It is in the archive and newer than version {folder.name}: `corpus build` takes it in."


def _bare(arguments: argparse.Namespace, document: Document, refs: Sequence[Ref]) -> list[str]:
    """What was tried on a page without a body."""
    if document.reason != Reason.NO_BODY or not (lines := _lines(arguments, document, refs)):
        return []
    return ["", *why.without_body(lines[1], lines[0], document.source)]


def _lines(
    arguments: argparse.Namespace, document: Document, refs: Sequence[Ref]
) -> tuple[int, list[tuple[bool, str, str]]] | None:
    """Bytes of an archived page, and its lines with what extraction did to each; None where it is not here."""
    ref = next((ref for ref in refs if ref.id == document.capture), None)
    if ref is None:
        return None
    from pipeline import extract
    from pipeline.archive.reader import read_one
    from pipeline.folders import load_sources

    capture = read_one(arguments.raw, ref.place)
    declared = load_sources(arguments.sources) if arguments.sources.is_dir() else ()
    return len(capture.page[0]), extract.line_report(
        capture.page[0],
        url=capture.final_url,
        content_type=capture.page[1],
        captured_at=capture.fetched_at,
        source=next((s for s in declared if s.name == capture.source), None),
    )


def _differing(arguments: argparse.Namespace, document: Document, refs: Sequence[Ref]) -> list[str]:
    """The lines of the page on which its two readers differ, read anew from the archive, each with its rule."""
    if document.agreement in (None, 1.0) or not (found := _lines(arguments, document, refs)):
        return []
    from pipeline import extract

    differ = [line for line in found[1] if line[1] in extract.DECIDED]
    told = [f"  {'kept' if kept else 'removed':<8} {rule:<20} {text}"[:200] for kept, rule, text in differ]
    return ["readers    differ on" if told else "readers    differ on no line that a rule decided", *told]


def _corrections(folder: Path, rows: Sequence[Document]) -> Mapping[str, Sequence[Correction]]:
    """The corrections by document, read where one of some rows is corrected."""
    if not any(row.corrected for row in rows):
        return {}
    from pipeline.corrections import by_document
    from pipeline.folders import load_corrections

    return by_document(load_corrections(folder) or ())


def _by_whom(said: Sequence[Correction], document: Document) -> list[str]:
    """The correction behind a corrected row, as far as the files still have it."""
    if not document.corrected:
        return []
    from pipeline.corpus.correcting import uncorrected_hash

    by_text = [each for each in said if each.text == uncorrected_hash(document)]
    behind = next(iter(by_text or said), None)
    if behind is None:
        return ["  by a correction that is no more in the files; the next build takes it back"]
    return [
        f"  by {behind.place} ({', '.join(filter(None, (behind.by, str(behind.on or ''))))}): {behind.why}"
    ]


def _tell_list(arguments: argparse.Namespace, folder: Path, refs: Sequence[Ref]) -> None:
    """A feed, sitemap or listing: what it is, when it was read, the links it gave and what became of them."""
    from pipeline.archive import index

    newest = refs[0]
    good = [ref for ref in refs if ref.outcome in USABLE]
    found = {ref.url_key for ref in index.found_at(arguments.raw, newest.url) if ref.kind == Kind.PAGE}
    standing = reasons_of(folder, found)
    published = standing.pop(None, 0)
    screen.say(f"\n{newest.url}")
    screen.say(
        f"A {newest.kind} of the source {newest.source}: a list of links, of which no version has a row.", 2
    )
    last = f"{_minute(good[0].fetched_at)} UTC" if good else "never with success"
    screen.say(f"Read {len(refs)} times since {_minute(refs[-1].fetched_at)}, last {last}.", hang=2)
    told = ", ".join(f"{count} {reason}" for reason, count in Counter(standing).most_common())
    waiting = len(found) - published - sum(standing.values())
    told += f"{', ' * bool(told)}{waiting} not in this version" if waiting else ""
    screen.say(
        f"{len(found)} pages were found in it first: {published} are articles of version {folder.name}"
        f"{f'; the others: {told}' if told else ''}.",
        hang=2,
    )
    screen.say("\nVisits (UTC), the newest first")
    for line in _visits(arguments.raw, refs, ()):
        screen.say(line, hang=STAMP)
    if machine(arguments):
        screen.put(
            {
                "url": newest.url,
                "kind": newest.kind,
                "source": newest.source,
                "visits": len(refs),
                "last_read": good[0].fetched_at if good else None,
                "found": len(found),
                "articles": published,
                "others": standing,
            }
        )


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
