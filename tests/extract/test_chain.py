"""The way an article came to its page, step by step, and what is no step of it."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.records import ORIGIN_STEPS
from tests.extract.facts import article, cases

CASES = cases("chains")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_the_steps_back_to_the_original(case: dict[str, Any]) -> None:
    found = article(case)
    assert [[step.name, step.url, step.how, step.confidence] for step in found.origins] == case["origins"]


def test_every_step_is_met_in_a_case() -> None:
    assert {how for case in CASES for _, _, how, _ in case["origins"]} == set(ORIGIN_STEPS)
