from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.dedupe import facts
from pipeline.dedupe.evidence import Circumstances, Evidence
from pipeline.dedupe.overlap import NOTHING, Side, measure
from pipeline.dedupe.prepared import schema
from pipeline.dedupe.relate import (
    CONFLICTS_SHOWN,
    RULES,
    Relation,
    RelationRule,
    judge,
)
from pipeline.dedupe.sketch import Shingles, shingles, text_key
from pipeline.dedupe.titles import subjects_conflict, titles_conflict
from tests.corpus.articles import sentences


def cases(name: str) -> list[dict[str, Any]]:
    path = Path(__file__).parent.parent / "cases" / name
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


PAIRS, DECIDED = cases("dedupe_pairs.jsonl"), cases("dedupe_rules.jsonl")


def shingled(text: str) -> Shingles:
    return shingles(text_key(text))


def judged(
    a: str,
    b: str,
    *,
    rare: float = 1.0,
    days: int | None = None,
    titles: Sequence[str] = ("", ""),
    one_site: bool = False,
) -> Relation:
    known = Circumstances(
        days=days,
        titles=(titles[0], titles[1]),
        one_site=one_site,
        rare=lambda: rare,
        schemas=lambda: (schema(a), schema(b)),
    )
    return judge(shingled(a), shingled(b), known)[0]


@pytest.mark.parametrize("case", PAIRS, ids=[case["name"] for case in PAIRS])
def test_pair(case: dict[str, Any]) -> None:
    known = {name: case[name] for name in ("rare", "days", "one_site") if name in case}
    titles = case.get("titles", ["", ""])
    found = judged(case["a"], case["b"], titles=titles, **known)
    assert (found.relation, found.rule) == (case["relation"], case["rule"]), found
    other_way = {"contained_in": "contains", "contains": "contained_in"}
    turned = judged(case["b"], case["a"], titles=titles[::-1], **known)
    assert turned.relation == other_way.get(case["relation"], case["relation"])
    assert turned.rule == case["rule"]


def evidence(
    *,
    low: float = 1.0,
    high: float = 1.0,
    density: float = 1.0,
    turned: bool = False,
    a: dict[str, Any] | None = None,
    b: dict[str, Any] | None = None,
    days: int | None = None,
    rare: float = 1.0,
    numbers: int = 0,
    share: float = 0.0,
    head: bool = False,
    swapped: int = 0,
    edges: int = 0,
    titles: Sequence[str] | None = None,
    **measured: Any,
) -> Evidence:
    """Evidence of these measures; `turned`: the second text is covered more."""
    plain = {
        "length": 1000,
        "density": density,
        "runs": (),
        "blocks": (),
        "inner": 0,
        "passages": 0,
        "tail": 0,
    }
    one, other = (low, high) if turned else (high, low)
    found = Evidence(
        a=shingled(""),
        b=shingled(""),
        overlap=replace(
            NOTHING,
            a=Side(**{**plain, "coverage": one, **(a or {})}),
            b=Side(**{**plain, "coverage": other, **(b or {})}),
        ),
        known=Circumstances(days=days, titles=("", ""), rare=lambda: rare),
    )
    conflicts = facts.Conflicts(
        numbers=tuple((f"{n}", f"{n + 50}") for n in range(numbers)),
        share=share,
        head=head,
        names=Counter({("甲", "乙"): swapped} if swapped else {}),
        edges=edges,
    )
    given = {"agree": 1.0, "gaps": (0, 0.0, 1.0), "notices": None, "schema": False, **measured}
    vars(found).update(given, conflicts=conflicts, titles=tuple(titles) if titles else None)
    return found


def decided(found: Evidence) -> RelationRule:
    return next(rule for rule in RULES if rule.holds(found))


@pytest.mark.parametrize("case", DECIDED, ids=[case["name"] for case in DECIDED])
def test_the_first_rule_that_holds_decides(case: dict[str, Any]) -> None:
    assert decided(evidence(**case["evidence"])).name == case["rule"]


def test_every_rule_decides_a_case_and_must_not_decide_another() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert {case["rule"] for case in DECIDED} == set(names)
    assert {case["rule"] for case in PAIRS} == set(names)
    assert all(rule.source for rule in RULES)


def test_the_kind_of_a_copy_and_the_facts_that_differ_are_told() -> None:
    rule = decided(evidence(numbers=1, swapped=1))
    assert rule.shows(evidence(numbers=1, swapped=1)) == ("0/50", "甲/乙")
    assert len(rule.shows(evidence(numbers=9))) == CONFLICTS_SHOWN
    differing = evidence(titles=["甲国", "乙国"], density=0.84, numbers=9)
    shown = RULES[[r.name for r in RULES].index("titles")].shows(differing)
    assert (shown[:2], len(shown)) == (("甲国/乙国", "0/50"), CONFLICTS_SHOWN)


@pytest.mark.parametrize(("dropped", "kind"), [(2, "light"), (4, "heavy")])
def test_a_copy_of_four_fifths_is_light(dropped: int, kind: str) -> None:
    parts = sentences(1)
    shortened = "".join(parts[:4] + parts[4 + dropped :])
    assert judged("".join(parts), shortened).kind == judged(shortened, "".join(parts)).kind == kind
    assert judged("".join(parts), "".join(parts[:6]) + "点击查看全文").kind is None


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
    ("one", "other", "numbers"),
    [
        (
            ("5.3", "5.3.1", "5.3.2", "5.3.4"),
            ("5.2", "5.2.1", "5.2.3", "5.2.4"),
            0,
        ),  # a section that was moved
        (("5.3", "5.3.1", "6.1", "7.2"), ("5.2", "5.2.1", "9.1", "8.2"), 4),
        (("530", "5301", "5302", "5304"), ("2.9", "291", "292", "294"), 4),
        (("4.6", "4.5", "9.1", "4.7"), ("4.3", "4.2", "9.1", "4.4"), 0),  # a chapter before them is left out
        (("4.6", "4.5", "9.1", "4.7"), ("4.3", "4.1", "9.1", "4.4"), 3),
        (("4006", "4005", "9001", "4007"), ("4003", "4002", "9001", "4004"), 3),
    ],
)
def test_the_numbers_of_a_section_that_was_moved_are_no_facts(
    one: Sequence[str], other: Sequence[str], numbers: int
) -> None:
    lines = sentences(3, 4)
    a, b = (
        shingled("\n".join(f"{said}见{number}小册" for said, number in zip(lines, said_of, strict=True)))
        for said_of in (one, other)
    )
    overlap = measure(a, b)
    assert overlap is not None
    assert len(facts.conflicts(a, b, overlap).numbers) == numbers


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [
        ("浮标", "滤网", "same_form"),  # the manuals of two things
        ("專案", "項目", "duplicate"),  # one thing in the words of two places
        ("浮标", "浮漂", "duplicate"),  # its name was put right
        ("您", "你", "duplicate"),
    ],
)
def test_texts_of_another_subject_throughout_are_of_one_form(one: str, other: str, relation: str) -> None:
    lines = [f"{said}这一步做完以后把{{0}}放回原处。" for said in sentences(3, 4)]
    text = "\n".join(["{0}的用法与保养", *lines, *sentences(4, 12)])
    assert judged(text.format(one), text.format(other)).relation == relation


@pytest.mark.parametrize(
    ("names", "titles", "relation"),
    [
        (("浮标", "滤网"), ("{}的用法", "{}的用法"), "same_form"),
        (("浮标", "滤网"), ("", ""), "same_form"),  # by the first words
        (("浮标", "滤网"), ("{}的用法", "用法与保养"), "duplicate"),  # one says no subject
        (("浮标", "浮漂"), ("{}的用法", "{}的用法"), "duplicate"),  # a name was put right
        (("buoy", "sieve"), ("用法：{}", "用法：{}"), "same_form"),
        (("buoy", "sieve"), ("用法：buoy", "用法：buoy"), "duplicate"),  # one page in two releases
    ],
)
def test_pages_of_two_subjects_that_their_titles_name_are_of_one_form(
    names: tuple[str, str], titles: tuple[str, str], relation: str
) -> None:
    # The subject stands amid other words in either text: nothing stands in the place of something else.
    around = (
        (("先用过的旧", "再洗"), ("洗净以后是新", "收好")),
        (("以后有人说", "不用"), ("今天轮到", "来做")),
    )
    a, b = (
        "\n".join([f"{name}。", *sentences(5, 14), *(f"{before}{name}{after}" for before, after in said)])
        for name, said in zip(names, around, strict=True)
    )
    named = [title.format(name) for title, name in zip(titles, names, strict=True)]
    assert judged(a, b, titles=named).relation == relation


def test_passages_in_the_words_of_two_places_are_of_one_article() -> None:
    shared = sentences(8, 14)
    for words, relation in (
        ((["預設", "檔案", "程式"], ["默认", "文件", "程序"]), "duplicate"),
        ((["甲"], ["乙"]), None),
    ):
        one, other = (
            "\n".join([*(f"{line}{'，'.join(said)}" for line in sentences(seed, 5)), *shared])
            for seed, said in zip((21, 22), words, strict=True)
        )
        assert judged(one, other).relation == relation


def test_words_of_two_places_name_no_two_subjects() -> None:
    said = [
        f"{name}一，{name}二，{name}三，都是新的{other}"
        for name, other in (("浮标", "項目"), ("滤网", "專案"))
    ]
    one, other = (shingled(text).string for text in said)
    assert subjects_conflict("浮标的用法", one[:-2], "滤网的用法", other[:-2]) == ("浮标", "滤网")
    assert subjects_conflict("浮标的用法", one, "滤网的用法", other) is None


@pytest.mark.parametrize(
    ("runs", "extent"),
    [
        (((5, 15), (430, 440), (600, 900), (1050, 1058)), (600, 900)),
        (((430, 440), (460, 470), (600, 900)), (430, 900)),
        (((0, 10), (40, 50), (300, 310)), (0, 50)),
        ((), None),
    ],
)
def test_phrases_that_texts_on_one_subject_share_are_no_part_of_the_stretch(
    runs: tuple[tuple[int, int], ...], extent: tuple[int, int] | None
) -> None:
    side = replace(NOTHING.a, length=2000, runs=runs)
    assert side.extent == extent


def test_a_subject_is_mentioned_by_a_page_about_another_one() -> None:
    shared = "".join(sentences(8))
    for times, expected in ((4, ("浮标", "滤网")), (3, None)):
        one, other = (
            shingled(shared + f"{mine}要放稳" * times + f"参见{theirs}").string
            for mine, theirs in (("浮标", "滤网"), ("滤网", "浮标"))
        )
        assert subjects_conflict("浮标的用法", one, "滤网的用法", other) == expected


def test_titles_in_the_words_of_two_places_name_one_thing() -> None:
    lines = sentences(8)
    for words, relation in (
        (("滑鼠", "鼠标"), "duplicate"),
        (("宏都拉斯", "洪都拉斯"), "duplicate"),
        (("滑板", "浮标"), "same_form"),
    ):
        one, other = ("".join([*lines[:5], *(f"{word}放稳。" for _ in "甲乙"), *lines[5:]]) for word in words)
        named = [f"新到的{word}如何保养" for word in words]
        assert judged(one, other, titles=named).relation == relation


@pytest.mark.parametrize(
    ("frame", "values", "expected"),
    [
        ("第{}届长跑比赛今天在{}的河边举行", ("三", "本市", "五", "邻县"), (True, 2)),
        ("今天有{}名选手在{}的河边跑完全程", ("240", "本市", "315", "本市"), (False, 0)),
        ("代码{}的公司今天在{}举行了会议", ("601234", "本市", "600987", "邻县"), (True, 2)),
        ("代码{}的公司今天在{}举行了会议", ("601234", "本市", "6009八7", "邻县"), (False, 0)),
        ("今天有{}名选手在{}的河边跑完全程", ("240", "本市", "315", "邻县"), (False, 0)),
        ("今天有选手在{}的河边跑完{}的路程", ("本市", "全部", "邻县", "一半"), (False, 0)),
    ],
)
def test_facts_at_the_head_or_the_foot_tell_when_and_which(
    frame: str, values: tuple[str, str, str, str], expected: tuple[bool, int]
) -> None:
    rest = "".join(sentences(1))
    for one, other in (
        (frame.format(*values[:2]) + rest, frame.format(*values[2:]) + rest),
        (rest + frame.format(*values[:2]), rest + frame.format(*values[2:])),
    ):
        a, b = shingled(one), shingled(other)
        overlap = measure(a, b)
        assert overlap is not None
        found = facts.conflicts(a, b, overlap)
        assert found.edges == expected[1]
        assert found.head == (expected[0] and one.endswith(rest))


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        (lambda parts: [*parts[:5], parts[5][:9] + "另有" + parts[5][11:], *parts[6:]], "edited"),
        (lambda parts: ["原标题一行关于本文的说明文字与出处", *parts], "edited"),
        (lambda parts: [*parts, "以上内容由某某整理并负责解释说明"], "edited"),
        (lambda parts: [part[:9] + "另有" + part[11:] for part in parts[:4]] + parts[4:], "light"),
        (lambda parts: [*parts[:5], *sentences(2)[:3], *parts[5:]], "light"),
    ],
)
def test_a_version_put_right_or_labelled_is_edited(
    changed: Callable[[list[str]], list[str]], kind: str
) -> None:
    parts = sentences(1)
    assert judged("".join(parts), "".join(changed(parts))).kind == kind
    assert judged("".join(changed(parts)), "".join(parts)).kind == kind


def test_numbers_of_one_value_are_no_conflict() -> None:
    body = "".join(sentences(1))
    one, other = (shingled(f"第{number}届长跑比赛今天举行" + body) for number in ("22", "二二"))
    overlap = measure(one, other)
    assert overlap is not None
    assert facts.conflicts(one, other, overlap).numbers == ()


def test_departures_elsewhere_make_a_version_not_a_notice() -> None:
    parts = sentences(1)
    changed = [part[:8] + "另有改动" + part[12:] for part in parts]
    a, b = (
        shingled("第三届比赛在本市举行" + "".join(parts)),
        shingled("第五届比赛在邻县举行" + "".join(changed)),
    )
    overlap = measure(a, b)
    assert overlap is not None
    assert facts.conflicts(a, b, overlap).edges == 0


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
    assert titles_conflict(titles[0], bodies[0], titles[1], bodies[1]) == expected
