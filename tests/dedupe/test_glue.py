from __future__ import annotations

import pytest

from pipeline.dedupe.glue import disjoint, glued, remainder
from tests.corpus.articles import article

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
