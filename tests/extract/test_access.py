"""How much of its article a page gives: by its own words alone, and never less text for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.extract import extract_page
from pipeline.extract.access import notice
from pipeline.records import AccessState
from pipeline.rules import table

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases" / "access.jsonl").read_text("utf-8").splitlines()
]

TEXT = (
    "小镇的桥在今年春天重新开放，来看热闹的人从早晨一直站到傍晚，卖糖的老张说从没见过这么多人。",
    "桥是石头的，两边各有九个狮子，最小的一个蹲在桥尾，孩子们摸得它的头发亮。",
    "修桥的钱一半是镇上出的，一半是在外地的人寄回来的，名字都刻在桥头的碑上。",
)
LAST = "今年秋天还要修桥边的小路，到那时候，从桥上可以一直走到山脚下的村子。"


def page_of(case: dict[str, Any]) -> bytes:
    """The page of a case: an article in a plain layout, and what the case puts round it."""
    text = [*TEXT[:1], LAST] if case.get("short") else [*TEXT, *filter(None, [case.get("more")])]
    body = "".join(f"<p>{line}</p>" for line in (*text, case.get("last", LAST)))
    article = case.get("empty") or f"<div class=article>{body}</div>{case.get('below', '')}"
    return (
        f"<html><head><meta charset=utf-8><title>小镇的桥</title>{case.get('head', '')}</head>"
        f"<body><ul><li><a href=/>首页</a></li><li><a href=/login>登录</a></li></ul><h1>小镇的桥</h1>"
        f"{case.get('above', '')}{article}<div class=footer>小镇网 版权所有</div></body></html>"
    ).encode()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_how_much_of_its_article_a_page_gives(case: dict[str, Any]) -> None:
    page = extract_page(page_of(case), url="https://a.example/1")
    said = (page.access.state, page.access.place) if page.access else (None, "")
    assert said == (case["state"], case["from"] or "")
    assert bool(page.articles) == ("empty" not in case)


@pytest.mark.parametrize("case", [case for case in CASES if "empty" not in case], ids=lambda c: c["why"])
def test_a_notice_takes_no_line_of_the_article(case: dict[str, Any]) -> None:
    text = extract_page(page_of(case), url="https://a.example/1").articles[0].extracted
    wanted = [TEXT[0], LAST] if case.get("short") else [*TEXT, case.get("last", LAST)]
    for line in (*wanted, *filter(None, [case.get("more")])):
        assert line.removesuffix("[阅读全文]") in text
    assert not any(notice(line) for line in text.split("\n"))


def test_every_line_of_the_table_is_of_a_known_state_and_needed() -> None:
    rows = table("access")
    assert {row[0] for row in rows} <= {*AccessState, "fold"}
    assert all(len(row) == 3 and row[2] for row in rows)
