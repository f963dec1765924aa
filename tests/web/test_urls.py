"""URL identity, fetch form and sites: cases as data, laws as properties."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ada_url
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.web.urls import Parts, fetch_form, parse_url, same_site, site, surt, url_key

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "cases" / "urls.jsonl").read_text("utf-8").splitlines()
]


def cases(kind: str) -> Any:
    """The cases of one kind, named by their reason."""
    return pytest.mark.parametrize("case", [pytest.param(c, id=c["why"]) for c in CASES if c["kind"] == kind])


def test_the_parts_of_a_url_stand_under_their_names() -> None:
    assert parse_url("http://u.example:8080/a/b?c=1#d")._asdict() == {
        "protocol": "http:",
        "host": "u.example:8080",
        "hostname": "u.example",
        "port": "8080",
        "pathname": "/a/b",
        "search": "?c=1",
    }
    with pytest.raises(ValueError, match="Invalid"):
        parse_url("nowhere")


_HOSTS = st.sampled_from(
    """a.cn news.example.com.cn 127.0.0.1 256.1.1.1 01.2.3.4 1.2.3 xn--fiqs8s.cn a.xn--p1ai a-.cn -a.cn a..cn 1a.cn
    a1.b2.com localhost A.cn a.cn. a_b.cn x.0x7f x.cn1""".split()  # noqa: SIM905
)
_PORTS = st.sampled_from(["", "", "", ":80", ":443", ":8080", ":99", ":080", ":65536", ":"])
_BITS = st.lists(
    st.sampled_from(
        [*"/aB.%~@:;=&!$'()*+,[|^`{\\ 文\"<?#-_", "..", "%2e", "%2E", "%41", "//", "/./", "/../"]
    ),
    max_size=5,
).map("".join)


@settings(max_examples=500)
@given(st.builds("{}://{}{}/{}{}".format, st.sampled_from(["http", "https"]), _HOSTS, _PORTS, _BITS, _BITS))
@example("https://news.example.cn:8443/a/2026-05/06/t_1.html?id=2&q=%E6%96%87")
@example("https://a.cn:443/a")
@example("http://a.cn/a/%2e%2E/b")
def test_what_is_taken_as_it_stands_is_what_the_standard_makes_of_it(url: str) -> None:
    try:
        wanted = ada_url.URL(url)
        wanted.hash = ""
    except ValueError:
        assert fetch_form(url) is None
        return
    assert fetch_form(url) == wanted.href
    parts = ada_url.parse_url(wanted.href, attributes=Parts._fields)
    assert parse_url(wanted.href) == Parts._make(parts.values())


@cases("same")
def test_spellings_of_one_address_have_one_key(case: dict[str, Any]) -> None:
    assert len({url_key(url) for url in case["urls"]}) == 1, [url_key(url) for url in case["urls"]]


@cases("differ")
def test_two_addresses_have_two_keys(case: dict[str, Any]) -> None:
    assert len({url_key(url) for url in case["urls"]}) == len(case["urls"])


@cases("key")
def test_the_key_reads_so(case: dict[str, Any]) -> None:
    assert url_key(case["url"]) == case["key"]


@cases("fetch")
def test_the_fetch_form_reads_so(case: dict[str, Any]) -> None:
    assert fetch_form(case["url"], case["base"]) == case["fetch"]


@cases("surt")
def test_the_sort_form_reads_so(case: dict[str, Any]) -> None:
    assert surt(case["url"]) == case["surt"]


@cases("site")
def test_the_site_reads_so(case: dict[str, Any]) -> None:
    assert site(case["url"]) == case["site"]


@cases("same_site")
def test_one_site_or_two(case: dict[str, Any]) -> None:
    assert same_site(case["a"], case["b"]) is case["same"]
    assert same_site(case["b"], case["a"]) is case["same"]


_PIECES = st.one_of(
    st.sampled_from(
        ["/", "a", "B", ".", "..", "=", "&", "?", "#", "+", " ", "你", "\\", ":", "@", "|", "\n", "'", "\0"]
    ),
    st.sampled_from(["%", "%2", "%41", "%2e", "%2E", "%2F", "%c4%e3", "%25", "%3D"]),
    st.sampled_from(
        [";jsessionid=", ";jses", "sionid=1", "utm_x", "id", "from=app", "timestamp=1", "share_a=1"]
    ),
    st.sampled_from(["__biz=x", "mid=1", "/s/", "/s"]),
)
_HOSTS = st.sampled_from(
    [
        "example.cn",
        "EXAMPLE.cn.",
        "mp.weixin.qq.com",
        "127.0.0.1:8080",
        "例子.中国",
        "[::1]:81",
        "a..b",
        "a.cn:443",
    ]
)
_URLS = st.builds(
    lambda scheme, host, pieces: f"{scheme}://{host}/" + "".join(pieces),
    st.sampled_from(["http", "https", "HTTP"]),
    _HOSTS,
    st.lists(_PIECES, max_size=12),
)


@given(_URLS | st.text(max_size=40))
@example("http://example.cn/a;jses;jsessionid=1sionid=1")
@example("http://example.cn/a/.;jsessionid=1/b")
@example("http://example.cn/%%341")
@example("http://example.cn/??")
@example("https://mp.weixin.qq.com/s/%2e%2e")
def test_a_key_is_its_own_key(url: str) -> None:
    assert url_key(url_key(url)) == url_key(url)


@given(_URLS | st.text(max_size=40))
def test_a_fetch_form_is_its_own_fetch_form_and_has_the_same_key(url: str) -> None:
    fetched = fetch_form(url)
    if fetched is not None:
        assert fetched.isascii()
        assert fetch_form(fetched) == fetched
        assert url_key(fetched) == url_key(url)


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_raises(a: str, b: str) -> None:
    fetch_form(a, b)
    surt(a)
    site(a)
    same_site(a, b)
