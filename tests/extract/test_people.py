"""Who stands beside the author: the office at the name, and who edited, proofread and reviewed."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.rules import table
from tests.extract.facts import article, cases

CASES = cases("people")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_affiliation_and_editors(case: dict[str, Any]) -> None:
    found = article(case)
    assert found.affiliation == case["affiliation"]
    assert [[editor.name, editor.role] for editor in found.editors] == case["editors"]


def test_every_role_is_met_in_a_case() -> None:
    assert {role for case in CASES for _, role in case["editors"]} == {
        row[0] for row in table("editor-roles")
    }
