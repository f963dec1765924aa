"""Captions that no element names: by form and by place, in many markups; and lines below a picture that are text."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.extract import extract_page

PROSE = (
    "县里的老粮仓改成了图书馆，周末来看书的人比预想的多出一倍，管理员只好又添了两排桌椅。",
    "据馆方介绍，粮仓建于上世纪五十年代，墙厚近一米，冬暖夏凉，改造时保留了原来的木梁和通风口。",
    "附近中学的学生放学后常到这里写作业，家长也放心，因为晚上八点以前都有志愿者在场照看。",
    "设计师说，最难的是采光，为了不动外墙，他们在屋顶开了一排天窗，又用白色的布把光线打散。",
    "接下来，镇上还打算把旁边的晒谷场铺成广场，夏天放露天电影，冬天办年货集市。",
)

MARKUPS: dict[str, Callable[[str], str]] = {
    "picture in a paragraph": lambda c: f'<p><img src="/1.jpg"></p><p>{c}</p>',
    "centred paragraphs": lambda c: (
        f'<p style="text-align:center"><img src="/1.jpg"></p><p style="text-align: center;">{c}</p>'
    ),
    "align": lambda c: f'<p align="center"><img src="/1.jpg"></p><p align="center">{c}</p>',
    "center": lambda c: f'<center><img src="/1.jpg"></center><center>{c}</center>',
    "class": lambda c: f'<p class="f_center"><img src="/1.jpg"></p><p class="f_center">{c}</p>',
    "line break": lambda c: f'<p style="text-align:center"><img src="/1.jpg"><br>{c}</p>',
    "in a div": lambda c: f'<div><img src="/1.jpg"></div><div align="center">{c}</div>',
    "span in a section": lambda c: (
        f'<section><img data-src="/1.jpg"></section><section style="text-align:center"><span>{c}</span></section>'
    ),
    "full-width indent": lambda c: f'<p align="center"><img src="/1.jpg"></p><p align="center">　　{c}</p>',
    "figure": lambda c: f'<figure><img src="/1.jpg"><figcaption>{c}</figcaption></figure>',
}

FORMS = (
    "馆长周明（左）与设计师何琳（右）",
    "粮仓改造前后对比（图片来源：县融媒体中心）",
    "(图书馆馆长周明)",
    "老粮仓的木梁。视觉中国 资料",
    "粮仓外景 Photo by Getty Images",
    "（受访者供图）",
    "志愿者在整理书架 何同 图/文",
)

PLACED = ("周末的阅览室", "开放当天的老粮仓", "学生在天窗下写作业")


def page(*blocks: str) -> bytes:
    head = "<meta charset=utf-8><title>粮仓里的图书馆</title>"
    return f"{head}<h1>粮仓里的图书馆</h1><div class=content>{''.join(blocks)}</div>".encode()


def paragraphs(*texts: str) -> list[str]:
    return [f"<p>{text}</p>" for text in texts]


def read(*blocks: str) -> tuple[tuple[str, ...], list[str]]:
    (article,) = extract_page(page(*blocks), url="https://news.example/1.html").articles
    return article.captions, article.extracted.split("\n")


@pytest.mark.parametrize("markup", MARKUPS.values(), ids=MARKUPS)
@pytest.mark.parametrize("caption", FORMS)
def test_a_form_tells_a_caption_in_any_markup(caption: str, markup: Callable[[str], str]) -> None:
    first, *rest = paragraphs(*PROSE)
    assert read(first, markup(caption), *rest) == ((caption,), list(PROSE))


@pytest.mark.parametrize("markup", [m for m in MARKUPS if m != "picture in a paragraph"])
@pytest.mark.parametrize("caption", PLACED)
def test_markup_tells_a_caption_of_any_form(caption: str, markup: str) -> None:
    first, *rest = paragraphs(*PROSE)
    assert read(first, MARKUPS[markup](caption), *rest) == ((caption,), list(PROSE))


def test_most_pictures_and_headings_elsewhere_tell_captions_without_markup() -> None:
    one, two, three, four, five = paragraphs(*PROSE)
    plain = MARKUPS["picture in a paragraph"]
    captions, lines = read(
        one,
        plain(PLACED[0]),
        two,
        "<p>天窗下的座位</p>",
        three,
        plain(PLACED[1]),
        four,
        plain(PLACED[2]),
        five,
    )
    assert captions == PLACED
    assert lines == [*PROSE[:2], "天窗下的座位", *PROSE[2:]]


def test_whose_picture_it_is_goes_with_its_caption() -> None:
    one, two, *rest = paragraphs(*PROSE)
    said = ("馆长周明（左）在门口", "图片来源：县融媒体中心")
    assert read(one, MARKUPS["picture in a paragraph"](said[0]), f"<p>{said[1]}</p>", two, *rest) == (
        said,
        list(PROSE),
    )


def test_headings_below_pictures_stay_where_the_page_has_no_others() -> None:
    one, two, three, four, five = paragraphs(*PROSE)
    plain = MARKUPS["picture in a paragraph"]
    captions, lines = read(one, plain("天窗与木梁"), two, three, plain("晒谷场的明天"), four, five)
    assert captions == ()
    assert [line for line in lines if line not in PROSE] == ["天窗与木梁", "晒谷场的明天"]


@pytest.mark.parametrize(
    "line",
    [
        "周末的阅览室里坐满了人。",
        "管理员提醒读者注意以下几点：",
        "一、天窗怎样开",
        "1、天窗怎样开",
        "01",
        "“我们没想到会有这么多人”",
    ],
)
@pytest.mark.parametrize("markup", ["picture in a paragraph", "centred paragraphs", "class", "line break"])
def test_what_is_said_below_a_picture_stays(line: str, markup: str) -> None:
    one, *rest = paragraphs(*PROSE)
    captions, lines = read(one, MARKUPS[markup](line), *rest)
    assert captions == ()
    assert lines == [PROSE[0], line, *PROSE[1:]]


def test_a_story_in_pictures_keeps_its_lines() -> None:
    centred = MARKUPS["centred paragraphs"]
    said = ["清晨的集市刚刚开门", "卖豆腐的老人", "等车去县城的学生", "中午的面馆"]
    captions, lines = read(f"<p>{PROSE[0]}</p>", *map(centred, said), f"<p>{PROSE[1]}</p>")
    assert captions == ()
    assert lines == [PROSE[0], *said, PROSE[1]]


@pytest.mark.parametrize(
    ("above", "captions"),
    [
        ("<figure><img src=/1.jpg><figcaption>周末的阅览室</figcaption></figure>", ("周末的阅览室",)),
        ("<div>周末的阅览室</div>", ()),
    ],
)
def test_a_figure_between_title_and_body_has_its_caption(above: str, captions: tuple[str, ...]) -> None:
    body = "".join(f"<p>{text}</p>" for text in PROSE)
    html = (
        f"<meta charset=utf-8><title>粮仓里的图书馆</title><figure><figcaption>菜单</figcaption></figure><article>"
        f"<h1>粮仓里的图书馆</h1><div>2023-03-11</div>{above}<div class=text>{body}</div></article>"
    )
    (article,) = extract_page(html.encode(), url="https://www.example.com/i/1").articles
    assert (article.captions, article.extracted.split("\n")) == (captions, list(PROSE))
