"""The command that says how the sources stand, and notes what is known already."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from pipeline import report, runs
from pipeline.cli import jobs, screen
from pipeline.errors import RefusedError, UsageError
from pipeline.health import STATES
from pipeline.runs import SOURCES, Folders

NARROW = ("source", "state", "since", "new a week")
"""Columns for a terminal of fewer than WIDE columns."""
WIDE = 110

DESCRIPTION = (
    "Every source is held against its own past weeks; no setting is needed. A state is one of:\n\n"
    + "\n".join(f"  {name:<9} {meaning}" for name, _, meaning in STATES)
    + "\n  well      nothing is unusual\n  new       nothing was asked of it yet\n\n"
    "Exit code 3 while a source is unwell and nobody has acknowledged it."
)


def add(commands: jobs.Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "status",
        help="how every source stands: state, since when, last good, what comes next",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("name", nargs="*", metavar="NAME", help="only these sources (default: all)")
    command.add_argument("--sources", type=Path, default=SOURCES, help="source files (default: sources)")
    command.add_argument("--raw", type=Path, default=Path("raw"), help="the archive (default: raw)")
    command.add_argument("--clean", type=Path, default=Path("clean"), help="the corpus (default: clean)")
    command.add_argument("--json", action="store_true", help="print a JSON object a source on stdout")
    command.add_argument(
        "--ack", metavar="NAME", help="acknowledge the present state of a source: it is told no more"
    )
    command.add_argument("--until", type=jobs.day, metavar="DAY", help="the last day --ack holds, 2026-11-30")
    command.add_argument("--why", default="", help="why, for whoever reads it next")
    command.set_defaults(run=run_status)


def run_status(arguments: argparse.Namespace) -> int:
    """corpus status"""
    where = Folders(sources=arguments.sources, raw=arguments.raw, clean=arguments.clean)
    if arguments.ack:
        if arguments.until is None:
            raise UsageError("--ack needs --until DAY: what is known for ever is no longer looked at")
        ack = runs.acknowledge(where, arguments.ack, arguments.until, arguments.why)
        screen.say(f"{ack.source} is known to be {ack.state} until {ack.until}: {ack.why}")
        return 0
    statuses = runs.status(where, arguments.name)
    if arguments.json:
        for each in statuses:
            screen.put({**asdict(each), "unwell": each.is_unwell})
    wide = screen.console().width >= WIDE
    columns = report.HEALTH if wide else NARROW
    chosen = [report.HEALTH.index(column) for column in columns]
    rows = [tuple(row[place] for place in chosen) for row in report.health_rows(statuses)]
    screen.show("Sources", columns, rows)
    for line in report.health_words(statuses):
        screen.say(line)
    return RefusedError.exit_code if any(each.is_unwell for each in statuses) else 0
