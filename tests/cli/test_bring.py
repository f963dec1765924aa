"""`corpus import --cdx`: what is told of it, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.cli import main
from tests.crawl.test_indexed import theirs

__all__ = ["theirs"]


def test_a_plan_an_import_and_taking_it_back(
    theirs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/old.toml").write_text(
        'home = "https://news.example/"\nlistings = ["https://news.example/"]\nexclude = ["*/ad/*"]\n'
    )
    where = [f"--{name}={tmp_path / name}" for name in ("sources", "raw", "clean")]
    line = [
        "import",
        "--source",
        "old",
        f"--cdx={theirs / 'index.cdxj'}",
        f"--archive={theirs}",
        *where,
        "--json",
    ]
    assert main([*line, "--plan", "--from", "2020-01-02"]) == 0
    out, err = capsys.readouterr()
    plan = json.loads(out)
    assert (plan["chosen"], plan["months"]) == (6, {"2020-01": 5, "2020-02": 1})
    assert "Nothing was done." in err
    assert not (tmp_path / "raw").exists()
    assert main(line) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["captures"] == 6
    assert main(line) == 0
    assert "Nothing to read" in capsys.readouterr().err
    assert main(["runs", f"--raw={tmp_path / 'raw'}", "--json"]) == 0
    run = json.loads(capsys.readouterr().out)["run"]
    assert main(["import", "--undo", run, "--why", "wrong", *where]) == 0
    assert f"{run} is withdrawn: its 6 captures" in capsys.readouterr().err


def test_a_span_upside_down_and_no_index_are_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = [f"--{name}={tmp_path / name}" for name in ("sources", "raw", "clean")]
    (tmp_path / "sources").mkdir()
    line = ["import", "--source", "old", "--cdx", str(tmp_path / "none"), *where]
    assert main([*line, "--from", "2020-01-02", "--to", "2020-01-01"]) == 2
    assert "--from 2020-01-02 is after --to 2020-01-01" in capsys.readouterr().err
    assert main(line) == 2
    assert "no such index file" in capsys.readouterr().err
    assert not (tmp_path / "raw").exists()
