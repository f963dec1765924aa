"""The command that copies versions to where others read them: export."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from pipeline.cli import screen
from pipeline.cli.options import Commands, Prose, folder_options, refuse_idle
from pipeline.corpus.export import export
from pipeline.records import PERSONAL

ABOUT = """\
Copies a version to a folder or an object store, laid out as clean/ is: what reads clean/ reads it there, and
`corpus read --clean URL` does. What is there already with the same bytes is not sent again, so that a killed export
goes on where it ended; a reader sees a version whole or not at all.

  corpus export --to /mnt/share/zh                 a folder
  corpus export --to s3://bucket/zh                an S3; credentials and address as its tools expect them: AWS_…
  corpus export --to s3://bucket/zh --sync         and let go there what is gone here
  corpus export --to hf://datasets/name/zh         a dataset repository of the Hugging Face hub, which is there already:
                                                   the version at its root, one commit, a tag of its name; HF_TOKEN

  corpus export --to DIR --mask phone,id-card      personal data becomes █ in every column: id-card, bank-card, phone,
                                                   email, each only where its check digit or number plan proves it

A masked copy has the same rows, with hashes of the masked texts; the index of copies and the changes stay behind, since
their hashes would tell what was masked. Masked and other versions never stand in one place. What was masked is kept in
the work folder, so that the next export masks what is new.

When something was taken down, the version has a new revision: it replaces the earlier one there. --sync does so for
every version there (on the hub: takes the tags of the replaced ones away, and their files for good). hf:// was tried
with the hub's own client against a stand-in of ours, without its Xet transfer; never against the hub itself.
Where versions went stands in clean/exports.tsv, so that a takedown knows.
"""


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "export",
        description=ABOUT,
        formatter_class=Prose,
    )
    command.add_argument(
        "--to",
        required=True,
        metavar="DIR|URL",
        help="where to: a folder, s3://BUCKET/PREFIX, hf://datasets/…",
    )
    command.add_argument("--version", help="2.37.0, 2.37 (its newest revision) or latest (default)")
    command.add_argument(
        "--sync",
        action="store_true",
        help="also renew every version there that has a new revision, and delete there what this corpus no longer has",
    )
    command.add_argument(
        "--mask", type=kinds, default=(), metavar="KIND,…", help=f"mask personal data: {', '.join(PERSONAL)}"
    )
    folder_options(command, "clean", "work")
    command.set_defaults(run=run_export)


def kinds(text: str) -> tuple[str, ...]:
    """Kinds of personal data as written on the command line, with commas."""
    said = tuple(dict.fromkeys(text.split(",")))
    if wrong := [kind for kind in said if kind not in PERSONAL]:
        raise argparse.ArgumentTypeError(f"{wrong[0]!r} is none of {', '.join(PERSONAL)}")
    return said


def run_export(arguments: argparse.Namespace) -> int:
    """corpus export"""
    if not arguments.mask:
        refuse_idle(arguments, "without --mask", "work")
    with screen.watching() as progress:
        done = export(
            arguments.clean,
            arguments.to,
            arguments.version,
            mirror=arguments.sync,
            mask=arguments.mask,
            work=arguments.work,
            progress=progress,
        )
    rows = [(v.version, v.sent, f"{v.bytes / 1e6:.1f}", v.copied, v.there) for v in done.versions]
    screen.show(
        f"Exported to {done.to}", ("version", "files sent", "MB", "copied there", "there already"), rows
    )
    for each in done.versions:
        if each.masked:
            found = ", ".join(f"{kind} {count}" for kind, count in each.masked.items())
            screen.say(f"Masked in {each.version}: {found}.")
    if done.removed:
        screen.say(f"Removed there: {', '.join(done.removed)}.")
    if done.unknown:
        screen.say(
            f"Also there, and no longer in this corpus: {', '.join(done.unknown)}. No takedown reaches them; --sync"
            " removes them."
        )
    if not done.noted:
        screen.say(
            f"{arguments.clean}: exports.tsv cannot be written: a takedown will not know of this export."
        )
    if arguments.json:
        screen.put(asdict(done))
    return 0
