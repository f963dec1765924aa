"""Who wrote it: each rule decides a page, and what only looks like an author is none."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pipeline.corpus.card import column_docs
from pipeline.extract.author import AUTHORS
from tests.extract.facts import article, cases

CASES = cases("authors")
NAMES = [name for name, *_ in AUTHORS]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_author_and_the_rule_that_found_it(case: dict[str, Any]) -> None:
    found = article(case)
    assert (found.author, found.author_from) == (case["author"], case["from"])


def test_every_rule_decides_a_case_and_is_told_in_the_columns() -> None:
    assert {case["from"] for case in CASES} == {*NAMES, None}
    told = re.search(r": ([\w, ]+) \(", column_docs()["author_from"][1])
    assert told
    assert told[1].split(", ") == NAMES
