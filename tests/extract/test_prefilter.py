"""What a pattern needs is in all that it matches, so that no rule is left out."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.extract.prefilter import needed, prefilter
from pipeline.extract.variants import in_either_script
from pipeline.rules import table

WRITTEN = [in_either_script(pattern) for _, _, _, pattern, *_ in table("boilerplate")]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("转载", ["转载"]),
        ("转载|来源", ["来源", "转载"]),
        ("(?:转载|来源)[:：]", ["来源", "转载"]),
        ("编[辑輯]?", ["编"]),
        ("(?:编辑)?[:：]", [":", "："]),
        ("(?:编辑){0,2}审", ["审"]),
        ("(?:编辑){0}审", ["审"]),
        ("(?:编辑)*?审", ["审"]),
        ("(?:编辑)+审", ["编辑"]),
        ("(?:编辑){2,}+审", ["编辑"]),
        ("编+辑", ["编"]),
        ("(?=.{0,9}转载)[^载]{0,9}", ["转载"]),
        ("转(?!载)", ["转"]),
        ("(?<=转)载", ["转"]),
        ("转$载", ["转载"]),
        ("(?P<who>编辑)", ["编辑"]),
        (r"\.html", [".h"]),
        (r"\u8f6c载", ["转载"]),
        (r"\d载", ["载"]),
        ("[^载]", []),
        ("[a-z]", []),
        (r"[\d载]", []),
        ("转载|.{3}", []),
        ("(?i:app)", []),
        ("(?i)app", []),
    ],
)
def test_what_a_pattern_needs(pattern: str, found: list[str]) -> None:
    assert sorted(needed(pattern)) == found


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_a_rule_matches_has_what_it_needs(data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from(WRITTEN))
    text = data.draw(st.from_regex(pattern))
    assert not needed(pattern) or any(literal in text for literal in needed(pattern))


def test_most_rules_need_something() -> None:
    assert sum(not needed(pattern) for pattern in WRITTEN) < len(WRITTEN) / 20


def test_those_that_may_match_are_told_in_their_order() -> None:
    patterns = ["来源|转载", "[0-9]", "转载", "赞"]
    fitting = prefilter(patterns)
    assert fitting("欢迎转载") == [0, 1, 2]
    assert fitting("点个赞") == [1, 3]
    assert fitting("") == [1]
    assert prefilter([])("转载") == []
    texts = ["来源：某报", "转\n载", "赞转载", "1"]
    for text in texts:
        assert {n for n, pattern in enumerate(patterns) if re.search(pattern, text)} <= set(fitting(text))
