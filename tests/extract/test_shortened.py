"""Titles that a site cut short, completed from the page alone, and titles that only look so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.extract.facts import article, cases


@pytest.mark.parametrize("case", cases("cut_titles"), ids=lambda case: case["why"])
def test_title_and_what_the_site_shows_of_it(case: dict[str, Any]) -> None:
    found = article(case)
    assert found.title == case["is"]
    assert [flag.text for flag in found.flags if flag.name == "title_cut"] == [case["flag"]] * bool(
        case["flag"]
    )
