"""Line rules: each kind removes what it is for, and no sentence of an article that talks about such things."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract import boilerplate
from pipeline.extract.boilerplate import judge, matching, trim
from pipeline.rules import table

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases" / "boilerplate.jsonl").read_text("utf-8").splitlines()
]
PARAGRAPH = "城北的旧粮库改成社区食堂以后，每天中午都要排队，老人们说比自己买菜还便宜。"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["line"][:20])
def test_rule_of_a_line(case: dict[str, str | None]) -> None:
    assert matching(str(case["line"]), str(case["place"])) == case["rule"]


def test_every_rule_has_five_fields_and_a_known_place() -> None:
    for row in table("boilerplate"):
        assert len(row) == 5
        assert row[1] in {"any", "head", "foot", "cut", "end"}
        assert int(row[2]) <= boilerplate.LONGEST
        assert row[4].strip()


def test_a_line_is_asked_of_the_rules_for_its_length_in_their_order() -> None:
    for place in ("any", "cut", "head", "foot"):
        written = [rule for rule in boilerplate.phrases(table("boilerplate")) if rule.place == place]
        for band in range(1, len(boilerplate.BANDS)):
            rules, _ = boilerplate._asked_of(place, band)
            assert rules == [rule for rule in written if rule.longest > boilerplate.BANDS[band - 1]]
    fewest, most = (len(boilerplate._asked_of("any", band)[0]) for band in (5, 1))
    assert 0 < fewest < most / 3


def test_every_kind_of_rule_is_shown_by_a_case() -> None:
    kinds = {row[0] for row in table("boilerplate")} - {"reprint"}
    assert kinds <= {case["rule"] for case in CASES}


def test_related_heading_cuts_what_follows_only_in_the_later_half() -> None:
    lines = [PARAGRAPH, PARAGRAPH, "相关阅读", "河边步道封闭", "图书馆夜间开放"]
    assert judge(lines, [90.0, 90.0, 0.0, 0.0, 0.0])[2:] == ["related"] * 3
    early = judge(["相关阅读的心理学：", PARAGRAPH, PARAGRAPH], [0.0, 90.0, 90.0])
    assert early == [None, None, None]


def test_credit_glued_to_the_last_paragraph_is_taken_off() -> None:
    assert trim([PARAGRAPH, PARAGRAPH + "（責任編輯：王某）1120506"]) == [PARAGRAPH, PARAGRAPH]
    assert trim([PARAGRAPH + "返回搜狐，查看更多"]) == [PARAGRAPH]
    assert trim([PARAGRAPH + "（他是编辑，也是作者。）"]) == [PARAGRAPH + "（他是编辑，也是作者。）"]


@pytest.mark.parametrize(
    ("foot", "kept"),
    [
        (["责任编辑：王某", "还剩一句没人认识的话"], []),
        (["作者：王某", "一个不认识的词", "又一个"], []),
        (["一个不认识的词", "责任编辑：王某"], ["一个不认识的词"]),
        (["责任编辑：王某", "一个词", "两个词", "三个词"], ["一个词", "两个词", "三个词"]),
        (["责任编辑：王某", "最后一句话有句号，是正文。"], ["最后一句话有句号，是正文。"]),
        (
            ["投稿请寄 a@b.cn", "河边街道办事处", "2021年3月1日"],
            ["投稿请寄 a@b.cn", "河边街道办事处", "2021年3月1日"],
        ),
    ],
)
def test_what_no_rule_knows_goes_with_the_credits_above_it(foot: list[str], kept: list[str]) -> None:
    lines = [PARAGRAPH, PARAGRAPH, *foot]
    weights = [90.0, 90.0, *(30.0 if line.endswith("。") else 0.0 for line in foot)]
    verdicts = judge(lines, weights)
    assert [line for line, verdict in zip(lines[2:], verdicts[2:], strict=True) if verdict is None] == kept


@given(st.lists(st.text(max_size=60), max_size=12))
def test_judge_gives_one_verdict_a_line_and_never_raises(lines: list[str]) -> None:
    kept = [line for line in lines if line.strip()]
    assert len(judge(kept, [float(len(line)) for line in kept])) == len(kept)


def test_titles_alone_below_a_heading_of_other_articles_go_with_it() -> None:
    titles = ["● 夏天省電五招 冷氣這樣開", "● 老冰箱該換了嗎？"]
    lines = [PARAGRAPH, PARAGRAPH, "【你可能還想看】", *titles]
    assert judge(lines, [90.0, 90.0, 0.0, 0.0, 0.0]) == [None, None, "related", "related", "related"]
    assert judge([*lines, PARAGRAPH], [90.0, 90.0, 0.0, 0.0, 0.0, 90.0])[3:] == [None, None, None]
