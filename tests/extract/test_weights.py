"""What a line weighs, and what its place takes from it; cases in the words of sentences.py."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from pipeline.extract.weights import is_linked_title, line_weight
from tests.extract.facts import cases
from tests.extract.sentences import layout_of, weights_of


@pytest.mark.parametrize(
    ("html", "weight"),
    [
        ("城北的食堂真好。", 8 + 12),
        ("城北食堂真好。", 0),
        ("<a href=1>城北的食堂</a>真好呀，好。", 11 + 24),
        ("<a href=1>城北的食堂真</a>好呀，好。", 0),
        ("<a href=1>城北的食堂真</a>好呀，真好。", 12 + 24),
        ("好" * 29, 0),
        ("好" * 30, 30),
        ("好" * 29 + "。", 30 + 12),
        ("好" * 301, 300),
        ("好，" * 25, 50 + 25 * 12),
        ("好，" * 26, 52 + 25 * 12),
        ("好" * 1190 + "。" * 20, 300 + 10 * 12),
    ],
)
def test_weight_of_a_line(html: str, weight: float) -> None:
    (line,) = layout_of(f"<p>{html}</p>").lines
    assert line_weight(line) == weight


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<a href=1>河边步道下月封闭</a>", True),
        ("<a href=1>河边步道下月封</a>", False),
        ("<a href=1>河边步道下月封闭维</a>啊", True),
        ("<a href=1>河边步道下月封闭</a>维修", False),
        ("<a href=1>河边步道下月封闭。</a>", False),
        ("河边步道下月封闭维修", False),
        ("10:02 <a href=1>河边步道下月封闭</a>", True),
        ("<a href=1>河边步道下月封闭</a> [05-11]", True),
        ("10:02 <a href=1>河边步道下月封</a>", False),
        ("图 <a href=1>河边步道下月封闭</a>", False),
        ("2 <a href=1>河边步道下月封闭</a> ABC", False),
    ],
)
def test_a_linked_title(html: str, expected: bool) -> None:
    (line,) = layout_of(f"<p>{html}</p>").lines
    assert is_linked_title(line) is expected


@pytest.mark.parametrize("case", cases("discounts"), ids=lambda case: case["why"])
def test_what_a_place_takes_from_a_line(case: dict[str, Any]) -> None:
    layout = layout_of(case["html"])
    weights = weights_of(layout)
    shares = [line / plain for line, plain in zip(weights.line, weights.plain, strict=True) if plain]
    assert shares == pytest.approx(case["shares"])


def test_weights_add_up() -> None:
    layout = layout_of("<div><div><p>S1</p></div><p>S2</p></div><p>短</p><p>S3</p>")
    weights = weights_of(layout)
    one, two, _, three = weights.plain
    assert weights.box == [one + two + three, one + two, one, one, two, 0, three]
    assert weights.score == pytest.approx(
        [0.3 * two + 0.6 * three, 0.3 * one + 0.6 * two, 0.6 * one, one, two, 0, three]
    )
    assert [weights.between(0, n) for n in range(5)] == [0, one, one + two, one + two, one + two + three]
    assert weights.between(1, 4) == two + three
    with pytest.raises(dataclasses.FrozenInstanceError):
        weights.line = []  # type: ignore[misc]
