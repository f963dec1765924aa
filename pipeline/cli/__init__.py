"""The `corpus` command: the functions of pipeline.runs by hand.

Only the entry stands here, and it imports nothing of weight: Ctrl-C while the rest is loaded (a second on a
small machine) ends the command with one line, as at any later moment.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import FrameType

from pipeline.errors import UsageError

INTERRUPTED = 130
"""Exit code after Ctrl-C or SIGTERM: 128 + SIGINT, as shells say it."""
MORE = "this install can only read; for all commands: pip install 'zh-article-corpus[build]'"
WORDS = "interrupted; what was finished is kept, run again to go on\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    if argv is None:
        sys.meta_path.insert(0, _WithoutPandas())
    heard = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, before in heard.items():
        # an exception inside an import may come out of it as another one: nothing is at stake yet, so just go
        if before is not signal.SIG_IGN:
            signal.signal(number, _go)
    try:
        from pipeline.cli.command import run

        signal.signal(signal.SIGINT, heard[signal.SIGINT])
        signal.signal(signal.SIGTERM, _interrupt)
        return run(argv)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "pipeline":
            raise
        sys.stderr.write(f"corpus: {error}; {MORE}\n")
        return UsageError.exit_code
    except KeyboardInterrupt:
        sys.stderr.write(WORDS)
        return INTERRUPTED


class _WithoutPandas(MetaPathFinder):
    """Says that pandas is not installed.

    Where it is, Arrow asks it of every value whether that is one of its own. No command has such values, and importing
    it takes a quarter of a second.
    """

    def find_spec(self, fullname: str, _path: object, _target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


def _go(_number: int, _frame: FrameType | None) -> None:
    os.write(2, WORDS.encode())
    os._exit(INTERRUPTED)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
