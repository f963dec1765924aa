"""Cookies of one run, by host."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.web.cookies import MAX_PER_HOST, Cookies, sendable

URL = "http://example.cn/a"


def line_after(*lines: str, url: str = URL) -> str:
    cookies = Cookies()
    cookies.keep(URL, tuple(("Set-Cookie", line) for line in lines))
    return cookies.line(url)


@pytest.mark.parametrize(
    ("lines", "sent"),
    [
        (["a=1; Path=/; HttpOnly"], "a=1"),
        (["a=1", "b=x=y"], "a=1; b=x=y"),
        (["a=1", "a=2"], "a=2"),
        (["a=1", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], ""),
        (["a=1", "a=gone; Max-Age = 0"], ""),
        (["=1", "a", ""], ""),
        (["a=\r\nX-Injected: 1"], ""),
        (["a=" + "x" * 5000], ""),
    ],
)
def test_what_is_sent_back(lines: list[str], sent: str) -> None:
    assert line_after(*lines) == sent


def test_a_cookie_knows_its_host_but_not_its_port_or_scheme() -> None:
    assert line_after("a=1", url="https://example.cn:8443/b") == "a=1"
    assert line_after("a=1; Domain=.cn", url="http://www.example.cn/") == ""


def test_a_full_jar_still_renews_what_it_holds() -> None:
    lines = [f"c{number}=1" for number in range(MAX_PER_HOST + 5)]
    sent = line_after(*lines, "c0=2")
    assert sent.startswith("c0=2; ")
    assert len(sent.split("; ")) == MAX_PER_HOST


@given(st.lists(st.text(max_size=30), max_size=5))
def test_whatever_is_kept_can_be_sent(lines: list[str]) -> None:
    assert sendable(line_after(*lines))
