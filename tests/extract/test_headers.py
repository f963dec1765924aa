"""Arrangements of author, source and day around a body, as sites print them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.extract import extract_page

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases" / "headers.jsonl").read_text("utf-8").splitlines()
]
BODY = (
    "河西村的旧磨坊停了三十年，今年秋天重新转了起来。磨坊主人的孙子辞去城里的工作，用半年时间修好了水轮和石磨。",
    "第一批面粉只有八十斤，半天就被邻村的人买光了。“机器磨的面太细，没有麦子味，”排队的老人说。",
    "下个月，村里打算在磨坊旁边搭一间烤房，让来玩的孩子亲手做一个馒头带回家。",
)
PAGE = """<html><head><meta charset="utf-8"><title>旧磨坊又转了起来_示例网</title></head><body>
<div class="nav"><a>首页</a></div><h1>旧磨坊又转了起来</h1>{head}<div class="zw">{body}{foot}</div>
<div class="foot">版权所有 示例网</div></body></html>"""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.get("head", case.get("foot", ""))[:40])
def test_facts_around_a_body(case: dict[str, str | None]) -> None:
    head = case.get("head") or '<div class="t">2023-03-11 08:05</div>'
    paragraphs = "".join(f"<p>{text}</p>" for text in BODY)
    page = PAGE.format(head=head, body=paragraphs, foot=case.get("foot") or "")
    (article,) = extract_page(page.encode(), url="https://www.example.com/i/1").articles
    assert (article.author, article.origin_name) == (case["author"], case["source"])
    assert str(article.published_on) == "2023-03-11"
    assert article.extracted == "\n".join(BODY)
