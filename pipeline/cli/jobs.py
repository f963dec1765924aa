"""The commands that bring pages into the corpus: crawl, build, refresh, backfill, rebuild."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from types import FrameType
from typing import Any

from pipeline import report, runs
from pipeline.cli import screen, undo
from pipeline.cli.options import BUILD, Commands, day, folder_options, folders, machine, refuse_idle
from pipeline.corpus import feed
from pipeline.errors import OfflineError, RefusedError, UsageError
from pipeline.report import PLAN, plan_rows, plan_words, refusals, sample_lines, upgrade_words
from pipeline.runs import RunReport

CRAWL = (
    "Fetches what is due: lists, then pages, each host at its own pace and as its robots.txt says. Pages whose text"
    ' only a script makes are rendered in a Chromium where the file of their source says render = "auto" (pages'
    ' without an article in their markup, a fifth of a run at most) or "always"; that needs'
    " pip install 'zh-article-corpus[browser]' and a Chromium of the system (CORPUS_CHROMIUM names another). The"
    " browser itself has no network: what a page asks for is fetched like any page, of its own site alone, and never"
    " pictures, media or fonts."
)
"""What `corpus crawl --help` says."""


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    crawl = commands.add_parser("crawl", description=CRAWL)
    folder_options(crawl, "sources", "raw", "clean", "user_agent")
    _which(crawl)
    undo.options(crawl)
    crawl.set_defaults(run=run_crawl)

    build = commands.add_parser("build")
    folder_options(build, *BUILD)
    _confirm(build)
    _later(build)
    build.add_argument(
        "--plan", action="store_true", help="say what would be made anew and how long; do nothing"
    )
    build.set_defaults(run=run_build)

    refresh = commands.add_parser("refresh")
    folder_options(refresh)
    _which(refresh)
    _confirm(refresh)
    _later(refresh)
    refresh.set_defaults(run=run_refresh)

    backfill = commands.add_parser(
        "backfill",
        description="Takes the whole archive into the corpus. With --fetch, what was published from --from to --to is"
        " searched for and fetched first: sitemaps, feed archives and listings are read back as far as the span"
        " reaches, by the days that lists, addresses and at last the pages tell; nothing of other days is published."
        " Without a span: known URLs that were never captured, and of a source never crawled all it lists. It gives way"
        " to every other run, and the same command goes on where it ended. --plan shows beforehand, by source and day,"
        " what is at hand, what is known, what to expect and what it costs.",
    )
    folder_options(backfill)
    backfill.add_argument(
        "--from", dest="since", type=day, metavar="DAY", help="first day of publication, 2026-11-01"
    )
    backfill.add_argument("--to", dest="until", type=day, metavar="DAY", help="last day of publication")
    backfill.add_argument(
        "--source", action="append", default=[], help="plan and fetch only this source (repeatable)"
    )
    backfill.add_argument(
        "--url", action="append", default=[], help="plan and fetch only this URL (repeatable)"
    )
    backfill.add_argument(
        "--plan", action="store_true", help="show captures, gaps, requests and hours; do nothing"
    )
    backfill.add_argument(
        "--fetch", action="store_true", help="search for what is missing and fetch it, politely"
    )
    backfill.add_argument(
        "--max-requests", type=int, metavar="N", help="end after N requests; the same command goes on"
    )
    backfill.set_defaults(run=run_backfill)

    rebuild = commands.add_parser("rebuild")
    folder_options(rebuild, *BUILD)
    rebuild.add_argument("--preview", action="store_true", help="only show what would change, with samples")
    _confirm(rebuild)
    rebuild.set_defaults(run=run_rebuild)


def _which(command: argparse.ArgumentParser) -> None:
    command.add_argument("--source", action="append", default=[], help="only this source (repeatable)")
    command.add_argument("--all", action="store_true", help="visit everything, due or not")


def _confirm(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--confirm",
        nargs="*",
        metavar="NAME",
        help="publish although a check says no: whatever it says, or only what it says of these sources",
    )


def _confirmed(arguments: argparse.Namespace) -> dict[str, Any]:
    """What --confirm says: everything, or some sources."""
    return {"confirm": arguments.confirm == [], "accept": arguments.confirm or ()}


def _later(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--later",
        action="store_true",
        help="after a change of the rules add new rows only, marked in `made_by`; a rebuild makes the others anew",
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


def _finish(done: RunReport, arguments: argparse.Namespace) -> int:
    screen.show_run(done)
    if arguments.json:
        screen.put(asdict(done))
    if done.stopped:
        raise KeyboardInterrupt
    if any(v.failed_with for v in done.crawled):
        return 1
    if any(v.cut_off for v in done.crawled):
        return OfflineError.exit_code
    held = done.build is not None and (done.build.held_anew or done.build.refused)
    worse = any(each.is_worse for each in done.changed)
    if held or worse or any(v.refused for v in done.crawled):
        return RefusedError.exit_code
    return 1 if refusals(done) else 0


def run_crawl(arguments: argparse.Namespace) -> int:
    """corpus crawl"""
    if undo.asked(arguments):
        refuse_idle(arguments, "beside --undo and --redo", "source", "all", "user_agent")
        return undo.run_undo(arguments)
    refuse_idle(arguments, "without --undo", "why")
    with screen.watching() as progress, stoppable() as stop:
        crawled = runs.crawl(
            folders(arguments), arguments.source, everything=arguments.all, progress=progress, stop=stop
        )
    return _finish(RunReport(crawled=crawled, stopped=stop.is_set()), arguments)


def run_build(arguments: argparse.Namespace) -> int:
    """corpus build"""
    where = folders(arguments)
    if arguments.plan:
        refuse_idle(arguments, "beside --plan", "later", "confirm")
    if not arguments.later:
        seen, seconds = runs.foresee(where)
        words = upgrade_words(seen, seconds)
        for line in words:
            screen.say(line)
        if arguments.plan:
            screen.say(
                "Nothing was done." if words else f"{seen.files} new archive files, {seen.compare} pages."
            )
            if machine(arguments):
                screen.put({**asdict(seen), "seconds": seconds})
            return 0
    with screen.watching() as progress:
        built = runs.build(where, **_confirmed(arguments), later=arguments.later, progress=progress)
    return _finish(RunReport(build=built), arguments)


def run_refresh(arguments: argparse.Namespace) -> int:
    """corpus refresh"""
    with screen.watching() as progress:
        done = runs.refresh(
            folders(arguments),
            arguments.source,
            everything=arguments.all,
            **_confirmed(arguments),
            later=arguments.later,
            progress=progress,
            stopping=stoppable(),
        )
    return _finish(done, arguments)


def run_backfill(arguments: argparse.Namespace) -> int:
    """corpus backfill"""
    where = folders(arguments)
    if arguments.max_requests is not None and (
        arguments.max_requests < 1 or not arguments.fetch or arguments.url
    ):
        raise UsageError("--max-requests N (1 or more) bounds a --fetch by days or sources")
    if arguments.plan:
        gaps = runs.plan_backfill(
            where, since=arguments.since, until=arguments.until, names=arguments.source, urls=arguments.url
        )
        screen.show("Backfill plan", PLAN, plan_rows(gaps), means=report.PLAN_MEANS, spare=report.PLAN_SPARE)
        screen.say(plan_words(gaps))
        screen.say(
            "Nothing was done. Without --plan the whole archive is built; with --fetch what is missing is searched for"
            " and fetched before."
        )
        if arguments.json:
            for gap in gaps:
                screen.put(asdict(gap))
        return 0
    chosen = {"--from": arguments.since, "--to": arguments.until}
    chosen |= {"--source": arguments.source, "--url": arguments.url}
    if not arguments.fetch and (idle := [flag for flag, given in chosen.items() if given]):
        raise UsageError(
            f"{', '.join(idle)} would choose nothing without --plan or --fetch: a build takes in the whole archive"
        )
    with screen.watching() as progress:
        done = runs.backfill(
            where,
            since=arguments.since,
            until=arguments.until,
            names=arguments.source,
            urls=arguments.url,
            max_requests=arguments.max_requests,
            fetch=arguments.fetch,
            progress=progress,
            stopping=stoppable(),
        )
    return _finish(done, arguments)


def run_rebuild(arguments: argparse.Namespace) -> int:
    """corpus rebuild"""
    with screen.watching() as progress:
        done = runs.rebuild(
            folders(arguments), preview=arguments.preview, **_confirmed(arguments), progress=progress
        )
    if done.build is not None and done.build.samples:
        told = [(*key.split(":"), n) for key, n in done.build.changes.items()]
        screen.show("What would change", ("kind", "cause", "documents"), told, means=feed.MEANS)
        for line in sample_lines(done.build.samples):
            screen.say(line, hang=2)
    return _finish(done, arguments)
