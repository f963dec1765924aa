"""Links of a page: which are taken, which are not and why, and which page is the next part."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.crawl.discover import canonical, links_of, rough_text
from pipeline.crawl.scope import scope_of
from pipeline.nextpart import next_part
from pipeline.records import Listing, Source

HOME = "https://news.example.cn/"
LIST = HOME + "list/"
SOURCE = Source(name="example", home=HOME, listings=(Listing(url=LIST, links="ul.news a"),))
NEXT_PART = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "cases" / "next_part.jsonl").read_text("utf-8").splitlines()
]


def listed(html: str, source: Source = SOURCE) -> list[str]:
    return [link.url for link in links_of(scope_of(source), "listing", html.encode(), LIST).links]


def test_a_listing_gives_the_links_its_selector_names() -> None:
    html = "<a href='/about'>x</a><ul class=news><li><a href='a/1.html'>甲</a><a href='//m.example.cn/2'>乙</a></ul>"
    assert listed(html) == [LIST + "a/1.html", "https://m.example.cn/2"]


def test_a_selector_may_name_what_holds_the_links() -> None:
    source = replace(SOURCE, listings=(Listing(url=LIST, links="ul.news"),))
    html = "<ul class=news><li><a href=/1.html>甲</a><li><a href=/2.html>乙</a></ul><a href=/3.html>丙</a>"
    assert listed(html, source) == [HOME + "1.html", HOME + "2.html"]


def test_the_base_element_counts() -> None:
    assert listed("<base href='/x/'><ul class=news><a href=1.html>甲</a></ul>") == [HOME + "x/1.html"]


def test_one_page_is_one_link() -> None:
    html = "<ul class=news><a href='/1?utm_source=a'>甲</a><a href='/1#top'>甲</a><a href='http://news.example.cn/1'>甲</a></ul>"
    assert len(listed(html)) == 1


def test_every_link_not_taken_is_counted_with_its_reason() -> None:
    hrefs = {
        "https://other.example.net/1.html": "foreign", "/photo/1.jpg": "not_a_page", "javascript:void(0)": "bad_url",
        "mailto:a@example.cn": "bad_url", "/x/video/1.html": "excluded", LIST: "itself",
        "/a/a/a/a/a.html": "trap", "/" + "b" * 3_000: "trap", "/c" * 20: "trap",
    }  # fmt: skip
    source = replace(SOURCE, exclude=("*/video/*",))
    html = (
        "<ul class=news>"
        + "".join(f"<a href='{href}'>x</a>" for href in hrefs)
        + "<a href='/1.html'>甲</a></ul>"
    )
    found = links_of(scope_of(source), "listing", html.encode(), LIST)
    assert [link.url for link in found.links] == [HOME + "1.html"]
    assert found.rejected == {
        "foreign": 1,
        "not_a_page": 1,
        "bad_url": 2,
        "excluded": 1,
        "itself": 1,
        "trap": 3,
    }


@pytest.mark.parametrize(
    ("charset", "href", "wanted"),
    [
        ("gb2312", "/新.asp?q=新闻&n=a b", "/%E6%96%B0.asp?q=%D0%C2%CE%C5&n=a%20b"),
        ("gbk", "?q=%E6%96%B0&r=新#新", "list/?q=%E6%96%B0&r=%D0%C2"),
        ("gbk", "/a#新?q=新", "/a"),
        ("gbk", "/a?q=𠮷", "/a?q=%26%23134071%3B"),
        ("big5", "/a?q=新聞", "/a?q=%B7s%BBD"),
        ("utf-8", "/a?q=新闻", "/a?q=%E6%96%B0%E9%97%BB"),
    ],
)
def test_a_query_is_asked_in_the_encoding_of_the_page(charset: str, href: str, wanted: str) -> None:
    codec = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs"}.get(charset, charset)
    html = f"<meta charset={charset}><title>这是一页</title><ul class=news><a href='{href}'>x</a></ul>"
    found = links_of(scope_of(SOURCE), "listing", html.encode(codec, "replace"), LIST)
    assert [link.url.removeprefix(HOME).removeprefix("/") for link in found.links] == [wanted.lstrip("/")]


@pytest.mark.parametrize(
    "charset", ["idna", "punycode", "unicode_escape", "rot13", "utf-16", "base64", "mbcs"]
)
def test_no_charset_that_a_page_names_raises(charset: str) -> None:
    html = f"<meta charset={charset}><ul class=news><a href='/a?q=新'>x</a></ul>"
    links_of(scope_of(SOURCE), "listing", html.encode("gbk"), LIST)


def test_children_of_an_index_must_be_on_the_source_s_sites() -> None:
    rows = "".join(
        f"<sitemap><loc>{u}</loc></sitemap>" for u in (HOME + "s1.xml", "https://evil.example.net/s.xml")
    )
    found = links_of(
        scope_of(SOURCE), "sitemap", f"<sitemapindex>{rows}</sitemapindex>".encode(), HOME + "sitemap.xml"
    )
    assert [child.url for child in found.children] == [HOME + "s1.xml"]
    assert found.rejected == {"foreign": 1}


@pytest.mark.parametrize(
    ("href", "wanted"),
    [
        ("/2026/1101/7.html", HOME + "2026/1101/7.html"),
        ("https://m.example.cn/7.html", "https://m.example.cn/7.html"),
        ("/?id=7", None),
        ("/index.php?id=7", None),
        ("/indexes.html", HOME + "indexes.html"),
        ("/2026/index.html", HOME + "2026/index.html"),
        ("/society/?id=7", HOME + "society/?id=7"),
        ("/society/2026/", HOME + "society/2026/"),
        ("/", None),
        ("/index.html", None),
        ("/society/", None),
        ("https://other.example.net/7.html", None),
        ("/m/7.html", None),
        ("", None),
        ("javascript:;", None),
    ],
)
def test_canonical_is_believed_only_where_it_looks_like_an_article(href: str, wanted: str | None) -> None:
    html = f"<head><noscript><img src=x></noscript><link rel=canonical href='{href}'></head><p>正文"
    assert canonical(html, HOME + "m/7.html") == wanted


@pytest.mark.parametrize("case", NEXT_PART, ids=lambda case: case["case"])
def test_next_part(case: dict[str, Any]) -> None:
    assert next_part(case["html"], case["url"]) == case["next"]


@pytest.mark.parametrize(
    ("encoding", "head", "content_type"),
    [
        ("utf-8", "", ""),
        ("gbk", "", ""),
        ("gbk", "", "text/html; charset=gb2312"),
        ("gbk", "<meta charset=gb2312>", "text/html; charset=utf-8"),
        ("big5", "<meta http-equiv=Content-Type content='text/html; charset=big5'>", "text/html"),
        ("big5", "", "text/html; charset=Big5"),
        ("gbk", "<meta charset=no-such>", "text/html; charset=ISO-8859-1"),
        ("gbk", "<meta charset=rot13>", "text/html; charset=base64"),
    ],
)
def test_rough_text_reads_the_words_that_name_a_next_part(
    encoding: str, head: str, content_type: str
) -> None:
    word = "下一頁" if encoding == "big5" else "下一页"
    assert word in rough_text(f"{head}<a href=x>{word}</a>".encode(encoding), content_type)


@given(st.binary(max_size=200), st.text(max_size=30))
def test_nothing_raises(body: bytes, content_type: str) -> None:
    html = rough_text(body, content_type)
    canonical("<link rel=canonical href='" + html, LIST)
    links_of(scope_of(SOURCE), "listing", b"<ul class=news><a href='" + body, LIST, content_type)
