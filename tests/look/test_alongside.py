"""A page and what was made of it: which line stands where, and why it stayed or went."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline import extract
from pipeline.corpus import documents
from pipeline.corpus.pages import article_row
from pipeline.look.alongside import Alongside, alongside, capture_at, lines_of
from pipeline.records import Capture, Document, Selector, Source
from pipeline.runs import Folders, load_sources
from tests.extract.test_extract import TWO_READERS

URL = "https://www.example.cn/a/1.html"
BODY = (Path(__file__).parent / "beside.html").read_bytes()
SOURCE = Source(name="a", home="https://www.example.cn/", drop=(Selector(css="div.promo"),))


def capture(body: bytes) -> Capture:
    return Capture(
        id="urn:uuid:1",
        source="a",
        url=URL,
        url_key=URL,
        final_url=URL,
        fetched_at=datetime(2026, 11, 1, tzinfo=UTC),
        body=body,
    )


def row(body: bytes) -> Document:
    page = extract.extract_page(body, url=URL, source=SOURCE)
    document = article_row(capture(body), page, page.articles[0])
    return replace(document, text=document.extracted)


@pytest.fixture
def beside() -> Alongside:
    return alongside(capture(BODY), SOURCE)


def test_each_line_stands_where_extraction_read_it(beside: Alongside) -> None:
    assert all(each.line is not None for each in beside.told)
    assert [beside.page.lines[each.line or 0] for each in beside.told] == [each.text for each in beside.told]


def test_what_went_says_by_which_rule(beside: Alongside) -> None:
    rules = {beside.page.lines[line]: (mark.kind, mark.rule) for line, mark in beside.marks.items()}
    assert rules["首页 新闻"] == ("outside", "")
    assert rules["扫码关注，领取红包"] == ("cut", "drop div.promo")
    assert rules["责任编辑：周某"] == ("cut", "credit")
    assert rules["图为重新开张的食堂。"] == ("cut", "caption")
    assert [told.text for told in beside.cut if told.rule == "credit"] == ["责任编辑：周某"]


def test_lines_that_one_reader_alone_keeps_bear_its_rule() -> None:
    beside = alongside(capture(TWO_READERS.encode()), None)
    assert beside.differ
    assert all(beside.marks[each.line or 0].rule == each.rule for each in beside.differ)


def test_a_paragraph_knows_its_line_and_a_row_its_first_cell(beside: Alongside) -> None:
    document = row(BODY)
    found = lines_of(document, beside.told)
    said = [told.text if told else None for told in found]
    paragraphs = document.extracted.split("\n")
    assert len(said) == len(document.text.split("\n")) == len(paragraphs)
    assert all(paragraph.startswith(line or "?") for paragraph, line in zip(paragraphs, said, strict=True))
    assert "品种" in said


def test_a_body_out_of_a_script_stands_nowhere() -> None:
    text = "城北的旧粮库改成社区食堂以后，每天中午都要排队，老人们说比自己买菜还便宜。" * 4
    body = f'<h1>食堂</h1><div id=app></div><script>window.__STATE__={{"content":"<p>{text}</p>"}}</script>'
    beside = alongside(capture(body.encode()), None)
    assert [each.line for each in beside.told if each.kept] in ([], [None])


def test_every_paragraph_of_the_demo_is_found(demo: Folders) -> None:
    sources = {source.name: source for source in load_sources(demo.sources)}
    lost = total = 0
    for document in documents(demo.clean):
        capture = capture_at(demo.raw, document.capture, document.captured_at.date())
        found = lines_of(document, alongside(capture, sources[document.source]).told)
        total += len(found)
        lost += found.count(None)
    assert total > 200
    # the second page of the one article that goes on there
    assert lost == 4
