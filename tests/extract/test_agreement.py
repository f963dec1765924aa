"""Where the two readers differ: which rule decides a line, and how far they agree.

In the cases a line that trafilatura drops stands in `del` elements of the class `x`; the letters S1 … are sentences.
"""

from __future__ import annotations

from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.extract.agreement import DIFFER, settle
from pipeline.extract.layout import read_layout
from pipeline.extract.weights import weigh
from tests.extract.facts import cases

SENTENCES = {
    "S1": "城北的旧粮库改成食堂以后，每天中午都要排队。",
    "S2": "老人们说，一荤两素的套餐比自己买菜还便宜。",
    "S3": "负责人介绍，食堂每天供应四百份午餐和晚餐。",
}


def settled(html: str, rules: dict[int, str] | None = None) -> Any:
    for word, sentence in SENTENCES.items():
        html = html.replace(word, sentence)
    layout = read_layout(LexborHTMLParser(f"<div>{html}</div>"))
    weights = weigh(layout)
    rules = rules or {}
    own = [i for i in range(len(layout.lines)) if i not in rules]
    theirs = {
        i
        for i, line in enumerate(layout.lines)
        if not any(layout.boxes[piece.box].names == "x" for piece in line.pieces)
    }
    return layout, settle(layout, weights, own, theirs, rules)


@pytest.mark.parametrize("case", cases("readers"), ids=lambda case: case["name"])
def test_the_first_rule_that_holds_decides(case: dict[str, Any]) -> None:
    layout, found = settled(case["html"])
    short = {sentence: word for word, sentence in SENTENCES.items()}
    told = {
        short.get(layout.lines[i].text, layout.lines[i].text): rule
        for i, rule in {**found.stays, **found.goes}.items()
    }
    assert told == case["rules"]
    assert all(rule.startswith("both_doubt") for rule in found.goes.values())
    assert not any(rule.startswith("both_doubt") for rule in found.stays.values())


def test_every_rule_has_a_case_that_must_stay_or_go() -> None:
    seen = {rule for case in cases("readers") for rule in case["rules"].values()}
    assert seen == {name for name, _, _ in DIFFER}
    for name in seen:
        assert sum(name in case["rules"].values() for case in cases("readers")) >= 3, name
    assert sum(not case["rules"] for case in cases("readers")) >= 1


@pytest.mark.parametrize(
    ("html", "rules", "agreement"),
    [
        ("<p>甲乙丙</p><p>丁</p>", {}, 1.0),
        ("<p>甲乙丙</p><p><del class=x>丁</del></p>", {}, 0.75),
        ("<p>甲，乙 丙。</p><p><del class=x>丁……</del></p>", {}, 0.75),
        ("<p>甲乙丙</p><p>丁</p>", {1: "junk"}, 0.75),
        ("<p>甲乙丙</p><p>丁</p>", {1: "hidden"}, 0.75),
        ("<p>甲乙丙</p><p>丁</p>", {1: "caption"}, 1.0),
        ("<p>甲乙丙</p><p>责任编辑：卫某</p>", {1: "junk"}, 1.0),
        ("<p>甲乙丙</p><p>扫描二维码下载APP</p>", {1: "hidden"}, 1.0),
        ("<p>甲乙丙</p><p>丁</p>", {1: "head"}, 1.0),
        ("<p>甲乙丙</p><p><del class=x>丁</del></p>", {1: "junk"}, 1.0),
        ("<p>甲乙丙</p><p><del class=x>丁</del></p><p>戊己</p>", {2: "junk"}, 0.5),
        ("<p><del class=x>甲乙丙</del></p>", {}, 0.0),
        ("<p>——</p>", {}, 1.0),
        ("", {}, 1.0),
    ],
)
def test_agreement_is_the_share_of_letters_both_readers_have(
    html: str, rules: dict[int, str], agreement: float
) -> None:
    _, found = settled(html, rules)
    assert found.agreement == agreement
