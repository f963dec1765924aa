"""The reporter a line names: every form decides three lines, and what only looks like one names none."""

from __future__ import annotations

from collections import Counter
from re import _constants, _parser

import pytest

from pipeline.extract import dateline
from pipeline.extract.dateline import FORMS, dateline_author
from tests.extract.facts import cases

CASES = cases("datelines")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["line"])
def test_reporter_of_a_line(case: dict[str, str | None]) -> None:
    assert dateline_author(case["line"] or "") == case["author"]


def test_every_form_decides_three_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    decided: Counter[int] = Counter()
    compiled = dateline._COMPILED
    for case in (case for case in CASES if case["author"]):
        for number, form in enumerate(compiled):
            monkeypatch.setattr(dateline, "_COMPILED", (form,))
            if dateline_author(case["line"]):
                decided[number] += 1
                break
    assert {number: decided[number] >= 3 for number in range(len(FORMS))} == dict.fromkeys(
        range(len(FORMS)), True
    ), decided


def test_a_form_that_begins_at_the_start_has_no_alternative_elsewhere() -> None:
    """It is tried there alone."""
    at_start = [_parser.parse(form)[0] for form, *_ in FORMS if form[0] == "^"]
    assert len(at_start) > 20
    assert {operator for operator, _ in at_start} == {_constants.AT}
