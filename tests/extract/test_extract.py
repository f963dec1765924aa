"""The public functions: reasons, hostile pages, selectors, the line report."""

from __future__ import annotations

import random
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from pipeline.extract import MAX_BYTES, as_parsed, extract_page, line_report
from pipeline.extract.agreement import DISAGREE
from pipeline.extract.layout import read_layout
from pipeline.records import Selector, Source
from tests.timing import TIME_LIMIT

URL = "https://www.example.cn/a/1.html"
SENTENCE = "城北的旧粮库改成社区食堂以后，每天中午都要排队，老人们说比自己买菜还便宜。"
BODY = f"<p>{SENTENCE * 2}</p>" * 6

CAP_LIMIT = 3 * TIME_LIMIT
"""CPU seconds of ten megabytes, which took 2.2 where both cores were busy; what is quadratic takes minutes."""

HOSTILE = {
    "nested divs": "<div>" * 10_000 + BODY + "</div>" * 10_000,
    "nested bold": "<b>" * 20_000 + SENTENCE * 5,
    "nested tables": "<table><tr><td>" * 3_000 + BODY,
    "long line": f"<p>{'很长的一行没有结尾' * 300_000}</p>",
    "long brackets": f"<h1>标题标题标题</h1><p>{'（' * 300_000}</p>{BODY}",
    "long digits": f"<h1>标题标题标题</h1><p>{'2024-' * 100_000}</p>{BODY}",
    "long spaces": f"<p>来源：{' ' * 1_000_000}</p>{BODY}",
    "many attributes": f"<p {' '.join(f'a{i}=1' for i in range(50_000))}>{BODY}",
    "many links": "<a href=1>二</a>" * 100_000,
    "unclosed comments": "<!--" * 100_000 + BODY,
    "script of assignments": f"<script>{'ct=     ' * 100_000}</script>{BODY}",
    "nested json-ld": f'<script type="application/ld+json">{"[" * 100_000}</script>{BODY}',
    "one class name": f'<div class="{"comment" * 20_000}">{BODY}',
    "nested names": "".join(f"<div class='n{i}'><p>{SENTENCE}<a href=1>二</a></p>" for i in range(290)),
    "named lines": "".join(f"<div class='ad- tags'>{SENTENCE}<a href=1>二</a></div>" for _ in range(2_900)),
    "lists in lists": "<ul><li>" * 250 + f"<a href=1>{SENTENCE}</a>{SENTENCE}<br>" * 2_500,
    "cells": "<table>" + f"<tr><td><a href=1>二</a>{SENTENCE}</td></tr>" * 2_900,
    "rows of a bulletin board": f"<pre>{(SENTENCE + chr(10) + '--' + chr(10)) * 7_000}</pre>",
    "a thread without end": f'<div class="post a b c d e"><a href="/user/1">甲</a> 2020-05-06{BODY}' * 2_000,
    "times never closed": "<time datetime=2024-05-06>" * 250 + f"<br>{SENTENCE}" * 8_000,
    "pushes without end": f"<p>推 user: {SENTENCE}</p>" * 20_000,
    "no break in the title": f"<title>{'标题_' * 50_000}</title>{BODY}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_page_is_answered_in_time(name: str) -> None:
    start = time.process_time()
    page = extract_page(HOSTILE[name].encode(), url=URL)
    assert time.process_time() - start < TIME_LIMIT
    assert page.articles or page.reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \x00\n", "empty"),
        (b"%PDF-1.7 ...", "not_html"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not_html"),
        (b'<?xml version="1.0"?><rss><channel></channel></rss>', "not_html"),
        (b'{"data": [1, 2]}', "not_html"),
        (random.Random(1).randbytes(50_000), "undecodable"),
        (BODY.encode() + BODY.encode("gbk") + BODY.encode("utf-16"), "undecodable"),
        (b"<frameset cols='1,2'><frame src=a></frameset>", "frameset"),
        (b"<html><head><title>t</title></head></html>", "no_body"),
        ("<p><a href=1>只有链接的一页，没有文章</a></p>".encode(), "no_body"),
        (b"<ul>" + b"<li><a href=1>x</a>" * 600_000, "too_large"),
    ],
)
def test_page_without_an_article_has_a_reason(body: bytes, reason: str) -> None:
    page = extract_page(body, url=URL)
    assert (page.articles, page.reason) == ((), reason)


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "big5hkscs"])
def test_forty_stray_bytes_cost_the_signs_they_stand_in(codec: str) -> None:
    page = f'<meta charset="{codec[:4]}"><title>旧磨坊又转了起来</title><body>'.encode()
    page += f'<div class="content">{BODY}</div>'.encode(codec, "replace")
    for seed in range(8):
        chance, body = random.Random(seed), bytearray(page)
        for _ in range(40):
            body.insert(chance.randrange(len(page) // 9, len(body)), chance.randrange(0x80, 0x100))
        found = extract_page(bytes(body), url=URL)
        assert [len(article.extracted) > len(SENTENCE) for article in found.articles] == [True]


def test_title_closed_by_a_broken_tag_does_not_swallow_the_page() -> None:
    for broken in (b"</ti\xfftle>", b"<\xe5/title>", b""):
        page = b"<head><title>t" + broken + b"</head><body>" + BODY.encode()
        assert extract_page(page, url=URL).articles


def test_nul_bytes_and_hidden_keywords_leave_the_article() -> None:
    hidden = f'<div style="display:none">{"关键词，热搜，" * 24_000}</div>'
    page = extract_page(
        f"<title>t</title>{hidden}<div>{BODY}</div>".replace("粮", "\x00粮").encode(), url=URL
    )
    assert page.articles[0].extracted == "\n".join([SENTENCE * 2] * 6)


def test_a_body_hidden_until_a_script_runs_is_the_article() -> None:
    for style in ("visibility: hidden", "display:none"):
        page = extract_page(f'<div id="content" style="{style}">{BODY}</div>'.encode(), url=URL)
        assert page.articles[0].extracted.count("\n") == 5


def test_a_cut_line_is_flagged() -> None:
    page = extract_page(HOSTILE["long line"].encode(), url=URL)
    assert "truncated" in {flag.name for flag in page.articles[0].flags}


@pytest.mark.parametrize("tail", ["<!-- 尾 -->", "<script>x('尾')</script>", "<i></i>尾", "尾<br>"])
@pytest.mark.parametrize("shift", range(3))
def test_of_a_page_over_the_cap_the_article_is_read_and_flagged(tail: str, shift: int) -> None:
    html = f"<title>t</title>{' ' * shift}<div>{BODY}</div>".encode()
    start = time.process_time()
    page = extract_page(html + tail.encode() * (MAX_BYTES // len(tail.encode())), url=URL)
    assert time.process_time() - start < TIME_LIMIT
    assert page.encoding == "utf-8"
    assert page.replacements == 0
    (article,) = page.articles
    assert article.extracted.startswith("\n".join([SENTENCE * 2] * 6))
    assert "truncated" in {flag.name for flag in article.flags}


def test_a_page_that_just_fits_is_whole() -> None:
    page = extract_page(f"<div>{BODY}</div>".encode().ljust(MAX_BYTES), url=URL)
    assert not page.articles[0].flags


def _source(**more: object) -> Source:
    return Source(name="example", home="https://www.example.cn/", **more)  # type: ignore[arg-type]


def test_source_selectors_win_while_they_hold() -> None:
    html = f'<div class="a">{BODY}</div><div class="b"><p>{SENTENCE}</p><p class="x">乙</p></div>'.encode()
    source = _source(
        body=(Selector(css=".b", since=date(2023, 1, 1), until=date(2023, 12, 31)),),
        drop=(Selector(css=".x"),),
    )
    page = extract_page(html, url=URL, captured_at=datetime(2023, 5, 6, tzinfo=UTC), source=source)
    assert (page.articles[0].extracted, page.articles[0].method) == (SENTENCE, "selector")
    later = extract_page(html, url=URL, captured_at=datetime(2024, 5, 6, tzinfo=UTC), source=source)
    assert later.articles[0].method == "container"
    assert not later.articles[0].flags


def test_selector_that_matches_nothing_is_flagged_and_the_search_goes_on() -> None:
    for css in (".gone", "((broken"):
        page = extract_page(BODY.encode(), url=URL, source=_source(body=(Selector(css=css),)))
        assert [flag.name for flag in page.articles[0].flags] == ["body_selector_missed"]
        assert page.articles[0].extracted.count("\n") == 5


TWO_READERS = f"""<div id="content">{BODY}<div class="next-stories"><p>{SENTENCE}</p></div>
<div class="ad-box"><p>{SENTENCE[::-1]}</p></div><p>{SENTENCE[1:]}</p><p>责任编辑：卫某</p></div>"""
"""A paragraph in an element whose name only trafilatura takes for boilerplate, one in which only we do."""


@pytest.mark.parametrize(
    ("extractor", "method", "lines", "agreement"),
    [
        (None, "container", 8, 0.92),
        ("container", "container", 8, None),
        ("trafilatura", "trafilatura", 7, None),
    ],
)
def test_a_source_may_name_the_one_reader(
    extractor: str | None, method: str, lines: int, agreement: float | None
) -> None:
    source = _source(extractor=extractor)
    (article,) = extract_page(TWO_READERS.encode(), url=URL, source=source).articles
    assert (article.method, article.extracted.count("\n") + 1) == (method, lines)
    assert article.agreement == (pytest.approx(agreement, abs=0.05) if agreement else None)
    assert "卫某" not in article.extracted
    told = {(kept, rule) for kept, rule, text in line_report(TWO_READERS.encode(), url=URL, source=source)}
    assert ((True, "paragraph") in told) == (extractor is None)
    assert ((False, "trafilatura") in told) == (extractor == "trafilatura")


def test_a_source_that_wants_the_element_alone_has_no_second_opinion() -> None:
    body = f"<div><p>短短的一行，没有更多。</p></div><ul><li><p>{SENTENCE * 9}</p></ul>".encode()
    methods = {
        each: extract_page(body, url=URL, source=_source(extractor=each)).articles[0].method
        for each in ("container", "trafilatura")
    }
    assert methods["container"] == "container"


def test_readers_that_have_little_in_common_are_flagged() -> None:
    hidden = "".join(f'<div class="next-stories"><p>{SENTENCE[n:]}{SENTENCE}</p></div>' for n in range(5))
    (article,) = extract_page(
        f"<div id=content><p>{SENTENCE * 2}</p>{hidden}</div>".encode(), url=URL
    ).articles
    assert article.agreement is not None
    assert article.agreement < DISAGREE
    assert [flag.name for flag in article.flags] == ["readers_disagree"]
    assert article.extracted.count("\n") == 5, "what trafilatura lost stands"
    (article,) = extract_page(f"<div id=content>{BODY}</div>".encode(), url=URL).articles
    assert (article.agreement, article.flags) == (1.0, ())


def test_each_article_of_a_page_tells_how_far_the_readers_agree() -> None:
    path = Path(__file__).parents[1] / "pages" / "copy-site" / "two-articles" / "page.html"
    articles = extract_page(path.read_bytes(), url=URL).articles
    assert [article.agreement for article in articles] == [1.0, 1.0]


def test_a_caption_that_both_readers_doubt_is_a_caption() -> None:
    line = '<img src=a><div class="next-stories"><p>食堂门口的队伍</p></div>'
    (article,) = extract_page(f"<div id=content>{BODY}{line}{BODY}</div>".encode(), url=URL).articles
    assert article.captions == ("食堂门口的队伍",)
    assert article.extracted.count("\n") == 11


def test_source_charset_overrides() -> None:
    page = extract_page(BODY.encode("gbk"), url=URL, source=_source(charset="gbk"))
    assert (page.encoding, page.encoding_from) == ("gb18030", "source")


def test_line_report_tells_every_line_and_agrees_with_the_text() -> None:
    path = Path(__file__).parents[1] / "pages" / "taiwan-web" / "byline-paragraph" / "page.html"
    report = line_report(path.read_bytes(), url=URL)
    rules = {text: rule for kept, rule, text in report if not kept}
    assert rules["▲漁港清晨一景。（圖／記者何大同攝）"] == "caption"
    assert any(rule == "links" for rule in rules.values())
    kept = "\n".join(text for is_kept, _, text in report if is_kept)
    assert kept == extract_page(path.read_bytes(), url=URL).articles[0].extracted


@given(st.binary(max_size=2_000))
def test_any_bytes_are_answered(body: bytes) -> None:
    page = extract_page(body, url=URL)
    assert bool(page.articles) != bool(page.reason)


MARKUP = """<p>|</p>|<div class='comment'>|</div>|<table><td>|<br>|<a href='http://[::1'>|</a>|<pre>|<h1>|<!--|<script>|
</script>|<title>|来源：|作者：|2024-05-13|（|）|《|相关阅读|\x00|&#0;|<base href='//'>|下一页|<section hidden>|
<figcaption>|<plaintext>|<svg><p>|▲|广告"""
FRAGMENTS = st.sampled_from([SENTENCE, *MARKUP.split("|")])


@given(
    st.lists(FRAGMENTS, max_size=60), st.sampled_from([URL, "", "http://[::1", "x:y", "https://例子.测试/一"])
)
def test_any_markup_is_answered(parts: list[str], url: str) -> None:
    page = extract_page("".join(parts).encode(), url=url)
    assert bool(page.articles) != bool(page.reason)
    for article in page.articles:
        assert article.extracted.strip()
        assert "\x00" not in article.extracted


@pytest.mark.slow
def test_mutants_of_the_golden_pages_are_answered_in_time() -> None:
    pages = [p.read_bytes() for p in sorted((Path(__file__).parents[1] / "pages").glob("*/*/page.html"))]
    chance = random.Random(7)
    for _ in range(300):
        body = bytearray(chance.choice(pages))
        for _ in range(chance.randrange(1, 200)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        at = chance.randrange(len(body))
        start = time.process_time()
        extract_page(bytes(body[:at]) + bytes(body[at // 2 :]), url=URL)
        assert time.process_time() - start < TIME_LIMIT


def test_an_element_that_closes_before_the_first_line_holds_none() -> None:
    layout = read_layout(LexborHTMLParser("<div class=a><a class=b href=1> </a></div><p>一</p><p>二"))
    assert [(box.tag, box.first, box.last) for box in layout.boxes] == [
        ("body", 0, 2), ("div", 0, 0), ("a", 0, 0), ("p", 0, 1), ("p", 1, 2)
    ]  # fmt: skip


@pytest.mark.parametrize("error", [KeyError("ſep"), IndexError(), RecursionError(), ZeroDivisionError()])
def test_whatever_a_page_finds_costs_only_that_page(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("pipeline.extract.read_declared", fail)
    page = extract_page(b"<p>" + "正文".encode() * 99, url="https://www.example.com/1")
    assert page.reason == f"failed:{type(error).__name__}"


def test_a_page_is_shown_as_it_was_read() -> None:
    page = f"<meta charset=big5><p>{SENTENCE}\x00</p>".encode("gb18030")
    assert as_parsed(page) == f"<meta charset=big5><p>{SENTENCE}</p>"
    assert as_parsed(b"<div>" * 600).count("<div>") == 512
    assert SENTENCE in as_parsed(SENTENCE.encode(), content_type="text/plain")
    assert as_parsed(page, source=Source(name="a", home=URL, charset="iso-8859-1")) != as_parsed(page)
