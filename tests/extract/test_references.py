"""Reference marks whose list is not in the text."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.extract.references import missing_references
from pipeline.records import Span
from tests.extract.facts import article, cases


@pytest.mark.parametrize("case", cases("references"), ids=lambda case: case["why"])
def test_marks_that_point_at_nothing(case: dict[str, Any]) -> None:
    spans = [Span(kind=kind, level=0, start=start, end=end) for kind, start, end in case["structure"]]
    found = missing_references(case["text"], spans)
    assert [(flag.name, flag.text) for flag in found] == [("references_missing", case["flag"])] * bool(
        case["flag"]
    )


def test_a_page_is_flagged() -> None:
    found = article({"head": "<div>2023-03-11</div>", "last": "后来又试了一次[2]。"})
    assert [flag.name for flag in found.flags] == ["references_missing"]
