"""`corpus source try` where a script makes the text: said in words, or rendered by a real Chromium."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import sources
from pipeline.cli import main
from pipeline.crawl import scout
from pipeline.web import browser
from tests.crawl.test_rendering import LINES, MAKES, TITLE, chromium_here, serve
from tests.web.loopback import Page, Site, article, feed

Capsys = pytest.CaptureFixture[str]
__all__ = ["chromium_here"]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(scout, "DELAY", 0.0)
    with Site() as running:
        serve(running, MAKES["router"])
        running.pages |= {"/a/2.html": MAKES["router"], "/api/2.json": running.pages["/api/1.json"]}
        paths = ("/a/1.html", "/a/2.html")
        running.pages["/feed.xml"] = feed(*(running.base + each for each in paths))
        running.pages["/"] = Page(b'<link rel=alternate type="application/rss+xml" href="/feed.xml">')
        yield running


@pytest.fixture
def declared(site: Site, tmp_path: Path) -> Path:
    (tmp_path / "sources").mkdir()
    path = tmp_path / "sources/village.toml"
    path.write_text(
        f'home = "{site.base}/"\nurls = ["{site.base}/a/1.html"]\nallow_private = true\ndelay = 0\n'
    )
    return path


def tried(folder: Path, *words: str) -> int:
    folders = [f"--{name}={folder / name}" for name in ("sources", "raw", "clean")]
    return main(["source", "try", *words, *folders])


def test_a_page_without_a_browser_is_told_what_it_needs(
    site: Site, declared: Path, tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tried(tmp_path, site.base + "/a/1.html") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["documents"], told["rendered"], told["needs_browser"]) == ([], False, True)

    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert tried(tmp_path, site.base + "/a/1.html") == 0
    shown = " ".join(capsys.readouterr().err.split())
    assert 'render = "auto" in the source file renders such pages' in shown
    assert "--render tries it" in shown

    monkeypatch.setattr("pipeline.cli.trying.missing", lambda: "no Chromium was found: install one")
    assert tried(tmp_path, site.base + "/a/1.html") == 0
    assert "(no Chromium was found: install one)" in " ".join(capsys.readouterr().err.split())
    assert tried(tmp_path, site.base + "/a/1.html", "--render") == 3
    assert "--render: no Chromium was found" in capsys.readouterr().err


@pytest.mark.parametrize("way", ["--render", "auto"])
def test_a_page_is_rendered_where_it_is_asked_for_or_its_file_says_so(
    site: Site, declared: Path, tmp_path: Path, capsys: Capsys, way: str
) -> None:
    if way == "auto":
        declared.write_text(declared.read_text() + 'render = "auto"\n')
    assert tried(tmp_path, site.base + "/a/1.html", *([way] if way == "--render" else [])) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rendered"], told["needs_browser"]) == (True, False)
    (found,) = told["documents"]
    assert (found["title"], found["text"].split("\n")[0]) == (TITLE, LINES[0])


def test_a_page_that_would_be_rendered_without_a_chromium_says_what_is_missing(
    site: Site, declared: Path, tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared.write_text(declared.read_text() + 'render = "auto"\n')
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr(browser, "chromium", lambda: None)
    assert tried(tmp_path, site.base + "/a/1.html") == 0
    shown = " ".join(capsys.readouterr().err.split())
    assert "and was not rendered: no Chromium was found" in shown


def test_a_site_whose_articles_scripts_make_is_told_and_its_file_says_render(
    site: Site, tmp_path: Path, capsys: Capsys
) -> None:
    assert tried(tmp_path, site.base + "/", "--allow-private", "--add", "village", "--json") == 0
    out, err = capsys.readouterr()
    assert [one["needs_browser"] for one in json.loads(out)["articles"]] == [True, True]
    assert "2 of 2 articles need a browser" in " ".join(err.split())
    (source,) = sources.load(tmp_path / "sources")
    assert source.render == "always"

    site.pages["/a/2.html"] = article(2)
    assert tried(tmp_path, site.base + "/", "--allow-private", "--add", "town") == 0
    assert sources.load(tmp_path / "sources")[0].render == "auto"


def test_a_site_is_tried_with_its_articles_rendered(site: Site, tmp_path: Path, capsys: Capsys) -> None:
    assert tried(tmp_path, site.base + "/", "--allow-private", "--render", "--json") == 0
    out, err = capsys.readouterr()
    assert [one["title"] for one in json.loads(out)["articles"]] == [TITLE, TITLE]
    assert "need a browser" not in err
    assert site.asked().count("/robots.txt") == 1
    assert "/api/2.json" in site.asked()


def test_what_robots_forbids_a_rendered_page_is_not_asked_for(site: Site, tmp_path: Path) -> None:
    site.pages["/robots.txt"] = Page(b"User-agent: *\nDisallow: /api/\n", "text/plain")
    assert tried(tmp_path, site.base + "/", "--allow-private", "--render", "--json") == 0
    assert not [path for path in site.asked() if path.startswith("/api/")]
