"""What the rooms log: quiet unless asked for, on stderr or in a file, and in the log of a Prefect run."""

from __future__ import annotations

import logging
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cli import main
from tests.corpus.archives import story_page, write

ROOT = Path(__file__).parents[2]
Capsys = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def nobody_listens(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a process of its own: what Prefect adds to the logger in other tests is not there."""
    top = logging.getLogger("pipeline")
    monkeypatch.setattr(top, "handlers", [h for h in top.handlers if isinstance(h, logging.NullHandler)])
    level = top.level
    top.setLevel(logging.NOTSET)
    yield
    top.setLevel(level)


@pytest.fixture
def line(tmp_path: Path) -> list[str]:
    write(tmp_path / "raw", [story_page(0)])
    return ["build", *(f"--{name}={tmp_path / name}" for name in ("raw", "clean")), "--workers=1"]


def test_quiet_unless_asked_for(line: list[str], capsys: Capsys) -> None:
    assert main(line) == 0
    assert "INFO" not in capsys.readouterr().err
    assert logging.getLogger("pipeline").handlers[1:] == []


def test_v_says_what_is_done_on_stderr_and_stdout_stays_for_machines(line: list[str], capsys: Capsys) -> None:
    assert main([*line, "-v", "--json"]) == 0
    printed = capsys.readouterr()
    assert re.search(r"INFO +1 archive files to read", printed.err)
    assert printed.out.startswith("{")
    assert len(logging.getLogger("pipeline").handlers) == 1, "nothing is left behind"


def test_vv_says_more(line: list[str], capsys: Capsys) -> None:
    assert main([*line, "-vv"]) == 0
    assert "DEBUG" in capsys.readouterr().err


def test_a_log_file_is_appended_to_with_times_whatever_is_shown(
    line: list[str], capsys: Capsys, tmp_path: Path
) -> None:
    file = tmp_path / "corpus.log"
    file.write_text("before\n", encoding="utf-8")
    assert main([*line, "--log-file", str(file)]) == 0
    first, *rest = file.read_text(encoding="utf-8").splitlines()
    assert first == "before"
    assert all(
        re.match(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} INFO pipeline\.\w+ ", each) for each in rest
    )
    assert "INFO" not in capsys.readouterr().err


def test_a_log_file_that_cannot_be_written_is_a_usage_error(
    line: list[str], capsys: Capsys, tmp_path: Path
) -> None:
    assert main([*line, "--log-file", str(tmp_path / "no/such/folder.log")]) == 2
    assert "--log-file" in capsys.readouterr().err
    assert not (tmp_path / "clean").exists()


def test_prefect_takes_the_logs_of_the_rooms_into_its_runs() -> None:
    settings = tomllib.loads((ROOT / "prefect.toml").read_text(encoding="utf-8"))
    assert settings["logging"]["extra_loggers"] == ["pipeline"]


def test_each_room_has_one_logger_named_after_it() -> None:
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "pipeline").rglob("*.py")):
        for name in re.findall(r"getLogger\((.+?)\)", path.read_text(encoding="utf-8")):
            room = path.relative_to(ROOT / "pipeline").parts[0].removesuffix(".py")
            if room not in ("__init__", "cli"):
                found.setdefault(room, set()).add(name)
    assert {"crawl", "web", "archive", "corpus"} <= found.keys()
    assert found == {room: {f'"pipeline.{room}"'} for room in found}
