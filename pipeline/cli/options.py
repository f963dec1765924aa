"""Options that more than one command has: folders, days, JSON; and the refusal of what a command would ignore."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.cli.table import wrapped
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.folders import Folders

Commands = Any
"""argparse's sub-parser collection, whose type is private."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")
"""How an address begins; a path with such a folder in it is written ./s3:/…"""

FOLDERS = {
    "sources": "source files (default: sources)",
    "corrections": "corrected documents (default: corrections, if there)",
    "raw": "the archive (default: raw)",
    "clean": "the corpus (default: clean)",
}
"""Folders with a default of their own name."""

_GAP = re.compile(r"[^ ] {2,}")
"""What parts the two columns of an indented line."""

POSITIONAL = ("what", "document", "name", "names")
"""Arguments that some commands take without the name of an option."""

BUILD = ("sources", "corrections", "raw", "clean", "work", "workers", "dask")
"""Options of what builds."""
WHOLE = (*BUILD, "user_agent")
"""Options of what fetches and builds."""


class Prose(argparse.HelpFormatter):
    """Help whose paragraphs are filled to the terminal's width, and whose indented lines stay lines."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines: list[str] = []
        prose: list[str] = []
        for line in [*text.split("\n"), ""]:
            if line and not line.startswith(" "):
                prose.append(line)
                continue
            lines += wrapped(" ".join(prose), width) if prose else []
            prose = []
            gap = _GAP.search(line)
            lines += wrapped(indent + line, width, gap.end() if gap else 0)
        return "\n".join(lines).rstrip()


def local(text: str) -> Path:
    """A path on this machine; an address is refused, where it would become a folder of that name."""
    if _SCHEME.match(text):
        raise argparse.ArgumentTypeError(
            f"{text} is an address, and this works on folders of this machine;"
            " `corpus read --clean URL` reads a corpus elsewhere, `corpus export --to URL` brings one there"
        )
    return Path(text)


def day(text: str) -> date:
    """A day as written on the command line, YYYY-MM-DD."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day like 2026-11-01") from None


def folder_options(command: argparse.ArgumentParser, *names: str) -> None:
    """Give a command the options of WHOLE (or those named) that say which folders it works on, and how; and --json."""
    for name in names or WHOLE:
        if name in FOLDERS:
            command.add_argument(f"--{name}", type=local, default=Path(name), help=FOLDERS[name])
        elif name == "work":
            command.add_argument(
                "--work", type=local, help="shards and staging of one corpus (default: .build/NAME beside it)"
            )
        elif name == "workers":
            command.add_argument("--workers", type=int, default=2, help="processes for cleaning (default: 2)")
        elif name == "dask":
            command.add_argument(
                "--dask",
                metavar="tcp://…",
                help="clean on a Dask cluster instead, whether or not its workers see these folders",
            )
        elif name == "user_agent":
            user_agent(command)
    json_option(command)


def user_agent(command: argparse.ArgumentParser) -> None:
    """Give a command that fetches the option that says who asks."""
    command.add_argument(
        "--user-agent",
        help="name/version (+URL; mail) that sites see (default: that of crawler.toml beside the sources)",
    )


def json_option(command: argparse.ArgumentParser) -> None:
    """Give a command the option for machine output on a terminal."""
    command.add_argument(
        "--json", action="store_true", help="JSON on stdout; where that is no terminal most do so unasked"
    )


def folders(arguments: argparse.Namespace) -> Folders:
    """The folders a command works on, as far as it has an option for them."""
    from pipeline.folders import Folders

    given = {name: getattr(arguments, name, None) for name in WHOLE}
    return Folders(**{name: value for name, value in given.items() if value is not None})


def machine(arguments: argparse.Namespace) -> bool:
    """Whether JSON goes to stdout: it is asked for, or a program reads there and no person."""
    return bool(arguments.json) or not sys.stdout.isatty()


def leaves(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Every command below a parser that runs something."""
    for action in parser._actions:  # noqa: SLF001  argparse has no other way to walk its commands
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for command in action.choices.values():
                yield from leaves(command)
            return
    yield parser


def refuse_idle(arguments: argparse.Namespace, when: str, *names: str) -> None:
    """UsageError for the first of some options that was given and would do nothing `when` (in words)."""
    for name in names:
        given = getattr(arguments, name)
        if given if name in POSITIONAL else given != arguments.parser.get_default(name):
            words = given if isinstance(given, list) else [given]
            said = " ".join(words) if name in POSITIONAL else f"--{name.replace('_', '-')}"
            raise UsageError(f"{said} does nothing {when}")


def must_exist(arguments: argparse.Namespace, *names: str) -> None:
    """UsageError for a folder that was named and is not there, with the nearest name beside it."""
    for name in names:
        path = Path(getattr(arguments, name))
        if path != Path(name) and not _SCHEME.match(str(path)) and not path.exists():
            beside = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
            near = difflib.get_close_matches(path.name, beside, 1, 0.5)
            hint = f"; did you mean {path.parent / near[0]}?" if near else ""
            raise UsageError(f"{path}: no such folder{hint}")
