"""The command line as a whole: its parser, one command run, and what its errors are as exit codes.

Machine output is JSON Lines on stdout, words and progress on stderr. Exit codes: 0 done, 1 failed, 2 usage,
3 refused (a check of the version or a source failed), 4 busy (another writer), 5 no space, 6 offline, 130 interrupted.
"""

from __future__ import annotations

import argparse
import errno
import io
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

from pipeline.cli import logs
from pipeline.cli.options import Prose, leaves
from pipeline.cli.screen import put, say
from pipeline.errors import CorpusError, NoSpaceError

EPILOG = """\
The usual round:
  corpus source check            are the source files right?
  corpus refresh                 fetch what is due, build, publish
  corpus read | head             the published articles as JSON Lines
  corpus explain URL             why one page reads as it does, or why it is not there

exit codes: 0 done, 1 failed, 2 usage, 3 refused, 4 busy, 5 no space, 6 offline, 130 interrupted
"""


COMMANDS = {
    "demo": "demo",
    **dict.fromkeys(("crawl", "build", "refresh", "backfill", "rebuild"), "jobs"),
    "import": "bring",
    **dict.fromkeys(("read", "report"), "look"),
    "explain": "explain",
    "look": "browse",
    **dict.fromkeys(("verify", "repair", "maintain", "ledger"), "whole"),
    **dict.fromkeys(("versions", "pin", "unpin", "diff", "rollback", "changes"), "versions"),
    "runs": "undo",
    "export": "export",
    **dict.fromkeys(("extract", "normalize", "dedupe"), "stages"),
    "source": "source",
    "status": "status",
    "held": "held",
    "page": "page",
    "takedown": "takedown",
    "correct": "correct",
}
"""Command → the module of this room that has it: only that one is imported, for a start takes what is imported."""

VERSION = "--version"

SQLITE_FULL = 13
"""SQLite's result code of a full disk (https://www.sqlite.org/rescode.html#full)."""


def parser(said: str | None = None) -> argparse.ArgumentParser:
    """The whole command line, or what the first word said needs of it."""
    top = argparse.ArgumentParser(
        prog="corpus",
        description="From Chinese web pages to a versioned clean corpus.",
        epilog=EPILOG,
        formatter_class=Prose,
    )
    top.add_argument(VERSION, action="version", version=version("zh-article-corpus"))
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    if said == VERSION:
        return top
    for module in [COMMANDS[said]] if said in COMMANDS else dict.fromkeys(COMMANDS.values()):
        import_module(f"pipeline.cli.{module}").add(commands)
    logs.add(top)
    for command in leaves(top):
        command.set_defaults(parser=command)  # so that it can be told what was given from what was not
    return top


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. KeyboardInterrupt goes through to the entry."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # JSON is UTF-8 whatever the locale says
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    line = sys.argv[1:] if argv is None else argv
    arguments = parser(line[0] if line else None).parse_args(line)
    try:
        with logs.shown(arguments.verbose, arguments.log_file):
            return int(arguments.run(arguments) or 0)
    except CorpusError as error:
        say(f"corpus {arguments.command}: {error}")
        if getattr(arguments, "json", False):
            put(
                {
                    "error": type(error).__name__.removesuffix("Error").lower(),
                    "exit_code": error.exit_code,
                    "message": str(error),
                    **getattr(error, "details", {}),
                }
            )
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except _raised("pyarrow", "ArrowException") + _raised("duckdb", "Error") as error:
        told = str(error).partition("\n")[0]
        say(f"corpus {arguments.command}: a file cannot be read; `corpus verify` names it: {told}")
        return CorpusError.exit_code
    except _raised("sqlite3", "Error") as error:
        if getattr(error, "sqlite_errorcode", 0) == SQLITE_FULL:
            return _full(arguments.command, "the crawl's memory")
        say(f"corpus {arguments.command}: the crawl's memory: {error}; `corpus ledger rebuild` makes it anew")
        return CorpusError.exit_code
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return _full(arguments.command, str(error.filename or error.strerror))
        say(f"corpus {arguments.command}: {error}")
        return CorpusError.exit_code


def _full(command: str, where: str) -> int:
    say(
        f"corpus {command}: {where}: the disk is full; free some space and run again, what was finished is kept"
    )
    return NoSpaceError.exit_code


def _raised(module: str, name: str) -> tuple[type[Exception], ...]:
    """An exception of a library, where that is loaded; what is not loaded has raised nothing."""
    return (getattr(sys.modules[module], name),) if module in sys.modules else ()
