"""The crawl as a whole, judged by the log of a real server and by what lies in the archive."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.crawl import archive
from pipeline.crawl.fetch import Limits
from pipeline.crawl.run import Progress, crawl
from pipeline.crawl.tally import Visit
from pipeline.errors import UsageError
from pipeline.records import Capture, Listing, Source
from tests.crawl.loopback import Page, Site, article, feed, sitemap

QUICK = Limits(backoff=0.01, deadline=5.0, wait=0.1)
NO_ROBOTS = ("/robots.txt",)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        running.pages["/robots.txt"] = Page(b"User-agent: *\nDisallow: /private/\n", "text/plain")
        yield running


@pytest.fixture
def other() -> Iterator[Site]:
    with Site() as running:
        yield running


def source_of(site: Site, **changed: object) -> Source:
    plain = Source(name="village", home=site.base + "/", delay=0.0, allow_private=True)
    return replace(plain, **changed)  # type: ignore[arg-type]


def run(source: Source, raw: Path, **options: object) -> Visit:
    (visit,) = crawl([source], raw, limits=QUICK, **options)  # type: ignore[arg-type]
    return visit


def later(**span: float) -> Callable[[], datetime]:
    ahead = timedelta(**span)
    return lambda: datetime.now(UTC) + ahead


def kept(raw: Path, kind: str = "page") -> list[Capture]:
    return [c for f in archive.sealed(raw) for c in archive.read(raw, f.file) if c.kind == kind]


def test_two_sites_are_crawled_side_by_side_and_each_at_its_own_pace(
    site: Site, other: Site, tmp_path: Path
) -> None:
    for each in (site, other):
        each.pages |= {f"/a/{n}.html": article(n) for n in range(4)}
        each.pages["/sitemap.xml"] = sitemap(*(f"{each.base}/a/{n}.html" for n in range(4)))
    sources = [
        source_of(each, name=name, sitemaps=(each.base + "/sitemap.xml",), delay=0.25)
        for name, each in (("village", site), ("town", other))
    ]
    visits = crawl(sources, tmp_path, limits=QUICK)
    assert [(v.source, v.found, v.fetched, v.failed) for v in visits] == [
        ("village", 4, 4, 0),
        ("town", 4, 4, 0),
    ]
    for each in (site, other):
        assert each.asked()[:2] == ["/robots.txt", "/sitemap.xml"]
        assert len(each.log) == 6
        gaps = [b.at - a.at for a, b in pairwise(each.log)]
        assert min(gaps) >= 0.25
        assert each.most_busy == 1
        assert len({request.client for request in each.log}) == 1
    overlap = min(site.log[-1].at, other.log[-1].at) - max(site.log[0].at, other.log[0].at)
    assert overlap > 0.8, "the two sites waited for each other"


def test_two_sources_on_one_site_share_its_delay(site: Site, tmp_path: Path) -> None:
    site.pages |= {f"/a/{n}.html": article(n) for n in range(4)}
    one = source_of(site, name="one", urls=(site.base + "/a/0.html", site.base + "/a/1.html"), delay=0.2)
    two = source_of(site, name="two", urls=(site.base + "/a/2.html", site.base + "/a/3.html"), delay=0.1)
    crawl([one, two], tmp_path, limits=QUICK)
    assert sorted(site.asked(but=NO_ROBOTS)) == [f"/a/{n}.html" for n in range(4)]
    assert site.asked().count("/robots.txt") == 1
    assert min(b.at - a.at for a, b in pairwise(site.log)) >= 0.1
    assert site.most_busy == 1


def test_crawl_delay_of_robots_holds_and_outlives_the_run(site: Site, tmp_path: Path) -> None:
    site.pages["/robots.txt"] = Page(b"User-agent: *\nCrawl-delay: 0.5\n", "text/plain")
    site.pages |= {f"/a/{n}.html": article(n) for n in range(3)}
    first = source_of(site, urls=(site.base + "/a/0.html", site.base + "/a/1.html"))
    run(first, tmp_path)
    run(source_of(site, urls=(site.base + "/a/2.html",)), tmp_path)
    assert site.asked() == ["/robots.txt", "/a/0.html", "/a/1.html", "/a/2.html"]
    assert min(b.at - a.at for a, b in pairwise(site.log)) >= 0.5


def test_what_robots_forbids_is_recorded_once_and_never_asked_for(site: Site, tmp_path: Path) -> None:
    urls = (site.base + "/private/1.html", site.base + "/a/1.html")
    site.pages |= {"/a/1.html": article(1), "/private/1.html": article(2)}
    visit = run(source_of(site, urls=urls), tmp_path)
    assert (visit.robots, visit.fetched) == (1, 1)
    again = run(source_of(site, urls=urls), tmp_path, now=later(days=8))
    assert again.robots == 1
    assert all(not path.startswith("/private/") for path in site.asked())
    (forbidden,) = [c for c in kept(tmp_path) if c.outcome == "robots"]
    assert (forbidden.url, forbidden.status, forbidden.body) == (urls[0], 0, b"")


def test_a_redirect_into_a_forbidden_place_is_not_followed(site: Site, tmp_path: Path) -> None:
    site.pages["/go"] = Page(b"", status=302, headers=(("Location", "/private/1.html"),), etag=False)
    visit = run(source_of(site, urls=(site.base + "/go",)), tmp_path)
    assert site.asked(but=NO_ROBOTS) == ["/go"]
    assert visit.robots == 1


def test_a_redirect_to_another_site_is_not_followed_unless_included(
    site: Site, other: Site, tmp_path: Path
) -> None:
    other.pages["/a.html"] = article(1)
    site.pages["/go"] = Page(b"", status=302, headers=(("Location", other.base + "/a.html"),), etag=False)
    assert run(source_of(site, urls=(site.base + "/go",)), tmp_path / "one").failed == 1
    assert other.log == []
    both = source_of(site, urls=(site.base + "/go",), include=(other.base + "/*",))
    assert run(both, tmp_path / "two").fetched == 1
    assert other.asked() == ["/robots.txt", "/a.html"]


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_site_whose_robots_cannot_be_read_is_left_alone(site: Site, tmp_path: Path, status: int) -> None:
    site.pages["/robots.txt"] = Page(b"", status=status, etag=False)
    site.pages["/a/1.html"] = article(1)
    source = source_of(site, urls=(site.base + "/a/1.html",))
    visit = run(source, tmp_path)
    assert set(site.asked()) == {"/robots.txt"}
    assert (visit.fetched, visit.skipped) == (0, 1)
    assert "robots.txt" in " ".join(visit.notes)
    site.pages["/robots.txt"] = Page(b"", status=404, etag=False)
    assert run(source, tmp_path, now=later(days=1)).fetched == 1, "it stays due"


def test_robots_is_read_once_a_day(site: Site, tmp_path: Path) -> None:
    site.pages["/a/1.html"] = article(1)
    source = source_of(site, urls=(site.base + "/a/1.html",))
    for hours in (0, 2, 23, 25, 26):
        site.pages["/a/1.html"] = article(hours)
        run(source, tmp_path, now=later(hours=hours), only_due=False)
    assert site.asked().count("/robots.txt") == 2
    assert site.asked().count("/a/1.html") == 5
    assert [c.outcome for c in kept(tmp_path, "robots")] == ["ok", "unchanged"]
    site.pages["/robots.txt"] = Page(b"User-agent: *\nDisallow: /", "text/plain")
    assert run(source, tmp_path, now=later(hours=27), only_due=False).robots == 0
    assert run(source, tmp_path, now=later(hours=50), only_due=False).robots == 1


def test_an_article_that_leads_to_the_front_page_is_gone(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/": article(1), "/a/1.html": article(2), "/sitemap.xml": sitemap(site.base + "/a/1.html")}
    source = source_of(site, sitemaps=(site.base + "/sitemap.xml",))
    run(source, tmp_path)
    site.pages["/a/1.html"] = Page(b"", status=302, headers=(("Location", "/"),), etag=False)
    visit = run(source, tmp_path, only_due=False)
    assert (visit.fetched, visit.blocked, visit.outcomes["soft_gone"]) == (0, 1, 1)


def test_a_private_address_is_refused_and_the_reason_said(site: Site, tmp_path: Path) -> None:
    site.pages["/a/1.html"] = article(1)
    source = source_of(site, urls=(site.base + "/a/1.html",), allow_private=False)
    visit = run(source, tmp_path)
    assert (site.log, visit.skipped) == ([], 1)
    assert "address_refused" in " ".join(visit.notes)
    assert run(replace(source, allow_private=True), tmp_path).fetched == 1, "at once, once it is allowed"


def test_a_second_look_sends_validators_and_fetches_no_body_again(site: Site, tmp_path: Path) -> None:
    site.pages |= {f"/a/{n}.html": article(n) for n in range(3)}
    site.pages["/a/2.html"] = replace(site.pages["/a/2.html"], etag=False)
    site.pages["/sitemap.xml"] = sitemap(*(f"{site.base}/a/{n}.html" for n in range(3)))
    source = source_of(site, sitemaps=(site.base + "/sitemap.xml",))
    assert run(source, tmp_path).fetched == 3
    site.log.clear()
    visit = run(source, tmp_path, only_due=False)
    assert (visit.fetched, visit.unchanged, visit.found, visit.links) == (0, 3, 0, None)
    assert {r.path: r.status for r in site.log} == {
        "/sitemap.xml": 304, "/a/0.html": 304, "/a/1.html": 304, "/a/2.html": 200,
    }  # fmt: skip
    assert all("if-none-match" in r.headers for r in site.log if r.path != "/a/2.html")
    again = kept(tmp_path)[-3:]
    originals = {c.url: c for c in kept(tmp_path)[:3]}
    for capture in again:
        assert (capture.outcome, capture.body) == ("unchanged", b"")
        assert capture.refers_to == originals[capture.url].id
        assert capture.digest == originals[capture.url].digest
    assert len(kept(tmp_path, "discovery")) == 1, "nothing was read anew"


def test_nothing_due_asks_for_nothing(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/a/1.html": article(1), "/sitemap.xml": sitemap(site.base + "/a/1.html")}
    source = source_of(site, sitemaps=(site.base + "/sitemap.xml",))
    run(source, tmp_path)
    site.log.clear()
    run(source, tmp_path)
    assert site.log == []
    assert len(archive.sealed(tmp_path)) == 1


def test_an_article_stops_being_revisited(site: Site, tmp_path: Path) -> None:
    site.pages["/a/1.html"] = article(1)
    source = source_of(site, urls=(site.base + "/a/1.html",))
    for month in range(12):
        run(source, tmp_path, now=later(days=40 * month))
    assert site.asked().count("/a/1.html") == 5


def test_a_changed_page_is_fetched_and_a_vanished_one_said(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/a/1.html": article(1), "/a/2.html": article(2)}
    source = source_of(site, urls=(site.base + "/a/1.html", site.base + "/a/2.html"))
    run(source, tmp_path)
    site.pages["/a/1.html"] = article(7)
    del site.pages["/a/2.html"]
    visit = run(source, tmp_path, only_due=False)
    assert (visit.fetched, visit.failed, visit.outcomes) == (1, 1, {"gone": 1, "ok": 1})


def test_failures_and_block_pages_are_captures_with_their_outcome(site: Site, tmp_path: Path) -> None:
    captcha = (
        "<html><head><title>安全验证</title></head><body>请完成滑动验证后继续访问</body></html>".encode()
    )
    site.pages |= {
        "/z-captcha": Page(captcha, etag=False),
        "/error": Page(b"", status=500, etag=False),
        "/gone": Page(b"", status=410, etag=False),
        "/pdf": Page(b"%PDF-1.7 ...", "text/html"),
        "/fine": article(1),
    }
    visit = run(
        source_of(site, urls=tuple(site.base + path for path in site.pages if path != "/robots.txt")),
        tmp_path,
    )
    outcomes = {c.url.removeprefix(site.base): c.outcome for c in kept(tmp_path)}
    assert outcomes == {
        "/z-captcha": "blocked", "/error": "http_error", "/gone": "gone", "/pdf": "not_html", "/fine": "ok",
    }  # fmt: skip
    assert (visit.fetched, visit.blocked, visit.failed) == (1, 1, 3)


def test_a_block_page_never_replaces_a_good_capture(site: Site, tmp_path: Path) -> None:
    captcha = "<html><head><title>安全验证</title></head><body>请完成滑动验证</body></html>".encode()
    good = site.pages["/a/1.html"] = article(1)
    source = source_of(site, urls=(site.base + "/a/1.html",))
    run(source, tmp_path)
    site.pages["/a/1.html"] = Page(captcha, etag=False)
    assert run(source, tmp_path, only_due=False).blocked == 1
    site.pages["/a/1.html"] = good
    assert run(source, tmp_path, only_due=False).unchanged == 1


def test_a_site_that_fails_again_and_again_is_left_alone(site: Site, tmp_path: Path) -> None:
    paths = [f"/a/{n}.html" for n in range(12)]
    site.pages |= {path: Page(b"", status=403, etag=False) for path in paths}
    source = source_of(site, urls=tuple(site.base + path for path in paths))
    visit = run(source, tmp_path)
    assert (len(site.asked(but=NO_ROBOTS)), visit.failed, visit.skipped) == (5, 5, 7)
    assert "failures in a row" in " ".join(visit.notes)
    site.log.clear()
    assert run(source, tmp_path).skipped == 7
    assert site.log == [], "the next run came too soon"


def test_retry_after_ends_the_queue_of_the_site(site: Site, tmp_path: Path) -> None:
    busy = Page(b"", status=503, headers=(("Retry-After", "3600"),), etag=False)
    site.pages |= {"/a/1.html": busy, "/a/2.html": article(2)}
    source = source_of(site, urls=(site.base + "/a/1.html", site.base + "/a/2.html"))
    visit = run(source, tmp_path)
    assert visit.outcomes["deferred"] == 1
    assert site.asked(but=NO_ROBOTS) == ["/a/1.html"]
    assert run(source, tmp_path, now=later(minutes=30)).skipped >= 1
    assert site.asked(but=NO_ROBOTS) == ["/a/1.html"]
    site.pages["/a/1.html"] = article(1)
    assert run(source, tmp_path, now=later(minutes=90)).fetched == 2


def test_the_parts_of_an_article_follow_its_first_page(site: Site, tmp_path: Path) -> None:
    def following(path: str) -> str:
        return f"<p><a href='{path}'>下一页</a> <a href='/a/8.html'>下一篇</a></p>"

    site.pages |= {
        "/a/7.html": article(1, following("/a/7_2.html")),
        "/a/7_2.html": article(2, following("/a/7_3.html")),
        "/a/7_3.html": article(3, following("/a/7_4.html")),
        "/a/8.html": article(8),
    }
    site.pages["/a/7_4.html"] = site.pages["/a/7_3.html"]  # the last page again
    urls = [site.base + path for path in ("/a/7_2.html", "/a/7.html")]
    site.pages["/sitemap.xml"] = sitemap(*urls)
    source = source_of(site, sitemaps=(site.base + "/sitemap.xml",))
    visit = run(source, tmp_path)
    assert site.asked()[2:] == ["/a/7.html", "/a/7_2.html", "/a/7_3.html", "/a/7_4.html"]
    first, *parts = kept(tmp_path)
    assert [part.part_of for part in parts] == [first.url_key] * 3
    assert [part.outcome for part in parts] == ["ok", "ok", "repeated_part"]
    assert (visit.fetched, visit.parts, visit.failed) == (3, 3, 1)
    site.log.clear()
    run(source, tmp_path, only_due=False)
    assert site.asked() == ["/sitemap.xml", "/a/7.html", "/a/7_2.html", "/a/7_3.html", "/a/7_4.html"]
    assert [r.status for r in site.log] == [304, 304, 304, 304, 200]
    site.pages["/a/7_2.html"] = article(9)
    run(source, tmp_path, urls=[site.base + "/a/7_2.html"])
    assert kept(tmp_path)[-1].part_of == first.url_key, "named alone, it stays a part"


def test_an_article_has_at_most_twenty_parts(site: Site, tmp_path: Path) -> None:
    for n in range(1, 40):
        path = "/a/7.html" if n == 1 else f"/a/7_{n}.html"
        site.pages[path] = article(n, f"<a href='/a/7_{n + 1}.html'>下一页</a>")
    run(source_of(site, urls=(site.base + "/a/7.html",)), tmp_path)
    assert len(site.asked(but=NO_ROBOTS)) == 20


def test_a_feed_with_nothing_known_left_is_a_gap_that_calls_for_the_other_lists(
    site: Site, tmp_path: Path
) -> None:
    site.pages |= {f"/a/{n}.html": article(n) for n in range(9)}
    site.pages["/rss"] = feed(site.base + "/a/0.html", site.base + "/a/1.html")
    site.pages["/list"] = Page("".join(f"<a href='/a/{n}.html'>旧事</a>" for n in range(2)).encode())
    source = source_of(
        site, feeds=(site.base + "/rss",), listings=(Listing(url=site.base + "/list"),), every=3600.0
    )
    run(source, tmp_path)
    site.pages["/rss"] = feed(site.base + "/a/7.html", site.base + "/a/8.html")
    site.pages["/list"] = Page("".join(f"<a href='/a/{n}.html'>旧事</a>" for n in range(9)).encode())
    visit = run(source, tmp_path, now=later(hours=9))
    assert visit.found == 7
    assert any(note.startswith("gap") for note in visit.notes)
    assert any("gap" in note for c in kept(tmp_path, "feed")[1:] for note in c.notes)


def test_a_listing_is_walked_while_its_pages_show_something_new(site: Site, tmp_path: Path) -> None:
    def page(n: int) -> Page:
        links = "".join(f"<li><a href='/a/{n}{i}.html'>旧事</a></li>" for i in range(3))
        return Page(f"<ul>{links}</ul><a href='/list_{n + 1}.html'>下一页</a>".encode())

    site.pages |= {f"/list_{n}.html": page(n) for n in range(2, 99)} | {"/list.html": page(1)}
    source = source_of(site, listings=(Listing(url=site.base + "/list.html", links="li a"),))
    visit = run(source, tmp_path)
    assert len([path for path in site.asked() if path.startswith("/list")]) == 10
    assert any(note.startswith("cap") for note in visit.notes)
    site.log.clear()
    site.pages["/list.html"] = Page(site.pages["/list.html"].body + b"<!-- x -->")
    run(source, tmp_path, only_due=False)
    assert [path for path in site.asked() if path.startswith("/list")] == ["/list.html"]


def test_a_listing_of_endless_links_is_capped_and_sessions_are_one_page(site: Site, tmp_path: Path) -> None:
    links = "".join(f"<a href='/a/1.html;jsessionid={n:032X}'>旧事</a>" for n in range(300))
    site.pages["/list"] = Page(links.encode())
    visit = run(source_of(site, listings=(Listing(url=site.base + "/list"),)), tmp_path)
    assert (visit.found, visit.links) == (1, 1)
    calendar = "".join(f"<a href='/{n // 400}/{n // 31 % 12}/{n}/'>日历</a>" for n in range(3000))
    site.pages["/list"] = Page(calendar.encode())
    stop = threading.Event()
    source = source_of(site, listings=(Listing(url=site.base + "/list"),))
    visit = run(source, tmp_path, only_due=False, on_progress=lambda _: stop.set(), stop=stop)
    assert visit.found == 1000
    assert any(note.startswith("cap: 2000 of 3000") for note in visit.notes)


def test_sitemap_indexes_are_followed_and_an_unmoved_child_is_not_read_again(
    site: Site, tmp_path: Path
) -> None:
    def children(moved: str) -> Page:
        rows = "".join(
            f"<sitemap><loc>{site.base}/{name}.xml</loc><lastmod>{day}</lastmod></sitemap>"
            for name, day in (("old", "2020-01-01"), ("new", moved))
        )
        return Page(f"<sitemapindex>{rows}</sitemapindex>".encode(), "application/xml")

    site.pages |= {f"/a/{n}.html": article(n) for n in range(3)}
    site.pages |= {
        "/index.xml": children("2020-01-01"),
        "/old.xml": sitemap(site.base + "/a/0.html"),
        "/new.xml": sitemap(site.base + "/a/1.html"),
    }
    source = source_of(site, sitemaps=(site.base + "/index.xml",), expect_links=2, every=86400.0)
    assert run(source, tmp_path).links == 2
    site.log.clear()
    source = replace(source, expect_links=3)
    site.pages["/index.xml"] = children(f"{datetime.now(UTC) + timedelta(hours=12):%Y-%m-%dT%H:%M:%SZ}")
    site.pages["/new.xml"] = sitemap(site.base + "/a/1.html", site.base + "/a/2.html")
    visit = run(source, tmp_path, now=later(hours=30))
    assert [path for path in site.asked() if path.endswith(".xml")] == ["/index.xml", "/new.xml"]
    assert (visit.found, visit.links, visit.refused) == (1, 3, None)


def test_too_few_links_refuse_the_run(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/a/1.html": article(1), "/list": Page(b"<a href='/a/1.html'>x</a>")}
    source = source_of(site, listings=(Listing(url=site.base + "/list"),), expect_links=5)
    visit = run(source, tmp_path)
    assert visit.refused == "found 1 links, expected at least 5"
    assert [c.links for c in kept(tmp_path, "discovery")] == [1]


def test_include_and_exclude_decide_and_other_sites_stay_out(site: Site, other: Site, tmp_path: Path) -> None:
    site.pages |= {"/a/1.html": article(1), "/b/1.html": article(2)}
    other.pages["/a/9.html"] = article(9)
    links = [f"{site.base}/a/1.html", f"{site.base}/b/1.html", f"{other.base}/a/9.html"]
    site.pages["/sitemap.xml"] = sitemap(*links)
    plain = source_of(site, sitemaps=(site.base + "/sitemap.xml",), exclude=("*/b/*",))
    visit = run(plain, tmp_path / "one")
    assert (visit.found, other.log) == (1, [])
    assert visit.notes == ("1 links not taken: excluded", "1 links not taken: foreign")
    both = replace(plain, include=("*/a/*",), exclude=())
    assert run(both, tmp_path / "two").fetched == 2
    assert other.asked() == ["/robots.txt", "/a/9.html"]


def test_named_urls_are_fetched_alone_and_a_stranger_is_refused(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/a/1.html": article(1), "/sitemap.xml": sitemap(site.base + "/a/2.html")}
    source = source_of(site, sitemaps=(site.base + "/sitemap.xml",))
    assert run(source, tmp_path, urls=[site.base + "/a/1.html"]).fetched == 1
    assert site.asked() == ["/robots.txt", "/a/1.html"]
    with pytest.raises(UsageError, match=r"no source is declared for http://elsewhere\.example/"):
        crawl([source], tmp_path, urls=["http://elsewhere.example/"])


def test_the_record_says_why_each_page_was_fetched(site: Site, tmp_path: Path) -> None:
    head = f"<link rel=canonical href='{site.base}/2026/1.html'>"
    site.pages |= {"/m/1.html": article(1, head=head), "/sitemap.xml": sitemap(site.base + "/m/1.html")}
    run(source_of(site, sitemaps=(site.base + "/sitemap.xml",)), tmp_path)
    (page,) = kept(tmp_path)
    assert page.via == site.base + "/sitemap.xml"
    assert "robots: rules read" in page.notes
    assert f"canonical: {site.base}/2026/1.html" in page.notes
    assert [c.url for c in kept(tmp_path, "robots")] == [site.base + "/robots.txt"]


def test_progress_ends_at_its_total(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/a/1.html": article(1, "<a href='/a/1_2.html'>下一页</a>"), "/a/1_2.html": article(2)}
    seen: list[Progress] = []
    run(
        source_of(site, urls=(site.base + "/a/1.html", site.base + "/none")),
        tmp_path,
        on_progress=seen.append,
    )
    assert [each.done for each in seen] == [1, 2, 3]
    assert (seen[-1].total, {each.outcome for each in seen}) == (3, {"ok", "gone"})


def test_stop_ends_the_run_quickly_with_a_sealed_archive(site: Site, tmp_path: Path) -> None:
    paths = [f"/a/{n}.html" for n in range(50)]
    site.pages |= {path: replace(article(n), wait=0.3) for n, path in enumerate(paths)}
    source = source_of(site, urls=tuple(site.base + path for path in paths))
    stop = threading.Event()
    threading.Timer(1.0, stop.set).start()
    started = time.monotonic()
    visit = run(source, tmp_path, stop=stop)
    assert time.monotonic() - started < 5
    assert 0 < visit.fetched < 10
    (sealed,) = archive.sealed(tmp_path)
    assert sealed.pages == visit.fetched
    assert not list(tmp_path.rglob("*.open"))
    assert archive.verify(tmp_path) == []
    for path in paths:
        site.pages[path] = replace(site.pages[path], wait=0.0)
    assert run(source, tmp_path).fetched == 50 - visit.fetched


def test_a_second_run_at_once_is_busy(site: Site, tmp_path: Path) -> None:
    site.pages["/a/1.html"] = replace(article(1), wait=1.0)
    source = source_of(site, urls=(site.base + "/a/1.html",))
    first = threading.Thread(target=run, args=(source, tmp_path))
    first.start()
    while not site.log:
        time.sleep(0.02)
    with pytest.raises(archive.Busy):
        run(source, tmp_path)
    first.join()
    assert [c.outcome for c in kept(tmp_path)] == ["ok"]


def test_memory_does_not_grow_with_the_number_of_pages(site: Site, tmp_path: Path) -> None:
    import tracemalloc

    filler = b"<!-- " + b" " * 400_000 + b" -->"
    paths = [f"/a/{n}.html" for n in range(60)]
    for n, path in enumerate(paths):
        site.pages[path] = Page(article(n).body + filler)
    source = source_of(site, urls=tuple(site.base + path for path in paths))
    tracemalloc.start()
    assert run(source, tmp_path).fetched == 60
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12_000_000, "all bodies together are 24 MB"
