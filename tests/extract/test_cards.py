"""Cards of other articles that are no links: known beside the article, left alone inside it."""

from __future__ import annotations

import pytest

from pipeline.extract import extract_page

TITLE = "旧粮库变身社区食堂"
TEXT = [
    "城北的旧粮库改成食堂以后，每天中午都要排队，附近写字楼里的年轻人也来凑热闹。",
    "老人们说，一荤两素的套餐比自己买菜还便宜，味道也不比家里差。",
    "负责人介绍，食堂每天供应四百份午餐和晚餐，送餐的电动车是几家小店凑钱买的。",
]
OTHERS = {
    "夜班公交司机的保温杯": "保温杯里是妻子熬的梨水，她说晚上开车不能犯困。",
    "高铁站旁边的小面馆": "面馆只有六张桌子，开了二十一年，老板说从来没有想过开分店。",
    "一场大雨倒了七棵树": "昨天傍晚的大风持续了不到一刻钟，园林工人连夜清理。",
    "图书馆夜间也开放了": "馆里现在有一万两千多本书，大半是各地读者寄来的。",
}


def cards(
    one: str = '<div class="c"><div class="t">{}</div><div class="d">{}</div></div>', most: int = 9
) -> str:
    return "".join(one.format(title, words) for title, words in list(OTHERS.items())[:most])


def body_of(html: str) -> list[str]:
    page = extract_page(f"<title>{TITLE}_示例网</title>{html}".encode(), url="https://news.example/1.html")
    return page.articles[0].extracted.split("\n")


def paragraphs(lines: list[str]) -> str:
    return "".join(f"<p>{line}</p>" for line in lines)


@pytest.mark.parametrize("heading", ["<h1>{}</h1>", '<div class="bt">{}</div>'])
def test_cards_beside_the_article_are_of_others(heading: str) -> None:
    article = f"<div class=x1>{heading.format(TITLE)}<div class=x2>{paragraphs(TEXT)}</div></div>"
    assert body_of(f"<div class=x0>{article}<div class=x3>{cards()}</div></div>") == TEXT


@pytest.mark.parametrize(
    "one",
    [
        '<div class="c"><h3>{}</h3><p>{}</p></div>',
        '<li class="c"><b>{}</b><p>{}</p></li>',
        '<section class="card"><span class="t">{}</span><div>{}</div></section>',
    ],
)
def test_whatever_they_are_made_of(one: str) -> None:
    article = f"<div class=x1><h1>{TITLE}</h1><div class=x2>{paragraphs(TEXT)}</div></div>"
    found = body_of(f"<div class=x0>{article}<div class=x3>{cards(one)}</div></div>")
    assert found == TEXT


def test_inside_the_article_they_are_its_own() -> None:
    article = f"<h1>{TITLE}</h1><div class=x2>{paragraphs(TEXT)}<div class=x3>{cards()}</div></div>"
    found = body_of(f"<div class=x0>{article}</div>")
    assert [line for line in found if line in OTHERS] == list(OTHERS)
    assert [line for line in found if line in TEXT] == TEXT


def test_below_a_standfirst_they_are_the_article() -> None:
    head = f"<div class=x1><h1>{TITLE}</h1><p>{TEXT[1]}</p><p>{TEXT[0][:20]}，我们去看了看。</p></div>"
    long = '<div class="c"><h3>{}</h3><div class="d">{}' + "".join(TEXT) * 2 + "</div></div>"
    found = body_of(f"<div class=x0>{head}<div class=x3>{cards(long)}</div></div>")
    assert [line for line in found if line in OTHERS] == list(OTHERS)


DATED = '<div class="c"><p class=a>{}</p><p class=b>{}</p><p class=d>河口日报 3小时前</p></div>'


@pytest.mark.parametrize("when", ["河口日报 3小时前", "2024-03-01", "昨天"])
def test_cards_with_a_day_are_of_others_inside_the_article_too(when: str) -> None:
    one = DATED.replace("河口日报 3小时前", when)
    assert (
        body_of(f"<h1>{TITLE}</h1><div class=x2>{paragraphs(TEXT)}<div class=x3>{cards(one)}</div></div>")[
            : len(TEXT)
        ]
        == TEXT
    )
    article = f"<div class=hd><h1>{TITLE}</h1></div><div class=x2>{paragraphs(TEXT[:2])}</div>"
    assert body_of(f"<div class=x0>{article}<div class=x3>{cards(one)}</div></div>") == TEXT[:2]


def test_a_third_line_that_is_no_day_makes_no_card() -> None:
    one = DATED.replace("河口日报 3小时前", "门票十元")
    found = body_of(
        f"<h1>{TITLE}</h1><div class=x2>{paragraphs(TEXT[:2])}<div class=x3>{cards(one)}</div></div>"
    )
    assert found[:2] == TEXT[:2]
    assert "门票十元" in found


def test_two_are_no_list() -> None:
    two = cards(DATED, most=2)
    found = body_of(f"<h1>{TITLE}</h1><div class=x2>{paragraphs(TEXT)}<div class=x3>{two}</div></div>")
    assert [line for line in OTHERS.values() if line in found] == list(OTHERS.values())[:2]
