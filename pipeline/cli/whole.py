"""The commands that keep archive and corpus whole: verify, repair."""

from __future__ import annotations

import argparse
import os
import subprocess
from dataclasses import asdict
from pathlib import Path

from pipeline import repairs, upkeep
from pipeline.archive.withdrawn import withdrawn
from pipeline.cli import jobs, screen
from pipeline.corpus.environment import build_environment, environment
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import list_versions, version_folder
from pipeline.errors import RefusedError, UsageError
from pipeline.report import repair_lines
from pipeline.rules import PACKAGE

FILES_SHOWN = 5
"""So many files that came out otherwise are named."""

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
    verify = commands.add_parser(
        "verify",
        help="check the archive and the versions, byte by byte",
        description="Reads every byte and changes nothing. With --rebuild a version is made again from its inputs, in a"
        " folder of its own, with the code and libraries of now: the same bytes, or what differs first and why.",
    )
    jobs.folder_options(verify)
    verify.add_argument("--rebuild", metavar="VERSION", help="make this version again and compare")
    verify.add_argument(
        "--env",
        type=Path,
        metavar="DIR",
        help="with --rebuild: in a virtual environment with the libraries the version was made with, made in DIR",
    )
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
    if arguments.env is not None and arguments.rebuild is None:
        raise UsageError("--env belongs to --rebuild VERSION")
    if arguments.rebuild is not None:
        return _rebuild(arguments)
    where = jobs.folders(arguments)
    problems = upkeep.verify(where, arguments.version)
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


def _rebuild(arguments: argparse.Namespace) -> int:
    """Make a version again; exit code 3 where it comes out otherwise."""
    if arguments.env is not None:
        return _elsewhere(arguments)
    where = jobs.folders(arguments)
    with screen.watching() as progress:
        found = upkeep.verify_rebuild(where, arguments.rebuild, progress=progress)
    if not found.other:
        screen.say(f"{found.version}: made again, its {len(found.same)} files are the same, byte for byte.")
    else:
        screen.say(f"{found.version}: {len(found.same)} files are the same, {len(found.other)} are not:")
        screen.say(
            f"  {', '.join(found.other[:FILES_SHOWN])}{' …' if len(found.other) > FILES_SHOWN else ''}"
        )
        screen.say(f"  first: {found.first}")
        for cause in found.causes or ("nothing that is known changed: a fault of ours, or of this machine",):
            screen.say(f"  because: {cause}")
    if arguments.json:
        screen.put(asdict(found))
    return RefusedError.exit_code if found.other else 0


def _elsewhere(arguments: argparse.Namespace) -> int:
    """The same in an environment with the version's own libraries; the code is that of now."""
    manifest = read_manifest(version_folder(arguments.clean, arguments.rebuild))
    then, now = manifest.environment, environment()
    python = build_environment(arguments.env, then)
    for key in ("python", "commit"):
        if then.get(key) != now.get(key):
            screen.say(
                f"{key} was {then.get(key)}, here it is {now.get(key)}: check that out to have all as it was"
            )
    argv = ["verify", "--rebuild", arguments.rebuild, "--workers", str(arguments.workers)]
    argv += [
        "--raw",
        str(arguments.raw),
        "--clean",
        str(arguments.clean),
        "--sources",
        str(arguments.sources),
    ]
    argv += ["--work", str(arguments.work)] if arguments.work else []
    argv += ["--json"] if arguments.json else []
    code = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    return subprocess.run([str(python), "-m", "pipeline.cli", *argv], check=False, env=code).returncode


def run_repair(arguments: argparse.Namespace) -> int:
    """corpus repair"""
    where = jobs.folders(arguments)
    if arguments.ack is not None:
        noted = repairs.acknowledge(where.job(()), arguments.ack, arguments.what)
        screen.say(f"{noted} loss{'es' * (noted > 1)} noted: {arguments.ack}")
        return 0
    with screen.watching() as progress:
        done = upkeep.repair(where, progress=progress)
    for line in repair_lines(done):
        screen.say(line)
    if arguments.json:
        screen.put(asdict(done))
    return RefusedError.exit_code if done.hopeless or done.stays else 0
