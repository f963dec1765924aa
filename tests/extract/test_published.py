"""The day of publication: each reader decides a page, and what only looks like that day is none."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pipeline.corpus.card import column_docs
from pipeline.extract.published import DAYS
from tests.extract.facts import article, cases

CASES = cases("published")
NAMES = [name for name, *_ in DAYS]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_day_and_the_reader_that_found_it(case: dict[str, Any]) -> None:
    found = article(case)
    day = found.published_on.isoformat() if found.published_on else None
    assert (day, found.published_from) == (case["day"], case["from"])


@pytest.mark.parametrize(("pad", "day"), [(2_900_000, "2023-03-11"), (3_100_000, "None")])
def test_a_script_is_read_to_three_million_code_points(pad: int, day: str) -> None:
    script = f"<script>{'var pad=1;' * (pad // 10)}var oriCreateTime = '1678500000';</script>"
    assert str(article({"below": script}).published_on) == day


def test_every_reader_decides_a_case_and_is_told_in_the_columns() -> None:
    found = {case["from"] and case["from"].split(":")[0] for case in CASES}
    assert found == {*NAMES, None}
    told = re.search(r": ([\w, :<>-]+) \(", column_docs()["published_from"][1])
    assert told
    assert re.sub(r":<\w+>", "", told[1]).split(", ") == NAMES
