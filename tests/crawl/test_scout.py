"""Homes of different make on loopback, looked at as `corpus source try` does."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from itertools import pairwise

import pytest

from pipeline.crawl.scout import Scouting, peek, scout
from pipeline.records import Listing, Outcome
from tests.web.loopback import QUICK, Page, Site, article, feed, sitemap, source_of

LOGO = '<a href="/">首页</a><a href="/about">关于</a><a href="/video/live">直播</a>'


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


def look(site: Site, path: str = "/") -> Scouting:
    return scout(site.base + path, allow_private=True, delay=0.0, limits=QUICK)


def home(links: str = "", head: str = "") -> Page:
    return Page(f"<!doctype html><html><head>{head}</head><body>{LOGO}{links}</body></html>".encode())


def articles(site: Site, number: int = 8, path: str = "/2026/11/{}.html") -> list[str]:
    """So many article pages; their absolute addresses."""
    paths = [path.format(100 + n) for n in range(number)]
    site.pages |= {each: article(n) for n, each in enumerate(paths)}
    return [site.base + each for each in paths]


def offers(found: Scouting) -> list[tuple[str, str, int]]:
    return [(offer.kind, offer.found_by, len(offer.listed.links)) for offer in found.offers]


def test_a_home_that_declares_its_feed(site: Site) -> None:
    links = articles(site)
    head = '<link rel="alternate" type="application/rss+xml" href="/all.xml">'
    head += '<link rel="alternate" type="application/rss+xml" href="/comments/all.xml">'
    site.pages["/"] = home(head=head)
    site.pages["/all.xml"] = feed(*links, "https://elsewhere.example/ad.html")
    found = look(site)
    assert offers(found) == [("feed", "declared", 8)]
    assert found.offers[0].url == site.base + "/all.xml"
    assert dict(found.offers[0].listed.rejected) == {"foreign": 1}
    assert [each.outcome for each in found.samples] == [Outcome.OK] * 5
    assert found.include == ()
    assert "/comments/all.xml" not in site.asked()


def test_a_feed_that_is_only_linked_or_lies_where_feeds_lie(site: Site) -> None:
    links = articles(site)
    site.pages["/"] = home('<a href="/column/rss">订阅</a><a href="/rss-help.html">什么是RSS</a>')
    site.pages["/rss-help.html"] = home()
    site.pages["/column/rss"] = feed(*links)
    assert offers(look(site)) == [("feed", "linked", 8)]
    del site.pages["/column/rss"]
    site.pages["/atom.xml"] = feed(*links)
    found = look(site)
    assert offers(found) == [("feed", "usual place", 8)]
    assert any("rss-help" in each and "no_entries" in each for each in found.tried)


def test_only_a_sitemap_index_in_robots(site: Site) -> None:
    links = articles(site)
    site.pages["/robots.txt"] = Page(
        f"Sitemap: {site.base}/index.xml\nCrawl-delay: 0\n".encode(), "text/plain"
    )
    site.pages["/"] = home()
    children = "".join(
        f"<sitemap><loc>{site.base}/map-{day}.xml</loc><lastmod>2026-11-0{day}</lastmod></sitemap>"
        for day in (1, 3, 2)
    )
    site.pages["/index.xml"] = Page(f"<sitemapindex>{children}</sitemapindex>".encode(), "application/xml")
    site.pages["/map-3.xml"] = sitemap(*links, site.base + "/about")
    found = look(site)
    assert offers(found) == [("sitemap", "robots.txt", 9)]
    assert found.include == (f"*://{site.base.removeprefix('http://')}/*/*/*.html*",)
    assert all("/2026/11/" in each.url for each in found.samples)


def test_a_section_of_one_article_is_left_out_of_no_pattern(site: Site) -> None:
    """Half of a site's sections have one article today, and ten tomorrow."""
    links = [
        *articles(site, path="/gov/gg/202611/t20261103_{}.html"),
        *articles(site, path="/gov/dt/202611/t20261104_1{}.html")[:1],
    ]
    site.pages["/robots.txt"] = Page(f"Sitemap: {site.base}/map.xml\nCrawl-delay: 0\n".encode(), "text/plain")
    site.pages["/"] = home()
    site.pages["/map.xml"] = sitemap(*links, site.base + "/about", site.base + "/gov/gg/index.html")
    host = site.base.removeprefix("http://")
    assert look(site).include == (f"*://{host}/gov/*/*/*.html*",)


def test_only_a_listing(site: Site) -> None:
    links = articles(site, path="/a/{}.shtml")
    site.pages["/news/"] = home("".join(f'<a href="{each}">修渠旧事</a>' for each in links))
    found = look(site, "/news/")
    assert offers(found) == [("listing", "home", 8)]
    assert (len(found.samples), found.notes) == (5, ())


def test_a_gbk_home_is_read(site: Site) -> None:
    links = articles(site)
    anchors = "".join(f"<a href={each}>旧事</a>" for each in links)
    page = f'<html><head><meta charset="gb2312"></head><body>{anchors}</body></html>'
    site.pages["/"] = Page(page.encode("gbk"), "text/html")
    assert offers(look(site)) == [("listing", "home", 8)]


def test_a_home_made_by_a_script_says_so(site: Site) -> None:
    site.pages["/"] = Page(b"<html><body><div id=root></div><script src=/app.js></script></body></html>")
    found = look(site)
    assert found.offers == ()
    (note,) = found.notes
    assert note.startswith(
        "no list was found: its links are made by a script in the browser, and a crawl renders"
    )


def test_a_home_of_few_links_says_what_to_do(site: Site) -> None:
    site.pages["/"] = home()
    assert look(site).notes == ("no list was found: name a page of links as `listings`, with a selector",)


def test_a_private_address_is_refused_unless_it_is_meant(site: Site) -> None:
    found = scout(site.base + "/", delay=0.0, limits=QUICK)
    assert found.notes == (
        f"{site.base}/: a private or loopback address; say --allow-private if it is meant",
    )
    assert site.log == []


def test_a_dead_host_and_one_that_is_none() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{probe.getsockname()[1]}/"
    assert scout(dead, allow_private=True, delay=0.0, limits=QUICK).notes == (
        f"{dead}: nobody answers there",
    )
    unknown = scout("http://nowhere.invalid/", delay=0.0, limits=QUICK)
    assert unknown.notes == ("http://nowhere.invalid/: no such host",)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (Page(b"<p>gone</p>", status=404), "not there (status 404)"),
        (
            Page("<html><title>访问验证</title><body>请完成验证 captcha</body></html>".encode(), status=403),
            "status 403",
        ),
        (Page(b"<p>broken</p>", status=500), "the server answers with an error (status 500)"),
    ],
)
def test_a_home_that_refuses_is_told(site: Site, page: Page, words: str) -> None:
    site.pages["/"] = page
    found = look(site)
    assert words in found.notes[0]
    assert found.offers == ()


def test_robots_txt_is_obeyed_and_told(site: Site) -> None:
    site.pages["/"] = home("".join(f'<a href="{each}">旧事</a>' for each in articles(site)))
    site.pages["/robots.txt"] = Page(b"User-agent: *\nDisallow: /\n", "text/plain")
    found = look(site)
    assert site.asked() == ["/robots.txt"]
    assert found.notes == (f"robots.txt keeps us from {site.base}/: rules read",)
    site.pages["/robots.txt"] = Page(
        b"User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /\n\nUser-agent: *\nDisallow: /2026/\nCrawl-delay: 0.01\n",
        "text/plain",
    )
    found = look(site)
    assert found.barred == ("GPTBot", "CCBot")
    assert (found.robots.delay, found.samples, len(found.offers)) == (0.01, (), 1)


def test_every_request_waits_its_turn(site: Site) -> None:
    site.pages["/"] = home("".join(f'<a href="{each}">旧事</a>' for each in articles(site)))
    found = scout(site.base + "/", allow_private=True, delay=0.05, limits=QUICK)
    times = [each.at for each in site.log]
    assert found.requests == len(times)
    assert min(b - a for a, b in pairwise(times)) >= 0.045


def test_declared_sources_are_asked_for_robots_and_one_list(site: Site) -> None:
    links = articles(site)
    site.pages["/feed.xml"] = feed(*links, "https://elsewhere.example/")
    site.pages["/list"] = home()
    sources = [
        source_of(site, name="fed", feeds=(site.base + "/feed.xml",), sitemaps=(site.base + "/never.xml",)),
        source_of(site, name="moved", feeds=(site.base + "/old.xml",)),
        source_of(site, name="listed", listings=(Listing(url=site.base + "/list"),)),
        source_of(site, name="named", urls=(links[0],)),
    ]
    done: list[int] = []
    found = peek(sources, limits=QUICK, on_done=done.append)
    assert [(each.source, each.first_list, each.links) for each in found] == [
        ("fed", "ok", 8),
        ("moved", "gone", 0),
        ("listed", "ok", 3),
        ("named", "ok", 1),
    ]
    assert sorted(done) == [1, 2, 3, 4]
    assert "/never.xml" not in site.asked()
    site.pages["/robots.txt"] = Page(b"User-agent: *\nDisallow: /", "text/plain")
    assert [each.first_list for each in peek(sources[:1], limits=QUICK)] == ["not asked: robots.txt"]
