"""Pictures are well-formed SVG that no page can break, with every value in words."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from markupsafe import Markup

from pipeline.look import pictures
from pipeline.look.pictures import Bar, Line

HOSTILE = '"><script>alert(1)</script>\x1b\u202e&'
SVG = "{http://www.w3.org/2000/svg}"


def parsed(picture: Markup) -> ET.Element:
    return ET.fromstring(str(picture).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def told(picture: Markup) -> list[str]:
    return [found.text or "" for found in parsed(picture).iter(f"{SVG}title")]


Draw = Callable[[list[Bar], str], Markup]

ROWS = [Bar(label="kept", value=40, told="40"), Bar(label="gone", value=0, told="0", tone="bad")]


@pytest.mark.parametrize("draw", [pictures.bars, pictures.columns, pictures.funnel])
def test_bars_tell_every_value(draw: Draw) -> None:
    assert told(draw(ROWS, "rows")) == ["kept: 40", "gone: 0"]
    assert parsed(draw([], "nothing")).tag == f"{SVG}svg"


@pytest.mark.parametrize("draw", [pictures.bars, pictures.columns, pictures.funnel])
def test_no_label_becomes_markup_or_steers(draw: Draw) -> None:
    picture = draw([Bar(label=HOSTILE, value=1, told=HOSTILE), ROWS[0]], HOSTILE)
    assert "<script" not in picture
    assert "\x1b" not in picture
    assert "\u202e" not in picture
    assert "style=" not in picture
    assert HOSTILE.split("\x1b", maxsplit=1)[0] in parsed(picture).attrib["aria-label"]


def test_a_sparkline_has_gaps_where_nothing_is_known() -> None:
    picture = pictures.sparkline([3, None, 0, 6], "new")
    assert parsed(picture).attrib["aria-label"] == "new: 3, none, 0, 6"
    assert told(picture) == ["3", "0", "6"]


def test_the_longest_bar_is_as_long_as_the_room() -> None:
    rects = list(parsed(pictures.bars(ROWS, "rows")).iter(f"{SVG}rect"))
    assert rects[0].attrib["width"] == f"{100 - pictures.NAMES - pictures.TOLD:g}%"


def test_a_limit_stands_where_its_value_is() -> None:
    picture = pictures.histogram([1, 0, 4, 2], (0.0, 2.0), "share", [Line(at=0.5, label="too_short")])
    limit = next(line for line in parsed(picture).iter(f"{SVG}line") if line.attrib["class"] == "limit")
    assert limit.attrib["x1"] == "25%"
    assert "too_short" in [word.text for word in parsed(picture).iter(f"{SVG}text")]
    assert told(picture) == ["0 to 0.5: 1", "1 to 1.5: 4", "1.5 to 2: 2"]
