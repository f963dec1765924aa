"""What belongs to a source: the addresses it wants, those it refuses and why, and where a redirect may lead."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from pipeline.crawl.scope import by_source, is_front, may_lead_to, on_own_site, owns, scope_of, unwanted
from pipeline.errors import UsageError
from pipeline.records import Listing, Source
from tests.timing import TIME_LIMIT

HOME = "https://news.example.cn/"
LIST = HOME + "list/"
SOURCE = Source(name="example", home=HOME, listings=(Listing(url=LIST, links="ul.news a"),))


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (HOME + "2026/1101/c1-7.html", None),
        (HOME + "2026/11/11/11.html", None),
        ("https://blog.example.cn/1", None),
        (HOME + "shuo.com/1", None),
        (HOME + "a?file=x.jpg", None),
        ("https://example.cn.evil.net/1", "foreign"),
        ("https://notexample.cn/1", "foreign"),
        (HOME + "a.PDF", "not_a_page"),
    ],
)
def test_without_patterns_the_source_s_own_sites_decide(url: str, reason: str | None) -> None:
    assert unwanted(scope_of(SOURCE), url) == reason


def test_patterns_decide_and_exclude_wins() -> None:
    source = replace(
        SOURCE, include=("https://*.example.cn/20*", "https://cdn.example.net/*"), exclude=("*draft*",)
    )
    assert unwanted(scope_of(source), HOME + "2026/1.html") is None
    assert unwanted(scope_of(source), "https://cdn.example.net/1") is None
    assert unwanted(scope_of(source), HOME + "about") == "not_included"
    assert unwanted(scope_of(source), HOME + "2026/draft-1.html") == "excluded"


def test_what_the_user_names_is_wanted_whatever_the_patterns_say() -> None:
    source = replace(SOURCE, urls=(HOME + "draft.pdf",), exclude=("*draft*",))
    assert unwanted(scope_of(source), HOME + "draft.pdf") is None


def test_a_hostile_pattern_costs_little() -> None:
    source = replace(SOURCE, exclude=("*" + "a*" * 30 + "b",))
    started = time.process_time()
    assert unwanted(scope_of(source), HOME + "a" * 1_900) is None
    assert time.process_time() - started < TIME_LIMIT


@pytest.mark.parametrize(
    "spelling",
    [
        HOME + "新闻/1.html",
        HOME + "%E6%96%B0%E9%97%BB/1.html",
        HOME + "%e6%96%b0%e9%97%bb/1.html",
        "http://news.example.cn/新闻/1.html#top",
    ],
)
def test_a_named_url_is_wanted_however_it_is_spelled(spelling: str) -> None:
    scope = scope_of(replace(SOURCE, urls=(spelling,), include=(HOME + "2026/*",)))
    assert unwanted(scope, HOME + "%E6%96%B0%E9%97%BB/1.html") is None
    assert unwanted(scope, HOME + "%E6%96%B0%E9%97%BB/2.html") == "not_included"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/".join("abcdefghijklmnop"), None),
        ("/".join("abcdefghijklmnopq"), "trap"),
        ("a/a/a", None),
        ("a/a/a/a", "trap"),
        ("b" * (2_000 - len(HOME)), None),
        ("b" * (2_001 - len(HOME)), "trap"),
        ("a.mp4", "not_a_page"),
        ("mp4", None),
    ],
)
def test_where_a_trap_begins(path: str, reason: str | None) -> None:
    assert unwanted(scope_of(SOURCE), HOME + path) == reason


def test_every_address_of_a_source_makes_its_site_one_of_its_own() -> None:
    source = Source(
        name="wide",
        home="https://a.cn/",
        feeds=("https://b.cn/rss",),
        sitemaps=("https://c.cn/s.xml",),
        listings=(Listing(url="https://d.cn:8443/l"),),
        urls=("https://e.cn/1", "https://127.0.0.1:8000/1"),
    )
    scope = scope_of(source)
    assert [on_own_site(scope, f"https://m.{name}.cn/x") for name in "abcdef"] == [True] * 5 + [False]
    assert [on_own_site(scope, f"https://127.0.0.1:{port}/x") for port in (8000, 8001)] == [True, False]
    assert not on_own_site(scope, "mailto:a@a.cn")
    assert scope.ports == {8000, 8443}


def test_the_cost_of_a_link_does_not_grow_with_the_named_urls() -> None:
    def cost(named: int) -> float:
        scope = scope_of(replace(SOURCE, urls=tuple(f"{HOME}a/{n}.html" for n in range(named))))
        started = time.process_time()
        for n in range(300):
            assert unwanted(scope, f"https://other.example.net/x/{n}.html") == "foreign"
        return time.process_time() - started

    assert cost(10_000) < 5 * cost(10) + 0.05


@pytest.mark.parametrize(
    ("url", "front"),
    [
        (HOME, True),
        ("http://news.example.cn", True),
        (HOME + "index.html", True),
        (HOME + "Default.aspx", True),
        ("https://other.example.net/", True),
        (LIST, True),
        (LIST + "?from=top", False),
        (HOME + "?p=7", False),
        (HOME + "index.php?id=7", False),
        (HOME + "a/index.html", False),
        (HOME + "society/", False),
        (HOME + "homework", False),
    ],
)
def test_front_pages_and_listings_show_no_article(url: str, front: bool) -> None:
    assert is_front(scope_of(SOURCE), url) is front


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        (HOME + "1.html", True),
        ("https://m.example.cn/1.jpg", True),
        ("https://m.example.cn/login", False),
        ("https://cdn.example.net/1", True),
        ("https://cdn.example.net/login", False),
        ("https://other.example.org/1", False),
    ],
)
def test_a_redirect_may_lead_to_the_own_sites_and_to_what_is_included(url: str, allowed: bool) -> None:
    source = replace(SOURCE, include=(HOME + "20*", "https://cdn.example.net/*"), exclude=("*login",))
    assert may_lead_to(scope_of(source), url) is allowed


def test_urls_go_to_the_source_they_belong_to_each_page_once() -> None:
    other = Source(name="other", home="https://other.example.net/", include=("https://cdn.example.net/*",))
    urls = ["https://cdn.example.net/1", HOME + "新/1", HOME + "%E6%96%B0/1", HOME + "a.jpg", HOME + "2"]
    assert by_source([SOURCE, other], urls) == {
        "example": [HOME + "%E6%96%B0/1", HOME + "a.jpg", HOME + "2"],
        "other": ["https://cdn.example.net/1"],
    }
    assert owns(scope_of(other), "https://www.other.example.net/x")
    with pytest.raises(UsageError, match=r"^no source is declared for ftp://x\.cn/, https://x\.cn/$"):
        by_source([SOURCE, other], ["ftp://x.cn/", HOME, "https://x.cn/"])
