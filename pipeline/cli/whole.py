"""The commands that keep archive and corpus whole: verify, repair."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from pipeline import repairs, runs
from pipeline.archive.withdrawn import withdrawn
from pipeline.cli import jobs, screen
from pipeline.corpus.read import list_versions, version_folder
from pipeline.errors import RefusedError
from pipeline.report import repair_lines
from pipeline.runs import Folders

REPAIR = """\
Puts right what is damaged, and says what it did:
  archive files  every record that reads is kept; one that does not is set aside in quarantine/, and its capture
                 stands in the archive and in dropped as damaged. Lost checksums, CDXJ and index are made anew.
  the ledger     made anew from the archive
  versions       a file is taken from another version that has the same, or made again from its inputs, byte for
                 byte; what neither gives stays as it is and is named. If the newest version stays damaged, the
                 next one is made from the archive.
The next build goes on with the rest. What was lost is told by verify, report and maintain until you note that it
is known:  corpus repair --ack "the page is gone, nothing to be done" [FILE|VERSION]
"""


def add(commands: jobs.Commands) -> None:
    """Add these commands to the parser."""
    verify = commands.add_parser("verify", help="check the archive and the versions, byte by byte")
    verify.add_argument("--raw", type=Path, default=Path("raw"), help="the archive (default: raw)")
    verify.add_argument("--clean", type=Path, default=Path("clean"), help="the corpus (default: clean)")
    verify.add_argument("--version", help="only this version (default: all there are)")
    verify.set_defaults(run=run_verify)

    repair = commands.add_parser(
        "repair",
        help="put right what is damaged; what cannot be read is set aside and told",
        description=REPAIR,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    jobs.folder_options(repair)
    repair.add_argument("--ack", metavar="WHY", help="only note that a loss is known, and why it may be")
    repair.add_argument("what", nargs="?", metavar="FILE|VERSION", help="with --ack: of which (default: all)")
    repair.set_defaults(run=run_repair)


def run_verify(arguments: argparse.Namespace) -> int:
    """corpus verify"""
    where = Folders(raw=arguments.raw, clean=arguments.clean)
    problems = runs.verify(where, arguments.version)
    if problems:
        raise RefusedError(
            "\n".join([*problems, "`corpus repair` puts right what can be, and keeps the rest"])
        )
    checked = [f"archive {arguments.raw}"] if arguments.raw.is_dir() else []
    have = list_versions(arguments.clean)
    if have and arguments.version is not None:
        have = [version_folder(arguments.clean, arguments.version).name]
    if have:
        checked.append(f"version{'s' * (len(have) > 1)} {', '.join(have)}")
    for run, why in withdrawn(arguments.raw).items():
        screen.say(f"Withdrawn, in the archive and in no new version: {run} ({why})")
    screen.say(f"Whole: {' and '.join(checked)}; every sum, row and count agrees.")
    for told in repairs.open_losses(arguments.raw, arguments.clean):
        screen.say(f"Lost, and not acknowledged with `corpus repair --ack`: {told}")
    return 0


def run_repair(arguments: argparse.Namespace) -> int:
    """corpus repair"""
    where = jobs.folders(arguments)
    if arguments.ack is not None:
        noted = repairs.acknowledge(where.job(()), arguments.ack, arguments.what)
        screen.say(f"{noted} loss{'es' * (noted > 1)} noted: {arguments.ack}")
        return 0
    with screen.watching() as progress:
        done = runs.repair(where, progress=progress)
    for line in repair_lines(done):
        screen.say(line)
    if arguments.json:
        screen.put(asdict(done))
    return RefusedError.exit_code if done.hopeless or done.stays else 0
