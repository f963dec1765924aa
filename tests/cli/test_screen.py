"""What a person sees never steers the terminal."""

from __future__ import annotations

import json
import logging
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli import logs, screen
from pipeline.printable import CONTROL

HOSTILE = "https://x.example/\x1b[31m红\x9b2J\u202e[b]"
SEEN = "https://x.example/\\x1b[31m红\\x9b2J\\u202e[b]"


def test_words_and_tables_show_control_signs(capsys: pytest.CaptureFixture[str]) -> None:
    screen.say(HOSTILE)
    screen.show("t", ("url", "n"), [(HOSTILE, 1)])
    told = capsys.readouterr().err
    assert told.count(SEEN) == 2
    assert "\x1b" not in told


def test_tabs_and_lines_stay() -> None:
    assert screen.plain("甲\t乙\n丙") == "甲\t乙\n丙"


def test_so_does_the_log(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with logs.shown(1, tmp_path / "log"):
        logging.getLogger("pipeline.test").warning("%s", HOSTILE)
    assert SEEN in capsys.readouterr().err.replace("\n", "")
    assert SEEN in (tmp_path / "log").read_text(encoding="utf-8")


EVERY = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]))
"""Every sign that steers a terminal or turns the direction of writing."""


def test_json_is_harmless_behind_any_pipe_and_loses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"title": EVERY + HOSTILE, "text": "甲\u2028乙"}
    screen.put(row)
    told = capsys.readouterr().out
    assert json.loads(told) == row
    assert CONTROL.search(told) is None
    assert told.count("\n") == 1


def on_a_terminal(code: str, *arguments: str, said: str = "") -> str:
    """What a command leaves on a terminal that is its stdout."""
    master, slave = pty.openpty()
    line = [sys.executable, "-c", code, *arguments]
    try:
        subprocess.run(
            line, input=said.encode(), stdout=slave, stderr=subprocess.PIPE, check=True, timeout=60
        )
        return os.read(master, 65_536).decode("utf-8")
    finally:
        os.close(slave)
        os.close(master)


ARTICLE = "from pipeline.cli import screen; import sys; screen.put_text(sys.argv[1], 0, sys.argv[2], sys.argv[2], ())"
COMMAND = "import sys; from pipeline.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_an_article_does_not_steer_the_terminal_it_is_read_on(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = on_a_terminal(ARTICLE, form, HOSTILE)
    assert told.count("\\x1b[31m红") == 2 or told.count("\\x1b\\[31m红") == 2
    assert CONTROL.search(told.replace("\r\n", "\n")) is None
    screen.put_text(form, 0, HOSTILE, HOSTILE, ())
    assert capsys.readouterr().out.count("\x1b") == 2, "what goes into a file or a pipe is the text as it is"


def test_nor_does_what_normalization_explains() -> None:
    told = on_a_terminal(COMMAND, "normalize", "--explain", said=f"他说:{HOSTILE}\n")
    assert "invisibles\t" in told.replace("\r\n", "\n").expandtabs(1).replace(" ", "\t")
    assert CONTROL.search(told.replace("\r\n", "\n")) is None
