from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from pipeline.dedupe.canonical import choose
from pipeline.dedupe.records import Decision, Member

PLAIN: dict[str, Any] = {
    "print": 1,
    "text_hash": 1,
    "digest": 1,
    "size": 1000,
    "length": 900,
    "sketched": 50,
    "represents": False,
    "site": "s.example",
    "url": "",
    "title": "",
    "published_on": date(2023, 5, 2),
    "fetched_at": datetime(2023, 5, 3, tzinfo=UTC),
    "origin_name": None,
    "site_name": None,
    "native": True,
    "flaws": 0,
}


def member(name: str, **given: Any) -> Member:
    decision = Decision(id=name, cluster="c", relation="new")
    return Member(decision=decision, found=decision, order=0, **(PLAIN | given))


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ({"flaws": 1}, {"published_on": date(2024, 1, 1)}),
        ({"origin_name": "某报"}, {"site_name": "某报", "published_on": date(2024, 1, 1)}),
        ({"native": False}, {"published_on": date(2024, 1, 1)}),
        ({"length": 500}, {"published_on": date(2024, 1, 1)}),
        ({"published_on": date(2023, 5, 3)}, {}),
        ({"published_on": None}, {}),
        ({"fetched_at": datetime(2023, 5, 4, tzinfo=UTC)}, {}),
        ({"fetched_at": None}, {}),
        ({}, {}),
    ],
)
def test_the_better_copy_is_chosen(worse: dict[str, Any], better: dict[str, Any]) -> None:
    pair = [member("b", **worse), member("a", **better)]
    assert choose(pair).id == choose(pair[::-1]).id == "a"


def test_the_longest_copy_is_not_the_best_one() -> None:
    lengths = {"frame": 1600, "one": 900, "other": 905, "cut": 500}
    copies = [member(name, length=length, published_on=date(2023, 5, 2)) for name, length in lengths.items()]
    assert choose(copies).id == "one"


def test_a_page_that_names_nobody_is_not_the_origin_for_that() -> None:
    credited = member("credited", origin_name="某报", published_on=date(2023, 5, 1))
    assert choose([credited, member("bare")]).id == "credited"
