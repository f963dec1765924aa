"""`corpus look`: a local web page over archive and corpus."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline.cli import screen
from pipeline.cli.options import FOLDERS, Commands, Prose, local, must_exist
from pipeline.errors import UsageError

PORT = 4280
"""Beside Prefect's 4200."""

DESCRIPTION = """\
Serves pages to look at, on this machine: the sources and how they stand, the runs, every version beside the last,
every document beside the page it was made of, search. It reads the folders, writes nothing and keeps nothing; Ctrl-C
ends it. Every page has an address that can be passed on; j and k go through what it lists.

Archived pages are shown without scripts and without network. With --host others can reach it: then --token asks each
of them for a password, once, by the address that is shown."""


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    look = commands.add_parser(
        "look",
        description=DESCRIPTION,
        formatter_class=Prose,
    )
    for name, what in FOLDERS.items():
        look.add_argument(f"--{name}", type=local, default=Path(name), help=what)
    look.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    look.add_argument("--port", type=int, default=PORT, help=f"port (default: {PORT}; 0: a free one)")
    look.add_argument("--token", help="password for those who come from elsewhere; --host asks for one")
    look.add_argument(
        "--export",
        type=local,
        metavar="DIR",
        help="write the pages of one version there as static files, instead of serving them",
    )
    look.add_argument("--version", help="with --export: which version (default: latest)")
    look.add_argument(
        "--with-pages",
        action="store_true",
        help="with --export: the archived pages too, made harmless; unasked no body of a capture leaves the archive",
    )
    look.set_defaults(run=run_look)


def run_look(arguments: argparse.Namespace) -> int:
    """corpus look"""
    from pipeline.folders import Folders
    from pipeline.look.serve import is_loopback, serve

    where = Folders(
        sources=arguments.sources,
        corrections=arguments.corrections,
        raw=arguments.raw,
        clean=arguments.clean,
    )
    must_exist(arguments, "sources", "raw", "clean")
    if arguments.export is not None:
        from pipeline.look.export import export

        with screen.watching() as progress:
            count = export(
                where, arguments.export, arguments.version, progress, with_pages=arguments.with_pages
            )
        screen.say(f"{count} pages are in {arguments.export}; index.html is the first.")
        return 0
    if arguments.with_pages or arguments.version:
        raise UsageError(
            f"{'--with-pages' if arguments.with_pages else '--version'} belongs to --export DIR; the pages that are"
            " served have all versions, and each document beside its page"
        )
    if not is_loopback(arguments.host) and not arguments.token:
        raise UsageError(
            f"--host {arguments.host}: others can reach it; say --token PASSWORD, which they are asked for"
        )
    serve(where, arguments.host, arguments.port, arguments.token, screen.say)
    return 0
