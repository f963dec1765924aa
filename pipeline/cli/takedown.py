"""`corpus takedown`: documents taken out of the archive and of every version, and the proof of it."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from dataclasses import asdict

from pipeline import runs
from pipeline.archive.takedowns import Takedown
from pipeline.cli import screen
from pipeline.cli.options import Commands, Prose, folder_options, folders, local, refuse_idle
from pipeline.errors import RefusedError, UsageError
from pipeline.folders import Folders
from pipeline.takedown.places import Plan

SHOWN = 40
"""So many places of a kind are shown on the screen; --json gives them all."""

DESCRIPTION = """\
Shows every place in which the documents stand, asks, and then takes them out of all of them: their captures out of
the WARC files, their rows out of every version (each becomes the next REVISION of its release; 2.37 goes on opening),
out of the index of copies, the shards and the crawl's memory. Address, id and text are blocked for ever
(raw/blocklist.tsv). With a page go all articles on it and all its parts. Copies and excerpts on other pages are shown;
they stay unless they are named too, or --copies is given. Killed or out of space, the next command that writes goes on
with it; until then no reader gives the documents. Where versions were exported to is shown; `corpus export --sync`
renews them there. What others downloaded is not reached: tombstones.parquet tells them.

  corpus takedown https://news.example/1.html --ticket T-17 --dry-run    what would go, and what stays
  corpus takedown --file ids.txt --ticket T-18 --confirm                 a list, an id or URL a line, without asking
  corpus takedown --verify T-17                                          search every byte for the text's 13-grams
"""


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "takedown",
        description=DESCRIPTION,
        formatter_class=Prose,
    )
    command.add_argument("names", nargs="*", metavar="ID|URL", help="documents, or pages")
    command.add_argument(
        "--file", type=local, metavar="LIST", help="more of them, one a line; # begins a comment"
    )
    command.add_argument("--ticket", metavar="T", help="name of the case, which tombstones and records bear")
    command.add_argument("--copies", action="store_true", help="the documents with the same text go too")
    command.add_argument("--dry-run", action="store_true", help="show what would go; do nothing")
    command.add_argument("--confirm", action="store_true", help="do not ask")
    command.add_argument(
        "--verify", metavar="T", help="search for what is left of a takedown; do nothing else"
    )
    folder_options(command, "sources", "raw", "clean", "work")
    command.set_defaults(run=run_takedown)


def run_takedown(arguments: argparse.Namespace) -> int:
    """corpus takedown"""
    where = folders(arguments)
    if arguments.verify:
        refuse_idle(arguments, "beside --verify T", "names", "file", "ticket", "copies", "dry_run", "confirm")
        return _verify(where, arguments)
    names = _names(arguments)
    if arguments.dry_run:
        refuse_idle(arguments, "beside --dry-run", "confirm")
    if not arguments.ticket:
        raise UsageError(
            "--ticket T is needed: tombstones, blocklist and records say under which case a row went"
        )

    def approve(plan: Plan) -> bool:
        _show(plan, arguments)
        return arguments.confirm or _asked(plan)

    # bars would be drawn over the question
    unasked = arguments.confirm or arguments.dry_run
    with screen.watching() if unasked else nullcontext(runs.quiet) as progress:
        report = runs.takedown(
            where,
            names,
            arguments.ticket,
            copies=arguments.copies,
            dry_run=arguments.dry_run,
            approve=approve,
            progress=progress,
        )
    for name in report.plan.already:
        screen.say(f"{name}: taken down before; nothing of it is left to take down.")
    if report.done is not None:
        _show_done(report.done, arguments)
    elif arguments.dry_run:
        _show(report.plan, arguments)
        screen.say("Nothing was done. Without --dry-run it is.")
    elif not report.plan.empty:
        raise RefusedError("nothing was done; --confirm does it without asking")
    return 0


def _names(arguments: argparse.Namespace) -> list[str]:
    names = list(arguments.names)
    if arguments.file is not None:
        try:
            lines = arguments.file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{arguments.file}: {error}") from error
        names += [said for line in lines if (said := line.strip()) and not said.startswith("#")]
    if not names:
        raise UsageError("nothing named: give ids or URLs, or --file LIST")
    return list(dict.fromkeys(names))


def _asked(plan: Plan) -> bool:
    """Whether a person at the terminal types the ticket; nobody there is a no."""
    if not sys.stdin.isatty():
        return False
    screen.say(f"This cannot be undone. Type {plan.takedown.ticket} to carry it out:")
    return sys.stdin.readline().strip() == plan.takedown.ticket


def _show(plan: Plan, arguments: argparse.Namespace) -> None:
    journal = plan.takedown
    rows = [(place.where, place.what, place.then) for place in plan.places]
    screen.show(
        f"Takedown {journal.ticket}",
        ("where", "what", "then"),
        rows[:SHOWN],
        means={"then": "what becomes of it"},
    )
    if len(rows) > SHOWN:
        screen.say(f"and {len(rows) - SHOWN} places more; --json gives all")
    screen.say(
        f"{len(journal.documents)} documents and {len(journal.captures)} captures in {len(journal.warc)} archive"
        f" files go; {len(journal.versions)} versions get a new revision; {len(journal.kept)} documents that print"
        " some of it stay. What was exported is renewed by `corpus export --to … --sync`, not now."
    )
    if arguments.json:
        for place in plan.places:
            screen.put(asdict(place))


def _show_done(done: Takedown, arguments: argparse.Namespace) -> None:
    rows = [
        (file.file, file.removed, file.before[:16], (file.after or "gone")[:16])
        for file in (*done.warc, *done.files)
    ]
    screen.show(
        f"Taken down under {done.ticket} on {done.on}",
        ("file", "removed", "sha256 before", "after"),
        rows[:SHOWN],
        means={"sha256 before": "the first 16 digits", "after": "gone: the file is no more there"},
        spare=("after", "sha256 before"),
    )
    for was, now in done.versions:
        screen.say(f"version {was} is now {now}")
    screen.say(
        f"{len(done.documents)} documents are gone. The record, with every sum: {arguments.raw}/takedowns/"
        f"{done.ticket}.json. Proof: corpus takedown --verify {done.ticket}. `corpus build` publishes what stands in"
        " their place."
    )
    if arguments.json:
        screen.put(asdict(done))


def _verify(where: Folders, arguments: argparse.Namespace) -> int:
    with screen.watching() as progress:
        proof = runs.prove_takedown(where, arguments.verify, progress)
    if arguments.json:
        screen.put(asdict(proof))
    for finding in proof.findings:
        told = f"{finding.grams} 13-grams stand in it" if finding.grams else ""
        kept = "; it was left there" if finding.kept else ""
        screen.say(f"{finding.file}: {finding.what} {told}{kept}")
    searched = f"{proof.wanted} 13-grams in {proof.files} files, {proof.size} bytes as they lie on the disk"
    if proof.failed:
        raise RefusedError(
            f"searched for {searched}: {len(proof.failed)} places must not be; take them down too"
        )
    screen.say(f"Searched for {searched}: nothing is left.")
    return 0
