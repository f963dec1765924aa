"""Options act where they are offered, or are refused; an address is never made a folder."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.cli.command import parser
from tests.test_docs import commands

Capsys = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["verify", "--workers", "3"], "--workers does nothing without --rebuild VERSION"),
        (["verify", "--env", "x"], "--env does nothing without --rebuild VERSION"),
        (["verify", "--rebuild", "2.1", "--version", "2.1"], "--version does nothing beside --rebuild"),
        (["build", "--plan", "--confirm"], "--confirm does nothing beside --plan"),
        (["build", "--plan", "--later"], "--later does nothing beside --plan"),
        (["crawl", "--why", "x"], "--why does nothing without --undo"),
        (["crawl", "--undo", "r", "--why", "x", "--all"], "--all does nothing beside --undo"),
        (["import", "a.html", "--source", "a", "--why", "x"], "--why does nothing without --undo"),
        (["import", "a.html", "--source", "a", "--plan"], "--plan does nothing without --cdx"),
        (["import", "--cdx", "i", "--source", "a", "--base", "https://"], "--base does nothing beside --cdx"),
        (["import", "a.html", "--cdx", "i", "--source", "a"], "say what to import, paths or a --cdx index"),
        (["import", "--redo", "r", "--source", "a"], "--source does nothing beside --undo"),
        (["backfill", "--from", "2026-11-01", "--to", "2026-11-02"], "--from, --to would choose nothing"),
        (["status", "--why", "x"], "--why does nothing without --ack"),
        (["status", "news", "--ack", "news", "--until", "2026-12-01"], "news does nothing beside --ack"),
        (["repair", "2.1.0"], "2.1.0 does nothing without --ack"),
        (["rollback", "--release", "--why", "x"], "--why does nothing beside --release"),
        (["takedown", "--verify", "T", "--copies"], "--copies does nothing beside --verify"),
        (["takedown", "x", "--ticket", "T", "--dry-run", "--confirm"], "--confirm does nothing beside"),
        (["correct", "x", "--list"], "x does nothing beside --list"),
        (["correct", "--check", "--why", "x"], "--why does nothing beside --check"),
        (["source", "check", "--user-agent", "x"], "--user-agent does nothing without --live"),
        (["extract", "a.html", "--allow-private"], "--allow-private does nothing for a file"),
        (["extract", "http://127.0.0.1:1/", "--url", "x"], "--url does nothing for a URL"),
        (["page", "record", "a.html", "--allow-private"], "--allow-private does nothing for a file"),
    ],
)
def test_what_a_command_would_ignore_is_refused(
    line: list[str], words: str, tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/news.toml").write_text('urls = ["http://127.0.0.1:1/1.html"]\n')
    (tmp_path / "raw").mkdir()
    (tmp_path / "corrections").mkdir()
    assert main(line) == 2
    assert words in capsys.readouterr().err


def test_who_does_not_fetch_offers_no_user_agent_and_who_does_not_build_no_workers() -> None:
    has = {
        name: {option for action in command._actions for option in action.option_strings}
        for name, command in commands(parser()).items()
    }
    fetches = {
        "crawl",
        "refresh",
        "backfill",
        "source check",
        "source try",
        "extract",
        "page record",
        "import",
    }
    assert {name for name, options in has.items() if "--user-agent" in options} == fetches
    builds = {"build", "refresh", "backfill", "rebuild", "maintain", "repair", "verify"}
    assert {name for name, options in has.items() if "--workers" in options} == builds


def test_every_path_of_every_command_refuses_an_address(
    tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tried = 0
    for name, command in commands(parser()).items():
        for action in command._actions:
            assert action.type is not Path, (
                f"{name} {action.dest}: pipeline.cli.options.local refuses addresses"
            )
            if getattr(action.type, "__name__", "") == "local" and action.option_strings:
                tried += 1
                with pytest.raises(SystemExit) as stop:
                    main([*name.split(), action.option_strings[0], "s3://bucket/it"])
                assert stop.value.code == 2
                assert "s3://bucket/it is an address" in capsys.readouterr().err
    assert tried > 40
    assert list(tmp_path.iterdir()) == []


def test_a_windows_path_and_a_folder_with_a_colon_are_none() -> None:
    from pipeline.cli.options import local

    assert [local(text) for text in ("./s3:/x", "a:b", "raw")] == [Path("./s3:/x"), Path("a:b"), Path("raw")]
    with pytest.raises(argparse.ArgumentTypeError, match="is an address"):
        local("https://corpus.cn/clean")


def test_a_folder_that_is_not_there_is_told_with_the_nearest(
    tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clean-news").mkdir()
    (tmp_path / "raw").mkdir()
    for line in (
        ["verify"],
        ["report"],
        ["versions"],
        ["diff", "1", "2"],
        ["explain", "x"],
        ["status"],
        ["repair"],
    ):
        assert main([*line, "--clean", "clean-new"]) == 2
        assert capsys.readouterr().err.endswith("clean-new: no such folder; did you mean clean-news?\n")
    assert main(["verify", "--clean", "clean-news"]) == 2
    assert "clean-news: no version of the corpus here" in capsys.readouterr().err
    assert main(["runs", "--raw", "rwa"]) == 2
    assert "rwa: no such folder; did you mean raw?" in capsys.readouterr().err
