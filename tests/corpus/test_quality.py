from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corpus.quality import RULES, judge, measure
from pipeline.records import Span

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases/quality.jsonl").read_text(encoding="utf-8").splitlines()
]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["id"])
def test_cases(case: dict[str, str]) -> None:
    assert judge(measure(case["text"] * int(case.get("times", 1)))) == case["reason"]


def test_every_rule_has_a_case_and_a_source() -> None:
    assert {r.reason for r in RULES} <= {c["reason"] for c in CASES}
    assert all(r.source for r in RULES)


@given(st.text(max_size=500))
def test_any_text_is_measured_and_shares_are_shares(text: str) -> None:
    found = measure(text)
    for name in ("han_share", "kana_share", "long_share", "repeated_lines", "top_gram", "broken", "keywords"):
        assert 0 <= getattr(found, name) <= 1, name
    judge(found)


def test_a_megabyte_of_one_character_is_measured() -> None:
    assert judge(measure("哈" * 1_000_000)) == "repetitive"


def test_a_table_of_short_cells_is_no_list_of_keywords() -> None:
    row = "村名 | 户数 | 水井 | 水渠 | 桥 | 学校"
    text = "\n".join([row] * 3 + ["水渠修好了。"])
    rows = [
        Span(kind="row", level=0, start=n * (len(row) + 1), end=n * (len(row) + 1) + len(row))
        for n in range(3)
    ]
    assert measure(text).keywords > 0.5
    assert measure(text, rows).keywords == 0
