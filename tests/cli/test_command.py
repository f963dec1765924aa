"""The command as a person meets it: exit codes, messages, what goes to which stream."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from pipeline import runs
from pipeline.cli import main
from pipeline.corpus.build import build
from pipeline.crawl import lists
from pipeline.demo.server import SampleSite, write_sources
from pipeline.runs import Folders
from tests.corpus.archives import PLAIN, html, job, story_page, write
from tests.web.loopback import Site, article, sitemap

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
        (["explain", "https://x.cn/", "--clean", "nowhere"], "nowhere: no such folder"),
        (["refresh", "--sources", "nowhere"], "no such folder"),
        (["extract", "nowhere.html"], "No such file"),
        (["dedupe", "nowhere.jsonl"], "No such file"),
        (["source", "check", "--sources", "nowhere"], "no such folder"),
        (["backfill", "--sources", "nowhere", "--plan"], "no such folder"),
        (["backfill", "--sources", "nowhere"], "no such folder"),
        (["backfill", "--source", "nobody", "--plan"], "no such folder"),
        (["build", "--sources", "nowhere"], "no such folder"),
        (["build", "--raw", "nowhere"], "no such archive folder"),
        (["rebuild", "--preview"], "no such archive folder"),
        (["verify"], "nothing to verify"),
        (["verify", "--version", "2.1.0", "--raw", "."], "no version of the corpus here"),
        (["maintain"], "nothing to verify"),
        (["ledger", "rebuild"], "no archive here"),
        (["import", "nowhere.html", "--source", "attic"], "nowhere.html: No such file"),
        (["import", "nowhere.html", "--source", "../Attic"], "must be lower-case letters"),
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
        who = ["--user-agent", "a-test/1.0 (mail@corpus.cn)"]
        assert main(["crawl", *who, *where(corpus, "sources", "raw", "clean")]) == 4


def test_versions_diff_report_and_verify(corpus: Path, capsys: Capsys) -> None:
    clean = where(corpus, "clean")
    assert main(["versions", *clean]) == 0
    assert [json.loads(line)["version"] for line in capsys.readouterr().out.splitlines()] == [
        "2.1.0",
        "2.2.0",
    ]
    assert main(["diff", "2.1", "2.2", *clean]) == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["kind"], row["cause"], row["title"]) == ("added", "capture", PLAIN[3].title)
    assert main(["report", *clean]) == 0
    assert json.loads(capsys.readouterr().out)["counts"] == {"example": {"articles": 3}}
    assert main(["verify", *clean, *where(corpus, "raw")]) == 0


STRUCTURED = (
    "<title>修渠记</title><body><h1>修渠记</h1><div class=zw><p>河西村的水渠,今年春天重新修好了,田裡又有了水。</p>"
    "<img src=https://news.example/1.jpg><figcaption>圖為水渠。</figcaption>"
    "<h2>经过</h2><ul><li>先清理了三里长的淤泥,再补上石头。</ul><p>到了五月,每一块田都喝上了水,大家很高兴。</p></div>"
)
AS_TEXT = (
    "修渠记\n河西村的水渠，今年春天重新修好了，田里又有了水。\n经过\n先清理了三里长的淤泥，再补上石头。\n"
    "到了五月，每一块田都喝上了水，大家很高兴。\n"
)
AS_MARKDOWN = (
    "# 修渠记\n\n河西村的水渠，今年春天重新修好了，田里又有了水。\n\n"
    "![图为水渠。](https://news.example/1.jpg)\n\n## 经过\n\n"
    "- 先清理了三里长的淤泥，再补上石头。\n\n到了五月，每一块田都喝上了水，大家很高兴。\n"
)


@pytest.mark.parametrize(("form", "written"), [("text", AS_TEXT), ("markdown", AS_MARKDOWN)])
def test_extract_writes_text_and_markdown(form: str, written: str, tmp_path: Path, capsys: Capsys) -> None:
    page, broken = tmp_path / "page.html", tmp_path / "broken.html"
    page.write_text(STRUCTURED, encoding="utf-8")
    broken.write_bytes(b"%PDF-1.7")
    assert main(["extract", str(page), str(broken), str(page), "--format", form]) == 0
    printed = capsys.readouterr()
    assert printed.out == f"{written}\f{written}"
    assert f"{broken}: no article (not_html)" in printed.err


def test_read_writes_the_same(tmp_path: Path, capsys: Capsys) -> None:
    write(tmp_path / "raw", [story_page(0, body=STRUCTURED.encode())])
    build(job(tmp_path))
    for form, written in (("text", AS_TEXT), ("markdown", AS_MARKDOWN)):
        assert main(["read", "--format", form, *where(tmp_path, "clean")]) == 0
        assert capsys.readouterr().out == written
    assert main(["explain", story_page(0).url, *where(tmp_path, "clean", "raw")]) == 0
    assert "structure  1 heading, 1 image, 1 item\n" in capsys.readouterr().err


def test_explain_and_extract_name_the_rules_that_found_author_and_source(
    tmp_path: Path, capsys: Capsys
) -> None:
    line = "<p>2026-11-01 来源：城北晚报</p><div class=article>".encode()
    body = (
        story_page(0)
        .body.replace(b"<div class=article>", line)
        .replace(b"</div>", "<p>（本报记者 李小山）</p></div>".encode())
    )
    write(tmp_path / "raw", [story_page(0, body=body)])
    build(job(tmp_path))
    assert main(["explain", story_page(0).url, *where(tmp_path, "clean", "raw")]) == 0
    printed = capsys.readouterr()
    row = json.loads(printed.out)
    assert (row["author_from"], row["origin_from"]) == ("foot", "label")
    assert "author     李小山 (foot)\n" in printed.err
    assert "origin     城北晚报 (label)" in printed.err
    (tmp_path / "page.html").write_bytes(body)
    assert main(["extract", str(tmp_path / "page.html")]) == 0
    (article,) = json.loads(capsys.readouterr().out)["documents"]
    assert (article["author_from"], article["origin_from"]) == ("foot", "label")


def test_explain_and_extract_tell_how_far_the_readers_agree_and_what_decided(
    tmp_path: Path, capsys: Capsys
) -> None:
    line = "<div class='next-stories'><p>这一段只有一个读者认得，另一个按名字丢掉了。</p></div></div>"
    pages = [story_page(0, body=story_page(0).body.replace(b"</div>", line.encode())), story_page(1)]
    write(tmp_path / "raw", pages)
    build(job(tmp_path))
    told = []
    for page in pages:
        assert main(["explain", page.url, *where(tmp_path, "clean", "raw")]) == 0
        printed = capsys.readouterr()
        told.append((json.loads(printed.out)["agreement"], printed.err))
    (first, words), (second, others) = told
    assert 0.5 < first < second == 1.0
    assert f"two readers agree {first:.2f}\n" in words
    assert "readers    differ on\n  kept     paragraph            这一段只有一个读者认得" in words
    assert "two readers agree 1.00\n" in others
    assert "differ" not in others
    (tmp_path / "page.html").write_bytes(pages[0].body)
    assert main(["extract", str(tmp_path / "page.html"), "--lines"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["documents"][0]["agreement"] == first
    assert "kept     paragraph " in printed.err
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "example.toml").write_text(
        'urls = ["https://news.example/a"]\nextractor = "container"\n', "utf-8"
    )
    lines = ["extract", str(tmp_path / "page.html"), "--lines", "--source", "example"]
    assert main([*lines, *where(tmp_path, "sources")]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["documents"][0]["agreement"] is None
    assert "paragraph " not in printed.err


def test_verifying_a_version_that_is_not_there_is_usage(corpus: Path, capsys: Capsys) -> None:
    assert main(["verify", *where(corpus, "clean", "raw"), "--version", "9.9.9"]) == 2
    assert "there is no version 9.9.9; there are 2.1.0, 2.2.0" in capsys.readouterr().err


def test_the_default_folder_of_sources_may_be_missing_for_a_build(
    corpus: Path, tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["build", *where(corpus, "raw"), "--workers=1", "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["build"]["funnel"]["example"]["new"] == 3
    assert "2 new archive files" in printed.err
    assert main(["rebuild", "--preview", "--json", *where(corpus, "raw"), "--workers=1"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["build"]["funnel"]["example"]["kept"] == 3
    assert "2 archive files read; 0 captures extracted and 0 normalized" in printed.err
    assert "Nothing would change." in printed.err


def test_two_spellings_of_a_corpus_are_one(tmp_path: Path) -> None:
    (tmp_path / "here/clean").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "here/clean")
    jobs = [Folders(clean=tmp_path / name).job(()) for name in ("link", "here/clean", "here/../link")]
    assert len({(job.clean, job.work) for job in jobs}) == 1


def test_a_damaged_file_is_told_in_words(corpus: Path, tmp_path: Path, capsys: Capsys) -> None:
    shutil.copytree(corpus / "clean", tmp_path / "clean", symlinks=True)
    for path in (tmp_path / "clean").rglob("articles/*.parquet"):
        path.write_bytes(b"PAR1 torn")
    assert main(["read", *where(tmp_path, "clean")]) == 1
    told = capsys.readouterr().err
    assert ".parquet: damaged (" in told
    assert "`corpus repair` puts it right" in told


def test_a_damaged_version_is_refused(corpus: Path, tmp_path: Path, capsys: Capsys) -> None:
    shutil.copytree(corpus / "clean", tmp_path / "clean", symlinks=True)
    (tmp_path / "clean/2.2.0/README.md").write_text("other")
    assert main(["verify", *where(tmp_path, "clean")]) == 3
    assert "README.md: its bytes have changed" in capsys.readouterr().err


def test_verify_looks_at_every_version_and_at_what_it_was_made_from(
    corpus: Path, tmp_path: Path, capsys: Capsys
) -> None:
    for name in ("clean", "raw"):
        shutil.copytree(corpus / name, tmp_path / name, symlinks=True)
    assert main(["verify", *where(tmp_path, "clean", "raw")]) == 0
    assert "versions 2.1.0, 2.2.0; every sum" in capsys.readouterr().err
    first = min((tmp_path / "raw").rglob("*.warc.gz"))
    for path in [*(tmp_path / "raw").rglob(f"{first.name.removesuffix('.warc.gz')}*")]:
        path.unlink()
    assert main(["verify", *where(tmp_path, "clean", "raw")]) == 3
    assert f"{first.name}: missing; version 2.1.0, 2.2.0 was made from it" in capsys.readouterr().err
    assert main(["verify", *where(tmp_path, "clean", "raw"), "--version", "2.1"]) == 3
    assert f"{first.name}: missing; version 2.1.0 was" in capsys.readouterr().err
    (tmp_path / "clean/2.1.0/README.md").write_text("other")
    assert main(["verify", *where(tmp_path, "clean", "raw")]) == 3
    assert "2.1.0/README.md: its bytes have changed" in capsys.readouterr().err


def test_a_pin_is_set_shown_and_understood_before_maintenance(
    corpus: Path, tmp_path: Path, capsys: Capsys
) -> None:
    shutil.copytree(corpus / "clean", tmp_path / "clean", symlinks=True)
    clean = where(tmp_path, "clean")
    assert main(["pin", "2.1", *clean]) == 0
    assert main(["versions", *clean]) == 0
    printed = capsys.readouterr()
    assert "2.1.0 is pinned." in printed.err
    rows = [json.loads(line) for line in printed.out.splitlines()]
    assert {row["version"]: row["pinned"] for row in rows} == {"2.1.0": True, "2.2.0": False}
    assert main(["unpin", "2.1.0", *clean]) == 0
    (tmp_path / "clean/PINNED").write_text("v2.1.0\n")
    (tmp_path / "raw").mkdir()
    assert main(["maintain", *where(tmp_path, "clean", "raw", "sources")]) == 3
    assert "PINNED, line 1: 'v2.1.0' is no version here" in capsys.readouterr().err


def test_a_folder_that_only_looks_like_a_version_is_none(
    corpus: Path, tmp_path: Path, capsys: Capsys
) -> None:
    shutil.copytree(corpus / "clean", tmp_path / "clean", symlinks=True)
    (tmp_path / "clean/2.9.0").mkdir()
    (tmp_path / "clean/latest").unlink()
    assert main(["read", *where(tmp_path, "clean")]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_backfill_plan_does_nothing_and_shows_what_is_missing(corpus: Path, capsys: Capsys) -> None:
    line = ["backfill", "--plan", "--json", "--from", "2026-11-01", "--to", "2026-11-03"]
    assert (
        main([*line, *where(corpus, "sources", "raw", "clean"), "--url", "https://news.example/a/77.html"])
        == 0
    )
    gap = json.loads(capsys.readouterr().out)
    assert (gap["captures"], gap["requests"], gap["missing"]) == (0, 1, ["https://news.example/a/77.html"])
    assert [day["first"] for day in gap["days"]] == ["2026-11-01", "2026-11-02", "2026-11-03", None]
    assert gap["hours"] == pytest.approx(5 / 3600)


def plan(folder: Path, capsys: Capsys, *arguments: str) -> dict[str, dict[str, object]]:
    assert main(["backfill", "--plan", "--json", *where(folder, "sources", "raw", "clean"), *arguments]) == 0
    gaps = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {gap["source"]: gap for gap in gaps}


def test_what_was_captured_outside_the_span_is_not_missing(corpus: Path, capsys: Capsys) -> None:
    (gap,) = plan(corpus, capsys, "--from", "2030-01-01", "--to", "2030-01-01").values()
    assert (gap["captures"], gap["missing"]) == (0, [])


def test_a_url_is_missing_for_the_source_of_its_site_only(
    corpus: Path, tmp_path: Path, capsys: Capsys
) -> None:
    shutil.copytree(corpus / "sources", tmp_path / "sources")
    shutil.copytree(corpus / "raw", tmp_path / "raw")
    (tmp_path / "sources/other.toml").write_text('urls = ["https://other.example/"]\n')
    gaps = plan(tmp_path, capsys, "--url", "https://other.example/9.html")
    assert {name: gap["missing"] for name, gap in gaps.items()} == {
        "example": [],
        "other": ["https://other.example/9.html"],
    }
    line = ["backfill", *where(tmp_path, "sources", "raw", "clean"), "--url", "https://stranger.example/"]
    assert main(line) == 2
    assert "--url would choose nothing without --plan or --fetch" in capsys.readouterr().err
    assert main([*line, "--fetch"]) == 2
    assert "no source is declared for https://stranger.example/" in capsys.readouterr().err
    assert not (tmp_path / "clean").exists()


def test_an_unknown_name_is_usage_whatever_a_backfill_does(corpus: Path, capsys: Capsys) -> None:
    for more in (["--fetch"], ["--plan"]):
        assert main(["backfill", "--source", "nobody", *more, *where(corpus, "sources", "raw", "clean")]) == 2
        assert "no source named nobody" in capsys.readouterr().err


def test_an_import_tells_a_line_a_file(tmp_path: Path, capsys: Capsys) -> None:
    (tmp_path / "good.html").write_bytes(html("标题", list(PLAIN[0].body)))
    (tmp_path / "empty.html").write_bytes(b"")
    files = [str(tmp_path / name) for name in ("good.html", "empty.html", "none.html")]
    assert main(["import", *files, "--source", "attic", *where(tmp_path, "raw")]) == 0
    assert capsys.readouterr().err.splitlines() == [
        f"{files[0]}: 1 new",
        f"{files[1]}: empty",
        f"{files[2]}: No such file or directory",
        "1 new captures in the archive.",
    ]


def test_a_refresh_that_reached_no_source_fails(tmp_path: Path, capsys: Capsys) -> None:
    with socket.socket() as closed:  # bound, but not listening: nobody answers
        closed.bind(("127.0.0.1", 0))
        (tmp_path / "sources").mkdir()
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/a.html"
        (tmp_path / "sources/dead.toml").write_text(f'urls = ["{address}"]\nallow_private = true\n')
        assert main(["refresh", *where(tmp_path, "sources", "raw", "clean")]) == 1
    assert "no source could be reached: dead" in capsys.readouterr().err


def test_a_refresh_of_a_machine_without_a_network_has_an_exit_code_of_its_own(
    tmp_path: Path, capsys: Capsys
) -> None:
    (tmp_path / "sources").mkdir()
    with socket.socket() as one, socket.socket() as two:
        for name, closed in (("one", one), ("two", two)):
            closed.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{closed.getsockname()[1]}/a.html"
            (tmp_path / f"sources/{name}.toml").write_text(f'urls = ["{address}"]\nallow_private = true\n')
        assert main(["refresh", *where(tmp_path, "sources", "raw", "clean"), "--json"]) == 6
    told = capsys.readouterr()
    assert "the network of this machine seems to be down: no answer for one, two;" in told.err
    assert "no source could be reached" not in told.err
    assert [(each["answered"], each["cut_off"]) for each in json.loads(told.out)["crawled"]] == [
        (None, 1)
    ] * 2


def test_a_second_refresh_within_the_interval_says_until_when_it_waits(
    tmp_path: Path, capsys: Capsys, site: Site
) -> None:
    (tmp_path / "sources").mkdir()
    site.pages["/map.xml"] = sitemap(site.base + "/a/1.html")
    site.pages["/a/1.html"] = article(1)
    (tmp_path / "sources/village.toml").write_text(
        f'sitemaps = ["{site.base}/map.xml"]\nallow_private = true\ndelay = 0\nevery = "6h"\n'
    )
    line = ["refresh", *where(tmp_path, "sources", "raw", "clean"), "--workers=1", "--json"]
    assert main(line) == 0
    assert "Nothing was asked of" not in capsys.readouterr().err
    assert main(line) == 0
    told = capsys.readouterr()
    (visit,) = json.loads(told.out)["crawled"]
    assert visit["waiting"].startswith("not due until ")
    assert visit["next_due"]
    assert visit["waiting"] in told.err
    assert "`corpus refresh --source NAME --all` asks at once" in told.err
    assert "From the web to the corpus" not in told.err, "no row of zeros"
    assert main([*line, "--source", "village", "--all"]) == 0
    assert json.loads(capsys.readouterr().out)["crawled"][0]["waiting"] is None


def test_a_source_that_fails_costs_the_others_nothing_and_the_exit_code_says_it(
    tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch, site: Site, other: Site
) -> None:
    (tmp_path / "sources").mkdir()
    site.pages["/map.xml"] = sitemap(site.base + "/a/1.html")
    other.pages |= {f"/a/{n}.html": article(n) for n in range(3)}
    urls = [f"{other.base}/a/{n}.html" for n in range(3)]
    (tmp_path / "sources/bad.toml").write_text(
        f'sitemaps = ["{site.base}/map.xml"]\nallow_private = true\ndelay = 0\n'
    )
    (tmp_path / "sources/good.toml").write_text(f"urls = {urls}\nallow_private = true\ndelay = 0\n")

    def broken(*_: Any) -> Any:
        raise TypeError("a fault of ours")

    monkeypatch.setattr(lists, "links_of", broken)
    assert main(["refresh", *where(tmp_path, "sources", "raw", "clean"), "--workers=1", "--json"]) == 1
    told = capsys.readouterr()
    assert "bad failed: TypeError: a fault of ours" in told.err
    assert [run["failed_with"] for run in json.loads(told.out)["crawled"]] == [
        "TypeError: a fault of ours",
        None,
    ]
    assert (tmp_path / "clean/latest/articles").is_dir()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("line", [["backfill", "--fetch"], ["refresh"]])
def test_a_signal_ends_a_build_at_once(
    line: list[str],
    number: signal.Signals,
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(corpus / "sources", tmp_path / "sources")
    (tmp_path / "sources/example.toml").write_text('urls = ["http://127.0.0.1:9/a.html"]\n')
    shutil.copytree(corpus / "raw", tmp_path / "raw")
    real = runs.build

    def interrupted(*arguments: Any, **options: Any) -> Any:
        signal.raise_signal(number)
        return real(*arguments, **options)

    monkeypatch.setattr(runs, "build", interrupted)
    assert main([*line, *where(tmp_path, "sources", "raw", "clean"), "--workers=1"]) == 130
    assert not (tmp_path / "clean").exists()


def test_a_ledger_that_finds_no_space_is_told_and_the_code_is_5(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys
) -> None:
    def full(*_: Any, **__: Any) -> None:
        with closing(sqlite3.connect(":memory:")) as database:
            database.execute("PRAGMA max_page_count = 1")
            database.execute("CREATE TABLE url (key TEXT)")

    monkeypatch.setattr(runs, "refresh", full)
    assert main(["refresh", *where(corpus, "sources", "raw", "clean")]) == 5
    assert "disk is full" in capsys.readouterr().err


def loading(process: int) -> bool:
    """Whether the process is at the libraries: the first large one is mapped, no worker is there yet."""
    return "libarrow" in Path(f"/proc/{process}/maps").read_text()


def working(process: int) -> bool:
    """Whether it has started processes of its own: the tracker, and what workers are forked from."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return len(children) >= 2


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="looks at the process through /proc")
@pytest.mark.parametrize("moment", [loading, working])
def test_control_c_at_a_terminal_is_one_line_whenever_it_comes(
    moment: Callable[[int], bool], corpus: Path, tmp_path: Path
) -> None:
    root = str(Path(__file__).parents[2])
    shutil.copytree(corpus / "raw", tmp_path / "raw")
    run = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "rebuild", *where(tmp_path, "raw", "clean")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a group of its own, to which a terminal would send the signal
    )
    while not moment(run.pid):
        assert run.poll() is None
        time.sleep(0.005)
    os.killpg(run.pid, signal.SIGINT)
    told = run.communicate(timeout=60)[1]
    assert (run.returncode, told) == (130, "interrupted; what was finished is kept, run again to go on\n")


def test_json_is_utf_8_whatever_the_locale(corpus: Path) -> None:
    root = str(Path(__file__).parents[2])
    poor = {"PYTHONUTF8": "0", "LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": root}
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "read", *where(corpus, "clean")],
        env={**os.environ, **poor},
        capture_output=True,
        check=True,
    )
    titles = {json.loads(line)["title"] for line in done.stdout.decode("utf-8").splitlines()}
    assert PLAIN[0].title in titles


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
    from pipeline import archive

    with SampleSite() as site:
        (tmp_path / "sources").mkdir()
        write_sources(tmp_path / "sources", site)
        for path in (tmp_path / "sources").glob("*.toml"):
            path.write_text(path.read_text().replace("delay = 0", "delay = 1"))
        line = [sys.executable, "-m", "pipeline.cli", "refresh", *where(tmp_path, "sources", "raw", "clean")]
        root = Path(__file__).parents[2]
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


def test_a_file_named_as_a_text_is_extracted_as_one(tmp_path: Path, capsys: Capsys) -> None:
    text = "\n\n".join([PLAIN[0].title, *PLAIN[0].body])
    for name, method in (("a.txt", "text"), ("b.MD", "text"), ("c.html", "container")):
        (tmp_path / name).write_text(text, "utf-8")
        assert main(["extract", str(tmp_path / name)]) == 0
        (document,) = json.loads(capsys.readouterr().out)["documents"]
        assert document["method"] == method
