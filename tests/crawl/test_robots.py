"""What robots.txt allows: rules as data, retrieval as fetched from a real server."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.crawl.robots import Robots, judge_robots, parse_robots
from pipeline.records import Outcome
from pipeline.rights.robotstxt import MAX_BYTES, product_token
from pipeline.web.fetch import Client, Fetched, Limits
from tests.timing import TIME_LIMIT
from tests.web.fault_server import HTML, Fault, FaultServer, answer, redirect

AGENT = "zh-article-corpus/0.1 (+http://example.org/)"
CASES = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "cases" / "robots.jsonl").read_text("utf-8").splitlines()
]
CLOSED = b"User-agent: *\nDisallow: /\n"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_the_rules_say(case: dict[str, Any]) -> None:
    started = time.process_time()
    robots = parse_robots(case["robots"].encode(), case["agent"])
    for url in case["allows"]:
        assert robots.allows(url), url
    for url in case["denies"]:
        assert not robots.allows(url), url
    if "delay" in case:
        assert robots.delay == case["delay"]
    if "sitemaps" in case:
        assert robots.sitemaps == tuple(case["sitemaps"])
    assert time.process_time() - started < TIME_LIMIT


def retrieve(fault: Fault, **faults: Fault) -> Robots:
    """Fetch /robots.txt from a server that answers with `fault`, and judge it."""

    async def run() -> Robots:
        more = {f"/{name}": one for name, one in faults.items()}
        limits = Limits(connect=0.3, read=0.2, deadline=1.0, backoff=0.001)
        async with (
            FaultServer({"/robots.txt": fault, **more}) as server,
            Client(allow_private=True, limits=limits) as client,
        ):
            return judge_robots(await client.get(server.url("/robots.txt")), AGENT)

    return asyncio.run(run())


async def _nothing(peer: object) -> None:
    await asyncio.sleep(5)


TEXT = (("Content-Type", "text/plain"),)
BLOCK_PAGE = "<html><title>安全验证</title><p>请完成安全验证</p></html>".encode()


@pytest.mark.parametrize(
    ("why", "fault", "allows", "ttl"),
    [
        ("rules that close", answer(CLOSED, *TEXT), False, 86400),
        ("rules that open", answer(b"User-agent: *\nDisallow:\n", *TEXT), True, 86400),
        ("missing", answer(b"", status="404 Not Found"), True, 86400),
        ("forbidden", answer(b"", status="403 Forbidden"), True, 86400),
        ("unauthorized", answer(b"", status="401 Unauthorized"), True, 86400),
        ("gone", answer(b"", status="410 Gone"), True, 86400),
        ("too many requests", answer(b"", status="429 Too Many Requests"), False, 3600),
        (
            "too many requests for a year",
            answer(b"", ("Retry-After", "99999999"), status="429 No"),
            False,
            3600,
        ),
        ("server error", answer(b"", status="500 Internal Server Error"), False, 3600),
        ("unavailable", answer(b"", status="503 Service Unavailable"), False, 3600),
        ("script challenge", answer(b"", status="412 Precondition Failed"), False, 3600),
        ("silence", _nothing, False, 3600),
        ("cut", answer(CLOSED, *TEXT, length=999), False, 3600),
        ("junk status", b"HTTP/1.1 2x0 what\r\n\r\n", False, 3600),
        ("redirects without end", redirect("/robots.txt"), True, 86400),
        ("redirect to a file", redirect("file:///etc/hosts"), False, 3600),
        ("empty", answer(b"", *TEXT), True, 86400),
        ("soft 404", answer(b"<!DOCTYPE html><html><title>Home</title><p>x", *HTML), True, 3600),
        ("block page", answer(BLOCK_PAGE, *HTML), False, 3600),
        ("block page under 403", answer(BLOCK_PAGE, *HTML, status="403 Forbidden"), False, 3600),
        ("rules labelled as HTML", answer(CLOSED, *HTML), False, 86400),
        ("byte order mark", answer(b"\xef\xbb\xbf" + CLOSED, *TEXT), False, 86400),
    ],
)
def test_every_answer_has_its_meaning(why: str, fault: Fault, allows: bool, ttl: float) -> None:
    robots = retrieve(fault)
    assert robots.allows("http://example.cn/a") is allows, robots.note
    assert robots.ttl == ttl
    assert robots.note


def test_rules_behind_a_redirect_count() -> None:
    assert not retrieve(redirect("/other"), other=answer(CLOSED, *TEXT)).allows("http://example.cn/a")


def test_only_whole_lines_of_the_first_500_kib_count() -> None:
    filler = b"# " + b"x" * 97 + b"\n"
    count = MAX_BYTES // len(filler)
    inside = CLOSED + filler * count
    assert not parse_robots(inside, AGENT).allows("http://example.cn/a")
    room = MAX_BYTES - len(b"User-agent: *\n")
    cut = b"User-agent: *\n" + filler * (room // len(filler)) + b"Disallow: /" + b"a" * 200 + b"/shut\n"
    assert parse_robots(cut, AGENT).allows("http://example.cn/" + "a" * 300)


def test_a_gbk_rule_meets_a_gbk_address() -> None:
    robots = parse_robots("User-agent: *\nDisallow: /新闻\n".encode("gbk"), AGENT)
    assert not robots.allows("http://example.cn/%D0%C2%CE%C5/1.html")
    assert robots.allows("http://example.cn/%E6%96%B0%E9%97%BB/1.html")
    assert robots.allows("http://example.cn/%CC%E5%D3%FD/1.html"), "another word in the same encoding"


@pytest.mark.parametrize(
    ("why", "body"),
    [
        ("packed, and no header says so", gzip.compress(CLOSED, mtime=0)),
        ("UTF-16 with its mark", CLOSED.decode().encode("utf-16")),
        ("UTF-16, little end first, without", CLOSED.decode().encode("utf-16-le")),
        ("UTF-16, big end first, without", CLOSED.decode().encode("utf-16-be")),
        ("noise", bytes(range(256)) * 4),
        ("packed twice", gzip.compress(gzip.compress(CLOSED, mtime=0), mtime=0)),
        ("packed and cut", gzip.compress(CLOSED, mtime=0)[:6] + b"\x00" * 40),
    ],
)
def test_what_is_no_plain_text_is_read_or_closed(why: str, body: bytes) -> None:
    robots = parse_robots(body, AGENT)
    assert not robots.allows("http://example.cn/a")
    assert robots.deny_all is (robots.note != "rules read")


def test_a_packed_file_is_unpacked_no_further_than_it_may() -> None:
    bomb = gzip.compress(CLOSED + b"#" * 50_000_000, mtime=0)
    robots = parse_robots(bomb, AGENT)
    assert not robots.allows("http://example.cn/a")
    assert len(robots.text) <= MAX_BYTES


@pytest.mark.parametrize(
    ("agent", "token"),
    [("zh-article-corpus/0.1 (+x)", "zh-article-corpus"), ("Foo_Bar 2", "Foo_Bar"), ("", "*"), ("1x", "*")],
)
def test_the_name_we_are_known_by(agent: str, token: str) -> None:
    assert product_token(agent) == token


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode), st.text(max_size=30))
def test_no_robots_txt_raises(body: bytes, path: str) -> None:
    robots = parse_robots(b"User-agent: *\n" + body, AGENT)
    robots.allows("http://example.cn/" + path)


def test_a_network_failure_closes() -> None:
    fetched = Fetched(
        url="u", final_url="u", fetched_at=datetime(2026, 1, 1, tzinfo=UTC), outcome=Outcome.DNS_ERROR
    )
    assert judge_robots(fetched, AGENT).deny_all
