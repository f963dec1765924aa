"""The command as a person meets it: exit codes, messages, what goes to which stream."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from pipeline.cli import main
from pipeline.corpus.build import build
from pipeline.demo.server import SampleSite, write_sources
from tests.corpus.archives import PLAIN, html, job, story_page, write

Capsys = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    (folder / "sources").mkdir()
    (folder / "sources/example.toml").write_text('urls = ["https://news.example/a/0.html"]\n')
    write(folder / "raw", [story_page(0), story_page(1)])
    build(job(folder))
    write(folder / "raw", [story_page(3, fetched_at=story_page(3).fetched_at + timedelta(days=1))], "run-2")
    build(job(folder))
    return folder


def where(folder: Path, *names: str) -> list[str]:
    return [f"--{name}={folder / name}" for name in names]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["read", "--clean", "nowhere"], "no version of the corpus here"),
        (["explain", "https://x.cn/", "--clean", "nowhere"], "no version of the corpus here"),
        (["refresh", "--sources", "nowhere"], "no such folder"),
        (["extract", "nowhere.html"], "No such file"),
        (["dedupe", "nowhere.jsonl"], "No such file"),
        (["source", "check", "--sources", "nowhere"], "no such folder"),
        (["backfill", "--sources", "nowhere", "--plan"], "no such folder"),
    ],
)
def test_what_is_missing_is_named_and_the_code_is_2(
    line: list[str], words: str, capsys: Capsys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(line) == 2
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.out == ""


def test_a_wrong_day_is_usage(capsys: Capsys) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["backfill", "--from", "yesterday"])
    assert exit_.value.code == 2
    assert "not a day like 2026-11-01" in capsys.readouterr().err


def test_every_mistake_of_a_source_file_is_told_at_once(tmp_path: Path, capsys: Capsys) -> None:
    (tmp_path / "a.toml").write_text('sitemap = ["https://a.cn/s.xml"]\ndelay = -1\n')
    assert main(["source", "check", "--sources", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "a.toml:1" in told
    assert "sitemaps" in told
    assert "a.toml:2" in told


def test_another_writer_is_busy(corpus: Path, capsys: Capsys) -> None:
    with FileLock(corpus / ".clean.lock"):
        assert main(["build", *where(corpus, "sources", "raw", "clean")]) == 4
    assert "another build" in capsys.readouterr().err


def test_another_crawl_is_busy(corpus: Path) -> None:
    with FileLock(corpus / "raw/.lock"):
        assert main(["crawl", *where(corpus, "sources", "raw", "clean")]) == 4


def test_versions_diff_report_and_verify(corpus: Path, capsys: Capsys) -> None:
    clean = where(corpus, "clean")
    assert main(["versions", *clean]) == 0
    assert [json.loads(line)["version"] for line in capsys.readouterr().out.splitlines()] == [
        "1.1.0",
        "1.2.0",
    ]
    assert main(["diff", "1.1", "1.2", *clean]) == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["kind"], row["cause"], row["title"]) == ("added", "capture", PLAIN[3].title)
    assert main(["report", *clean]) == 0
    assert json.loads(capsys.readouterr().out)["counts"] == {"example": {"articles": 3}}
    assert main(["verify", *clean, *where(corpus, "raw")]) == 0


def test_a_damaged_version_is_refused(corpus: Path, tmp_path: Path, capsys: Capsys) -> None:
    import shutil

    shutil.copytree(corpus / "clean", tmp_path / "clean", symlinks=True)
    (tmp_path / "clean/1.2.0/README.md").write_text("other")
    assert main(["verify", *where(tmp_path, "clean", "raw")]) == 3
    assert "README.md: its bytes have changed" in capsys.readouterr().err


def test_backfill_plan_does_nothing_and_shows_what_is_missing(corpus: Path, capsys: Capsys) -> None:
    line = ["backfill", "--plan", "--json", "--from", "2026-11-01", "--to", "2026-11-03"]
    assert (
        main([*line, *where(corpus, "sources", "raw", "clean"), "--url", "https://news.example/a/77.html"])
        == 0
    )
    gap = json.loads(capsys.readouterr().out)
    assert (gap["captures"], gap["requests"], gap["empty_days"]) == (3, 1, ["2026-11-03"])
    assert gap["hours"] == pytest.approx(5 / 3600)


def test_extract_prints_one_object_a_page(tmp_path: Path, capsys: Capsys) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(
        html("標題在此", ["這是第一段，說的是「開頭」的事情,還有一點別的內容。"] * 1 + list(PLAIN[0].body))
    )
    assert main(["extract", str(page), "--lines"]) == 0
    printed = capsys.readouterr()
    row = json.loads(printed.out)
    assert row["path"] == str(page)
    assert row["documents"][0]["extracted"].startswith("這是第一段")
    assert row["documents"][0]["text"].startswith("这是第一段，说的是“开头”的事情，还有")
    assert "kept" in printed.err


def test_a_page_without_an_article_says_why_and_the_code_is_1(tmp_path: Path, capsys: Capsys) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(b"%PDF-1.7 ...")
    assert main(["extract", str(page)]) == 1
    assert json.loads(capsys.readouterr().out)["reason"]


def test_normalize_reads_stdin(capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "由於單位改革,大家都説好\n"

    def feed(arguments: list[str]) -> str:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert main(["normalize", *arguments]) == 0
        return capsys.readouterr().out

    assert feed([]) == "由于单位改革，大家都说好\n"
    assert "→" in feed(["--explain"]) or "\t" in feed(["--explain"])


def test_help_teaches(capsys: Capsys) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    assert "The usual round" in told
    assert "exit codes" in told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_crawl_with_a_valid_archive(number: signal.Signals, tmp_path: Path) -> None:
    from pipeline.crawl import archive

    with SampleSite() as site:
        (tmp_path / "sources").mkdir()
        write_sources(tmp_path / "sources", site)
        for path in (tmp_path / "sources").glob("*.toml"):
            path.write_text(path.read_text().replace("delay = 0", "delay = 1"))
        line = [sys.executable, "-m", "pipeline.cli", "refresh", *where(tmp_path, "sources", "raw", "clean")]
        root = Path(__file__).parent.parent
        run = subprocess.Popen(
            line, cwd=root, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(root)}
        )
        while len(site.log) < 15 and run.poll() is None:
            time.sleep(0.05)
        run.send_signal(number)
        asked = time.monotonic()
        assert run.wait(timeout=30) == 130
        assert time.monotonic() - asked < 10
    assert archive.verify(tmp_path / "raw") == []
    assert list((tmp_path / "raw").rglob("*.open")) == []
    assert archive.sealed(tmp_path / "raw")
    assert not (tmp_path / "clean").exists()
