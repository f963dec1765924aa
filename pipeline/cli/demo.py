"""`corpus demo`: two refreshes of the sample site, on this machine only."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from pipeline import runs
from pipeline.cli import screen
from pipeline.cli.browse import PORT
from pipeline.cli.options import Commands, local
from pipeline.corpus.read import documents
from pipeline.demo.server import SampleSite, write_sources
from pipeline.errors import UsageError
from pipeline.folders import Folders

DEMO_MARK = ".corpus-demo"
"""File that tells a demo's folder from one of the user's."""


def add(commands: Commands) -> None:
    """Add this command to the parser."""
    demo = commands.add_parser("demo")
    demo.add_argument(
        "--into", type=local, default=Path("demo-data"), help="folder to work in (default: demo-data)"
    )
    demo.set_defaults(run=run_demo)


def run_demo(arguments: argparse.Namespace) -> int:
    """corpus demo"""
    folder: Path = arguments.into
    if folder.exists() and any(folder.iterdir()):
        if not (folder / DEMO_MARK).is_file():
            raise UsageError(f"{folder}: is not empty and not a demo's; name another folder with --into")
        shutil.rmtree(folder)
    (folder / "sources").mkdir(parents=True, exist_ok=True)
    (folder / DEMO_MARK).touch()
    where = Folders(sources=folder / "sources", raw=folder / "raw", clean=folder / "clean")
    with SampleSite() as site:
        write_sources(where.sources, site)
        for turn in (1, 2):
            site.turn = turn
            screen.say(f"\nRefresh {turn} of the sample site at {site.base} and {site.mirror}")
            with screen.watching() as progress:
                report = runs.refresh(where, everything=True, progress=progress)
            screen.show_run(report)
    corpus, clean = Path(sys.argv[0]).name, f"--clean {folder / 'clean'}"
    corpus = f".venv/bin/{corpus}" if Path(".venv/bin", corpus).exists() else corpus
    look = f"{clean} --raw {folder / 'raw'} --sources {where.sources}"
    screen.say(
        f"\nThe archive is in {folder / 'raw'}, the corpus in {folder / 'clean'}. Now look at it:\n"
        f"  {corpus} report {clean}\n"
        f"  {corpus} read {clean} | head -1\n"
        f"  {corpus} read {clean} --table dropped | head -1\n"
        f"  {corpus} diff 2.1 2.2 {clean}\n"
        f"  {corpus} explain {_an_address(where)} {clean} --raw {folder / 'raw'}\n\n"
        f"Or in a browser, at http://127.0.0.1:{PORT} while this runs:\n  {corpus} look {look}"
    )
    return 0


def _an_address(where: Folders) -> str:
    """The address of a document worth explaining: the one with the most fixes."""
    found = max(documents(where.clean), key=lambda d: (len(d.fixes), d.url), default=None)
    return found.url if found is not None else "URL"
