"""Under what an article is filed: the trail of sections, tags; and keywords that are none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.extract.facts import article, cases


@pytest.mark.parametrize("case", cases("filed"), ids=lambda case: case["why"])
def test_sections_and_tags(case: dict[str, Any]) -> None:
    found = article(case)
    assert (list(found.sections), list(found.tags)) == (case["sections"], case["tags"])
    assert found.section == (case["sections"][-1] if case["sections"] else None)
