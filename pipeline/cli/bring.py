"""`corpus import`: what others saved, taken into the archive."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from pipeline import runs
from pipeline.cli import screen, undo
from pipeline.cli.options import Commands, folder_options, folders, local, refuse_idle
from pipeline.errors import UsageError
from pipeline.sources import NAME as SOURCE_NAME
from pipeline.web.urls import fetch_form


def add(commands: Commands) -> None:
    """Add this command to the parser."""
    bring = commands.add_parser(
        "import", help="take foreign WARC and WACZ files, HTML and text into the archive"
    )
    folder_options(bring, "sources", "raw", "clean")
    bring.add_argument(
        "paths",
        nargs="*",
        type=local,
        metavar="PATH",
        help="WARC, ARC or WACZ file, multi-WACZ list, HTML, MHTML or text file (.txt, .md), or folder",
    )
    bring.add_argument("--source", help="source name the pages are filed under")
    bring.add_argument("--url-map", type=local, help="TSV of path and URL for HTML and text files")
    bring.add_argument(
        "--base",
        type=address,
        metavar="URL",
        help="address of the folder, as `wget --mirror` saves it; `https://` where its folders are hosts",
    )
    undo.options(bring)
    bring.set_defaults(run=run_import)


def address(text: str) -> str:
    """The value of --base: an http(s) address, or a scheme alone."""
    if text not in ("http://", "https://") and fetch_form(text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no http(s) address, nor https:// alone")
    return text


def run_import(arguments: argparse.Namespace) -> int:
    """corpus import"""
    if undo.asked(arguments):
        refuse_idle(arguments, "beside --undo and --redo", "source", "url_map", "base")
        return undo.run_undo(arguments)
    refuse_idle(arguments, "without --undo", "why")
    if not arguments.paths or arguments.source is None:
        raise UsageError("say what to import, and under which --source")
    if not SOURCE_NAME.fullmatch(arguments.source):
        raise UsageError(
            f"--source {arguments.source!r} must be lower-case letters, digits and single hyphens"
        )
    with screen.watching() as progress:
        report = runs.bring(
            folders(arguments),
            arguments.paths,
            arguments.source,
            arguments.url_map,
            base=arguments.base,
            progress=progress,
        )
    screen.show_import(report)
    if arguments.json:
        screen.put(asdict(report))
    return UsageError.exit_code if all(file.problem for file in report.files) else 0
