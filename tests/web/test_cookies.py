"""Cookies of one run, by host."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.web.cookies import MAX_PER_HOST, Cookies, read_date, sendable
from tests.timing import TIME_LIMIT

URL = "http://example.cn/a"
NOW = datetime(2026, 11, 26, 7, 28, 5, tzinfo=UTC)
DATES = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "cases" / "cookie_dates.jsonl")
    .read_text("utf-8")
    .splitlines()
]


def line_after(*lines: str, url: str = URL) -> str:
    cookies = Cookies(lambda: NOW)
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
        (["a=1", "a=gone; max-age=-5"], ""),
        (["a=1", "a=2; Max-Age=60"], "a=2"),
        (["a=1", "a=2; Max-Age=0x; Max-Age"], "a=2"),
        (["a=1", "a=gone; Expires=Thu, 01-Jan-70 00:00:10 GMT; Path=/"], ""),
        (["a=1", "a=gone; expires = Thu Jan  1 00:00:10 1970"], ""),
        (["a=1", "a=gone; Expires=Thu, 26 Nov 2026 07:28:05 GMT"], ""),
        (["a=1", "a=2; Expires=Thu, 26 Nov 2026 07:28:06 GMT"], "a=2"),
        (["a=1", "a=2; Expires=tomorrow"], "a=2"),
        (["a=1", "a=gone; Expires=Thu, 01-Jan-70 00:00:10 GMT; Expires=tomorrow"], ""),
        (["a=1", "a=2; Max-Age=60; Expires=Thu, 01-Jan-70 00:00:10 GMT"], "a=2"),
        (["a=1", "a=gone; Max-Age=0; Expires=Thu, 26 Nov 2099 07:28:05 GMT"], ""),
        (["a=1", "a=gone; Max-Age=60; Max-Age=0"], ""),
        (["a=1", "a=2; X-Max-Age=0"], "a=2"),
        (["a=1; Max-Age=" + "9" * 4_000], "a=1"),
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


@pytest.mark.parametrize(
    ("lasting", "seconds"),
    [("Max-Age=60", 60), ("Expires=Thu, 26 Nov 2026 07:29:05 GMT", 60), ("Max-Age=99999999999", 400 * 86400)],
)
def test_a_cookie_is_sent_until_it_expires_and_then_makes_room(lasting: str, seconds: int) -> None:
    now = NOW
    cookies = Cookies(lambda: now)
    lines = [f"c{number}=1; {lasting}" for number in range(MAX_PER_HOST)]
    cookies.keep(URL, tuple(("Set-Cookie", line) for line in lines))
    now = NOW + timedelta(seconds=seconds - 1)
    assert len(cookies.line(URL).split("; ")) == MAX_PER_HOST
    now = NOW + timedelta(seconds=seconds)
    assert cookies.line(URL) == ""
    cookies.keep(URL, (("Set-Cookie", "new=1"),))
    assert cookies.line(URL) == "new=1"


@pytest.mark.parametrize("case", DATES, ids=lambda case: case["case"])
def test_dates_are_read_as_browsers_read_them(case: dict[str, Any]) -> None:
    assert read_date(case["text"]) == (datetime.fromisoformat(case["at"]) if case["at"] else None)


@given(st.text("0123456789: -,/JanGMT;９\n", max_size=40))
def test_no_date_raises(text: str) -> None:
    read_date(text)


def test_a_hostile_date_costs_little() -> None:
    started = time.process_time()
    for piece in ("1:", "1:1:1", "0 ", "-", "9" * 9, "jan"):
        read_date(piece * 100_000)
    assert time.process_time() - started < TIME_LIMIT


def test_a_full_jar_still_renews_what_it_holds() -> None:
    lines = [f"c{number}=1" for number in range(MAX_PER_HOST + 5)]
    sent = line_after(*lines, "c0=2")
    assert sent.startswith("c0=2; ")
    assert len(sent.split("; ")) == MAX_PER_HOST


@given(st.lists(st.text(max_size=30), max_size=5))
def test_whatever_is_kept_can_be_sent(lines: list[str]) -> None:
    assert sendable(line_after(*lines))
