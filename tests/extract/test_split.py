"""Glued articles and joined parts."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.extract import extract_page, join_parts
from pipeline.records import Article, Page

SENTENCE = "城北的旧粮库改成社区食堂以后，每天中午都要排队，老人们说比自己买菜还便宜。"


def _body(number: int) -> str:
    return "".join(f"<p>{i}、{SENTENCE}</p>" for i in range(number * 10, number * 10 + 8))


def _part(text: str, **more: Any) -> Page:
    return Page(
        encoding="utf-8",
        encoding_from="utf-8",
        replacements=0,
        articles=(Article(title="题", extracted=text),),
        **more,
    )


def test_second_title_with_a_day_line_opens_a_second_article() -> None:
    one, two = "旧粮库变身社区食堂", "秋天的渔港少了年轻人"
    head = '<h1 class="t">{}</h1><p>发布时间：2023-05-06 10:00</p>'
    page = extract_page(
        f"<title>{one}</title><div>{head.format(one)}<div>{_body(1)}{head.format(two)}{_body(2)}</div></div>".encode(),
        url="https://www.example.cn/1.html",
    )
    assert [article.title for article in page.articles] == [one, two]
    assert [article.part for article in page.articles] == [1, 2]
    assert "渔港" not in page.articles[0].extracted
    assert "20、" not in page.articles[0].extracted


def test_subheadings_and_enumerations_do_not_split() -> None:
    body = (
        _body(1)
        + "<h2>食堂怎么管</h2>"
        + _body(2)
        + "<p>食堂的一天</p><p>买菜，洗菜，切菜，炒菜</p>"
        + _body(3)
    )
    page = extract_page(f"<title>食堂</title><div>{body}</div>".encode(), url="https://www.example.cn/1.html")
    assert len(page.articles) == 1
    assert "食堂怎么管" in page.articles[0].extracted


def test_parts_are_joined_in_order_until_a_body_repeats() -> None:
    joined = join_parts([_part("一\n二", next_url="u"), _part("三"), _part("三"), _part("四")])
    assert joined.articles[0].extracted == "一\n二\n三"
    assert joined.next_url is None


def test_a_part_that_holds_all_before_it_is_the_whole() -> None:
    assert join_parts([_part("一\n二"), _part("一\n二\n三")]).articles[0].extracted == "一\n二\n三"


def test_parts_without_an_article_are_left_out() -> None:
    failed = Page(encoding="utf-8", encoding_from="utf-8", replacements=0, reason="no_body")
    assert join_parts([_part("一"), failed, _part("二")]).articles[0].extracted == "一\n二"
    assert join_parts([failed]) is failed
    assert join_parts([]).reason == "empty"


def test_no_more_than_twenty_parts() -> None:
    assert join_parts([_part(str(i)) for i in range(30)]).articles[0].extracted.count("\n") == 19


def glued(byline: str) -> bytes:
    """Two articles in one body, the second under a bold line and a line for its author."""
    first = "".join(
        f"<p>{n}、湖边的芦苇在秋天里一点点变白，来往的人停下来看一看，又各自赶路去了，谁也不多说一句。</p>"
        for n in range(6)
    )
    second = "".join(
        f"<p>{n}、修表的老人把放大镜夹在眼眶上，指尖轻轻一拨，停了半年的摆轮又走了起来，满屋子都是滴答声。</p>"
        for n in range(6)
    )
    body = f"{first}<p><b>停了半年的钟又走了</b></p><p>{byline}</p>{second}"
    return f"<title>湖边的芦苇白了</title><h1>湖边的芦苇白了</h1><div class=content>{body}</div>".encode()


@pytest.mark.parametrize("byline", ["作者：方知白", "文/方知白"])
def test_a_title_with_a_byline_between_two_articles_begins_another(byline: str) -> None:
    page = extract_page(glued(byline), url="https://a.example/1")
    assert [article.title for article in page.articles] == ["湖边的芦苇白了", "停了半年的钟又走了"]
    assert page.articles[1].extracted.startswith("0、修表的老人")


@pytest.mark.parametrize("byline", ["作者：方知白，他说这里从前是一片水田。", "这一节讲的是钟表。"])
def test_a_heading_without_a_byline_begins_nothing(byline: str) -> None:
    assert len(extract_page(glued(byline), url="https://a.example/1").articles) == 1
