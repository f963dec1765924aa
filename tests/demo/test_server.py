"""The sample site answers as a real server does."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from pipeline import sources
from pipeline.demo.expected import expected
from pipeline.demo.pages import CAPTCHA, MISSING, PRIVATE, REDIRECTS, SOFT_GONE
from pipeline.demo.server import SampleSite, write_sources


@pytest.fixture
def site() -> Iterator[SampleSite]:
    with SampleSite() as running:
        yield running


def test_bound_to_loopback_on_two_ports(site: SampleSite) -> None:
    assert site.base.startswith("http://127.0.0.1:")
    assert site.mirror.startswith("http://127.0.0.1:")
    assert site.base != site.mirror


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/gb/local/laoqiao.html", 200),
        ("/gb/local/laoqiao.html?from=feed", 200),
        (MISSING, 404),
        (CAPTCHA, 200),
        (SOFT_GONE, 200),
        (next(iter(REDIRECTS)), 301),
    ],
)
def test_status(site: SampleSite, path: str, status: int) -> None:
    assert httpx.get(site.base + path).status_code == status


def test_redirect_names_the_article(site: SampleSite) -> None:
    old, new = next(iter(REDIRECTS.items()))
    assert httpx.get(site.base + old).headers["location"] == site.base + new


def test_robots_forbids_the_private_folder(site: SampleSite) -> None:
    assert "Disallow: /private/" in httpx.get(site.base + "/robots.txt").text
    assert PRIVATE.startswith("/private/")


@pytest.mark.parametrize("path", ["/gb/local/laoqiao.html", "/news/2026/0316/dianchi.html", "/sitemap.xml"])
def test_conditional_requests(site: SampleSite, path: str) -> None:
    first = httpx.get(site.base + path)
    since = {"If-Modified-Since": first.headers["last-modified"]}
    assert httpx.get(site.base + path, headers=since).status_code == 304
    older = {"If-Modified-Since": "Thu, 01 Jan 2015 00:00:00 GMT"}
    assert httpx.get(site.base + path, headers=older).status_code == 200
    if etag := first.headers.get("etag"):
        again = httpx.get(site.base + path, headers={"If-None-Match": f'"other", W/{etag}', **older})
        assert (again.status_code, again.content) == (304, b"")
        assert httpx.get(site.base + path, headers={"If-None-Match": '"x"', **since}).status_code == 200


def test_portal_has_no_etag(site: SampleSite) -> None:
    assert "etag" not in httpx.get(site.base + "/gb/local/laoqiao.html").headers


def test_bytes_in_the_charsets_of_the_sites(site: SampleSite) -> None:
    portal = httpx.get(site.base + "/gb/local/laoqiao.html")
    assert portal.headers["content-type"] == "text/html"
    assert b"charset=gb2312" in portal.content
    assert "老桥等来第三次大修" in portal.content.decode("gbk")
    taiwan = httpx.get(site.base + "/tw/local/chanong.html")
    assert "霧裡的採茶人" in taiwan.content.decode("big5")


def test_head_has_no_body(site: SampleSite) -> None:
    answer = httpx.head(site.base + "/gb/local/laoqiao.html")
    assert answer.status_code == 200
    assert answer.content == b""


def test_log_holds_each_request(site: SampleSite) -> None:
    httpx.get(site.mirror + "/robots.txt", headers={"User-Agent": "probe"})
    httpx.get(site.base + MISSING)
    assert [(one.server, one.method, one.path, one.status) for one in site.log] == [
        ("mirror", "GET", "/robots.txt", 200),
        ("a", "GET", MISSING, 404),
    ]
    assert dict(site.log[0].headers)["User-Agent"] == "probe"
    assert site.log[0].at <= site.log[1].at


@pytest.mark.parametrize("turn", [0, 3])
def test_there_are_two_turns(site: SampleSite, turn: int) -> None:
    with pytest.raises(ValueError, match="turns 1 and 2"):
        site.turn = turn
    assert site.turn == 1


def test_declarations_are_valid_sources(site: SampleSite, tmp_path: Path) -> None:
    write_sources(tmp_path, site)
    declared = sources.load(tmp_path)
    assert all(one.allow_private and one.delay == 0 for one in declared)
    assert {"portal", "gov", "blog", "wx", "news", "taiwan", "mirror"} <= {one.name for one in declared}
    assert any(one.home.startswith(site.mirror) for one in declared)


def test_every_article_is_found_by_its_source(site: SampleSite, tmp_path: Path) -> None:
    write_sources(tmp_path, site)
    found: dict[str, str] = {}
    for one in sources.load(tmp_path):
        entries = [
            httpx.get(url) for url in (*one.feeds, *one.sitemaps, *(each.url for each in one.listings))
        ]
        assert all(entry.status_code == 200 for entry in entries), one.name
        bodies = [
            gzip.decompress(entry.content) if entry.url.path.endswith(".gz") else entry.content
            for entry in entries
        ]
        found[one.name] = "\n".join([*one.urls, *(body.decode("ascii", "replace") for body in bodies)])
    for wanted in expected(1, site.base, site.mirror):
        assert urlsplit(wanted.url).path in found[wanted.source], wanted.slug
