"""No link is lost and nothing is left too early: simulations of weeks, with a clock that is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from pipeline.crawl import ledger
from pipeline.crawl import run as crawling
from pipeline.crawl.ledger import Ledger
from pipeline.records import Listing
from tests.web.loopback import NO_ROBOTS, Page, Site, article, feed, kept, later, run, source_of


def fetched(site: Site) -> list[int]:
    """The numbers of the articles asked for, in order."""
    paths = site.asked(but=(*NO_ROBOTS, "/list", "/rss"))
    return [int(path.split("/")[-1].removesuffix(".html")) for path in paths]


def dated(site: Site, day: dict[int, str]) -> Page:
    """A feed of articles with the days they came out, in the order given."""
    items = (
        f"<item><link>{site.base}/a/{n}.html</link><pubDate>{at}</pubDate></item>" for n, at in day.items()
    )
    return Page(f"<rss version='2.0'><channel>{''.join(items)}</channel></rss>".encode(), "application/xml")


@pytest.mark.parametrize("kind", ["listing", "feed"])
def test_all_links_are_known_and_a_run_fetches_so_many(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The list never changes again, and each later look at it is a 304."""
    monkeypatch.setattr(crawling, "MAX_NEW_PAGES", 12)
    site.pages |= {f"/a/{n}.html": article(n) for n in range(30)}
    if kind == "feed":
        site.pages["/rss"] = dated(site, {n: f"2026-06-{30 - n:02d}" for n in range(30)})
        source = source_of(site, feeds=(site.base + "/rss",))
    else:
        site.pages["/list"] = Page("".join(f"<a href='/a/{n}.html'>旧事</a>" for n in range(30)).encode())
        source = source_of(site, listings=(Listing(url=site.base + "/list"),))
    first, second, third = (run(source, tmp_path, now=later(hours=hours)) for hours in (0, 1, 2))
    assert (first.found, second.found) == (30, 0)
    assert (first.fetched, second.fetched, third.fetched) == (12, 12, 6)
    assert "quota: 18 of 30 pages not fetched yet are left for the next runs" in first.notes
    assert not [note for note in third.notes if note.startswith("quota")]
    order = fetched(site)
    firsts = list(dict.fromkeys(order))
    assert firsts == (list(range(29, -1, -1)) if kind == "feed" else list(range(30)))


def test_what_was_left_goes_before_what_is_found_later(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crawling, "MAX_NEW_PAGES", 2)
    site.pages |= {f"/a/{n}.html": article(n) for n in range(6)}
    site.pages["/rss"] = dated(site, {n: f"2026-06-0{n + 1}" for n in (3, 4, 5)})
    source = source_of(site, feeds=(site.base + "/rss",), every=3600.0)
    run(source, tmp_path)
    site.pages["/rss"] = dated(site, {n: f"2026-06-0{n + 1}" for n in range(6)})
    for hours in (7, 14):
        run(source, tmp_path, now=later(hours=hours))
    assert list(dict.fromkeys(fetched(site))) == [3, 4, 5, 0, 1, 2]


def seen_after(looks: list[float], at: float) -> float | None:
    """Hours from an event to the first look that follows it; None: there was none."""
    return next((look - at for look in looks if look >= at), None)


def test_edits_and_removals_of_weeks_are_seen(site: Site, tmp_path: Path) -> None:
    """A crawl an hour for 35 days; an article is edited after one, three and ten days, another removed after three."""
    site.pages |= {"/a/1.html": article(1), "/a/2.html": article(2), "/a/3.html": article(3)}
    source = source_of(site, urls=tuple(f"{site.base}/a/{n}.html" for n in (1, 2, 3)))
    looks: dict[str, list[float]] = {}
    for hour in (*range(60), *range(60, 35 * 24, 12)):
        if hour in (24, 72, 240):
            site.pages["/a/1.html"] = article(100 + hour)
        if hour == 72:
            site.pages["/a/2.html"] = Page(b"", status=404, etag=False)
        site.log.clear()
        run(source, tmp_path, now=later(hours=hour))
        for path in site.asked(but=NO_ROBOTS):
            looks.setdefault(path, []).append(hour)
    assert looks["/a/3.html"] == [0, 2, 10, 48, 240, 720]
    delays = [seen_after(looks["/a/1.html"], at) for at in (24, 72, 240)]
    assert delays == [24, 168, 0]
    removal = seen_after(looks["/a/2.html"], 72)
    assert removal == 168
    assert kept(tmp_path)[-1].outcome in {"ok", "unchanged"}
    assert sum(c.outcome == "gone" for c in kept(tmp_path)) >= 2, "asked again a week later: gone for good"
    assert len({c.digest for c in kept(tmp_path) if c.url.endswith("/a/1.html")}) == 3


def test_a_site_that_never_changes_is_looked_at_half_as_often(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "STILL_PAGES", 5)
    site.pages |= {f"/a/{n}.html": article(n) for n in range(8)}
    first = tuple(f"{site.base}/a/{n}.html" for n in range(6))
    for hour in (0, 2, 10, 48):
        run(source_of(site, urls=first), tmp_path, now=later(hours=hour))
    site.log.clear()
    for hour in range(100, 150):
        run(source_of(site, urls=(*first, site.base + "/a/7.html")), tmp_path, now=later(hours=hour))
    assert fetched(site) == [7, 7, 7], "at 0, 4 and 20 hours"
    site.pages["/a/3.html"] = article(300)
    run(source_of(site, urls=first), tmp_path, now=later(hours=260))
    with Ledger(tmp_path) as known:
        assert known._stretch("village") == 1.0


@pytest.mark.parametrize("says", [("ETag", '"always"'), ("Last-Modified", "Mon, 01 Jun 2026 00:00:00 GMT")])
def test_a_server_that_always_says_not_modified_is_found_out_within_a_day(
    site: Site, tmp_path: Path, says: tuple[str, str]
) -> None:
    """A crawl every three hours for four days; a new article each day at noon."""

    def listed(*numbers: int) -> Page:
        links = "".join(f"<a href='/a/{n}.html'>旧事</a>" for n in numbers)
        return Page(links.encode(), headers=(says,), etag=False, lies=True)

    site.pages |= {f"/a/{n}.html": article(n) for n in range(5)}
    site.pages["/list"] = listed(0)
    source = source_of(site, listings=(Listing(url=site.base + "/list"),), every=3 * 3600.0)
    found: dict[int, int] = {}
    notes: list[str] = []
    for hour in range(0, 4 * 24, 3):
        if hour % 24 == 12:
            site.pages["/list"] = listed(*range(hour // 24 + 2))
        told = run(source, tmp_path, now=later(hours=hour))
        notes += [note for note in told.notes if "not modified" in note]
        if told.found:
            found[hour] = told.found
    first, *later_ones = list(found)[1:]
    assert first - 12 <= 24, "the first within a day"
    assert [hour - noon <= 12 for hour, noon in zip(later_ones, (36, 60, 84), strict=True)] == [True] * 3
    assert len(notes) == 1
    with Ledger(tmp_path) as known:
        assert known.host(site.base.removeprefix("http://")).lies


def test_an_honest_server_is_asked_in_full_once_a_day(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/a/0.html": article(0), "/list": Page(b"<a href='/a/0.html'>x</a>")}
    source = source_of(site, listings=(Listing(url=site.base + "/list"),), every=3 * 3600.0)
    for hour in range(0, 73, 12):
        run(source, tmp_path, now=later(hours=hour))
    asked = [each for each in site.log if each.path == "/list"]
    assert [each.status for each in asked] == [200, 304, 200, 304, 200, 304, 200]
    with Ledger(tmp_path) as known:
        assert not known.host(site.base.removeprefix("http://")).lies


@pytest.mark.parametrize("kind", ["feed", "listing with a menu"])
def test_a_fast_list_is_read_before_it_has_turned_over(site: Site, tmp_path: Path, kind: str) -> None:
    """Twenty shown without a date, one new every six minutes for half a day, then in six hours, like `every`."""
    published = 20

    def show() -> None:
        urls = [f"{site.base}/a/{n}.html" for n in range(published - 1, published - 21, -1)]
        menu = "".join(f"<a href='/menu/{n}/'>栏目</a>" for n in range(40)) if "menu" in kind else ""
        links = menu + "".join(f"<a href='{url}'>旧事</a>" for url in urls)
        site.pages["/list"] = feed(*urls) if kind == "feed" else Page(links.encode())

    declared: dict[str, Any] = (
        {"feeds": (site.base + "/list",)}
        if kind == "feed"
        else {"listings": (Listing(url=site.base + "/list"),)}
    )
    source = source_of(site, **declared, every=6 * 3600.0)
    found, reads, gaps = 0, [], 0
    with mock.patch.object(crawling, "MAX_NEW_PAGES", 0):
        for quarter in range(4 * 24):
            published = 20 + (quarter * 15 // 6 if quarter < 48 else 120 + (quarter - 48) // 24)
            show()
            site.log.clear()
            told = run(source, tmp_path, now=later(minutes=15 * quarter))
            found += told.found
            gaps += any(note.startswith("gap") for note in told.notes)
            if "/list" in site.asked():
                reads.append(quarter / 4)
    assert found - (40 if "menu" in kind else 0) >= 0.98 * published
    assert len([each for each in reads if each < 12]) <= 18, "not more often than it needs"
    assert reads[-1] - reads[-2] >= 3, "slow again when nothing comes"
    assert gaps <= 1
