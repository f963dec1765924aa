"""The command line as a whole: its parser, one command run, and what its errors are as exit codes.

Machine output is JSON Lines on stdout, words and progress on stderr. Exit codes: 0 done, 1 failed, 2 usage,
3 refused (a check of the version or a source failed), 4 busy (another writer), 5 no space, 130 interrupted.
"""

from __future__ import annotations

import argparse
import errno
import io
import sqlite3
import sys
from collections.abc import Sequence

import duckdb
import pyarrow as pa

from pipeline.cli import (
    correct,
    demo,
    export,
    jobs,
    logs,
    look,
    page,
    source,
    stages,
    status,
    undo,
    versions,
    whole,
)
from pipeline.cli.screen import say
from pipeline.errors import CorpusError, NoSpaceError

EPILOG = """\
The usual round:
  corpus source check            are the source files right?
  corpus refresh                 fetch what is due, build, publish
  corpus read | head             the published articles as JSON Lines
  corpus explain URL             why one page reads as it does, or why it is not there

exit codes: 0 done, 1 failed, 2 usage, 3 refused, 4 busy, 5 no space, 130 interrupted
"""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="corpus",
        description="From Chinese web pages to a versioned clean corpus.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    demo.add(commands)
    jobs.add(commands)
    status.add(commands)
    look.add(commands)
    whole.add(commands)
    versions.add(commands)
    undo.add(commands)
    export.add(commands)
    source.add(commands)
    stages.add(commands)
    page.add(commands)
    correct.add(commands)
    logs.add(top)
    return top


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. KeyboardInterrupt goes through to the entry."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # JSON is UTF-8 whatever the locale says
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    arguments = parser().parse_args(argv)
    try:
        with logs.shown(arguments.verbose, arguments.log_file):
            return int(arguments.run(arguments) or 0)
    except CorpusError as error:
        say(f"corpus {arguments.command}: {error}")
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except (pa.ArrowException, duckdb.Error) as error:
        told = str(error).partition("\n")[0]
        say(f"corpus {arguments.command}: a file cannot be read; `corpus verify` names it: {told}")
        return CorpusError.exit_code
    except sqlite3.Error as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
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
