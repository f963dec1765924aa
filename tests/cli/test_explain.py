"""`corpus explain`: the story once, newest first; lists as lists; what was tried on a page without a body."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipeline.cli import main
from tests.corpus.archives import PLAIN, html
from tests.web.loopback import Page, Site, feed

Capsys = pytest.CaptureFixture[str]

SHELL = (
    b"<html><head><title>x</title></head><body><div id=app></div><script src=/app.js></script></body></html>"
)


class Crawled:
    """A source on loopback with a feed of three pages, and what was made of it."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site, self.folder = site, folder
        self.urls = [f"{site.base}/{n}.html" for n in range(3)]
        site.pages |= {f"/{n}.html": Page(html(PLAIN[n].title, PLAIN[n].body)) for n in range(2)}
        site.pages["/2.html"] = Page(SHELL)
        site.pages["/feed.xml"] = feed(*self.urls)
        (folder / "sources").mkdir()
        (folder / "sources/village.toml").write_text(
            f'feeds = ["{site.base}/feed.xml"]\ndelay = 0\nallow_private = true\n'
        )

    def run(self, command: str, *words: str) -> int:
        names = ("clean", "raw", "sources") if command != "crawl" else ("raw", "sources")
        return main([command, *words, *(f"--{name}={self.folder / name}" for name in names)])


@pytest.fixture
def crawled(site: Site, tmp_path: Path, capsys: Capsys) -> Crawled:
    made = Crawled(site, tmp_path)
    for _ in range(4):
        assert made.run("crawl", "--all") == 0
    assert made.run("build", "--workers=1") == 0
    capsys.readouterr()
    return made


def test_visits_that_said_the_same_are_told_once_with_their_number(crawled: Crawled, capsys: Capsys) -> None:
    assert crawled.run("explain", crawled.urls[0]) == 0
    printed = capsys.readouterr()
    said = printed.err
    assert said.count(PLAIN[0].title) == 1
    assert said.count("decoded ") == 1
    assert said.index("+ 2 visits that said the same, back to") < said.index("the text that is published")
    assert "Published in version 2.1.0." in said
    assert f"first found in {crawled.site.base}/feed.xml" in said
    rows = [json.loads(line) for line in printed.out.splitlines()]
    assert sorted(str(row["reason"]) for row in rows) == ["None", "unchanged", "unchanged", "unchanged"]


def test_a_newer_text_stands_first_and_the_older_one_is_told_as_superseded(
    crawled: Crawled, capsys: Capsys
) -> None:
    crawled.site.pages["/0.html"] = Page(
        html(PLAIN[0].title, [*PLAIN[0].body, "后来又补了一段话，说的是结果。"])
    )
    assert crawled.run("crawl", "--all") == 0
    assert crawled.run("build", "--workers=1") == 0
    capsys.readouterr()
    assert crawled.run("explain", crawled.urls[0]) == 0
    said = capsys.readouterr().err
    newest, older = said.index("the text that is published"), said.index("superseded: an earlier text")
    assert newest < said.index("+ 2 visits") < older
    assert said.count("decoded ") == 1


def test_a_page_that_waits_for_a_build_says_so_and_one_without_a_row_does_not(
    crawled: Crawled, capsys: Capsys
) -> None:
    url = f"{crawled.site.base}/3.html"
    crawled.site.pages["/3.html"] = Page(html(PLAIN[3].title, PLAIN[3].body))
    crawled.site.pages["/feed.xml"] = feed(*crawled.urls, url)
    assert crawled.run("crawl", "--all") == 0
    assert crawled.run("explain", url) == 0
    assert "newer than version 2.1.0: `corpus build` takes it in" in capsys.readouterr().err
    assert crawled.run("explain", f"{crawled.site.base}/robots.txt") == 0
    said = capsys.readouterr().err
    assert "as robots, of which no version has rows" in said
    assert "corpus build" not in said


def test_a_feed_is_explained_as_a_list(crawled: Crawled, capsys: Capsys) -> None:
    assert crawled.run("explain", f"{crawled.site.base}/feed.xml") == 0
    printed = capsys.readouterr()
    assert "A feed of the source village" in printed.err
    assert re.search(r"Read 4 times since .*, last 20\d\d", printed.err)
    assert (
        "3 pages were found in it first: 2 are articles of version 2.1.0; the others: 1 no_body."
        in printed.err
    )
    assert "corpus build" not in printed.err
    told = json.loads(printed.out)
    assert (told["kind"], told["visits"], told["found"], told["articles"]) == ("feed", 4, 3, 2)
    assert told["others"] == {"no_body": 1}


def test_a_page_without_a_body_says_what_was_tried_and_what_would_help(
    crawled: Crawled, capsys: Capsys
) -> None:
    assert crawled.run("explain", crawled.urls[2]) == 0
    said = capsys.readouterr().err
    assert "no_body, no article was found on the page" in said
    assert "tried      the element that reads most like an article" in said
    assert re.search(r"the page +\d+ bytes as it came, \d+ lines? with \d+ letters", said)
    assert "its text is not in the page: a script fetches it" in said
    assert "sources/village.toml" in said
    assert "corpus build" not in said


def test_a_page_with_lines_but_no_article_shows_them(crawled: Crawled, capsys: Capsys) -> None:
    from pipeline import explain as why

    told = "\n".join(
        why.without_body([(False, "outside", "甲" * 150), (False, "junk", "乙" * 90)], 9000, "news")
    )
    assert "9,000 bytes as it came, 2 lines with 240 letters" in told
    assert "outside: 甲甲" in told
    assert 'body = "the CSS of its element" in sources/news.toml' in told


def test_every_reason_has_its_meaning_in_words() -> None:
    from pipeline import explain as why
    from pipeline.corpus.quality import RULES
    from pipeline.records import Outcome, Reason

    for reason in (*Reason, *Outcome, *(rule.reason for rule in RULES), "frameset", "failed:KeyError"):
        assert why.meaning_of(reason)[0], reason
    assert {*Reason} <= why.REASONS.keys()
