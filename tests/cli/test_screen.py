"""What a person sees never steers the terminal."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from pipeline.cli import logs, screen

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
