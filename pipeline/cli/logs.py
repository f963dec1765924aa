"""What the rooms log, shown or written where a person asks for it: `-v`, `-vv`, `--log-file`.

Each room has one logger, `pipeline.<room>`, and none of them speaks by itself. Under Prefect the same loggers go
to the run's log (prefect.toml, `extra_loggers`).
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.cli import screen
from pipeline.cli.options import leaves, local
from pipeline.errors import UsageError
from pipeline.printable import plain

LINE = "%(asctime)s %(levelname)s %(name)s %(message)s"
"""A line of a log file; its times are local, with the offset."""

LEVELS = (logging.CRITICAL, logging.INFO, logging.DEBUG)
"""What is shown without -v, with it, with -vv."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options to every command below a parser."""
    for command in leaves(parser):
        command.add_argument(
            "-v",
            dest="verbose",
            action="count",
            default=0,
            help="say what is done; -vv: every request and file",
        )
        command.add_argument(
            "--log-file", type=local, metavar="FILE", help="write the log there too (appended, with times)"
        )


@contextmanager
def shown(verbose: int, file: Path | None) -> Iterator[None]:
    """The rooms' logs on stderr and in a file while a command runs; UsageError for a file that cannot be written."""
    top = logging.getLogger("pipeline")
    level = LEVELS[min(verbose, len(LEVELS) - 1)]
    handlers: list[logging.Handler] = []
    if verbose:
        from rich.logging import RichHandler

        handlers.append(RichHandler(console=screen.console(), show_path=False, level=level))
        handlers[-1].setFormatter(_Plain("%(message)s"))
    if file is not None:
        handlers.append(_to_file(file, min(level, logging.INFO)))
    before = top.level
    top.setLevel(min((handler.level for handler in handlers), default=logging.CRITICAL))
    for handler in handlers:
        top.addHandler(handler)
    try:
        yield
    finally:
        top.setLevel(before)
        for handler in handlers:
            top.removeHandler(handler)
            handler.close()


def _to_file(file: Path, level: int) -> logging.Handler:
    try:
        handler = logging.FileHandler(file, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--log-file {file}: {error.strerror}") from error
    handler.setLevel(level)
    handler.setFormatter(_Plain(LINE, "%Y-%m-%dT%H:%M:%S%z"))
    return handler


class _Plain(logging.Formatter):
    """A line of the log with control signs written out."""

    def format(self, record: logging.LogRecord) -> str:
        return plain(super().format(record))
