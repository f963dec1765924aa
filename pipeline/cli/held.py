"""The command that shows which rows wait, why, and what would become of them."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from pipeline.cli import screen
from pipeline.cli.options import Commands, Prose, folder_options, machine
from pipeline.corpus import held as holding
from pipeline.corpus.gates import KINDS
from pipeline.errors import UsageError

SHOWN = 10
"""Rows of a source that a person is shown; --json gives all."""

DESCRIPTION = (
    "A source whose new rows are not as they should be is held back, and the others are published. Why:\n\n"
    + "\n".join(f"  {kind:<13} {meaning}" for kind, meaning in KINDS.items())
    + "\n\nWhat waits is tried again with the source's next new rows and goes in by itself when nothing speaks"
    " against it any more, or when its file sets another limit. A person lets it in with\n\n"
    "  corpus build --confirm NAME"
)


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "held",
        description=DESCRIPTION,
        formatter_class=Prose,
    )
    command.add_argument("name", nargs="*", metavar="NAME", help="show the rows of these (default: no rows)")
    folder_options(command, "clean")
    command.set_defaults(run=run_held)


def run_held(arguments: argparse.Namespace) -> int:
    """corpus held"""
    found = holding.read_held(arguments.clean)
    if unknown := sorted(set(arguments.name) - {each.source for each in found}):
        have = ", ".join(each.source for each in found) or "none is"
        raise UsageError(f"{arguments.clean}: {', '.join(unknown)} is not held back; {have}")
    chosen = [each for each in found if not arguments.name or each.source in arguments.name]
    rows = [(each.source, each.rows, f"{each.since:%Y-%m-%d %H:%M}", each.why) for each in chosen]
    if rows:
        screen.show("Held back", ("source", "rows", "since (UTC)", "why"), rows)
    else:
        screen.say("No source is held back.")
    for each in chosen:
        if not arguments.name:
            if machine(arguments):
                screen.put(asdict(each))
            continue
        waiting = holding.show(arguments.clean, each.source)
        if machine(arguments):
            for row in waiting:
                screen.put(asdict(row))
        shown = [
            (f"{r.captured_at:%Y-%m-%d %H:%M}", r.would_be, r.title, r.url, r.of) for r in waiting[:SHOWN]
        ]
        title = f"{each.source}: the newest {len(shown)} of {len(waiting)} rows"
        screen.show(title, ("read (UTC)", "would be", "title", "address", "of"), shown)
    for each in chosen:
        screen.say(f"To let them in: corpus build --confirm {each.source}")
    return 0
