"""`corpus page record`: what it writes is a golden page that the tests read, and nothing is ever overwritten."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.cli.page import page_name
from pipeline.demo.server import SampleSite, write_sources
from pipeline.records import Outcome
from tests.corpus.archives import PLAIN, story_page, write
from tests.extract.test_pages import test_page_reads_as_expected as reads_as_expected

Capsys = pytest.CaptureFixture[str]


def record(folder: Path, *words: str) -> int:
    folders = [f"--{name}={folder / where}" for name, where in (("into", "pages"), ("raw", "raw"))]
    return main(["page", "record", *words, *folders, f"--sources={folder / 'sources'}"])


def golden(folder: Path) -> Path:
    """The one page recorded in a folder: its expected.json."""
    (path,) = (folder / "pages").glob("*/*/expected.json")
    return path


def test_a_saved_page_becomes_a_golden_page_that_passes(tmp_path: Path, capsys: Capsys) -> None:
    body = story_page(0).body.replace(b"charset=utf-8", b"charset=gb2312").decode().encode("gbk")
    saved = tmp_path / "saved.html"
    saved.write_bytes(body)
    assert record(tmp_path, str(saved), "--url", "https://www.news.example/a/0.html") == 0
    path = golden(tmp_path)
    assert path.parent == tmp_path / "pages/news-example/a-0"
    assert (path.parent / "page.html").read_bytes() == body
    wanted = json.loads(path.read_text("utf-8"))
    assert (wanted["url"], wanted["declared"]) == ("https://www.news.example/a/0.html", "gb18030")
    assert wanted["articles"][0]["title"] == PLAIN[0].title
    assert wanted["articles"][0]["body"] == list(PLAIN[0].body)
    reads_as_expected(path)
    printed = capsys.readouterr()
    assert json.loads(printed.out)["folder"] == str(path.parent)
    assert f"Recorded in {path.parent}." in printed.err.replace("\n", "")
    assert "correct title, author, day, source" in printed.err


def test_what_was_corrected_by_hand_is_not_overwritten(tmp_path: Path, capsys: Capsys) -> None:
    saved = tmp_path / "saved.html"
    saved.write_bytes(story_page(0).body)
    line = (str(saved), "--url", "https://news.example/a/0.html")
    assert record(tmp_path, *line) == 0
    golden(tmp_path).write_text("corrected")
    assert record(tmp_path, *line) == 2
    assert "recorded before" in capsys.readouterr().err
    assert golden(tmp_path).read_text() == "corrected"


def test_a_file_needs_its_address(tmp_path: Path, capsys: Capsys) -> None:
    saved = tmp_path / "saved.html"
    saved.write_bytes(story_page(0).body)
    assert record(tmp_path, str(saved)) == 2
    assert "--url" in capsys.readouterr().err
    assert record(tmp_path, str(saved), "--url", "saved.html") == 2
    assert "is not an address" in capsys.readouterr().err
    assert record(tmp_path, str(tmp_path / "none.html"), "--url", "https://news.example/") == 2
    assert not (tmp_path / "pages").exists()


def test_a_url_comes_from_the_archive_the_newest_usable_capture(tmp_path: Path, capsys: Capsys) -> None:
    old, header = story_page(0), (("Content-Type", "text/html; charset=utf-8"),)
    new = replace(story_page(1), url=old.url, url_key=old.url_key, final_url=f"{old.url}?2", headers=header)
    gone = replace(
        old,
        body=b"<title>404</title>",
        status=404,
        outcome=Outcome.GONE,
        fetched_at=new.fetched_at + timedelta(1),
    )
    write(tmp_path / "raw", [new, old], "run-1")
    write(tmp_path / "raw", [gone], "run-2")
    assert record(tmp_path, old.url) == 0
    wanted = json.loads(golden(tmp_path).read_text("utf-8"))
    assert wanted["articles"][0]["title"] == PLAIN[1].title
    assert (wanted["url"], wanted["content_type"]) == (f"{old.url}?2", header[0][1])
    assert (golden(tmp_path).parent / "page.html").read_bytes() == new.body
    reads_as_expected(golden(tmp_path))
    assert "as captured 2026-11-01 08:01:00 UTC" in capsys.readouterr().err


def test_a_url_that_is_not_in_the_archive_is_fetched_politely(tmp_path: Path, capsys: Capsys) -> None:
    with SampleSite() as site:
        (tmp_path / "sources").mkdir()
        write_sources(tmp_path / "sources", site)
        url = next(
            site.base + path
            for path, reply in sorted(site._pages["a"].items())
            if reply.status == 200 and b"<h1" in reply.body and path.endswith(".html")
        )
        assert record(tmp_path, url) == 0
        assert next(r.path for r in site.log if r.server == "a") == "/robots.txt"
    reads_as_expected(golden(tmp_path))
    assert not (tmp_path / "raw").exists()


def test_a_private_address_that_no_source_declares_is_refused(tmp_path: Path, capsys: Capsys) -> None:
    with SampleSite() as site:
        assert record(tmp_path, f"{site.base}/none.html") == 1
        assert "is it a private address" in capsys.readouterr().err
        assert site.log == []
        assert record(tmp_path, f"{site.base}/none.html", "--allow-private") == 1
        assert "gone (status 404)" in capsys.readouterr().err
    assert not (tmp_path / "pages").exists()


def test_a_page_without_an_article_is_recorded_to_be_written_by_hand(tmp_path: Path, capsys: Capsys) -> None:
    saved = tmp_path / "saved.html"
    saved.write_bytes(b"<p><a href=1>link</a></p>")
    assert record(tmp_path, str(saved), "--url", "https://news.example/") == 0
    (article,) = json.loads(golden(tmp_path).read_text("utf-8"))["articles"]
    assert (article["title"], article["body"]) == (None, [])
    assert "no_body" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.news.example/a/2026-11/1.shtml", "news-example/a-2026-11-1"),
        ("https://news.example/", "news-example/home"),
        ("https://news.example", "news-example/home"),
        ("https://news.example/a.php?id=7&x=一", "news-example/a-php-id-7-x"),
        ("http://127.0.0.1:8080/../../etc/passwd", "127-0-0-1-8080/etc-passwd"),
        (f"https://news.example/{'a' * 50}/{'b' * 50}", f"news-example/{'a' * 9}-{'b' * 50}"),
    ],
)
def test_a_name_is_plain_and_leads_nowhere_else(url: str, name: str) -> None:
    assert page_name(url) == Path(name)
