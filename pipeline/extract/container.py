"""Where on the page the article stands: the element whose lines read like sentences.

Numbers without another reason were set on the pages of weights.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise, takewhile

from pipeline.extract.frames import frames
from pipeline.extract.layout import Box, Layout
from pipeline.extract.marks import kinds
from pipeline.extract.variants import either_script
from pipeline.extract.verses import is_commentary
from pipeline.extract.weights import HEADER, JUNK_TAGS, NOTICE, NOTICE_HEAD, Weights, is_linked, is_prose

CLIMB = 6
"""Ancestors looked at for a wider container."""

CLIMB_GAIN = 0.12
"""An ancestor must add this share of the weight to be worth its noise."""

CLIMB_LINKS = 0.25
"""Share of link text in what an ancestor adds, above which it is a list of other articles."""

NAMED = 0.25
"""Share of the found element's weight that an element named as an article body right below the title must have."""

FEW = 900
"""Weight of an element up to which such a share is looked for: some eight paragraphs. Of 124 real bodies the shortest
have one or two, and what stands below them, of the site itself, has as many."""

SHORT_TITLE = 4
"""Code points of the shortest linked title of a teaser beside an article of one sentence."""

LIGHT = 8
"""Times the weight of the first text below the title that a box with a heading may have and be no article."""

ASIDE = 2
"""And the most sentences it has: what a site says of itself, no body below a standfirst."""

ANSWER = either_script(r".{0,8}(?:回答|解答|答案|答复|回复)[\s\d()（）:：|条个]*")
"""The heading of an answer, which is of the question above it."""

HEADING_TAGS = frozenset({"h2", "h3", "h4", "h5", "h6", "dt", "caption", "legend"})
CONTAINER_TAGS = frozenset({"div", "td", "section", "article", "main"})
"""What an article is put in; the best element may be a paragraph of it."""

LIST_TAGS = frozenset({"ul", "ol", "dl", "table", "pre"})
LINE_TAGS = frozenset({"div", "section", "blockquote", "center", "h2", "h3", "h4", "h5", "h6"})
"""Beside `p`, what an article is made of that is in nothing but the page."""

NUMBER = re.compile(r"[0-9]+")


def find_container(layout: Layout, weights: Weights) -> list[int]:
    """The boxes that hold the article, in page order: one, or parts of one name; empty when no line is a sentence."""
    if not layout.boxes:
        return []
    best = max(range(len(layout.boxes)), key=lambda i: (weights.score[i], -i))
    if not weights.score[best]:
        return []
    chain = layout.up(best)
    inside = chain[:-1] or chain  # the page itself only where nothing else is
    holders = (at for at, box in enumerate(inside) if layout.boxes[box].tag in CONTAINER_TAGS)
    found = _climb(layout, weights, chain[next(holders, len(inside) - 1) :])
    found = _instead(layout, weights, found)
    return _parts(layout, weights, _below_title(layout, weights, found, best))


def _instead(layout: Layout, weights: Weights, found: int) -> int:
    """The element right below the title where what weighs more is of something else: teasers, a notice, a box with a
    heading of its own. An article of one sentence weighs less than what the site says of itself."""
    heading, box = weights.heading, layout.boxes[found]
    if heading is None or box.first <= heading or "body" in kinds(box.names):
        return found
    near = range(heading + 1, min(box.first, heading + 2 * HEADER + 1))
    said = [i for i in near if weights.line[i] >= weights.plain[i] > 0]
    if not said:
        return found
    apart = {_outermost(layout, layout.lines[i].box, heading, box.first): None for i in said}
    at = max(apart, key=lambda at: weights.between(layout.boxes[at].first, layout.boxes[at].last))
    least = weights.between(layout.boxes[at].first, layout.boxes[at].last)
    return at if _is_other(layout, weights, box, least) else found


def _outermost(layout: Layout, box: int, above: int, below: int) -> int:
    """The outermost element round a box that begins below one line and ends above another."""
    chain = layout.up(box)
    inside = [at for at in chain if layout.boxes[at].first > above and layout.boxes[at].last <= below]
    return inside[-1] if inside else box


def _is_other(layout: Layout, weights: Weights, box: Box, least: float) -> bool:
    """Whether an element below a first text of such a weight is of something else than the article."""
    sentences = [i for i in range(box.first, box.last) if weights.plain[i]]
    if all(
        is_linked(layout.lines[i - 1], SHORT_TITLE) or NOTICE.search(layout.lines[i].text[:NOTICE_HEAD])
        for i in sentences
    ):
        return True
    opening = layout.lines[box.first]
    is_headed = layout.boxes[opening.box].tag in HEADING_TAGS and len(sentences) <= ASIDE
    is_headed = is_headed and not ANSWER.fullmatch(opening.text)
    return is_headed and weights.between(box.first, box.last) <= LIGHT * least


def _below_title(layout: Layout, weights: Weights, found: int, best: int) -> int:
    """The element inside the found one that is named as an article body and begins below the title, else that one.

    Asked where what weighs most has no such name: of a page with one sentence, what members get.
    """
    inside = layout.up(best)
    inside = inside[: inside.index(found)] if found in inside else inside
    is_named = any("body" in kinds(layout.boxes[at].names) for at in inside)
    if weights.heading is None or weights.box[found] > FEW or is_named:
        return found
    below = range(weights.heading + 1, weights.heading + HEADER + 1)
    for at in range(found + 1, len(layout.boxes)):
        box = layout.boxes[at]
        if box.first >= layout.boxes[found].last:
            break
        is_body = "body" in (said := kinds(box.names)) and "junk" not in said
        if is_body and box.first in below and weights.box[at] >= NAMED * weights.box[found]:
            return at
    return found


def _climb(layout: Layout, weights: Weights, chain: list[int]) -> int:
    """The innermost ancestor that is named as an article body, else one that adds much text and few links."""
    reach = chain[: CLIMB + 1]
    for box in reach:
        if "body" in kinds(layout.boxes[box].names) and layout.boxes[box].tag != "body":
            return box
    current = chain[0]
    for inside, box in pairwise(reach):
        if layout.boxes[box].tag == "body" or layout.boxes[inside].tag == "article":
            break
        gain = weights.box[box] - weights.box[current]
        least = CLIMB_GAIN * weights.box[current]
        if gain >= least and _added_links(layout, current, box) < CLIMB_LINKS:
            current = box if _added(layout, weights, current, box) >= least else current
    return current


def _parts(layout: Layout, weights: Weights, found: int) -> list[int]:
    """The box with those beside it, or beside what wraps it with hardly more, that are parts of the same article,
    or articles each with a page frame of its own (split.py)."""
    opened = frames(layout, weights.plain)
    for box in layout.up(found, CLIMB + 1):
        if layout.boxes[box].parent < 0 or weights.box[box] >= (1 + CLIMB_GAIN) * weights.box[found]:
            break
        parts = _beside(layout, weights, box, opened)
        if len(parts) > 1:
            return parts
    return [found]


def _beside(layout: Layout, weights: Weights, found: int, opened: Sequence[int]) -> list[int]:
    """The box with those of its tag and name in the same element that weigh enough: all, if each has a frame, else
    those without a link and a title of their own that do not end above the page's heading (column_1)."""
    box = layout.boxes[found]
    name = NUMBER.sub("", box.names)
    least = CLIMB_GAIN * weights.box[found]
    alike = [
        at
        for at, weight in enumerate(weights.box)
        if weight >= least
        and (other := layout.boxes[at]).parent == box.parent
        and other.tag == box.tag
        and NUMBER.sub("", other.names) == name
    ]
    if all(any(layout.boxes[at].first <= i < layout.boxes[at].last for i in opened) for at in alike):
        return alike
    in_page = layout.boxes[box.parent].tag == "body"
    if _is_paragraph(box):
        return _run(layout, [at for at in alike if _is_paragraph(layout.boxes[at])])
    if not name and not (in_page and box.tag == "section"):
        return [found]
    above = weights.heading or 0
    return [
        at
        for at in alike
        if at == found or (layout.boxes[at].last > above and _is_part(layout, layout.boxes[at]))
    ]


def _run(layout: Layout, found: Sequence[int]) -> list[int]:
    """Paragraphs with no element of their own round them, what is between them, and those and lists next to them."""
    beside = [at for at, box in enumerate(layout.boxes) if box.parent == layout.boxes[found[0]].parent]
    first, last = beside.index(found[0]), beside.index(found[-1])

    def is_next(at: int) -> bool:
        box = layout.boxes[at]
        is_list = box.tag in LIST_TAGS and not box.names
        return (is_list or _is_paragraph(box)) and not box.hidden and _is_part(layout, box)

    between = [at for at in beside[first : last + 1] if at in found or _is_between(layout, layout.boxes[at])]
    above = list(takewhile(is_next, reversed(beside[:first])))
    return [*reversed(above), *between, *takewhile(is_next, beside[last + 1 :])]


def _is_between(layout: Layout, box: Box) -> bool:
    """Whether an element between two paragraphs of an article is of it: no list of links."""
    lines = layout.lines[box.first : box.last]
    linked = sum(line.linked for line in lines)
    return not box.hidden and box.tag not in JUNK_TAGS and 2 * linked <= sum(len(line.text) for line in lines)


def _is_paragraph(box: Box) -> bool:
    """Whether an element is one paragraph, not a part of a page: it has no name, and one line or what `p` holds."""
    return not box.names and (box.tag == "p" or (box.tag in LINE_TAGS and box.last - box.first == 1))


def _is_part(layout: Layout, box: Box) -> bool:
    """Whether a box beside the article may be a part of it: no link, no title of a page, nothing said of a poem."""
    lines = layout.lines[box.first : box.last]
    return not any(line.linked or layout.boxes[line.box].tag == "h1" or is_commentary(line) for line in lines)


def _added(layout: Layout, weights: Weights, inner: int, outer: int) -> float:
    """Weight of the lines of `outer` that are not in `inner`: of those that are prose and lost little to a discount.

    A label and what it says (来源：…) is no reason to go up.
    """
    small, large = layout.boxes[inner], layout.boxes[outer]
    added = (*range(large.first, small.first), *range(small.last, large.last))
    return sum(
        (
            weights.line[i]
            for i in added
            if 2 * weights.line[i] >= weights.plain[i] and is_prose(layout.lines[i])
        ),
        0.0,
    )


def _added_links(layout: Layout, inner: int, outer: int) -> float:
    """Share of link text among the lines of `outer` that are not in `inner`; 0 where there are none."""
    small, large = layout.boxes[inner], layout.boxes[outer]
    added = layout.lines[large.first : small.first] + layout.lines[small.last : large.last]
    length = sum(len(line.text) for line in added)  # 0: what weighs stands loose in an inline element
    return sum(line.linked for line in added) / length if length else 0.0
