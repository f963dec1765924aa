"""Sitemaps: tolerant of what real files get wrong, closed to what hostile ones try."""

from __future__ import annotations

import gzip
import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.crawl.sitemaps import MAX_URLS, parse_sitemap

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "cases" / "sitemaps.jsonl").read_text("utf-8").splitlines()
]
URL = "http://news.example.cn/sitemap.xml"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_entries(case: dict[str, Any]) -> None:
    body = case["text"].encode(case.get("bytes", "utf-8"))
    for _ in range(case.get("gzip", 0)):
        body = gzip.compress(body)
    sitemap = parse_sitemap(body, URL)
    assert [entry.url for entry in sitemap.entries] == case["urls"]
    assert [child.url for child in sitemap.children] == case.get("children", [])
    assert sitemap.note == case.get("note", "")
    if "at" in case:
        wanted = [datetime.fromisoformat(at) if at else None for at in case["at"]]
        assert [entry.at for entry in sitemap.entries] == wanted


def test_two_gzip_members_are_one_file() -> None:
    first, second = (
        b"<urlset><url><loc>http://x.cn/1</loc></url>",
        b"<url><loc>http://x.cn/2</loc></url></urlset>",
    )
    sitemap = parse_sitemap(gzip.compress(first) + gzip.compress(second), URL)
    assert [entry.url for entry in sitemap.entries] == ["http://x.cn/1", "http://x.cn/2"]


def test_a_cut_gzip_gives_what_came() -> None:
    rows = "".join(f"<url><loc>http://x.cn/{n * 7919}</loc></url>" for n in range(5_000))
    body = gzip.compress(f"<urlset>{rows}</urlset>".encode())
    sitemap = parse_sitemap(body[: len(body) // 2], URL)
    assert 1_000 < len(sitemap.entries) < 5_000
    assert sitemap.note == "cut"


def test_a_bomb_is_cut() -> None:
    started = time.process_time()
    sitemap = parse_sitemap(gzip.compress(b"<urlset>" + b" " * 200_000_000, compresslevel=1), URL)
    assert (sitemap.entries, sitemap.note) == ((), "cut")
    assert time.process_time() - started < 15


def test_no_more_urls_than_the_protocol_allows() -> None:
    body = (
        "<urlset>"
        + "".join(f"<url><loc>http://x.cn/{n}</loc></url>" for n in range(MAX_URLS + 5))
        + "</urlset>"
    )
    sitemap = parse_sitemap(body.encode(), URL)
    assert (len(sitemap.entries), sitemap.note) == (MAX_URLS, "cut")
    listed = "\n".join(f"http://x.cn/{n}" for n in range(MAX_URLS + 5))
    assert len(parse_sitemap(listed.encode(), URL).entries) == MAX_URLS


@pytest.mark.parametrize("piece", [b"<a>", b"<url>", b"<url><loc>", b"<![CDATA[", b"<!--", b"&", b"<urlset "])
def test_a_hostile_sitemap_is_read_in_bounded_time(piece: bytes) -> None:
    started = time.process_time()
    parse_sitemap(b"<urlset>" + piece * (2_000_000 // len(piece)), URL)
    assert time.process_time() - started < 10


PIECES = [
    "<urlset>",
    "</urlset>",
    "<url>",
    "</url>",
    "<sitemap>",
    "</sitemap>",
    "<loc>",
    "</loc>",
    "http://x.cn/1",
]
PIECES += [
    "<!-- x -->",
    "<?x y?>",
    "<!DOCTYPE url>",
    "&a;",
    "<news:news>",
    "<lastmod>2026-11-01",
    "</lastmod>",
    "<a",
    " ",
]


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_no_order_of_its_pieces_raises(pieces: list[str]) -> None:
    parse_sitemap("".join(pieces).encode(), URL)


@given(st.binary(max_size=300))
def test_no_bytes_raise(body: bytes) -> None:
    parse_sitemap(body, URL)
    parse_sitemap(b"\x1f\x8b\x08" + body, URL)
    parse_sitemap(b"<urlset><url><loc>" + body, URL)
