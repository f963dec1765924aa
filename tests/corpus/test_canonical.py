from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from pipeline.corpus.canonical import choose
from pipeline.corpus.glue import disjoint, glued, remainder
from pipeline.corpus.relations import Decision, Member
from tests.corpus.articles import article

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
    return Member(decision=decision, **(PLAIN | given))


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


SECTIONED = f"{article(1, 6)}\n第一节\n{article(2, 6)}\n第二节\n{article(3, 6)}\n第三节\n{article(4, 6)}"


@pytest.mark.parametrize(
    ("page", "part", "title", "expected"),
    [
        (f"{article(1)}\n另一篇的标题\n{article(2)}", article(1), "", True),
        (f"{article(1)}\n另一篇的标题\n{article(2)}", article(2), "", True),
        (f"{article(1)}\n{article(2)}", article(1), "", False),
        (f"{article(1)}\n另一篇的标题\n{article(2)}", article(1)[:-1] + "……未完待续", "", False),
        (SECTIONED, f"{article(1, 6)}\n第一节\n{article(2, 6)}", "", False),
        (SECTIONED, article(3, 6), "", False),
        (SECTIONED, article(3, 6), "第二节", True),
    ],
)
def test_glue_is_told_from_an_excerpt(page: str, part: str, title: str, expected: bool) -> None:
    start = page.find(part[:100])
    assert glued(page, (start, start + len(part.removesuffix("……未完待续"))), part, title) is expected


def test_what_remains_of_a_glued_page() -> None:
    assert remainder(1000, [(0, 400)]) == ((400, 1000),)
    assert remainder(1000, [(300, 700)]) == ((0, 300), (700, 1000))
    assert remainder(1000, [(0, 400), (450, 1000)]) == ()
    assert remainder(1000, [(500, 1000), (0, 600)]) == ()


def test_disjoint() -> None:
    assert disjoint([(500, 900), (0, 400)])
    assert disjoint([(0, 500), (490, 900)])
    assert not disjoint([(0, 500), (400, 900)])
    assert not disjoint([(0, 500)])
