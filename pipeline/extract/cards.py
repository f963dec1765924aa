"""Cards of other articles that are no links: a title and its first words each, opened by a script of the page.

What links say of a teaser (weights.py) such a list does not say, so its form has to: elements of one name beside each
other, with two lines each, outside the element that holds the title and the text below it. Inside that element they are
the article's own: ten towns, each with its name and a paragraph.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import islice

from pipeline.extract.ago import days_ago
from pipeline.extract.dates import find_day
from pipeline.extract.layout import Box, Layout, Line

CARDS = 3
"""Elements alike from which they are a list (ours)."""

LEAST = 0.3
"""Share of their weight that the article must have: below a standfirst such a list may be the article (ours)."""

TITLE = (4, 40)
"""Code points of the title of a card (ours)."""

PARTS, MOST = 2, 4
"""Lines of a card; from the third on they say when and by whom it was, which no part of an article does: such a list is
of others inside the article's element too."""

LABEL = 30
"""Code points of such a line."""

EVER = datetime(2000, 1, 2, tzinfo=UTC)
"""From where the days of cards are counted: only whether they tell one is asked."""

ENDS = "。！…；"
"""What no title ends with."""


def cards(layout: Layout, weights: list[float], heading: int | None) -> frozenset[int]:
    """The lines of such cards on a page with the line of its title; none where no heading shows one."""
    if heading is None:
        return frozenset()
    found = [box for box in layout.boxes if _is_card(layout, box, heading)]
    alike = Counter(map(_form, found))
    lines = {line for box in found if alike[_form(box)] >= CARDS for line in range(box.first, box.last)}
    if not lines:
        return frozenset()
    article = _article(layout, weights, heading, lines)
    if article is None:
        return frozenset()
    inside = range(article.first, article.last)
    dated = {line for box in found if box.last - box.first > PARTS for line in range(box.first, box.last)}
    outside = frozenset(lines.difference(inside) | (lines & dated))
    own = sum(weights[i] for i in inside if i not in lines)
    return outside if own >= LEAST * sum(weights[i] for i in outside) else frozenset()


def _form(box: Box) -> tuple[int, str, str]:
    return box.parent, box.tag, box.names


def _is_card(layout: Layout, box: Box, heading: int) -> bool:
    """Whether an element below the heading holds a title and some words below it, at most when and by whom, no link."""
    if not PARTS <= box.last - box.first <= MOST or box.first <= heading or not box.names:
        return False
    title, words, *rest = layout.lines[box.first : box.last]
    if rest and not (all(_is_short(line) for line in rest) and any(_is_dated(line) for line in rest)):
        return False
    is_title = TITLE[0] <= len(title.text) <= TITLE[1] and title.text[-1] not in ENDS
    return title.box != words.box and is_title and not (title.linked or words.linked)


def _is_short(line: Line) -> bool:
    return len(line.text) <= LABEL and line.text[-1] not in ENDS


def _is_dated(line: Line) -> bool:
    return days_ago(line.text, EVER) is not None or find_day(line.text) is not None


def _article(layout: Layout, weights: list[float], heading: int, lines: set[int]) -> Box | None:
    """The innermost element that holds the title and, below it, at least two sentences that stand in no card."""
    own = (i for i in range(heading + 1, len(weights)) if weights[i] and i not in lines)
    second = next(islice(own, 1, None), None)
    chain = (layout.boxes[at] for at in layout.up(layout.lines[heading].box))
    return None if second is None else next((box for box in chain if box.last > second), None)
