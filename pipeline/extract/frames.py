"""Page frames that repeat: titles of one markup, each with a line of day and source below, and prose below that.

Pages that go on with the next article, digests and pages written one behind the other show them; a chronicle has
days below its headings too, but neither hour nor source.
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import pairwise

from pipeline.extract.layout import Layout, Line
from pipeline.extract.variants import either_script

TITLE = range(6, 61)
"""Code points of a title line."""

SHORTEST = 3
"""The same of a heading in a frame, which says more than words."""

SENTENCE_END = re.compile(r"[。；！;!…：:”’」』]$|。")
NO_TITLE = re.compile(
    r"[“‘「『\"《〈【（(\[]|[一二三四五六七八九十]{1,3}[、.．]|\d{1,3}[、.．)）]|第.{1,4}[章节節回集部]|[①-⑳]|"
    r"[-—–·•●◆■□▲△★☆※>»]|(?:Q|A|问|答|問)\d{0,2}[:：.]"
)
"""How a line begins that is speech, a name, a numbered part, a list item, a question: no title of another article."""

DAY_LINE = 60
"""Code points of the longest line of day and source below a title."""

DAY = re.compile(r"(?:19|20)\d\d\s?[-./年]\s?\d{1,2}")
HOUR_OR_SOURCE = either_script(
    r"\d{1,2}:\d\d|(?:来源|作者|编辑|责编|撰文|记者|通讯员|稿源|出处)\s?[:：]?\s?\S|(?:发布|发表|更新)(?:时间|日期|于)"
)

MOST = 20
"""Frames from which a page is an archive of articles, not a few glued together."""

PROSE = 200
"""Weight (weights.py) of the lines from one frame to the next."""


def frames(layout: Layout, weight: list[float]) -> list[int]:
    """The title lines of the frames of a page with more than one, in page order. `weight` is that of each line."""
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, line in enumerate(layout.lines[:-1]):
        box = layout.boxes[line.box]
        if box.tag not in ("h1", "h2") or line.linked or not may_be_title(line, SHORTEST):
            continue
        below = layout.lines[index + 1]
        if is_day_line(below):
            day = layout.boxes[below.pieces[0].box]
            groups[box.tag, box.names, day.tag, day.names].append(index)
    found = max(groups.values(), key=len, default=[])
    if len({layout.lines[index].text for index in found}) != len(found) or not 1 < len(found) < MOST:
        return []
    full = all(sum(weight[a + 2 : b]) >= PROSE for a, b in pairwise([*found, len(layout.lines)]))
    return found if full else []


def may_be_title(line: Line, shortest: int = TITLE.start) -> bool:
    """Whether a line has the length of a title, is no sentence and does not begin as a part or an item does."""
    return (
        shortest <= len(line.text) < TITLE.stop
        and not SENTENCE_END.search(line.text)
        and not NO_TITLE.match(line.text)
    )


def is_day_line(line: Line) -> bool:
    """Whether a line names a day and an hour or a source, and is no sentence."""
    return names_day(line.text) and HOUR_OR_SOURCE.search(line.text) is not None


def names_day(text: str) -> bool:
    """Whether a text is short, names a day, and is no sentence."""
    return len(text) <= DAY_LINE and not SENTENCE_END.search(text) and DAY.search(text) is not None
