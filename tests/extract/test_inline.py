"""Formulas, powers, footnote marks and code inside a line: `tests/cases/inline.jsonl`."""

from __future__ import annotations

from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.extract import inline
from pipeline.extract.layout import read_layout
from tests.extract.facts import cases


@pytest.mark.parametrize("case", cases("inline"), ids=lambda case: case["why"])
def test_a_line(case: dict[str, Any]) -> None:
    (line,) = read_layout(LexborHTMLParser(f"<body><p>{case['html']}</p>")).lines
    assert line.text == case["text"]
    assert [[kind, line.text[start:end]] for kind, start, end in line.marks] == case["marks"]
    assert "".join("".join(piece.text for piece in line.pieces).split()) == "".join(line.text.split())


def test_a_block_of_code_keeps_its_elements() -> None:
    lines = read_layout(LexborHTMLParser("<body><pre><code>a\n b</code></pre>")).lines
    assert [(line.text, line.marks) for line in lines] == [("a", ()), ("b", ())]


def test_a_line_of_signs_alone_is_no_line() -> None:
    lines = read_layout(LexborHTMLParser("<body><p>\ufdd0\ufdd7</p><p>甲<sup>1</sup></p>")).lines
    assert [line.text for line in lines] == ["甲¹"]


def test_a_page_of_more_elements_is_read_up_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inline, "MOST", 2)
    (line,) = read_layout(LexborHTMLParser("<body><p>" + "x<sup>2</sup>" * 3)).lines
    assert line.text == "x²x²x2"


def test_a_formula_without_end_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    long = "a" * (inline.LONGEST + 1)
    (line,) = read_layout(LexborHTMLParser(f"<body><p>甲<math alttext='{long}'></math>乙")).lines
    assert line.text == "甲乙"


def test_deep_mathml_ends_at_the_limit() -> None:
    deep = "<mrow>" * 400 + "<mi>x</mi>" + "</mrow>" * 400
    (line,) = read_layout(LexborHTMLParser(f"<body><p>甲<math><mi>y</mi>{deep}</math></p>")).lines
    assert line.text == "甲$y$"
