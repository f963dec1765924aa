"""Reading lists: what is due, what is new, where it ends; judged by a real server's log."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.crawl import lists
from pipeline.crawl.discover import links_of
from pipeline.crawl.run import crawl
from pipeline.records import Listing
from tests.web.loopback import Page, Site, article, feed, kept, later, run, sitemap, source_of


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


def test_of_a_listing_of_endless_links_so_many_are_fetched_and_sessions_are_one_page(
    site: Site, tmp_path: Path
) -> None:
    links = "".join(f"<a href='/a/1.html;jsessionid={n:032X}'>旧事</a>" for n in range(300))
    site.pages["/list"] = Page(links.encode())
    visit = run(source_of(site, listings=(Listing(url=site.base + "/list"),)), tmp_path)
    assert (visit.found, visit.links) == (1, 1)
    calendar = "".join(f"<a href='/{n // 400}/{n // 31 % 12}/{n}/'>日历</a>" for n in range(3000))
    site.pages["/list"] = Page(calendar.encode())
    stop = threading.Event()
    source = source_of(site, listings=(Listing(url=site.base + "/list"),))
    visit = run(source, tmp_path, only_due=False, on_progress=lambda _: stop.set(), stop=stop)
    assert visit.found == 3000
    assert any(note.startswith("quota: 2000 of 3000") for note in visit.notes)


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


def test_a_sitemap_may_be_larger_than_a_page(site: Site, tmp_path: Path) -> None:
    site.pages["/a/1.html"] = article(1)
    large = sitemap(site.base + "/a/1.html")
    site.pages["/sitemap.xml"] = replace(
        large, body=large.body.replace(b"<url>", b" " * 9_000_000 + b"<url>")
    )
    assert run(source_of(site, sitemaps=(site.base + "/sitemap.xml",)), tmp_path).fetched == 1


def index(*addresses: str) -> Page:
    """A sitemap index that names the addresses."""
    rows = "".join(f"<sitemap><loc>{each}</loc></sitemap>" for each in addresses)
    return Page(f"<sitemapindex>{rows}</sitemapindex>".encode(), "application/xml")


def test_so_many_sitemaps_are_read_in_a_run_and_the_others_in_the_next(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MAX_SITEMAPS", 3)
    children = [f"/s{n}.xml" for n in range(5)]
    site.pages |= {path: sitemap(f"{site.base}/a{path}.html") for path in children}
    site.pages["/index.xml"] = index(*(site.base + path for path in children))
    source = source_of(site, sitemaps=(site.base + "/index.xml",))
    visit = run(source, tmp_path)
    assert [path for path in site.asked() if path.endswith(".xml")] == ["/index.xml", *children[:2]]
    assert "cap: 3 sitemaps left for the next run" in visit.notes
    run(source, tmp_path)
    assert [path for path in site.asked() if path.endswith(".xml")] == ["/index.xml", *children]


def test_indexes_of_indexes_are_followed_three_deep(site: Site, tmp_path: Path) -> None:
    site.pages |= {f"/i{n}.xml": index(f"{site.base}/i{n + 1}.xml") for n in range(9)}
    visit = run(source_of(site, sitemaps=(site.base + "/i0.xml",)), tmp_path)
    assert site.asked(but=("/robots.txt",)) == [f"/i{n}.xml" for n in range(4)]
    assert f"cap: index nested deeper than 3: {site.base}/i3.xml" in visit.notes


def test_the_sitemaps_that_robots_names_are_read_where_the_source_says_so(site: Site, tmp_path: Path) -> None:
    lines = f"Sitemap: /s.xml\nSitemap: {site.base}/i.xml\nSitemap: http://127.0.0.2/foreign.xml\n"
    site.pages |= {f"/a/{n}.html": article(n) for n in range(4)}
    site.pages |= {
        "/robots.txt": Page(b"User-agent: *\nDisallow:\n" + lines.encode(), "text/plain"),
        "/rss": feed(site.base + "/a/0.html"),
        "/s.xml": sitemap(site.base + "/a/1.html"),
        "/i.xml": index(site.base + "/c.xml"),
        "/c.xml": sitemap(site.base + "/a/2.html"),
    }
    source = source_of(site, feeds=(site.base + "/rss",), every=3600.0)
    assert run(source, tmp_path).found == 1
    said = replace(source, robots_sitemaps=True)
    assert run(said, tmp_path, now=later(hours=3)).found == 2
    site.pages["/s.xml"] = sitemap(site.base + "/a/1.html", site.base + "/a/3.html")
    site.log.clear()
    assert run(said, tmp_path, now=later(hours=9)).found == 1
    assert site.asked().count("/s.xml") == 1


def test_a_child_that_failed_is_read_again_though_its_index_is_as_it_was(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/index.xml": index(site.base + "/s.xml"), "/s.xml": Page(b"", status=404, etag=False)}
    source = source_of(site, sitemaps=(site.base + "/index.xml",))
    assert run(source, tmp_path).found == 0
    site.pages["/s.xml"] = sitemap(site.base + "/a/1.html")
    assert run(source, tmp_path, only_due=False).found == 1


def test_a_borrowed_index_is_taken_three_deep(site: Site, tmp_path: Path) -> None:
    site.pages |= {f"/i{n}.xml": index(f"{site.base}/i{n + 1}.xml") for n in range(4)}
    site.pages["/i4.xml"] = sitemap(site.base + "/b/1.html")
    maps = (site.base + "/i0.xml", site.base + "/i4.xml")
    run(replace(source_of(site, sitemaps=maps), name="a", include=("*/a/*",)), tmp_path)
    deep = replace(source_of(site, sitemaps=maps[:1]), name="b", include=("*/b/*",))
    visit = run(deep, tmp_path)
    assert visit.found == 0
    assert f"cap: 1 sitemaps not taken from the archive: {site.base}/i0.xml" in visit.notes
    assert run(replace(deep, name="c", sitemaps=(site.base + "/i1.xml",)), tmp_path).found == 1


@pytest.mark.parametrize(("most", "found"), [(500, 4), (3, 2)])
def test_a_borrowed_index_is_read_once_whatever_names_it(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, found: int
) -> None:
    all_of_them = [f"{site.base}/i{n}.xml" for n in range(4)]
    for n, address in enumerate(all_of_them):
        page, rows = f"<url><loc>{site.base}/b/{n}.html</loc></url>".encode(), index(*all_of_them).body
        site.pages[f"/i{n}.xml"] = Page(rows.replace(b"</sitemapindex>", page + b"</sitemapindex>"))
        assert address in rows.decode()
    site.pages["/index.xml"] = index(*all_of_them)
    both = [
        replace(source_of(site, sitemaps=(site.base + "/index.xml",)), name=name, include=(f"*/{name}/*",))
        for name in ("a", "b")
    ]
    run(both[0], tmp_path)
    read: Counter[str] = Counter()

    def counted(scope: Any, kind: str, body: bytes, url: str, content_type: str = "") -> Any:
        read[url] += 1
        return links_of(scope, kind, body, url, content_type)

    monkeypatch.setattr(lists, "links_of", counted)
    monkeypatch.setattr(lists, "MAX_SITEMAPS", most)
    _, visit = crawl(both, tmp_path)
    assert (visit.found, set(read.values())) == (found, {1})
    assert any(note.startswith("cap") for note in visit.notes) is (most == 3)


@pytest.mark.parametrize(("age", "wait"), [(10, 30), (180, 90), (9_000, 360)])
def test_a_feed_is_read_before_its_window_has_passed(site: Site, tmp_path: Path, age: int, wait: int) -> None:
    def item(n: int, minutes: int) -> str:
        at = format_datetime(datetime.now(UTC) - timedelta(minutes=minutes))
        return f"<item><link>{site.base}/a/{n}.html</link><pubDate>{at}</pubDate></item>"

    rows = item(1, 1) + item(2, age)
    site.pages["/rss"] = Page(f"<rss version='2.0'><channel>{rows}</channel></rss>".encode())
    source = source_of(site, feeds=(site.base + "/rss",), every=6 * 3600.0)
    for minutes in (0, wait - 1, wait + 1):
        run(source, tmp_path, now=later(minutes=minutes))
        asked = site.asked().count("/rss")
        assert asked == (2 if minutes > wait else 1)
