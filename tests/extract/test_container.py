"""Which element holds the article, and how far up the search climbs; cases in the words of sentences.py."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.extract.container import find_container
from pipeline.extract.layout import Layout
from tests.extract.facts import cases
from tests.extract.sentences import SENTENCES, layout_of, weights_of


def told(layout: Layout, first: int, last: int) -> list[str]:
    """Lines in the words of the cases."""
    short = {text: word for word, text in SENTENCES.items()}
    return [short.get(line.text, line.text) for line in layout.lines[first:last]]


@pytest.mark.parametrize("case", cases("containers"), ids=lambda case: case["why"])
def test_the_element_that_holds_the_article(case: dict[str, Any]) -> None:
    layout = layout_of(case["html"])
    found = find_container(layout, weights_of(layout))
    assert [told(layout, layout.boxes[box].first, layout.boxes[box].last) for box in found] == case["lines"]
