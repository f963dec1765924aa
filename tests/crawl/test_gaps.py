"""The plan of a backfill and its coverage: what is at hand, known and expected, by day of publication."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.crawl.daily import NEW
from pipeline.crawl.gaps import DayGap, Gap, find_gaps
from pipeline.crawl.ledger import Ledger
from pipeline.crawl.numbered import LOOKS, MOST_ASKED
from pipeline.records import Source
from pipeline.report import plan_rows
from pipeline.sources import Listing
from pipeline.web.urls import url_key
from tests.crawl.test_backfill import SPAN, brought, by_day, day_of, paged, pages_of
from tests.web.loopback import Site, run, sitemap, source_of


def plan(source: Source, raw: Path, since: date, until: date, told: dict[str, date] | None = None) -> Gap:
    (gap,) = find_gaps([source], raw, since=since, until=until, told=told)
    return gap


def row(gap: Gap, day: date) -> DayGap:
    (found,) = (each for each in gap.days if each.first == day)
    return found


def test_of_a_source_never_crawled_a_plan_says_what_would_be_read(site: Site, tmp_path: Path) -> None:
    source = paged(site, pages_of(site, 20, by_day))
    (gap,) = find_gaps([source], tmp_path)
    assert (gap.captures, gap.lists, gap.requests) == (0, 1, 1)
    (only,) = gap.days
    assert (only.first, only.expected, only.ways) == (None, None, ("listing pages", "others' archives"))
    assert site.log == []


def test_a_plan_names_by_day_what_is_at_hand_and_what_is_known(site: Site, tmp_path: Path) -> None:
    site.pages["/sitemap.xml"] = sitemap(*pages_of(site, 40, by_day))
    source = source_of(site, sitemaps=(site.base + "/sitemap.xml",), delay=1.8)
    brought(source_of(site, sitemaps=source.sitemaps), tmp_path)
    gap = plan(source, tmp_path, day_of(9), day_of(12))
    assert [(each.first, each.captures, each.known) for each in gap.days] == [
        (day_of(9), 1, 0),
        (day_of(10), 1, 0),
        (day_of(11), 0, 1),
        (day_of(12), 0, 1),
    ]
    assert gap.missing == tuple(site.base + by_day(n) for n in (11, 12))
    assert (gap.captures, gap.lists, gap.requests) == (2, 1, 3)
    assert gap.hours == pytest.approx(3 * 1.8 / 3600)
    assert row(gap, day_of(11)).hours == pytest.approx(1.8 / 3600)


def test_what_a_page_tells_counts_more_than_its_address(site: Site, tmp_path: Path) -> None:
    site.pages["/sitemap.xml"] = sitemap(*pages_of(site, 12, by_day))
    source = source_of(site, sitemaps=(site.base + "/sitemap.xml",))
    brought(source, tmp_path)
    key = url_key(site.base + by_day(9))
    gap = plan(source, tmp_path, day_of(9), day_of(12), {key: day_of(12)})
    assert [each.captures for each in gap.days] == [0, 1, 0, 1]


def test_a_long_span_is_told_by_months(site: Site, tmp_path: Path) -> None:
    site.pages["/sitemap.xml"] = sitemap(*pages_of(site, 100, by_day))
    source = source_of(site, sitemaps=(site.base + "/sitemap.xml",))
    brought(source, tmp_path)
    gap = plan(source, tmp_path, day_of(5), day_of(99))
    assert [(each.first, each.last, each.captures + each.known) for each in gap.days] == [
        (date(2020, 1, 6), date(2020, 1, 31), 26),
        (date(2020, 2, 1), date(2020, 2, 29), 29),
        (date(2020, 3, 1), date(2020, 3, 31), 31),
        (date(2020, 4, 1), day_of(99), 9),
    ]


def test_the_rhythm_of_the_schedule_says_what_to_expect(site: Site, tmp_path: Path) -> None:
    site.pages["/sitemap.xml"] = sitemap(*pages_of(site, 12, by_day))
    source = source_of(site, sitemaps=(site.base + "/sitemap.xml",))
    monday = datetime(2026, 6, 1, tzinfo=UTC)
    with Ledger(tmp_path) as ledger:
        for n in range(29):
            at = monday + timedelta(n)
            new = 900 if n == 0 else 1 if at.weekday() > 4 else 6
            ledger.daily.count(source.name, at, NEW, new)
        ledger.commit()
    brought(source, tmp_path)
    gap = plan(source, tmp_path, date(2020, 1, 10), date(2020, 1, 13))  # Friday to Monday
    assert [each.expected for each in gap.days] == [6, 1, 1, 6]
    assert [each.requests for each in gap.days] == [5, 0, 1, 6]
    assert [bool(each.ways) for each in gap.days] == [True, False, False, True]


def test_pages_of_which_nobody_tells_the_day_stand_apart(site: Site, tmp_path: Path) -> None:
    source = paged(site, pages_of(site, 3))
    run(source, tmp_path)
    with Ledger(tmp_path) as ledger:
        ledger.add_links(source.name, [("http://x.cn/7", "x.cn/7")], None, datetime.now(UTC))
        ledger.commit()
    gap = plan(source_of(site, include=("*",)), tmp_path, SPAN.since or date.min, SPAN.until or date.max)
    assert gap.days[-1] == DayGap(first=None, last=None, known=1, requests=1, hours=gap.days[-1].hours)
    assert gap.missing == ("http://x.cn/7",)


def test_after_a_backfill_the_same_table_says_what_lacks(site: Site, tmp_path: Path) -> None:
    source = paged(site, pages_of(site, 30, by_day))
    brought(source, tmp_path, most=4)
    before = plan(source, tmp_path, day_of(9), day_of(10))
    brought(source, tmp_path)
    after = plan(source, tmp_path, day_of(9), day_of(10))
    assert (before.captures, after.captures) == (0, 2)
    assert [(each.captures, each.known) for each in after.days] == [(1, 0), (1, 0)]


def test_a_plan_bounds_what_the_way_through_a_listing_costs(site: Site, tmp_path: Path) -> None:
    listing = Listing(url=site.base + "/list/1", links="a.a")
    source = source_of(site, listings=(listing,), sitemaps=(site.base + "/sitemap.xml",))
    gap = plan(source, tmp_path, date(2020, 1, 1), date(2020, 1, 2))
    assert (gap.lists, gap.search) == (2, MOST_ASKED * (1 + LOOKS))
    assert plan_rows([gap])[-1][6] == f"≤ {gap.search}"
    assert (
        plan(source_of(site, urls=(site.base + "/1.html",)), tmp_path, date(2020, 1, 1), date.max).search == 0
    )
