"""The way back through listings whose addresses count their pages: by halves, and no page of the span is passed by."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.crawl.backlog import Span
from pipeline.crawl.ledger import Ledger
from pipeline.crawl.numbered import FURTHEST, MOST_ASKED, last_where, numbered
from pipeline.records import Source
from pipeline.sources import Listing
from tests.crawl.test_backfill import brought, day_of, fetched, listed, printed, run, usable
from tests.web.loopback import Page, Site, source_of

EACH = 5
"""Articles a page of a listing."""


@pytest.mark.parametrize(
    ("one", "two", "tenth"),
    [
        ("https://x.cn/list/2", "https://x.cn/list/3", "https://x.cn/list/12"),
        ("https://x.cn/list?page=1", "https://x.cn/list?page=2", "https://x.cn/list?page=11"),
        (
            "https://x.cn/2020/index_1.html",
            "https://x.cn/2020/index_2.html",
            "https://x.cn/2020/index_11.html",
        ),
        ("https://x.cn/list?start=20", "https://x.cn/list?start=40", "https://x.cn/list?start=220"),
        ("https://x.cn/list_1999.html", "https://x.cn/list_1998.html", "https://x.cn/list_1989.html"),
        ("https://x.cn/p/009.html", "https://x.cn/p/010.html", "https://x.cn/p/019.html"),
        ("https://x.cn/list/9", "https://x.cn/list/10", "https://x.cn/list/19"),
        ("https://x.cn/list_5.html", "https://x.cn/list_4.html", None),
        ("https://x.cn/list/", "https://x.cn/list/2", None),
        ("https://x.cn/a/1", "https://x.cn/b/2", None),
        ("https://x.cn/1/1", "https://x.cn/2/2", None),
        ("https://x.cn/?before=83321", "https://x.cn/?before=81190", None),
        ("https://x.cn/?after=a1", "https://x.cn/?after=b1", None),
        ("https://x.cn/list/2", "https://x.cn/list/2", None),
    ],
)
def test_addresses_that_count_their_pages(one: str, two: str, tenth: str | None) -> None:
    pages = numbered(one, two)
    assert (pages.url(10) if pages is not None else None) == tenth
    if pages is not None:
        assert (pages.url(0), pages.url(1)) == (one, two)


@pytest.mark.parametrize("last", [0, 1, 2, 3, 7, 8, 9, 500, 1023, 1024, 65_535])
def test_the_last_one_is_found_by_halves(last: int) -> None:
    asked: list[int] = []

    async def holds(index: int) -> bool:
        asked.append(index)
        return index <= last

    assert asyncio.run(last_where(holds)) == last
    assert len(asked) <= min(2 * max(1, last).bit_length() + 1, MOST_ASKED)
    assert len(set(asked)) == len(asked)


def test_what_never_ends_is_sought_only_so_far() -> None:
    async def holds(index: int) -> bool:
        asked.append(index)
        return True

    asked: list[int] = []
    assert FURTHEST <= asyncio.run(last_where(holds)) <= 2 * FURTHEST
    assert len(asked) <= MOST_ASKED


class Archive(dict[str, Page]):
    """A site with one article a day and a listing of them all, the newest first; its pages are made when asked for."""

    def __init__(self, base: str, count: int, beyond: str = "404", order: Callable[[int], int] = lambda n: n):
        super().__init__()
        self.base, self.count, self.beyond, self.order = base, count, beyond, order

    def get(self, path: str, other: Any = None) -> Any:
        if path in self:
            return self[path]
        if found := re.fullmatch(r"/a/(\d+)\.html", path):
            return printed(int(found[1])) if int(found[1]) < self.count else other
        if found := re.fullmatch(r"/list/(\d+)", path):
            return self.page(int(found[1])) or other
        return other

    def page(self, number: int) -> Page | None:
        last = -(-self.count // EACH)
        if not 1 <= number <= last:
            if self.beyond in ("first", "last"):
                return self.page(1 if self.beyond == "first" else last)
            return Page(b"<html><body></body></html>") if self.beyond == "empty" else None
        newest = range(self.count)[::-1]
        rows = "".join(
            f"<a class=a href='{self.base}/a/{self.order(n)}.html'>旧事</a>"
            for n in newest[EACH * (number - 1) : EACH * number]
        )
        more = f"<a href='/list/{number + 1}'>下一页</a>" if number < last else ""
        return Page(f"<html><body>{rows}{more}</body></html>".encode())


def archive_of(site: Site, count: int, **more: Any) -> Source:
    site.pages = Archive(site.base, count, **more)
    site.pages["/robots.txt"] = Page(b"", "text/plain", status=404)
    return source_of(site, listings=(Listing(url=site.base + "/list/1", links="a.a"),))


def span_at(number: int, days: int = 2) -> Span:
    return Span(since=day_of(number), until=day_of(number + days - 1))


@pytest.mark.parametrize("at", [9_990, 9_000, 5_000, 4_998, 2])
def test_the_cost_of_2000_undated_pages_follows_the_span(site: Site, tmp_path: Path, at: int) -> None:
    source = archive_of(site, 10_000)
    done = brought(source, tmp_path, span_at(at))
    assert usable(tmp_path) == [at, at + 1]
    assert done.requests < 80, "of 2,000 pages and 10,000 articles"


@pytest.mark.parametrize("beyond", ["404", "empty", "first", "last"])
@pytest.mark.parametrize("pages", [1, 2, 3, 8, 9, 33])
def test_wherever_the_listing_ends(site: Site, tmp_path: Path, beyond: str, pages: int) -> None:
    source = archive_of(site, EACH * pages, beyond=beyond)
    done = brought(source, tmp_path, span_at(1))
    assert usable(tmp_path) == [1, 2]
    assert not [note for note in done.runs[0].notes if "gone" in note], "a page looked for in vain is no news"


def test_a_listing_that_is_not_by_time_is_read_page_by_page(site: Site, tmp_path: Path) -> None:
    source = archive_of(site, 200, order=lambda n: n if n > 190 else n * 67 % 191)
    done = brought(source, tmp_path, span_at(90))
    assert any("not in the order of time" in note for note in done.runs[0].notes)
    assert len(set(listed(site))) == 40


def test_pages_that_a_server_fails_to_give_end_the_search_and_not_the_way(site: Site, tmp_path: Path) -> None:
    source = archive_of(site, 200)
    site.pages |= {f"/list/{n}": Page(b"", status=500) for n in range(13, 18)}
    brought(source, tmp_path, span_at(140))
    assert usable(tmp_path) == [140, 141]
    asked = list(dict.fromkeys(int(path.rpartition("/")[2]) for path in listed(site)))
    assert asked[:9] == [1, 2, 3, 5, 9, 17, 13, 10, 11], "after two faults it goes on page by page"


def test_ended_by_a_number_of_requests_it_goes_on_from_there(site: Site, tmp_path: Path) -> None:
    source = archive_of(site, 10_000)
    runs, lists = 0, 0
    while usable(tmp_path) != [5_000, 5_001]:
        brought(source, tmp_path, span_at(5_000), 20)
        runs += 1
        lists += len(listed(site))
        site.log.clear()
        assert runs < 8
    assert lists < 60


def test_what_is_at_hand_tells_its_day_without_being_asked(site: Site, tmp_path: Path) -> None:
    source = archive_of(site, 30)
    run(source, tmp_path)
    site.log.clear()
    brought(source, tmp_path, span_at(12))
    assert fetched(site) == []
    assert len(listed(site)) < 8


def test_pages_that_are_passed_by_are_known_by_their_place(site: Site, tmp_path: Path) -> None:
    source = archive_of(site, 1_000)
    brought(source, tmp_path, span_at(100))
    with Ledger(tmp_path) as ledger:
        known = {found.key: found for found in ledger.backlog.of(source.name)}
    assert len(known) < 200
    unknown = [found for found in known.values() if found.days is None]
    assert unknown == []
    assert all(found.first is None or found.first <= day_of(1_000) for found in known.values())
    assert date.max - timedelta(1) not in {found.first for found in known.values()}
