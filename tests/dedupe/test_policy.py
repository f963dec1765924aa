from __future__ import annotations

from typing import Any

import pytest

from pipeline.dedupe.policy import PLACES, Standing
from pipeline.dedupe.records import Decision, Item, Link
from pipeline.dedupe.run import DedupeIndex, dedupe
from tests.corpus.articles import article, item, sentences, stored
from tests.dedupe.test_canonical import member

LINK = Link(
    id="part", of="page", print=1, of_print=1, relation="contained_in", kind="excerpt", score=0.9,
    partner_score=0.4, density=1.0, rule="held", conflicts=(), span=(0, 400),
)  # fmt: skip
HOLDER = (LINK, member("page"))
NEW = Decision(id="part", cluster="part", relation="new")
CONTAINS = Decision(id="part", cluster="part", relation="contains", kind="excerpt", of=("x",))


@pytest.mark.parametrize(
    ("place", "standing", "expected"),
    [
        ("excerpt", {"whole": [HOLDER], "holders": [HOLDER]}, ("contained_in", "excerpt", ("page",), False)),
        ("part", {"holders": [HOLDER]}, ("contained_in", "part", ("page",), True)),
        ("fuller", {"decision": CONTAINS}, ("contains", "fuller", ("x",), True)),
        ("article", {}, ("new", None, (), True)),
        ("split", {"parts": [LINK], "rest": ((400, 900),)}, ("split_from", "glue", ("part",), True)),
        ("glued", {"parts": [LINK]}, ("contains", "glue", ("part",), False)),
        ("glued", {"parts": [LINK], "decision": CONTAINS}, ("contains", "glue", ("part",), False)),
        ("part", {"holders": [HOLDER], "parts": [LINK]}, ("contained_in", "part", ("page",), True)),
    ],
)
def test_the_first_place_that_holds_is_taken(
    place: str, standing: dict[str, Any], expected: tuple[object, ...]
) -> None:
    empty: dict[str, Any] = {"decision": NEW, "holders": [], "whole": [], "parts": [], "rest": ()}
    given = Standing(**(empty | standing))
    taken = next(place for place in PLACES if place.holds(given))
    found = taken.decide(given)
    assert taken.name == place
    assert (found.relation, found.kind, found.of, found.published) == expected
    assert (found.reason is None) == found.published


def published(*batches: list[Item]) -> dict[str, tuple[str, str | None, bool]]:
    index = DedupeIndex.open(None)
    for number, batch in enumerate(batches, 1):
        dedupe(batch, index, stored(*batches[:number]))
    return {m.id: (m.decision.relation, m.decision.kind, m.decision.published) for m in index.all_members()}


def test_a_copy_of_an_excerpt_is_withheld_with_it_and_both_come_back() -> None:
    excerpt = "".join(sentences(1)[2:8])
    full = [item("f", article(1)), item("e", excerpt), item("e2", excerpt)]
    assert published(full) == {
        "f": ("new", None, True),
        "e": ("contained_in", "excerpt", False),
        "e2": ("duplicate", "exact", False),
    }
    revised = [item("f", article(5))]
    assert published(full, revised)["e"][2] is True


def test_a_decision_about_a_page_whose_partners_changed_says_what_it_is_now() -> None:
    excerpt = "".join(sentences(1)[2:8])
    batches = [item("e", excerpt)], [item("f", article(1))], [item("f", article(5))]
    assert published(*batches[:2])["e"] == ("contained_in", "excerpt", False)
    assert published(*batches)["e"] == ("new", None, True)


def test_of_two_glued_copies_the_one_with_links_is_cut() -> None:
    glued = f"{article(1)}\n另一篇的标题\n{article(2)}"
    found = published([item("a", article(1))], [item("g", glued), item("b", glued)])
    assert sorted(found[name][:1] + found[name][2:] for name in ("b", "g")) == [
        ("duplicate", False),
        ("split_from", True),
    ]
