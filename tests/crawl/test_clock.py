"""A clock that is wrong: due times are judged by the clock of now, and the jump is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.crawl.hostmemory import Host
from pipeline.crawl.ledger import Ledger
from tests.web.loopback import Page, Site, article, later, run, sitemap, source_of

AHEAD = later(days=400)


def test_one_crawl_under_a_clock_ahead_silences_nothing(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/a/1.html": article(1), "/sitemap.xml": sitemap(site.base + "/a/1.html")}
    source = source_of(site, sitemaps=(site.base + "/sitemap.xml",))
    run(source, tmp_path, now=AHEAD)
    site.pages |= {"/a/2.html": article(2)}
    site.pages["/sitemap.xml"] = sitemap(site.base + "/a/1.html", site.base + "/a/2.html")
    site.log.clear()
    second = run(source, tmp_path)
    assert sorted(site.asked()) == ["/a/1.html", "/a/2.html", "/robots.txt", "/sitemap.xml"]
    assert second.fetched == 1
    day = datetime.now(UTC) + timedelta(days=400)
    (told,) = [note for note in second.notes if "clock" in note]
    assert f"the newest visit known is of {day:%Y-%m-%d}" in told
    far = run(source, tmp_path, now=AHEAD)
    assert any("if there was no such pause, it runs ahead" in note for note in far.notes)
    run(source, tmp_path)
    site.log.clear()
    third = run(source, tmp_path)
    assert site.log == [], "what was looked at again waits for its time like anything else"
    assert not [note for note in third.notes if "clock" in note]


def test_a_clock_behind_is_told_and_one_that_is_right_again_is_not(site: Site, tmp_path: Path) -> None:
    site.pages["/a/1.html"] = article(1)
    source = source_of(site, urls=(site.base + "/a/1.html",))
    run(source, tmp_path)
    assert any("clock" in note for note in run(source, tmp_path, now=later(days=-365)).notes)
    run(source, tmp_path)
    assert not any("clock" in note for note in run(source, tmp_path).notes)


def test_a_site_is_not_left_alone_until_a_year_that_a_clock_made_up(site: Site, tmp_path: Path) -> None:
    site.pages["/a/1.html"] = article(1)
    far = datetime.now(UTC) + timedelta(days=400)
    host = site.base.removeprefix("http://")
    with Ledger(tmp_path) as ledger:
        ledger.set_host(Host(host=host, not_before=far, fails=5, robots_until=far))
        ledger.commit()
    assert run(source_of(site, urls=(site.base + "/a/1.html",)), tmp_path).fetched == 1
    with Ledger(tmp_path) as ledger:
        kept = ledger.host(host)
        assert kept.robots_until is not None
        assert kept.robots_until < datetime.now(UTC) + timedelta(days=2)
        soon = datetime.now(UTC) + timedelta(hours=20)
        ledger.set_host(replace(kept, not_before=soon))
        ledger.commit()
    site.pages["/a/2.html"] = Page(b"")
    assert run(source_of(site, urls=(site.base + "/a/2.html",)), tmp_path).fetched == 0, "a rest that may be"


def test_a_pause_longer_than_lists_may_wait_is_told(site: Site, tmp_path: Path) -> None:
    site.pages["/sitemap.xml"] = sitemap()
    source = source_of(site, sitemaps=(site.base + "/sitemap.xml",), every=3600.0)
    run(source, tmp_path)
    assert not any("clock" in note for note in run(source, tmp_path, now=later(hours=27)).notes)
    (told,) = [note for note in run(source, tmp_path, now=later(hours=27 + 29)).notes if "clock" in note]
    assert told.endswith("if there was no such pause, it runs ahead")


def test_a_run_that_waits_tells_of_the_clock_all_the_same(site: Site, tmp_path: Path) -> None:
    site.pages["/a/1.html"] = article(1)
    source = source_of(site, urls=(site.base + "/a/1.html",))
    run(source, tmp_path)
    behind = run(source, tmp_path, now=later(days=-3))
    assert any("clock" in note for note in behind.notes)
    assert behind.unchanged == 1, "asked at once, not in three days"
