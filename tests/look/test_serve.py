"""The command that serves: it says where, answers there, and Ctrl-C is how it ends."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from pipeline.cli import main

ROOT = Path(__file__).resolve().parents[2]


def test_it_says_where_answers_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "pipeline.cli", "look", "--port", "0"]
    env = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(line, cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        said = running.stderr.readline()
        address = said.split()[0]
        with urllib.request.urlopen(address, timeout=30) as answer:
            assert answer.status == 200
        running.send_signal(signal.SIGINT)
        rest = running.stderr.read()
        assert (running.wait(30), rest) == (0, "")
    assert said == f"{address} shows the corpus. Ctrl-C ends it.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_and_a_door_without_a_lock_are_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["look", "--port", port]) == 2
        assert f"port {port} is taken; --port names another, 0 a free one" in capsys.readouterr().err
    assert main(["look", "--host", "0.0.0.0"]) == 2
    assert "say --token PASSWORD" in capsys.readouterr().err
