"""Taking back: `corpus runs`, and --undo, --redo of `corpus crawl` and `corpus import`."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path

from pipeline.archive import withdrawn
from pipeline.cli import screen
from pipeline.cli.options import json_option, local, machine, must_exist
from pipeline.errors import UsageError

MEANS = {
    "captures": "visits archived, those of lists and robots.txt too",
    "pages": "visits of pages",
}
"""What the columns of the runs mean."""

MAKES = {"crawl": ("crawl", "backfill"), "import": ("import",)}
"""Command → how the names of the runs begin that it takes back."""

SHOWN = 20
"""So many runs are listed, the newest ones, unless asked for more."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add these commands to the parser."""
    listing = commands.add_parser(
        "runs",
        description="A run is one crawl, backfill or import. `corpus crawl --undo RUN --why …` or `corpus import"
        " --undo RUN --why …` withdraws one: it stays in the archive and counts for nothing, as if it had never been;"
        " --redo RUN takes that back. The next build and the next crawl see it.",
    )
    listing.add_argument("--raw", type=local, default=Path("raw"), help="the archive (default: raw)")
    listing.add_argument(
        "--last", type=int, default=SHOWN, metavar="N", help=f"the newest N (default: {SHOWN})"
    )
    json_option(listing)
    listing.set_defaults(run=run_runs)


def options(command: argparse.ArgumentParser) -> None:
    """Give a command that makes runs the options that take them back."""
    one = command.add_mutually_exclusive_group()
    one.add_argument(
        "--undo", metavar="RUN", help="withdraw a run of before: it counts for nothing (with --why)"
    )
    one.add_argument("--redo", metavar="RUN", help="let a withdrawn run count again")
    command.add_argument("--why", help="with --undo: the reason, for who comes later")


def asked(arguments: argparse.Namespace) -> bool:
    """Whether a command is to take a run back, or to let it count again, and nothing else."""
    return arguments.undo is not None or arguments.redo is not None


def run_undo(arguments: argparse.Namespace) -> int:
    """corpus crawl|import --undo|--redo RUN"""
    name, kind = arguments.undo or arguments.redo, arguments.command
    if not arguments.raw.is_dir():
        raise UsageError(f"{arguments.raw}: no such archive folder")
    if name.partition("-")[0].partition("_")[0] not in MAKES[kind]:
        raise UsageError(f"{name} is no run of `corpus {kind}`; `corpus runs` lists them")
    if arguments.redo is not None:
        run = withdrawn.restore(arguments.raw, name)
        screen.say(f"{run.run} counts again; `corpus build` takes it in.")
    else:
        if not arguments.why:
            raise UsageError("say --why the run is withdrawn: who comes later must know")
        run = withdrawn.withdraw(arguments.raw, name, arguments.why)
        screen.say(
            f"{run.run} is withdrawn: its {run.captures} captures ({run.pages} pages, {run.first:%Y-%m-%d %H:%M} to"
            f" {run.last:%Y-%m-%d %H:%M} UTC) stay in the archive and count for nothing. `corpus build` publishes"
            f" a version without it; `corpus {kind} --redo {run.run}` takes this back."
        )
    if arguments.json:
        screen.put(asdict(run))
    return 0


def run_runs(arguments: argparse.Namespace) -> int:
    """corpus runs"""
    must_exist(arguments, "raw")
    if not arguments.raw.is_dir():
        raise UsageError(f"{arguments.raw}: no such archive folder")
    found = withdrawn.runs(arguments.raw)
    shown = found[-arguments.last :] if arguments.last > 0 else []
    sources = withdrawn.sources_of(arguments.raw, [run.run for run in shown])
    if machine(arguments):
        for run in shown:
            screen.put(asdict(replace(run, sources=sources[run.run])))
    rows = [
        (
            run.run,
            f"{run.first:%Y-%m-%d %H:%M}",
            f"{run.last:%Y-%m-%d %H:%M}",
            run.captures,
            run.pages,
            ", ".join(sources[run.run]),
            f"withdrawn: {run.withdrawn}" if run.withdrawn else "",
        )
        for run in shown
    ]
    columns = ("run", "first capture (UTC)", "last", "captures", "pages", "sources", "")
    title = f"Runs ({len(shown)} of {len(found)})"
    screen.show(title, columns, rows, means=MEANS, spare=("last", "sources"))
    return 0
