"""Glued articles and joined parts."""

from __future__ import annotations

import json
import re
from pathlib import Path
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


PROSE = "".join(
    f"<p>{n}、湖边的芦苇在秋天里一点点变白，来往的人停下来看一看，又各自赶路去了，谁也不多说一句。</p>"
    for n in range(6)
)
VERSES = "<p>" + "<br>".join(f"{n} 湖边的芦苇一点点变白" for n in range(30)) + "</p>"
CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases" / "splits.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_what_begins_another_article_and_what_does_not(case: dict[str, str | int]) -> None:
    text = PROSE if case.get("prose", True) else VERSES
    between = str(case["between"]).replace("PROSE", PROSE)
    below = "<p>完稿于湖边。</p>" if between.endswith("END") else text
    html = (
        f'<title>湖边的芦苇白了</title><h1 class="t">湖边的芦苇白了</h1>'
        f"<div class=content>{text}{between.removesuffix('END')}{below}</div>"
    )
    articles = extract_page(html.encode(), url="https://a.example/1").articles
    assert len(articles) == case["articles"]
    if len(articles) == 2:
        assert articles[0].extracted == articles[1].extracted
        assert articles[1].title in ("茶馆里的说书人回来了", "茶館裡的說書人回來了")


FRAMES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases" / "frames.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("case", FRAMES, ids=lambda case: case["why"])
def test_page_frames_that_repeat(case: dict[str, Any]) -> None:
    """Cases write BODY1, BODY2, … for eight paragraphs each."""
    html = re.sub(r"BODY(\d)", lambda found: _body(int(found[1])), case["html"])
    articles = extract_page(html.encode(), url="https://a.example/1").articles
    assert [article.title for article in articles] == case["titles"]
    if len(articles) > 1:
        for number, article in enumerate(articles, 1):
            lines = [re.sub("</?p>", "", line) for line in _body(number).split("</p>") if line]
            assert article.extracted.split("\n") == lines
