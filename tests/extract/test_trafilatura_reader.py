"""trafilatura on the chosen element: what it must not lose, what it drops, and that it remembers nothing."""

from __future__ import annotations

import time

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.extract import trafilatura_reader
from pipeline.extract.layout import Layout, read_layout
from pipeline.extract.trafilatura_reader import (
    LONGEST_PAGE,
    MARK,
    MOST_LINES,
    MOST_LINKS,
    MOST_TAGS,
    read_element,
    read_page,
)
from tests.timing import TIME_LIMIT

ONE = "城北的旧粮库改成食堂以后，每天中午都要排队。"
TWO = "老人们说，一荤两素的套餐比自己买菜还便宜。"
THREE = "负责人介绍，食堂每天供应四百份午餐和晚餐。"


def read(html: str, css: str = "#body") -> list[str]:
    """The lines trafilatura keeps of the element with the id `body`."""
    found = ask(read_layout(LexborHTMLParser(html), body=[css]))
    assert found is not None
    return found


def ask(layout: Layout) -> list[str] | None:
    boxes = layout.chosen
    span = [i for box in boxes for i in range(layout.boxes[box].first, layout.boxes[box].last)]
    kept = read_element(layout, boxes, span)
    return None if kept is None else [layout.lines[i].text for i in sorted(kept)]


@pytest.mark.parametrize(
    "html",
    [
        f"<p>{ONE}</p><p>{TWO}</p><p>{THREE}</p>",
        f"<section>{ONE}</section><section><section>{TWO}</section></section><section>{THREE}</section>",
        f"<section><span>{ONE}</span></section><section><span>{TWO}<br>{THREE}</span></section>",
        f"<div>{ONE}</div><div>{TWO}</div><div>{THREE}</div>",
        f"{ONE}<br>{TWO}<br><br>{THREE}",
        f"<p>{ONE}<br>{TWO}</p>{THREE}",
        f"<h2>{ONE}</h2><p>{TWO}</p><p>{THREE}</p>",
        f"<h2>{ONE}<br>{TWO}</h2><p>{THREE}</p>",
        f"<ul><li>{ONE}</li><li><p>{TWO}</p></li></ul><p>{THREE}</p>",
        f"<table><tr><td>{ONE}</td><td>{TWO}</td></tr><tr><td><p>{THREE}</p></td></tr></table>",
        f"<blockquote>{ONE}</blockquote><pre>{TWO}</pre><dl><dt>{THREE}</dt></dl>",
        f"<div style='visibility:hidden'><p>{ONE}</p><p>{TWO}</p></div><p>{THREE}</p>",
        f"<div class=article><p>{ONE}</p></div><div id=content><p>{TWO}</p></div><article>{THREE}</article>",
        f"<p>{ONE}</p><p>{TWO[:6]}<a href=1>{TWO[6:9]}</a>{TWO[9:]}</p><p>{THREE}</p>",
        f"<p>{ONE}</p><p><a href=1>{TWO[:6]}</a>{TWO[6:]}</p><p>{THREE[:-5]}<a href=1>{THREE[-5:]}</a></p>",
    ],
)
def test_the_body_is_read_however_it_is_marked_up(html: str) -> None:
    for named in ("", "style='visibility:hidden'", "class='rich_media'"):
        assert read(f"<p>{ONE}</p><div id=body {named}>{html}</div>") == [ONE, TWO, THREE]


@pytest.mark.parametrize("line", ["好。", "一", "Facebook不是一本书", "2026", ONE])
def test_no_body_is_too_short(line: str) -> None:
    assert read(f"<div id=body><p>{line}</p></div>") == [line]


def test_a_line_that_stands_twice_is_read_twice() -> None:
    html = f"<div id=body><p>{ONE * 6}</p><p>{ONE * 6}</p><p>好。</p><p>{ONE * 6}</p><p>好。</p></div>"
    assert read(html) == [ONE * 6, ONE * 6, "好。", ONE * 6, "好。"]


@pytest.mark.parametrize(
    "html",
    [
        f"<div class=comments-title><p>{TWO}</p></div>",
        f"<section class='next-stories'>{TWO}</section>",
        f"<ul id=commentlist><li>{TWO}</li></ul>",
        "<ul><li><a href=1>河边步道下月封闭维修</a></li><li><a href=2>图书馆夜间也开放了</a></li></ul>",
        "<p><a href=1>河边步道</a> <a href=2>图书馆</a></p>",
        f"<div class=bottom>{TWO}</div>",
        f"<div id=comments>{TWO}</div>",
        f"<div class=comment-list><p>{TWO}</p></div>",
    ],
)
def test_what_trafilatura_takes_for_no_body_is_not_read(html: str) -> None:
    assert read(f"<div id=body><p>{ONE * 3}</p>{html}<p>{THREE}</p></div>") == [ONE * 3, THREE]


def test_a_heading_above_nothing_is_not_read() -> None:
    assert read(f"<div id=body><p>{ONE}</p><p>{THREE}</p><h2>{TWO}</h2></div>") == [ONE, THREE]


def test_a_block_outside_the_chosen_inline_element_is_no_endless_way_up() -> None:
    assert read(f"<div>{THREE}<span id=body>{ONE}<br>{TWO}</span></div>") == [THREE + ONE]


def test_nothing_is_remembered_of_the_page_before() -> None:
    pages = [f"<div id=body><p>{line * 9}</p><p>{ONE}</p></div>" for line in (ONE, TWO, ONE, ONE, ONE)]
    assert [read(page) for page in pages] == [[line * 9, ONE] for line in (ONE, TWO, ONE, ONE, ONE)]
    assert trafilatura_reader._options().dedup is False


def test_marks_and_control_characters_of_a_page_are_harmless() -> None:
    forged = f"{chr(MARK + 1)}{chr(MARK + 65_000)}\x01\x0b\ufffe"
    html = f"<div id=body class='a{forged}'><p>{forged}{ONE}<a href=1>{forged}甲</a></p>"
    html += f"<div class='next-stories{forged}'>{TWO}{forged}</div></div>"
    (line,) = read(html)
    assert ONE in line


def test_what_is_too_deep_or_too_large_is_not_asked() -> None:
    for html, is_asked in (
        ("<p>甲</p>" * MOST_LINES, True),
        ("<p>甲</p>" * (MOST_LINES + 1), False),
        (f"<p>{'甲' * 40_000}</p>" * (LONGEST_PAGE // 40_000), True),
        (f"<p>{'甲' * 40_000}</p>" * (LONGEST_PAGE // 40_000) + "<p>甲</p>", False),
        ("<p>" + "<a href=1>二</a>" * MOST_LINKS, True),
        ("<p>" + "<a href=1>二</a>" * (MOST_LINKS + 1), False),
        ("<div>" * 290 + ONE, True),
        ("<div>" * 310 + ONE, False),
    ):
        found = ask(read_layout(LexborHTMLParser(f"<div id=body>{html}</div>"), body=["#body"]))
        assert (found is not None) == is_asked, html[:20]


def test_an_error_of_trafilatura_is_no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("trafilatura.bare_extraction", broken)
    monkeypatch.setattr("trafilatura.extract", broken)
    assert ask(read_layout(LexborHTMLParser(f"<p id=body>{ONE}</p>"), body=["#body"])) is None
    assert read_page(f"<p>{ONE}</p>") == ""


def test_a_page_of_too_many_tags_is_not_read() -> None:
    page = f"<html><body><article><p>{ONE}</p><p>{TWO}</p></article>%s</body></html>"
    assert read_page(page % ("<br>" * 9_000))
    assert not read_page(page % ("<br>" * MOST_TAGS))


def test_a_page_is_read_whole_without_its_comments() -> None:
    html = f"<html><body><nav>首页</nav><div><p>{ONE * 9}</p></div><div id=comments><p>{TWO}</p></div></body></html>"
    assert read_page(html) == ONE * 9
    assert read_page(html.ljust(LONGEST_PAGE)) == ONE * 9
    assert read_page(html.ljust(LONGEST_PAGE + 1)) == ""


def test_cells_that_reach_over_a_hundred_columns_and_rows_are_read_in_time() -> None:
    html = "<table>" + ("<tr>" + f"<td colspan=1000 rowspan=9999>{ONE[:3]}" * 60) * 25
    start = time.process_time()
    read_page(f"<p>{ONE}</p>{html}")
    assert time.process_time() - start < TIME_LIMIT
