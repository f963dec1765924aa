"""No link is lost and nothing is left too early: simulations of weeks, with a clock that is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.crawl import run as crawling
from pipeline.records import Listing
from tests.web.loopback import NO_ROBOTS, Page, Site, article, later, run, source_of


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
