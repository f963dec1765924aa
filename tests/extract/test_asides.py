"""What stands beside the element of a text in elements of another form."""

from __future__ import annotations

import pytest

from pipeline.extract import extract_page

TITLE = "河边修起了读书亭"
TEXT = [
    "河口镇的第五座读书亭昨天开门，亭子里有三百本书，大半是镇上的人捐的。",
    "亭子的钥匙挂在隔壁茶铺的墙上，谁来得早谁就去拿，晚上再挂回去。",
    "修亭子的木匠姓袁，今年七十三岁，他没有收工钱，只要了一本讲船的书。",
]
SERVICE = "读书卡可在镇文化站领取，凭卡借书三十天内归还，逾期须补交手续。"


def body_of(inside: str) -> list[str]:
    html = f"<title>{TITLE}</title><div class=pg><h1>{TITLE}</h1>{inside}</div>"
    page = extract_page(html.encode(), url="https://news.example/1.html")
    return page.articles[0].extracted.split("\n")


def paragraphs(lines: list[str]) -> str:
    return "".join(f"<p>{line}</p>" for line in lines)


TWO = paragraphs(TEXT[:2])


@pytest.mark.parametrize(
    "below",
    [
        f"<div class=x2>{SERVICE}</div>",
        f"<div class=x2><p>{SERVICE}</p></div><div class=x3>亭子里的好书等人来读</div>",
        f"<p class=x2>{SERVICE}</p>",
        f"<div>{SERVICE}</div>",
        f"<h4>镇上的事</h4><div class=x2><p>{SERVICE}</p></div>",
        f"<div class=col-md-3><p>{SERVICE}</p></div>",
    ],
)
@pytest.mark.parametrize("name", ["x1", "x1 clearfix", "col-md-6 x1"])
def test_boxes_below_the_text_go(name: str, below: str) -> None:
    assert body_of(f'<div class="{name}">{TWO}</div>{below}') == TEXT[:2]


def test_a_box_in_another_cell_goes() -> None:
    table = f"<table><tr><td>{'<br>'.join(TEXT[:2])}</td><td><b>站长荐书</b><br>{SERVICE}</td></tr></table>"
    page = extract_page(
        f"<title>{TITLE}</title><center>{TITLE}</center>{table}".encode(), url="https://news.example/1.html"
    )
    assert page.articles[0].extracted.split("\n") == TEXT[:2]


def test_labels_above_the_text_go() -> None:
    assert body_of(f"<div class=x0>专栏作者，写字也种菜</div><div class=x1>{TWO}</div>") == TEXT[:2]


@pytest.mark.parametrize(
    "rest",
    [
        f"<div class=x1><p>{TEXT[2]}</p></div>",
        f'<div class="x1 last"><p>{TEXT[2]}</p></div>',
        f"<div class=y><div class=x1><p>{TEXT[2]}</p></div></div>",
        f"<p>{TEXT[2]}</p>",
        f"<div class=y></div><div class=x1><p>{TEXT[2]}</p></div>",
        f"<blockquote>{TEXT[2]}</blockquote>",
    ],
)
def test_the_rest_of_the_text_stays(rest: str) -> None:
    assert body_of(f"<div class=x1>{TWO}</div>{rest}") == TEXT


def test_what_begins_as_the_text_does_is_a_section_of_it() -> None:
    sections = f"<div class=a1><h2>亭子</h2>{TWO}</div><div class=a2x><h2>木匠</h2><p>{TEXT[2]}</p></div>"
    assert body_of(sections) == ["亭子", *TEXT[:2], "木匠", TEXT[2]]


def test_enclosures_and_works_cited_stay() -> None:
    lines = body_of(f"<div class=x1>{TWO}</div><div class=x2><p>附件：借书规则，见镇文化站公告栏。</p></div>")
    assert lines == [*TEXT[:2], "附件：借书规则，见镇文化站公告栏。"]


def test_a_standfirst_above_the_text_stays() -> None:
    assert body_of(f"<div class=x0><p>{TEXT[2]}</p></div><div class=x1>{TWO}</div>") == [TEXT[2], *TEXT[:2]]


LONG = "亭子的木料来自上游拆掉的老船，船板上还留着铆钉的眼，木匠没有补，说雨水会自己找到路，三百本书也不怕这一点潮气。"


def test_what_begins_with_a_paragraph_is_of_the_article() -> None:
    found = body_of(f"<div class=begin>{TWO}</div><div class=end><p>{LONG}</p><p>{SERVICE}</p></div>")
    assert found == [*TEXT[:2], LONG, SERVICE]


def test_a_notice_as_long_is_none() -> None:
    notice = "免责声明：本页所载由网友整理，书目与开放时间以文化站公布的为准，转摘者自负其责，如有出入请到站里核对。"
    assert body_of(f"<div class=begin>{TWO}</div><div class=end><p>{notice}</p></div>") == TEXT[:2]


def test_short_lines_of_a_box_below_paragraphs_without_an_element_go() -> None:
    assert body_of(f"{TWO}<p>{TEXT[2]}</p><div class=x3>{SERVICE}</div>") == TEXT


@pytest.mark.parametrize(
    "last",
    [
        f"<div class=x3><p>{LONG}</p></div>",
        f"<div class=x3><ul><li>{SERVICE}</li></ul></div>",
        f"<div><p>{SERVICE}</p></div>",
        "<div class=e><p>开亭第一天。</p></div><div class=e><p>开亭第二天。</p></div>",
    ],
)
def test_what_is_text_below_them_stays(last: str) -> None:
    assert len(body_of(f"{TWO}<p>{TEXT[2]}</p>{last}")) > len(TEXT)


def test_a_note_in_the_element_of_the_text_is_of_the_text() -> None:
    lines = paragraphs([TEXT[0], TEXT[1]])
    assert body_of(f"<div class=x2>{lines}<div class=note><p>{TEXT[2]}</p></div></div>") == TEXT
