"""Texts of feeds in the corpus: taken where the page keeps its article, from the archive alone, and never for less."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from html import escape
from pathlib import Path

import pytest

from pipeline.archive.withdrawn import restore, runs, withdraw
from pipeline.corpus.build import build
from pipeline.corpus.read import documents
from pipeline.records import Capture, Document, Kind, Source
from tests.corpus.archives import PLAIN, html, job, story_page, write

FEED = "https://news.example/feed.xml"
SOURCE = Source(name="example", home="https://news.example/", feeds=(FEED,))
HOUR = timedelta(hours=1)
PAGE = "https://news.example/a/0.html"
WHOLE = "".join(f"<p>{line}</p>" for line in PLAIN[0].body)


def rss(content: str, link: str = PAGE, tag: str = "content:encoded") -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        f"<channel><title>小镇</title><item><title>{PLAIN[0].title}</title><link>{link}</link>"
        f"<pubDate>Sun, 01 Nov 2026 23:30:00 GMT</pubDate><author>张三</author>"
        f"<description>只有开头</description><{tag}><![CDATA[{content}]]></{tag}></item></channel></rss>"
    ).encode()


def atom(content: str) -> bytes:
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>小镇</title><entry>'
        f'<title>{PLAIN[0].title}</title><link href="{PAGE}"/><id>1</id><updated>2026-11-01T23:30:00Z</updated>'
        f'<content type="html">{escape(content)}</content></entry></feed>'
    ).encode()


def jsonfeed(content: str) -> bytes:
    item = {"id": "1", "url": PAGE, "title": PLAIN[0].title, "content_html": content}
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [item]}).encode()


def feed(body: bytes, after: timedelta = -HOUR, **changes: object) -> Capture:
    found = story_page(0, kind=Kind.FEED, url=FEED, url_key=FEED, final_url=FEED, body=body, headers=())
    return replace(found, fetched_at=found.fetched_at + after, **changes)  # type: ignore[arg-type]


def teaser(lines: int = 1, after: timedelta = timedelta(), notice: str = "剩余70%内容需付费阅读") -> Capture:
    body = html(PLAIN[0].title, [*PLAIN[0].body[:lines], notice])
    found = story_page(0, body=body, via=FEED)
    return replace(found, fetched_at=found.fetched_at + after)


def blocked(after: timedelta = timedelta()) -> Capture:
    found = story_page(0, body=html("访问验证", ["请完成验证"]), outcome="blocked", status=403, via=FEED)
    return replace(found, fetched_at=found.fetched_at + after)


def other(page: Capture) -> Capture:
    """Another page after one, so that there is a new version."""
    return replace(story_page(1), fetched_at=page.fetched_at + HOUR)


def rows(
    folder: Path, *captures: Sequence[Capture], source: Source = SOURCE
) -> tuple[list[Document], list[Document]]:
    """Published and other rows after the captures of each run came and were built, which is as one full build."""
    for number, of_run in enumerate(captures):
        write(folder / "raw", of_run, run=f"run-{number}")
        build(job(folder, source))
    found = [list(documents(folder / "clean", table=table)) for table in ("articles", "dropped")]
    build(job(folder, source, full=True))
    again = [list(documents(folder / "clean", table=table)) for table in ("articles", "dropped")]
    key = lambda d: (d.capture, d.part)  # noqa: E731
    assert [sorted(each, key=key) for each in found] == [sorted(each, key=key) for each in again]
    return found[0], found[1]


@pytest.mark.parametrize("make", [rss, atom, jsonfeed])
def test_a_teaser_has_the_text_of_its_feed(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    (row,), _ = rows(tmp_path, [feed(make(WHOLE)), teaser()])
    assert row.extracted.split("\n") == list(PLAIN[0].body)
    assert (row.method, row.access, row.access_from) == ("feed", "paywalled", "printed")
    assert row.title_from != "feed"


def test_a_blocked_page_has_text_and_facts_of_its_feed(tmp_path: Path) -> None:
    (row,), _ = rows(tmp_path, [feed(rss(WHOLE)), blocked()])
    assert row.extracted.split("\n") == list(PLAIN[0].body)
    assert (row.method, row.title, row.title_from) == ("feed", PLAIN[0].title, "feed")
    assert (row.published_on, row.published_from) == (date(2026, 11, 2), "feed")
    assert (row.author, row.author_from, row.access) == ("张三", "feed", None)


def test_the_feed_may_have_been_read_in_an_earlier_run(tmp_path: Path) -> None:
    (row,), _ = rows(tmp_path, [feed(rss(WHOLE), after=-30 * 24 * HOUR)], [teaser()])
    assert row.method == "feed"


@pytest.mark.parametrize(
    ("why", "captures"),
    [
        ("a summary is no text", [feed(rss(WHOLE, tag="summary")), teaser()]),
        (
            "it breaks off",
            [feed(rss(f"<p>{PLAIN[0].body[0]}</p><p>{PLAIN[0].body[1][:-1]}……</p>")), teaser()],
        ),
        ("it says that it is paid for", [feed(rss(WHOLE + "<p>本文为付费内容</p>")), teaser()]),
        ("another article", [feed(rss(WHOLE, link="https://news.example/a/9.html")), teaser()]),
        ("it has less", [feed(rss(f"<p>{PLAIN[0].body[0]}</p>")), teaser(lines=2)]),
        ("it was read later", [teaser(), feed(rss(WHOLE), after=HOUR)]),
        ("it was read too long before", [feed(rss(WHOLE), after=-32 * 24 * HOUR), teaser()]),
        ("it is no feed", [feed(b"<html>" + b"<p>" * 90_000), teaser()]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_feed_is_not_taken(tmp_path: Path, why: str, captures: list[Capture]) -> None:
    published, dropped = rows(tmp_path, captures)
    found = [row for row in (*published, *dropped) if row.url == PAGE]
    assert [row.method for row in found] == ["container"], why


def test_a_page_that_says_nothing_keeps_its_own_text(tmp_path: Path) -> None:
    own = replace(story_page(0, body=html(PLAIN[0].title, PLAIN[0].body[:2]), via=FEED))
    published, dropped = rows(tmp_path, [feed(rss(WHOLE)), own])
    assert [row.method for row in (*published, *dropped)] == ["container"]


@pytest.mark.parametrize("later", [teaser(after=HOUR), blocked(after=HOUR)], ids=["closed", "blocked"])
def test_a_page_that_closes_later_takes_no_text_back(tmp_path: Path, later: Capture) -> None:
    less = "".join(f"<p>{line}</p>" for line in PLAIN[0].body[:-1])
    (row, _), dropped = rows(tmp_path, [feed(rss(less)), story_page(0, via=FEED)], [later, other(later)])
    assert row.extracted.split("\n") == list(PLAIN[0].body)
    assert row.method == "container"
    assert [each.reason for each in dropped] == ["less"]


def test_the_text_of_the_feed_stands_when_the_feed_has_moved_on(tmp_path: Path) -> None:
    late = teaser(lines=2, after=40 * 24 * HOUR)
    (row, _), dropped = rows(tmp_path, [feed(rss(WHOLE)), teaser()], [late, other(late)])
    assert (row.method, [each.reason for each in dropped]) == ("feed", ["less"])


def test_an_edit_of_a_closed_page_is_taken_though_shorter(tmp_path: Path) -> None:
    (row,), dropped = rows(tmp_path, [teaser(lines=4)], [teaser(lines=3, after=HOUR)])
    assert (len(row.extracted.split("\n")), [each.reason for each in dropped]) == (3, ["superseded"])


def test_a_page_that_opens_later_has_its_own_text(tmp_path: Path) -> None:
    own = replace(story_page(0, via=FEED), fetched_at=teaser().fetched_at + HOUR)
    (row,), _ = rows(tmp_path, [feed(rss(WHOLE + "<p>还有一段，只在源里有。</p>")), teaser()], [own])
    assert row.method == "container"


def test_a_run_that_is_withdrawn_gives_no_text(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    (row,), _ = rows(tmp_path, [feed(rss(WHOLE))], [teaser(lines=4)])
    assert row.method == "feed"
    name = min(runs(raw), key=lambda run: run.first).run
    withdraw(raw, name, "a trial")
    build(job(tmp_path, SOURCE))
    assert [d.method for d in documents(tmp_path / "clean")] == ["container"]
    restore(raw, name)
    build(job(tmp_path, SOURCE))
    assert [d.method for d in documents(tmp_path / "clean")] == ["feed"]


def test_personal_data_in_the_text_of_a_feed_is_masked(tmp_path: Path) -> None:
    said = WHOLE + "<p>联系人的手机是13800138000，请在白天打来。</p>"
    (row,), _ = rows(tmp_path, [feed(rss(said)), teaser()], source=replace(SOURCE, mask=("phone",)))
    assert "█" in row.text
    assert "13800138000" not in row.extracted
