"""Where an answer sends us: Location, meta refresh, a script that only moves on."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.web.redirects import location_of, refresh_of, script_move_of
from tests.timing import TIME_LIMIT

HERE = "http://example.cn/a/b.html"


@pytest.mark.parametrize(
    ("value", "target"),
    [
        ("c.html", "http://example.cn/a/c.html"),
        ("/c d", "http://example.cn/c%20d"),
        ("//other.cn/x", "http://other.cn/x"),
        ("  https://other.cn/x  ", "https://other.cn/x"),
        (b"/\xc4\xe3".decode("latin-1"), "http://example.cn/%C4%E3"),
        ("/%c4%e3", "http://example.cn/%c4%e3"),
        ("/a#b", "http://example.cn/a"),
        ("", None),
        ("http://user@example.cn/", None),
        ("javascript:alert(1)", None),
    ],
)
def test_a_location_becomes_a_fetch_form(value: str, target: str | None) -> None:
    assert location_of(value, HERE) == target


@pytest.mark.parametrize(
    ("body", "target"),
    [
        (b'<meta http-equiv="refresh" content="0;url=/c">', "http://example.cn/c"),
        (b"<META HTTP-EQUIV=Refresh CONTENT='3; URL=\"/c\"'>", "http://example.cn/c"),
        (b"<meta content='0;url=/c?a=1&amp;b=2' http-equiv=refresh>", "http://example.cn/c?a=1&b=2"),
        (b'<meta http-equiv="refresh" content="0.5, url = /c">', "http://example.cn/c"),
        (b'<meta http-equiv="refresh" content="0;url=/\xc4\xe3">', "http://example.cn/%C4%E3"),
        (b'<meta content="0;url=c.html" name=x http-equiv=refresh>', "http://example.cn/a/c.html"),
        (b'<meta http-equiv="refresh" content="0; /c">', "http://example.cn/c"),
        (
            b'<meta http-equiv="refresh" content="0;url=c.html"><base target=_top href="/d/">',
            "http://example.cn/d/c.html",
        ),
        (
            b'<base href="http://m.example.cn/e/"><meta content="0;url=c.html" http-equiv=refresh>',
            "http://m.example.cn/e/c.html",
        ),
        (b'<base href="javascript:x"><meta content="0;url=c" http-equiv=refresh>', "http://example.cn/a/c"),
        (b'<meta http-equiv="refresh" content="6;url=/c">', None),
        (b'<meta http-equiv="refresh" content="0">', None),
        (b'<meta http-equiv="refresh" content="0;url=">', None),
        (b'<meta name="refresh" content="0;url=/c">', None),
        (b'<!-- <meta http-equiv="refresh" content="0;url=/c"> -->', None),
        (b'<noscript><meta http-equiv="refresh" content="0;url=/c"></noscript>', None),
        (b" " * 20_000 + b'<meta http-equiv="refresh" content="0;url=/c">', None),
        (b"", None),
    ],
)
def test_a_meta_refresh_is_read(body: bytes, target: str | None) -> None:
    assert refresh_of(body, HERE) == target


@pytest.mark.parametrize(
    ("body", "target"),
    [
        (b"<script>location.href='/c'</script>", "http://example.cn/c"),
        (b"<script>location.href='/c';</script>", "http://example.cn/c"),
        (
            b'<html><head><title>x</title></head><script>window.location = "c";</script></html>',
            "http://example.cn/a/c",
        ),
        (b"<script>top.location.replace('/c')</script>", "http://example.cn/c"),
        (b"<script>location.replace('/c' + key)</script>", None),
        (b"<script>if (a) location='/c'; else location='/d';</script>", None),
        (b"<p>words</p><script>location='/c';</script>", None),
        (b"<script>location='/c';</script>" + b" " * 3000, None),
        (b"<script>var allocation='/c';</script>", None),
    ],
)
def test_a_page_that_only_moves_on_is_read(body: bytes, target: str | None) -> None:
    assert script_move_of(body, HERE) == target


@given(st.binary(max_size=300))
def test_no_bytes_raise(body: bytes) -> None:
    location_of(body.decode("latin-1"), HERE)
    refresh_of(body, HERE)
    script_move_of(body, HERE)


@pytest.mark.parametrize(
    "unit",
    [
        b"<!--",
        b"<noscript",
        b"<meta ",
        b"<base ",
        b"<base href=",
        b"<meta http-equiv=refresh content=",
        b"<script",
        b"location='",
    ],
)
def test_hostile_repetition_takes_no_time(unit: bytes) -> None:
    started = time.process_time()
    refresh_of(unit * 100_000, HERE)
    script_move_of((unit * 500)[:2048], HERE)
    assert time.process_time() - started < TIME_LIMIT
