"""Glued articles and joined parts."""

from __future__ import annotations

import json
import re
from datetime import date
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


ONE, TWO = "旧粮库变身社区食堂", "秋天的渔港少了年轻人"
FRAME = '<h1 class="t">{}</h1><p class="d">{}</p>'
KEYWORDS = "<p>{}</p><p>渔港 年轻人,渔港在哪里,渔港 秋天,小渔港</p>"


@pytest.mark.parametrize(
    ("second", "last", "days"),
    [
        (
            FRAME.format(TWO, "2023-05-08 10:00 来源：渔港日报"),
            "",
            [("2023-05-06T09:00+08:00", "label"), ("2023-05-08T10:00+08:00", "printed")],
        ),
        (
            FRAME.format(TWO, "发布时间：2023-05-08 更新时间：2023-05-09"),
            "",
            [("2023-05-06T09:00+08:00", "label"), ("2023-05-08", "label")],
        ),
        (KEYWORDS.format(TWO), "", [("2023-05-06T09:00+08:00", "label"), (None, None)]),
        (
            KEYWORDS.format(TWO),
            "<p>（原载2023年5月8日《渔港日报》）</p>",
            [("2023-05-06T09:00+08:00", "label"), (None, None)],
        ),
    ],
    ids=["its own", "its own label", "none", "a closing line that the first did not need"],
)
def test_a_second_article_has_its_own_day_or_none(
    second: str, last: str, days: list[tuple[str | None, str | None]]
) -> None:
    first = FRAME.format(ONE, "发布时间：2023-05-06 09:00")
    html = f"<title>{ONE}</title><div>{first}<div>{_body(1)}{second}{_body(2)}{last}</div></div>"
    page = extract_page(html.encode(), url="https://www.example.cn/20230506/1.html")
    said = [
        (a.published_at or (a.published_on.isoformat() if a.published_on else None), a.published_from)
        for a in page.articles
    ]
    assert said == days
    assert [a.modified_on is not None for a in page.articles] == [False, "更新" in second]


def test_the_day_of_a_closing_line_is_the_last_article_s() -> None:
    second = KEYWORDS.format(TWO)
    closing = "<p>（原载2023年5月8日《渔港日报》）</p>"
    html = f"<title>{ONE}</title><div><h1>{ONE}</h1><div>{_body(1)}{second}{_body(2)}{closing}</div></div>"
    page = extract_page(html.encode(), url="https://www.example.cn/1.html")
    assert [(a.published_on, a.published_from) for a in page.articles] == [
        (None, None),
        (date(2023, 5, 8), "closing"),
    ]


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
