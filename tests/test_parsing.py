"""Pages that would take a parser quadratic time; and ordinary ones, which stay as they are."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from pipeline.parsing import MANY_CELLS, MAX_DEPTH, MAX_TAG, MAX_TAGS, _has_long_tag, tamed
from tests.timing import TIME_LIMIT

LONG = 140_000
"""Repetitions; each of these took seconds to minutes as it came."""

HOSTILE = {
    "nested": "<div>" * LONG,
    "nested behind a paragraph": "<p>" + "<div>" * LONG,
    "nested, each beside a stray end tag": "<div></span>" * (LONG // 2),
    "nested, each closed by another name": "<span><div></span>" * (LONG // 3),
    "fonts never closed": "<font color=red>" * LONG,
    "fonts that differ": "".join(f"<b a={n}>" for n in range(LONG)),
    "fonts opened again in each paragraph": "<p>" + "<b id=i>" * 500 + "</p>" + "<p>x" * 20_000,
    "and closed at the end": "<p>" + "<b>" * 40 + "</p>" + "<li>x" * 60_000 + "</b>" * 40,
    "lists in lists": "<ul><li>" * (LONG // 3),
    "tables in tables": "<table><tr><td>" * (LONG // 3),
    "an element each with a sibling": "<div>" * 2000 + "<i></i>" * (LONG // 3),
    "thousands of attributes": "<p " + "".join(f"a{n}=1 " for n in range(LONG)) + ">",
    "open ends": "<" * LONG,
    "tags without an end": "<a " * LONG,
    "text between cells": "<table><tr>"
    + "<td>x</td>粮库改成了社区食堂，每天中午都要排队，老人们说便宜" * 40_000
    + "</table>",
    "links that close themselves": '<a b=""/>' * (LONG // 3),
}


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_page_is_parsed_in_time_and_its_text_is_there(html: str) -> None:
    started = time.process_time()
    tree = LexborHTMLParser(tamed(f"<html><body>{html}>正文</body></html>"))
    assert time.process_time() - started < TIME_LIMIT
    assert "正文" in (tree.html or "")


def test_what_stands_behind_too_many_tags_is_cut_off() -> None:
    html = "<p>前</p>" + "<i></i>" * MAX_TAGS + "<p>后</p>"
    assert tamed(html) == html[: len("<p>前</p>") + len("<i></i>") * (MAX_TAGS // 2 - 1)]


@pytest.mark.parametrize(
    ("html", "is_long"),
    [
        ("<p " + "a" * MAX_TAG + ">字", True),
        (">" * 9 + "<p " + "a" * MAX_TAG + ">字", True),
        ("<p>" + "字" * 9 + "<p " + "a" * MAX_TAG, False),
        ("<script>" + "a=1;" * MAX_TAG + "if(a<b)a=2</script>", False),
        ("<p>" + "字" * 2 * MAX_TAG + "</p>", False),
    ],
)
def test_a_tag_is_long_that_is_closed_far_behind_its_sign(html: str, is_long: bool) -> None:
    assert _has_long_tag(html) is is_long


@pytest.mark.parametrize(
    "html",
    [
        "<p>一</p><p>二</p>",
        "<p>未闭合" * 5000,
        "<ul>" + "<li>项" * 5000 + "</ul>",
        "一<br>" * 5000,
        "<table>" + "<tr><td>格" * 5000 + "</table>",
        "<div><span>字</span></div>" * 5000,
        "<div>" * MAX_DEPTH + "底" + "</div>" * MAX_DEPTH,
        "<script>" + '"<div>' * 5000 + "</script>" + "<div>字</div>" * 600,
        "<SCRIPT type=a>" + "'<div><\\/div>'" * 5000 + "</Script >" + "<div>字</div>" * 600,
        "<!--" + "<div>" * 5000 + "-->" + "<div>字</div>" * 600,
        "<style>" + "<div>" * 5000,
        "<font>" * 300 + "旧页" + "<div>好</div>" * 5000,
    ],
)
def test_an_ordinary_page_stays_as_it_is(html: str) -> None:
    assert tamed(html) == html


@pytest.mark.parametrize(
    ("html", "tame"),
    [
        ('<a href="#" /><p>好</p>', '<a href="#" ></a><p>好</p>'),
        ("<div><A id=top /></div>", "<div><A id=top ></a></div>"),
        ("<a href='/x' />读</a><p>好</p>", "<a href='/x' />读</a><p>好</p>"),
        ("<a href=/x/>读</a>", "<a href=/x/>读</a>"),
        ('<abbr title="x" /><p>好</p>', '<abbr title="x" /><p>好</p>'),
    ],
)
def test_a_link_that_closes_itself_is_closed(html: str, tame: str) -> None:
    assert tamed(html) == tame


def test_text_between_the_cells_of_a_large_table_is_kept_apart_and_reads_the_same() -> None:
    for cells, apart in ((MANY_CELLS - 9, 0), (MANY_CELLS + 9, MANY_CELLS + 9)):
        html = "<body><table><tr>" + "<td>甲</td>\n乙" * cells + "</table></body>"
        tame = tamed(html)
        assert tame.count("<wbr>") == apart
        texts = [LexborHTMLParser(page).body for page in (html, tame)]
        assert len({body.text() for body in texts if body}) == 1


@given(
    st.lists(
        st.sampled_from(["<div>", "</div>", "<b>", "</b>", "<p>", "<br>", "字", "</x>", "<", ">"]),
        max_size=60,
    )
)
def test_what_is_tame_stays_so(parts: list[str]) -> None:
    html = "".join(parts) * 40
    assert tamed(tamed(html)) == tamed(html)
    assert tamed(html).count("字") == html.count("字")
