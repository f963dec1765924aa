"""Block, captcha and error pages against articles that only speak of them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.rules import table
from pipeline.web.blocks import judge_page, prints_han
from tests.timing import TIME_LIMIT

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "cases" / "blocks.jsonl").read_text("utf-8").splitlines()
]


def judged(case: dict[str, Any], encoding: str = "utf-8") -> str | None:
    headers = [(name, value) for name, value in case["headers"]]
    return judge_page(case["status"], headers, case["html"].encode(encoding, "xmlcharrefreplace"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['verdict']}-{case['why']}")
def test_a_page_is_judged_in_either_encoding(case: dict[str, Any]) -> None:
    assert judged(case) == case["verdict"]
    assert judged(case, "gb18030") == case["verdict"]


def test_a_decoded_page_is_taken_as_it_is() -> None:
    body = "<title>頁面不存在</title>".encode("big5")
    assert judge_page(200, (), body, "<title>頁面不存在</title>") == "soft_gone"


def test_an_article_below_half_a_megabyte_of_styles_is_still_an_article() -> None:
    styles = "<style>" + "p{margin:0}" * 50_000 + "</style><script src='geetest.js'></script>"
    assert judge_page(200, (), f"{styles}<p>{'清早的河边摆满了菜摊。' * 10}</p>".encode()) is None
    assert judge_page(200, (), f"{styles}<p>请完成安全验证</p>".encode()) == "blocked"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize(
    ("page", "printed"),
    [
        (f"<p>{'麦' * 30}</p>", 30),
        ("<p>麦子熟了</p>" * 10, 40),  # pieces too short to be counted on the way
        (f"<a href='/'>{'麦' * 30}</a><script>{'麦' * 30}</script><title>{'麦' * 30}</title><p>麦</p>", 1),
        ("&#40614;" * 20, 20),
    ],
)
def test_the_han_characters_that_a_page_prints(page: str, printed: int, encoding: str) -> None:
    body = page.encode(encoding)
    assert prints_han(body, printed)
    assert not prints_han(body, printed + 1)


@given(
    st.integers(0, 599),
    st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")),
)
def test_no_page_raises(status: int, body: bytes) -> None:
    assert judge_page(status, (), body) in {None, "blocked", "soft_gone"}


@pytest.mark.parametrize("unit", ["<!--", "<a ", "<a>", "<script>", "<title>", "<", "&amp", "<p x='"])
def test_hostile_repetition_takes_no_time(unit: str) -> None:
    started = time.process_time()
    judge_page(200, (), (unit * 200_000).encode()[: 1 << 20])
    assert time.process_time() - started < TIME_LIMIT


def test_every_sign_is_well_formed_and_stands_once() -> None:
    rows = table("block-patterns")
    assert rows
    for verdict, where, most_han, phrase, reason in rows:
        assert verdict in {"blocked", "soft_gone"}
        assert where in {"title", "text", "source"}
        assert 0 < int(most_han) <= 300
        assert phrase == phrase.lower().strip()
        assert reason
    assert len({(row[1], row[3]) for row in rows}) == len(rows)
