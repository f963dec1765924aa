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
from importlib.metadata import PackageNotFoundError, version

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
    "demo": ("demo", "two refreshes of the sample site, on this machine only"),
    "crawl": ("jobs", "fetch what is due into the archive"),
    "build": ("jobs", "archive → the next version; fetches nothing"),
    "refresh": ("jobs", "crawl, then build: what the schedule runs"),
    "backfill": ("jobs", "bring past days, sources or URLs into the corpus"),
    "rebuild": ("jobs", "build everything anew after a rule change"),
    "import": ("bring", "take foreign WARC and WACZ files, HTML and text into the archive"),
    "read": ("look", "rows of a version, as JSON Lines, text or Markdown"),
    "report": ("look", "what a version holds, by source, week and reason"),
    "explain": ("explain", "where one document came from and why it reads as it does"),
    "look": ("browse", "a local web page: sources, runs, versions, every document beside its page, search"),
    "verify": ("whole", "check the archive and the versions, byte by byte"),
    "repair": ("whole", "put right what is damaged; what cannot be read is set aside and told"),
    "maintain": ("whole", "verify archive and corpus, join half-empty files, let old versions go"),
    "ledger": ("whole", "the crawl's memory"),
    "versions": ("versions", "the versions there are"),
    "pin": ("versions", "keep a version for ever: maintain lets the others go in time"),
    "unpin": ("versions", "let a version go in time again"),
    "diff": ("versions", "what changed between two versions"),
    "rollback": ("versions", "publish an older version again, and hold builds until it is released"),
    "changes": ("versions", "what to add, update and delete since a version, also a collected one"),
    "runs": ("undo", "the crawls and imports of the archive, withdrawn ones too"),
    "export": ("export", "copy a version to a folder, an object store, the Hugging Face hub"),
    "extract": ("stages", "the articles of a page, before and after normalization"),
    "normalize": ("stages", "stdin → stdout in the corpus's form"),
    "dedupe": ("stages", "relations between the texts of a JSON Lines file"),
    "source": ("source", "the source files: list, check, try, add-opml"),
    "status": ("status", "how every source stands: state, since when, last good, what comes next"),
    "held": (
        "held",
        "the sources whose new rows wait: why, since when, which, and what would become of them",
    ),
    "page": ("page", "golden pages, by which extraction is tested"),
    "takedown": ("takedown", "take documents out of the archive and of every version, for ever"),
    "correct": ("correct", "correct one document for good"),
}
"""Command → the module of this room that has it, and its line in the help: that module alone is imported when the
command is asked for, and none for the help, for a start takes what is imported."""

SQLITE_FULL = 13
"""SQLite's result code of a full disk (https://www.sqlite.org/rescode.html#full)."""


def _version() -> str:
    """Ours; of a checkout that is not installed, as in the environment of `verify --env`, it is not known."""
    try:
        return version("zh-article-corpus")
    except PackageNotFoundError:
        return "not installed"


def parser(said: str | None = None) -> argparse.ArgumentParser:
    """The whole command line; where the first word is `said`, what that needs of it: of other commands a line each."""
    top = argparse.ArgumentParser(
        prog="corpus",
        description="From Chinese web pages to a versioned clean corpus.",
        epilog=EPILOG,
        formatter_class=Prose,
    )
    top.add_argument("--version", action="version", version=_version())
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    wanted = [COMMANDS[said][0]] if said in COMMANDS else []
    wanted = list(dict.fromkeys(module for module, _ in COMMANDS.values())) if said is None else wanted
    for name, (module, line) in COMMANDS.items():
        if module not in wanted:
            commands.add_parser(name, help=line)
    for module in wanted:
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
    arguments = parser(line[0] if line else "").parse_args(line)
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
