"""Verses: short lines in a row below a heading, which have no marks; and what poem pages print below them."""

from __future__ import annotations

import re

from pipeline.extract.layout import Layout, Line
from pipeline.extract.variants import either_script

VERSE_WEIGHT = 12
"""Weight (weights.py) of a verse beside its length: the end of a line is a mark."""

VERSE = range(2, 21)
"""Code points of a verse."""

VERSES = 4
"""Lines of a verse's length in a row, alone in their elements or divided by `<br>`, that are verses: a stanza."""

VERSES_UNTITLED = 6
"""The same on a page without a heading, VERSES of them divided by `<br>`: the title of a paper edition is a cell."""

VERSE_LINE = re.compile(r"[^\d:：|｜/>·]+")
"""A whole line that may be a verse: labels, counts and paths have other signs."""

VERSE_TAGS = frozenset({"div", "td", "section", "article", "main", "p", "blockquote", "pre", "center"})
"""What a verse stands in; short lines of cells and items are a table, a menu."""

TITLES = frozenset({"h1", "h2", "h3"})

COMMENTARY = either_script(
    r"(?:作品|诗歌|诗词|古诗|本诗|诗文|读者|网友|名家|专家)?(?:译文|翻译|今译|白话译文|注释|注解|赏析|鉴赏|简析|评析|创作背景|写作背景)"
    r"(?:(?:及|与|和|、)?(?:译文|翻译|注释|注解|赏析|鉴赏))?\s?[:：]?"
)
"""A heading below a poem."""

COMMENTARY_LONGEST = 12
"""Code points of the longest."""


def with_verses(layout: Layout, plain: list[float], heading: int | None) -> list[float]:
    """The weights with those of verses, which have no marks: the end of a line is one. Verses stand below a heading,
    and a poem's is often too short to be known as the page's title."""
    titles = (
        i for i, line in enumerate(layout.lines) if layout.boxes[line.box].tag in TITLES and not line.linked
    )
    start = heading if heading is not None else next(titles, len(layout.lines))
    weights = list(plain)
    row: list[int] = []
    for index in range(start + 1 if heading is not None else 0, len(layout.lines) + 1):
        line = layout.lines[index] if index < len(layout.lines) else None
        if line and _may_be_verse(layout, line) and (not row or _in_row(layout, row[-1], index)):
            row.append(index)
            continue
        if len(row) >= VERSES and (row[0] > start or _is_poem(layout, row)):
            for at in row:
                weights[at] = max(plain[at], len(layout.lines[at].text) + VERSE_WEIGHT)
        row = [index] if line and _may_be_verse(layout, line) else []
    return weights


def _may_be_verse(layout: Layout, line: Line) -> bool:
    is_short = len(line.text) in VERSE and not line.linked and layout.boxes[line.box].tag in VERSE_TAGS
    return is_short and VERSE_LINE.fullmatch(line.text) is not None


def _is_poem(layout: Layout, row: list[int]) -> bool:
    """Whether a row of lines is a poem although no heading stands above it."""
    boxes = [layout.lines[at].box for at in row]
    return len(row) >= VERSES_UNTITLED and max(map(boxes.count, boxes[:: VERSES - 1])) >= VERSES


def _in_row(layout: Layout, above: int, below: int) -> bool:
    """Whether two lines stand in one element, or in two of one element."""
    one, two = layout.lines[above].box, layout.lines[below].box
    return one == two or layout.boxes[one].parent == layout.boxes[two].parent


def is_commentary(line: Line) -> bool:
    """Whether a line is the heading of what is said of a poem above it."""
    return len(line.text) <= COMMENTARY_LONGEST and COMMENTARY.fullmatch(line.text) is not None
