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

from pipeline.crawl.feeds import MAX_TAGS, parse_feed, parse_time

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


def test_a_long_feed_is_cut_and_says_so() -> None:
    item = "<item><link>http://x.cn/%d</link></item>"
    body = "<rss version='2.0'><channel>" + "".join(item % n for n in range(MAX_TAGS))
    feed = parse_feed(body.encode(), "http://x.cn/rss")
    assert feed.note == "cut"
    assert len(feed.entries) > MAX_TAGS // 5


@given(st.binary(max_size=300))
def test_no_bytes_raise(body: bytes) -> None:
    parse_feed(body, "http://x.cn/rss")
    parse_feed(
        b"<rss version='2.0'><channel><item><link>" + body, "http://x.cn/rss", "text/xml; charset=gb2312"
    )
    parse_feed(b'{"items": [{"url": "' + body + b'"}]}', "http://x.cn/rss")


@given(st.text(max_size=40))
def test_no_text_raises_as_a_time(text: str) -> None:
    at = parse_time(text)
    assert at is None or at.utcoffset() is not None


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31T23:59:59-12:00"])
def test_a_time_beyond_the_calendar_is_none(text: str) -> None:
    assert parse_time(text) is None
