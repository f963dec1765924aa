"""Where it first appeared: each rule decides a page, and what only looks like a source is none."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pipeline.corpus.card import column_docs
from pipeline.extract.origin import ELSEWHERE, SAID
from tests.extract.facts import article, cases

CASES = cases("origins")
NAMES = [name for name, *_ in (*SAID, *ELSEWHERE)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_source_and_the_rule_that_found_it(case: dict[str, Any]) -> None:
    found = article(case)
    assert (found.origin_name, found.origin_from, found.origin_url) == (
        case["source"],
        case["from"],
        case.get("link"),
    )


def test_every_rule_decides_a_case_and_is_told_in_the_columns() -> None:
    assert {case["from"] for case in CASES} == {*NAMES, None}
    told = re.search(r": ([\w, ]+) \(", column_docs()["origin_from"][1])
    assert told
    assert told[1].split(", ") == NAMES
