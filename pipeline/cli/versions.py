"""The commands about the versions of a corpus: versions, pin, unpin, diff, changes.

What only one of them needs is imported by it (tests/cli/test_start.py).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli import screen
from pipeline.cli.look import corpus_to_read, in_corpus
from pipeline.cli.options import (
    BUILD,
    FOLDERS,
    Commands,
    day,
    folder_options,
    folders,
    json_option,
    local,
    machine,
    must_exist,
    refuse_idle,
)
from pipeline.corpus.read import HASH_DIGITS, hash_of, list_versions, read_changes
from pipeline.errors import UsageError
from pipeline.records import Manifest

if TYPE_CHECKING:
    import pyarrow as pa

    from pipeline.corpus import pins

SHOWN = 20
"""So many changed documents are listed for a person; --json gives all."""

MEANS = {
    "newest capture (UTC)": "time of the newest page in it",
    "dropped": "rows that are not published, each with its reason (`corpus report --version …`)",
    "sha256": "of its list of sums: what `read(version=…)` takes",
}
"""What the columns of the versions mean."""


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    listing = commands.add_parser("versions")
    in_corpus(listing)
    listing.set_defaults(run=run_versions)

    for word in ("pin", "unpin"):
        command = commands.add_parser(word)
        command.add_argument("version", metavar="VERSION", help="2.37.0, or 2.37 for its newest revision")
        command.add_argument("--owner", help="whose pin it is: a name or an address, one word")
        if word == "pin":
            command.add_argument(
                "--until",
                type=day,
                metavar="DAY",
                help="its last day, of the corpus's own time: 2027-03-01",
            )
            command.add_argument("--why", help="a few words for whoever wonders later")
        command.add_argument("--clean", type=local, default=Path("clean"), help=FOLDERS["clean"])
        command.set_defaults(run=run_pin)

    diff = commands.add_parser("diff")
    diff.add_argument("old", metavar="A", help="the older version, 2.36")
    diff.add_argument("new", metavar="B", help="the newer one")
    in_corpus(diff)
    diff.set_defaults(run=run_diff)

    back = commands.add_parser(
        "rollback",
        description="Publishes a new release equal to an older version, with --why in its manifest and card; latest"
        " goes on to it. Until --release refresh and build publish nothing (crawls go on), or they would bring back"
        " what was wrong. Meanwhile: `corpus crawl|import --undo RUN`, mend the rules, and see with `corpus rebuild"
        " --preview` what a build would publish. After --release the next build goes on from the rollback.",
    )
    folder_options(back, *(name for name in BUILD if name not in ("corrections", "workers", "dask")))
    back.add_argument(
        "version", nargs="?", metavar="VERSION", help="the version to bring back, 2.36 or 2.36.0"
    )
    back.add_argument("--why", help="the reason, for who reads the corpus")
    back.add_argument("--release", action="store_true", help="let builds publish again")
    back.set_defaults(run=run_rollback)

    feed = commands.add_parser(
        "changes",
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
    json_option(feed)
    feed.set_defaults(run=run_changes)


def run_pin(arguments: argparse.Namespace) -> int:
    """corpus pin, corpus unpin"""
    from pipeline.corpus import pins

    if arguments.command == "pin":
        name = pins.pin(arguments.clean, arguments.version, arguments.owner, arguments.until, arguments.why)
    else:
        name = pins.unpin(arguments.clean, arguments.version, arguments.owner)
    screen.say(f"{name} is {'' if arguments.command == 'pin' else 'no longer '}pinned.")
    return 0


def run_versions(arguments: argparse.Namespace) -> int:
    """corpus versions"""
    from pipeline.corpus import pins
    from pipeline.corpus.holds import hold_words, on_hold
    from pipeline.corpus.publish import read_manifest, totals

    must_exist(arguments, "clean")
    rows = []
    found = pins.pins(arguments.clean)
    for version in list_versions(arguments.clean):
        manifest = read_manifest(arguments.clean / version)
        total = totals(manifest)
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
        if machine(arguments):
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
    columns = ("version", "newest capture (UTC)", "articles", "dropped", "sha256", "")
    screen.show("Versions", columns, rows, means=MEANS, spare=("dropped", "sha256"))
    held = on_hold(arguments.clean)
    if held is not None:
        screen.say(f"Nothing is published: {hold_words(held)}.")
    for each in found:
        if each.expired:
            screen.say(
                f"{each.said}: {each.words}; it no longer holds. `corpus pin` renews it, `corpus unpin` takes it away.",
                hang=2,
            )
    return 0


def _said(manifest: Manifest, found: Sequence[pins.Pin]) -> list[str]:
    """What else there is to say of a version."""
    back = [f"back to {manifest.equal_to}: {manifest.why}"] if manifest.equal_to else []
    return back + [p.words for p in found if manifest.version in p.versions]


def run_diff(arguments: argparse.Namespace) -> int:
    """corpus diff"""
    from pipeline.corpus import versions

    must_exist(arguments, "clean")
    table = versions.diff(arguments.clean, arguments.old, arguments.new)
    if not table.num_rows:
        screen.say(f"Nothing changed from {arguments.old} to {arguments.new}.")
    _tell(arguments, table, arguments.old, arguments.new)
    return 0


def run_rollback(arguments: argparse.Namespace) -> int:
    """corpus rollback"""
    from pipeline import runs

    where = folders(arguments)
    if arguments.release == (arguments.version is not None):
        raise UsageError("say either the version to bring back, with --why, or --release")
    if arguments.release:
        refuse_idle(arguments, "beside --release", "why")
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
    must_exist(arguments, "clean")
    table = read_changes(arguments.clean, since=arguments.since, until=arguments.until)
    if not table.num_rows:
        screen.say(f"Nothing changed from {arguments.since} to {arguments.until or 'latest'}.")
        return 0
    _tell(arguments, table, table["from_version"][0].as_py(), table["to_version"][0].as_py())
    return 0


def _tell(arguments: argparse.Namespace, table: pa.Table, old: str, new: str) -> None:
    """Changes: an object a document for a program; for a person their sums, and the first of them."""
    from pipeline.corpus import feed

    told = [(*key.split(":"), n) for key, n in feed.summary(table).items()]
    if told:
        screen.show(f"From {old} to {new}", ("kind", "cause", "documents"), told, means=feed.MEANS)
    if machine(arguments):
        for row in feed.rows(table):
            screen.put(row)
        return
    shown = [(row["kind"], row["title"] or row["id"], row["id"]) for row in islice(feed.rows(table), SHOWN)]
    if shown:
        screen.show("The documents", ("kind", "title", "id"), shown, spare=("id",))
    if table.num_rows > SHOWN:
        screen.say(f"and {table.num_rows - SHOWN} more; --json gives all")
