"""`corpus import`: what others saved, taken into the archive."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from pipeline import runs
from pipeline.cli import screen, undo
from pipeline.cli.options import Commands, folder_options, folders, local, refuse_idle
from pipeline.errors import UsageError
from pipeline.sources import NAME as SOURCE_NAME


def add(commands: Commands) -> None:
    """Add this command to the parser."""
    bring = commands.add_parser("import", help="take foreign WARC files, HTML and text into the archive")
    folder_options(bring, "sources", "raw", "clean")
    bring.add_argument(
        "paths",
        nargs="*",
        type=local,
        metavar="PATH",
        help="WARC/ARC file, HTML file, text (.txt, .md) or folder",
    )
    bring.add_argument("--source", help="source name the pages are filed under")
    bring.add_argument("--url-map", type=local, help="TSV of path and URL for HTML and text files")
    undo.options(bring)
    bring.set_defaults(run=run_import)


def run_import(arguments: argparse.Namespace) -> int:
    """corpus import"""
    if undo.asked(arguments):
        refuse_idle(arguments, "beside --undo and --redo", "source", "url_map")
        return undo.run_undo(arguments)
    refuse_idle(arguments, "without --undo", "why")
    if not arguments.paths or arguments.source is None:
        raise UsageError("say what to import, and under which --source")
    if not SOURCE_NAME.fullmatch(arguments.source):
        raise UsageError(
            f"--source {arguments.source!r} must be lower-case letters, digits and single hyphens"
        )
    report = runs.bring(folders(arguments), arguments.paths, arguments.source, arguments.url_map)
    screen.show_import(report)
    if arguments.json:
        screen.put(asdict(report))
    return UsageError.exit_code if all(file.problem for file in report.files) else 0
