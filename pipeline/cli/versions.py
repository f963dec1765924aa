"""The commands about the versions of a corpus: versions, pin, unpin, diff, changes."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from pipeline.cli import jobs, screen
from pipeline.cli.look import in_corpus
from pipeline.corpus import changes, pins, versions
from pipeline.corpus.read import HASH_DIGITS, hash_of, read_changes
from pipeline.errors import UsageError


def add(commands: jobs.Commands) -> None:
    """Add these commands to the parser."""
    listing = commands.add_parser("versions", help="the versions there are")
    in_corpus(listing)
    listing.set_defaults(run=run_versions)

    for word, text in (
        ("pin", "keep a version for ever: maintain lets the others go in time"),
        ("unpin", "let a version go in time again"),
    ):
        command = commands.add_parser(word, help=text)
        command.add_argument("version", metavar="VERSION", help="2.37.0, or 2.37 for its newest revision")
        command.add_argument("--owner", help="whose pin it is: a name or an address, one word")
        if word == "pin":
            command.add_argument(
                "--until",
                type=jobs.day,
                metavar="DAY",
                help="its last day, of the corpus's own time: 2027-03-01",
            )
            command.add_argument("--why", help="a few words for whoever wonders later")
        in_corpus(command)
        command.set_defaults(run=run_pin)

    diff = commands.add_parser("diff", help="what changed between two versions, as JSON Lines")
    diff.add_argument("old", metavar="A")
    diff.add_argument("new", metavar="B")
    in_corpus(diff)
    diff.set_defaults(run=run_diff)

    feed = commands.add_parser(
        "changes",
        help="what to add, update and delete since a version, also a collected one",
        description="What to do to a copy of one version to have another: an object a document on stdout, kind added,"
        " changed or removed, with the hashes of text and row before and after. Every release leaves a small file in"
        " changes/ for ever, so that the versions in between, and --since itself, may be gone. 2.37 of --since is the"
        " release as first published: what was taken down from it later is told.",
    )
    feed.add_argument(
        "--since", required=True, metavar="VERSION", help="the version you have, 2.37 or 2.37.0"
    )
    feed.add_argument("--until", metavar="VERSION", help="the version to come to (default: latest)")
    in_corpus(feed)
    feed.set_defaults(run=run_changes)


def run_pin(arguments: argparse.Namespace) -> int:
    """corpus pin, corpus unpin"""
    if arguments.command == "pin":
        name = pins.pin(arguments.clean, arguments.version, arguments.owner, arguments.until, arguments.why)
    else:
        name = pins.unpin(arguments.clean, arguments.version, arguments.owner)
    screen.say(f"{name} is {'' if arguments.command == 'pin' else 'no longer '}pinned.")
    return 0


def run_versions(arguments: argparse.Namespace) -> int:
    """corpus versions"""
    rows = []
    found = pins.pins(arguments.clean)
    for manifest in versions.manifests(arguments.clean):
        total = versions.totals(manifest)
        articles = total["articles"]
        digest = hash_of(arguments.clean / manifest.version)
        row = {
            "version": manifest.version,
            "parent": manifest.parent,
            "newest_capture": manifest.created_at.isoformat(),
            "articles": articles,
            "dropped": sum(total.values()) - articles,
            "changes": manifest.changes,
            "held": manifest.held,
            "pinned": any(manifest.version in p.versions and not p.expired for p in found),
            "pins": [asdict(p) for p in found if manifest.version in p.versions],
            "sha256": digest,
        }
        screen.put(row)
        rows.append(
            (
                manifest.version,
                manifest.created_at.strftime("%Y-%m-%d %H:%M"),
                articles,
                row["dropped"],
                digest[:HASH_DIGITS],
                "; ".join(p.words for p in found if manifest.version in p.versions),
            )
        )
    if not rows:
        raise UsageError(f"{arguments.clean}: no version here yet; make one with `corpus refresh`")
    screen.show("Versions", ("version", "newest capture (UTC)", "articles", "dropped", "sha256", ""), rows)
    for each in found:
        if each.expired:
            screen.say(
                f"{each.said}: {each.words}; it no longer holds. `corpus pin` renews it, `corpus unpin` takes it away."
            )
    return 0


def run_diff(arguments: argparse.Namespace) -> int:
    """corpus diff"""
    table = versions.diff(arguments.clean, arguments.old, arguments.new)
    for row in changes.rows(table):
        screen.put(row)
    told = [(*key.split(":"), n) for key, n in changes.summary(table).items()]
    screen.show(f"From {arguments.old} to {arguments.new}", ("kind", "cause", "documents"), told)
    return 0


def run_changes(arguments: argparse.Namespace) -> int:
    """corpus changes"""
    table = read_changes(arguments.clean, since=arguments.since, until=arguments.until)
    for row in changes.rows(table):
        screen.put(row)
    told = [(*key.split(":"), n) for key, n in changes.summary(table).items()]
    if not told:
        screen.say(f"Nothing changed from {arguments.since} to {arguments.until or 'latest'}.")
        return 0
    first, last = table["from_version"][0].as_py(), table["to_version"][0].as_py()
    screen.show(f"From {first} to {last}", ("kind", "cause", "documents"), told)
    return 0
