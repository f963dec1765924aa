"""Which element holds the article: what a line weighs, what its place takes from it, how far up the search climbs.

Cases write S1 to S6 for sentences and MENU for a list of linked titles.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.extract.container import Weights, find_container, is_linked_title, line_weight, weigh
from pipeline.extract.layout import Layout, read_layout
from tests.extract.facts import cases

SENTENCES = {
    "S1": "城北的旧粮库改成食堂以后，每天中午都要排队。",
    "S2": "老人们说，一荤两素的套餐比自己买菜还便宜。",
    "S3": "负责人介绍，食堂每天供应四百份午餐和晚餐。",
    "S4": "送餐的电动车，是街道里几家小店一起凑的钱。",
    "S5": "三个月过去，投诉簿上只写了两行很短的意见。",
    "S6": "明年春天，第二家食堂将在河对岸的旧厂开张。",
    "MENU": "<ul><li><a href=1>河边步道下月封闭维修</a><li><a href=2>图书馆夜间也开放了</a></ul>",
    "TITLE": "旧粮库变身社区食堂",
}
WORDS = re.compile("|".join(SENTENCES))


def layout_of(html: str) -> Layout:
    return read_layout(LexborHTMLParser(WORDS.sub(lambda word: SENTENCES[word[0]], html)))


def weights_of(layout: Layout) -> Weights:
    """The weights of a page; its heading is the line that is the title."""
    texts = [line.text for line in layout.lines]
    return weigh(layout, texts.index(SENTENCES["TITLE"]) if SENTENCES["TITLE"] in texts else None)


def told(layout: Layout, first: int, last: int) -> list[str]:
    """Lines in the words of the cases."""
    short = {text: word for word, text in SENTENCES.items()}
    return [short.get(line.text, line.text) for line in layout.lines[first:last]]


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


@pytest.mark.parametrize("case", cases("containers"), ids=lambda case: case["why"])
def test_the_element_that_holds_the_article(case: dict[str, Any]) -> None:
    layout = layout_of(case["html"])
    found = find_container(layout, weights_of(layout))
    assert [told(layout, layout.boxes[box].first, layout.boxes[box].last) for box in found] == case["lines"]


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
