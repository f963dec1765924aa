"""`corpus import`: what others saved, taken into the archive."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from pipeline import runs
from pipeline.cli import screen, undo
from pipeline.cli.jobs import stoppable
from pipeline.cli.options import Commands, day, folder_options, folders, local, machine, refuse_idle
from pipeline.crawl.indexed import IndexPlan, IndexWish
from pipeline.errors import UsageError
from pipeline.sources import NAME as SOURCE_NAME
from pipeline.web.urls import fetch_form

if TYPE_CHECKING:
    from pipeline.archive.imports import ImportReport

DELAY = 1.0
"""Seconds between two requests to somebody else's archive, unless --delay says more."""


def add(commands: Commands) -> None:
    """Add this command to the parser."""
    bring = commands.add_parser(
        "import",
        description="Takes what others saved into the archive: files and folders, or what an index of somebody else's"
        " archive names (--cdx: a CDX or CDXJ file, the answer of a CDX server, a Parquet file of Common Crawl's"
        " columnar index; a file or an address). Of an index only the records are read that belong to the source, by"
        " its addresses and patterns where it is declared, and to the days of capture --from … --to …; --plan says how"
        " many these are and what they cost. Servers are asked one record at a time, as robots.txt allows.",
    )
    folder_options(bring, "sources", "raw", "clean", "user_agent")
    bring.add_argument(
        "paths",
        nargs="*",
        type=local,
        metavar="PATH",
        help="WARC, ARC or WACZ file, multi-WACZ list, HTML, MHTML or text file (.txt, .md), or folder",
    )
    bring.add_argument("--source", help="source name the pages are filed under")
    bring.add_argument("--url-map", type=local, help="TSV of path and URL for HTML and text files")
    bring.add_argument(
        "--base",
        type=address,
        metavar="URL",
        help="address of the folder, as `wget --mirror` saves it; `https://` where its folders are hosts",
    )
    bring.add_argument(
        "--cdx",
        metavar="FILE|URL",
        help="an index of somebody else's archive, in place of paths: CDX, CDXJ, ZipNum's cluster.idx, Parquet (also a"
        " folder of it)",
    )
    bring.add_argument(
        "--archive",
        metavar="FOLDER|URL",
        help="with --cdx: where its WARC files stand (https://…, s3://…); default: Common Crawl's place for its"
        " files, else beside the index",
    )
    bring.add_argument(
        "--from", dest="since", type=day, metavar="DAY", help="with --cdx: first day of capture"
    )
    bring.add_argument("--to", dest="until", type=day, metavar="DAY", help="with --cdx: last day of capture")
    bring.add_argument(
        "--delay",
        type=seconds,
        metavar="S",
        help=f"with --cdx: seconds between requests (default: {DELAY:g})",
    )
    bring.add_argument("--plan", action="store_true", help="with --cdx: say what would be read; do nothing")
    undo.options(bring)
    bring.set_defaults(run=run_import)


def address(text: str) -> str:
    """The value of --base: an http(s) address, or a scheme alone."""
    if text not in ("http://", "https://") and fetch_form(text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no http(s) address, nor https:// alone")
    return text


def seconds(text: str) -> float:
    """The value of --delay: 0 to 3600 seconds."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0 to 3600")
    return value


def run_import(arguments: argparse.Namespace) -> int:
    """corpus import"""
    of_index = ("archive", "since", "until", "delay", "plan")
    if undo.asked(arguments):
        refuse_idle(
            arguments, "beside --undo and --redo", "source", "url_map", "base", "cdx", "user_agent", *of_index
        )
        return undo.run_undo(arguments)
    refuse_idle(arguments, "without --undo", "why")
    if arguments.cdx is None:
        refuse_idle(arguments, "without --cdx", *of_index, "user_agent")
    else:
        refuse_idle(arguments, "beside --cdx", "url_map", "base")
    if bool(arguments.paths) == (arguments.cdx is not None) or arguments.source is None:
        raise UsageError("say what to import, paths or a --cdx index, and under which --source")
    if not SOURCE_NAME.fullmatch(arguments.source):
        raise UsageError(
            f"--source {arguments.source!r} must be lower-case letters, digits and single hyphens"
        )
    if arguments.cdx is not None:
        return _run_indexed(arguments)
    with screen.watching() as progress:
        report = runs.bring(
            folders(arguments),
            arguments.paths,
            arguments.source,
            arguments.url_map,
            base=arguments.base,
            progress=progress,
        )
    return _told(report, arguments)


def _told(report: ImportReport, arguments: argparse.Namespace) -> int:
    screen.show_import(report)
    if arguments.json:
        screen.put(asdict(report))
    return UsageError.exit_code if all(file.problem for file in report.files) else 0


def _run_indexed(arguments: argparse.Namespace) -> int:
    wish = IndexWish(
        index=arguments.cdx,
        base=arguments.archive,
        source=arguments.source,
        since=arguments.since,
        until=arguments.until,
        delay=DELAY if arguments.delay is None else arguments.delay,
    )
    if arguments.plan:
        plan = runs.plan_indexed(folders(arguments), wish)
        _show(plan)
        if machine(arguments):
            screen.put(asdict(plan))
        return 0
    with screen.watching() as progress, stoppable() as stop:
        report = runs.bring_indexed(folders(arguments), wish, progress, stop)
    _show_odd(report.odd)
    code = _told(report, arguments) if report.files else 0
    if not report.files:
        screen.say("Nothing to read: the index names no page of this source and these days that is not here.")
    if stop.is_set():
        raise KeyboardInterrupt
    return code


def _show_odd(odd: Sequence[str]) -> None:
    """The lines of an index that could not be read."""
    for each in odd:
        screen.say(f"Not read of the index: {each}.", hang=2)


def _show(plan: IndexPlan) -> None:
    screen.show("Captures to read", ("month", "captures"), list(plan.months.items()))
    left = "; ".join(f"{number} {why}" for why, number in plan.left_out.items())
    screen.say(
        f"{plan.chosen} of {plan.rows} captures of pages in {plan.index}; {plan.known} are here already"
        + (f"; left out: {left}" if left else "")
        + f". To read: {plan.bytes / 1e6:.1f} MB of {plan.files} files in {plan.base}"
        + (f", {plan.requests} requests, about {plan.hours:.2f} hours" if plan.requests else "")
        + ". Nothing was done."
    )
    _show_odd(plan.odd)
