from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.dedupe import facts
from pipeline.dedupe.overlap import measure
from pipeline.dedupe.relate import Circumstances, Relation, judge
from pipeline.dedupe.sketch import Shingles, shingles, text_key
from tests.corpus.articles import sentences

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "cases" / "dedupe_pairs.jsonl")
    .read_text("utf-8")
    .splitlines()
]


def shingled(text: str) -> Shingles:
    return shingles(text_key(text))


def judged(a: str, b: str, *, rare: float = 1.0) -> Relation:
    return judge(shingled(a), shingled(b), Circumstances(days=None, titles=("", ""), rare=lambda: rare))[0]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_pair(case: dict[str, str]) -> None:
    found = judged(case["a"], case["b"])
    assert found.relation == case["relation"], found
    other_way = {"contained_in": "contains", "contains": "contained_in"}
    assert judged(case["b"], case["a"]).relation == other_way.get(case["relation"], case["relation"])


def text(number: int, chosen: slice = slice(None)) -> str:
    return "".join(sentences(number)[chosen])


def test_coverage_is_a_share_of_each_text() -> None:
    overlap = measure(shingled(text(1)), shingled(text(1, slice(0, 7)) + text(2, slice(0, 21))))
    assert overlap is not None
    assert overlap.a.coverage == pytest.approx(0.5, abs=0.02)
    assert overlap.b.coverage == pytest.approx(7 / 21, abs=0.02)
    assert overlap.density == 1.0
    assert overlap.a.runs[0][0] == 0


def test_strangers_have_no_overlap() -> None:
    assert measure(shingled(text(1)), shingled(text(2))) is None


def test_an_inner_block_lies_between_two_runs() -> None:
    parts = sentences(1)
    inner = measure(shingled(text(1)), shingled("".join(parts[:4] + parts[8:])))
    outer = measure(shingled(text(1)), shingled("".join(parts[:10])))
    assert inner is not None
    assert outer is not None
    assert inner.a.inner == pytest.approx(120, abs=8)
    assert outer.a.inner == 0
    assert outer.a.tail == pytest.approx(120, abs=8)


def test_little_overlap_counts_only_when_no_third_text_has_it() -> None:
    one = "".join(sentences(1)[:7] + sentences(2)[:6])
    other = "".join(sentences(1)[:7] + sentences(3)[:6])
    assert judged(one, other, rare=0.0).relation is None
    assert judged(one, other, rare=1.0).relation == "duplicate"


def test_two_articles_that_quote_one_source_are_not_versions_of_it() -> None:
    quoted, one, other = sentences(1), sentences(2), sentences(3)
    report = "".join(quoted[:4] + one[:2] + quoted[4:8] + one[2:4] + quoted[8:12] + one[4:10])
    column = "".join(quoted[:4] + other[:2] + quoted[4:8] + other[2:4] + quoted[8:12] + other[4:10])
    shortened = "".join(one[:2] + quoted[:4] + quoted[6:12])
    assert judged(report, column).rule == "quoted"
    assert judged(shortened, "".join(quoted[:12])).relation == "duplicate"


def test_numbers_that_agree_are_counted_among_the_fewer() -> None:
    assert facts.numbers_agree(shingled("共3人，2023年，第17届"), shingled("2023年第17届")) == 1.0
    assert facts.numbers_agree(shingled("第17届"), shingled("第18届")) == 0.0
    assert facts.numbers_agree(shingled("没有数字"), shingled("第18届")) == 1.0


def test_conflicts_name_what_stands_in_each_others_place() -> None:
    frame = (
        "本市今天举行了第{}届长跑比赛，来自各地的{}名选手在{}沿着河边的道路跑完全程，天气晴好，市民夹道加油。"
    )
    one, other = (
        shingled(frame.format(*values)) for values in (("三", "2400", "上午"), ("五", "3150", "傍晚"))
    )
    overlap = measure(one, other)
    assert overlap is not None
    found = facts.conflicts(one, other, overlap)
    assert found.numbers == (("三", "五"), ("2400", "3150"))
    assert found.names == {("上午", "傍晚"): 1}
    assert (found.share, found.head) == (1.0, True)


@pytest.mark.parametrize(
    ("titles", "bodies", "expected"),
    [
        (("欢迎甲国总统来访", "欢迎乙国总统来访"), ("甲国总统", "乙国总统"), ("迎甲", "迎乙")),
        (("欢迎大洋国总统来访", "欢迎高山国总统来访"), ("大洋国总统", "高山国总统"), ("大洋", "高山")),
        (("欢迎大洋国总统来访", "欢迎高山国总统来访"), ("大洋国总统", "大洋国总统"), None),
        (("欢迎大洋国总统来访", "重磅大洋国总统来访"), ("大洋国总统", "大洋国总统"), None),
        (("欢迎大洋国总统来访", "另一件全然无关的事"), ("大洋国总统", "另一件全然"), None),
        (("", ""), ("大洋国总统", "高山国总统"), None),
    ],
)
def test_titles(titles: tuple[str, str], bodies: tuple[str, str], expected: tuple[str, str] | None) -> None:
    bodies = ("广场上欢" + bodies[0].replace("甲", "迎甲"), "广场上欢" + bodies[1].replace("乙", "迎乙"))
    assert facts.titles_conflict(titles[0], bodies[0], titles[1], bodies[1]) == expected
