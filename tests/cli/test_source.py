"""The source files by hand, against real sites on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import sources
from pipeline.cli import main
from pipeline.crawl import scout
from tests.corpus.archives import PLAIN, html
from tests.web.loopback import Page, Site, feed

Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(scout, "DELAY", 0.0)
    with Site() as running:
        paths = [f"/2026/11/{100 + n}.html" for n in range(6)]
        running.pages |= {each: Page(html(PLAIN[n].title, PLAIN[n].body)) for n, each in enumerate(paths)}
        running.pages["/feed.xml"] = feed(*(running.base + each for each in paths))
        head = b'<link rel=alternate type="application/rss+xml" href="/feed.xml">'
        running.pages["/"] = Page(b"<html><head>" + head + b"</head><body></body></html>")
        yield running


def tried(folder: Path, *words: str) -> int:
    where = [f"--sources={folder / 'sources'}", f"--clean={folder / 'clean'}"]
    where += [] if words[0].endswith(".html") else ["--allow-private"]
    return main(["source", "try", *words, *where])


def test_a_site_nobody_declared_is_shown_and_written(site: Site, tmp_path: Path, capsys: Capsys) -> None:
    assert tried(tmp_path, site.base + "/") == 0
    shown = capsys.readouterr().err
    assert f'feeds = ["{site.base}/feed.xml"]' in shown
    assert PLAIN[0].title in shown
    assert not (tmp_path / "sources").exists()

    assert tried(tmp_path, site.base + "/", "--add", "village", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["kind"], len(one["links"])) for one in told["lists"]] == [("feed", 6)]
    assert [one["title"] for one in told["articles"]] == [PLAIN[n].title for n in range(5)]
    (source,) = sources.load(tmp_path / "sources")
    assert (source.name, source.feeds, source.allow_private) == ("village", (site.base + "/feed.xml",), True)

    assert tried(tmp_path, site.base + "/", "--add", "village") == 2
    assert "is there already" in capsys.readouterr().err
    assert tried(tmp_path, site.base + "/", "--add", "../Village") == 2


def test_what_is_written_can_be_refreshed_and_is_known_as_a_twin_then(
    site: Site, tmp_path: Path, capsys: Capsys
) -> None:
    assert tried(tmp_path, site.base + "/", "--add", "village") == 0
    path = tmp_path / "sources/village.toml"
    path.write_text(path.read_text().replace("delay = 2", "delay = 0"))
    folders = [f"--{name}={tmp_path / name}" for name in ("sources", "raw", "clean")]
    assert main(["refresh", *folders]) == 0
    capsys.readouterr()
    assert tried(tmp_path, site.base + "/", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert {one["twin"] for one in told["articles"]} == {one["url"] for one in told["articles"]}


@pytest.mark.parametrize(
    ("address", "code", "words"),
    [
        ("nowhere", 2, "an address such as"),
        ("http://nowhere.invalid/", 3, "no such host"),
        ("http://127.0.0.1:1/", 3, "nobody answers there"),
    ],
)
def test_what_cannot_be_tried_is_told(
    address: str, code: int, words: str, tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scout, "DELAY", 0.0)
    assert tried(tmp_path, address, "--user-agent=a-test/1.0 (mail@corpus.cn)") == code
    assert words in capsys.readouterr().err


def test_a_page_of_a_source_is_read_as_the_source_says(site: Site, tmp_path: Path, capsys: Capsys) -> None:
    assert tried(tmp_path, site.base + "/", "--add", "village") == 0
    capsys.readouterr()
    assert tried(tmp_path, site.base + "/2026/11/100.html") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["source"], told["documents"][0]["title"]) == ("village", PLAIN[0].title)
    assert tried(tmp_path, site.base + "/2026/11/100.html", "--source", "vilage") == 2
    assert "did you mean village?" in capsys.readouterr().err


def test_declared_sources_are_checked_live(site: Site, tmp_path: Path, capsys: Capsys) -> None:
    assert tried(tmp_path, site.base + "/", "--add", "village") == 0
    check = ["source", "check", f"--sources={tmp_path / 'sources'}"]
    assert main(check) == 0
    assert main([*check, "--live"]) == 0
    assert "What the sites answer" in capsys.readouterr().err
    site.pages["/feed.xml"] = Page(b"", status=404)
    assert main([*check, "--live"]) == 3
    assert "no links came from village" in capsys.readouterr().err


OPML = """<?xml version="1.0"?>
<!DOCTYPE opml [<!ENTITY secret SYSTEM "file:///etc/passwd">]>
<opml version="2.0"><head><title>&secret;</title></head><body>
<outline text="新闻"><outline type="rss" text="城北晚报" xmlUrl="https://news.example.cn/rss.xml" htmlUrl="https://news.example.cn/"/>
<outline type="rss" title="副刊\x7f" xmlUrl="https://www.news.example.cn/b.xml"/></outline>
<outline type="rss" text="又一次" xmlUrl="https://news.example.cn/rss.xml"/>
<outline type="rss" text="本地" xmlUrl="file:///etc/passwd"/></body></opml>
"""


def test_an_opml_file_becomes_source_files(tmp_path: Path, capsys: Capsys) -> None:
    (tmp_path / "feeds.opml").write_text(OPML)
    line = ["source", "add-opml", str(tmp_path / "feeds.opml"), f"--sources={tmp_path / 'sources'}"]
    assert main(line) == 0
    found = sources.load(tmp_path / "sources")
    assert sorted((s.name, s.feeds, s.home) for s in found) == [
        ("news-example-cn", ("https://news.example.cn/rss.xml",), "https://news.example.cn/"),
        ("news-example-cn-2", ("https://www.news.example.cn/b.xml",), "https://www.news.example.cn/"),
    ]
    assert (tmp_path / "sources/news-example-cn.toml").read_text().startswith("# 城北晚报\n")
    assert main(line) == 0
    assert "0 source files written, 2 feeds declared already" in capsys.readouterr().err
    assert len(sources.load(tmp_path / "sources")) == 2


@pytest.mark.parametrize("text", ["", "<html>", "no xml", "<opml><body><outline text='x'/></body></opml>"])
def test_a_file_without_feeds_is_named(text: str, tmp_path: Path, capsys: Capsys) -> None:
    (tmp_path / "feeds.opml").write_text(text)
    assert main(["source", "add-opml", str(tmp_path / "feeds.opml"), f"--sources={tmp_path / 's'}"]) == 2
    assert "feeds.opml: no feed in it" in capsys.readouterr().err
    assert main(["source", "add-opml", "nowhere.opml", f"--sources={tmp_path / 's'}"]) == 2


def test_a_source_named_wrongly_is_told_the_nearest(tmp_path: Path, capsys: Capsys) -> None:
    (tmp_path / "hewen.toml").write_text('feeds = ["https://news.example.cn/rss.xml"]\n')
    assert main(["crawl", "--source", "hewn", f"--sources={tmp_path}", f"--raw={tmp_path / 'raw'}"]) == 2
    assert "no source named hewn; did you mean hewen? There are hewen" in capsys.readouterr().err


def test_examples_are_mentioned_and_not_read(tmp_path: Path, capsys: Capsys) -> None:
    folder = tmp_path / "sources"
    (folder / "examples").mkdir(parents=True)
    declared = 'feeds = ["https://news.example.cn/rss.xml"]\n'
    (folder / "examples/waiting.toml").write_text(declared, encoding="utf-8")
    assert main(["source", "list", f"--sources={folder}"]) == 2
    assert "has 1 more" in " ".join(capsys.readouterr().err.split())
    (folder / "mine.toml").write_text(declared, encoding="utf-8")
    assert main(["source", "list", f"--sources={folder}"]) == 0
    said = capsys.readouterr()
    assert [json.loads(line)["name"] for line in said.out.splitlines()] == ["mine"]
    assert "has 1 more" in " ".join(said.err.split())
    assert main(["source", "list", f"--sources={folder / 'examples'}"]) == 0
    assert "has 1 more" not in capsys.readouterr().err
