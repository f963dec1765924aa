"""Headers, bylines and last lines as sites of the open web mark them up, with words of our own in them.

`like` says whose markup it is. A fact that a case does not hold is open: where a paper is named only in a dateline,
or a desk signs, readers may differ.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.extract.facts import TITLE, article, cases

CASES = cases("sites")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["like"])
def test_facts_of_a_site(case: dict[str, Any]) -> None:
    found = article(case)
    assert (found.title, str(found.published_on)) == (TITLE, case.get("day", "2023-03-11"))
    assert found.author == case.get("author", found.author)
    assert found.origin_name == case.get("source", found.origin_name)


def test_the_cases_are_of_many_sites() -> None:
    assert len({case["like"] for case in CASES}) == len(CASES) > 250
