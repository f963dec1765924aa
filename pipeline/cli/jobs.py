"""The commands that write: crawl, build, refresh, backfill, rebuild, maintain, import, ledger."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any

from pipeline import runs, upkeep
from pipeline.cli import screen, undo
from pipeline.crawl import ledger
from pipeline.errors import OfflineError, RefusedError, UsageError
from pipeline.report import (
    PLAN,
    maintenance_words,
    plan_rows,
    plan_words,
    refusals,
    sample_lines,
    upgrade_words,
)
from pipeline.runs import CORRECTIONS, SOURCES, Folders, RunReport
from pipeline.sources import NAME as SOURCE_NAME
from pipeline.web.fetch import USER_AGENT

Commands = Any
"""argparse's sub-parser collection, whose type is private."""


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    crawl = commands.add_parser("crawl", help="fetch what is due into the archive")
    folder_options(crawl)
    _which(crawl)
    undo.options(crawl)
    crawl.set_defaults(run=run_crawl)

    build = commands.add_parser("build", help="archive → the next version; fetches nothing")
    folder_options(build)
    _confirm(build)
    _later(build)
    build.add_argument(
        "--plan", action="store_true", help="say what would be made anew and how long; do nothing"
    )
    build.set_defaults(run=run_build)

    refresh = commands.add_parser("refresh", help="crawl, then build: what the schedule runs")
    folder_options(refresh)
    _which(refresh)
    _confirm(refresh)
    _later(refresh)
    refresh.set_defaults(run=run_refresh)

    backfill = commands.add_parser(
        "backfill",
        help="bring past days, sources or URLs into the corpus",
        description="Takes the whole archive into the corpus. With --fetch, what is missing is fetched first: the"
        " known URLs without a usable capture on any day, or those of --source and --url. --plan shows beforehand"
        " what is at hand on the days of --from and --to, and what is missing.",
    )
    folder_options(backfill)
    backfill.add_argument(
        "--from", dest="since", type=day, metavar="DAY", help="first capture day the plan counts, 2026-11-01"
    )
    backfill.add_argument(
        "--to", dest="until", type=day, metavar="DAY", help="last capture day the plan counts"
    )
    backfill.add_argument(
        "--source", action="append", default=[], help="plan and fetch only this source (repeatable)"
    )
    backfill.add_argument(
        "--url", action="append", default=[], help="plan and fetch only this URL (repeatable)"
    )
    backfill.add_argument(
        "--plan", action="store_true", help="show captures, gaps, requests and hours; do nothing"
    )
    backfill.add_argument("--fetch", action="store_true", help="fetch what is missing, politely")
    backfill.set_defaults(run=run_backfill)

    rebuild = commands.add_parser("rebuild", help="build everything anew after a rule change")
    folder_options(rebuild)
    rebuild.add_argument("--preview", action="store_true", help="only show what would change, with samples")
    _confirm(rebuild)
    rebuild.set_defaults(run=run_rebuild)

    maintain = commands.add_parser(
        "maintain", help="verify archive and corpus, join half-empty files, let old versions go"
    )
    folder_options(maintain)
    maintain.add_argument("--verify-only", action="store_true", help="change nothing")
    maintain.set_defaults(run=run_maintain)

    bring = commands.add_parser("import", help="take foreign WARC files, HTML and text into the archive")
    folder_options(bring)
    bring.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="WARC/ARC file, HTML file, text (.txt, .md) or folder",
    )
    bring.add_argument("--source", help="source name the pages are filed under")
    bring.add_argument("--url-map", type=Path, help="TSV of path and URL for HTML and text files")
    undo.options(bring)
    bring.set_defaults(run=run_import)

    book = commands.add_parser("ledger", help="the crawl's memory")
    what = book.add_subparsers(dest="what", metavar="WHAT", required=True)
    anew = what.add_parser("rebuild", help="make it anew from the archive")
    folder_options(anew)
    anew.set_defaults(run=run_ledger_rebuild)


def day(text: str) -> date:
    """A day as written on the command line, YYYY-MM-DD."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day like 2026-11-01") from None


def folder_options(command: argparse.ArgumentParser) -> None:
    """Give a command the options that say which folders it works on, and how."""
    command.add_argument("--sources", type=Path, default=SOURCES, help="source files (default: sources)")
    command.add_argument(
        "--corrections",
        type=Path,
        default=CORRECTIONS,
        help="corrected documents (default: corrections, if there)",
    )
    command.add_argument("--raw", type=Path, default=Path("raw"), help="the archive (default: raw)")
    command.add_argument("--clean", type=Path, default=Path("clean"), help="the corpus (default: clean)")
    command.add_argument(
        "--work", type=Path, help="shards and staging of one corpus (default: .build/NAME beside it)"
    )
    command.add_argument("--workers", type=int, default=2, help="processes for cleaning (default: 2)")
    command.add_argument("--dask", metavar="tcp://…", help="clean on a Dask cluster instead")
    command.add_argument("--user-agent", default=USER_AGENT, help="name/version (+URL; mail) that sites see")
    command.add_argument("--json", action="store_true", help="print the report as JSON on stdout")


def _which(command: argparse.ArgumentParser) -> None:
    command.add_argument("--source", action="append", default=[], help="only this source (repeatable)")
    command.add_argument("--all", action="store_true", help="visit everything, due or not")


def _confirm(command: argparse.ArgumentParser) -> None:
    command.add_argument("--confirm", action="store_true", help="publish although a check says no")


def _later(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--later",
        action="store_true",
        help="after a change of the rules add new rows only, marked in `made_by`; a rebuild makes the others anew",
    )


def folders(arguments: argparse.Namespace) -> Folders:
    """The folders a command works on."""
    return Folders(
        sources=arguments.sources,
        corrections=arguments.corrections,
        raw=arguments.raw,
        clean=arguments.clean,
        work=arguments.work,
        workers=arguments.workers,
        dask=arguments.dask,
        user_agent=arguments.user_agent,
    )


@contextmanager
def stoppable() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set once, so that a crawl ends cleanly; the second one interrupts."""
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _finish(report: RunReport, arguments: argparse.Namespace) -> int:
    screen.show_run(report)
    if arguments.json:
        screen.put(asdict(report))
    if report.stopped:
        raise KeyboardInterrupt
    if any(v.failed_with for v in report.crawled):
        return 1
    if any(v.cut_off for v in report.crawled):
        return OfflineError.exit_code
    held = report.build is not None and report.build.held
    worse = any(each.is_worse for each in report.changed)
    if held or worse or any(v.refused for v in report.crawled):
        return RefusedError.exit_code
    return 1 if refusals(report) else 0


def run_crawl(arguments: argparse.Namespace) -> int:
    """corpus crawl"""
    if undo.asked(arguments):
        return undo.run_undo(arguments)
    with screen.watching() as progress, stoppable() as stop:
        crawled = runs.crawl(
            folders(arguments), arguments.source, everything=arguments.all, progress=progress, stop=stop
        )
    return _finish(RunReport(crawled=crawled, stopped=stop.is_set()), arguments)


def run_build(arguments: argparse.Namespace) -> int:
    """corpus build"""
    where = folders(arguments)
    if not arguments.later or arguments.plan:
        seen, seconds = runs.foresee(where)
        words = upgrade_words(seen, seconds)
        for line in words:
            screen.say(line)
        if arguments.plan:
            screen.say(
                "Nothing was done." if words else f"{seen.files} new archive files, {seen.compare} pages."
            )
            screen.put({**asdict(seen), "seconds": seconds})
            return 0
    with screen.watching() as progress:
        report = runs.build(where, confirm=arguments.confirm, later=arguments.later, progress=progress)
    return _finish(RunReport(build=report), arguments)


def run_refresh(arguments: argparse.Namespace) -> int:
    """corpus refresh"""
    with screen.watching() as progress:
        report = runs.refresh(
            folders(arguments),
            arguments.source,
            everything=arguments.all,
            confirm=arguments.confirm,
            later=arguments.later,
            progress=progress,
            stopping=stoppable(),
        )
    return _finish(report, arguments)


def run_backfill(arguments: argparse.Namespace) -> int:
    """corpus backfill"""
    where = folders(arguments)
    if arguments.plan:
        gaps = runs.plan_backfill(
            where, since=arguments.since, until=arguments.until, names=arguments.source, urls=arguments.url
        )
        screen.show("Backfill plan", PLAN, plan_rows(gaps))
        screen.say(plan_words(gaps))
        screen.say(
            "Nothing was done. Without --plan the whole archive is built; with --fetch what is missing is fetched"
            " before."
        )
        if arguments.json:
            for gap in gaps:
                screen.put(asdict(gap))
        return 0
    if not arguments.fetch and (arguments.since or arguments.until or arguments.source or arguments.url):
        screen.say(
            "A build takes in the whole archive: days, sources and URLs choose nothing without --plan or --fetch."
        )
    with screen.watching() as progress:
        report = runs.backfill(
            where,
            since=arguments.since,
            until=arguments.until,
            names=arguments.source,
            urls=arguments.url,
            fetch=arguments.fetch,
            progress=progress,
            stopping=stoppable(),
        )
    return _finish(report, arguments)


def run_rebuild(arguments: argparse.Namespace) -> int:
    """corpus rebuild"""
    with screen.watching() as progress:
        report = runs.rebuild(
            folders(arguments), preview=arguments.preview, confirm=arguments.confirm, progress=progress
        )
    if report.build is not None and report.build.samples:
        told = [(*key.split(":"), n) for key, n in report.build.changes.items()]
        screen.show("What would change", ("kind", "cause", "documents"), told)
        for line in sample_lines(report.build.samples):
            screen.say(line)
    return _finish(report, arguments)


def run_maintain(arguments: argparse.Namespace) -> int:
    """corpus maintain"""
    done = upkeep.maintain(folders(arguments), verify_only=arguments.verify_only)
    screen.show("Versions kept", ("version", "why"), list(done.kept.items()))
    screen.say(maintenance_words(done))
    if arguments.json:
        screen.put(asdict(done))
    return 0


def run_import(arguments: argparse.Namespace) -> int:
    """corpus import"""
    if undo.asked(arguments):
        return undo.run_undo(arguments)
    if not arguments.paths or arguments.source is None:
        raise UsageError("say what to import, and under which --source")
    if not SOURCE_NAME.fullmatch(arguments.source):
        raise UsageError(
            f"--source {arguments.source!r} must be lower-case letters, digits and single hyphens"
        )
    report = runs.bring(folders(arguments), arguments.paths, arguments.source, arguments.url_map)
    screen.show_import(report)
    if arguments.json:
        screen.put(asdict(report))
    return UsageError.exit_code if all(file.problem for file in report.files) else 0


def run_ledger_rebuild(arguments: argparse.Namespace) -> int:
    """corpus ledger rebuild"""
    if not arguments.raw.is_dir():
        raise UsageError(f"{arguments.raw}: no archive here to make a ledger from")
    files = ledger.rebuild(arguments.raw)
    screen.say(f"{arguments.raw / 'ledger.sqlite'}: made anew from {files} archive files")
    return 0
