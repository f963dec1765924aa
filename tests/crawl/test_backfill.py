"""A backfill by days of publication: how it finds what was published then, and that it brings nothing else."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline import archive
from pipeline.archive.writer import Writer
from pipeline.crawl import backfill as backfilling
from pipeline.crawl.backfill import Brought, Wish
from pipeline.crawl.backlog import Span
from pipeline.crawl.bounds import DateOf
from pipeline.crawl.ledger import Ledger
from pipeline.records import Source
from pipeline.sources import Listing
from tests.web.loopback import NO_ROBOTS, QUICK, Page, Site, article, kept, run, sitemap, source_of

FIRST = date(2020, 1, 1)
"""Every site here brings one article a day from this day on, number 0 on it."""

SPAN = Span(since=date(2020, 1, 10), until=date(2020, 1, 11))
"""Articles 9 and 10."""


def day_of(number: int) -> date:
    return FIRST + timedelta(number)


def printed(number: int) -> Page:
    """An article that prints its day, and nothing of it in its address."""
    return article(number, head=f"<meta name=day content={day_of(number)}>")


def reads(source: Source) -> DateOf:
    """The day that `printed` prints."""

    def read(body: bytes, content_type: str, url: str) -> date | None:
        found = re.search(rb"name=day content=([0-9-]+)", body)
        return date.fromisoformat(found[1].decode()) if found else None

    return read


def brought(source: Source, raw: Path, span: Span = SPAN, most: int | None = None, **more: Any) -> Brought:
    wish = Wish(span=span, date_of=reads, examples={}, max_requests=most)
    return backfilling.backfill([source], raw, wish, limits=QUICK, **more)


def fetched(site: Site) -> list[int]:
    """Numbers of the articles that were asked for, in order."""
    return [int(found[1]) for path in site.asked() if (found := re.search(r"/(\d+)\.html$", path))]


def usable(raw: Path) -> list[int]:
    """Numbers of the articles that a build would publish."""
    return sorted(int(re.findall(r"(\d+)\.html$", c.url)[0]) for c in kept(raw) if c.outcome == "ok")


def pages_of(site: Site, count: int = 40, path: Callable[[int], str] = "/a/{}.html".format) -> list[str]:
    """The site's articles, and their addresses, the newest last."""
    site.pages |= {path(n): printed(n) for n in range(count)}
    return [site.base + path(n) for n in range(count)]


def by_day(number: int) -> str:
    return f"/{day_of(number):%Y/%m/%d}/{number}.html"


def paged(site: Site, addresses: list[str], each: int = 5, pinned: str = "") -> Source:
    """A listing with the newest first, some a page, each with a link to the next."""
    newest = addresses[::-1]
    for number, start in enumerate(range(0, len(newest), each), 1):
        rows = "".join(f"<a class=a href='{url}'>旧事</a>" for url in newest[start : start + each])
        more = f"<a href='/list?page={number + 1}'>下一页</a>" if start + each < len(newest) else ""
        site.pages[f"/list?page={number}"] = Page(f"<html><body>{pinned}{rows}{more}</body></html>".encode())
    return source_of(site, listings=(Listing(url=site.base + "/list?page=1", links="a.a"),))


def listed(site: Site) -> list[str]:
    return [path for path in site.asked() if path.startswith("/list")]


def test_addresses_with_days_bound_what_a_sitemap_brings(site: Site, tmp_path: Path) -> None:
    site.pages["/sitemap.xml"] = sitemap(*pages_of(site, path=by_day))
    done = brought(source_of(site, sitemaps=(site.base + "/sitemap.xml",)), tmp_path)
    assert sorted(fetched(site)) == usable(tmp_path) == [9, 10]
    assert (done.runs[0].found, done.runs[0].fetched) == (40, 2)
    assert done.requests == len(site.log)


def test_a_news_sitemap_says_when_and_lastmod_says_not_after(site: Site, tmp_path: Path) -> None:
    urls = pages_of(site)
    news = "".join(
        f"<url><loc>{url}</loc><lastmod>2024-01-01</lastmod><n:news xmlns:n='x'><n:publication_date>{day_of(n)}"
        "</n:publication_date></n:news></url>"
        for n, url in enumerate(urls[:20])
    )
    changed = "".join(
        f"<url><loc>{url}</loc><lastmod>2019-12-30</lastmod></url>" for n, url in enumerate(urls[20:])
    )
    site.pages["/sitemap.xml"] = Page(f"<urlset>{news}{changed}</urlset>".encode(), "application/xml")
    brought(source_of(site, sitemaps=(site.base + "/sitemap.xml",)), tmp_path)
    assert sorted(fetched(site)) == [9, 10]


def test_of_an_index_only_the_sitemaps_that_may_hold_the_span_are_read(site: Site, tmp_path: Path) -> None:
    urls = pages_of(site)
    months = {"2019-12": urls[30:], "2020-01": urls[:31], "2020-02": urls[31:]}
    for month, names in months.items():
        site.pages[f"/sitemap-{month}.xml"] = sitemap(*names)
    site.pages["/old.xml"] = sitemap(*urls)
    rows = "".join(f"<sitemap><loc>{site.base}/sitemap-{month}.xml</loc></sitemap>" for month in months)
    rows += f"<sitemap><loc>{site.base}/old.xml</loc><lastmod>2019-06-01</lastmod></sitemap>"
    site.pages["/sitemap.xml"] = Page(f"<sitemapindex>{rows}</sitemapindex>".encode(), "application/xml")
    brought(source_of(site, sitemaps=(site.base + "/sitemap.xml",)), tmp_path)
    assert [p for p in site.asked() if p.endswith(".xml")] == ["/sitemap.xml", "/sitemap-2020-01.xml"]
    assert usable(tmp_path) == [9, 10]


def test_a_listing_is_read_back_to_the_span_and_no_further(site: Site, tmp_path: Path) -> None:
    source = paged(site, pages_of(site, 200, by_day), pinned="<a class=a href='/2019/01/01/7.html'>置顶</a>")
    brought(source, tmp_path)
    assert sorted(fetched(site)) == [9, 10]
    last = int(listed(site)[-1].rpartition("=")[2])
    assert (len(listed(site)), last) == (16, 40), "by halves to the 38th, and on to the end"
    site.log.clear()
    brought(replace(source), tmp_path, Span(since=date(2020, 7, 16), until=date(2020, 7, 17)))
    assert listed(site) == [f"/list?page={n}" for n in (1, 2, 3)]


def test_where_addresses_say_nothing_the_pages_do(site: Site, tmp_path: Path) -> None:
    source = paged(site, pages_of(site, 100))
    done = brought(source, tmp_path)
    assert usable(tmp_path) == [9, 10]
    assert len(fetched(site)) < 30, "one article of a page that is all newer, two of one that is all older"
    assert (done.runs[0].failed, done.runs[0].fetched) == (0, 2)
    outcomes = {c.outcome for c in kept(tmp_path) if not c.url.endswith(("/9.html", "/10.html"))}
    assert outcomes == {"outside"}
    site.log.clear()
    brought(source, tmp_path)
    assert fetched(site) == [], "what was looked at and is of another day is not asked for again"


def test_a_page_of_another_day_is_as_unknown_to_the_schedule_as_before(site: Site, tmp_path: Path) -> None:
    source = paged(site, pages_of(site, 20))
    brought(source, tmp_path)
    asked = fetched(site)
    for _ in range(2):
        run(source, tmp_path)
    assert usable(tmp_path) == list(range(20))
    assert {19, 15} & set(asked), "it looked at pages of other days"


def test_feed_archives_are_read_back(site: Site, tmp_path: Path) -> None:
    urls = pages_of(site, 60)

    def feed(numbers: range, older: str) -> Page:
        items = "".join(
            f"<entry><link href='{urls[n]}'/><published>{day_of(n)}T08:00:00+08:00</published></entry>"
            for n in numbers
        )
        link = f"<link rel='prev-archive' href='{older}'/>" if older else ""
        return Page(
            f"<feed xmlns='http://www.w3.org/2005/Atom'>{link}{items}</feed>".encode(), "application/atom+xml"
        )

    for number in range(12):
        site.pages[f"/{number}.atom"] = feed(
            range(number * 5, number * 5 + 5), f"/{number - 1}.atom" if number else ""
        )
    brought(
        source_of(site, feeds=(site.base + "/11.atom",)), tmp_path, Span(since=day_of(29), until=day_of(30))
    )
    assert sorted(fetched(site)) == [29, 30]
    assert [p for p in site.asked() if p.endswith(".atom")] == [f"/{n}.atom" for n in range(11, 2, -1)]


def test_without_a_span_a_source_never_crawled_is_discovered(site: Site, tmp_path: Path) -> None:
    source = paged(site, pages_of(site, 60))
    brought(source, tmp_path, Span())
    assert usable(tmp_path) == list(range(60))
    assert len(listed(site)) == 12


def test_without_a_span_a_source_that_was_crawled_gets_what_is_known(site: Site, tmp_path: Path) -> None:
    source = paged(site, pages_of(site, 10))
    run(source, tmp_path)
    with Ledger(tmp_path) as ledger:
        ledger.add_links(
            "village", [(site.base + "/a/77.html", site.base[7:] + "/a/77.html")], None, datetime.now(UTC)
        )
        ledger.commit()
    site.log.clear()
    brought(source, tmp_path, Span())
    assert site.asked(but=NO_ROBOTS) == ["/a/77.html"]


def test_it_ends_at_a_number_of_requests_and_goes_on_where_it_was(site: Site, tmp_path: Path) -> None:
    span = Span(since=date(2020, 1, 5), until=date(2020, 1, 20))
    source = paged(site, pages_of(site, 100, by_day))
    requests, times = [], 0
    while times < 30 and len(usable(tmp_path)) < 16:
        requests.append(brought(source, tmp_path, span, most=8).requests)
        times += 1
    assert usable(tmp_path) == list(range(4, 20))
    assert max(requests) == 8
    whole = 20 + 16
    assert len(site.asked(but=NO_ROBOTS)) <= whole + 1
    site.log.clear()
    assert brought(source, tmp_path, span).runs[0].fetched == 0


def test_what_was_found_and_not_fetched_is_none_of_the_schedules(site: Site, tmp_path: Path) -> None:
    site.pages["/sitemap.xml"] = sitemap(*pages_of(site, path=by_day))
    source = source_of(site, sitemaps=(site.base + "/sitemap.xml",))
    brought(source, tmp_path)
    with Ledger(tmp_path, read_only=True) as ledger:
        assert len(ledger.backlog.of("village")) == 40
        assert len(ledger.due("village", datetime.max.replace(tzinfo=UTC))) == 2


def test_it_gives_way_to_another_run_and_goes_on(site: Site, tmp_path: Path) -> None:
    urls = pages_of(site, 30, by_day)
    site.pages |= {by_day(n): replace(printed(n), wait=0.2) for n in range(30)}
    site.pages["/sitemap.xml"] = sitemap(*urls)
    source = source_of(site, sitemaps=(site.base + "/sitemap.xml",))
    span = Span(since=FIRST)
    done: list[Brought] = []
    first = threading.Thread(target=lambda: done.append(brought(source, tmp_path, span)))
    first.start()
    while len(site.log) < 8:
        time.sleep(0.02)
    with Writer(tmp_path, "crawl-other"):  # waits until the backfill has let go
        assert not list(tmp_path.rglob("*.open"))
        first.join()
    assert done[0].gave_way
    before = usable(tmp_path)
    assert 0 < len(before) < 30
    assert not brought(source, tmp_path, span).gave_way
    assert usable(tmp_path) == list(range(30))
    assert archive.verify(tmp_path) == []


def test_a_killed_backfill_loses_and_repeats_nothing(site: Site, tmp_path: Path) -> None:
    """As tests/crawl/test_run.py kills a crawl."""
    import subprocess
    import sys

    source = paged(site, pages_of(site, 60, by_day))
    site.pages |= {by_day(n): replace(printed(n), wait=0.05) for n in range(60)}
    code = f"""
from datetime import date
from pathlib import Path
from pipeline.records import *
from pipeline.sources import Listing
from tests.crawl.test_backfill import Span, brought
brought({source!r}, Path({str(tmp_path)!r}), Span(since=date(2020, 1, 20)))
"""
    child = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parent.parent.parent)
    while len(fetched(site)) < 12 and child.poll() is None:
        time.sleep(0.005)
    child.kill()
    child.wait()
    brought(source, tmp_path, Span(since=date(2020, 1, 20)))
    assert usable(tmp_path) == list(range(19, 60))
    assert len(fetched(site)) <= 41 + 1
    assert archive.verify(tmp_path) == []


@pytest.mark.parametrize("told", ["page", "list"])
def test_a_page_that_tells_no_day_is_of_the_span_only_where_its_list_says_so(
    site: Site, tmp_path: Path, told: str
) -> None:
    site.pages["/a/9.html"] = article(9)
    news = f"<n:news xmlns:n='x'><n:publication_date>{SPAN.since}</n:publication_date></n:news>"
    row = f"<url><loc>{site.base}/a/9.html</loc>{news if told == 'list' else ''}</url>"
    site.pages["/sitemap.xml"] = Page(f"<urlset>{row}</urlset>".encode(), "application/xml")
    brought(source_of(site, sitemaps=(site.base + "/sitemap.xml",)), tmp_path)
    assert usable(tmp_path) == ([9] if told == "list" else [])
