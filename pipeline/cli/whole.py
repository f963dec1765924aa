"""The commands that keep archive and corpus whole: verify, repair, maintain, ledger."""

from __future__ import annotations

import argparse
import os
import subprocess
from dataclasses import asdict
from pathlib import Path

from pipeline.cli import screen
from pipeline.cli.options import (
    BUILD,
    FOLDERS,
    Commands,
    Prose,
    folder_options,
    folders,
    local,
    must_exist,
    refuse_idle,
)
from pipeline.errors import RefusedError, UsageError

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


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    verify = commands.add_parser(
        "verify",
        description="Reads every byte and changes nothing. With --rebuild a version is made again from its inputs, in a"
        " folder of its own, with the code and libraries of now: the same bytes, or what differs first and why.",
    )
    folder_options(verify, "sources", "corrections", "raw", "clean", "work")
    verify.add_argument("--rebuild", metavar="VERSION", help="make this version again and compare")
    verify.add_argument(
        "--env",
        type=local,
        metavar="DIR",
        help="with --rebuild: in a virtual environment with the libraries the version was made with, made in DIR",
    )
    verify.add_argument("--version", help="only this version (default: all there are)")
    verify.add_argument("--workers", type=int, help="with --rebuild: processes for cleaning (default: 2)")
    verify.set_defaults(run=run_verify)

    repair = commands.add_parser(
        "repair",
        description=REPAIR,
        formatter_class=Prose,
    )
    folder_options(repair, *BUILD)
    repair.add_argument("--ack", metavar="WHY", help="only note that a loss is known, and why it may be")
    repair.add_argument("what", nargs="?", metavar="FILE|VERSION", help="with --ack: of which (default: all)")
    repair.set_defaults(run=run_repair)

    maintain = commands.add_parser("maintain")
    folder_options(maintain, *BUILD)
    maintain.add_argument("--verify-only", action="store_true", help="change nothing")
    maintain.set_defaults(run=run_maintain)

    book = commands.add_parser("ledger")
    what = book.add_subparsers(dest="what", metavar="WHAT", required=True)
    anew = what.add_parser("rebuild", help="make it anew from the archive")
    anew.add_argument("--raw", type=local, default=Path("raw"), help=FOLDERS["raw"])
    anew.set_defaults(run=run_ledger_rebuild)


def run_verify(arguments: argparse.Namespace) -> int:
    """corpus verify"""
    from pipeline import repairs, upkeep
    from pipeline.archive.withdrawn import withdrawn
    from pipeline.corpus.read import list_versions, version_folder

    must_exist(arguments, "raw", "clean")
    if arguments.rebuild is not None:
        refuse_idle(arguments, "beside --rebuild VERSION", "version")
        return _rebuild(arguments)
    refuse_idle(arguments, "without --rebuild VERSION", "env", "workers", "work", "corrections")
    have = list_versions(arguments.clean)
    if arguments.clean != Path("clean") and not have:
        raise UsageError(f"{arguments.clean}: no version of the corpus here")
    problems = upkeep.verify(folders(arguments), arguments.version)
    losses = repairs.open_losses(arguments.raw, arguments.clean)
    if have and arguments.version is not None:
        have = [version_folder(arguments.clean, arguments.version).name]
    if arguments.json:
        screen.put({"problems": problems, "losses": losses, "versions": have})
    if problems:
        raise RefusedError(
            "\n".join([*problems, "`corpus repair` puts right what can be, and keeps the rest"])
        )
    checked = [f"archive {arguments.raw}"] if arguments.raw.is_dir() else []
    if have:
        checked.append(f"version{'s' * (len(have) > 1)} {', '.join(have)}")
    for run, why in withdrawn(arguments.raw).items():
        screen.say(f"Withdrawn, in the archive and in no new version: {run} ({why})")
    screen.say(f"Whole: {' and '.join(checked)}; every sum, row and count agrees.")
    for told in losses:
        screen.say(f"Lost, and not acknowledged with `corpus repair --ack`: {told}")
    return 0


def _rebuild(arguments: argparse.Namespace) -> int:
    """Make a version again; exit code 3 where it comes out otherwise."""
    if arguments.env is not None:
        return _elsewhere(arguments)
    from pipeline import upkeep

    where = folders(arguments)
    with screen.watching() as progress:
        found = upkeep.verify_rebuild(where, arguments.rebuild, progress=progress)
    if not found.other:
        screen.say(f"{found.version}: made again, its {len(found.same)} files are the same, byte for byte.")
    else:
        screen.say(f"{found.version}: {len(found.same)} files are the same, {len(found.other)} are not:")
        screen.say(
            f"  {', '.join(found.other[:FILES_SHOWN])}{' and more' if len(found.other) > FILES_SHOWN else ''}"
        )
        screen.say(f"  first: {found.first}")
        for cause in found.causes or ("nothing that is known changed: a fault of ours, or of this machine",):
            screen.say(f"  because: {cause}")
    if arguments.json:
        screen.put(asdict(found))
    return RefusedError.exit_code if found.other else 0


def _elsewhere(arguments: argparse.Namespace) -> int:
    """The same in an environment with the version's own libraries; the code is that of now."""
    from pipeline.corpus.environment import build_environment, environment, environment_of
    from pipeline.corpus.read import version_folder
    from pipeline.rules import PACKAGE

    then, now = environment_of(version_folder(arguments.clean, arguments.rebuild)), environment()
    python = build_environment(arguments.env, then)
    for key in ("python", "commit"):
        if then.get(key) != now.get(key):
            screen.say(
                f"{key} was {then.get(key)}, here it is {now.get(key)}: check that out to have all as it was"
            )
    argv = [
        "verify",
        "--rebuild",
        arguments.rebuild,
        *(["--workers", str(arguments.workers)] if arguments.workers else []),
    ]
    for name in ("raw", "clean", "sources", "corrections"):
        argv += [f"--{name}", str(getattr(arguments, name))]
    argv += ["--work", str(arguments.work)] if arguments.work else []
    argv += ["--json"] if arguments.json else []
    code = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    return subprocess.run([str(python), "-m", "pipeline.cli", *argv], check=False, env=code).returncode


def run_repair(arguments: argparse.Namespace) -> int:
    """corpus repair"""
    from pipeline import repairs, upkeep
    from pipeline.report import repair_lines

    must_exist(arguments, "raw", "clean")
    where = folders(arguments)
    if arguments.ack is None:
        refuse_idle(arguments, "without --ack", "what")
    else:
        noted = repairs.acknowledge(where.job(()), arguments.ack, arguments.what)
        screen.say(f"{noted} loss{'es' * (noted > 1)} noted: {arguments.ack}")
        return 0
    with screen.watching() as progress:
        done = upkeep.repair(where, progress=progress)
    for line in repair_lines(done):
        screen.say(line, hang=2)
    if arguments.json:
        screen.put(asdict(done))
    return RefusedError.exit_code if done.hopeless or done.stays else 0


def run_maintain(arguments: argparse.Namespace) -> int:
    """corpus maintain"""
    from pipeline import upkeep
    from pipeline.report import maintenance_words

    must_exist(arguments, "raw", "clean")
    with screen.watching() as progress:
        done = upkeep.maintain(folders(arguments), verify_only=arguments.verify_only, progress=progress)
    if done.kept:
        screen.show("Versions kept", ("version", "why"), list(done.kept.items()))
    screen.say(maintenance_words(done))
    if arguments.json:
        screen.put(asdict(done))
    return 0


def run_ledger_rebuild(arguments: argparse.Namespace) -> int:
    """corpus ledger rebuild"""
    from pipeline.crawl import ledger

    if not arguments.raw.is_dir():
        raise UsageError(f"{arguments.raw}: no archive here to make a ledger from")
    files = ledger.rebuild(arguments.raw)
    screen.say(f"{arguments.raw / 'ledger.sqlite'}: made anew from {files} archive files")
    return 0
