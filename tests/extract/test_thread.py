"""Threads: the first post is the article, whatever the board; what only looks like a thread is read whole."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipeline.extract import extract_page, line_report
from pipeline.extract.thread import FLOOR, SIGN, WHEN

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases" / "threads.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_what_is_read_of_a_page_of_posts(case: dict[str, str | list[str]]) -> None:
    page = extract_page(str(case["html"]).encode(), url="https://bbs.example.cn/thread-1.html")
    assert [article.extracted.split("\n") for article in page.articles] == [case["lines"]]


def test_the_line_report_tells_of_replies() -> None:
    html = str(CASES[0]["html"])
    rules = {text: rule for kept, rule, text in line_report(html.encode(), url="https://bbs.example.cn/1")}
    assert sum(rule == "reply" for rule in rules.values()) > 6
    assert [text for text, rule in rules.items() if rule == "container"] == CASES[0]["lines"]


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        *((WHEN, said) for said in ("2024-05-06", "5月6日 10:30", "3小时前", "昨天 08:15", "May 6, 2024")),
        *((FLOOR, said) for said in ("#12", "第2楼", "楼主", "樓主", "沙发", "板凳", "地板")),
    ],
)
def test_every_form_of_a_time_and_a_floor_has_the_sign_by_which_its_line_is_asked(
    pattern: re.Pattern[str], said: str
) -> None:
    assert pattern.search(said)
    assert SIGN.search(said)
