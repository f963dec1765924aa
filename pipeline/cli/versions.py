"""The commands about the versions of a corpus: versions, pin, unpin, diff, changes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict

from pipeline import runs
from pipeline.cli import jobs, screen
from pipeline.cli.look import corpus_to_read, in_corpus
from pipeline.corpus import changes, pins, versions
from pipeline.corpus.read import HASH_DIGITS, hash_of, read_changes
from pipeline.corpus.rollback import hold_words, on_hold
from pipeline.errors import UsageError
from pipeline.records import Manifest


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

    back = commands.add_parser(
        "rollback",
        help="publish an older version again, and hold builds until it is released",
        description="Publishes a new release equal to an older version, with --why in its manifest and card; latest"
        " goes on to it. Until --release refresh and build publish nothing (crawls go on), or they would bring back"
        " what was wrong. Meanwhile: `corpus crawl|import --undo RUN`, mend the rules, and see with `corpus rebuild"
        " --preview` what a build would publish. After --release the next build goes on from the rollback.",
    )
    jobs.folder_options(back)
    back.add_argument(
        "version", nargs="?", metavar="VERSION", help="the version to bring back, 2.36 or 2.36.0"
    )
    back.add_argument("--why", help="the reason, for who reads the corpus")
    back.add_argument("--release", action="store_true", help="let builds publish again")
    back.set_defaults(run=run_rollback)

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
    corpus_to_read(feed)
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
            "equal_to": manifest.equal_to,
            "why": manifest.why,
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
                "; ".join(_said(manifest, found)),
            )
        )
    if not rows:
        raise UsageError(f"{arguments.clean}: no version here yet; make one with `corpus refresh`")
    screen.show("Versions", ("version", "newest capture (UTC)", "articles", "dropped", "sha256", ""), rows)
    held = on_hold(arguments.clean)
    if held is not None:
        screen.say(f"Nothing is published: {hold_words(held)}.")
    for each in found:
        if each.expired:
            screen.say(
                f"{each.said}: {each.words}; it no longer holds. `corpus pin` renews it, `corpus unpin` takes it away."
            )
    return 0


def _said(manifest: Manifest, found: Sequence[pins.Pin]) -> list[str]:
    """What else there is to say of a version."""
    back = [f"back to {manifest.equal_to}: {manifest.why}"] if manifest.equal_to else []
    return back + [p.words for p in found if manifest.version in p.versions]


def run_diff(arguments: argparse.Namespace) -> int:
    """corpus diff"""
    table = versions.diff(arguments.clean, arguments.old, arguments.new)
    for row in changes.rows(table):
        screen.put(row)
    told = [(*key.split(":"), n) for key, n in changes.summary(table).items()]
    screen.show(f"From {arguments.old} to {arguments.new}", ("kind", "cause", "documents"), told)
    return 0


def run_rollback(arguments: argparse.Namespace) -> int:
    """corpus rollback"""
    where = jobs.folders(arguments)
    if arguments.release == (arguments.version is not None):
        raise UsageError("say either the version to bring back, with --why, or --release")
    if arguments.release:
        manifest = runs.release(where)
        screen.say(f"Builds publish again; the next one goes on from {manifest.version}.")
    else:
        if not arguments.why:
            raise UsageError("say --why: it stands in the manifest and the card of the release")
        manifest = runs.rollback(where, arguments.version, arguments.why)
        screen.say(
            f"Published {manifest.version}, equal to {manifest.equal_to}. Refresh and build publish nothing now; when"
            " what was wrong is mended: `corpus rebuild --preview`, then `corpus rollback --release`."
        )
    if arguments.json:
        screen.put({"version": manifest.version, "equal_to": manifest.equal_to, "changes": manifest.changes})
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
