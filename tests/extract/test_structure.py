"""What the kept lines were on the page, as spans over their text: `tests/cases/structure.jsonl`.

A case's `html` stands between two paragraphs of an article; it writes S1 to S6 for sentences, LONG for a long cell.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from pipeline.extract import extract_page, join_parts
from pipeline.extract.images import ADDRESS_LONGEST, absolute
from pipeline.extract.tables import CELL_LONGEST
from pipeline.records import Article
from tests.extract.facts import URL, cases
from tests.extract.test_container import SENTENCES

WORDS = re.compile(r"S[1-6]|LONG")
LONG = "河西村的水渠修好以后，田里的水就再也没有断过。" * 14


def write(text: str) -> str:
    return WORDS.sub(lambda word: LONG if word[0] == "LONG" else SENTENCES[word[0]], text)


def article(html: str) -> Article:
    body = f"<div class=zw><p>{write('S1')}</p>{write(html)}<p>{write('S2')}</p></div>"
    page = f"<title>修渠记</title><body><h1>修渠记</h1>{body}"
    (found,) = extract_page(page.encode(), url=URL).articles
    return found


@pytest.mark.parametrize("case", cases("structure"), ids=lambda case: case["why"])
def test_what_a_part_of_a_page_is(case: dict[str, Any]) -> None:
    assert len(LONG) > CELL_LONGEST
    found = article(case["html"])
    assert found.extracted.split("\n")[1:-1] == [write(line) for line in case["lines"]]
    told = [
        {"kind": s.kind, "level": s.level, "text": found.extracted[s.start : s.end]}
        | ({"label": s.label} if s.label else {})
        | ({"target": s.target} if s.target else {})
        for s in found.structure
    ]
    assert told == [span | {"text": write(span["text"])} for span in case["spans"]]
    places = [found.extracted[s.start :].split("\n")[0] for s in found.structure if s.kind == "image"]
    assert places == [write(place) for place in case.get("at", [])]


def test_an_element_that_holds_the_whole_body_says_nothing() -> None:
    page = f"<body><blockquote class=zw><p>{write('S1')}</p><p>{write('S2')}</p></blockquote>"
    (found,) = extract_page(page.encode(), url=URL).articles
    assert found.structure == ()


def test_a_row_goes_and_stays_as_a_whole() -> None:
    row = "<tr><td>相关阅读请看这里<td>2"
    found = article(f"<table><tr><td>村名<td>户数<tr><td>河西村<td>120<tr><td>河东村<td>86{row}</table>")
    rows = [found.extracted[s.start : s.end] for s in found.structure if s.kind == "row"]
    assert rows[:3] == ["村名 | 户数", "河西村 | 120", "河东村 | 86"]


def test_a_row_of_more_columns_than_are_heeded_loses_none() -> None:
    wide = "".join(f"<td colspan=50>格{number}" for number in range(9))
    found = article(f"<table><tr>{wide}<tr>{wide}</table>")
    assert all(f"格{number}" in line for line in found.extracted.split("\n")[1:3] for number in range(9))


def test_a_picture_at_the_end_stands_there() -> None:
    page = f"<body><div class=zw><p>{write('S1')}</p><p>{write('S2')}</p><img src=/last.jpg></div>"
    (found,) = extract_page(page.encode(), url=URL).articles
    (image,) = found.structure
    assert (image.kind, image.start, image.end) == ("image", len(found.extracted), len(found.extracted))


def test_addresses() -> None:
    assert absolute(URL, " /a.jpg ") == "https://www.example.com/a.jpg"
    assert absolute(URL, "http://[::1") == ""
    assert absolute(URL, "data:image/png;base64,AA") == ""
    assert absolute(URL, "/" + "a" * ADDRESS_LONGEST) == ""


def test_spans_of_joined_parts_move_with_their_text() -> None:
    pages = [
        extract_page(
            f"<body><div class=zw><p>{write(a)}</p><h2>{h}</h2><p>{write(b)}</p></div>".encode(), url=URL
        )
        for a, h, b in (("S1", "第一节", "S2"), ("S3", "第二节", "S4"))
    ]
    (whole,) = join_parts(pages).articles
    assert [whole.extracted[s.start : s.end] for s in whole.structure] == ["第一节", "第二节"]
