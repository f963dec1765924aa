"""tdmrep.json as the crawl asks for it: once a day, archived; and what is archived in full again because of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.corpus.build import build
from pipeline.corpus.read import documents
from pipeline.crawl.ledger import Ledger, rebuild
from pipeline.crawl.urlstate import UrlState
from pipeline.web.urls import url_key
from tests.corpus.archives import PLAIN, html, job
from tests.web.loopback import TDMREP, Page, Site, article, kept, later, run, sitemap, source_of

ALL = Page(json.dumps([{"location": "/", "tdm-reservation": 1}]).encode(), "application/json")
FULL = ("ok", 200)
STORY = html(PLAIN[0].title, PLAIN[0].body)


def state(raw: Path, url: str) -> UrlState:
    with Ledger(raw) as ledger:
        known = ledger.state(url_key(url))
    assert known is not None
    return known


def pages(raw: Path) -> list[tuple[str, int]]:
    return [(c.outcome, c.status) for c in kept(raw)]


def test_it_is_asked_for_once_a_day_and_archived(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/a/1.html": article(1), "/a/2.html": article(2), TDMREP: ALL}
    source = source_of(site, urls=(site.base + "/a/1.html", site.base + "/a/2.html"))
    for hours in (0, 2, 23, 25, 26):
        run(source, tmp_path, now=later(hours=hours), only_due=False)
    assert site.asked(but=())[:3] == ["/robots.txt", TDMREP, "/a/1.html"]
    assert site.asked(but=()).count(TDMREP) == 2
    assert [(c.outcome, c.body) for c in kept(tmp_path, "tdmrep")] == [("ok", ALL.body), ("unchanged", b"")]
    with Ledger(tmp_path) as ledger:
        assert ledger.due("village", datetime.now(UTC) + timedelta(days=999), ("tdmrep",)) == []


@pytest.mark.parametrize(
    ("answer", "asked", "outcome"),
    [
        (Page(b"", status=404, etag=False), 1, "gone"),
        (Page(b"<html>no such page</html>", etag=False), 1, "soft_gone"),
        (Page(b"[" + b" " * 2_000_000 + b"]", "application/json"), 1, "too_large"),
        (Page(b"", status=500, etag=False), 2, "http_error"),
        (Page(b"", status=403, etag=False), 1, "http_error"),
    ],
    ids=["missing", "a page", "2 MB", "an error", "forbidden"],
)
def test_one_that_does_not_come_keeps_no_page_from_being_fetched(
    site: Site, tmp_path: Path, answer: Page, asked: int, outcome: str
) -> None:
    site.pages |= {"/a/1.html": article(1), TDMREP: answer}
    source = source_of(site, urls=(site.base + "/a/1.html",))
    for hours in (0, 2):
        assert run(source, tmp_path, now=later(hours=hours), only_due=False).failed == 0
    assert (len(kept(tmp_path)), site.asked(but=()).count(TDMREP)) == (2, asked)
    assert {c.outcome for c in kept(tmp_path, "tdmrep")} == {outcome}


def test_robots_txt_may_forbid_it_and_lists_do_not_need_it(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/a/1.html": article(1), "/sitemap.xml": sitemap()}
    run(source_of(site, sitemaps=(site.base + "/sitemap.xml",)), tmp_path / "lists")
    site.pages["/robots.txt"] = Page(b"User-agent: *\nDisallow: /.well-known/\n", "text/plain")
    assert run(source_of(site, urls=(site.base + "/a/1.html",)), tmp_path / "page").fetched == 1
    assert TDMREP not in site.asked(but=())


def test_the_host_that_a_page_comes_from_is_asked(site: Site, other: Site, tmp_path: Path) -> None:
    other.pages |= {"/a.html": article(1), TDMREP: ALL}
    site.pages["/go"] = Page(b"", status=302, headers=(("Location", other.base + "/a.html"),), etag=False)
    run(source_of(site, urls=(site.base + "/go",), include=(other.base + "/*",)), tmp_path / "raw")
    assert other.asked(but=()) == ["/robots.txt", TDMREP, "/a.html"]
    build(job(tmp_path))
    assert [row.reason for row in documents(tmp_path / "clean", table="dropped")] == ["reserved"]


def test_pages_are_archived_in_full_again_when_it_comes_changes_or_goes(site: Site, tmp_path: Path) -> None:
    site.pages["/a/1.html"] = Page(STORY)
    source = source_of(site, urls=(site.base + "/a/1.html",))
    raw, published = tmp_path / "raw", []
    freed = Page(json.dumps([{"location": "/b/", "tdm-reservation": 1}]).encode(), "application/json")
    for day, answer in enumerate([None, None, ALL, ALL, freed, freed, ALL, None, ALL]):
        site.pages.pop(TDMREP, None)
        if answer is not None:
            site.pages[TDMREP] = answer
        run(source, raw, now=later(days=2 * day), only_due=False)
        build(job(tmp_path))
        published.append(len(list(documents(tmp_path / "clean"))))
    assert pages(raw) == [
        FULL,
        ("unchanged", 304),
        FULL,
        ("unchanged", 304),
        FULL,
        ("unchanged", 304),
        *[FULL] * 3,
    ]
    assert published == [1, 1, 0, 0, 1, 1, 0, 1, 0]
    known = state(raw, site.base + TDMREP)
    rebuild(raw)
    assert state(raw, site.base + TDMREP) == known


def test_a_page_that_goes_on_the_same_under_other_headers_is_archived_in_full(
    site: Site, tmp_path: Path
) -> None:
    url = site.base + "/a/1.html"
    source = source_of(site, urls=(url,))
    raw, published = tmp_path / "raw", []
    noai, policy = (("X-Robots-Tag", "noai"),), (("X-Other", "noai"),)
    for day, headers in enumerate([(), policy, noai, noai, ()]):
        site.pages["/a/1.html"] = Page(STORY, headers=headers, etag=False)
        run(source, raw, now=later(days=2 * day), only_due=False)
        build(job(tmp_path))
        published.append(len(list(documents(tmp_path / "clean"))))
    assert pages(raw) == [FULL, ("unchanged", 200), FULL, ("unchanged", 200), FULL]
    assert published == [1, 1, 0, 0, 1]
    known = state(raw, url)
    assert known.last_change == known.first_seen, "it said nothing new: it is not looked at more often"
