"""Every command that a person reads, at the widths of terminals: no line is wider, no number is cut."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.cli.command import COMMANDS, parser
from pipeline.cli.table import cells
from pipeline.corpus import documents
from tests.test_docs import commands

Capsys = pytest.CaptureFixture[str]

ROOT = Path(__file__).resolve().parents[2]

WIDTHS = (60, 80, 120)


@dataclass(frozen=True)
class Demo:
    folder: Path
    said: str
    """What the demo said at 60 columns, the tables of its two runs."""

    def where(self, *names: str) -> list[str]:
        return [f"--{name}={self.folder / name}" for name in names]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo") / "data"
    said = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "demo", f"--into={folder}"],
        env={**os.environ, "COLUMNS": "60", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    return Demo(folder, said)


def too_wide(text: str, width: int) -> list[str]:
    """Lines wider than a terminal, but for a single word that is to be copied whole: an address, a path."""
    return [line for line in text.splitlines() if cells(line) > width and len(line.split()) > 1]


CUT = re.compile(r"\d…|…\d")

CORPUS = ("clean",)
BOTH = ("clean", "raw")
ALL = ("clean", "raw", "sources")

READ: dict[str, tuple[list[str], tuple[str, ...]]] = {
    "status": (["status"], ALL),
    "report": (["report"], BOTH),
    "report of one": (["report", "news"], BOTH),
    "versions": (["versions"], CORPUS),
    "diff": (["diff", "2.1", "2.2"], CORPUS),
    "changes": (["changes", "--since", "2.1"], CORPUS),
    "runs": (["runs"], ("raw",)),
    "source list": (["source", "list"], ("sources",)),
    "source check": (["source", "check"], ("sources",)),
    "verify": (["verify"], BOTH),
    "maintain": (["maintain", "--verify-only"], ALL),
    "backfill": (["backfill", "--plan"], ALL),
    "build": (["build", "--plan"], ALL),
    "rebuild": (["rebuild", "--preview", "--workers=1"], ALL),
    "takedown": (["takedown", "URL", "--ticket", "T-1", "--dry-run", "--copies"], ALL),
    "correct": (["correct", "--list"], BOTH),
    "explain": (["explain", "URL"], ALL),
    "explain a copy": (["explain", "COPY"], ALL),
    "explain a feed": (["explain", "FEED"], ALL),
    "explain a page that is gone": (["explain", "GONE"], ALL),
    "pin": (
        ["pin", "2.1", "--why", "the one that the paper cites, and that is to be read for years"],
        CORPUS,
    ),
    "repair": (["repair"], ALL),
    "export": (["export", "--to", "THERE"], CORPUS),
}


def named(demo: Demo) -> dict[str, str]:
    rows = list(documents(demo.folder / "clean"))
    dropped = list(documents(demo.folder / "clean", table="dropped"))
    base = "/".join(next(row.url for row in rows if row.source == "news").split("/")[:3])
    return {
        "URL": max(rows, key=lambda row: (len(row.fixes), row.url)).url,
        "COPY": next(row.url for row in dropped if row.reason == "duplicate"),
        "GONE": next(row.url for row in dropped if row.reason == "gone"),
        "FEED": f"{base}/news/feed.xml",
        "THERE": str(demo.folder / "there"),
    }


@pytest.mark.parametrize("what", READ)
def test_nothing_is_wider_than_the_terminal_and_no_number_is_cut(
    what: str, demo: Demo, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, folders = READ[what]
    names = named(demo)
    more = [f"--corrections={_corrections(demo)}"] if line[0] == "correct" else []
    for width in WIDTHS:
        monkeypatch.setenv("COLUMNS", str(width))
        code = main([*(names.get(word, word) for word in line), *demo.where(*folders), *more])
        said = capsys.readouterr().err
        assert code == 0, said
        assert said.strip()
        assert too_wide(said, width) == []
        assert CUT.search(said) is None


def _corrections(demo: Demo) -> Path:
    row = next(documents(demo.folder / "clean"))
    folder = demo.folder / "corrections"
    folder.mkdir(exist_ok=True)
    entry = f'[[correct]]\nid = "{row.id}"\ntext = "{row.extracted_hash}"\nwhy = "x"\ntitle = "y"\n'
    (folder / f"{row.source}.toml").write_text(entry)
    return folder


def test_help_fits_too(capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    for name, command in {"": parser("--help"), **commands(parser())}.items():
        command.print_help()
        assert too_wide(capsys.readouterr().out, 60) == [], name


def test_every_command_is_read_here_or_by_a_program() -> None:
    programs = {"read", "extract", "normalize", "dedupe"}
    writers = {
        "crawl",
        "refresh",
        "demo",
        "import",
        "ledger",
        "rollback",
        "unpin",
        "page",
    }  # they draw what these do
    assert {line[0] for line, _ in READ.values()} | programs | writers >= set(COMMANDS) - OF_OTHERS


OF_OTHERS = {"held", "look"}
"""Commands with a test of their widths of their own."""


def test_the_table_of_a_run_fits_and_says_what_it_left_out_and_means(demo: Demo) -> None:
    assert too_wide(demo.said, 60) == []
    assert CUT.search(demo.said) is None
    heads = next(line.split() for line in demo.said.splitlines() if line.startswith("source"))
    told = " ".join(demo.said.split())
    left = set(re.search(r"Left out, for want of room: ([^.]*)\.", told)[1].split(", "))  # type: ignore[index]
    assert {"found", "kept", "new", "changed"} <= set(heads)
    assert {*heads[1:], *left} == {
        "found", "fetched", "unchanged", "blocked", "failed", "extracted", "kept", "new", "changed"
    }  # fmt: skip
    assert "duplicates" in told
    assert "held (" in told
    assert "reserved (" in told


def on_a_terminal(width: int, *line: str) -> str:
    """What a command writes to a terminal of a width, both streams."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    env = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    child = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", *line],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**env, "PYTHONPATH": str(ROOT), "TERM": "xterm"},
    )
    os.close(terminal)
    written = b""
    while True:
        try:
            read = os.read(controller, 1 << 16)
        except OSError:  # the terminal is closed: the child has ended
            break
        if not read:
            break
        written += read
    os.close(controller)
    assert child.wait(timeout=60) == 0, written
    return written.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("what", ["report", "explain", "versions", "diff", "runs", "source list"])
def test_a_terminal_gets_words_alone_and_json_where_it_is_asked_for(
    what: str, demo: Demo, capsys: Capsys
) -> None:
    line, folders = READ[what]
    words = [named(demo).get(word, word) for word in line] + demo.where(*folders)
    said = on_a_terminal(60, *words)
    assert too_wide(said, 60) == []
    assert not [each for each in said.splitlines() if each.startswith("{")]
    asked = [each for each in on_a_terminal(60, *words, "--json").splitlines() if each.startswith("{")]
    assert main(words) == 0
    piped = capsys.readouterr().out
    assert "".join(f"{each}\n" for each in asked) == piped
    assert all(json.loads(each) for each in piped.splitlines())
