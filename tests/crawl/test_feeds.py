"""Feeds: what each kind leads to, and that no input opens files, raises or takes long."""

from __future__ import annotations

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.crawl.feeds import MAX_BYTES, parse_feed

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "cases" / "feeds.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_entries(case: dict[str, Any]) -> None:
    feed = parse_feed(case["text"].encode(case.get("bytes", "utf-8")), "http://news.example.cn/rss.xml")
    assert [entry.url for entry in feed.entries] == case["urls"]
    assert feed.note == case.get("note", "" if case["urls"] else "no_entries")
    if "at" in case:
        wanted = [datetime.fromisoformat(at) if at else None for at in case["at"]]
        assert [entry.at for entry in feed.entries] == wanted
    if "published" in case:
        wanted = [datetime.fromisoformat(at) if at else None for at in case["published"]]
        assert [entry.published for entry in feed.entries] == wanted
    assert feed.older == case.get("older")


@pytest.mark.parametrize(
    "piece", [b"<item>", b"<a>", b"<entry><link href='/'/>", b"<![CDATA[", b"&", b"{", b"<!--"]
)
def test_a_hostile_feed_is_read_in_bounded_time(piece: bytes) -> None:
    started = time.process_time()
    parse_feed(b"<rss version='2.0'><channel>" + piece * (1_000_000 // len(piece)), "http://x.cn/")
    assert time.process_time() - started < 15


@pytest.mark.parametrize("form", ["rss", "atom", "guid"])
def test_a_feed_of_ten_thousand_items_is_read_whole(form: str) -> None:
    item = {
        "rss": "<item><link>http://x.cn/%d?a=1&b=2</link><pubDate>2026年6月1日 08:00</pubDate></item>",
        "atom": "<entry><link rel='self' href='/x'/><link href='/%d?a=1&amp;b=2'/><updated>20260601</updated></entry>",
        "guid": "<item><guid>http://x.cn/%d?a=1&amp;b=2</guid></item>",
    }[form]
    root = "feed xmlns='http://www.w3.org/2005/Atom'" if form == "atom" else "rss version='2.0'"
    body = f"<?xml version='1.0' encoding='gb18030'?><{root}>" + "".join(item % n for n in range(10_000))
    started = time.process_time()
    feed = parse_feed(body.encode("gb18030"), "http://x.cn/rss")
    assert [entry.url for entry in feed.entries] == [f"http://x.cn/{n}?a=1&b=2" for n in range(10_000)]
    assert {entry.at is None for entry in feed.entries} == {form == "guid"}
    assert feed.note == ""
    assert time.process_time() - started < 15


def test_a_feed_of_too_many_bytes_is_cut_and_says_so() -> None:
    item = "<item><link>http://x.cn/%d</link></item>" + " " * 1_000
    body = "<rss version='2.0'><channel>" + "".join(item % n for n in range(MAX_BYTES // 1_000))
    feed = parse_feed(body.encode(), "http://x.cn/rss")
    assert feed.note == "cut"
    assert len(feed.entries) > MAX_BYTES // 1_100


@given(st.binary(max_size=300))
def test_no_bytes_raise(body: bytes) -> None:
    parse_feed(body, "http://x.cn/rss")
    parse_feed(
        b"<rss version='2.0'><channel><item><link>" + body, "http://x.cn/rss", "text/xml; charset=gb2312"
    )
    parse_feed(b'{"items": [{"url": "' + body + b'"}]}', "http://x.cn/rss")
