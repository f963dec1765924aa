"""One visit: robots, redirects, validators, block pages; judged by a real server's log and the archive."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.records import Listing
from tests.web.loopback import NO_ROBOTS, Page, Site, article, kept, later, run, sitemap, source_of


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


@pytest.mark.parametrize(
    ("front", "gone"), [("/", True), ("/index.html", True), ("/list", True), ("/?p=7", False), ("/b/", False)]
)
def test_an_article_that_leads_to_a_front_page_is_gone(
    site: Site, tmp_path: Path, front: str, gone: bool
) -> None:
    site.pages |= {
        front: article(1),
        "/a/1.html": article(2),
        "/sitemap.xml": sitemap(site.base + "/a/1.html"),
    }
    source = source_of(
        site,
        sitemaps=(site.base + "/sitemap.xml",),
        listings=(Listing(url=site.base + "/list", links="i a"),),
    )
    run(source, tmp_path)
    site.pages["/a/1.html"] = Page(b"", status=302, headers=(("Location", front),), etag=False)
    assert run(source, tmp_path, only_due=False).blocked == gone
    named = replace(source, urls=(site.base + "/a/1.html",))
    assert run(named, tmp_path, urls=named.urls).blocked == 0, "what is named is taken as it comes"
    assert kept(tmp_path)[1].outcome == ("soft_gone" if gone else "ok")


@pytest.mark.parametrize(("start", "fetched"), [("/", "front"), ("/a/1.html", "moved")])
def test_only_a_front_page_may_refresh_to_the_front_page(
    site: Site, tmp_path: Path, start: str, fetched: str
) -> None:
    moved = b"<html><head><meta http-equiv=refresh content='0;url=/index.html'></head>moved</html>"
    site.pages |= {start: Page(moved), "/index.html": Page(b"<html>front</html>")}
    run(source_of(site, urls=(site.base + start,)), tmp_path)
    assert [fetched.encode() in c.body for c in kept(tmp_path)] == [True]


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


def test_the_record_says_why_each_page_was_fetched(site: Site, tmp_path: Path) -> None:
    head = f"<link rel=canonical href='{site.base}/2026/1.html'>"
    site.pages |= {"/m/1.html": article(1, head=head), "/sitemap.xml": sitemap(site.base + "/m/1.html")}
    run(source_of(site, sitemaps=(site.base + "/sitemap.xml",)), tmp_path)
    (page,) = kept(tmp_path)
    assert page.via == site.base + "/sitemap.xml"
    assert "robots: rules read" in page.notes
    assert f"canonical: {site.base}/2026/1.html" in page.notes
    assert [c.url for c in kept(tmp_path, "robots")] == [site.base + "/robots.txt"]
