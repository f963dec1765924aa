"""The command that says how the sources stand, and notes what is known already."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from pipeline import report
from pipeline.cli import screen
from pipeline.cli.options import Commands, Prose, day, folder_options, folders, must_exist, refuse_idle
from pipeline.errors import RefusedError, UsageError
from pipeline.health import STATES, standing

DESCRIPTION = (
    "Every source is held against its own past weeks; no setting is needed. A state is one of:\n\n"
    + "\n".join(f"  {name:<9} {meaning}" for name, _, meaning in STATES)
    + "\n  well      nothing is unusual\n  new       nothing was asked of it yet\n\n"
    "Exit code 3 while a source is unwell and nobody has acknowledged it."
)


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "status",
        description=DESCRIPTION,
        formatter_class=Prose,
    )
    command.add_argument("name", nargs="*", metavar="NAME", help="only these sources (default: all)")
    folder_options(command, "sources", "raw", "clean")
    command.add_argument(
        "--ack", metavar="NAME", help="acknowledge the present state of a source: it is told no more"
    )
    command.add_argument("--until", type=day, metavar="DAY", help="the last day --ack holds, 2026-11-30")
    command.add_argument("--why", default="", help="why, for whoever reads it next")
    command.set_defaults(run=run_status)


def run_status(arguments: argparse.Namespace) -> int:
    """corpus status"""
    must_exist(arguments, "raw", "clean")
    where = folders(arguments)
    if arguments.ack:
        refuse_idle(arguments, "beside --ack NAME", "name", "json")
        if arguments.until is None:
            raise UsageError("--ack needs --until DAY: what is known for ever is no longer looked at")
        ack = standing.acknowledge(where, arguments.ack, arguments.until, arguments.why)
        screen.say(f"{ack.source} is known to be {ack.state} until {ack.until}: {ack.why}")
        return 0
    refuse_idle(arguments, "without --ack", "until", "why")
    statuses = standing.status(where, arguments.name)
    if arguments.json:
        for each in statuses:
            screen.put({**asdict(each), "unwell": each.is_unwell})
    screen.show(
        "Sources",
        report.HEALTH,
        report.health_rows(statuses),
        means=report.HEALTH_MEANS,
        spare=report.HEALTH_SPARE,
    )
    for line in report.health_words(statuses):
        screen.say(line, hang=2)
    return RefusedError.exit_code if any(each.is_unwell for each in statuses) else 0
