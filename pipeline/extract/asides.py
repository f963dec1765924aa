"""What stands beside the element of the text in elements of another form: boxes of the site, whatever they say.

Where a text is short, the element found for it is the one round it, and holds what the site sets below: how to
subscribe, who answers, what to read next, a promise of the bank. Its words cannot all be known (of 174 lines of fresh
pages the rules of words left .35). But a site sets a text in one element, and what is no part of it in elements that
are called otherwise.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from pipeline.extract.boilerplate import PARAGRAPH, SOURCES
from pipeline.extract.ending import KEPT_IN, MARKS
from pipeline.extract.layout import HEADINGS, Box, Layout
from pipeline.extract.marks import kinds
from pipeline.extract.variants import either_script
from pipeline.extract.weights import NOTICE, NOTICE_HEAD, Weights, is_prose

SHARE = 0.5
"""Of the weight of a body that the element of the text must have, or of its sentences those that stand in no other."""

HOLDERS = frozenset(["div", "article", "main", "td"])
"""Elements that hold a text without a name too; editors put parts of it in a `section`."""

TEXT_TAGS = frozenset(["p", "ul", "ol", "dl", "table", "figure", "blockquote", "pre", "center"])
"""Elements of a text that need no name: outside of the text's element they are its rest (one end tag too many)."""

PARAGRAPHS = 2
"""Paragraphs beside each other, at least, that are a text without an element of its own."""

MOST = 3
"""Lines of a box below such paragraphs: more are a list of the article's."""

OWN = either_script(r"附[件录表图注]|抄[送报]|注释?\s?[:：]|\[\d{1,3}\]")
"""How a line begins that is the article's own, wherever it stands."""

DRESS = re.compile(r"(?:clearfix|cf|row|col(?:-\w{1,6}){0,3}-?|container|span|grid)", re.I)
"""Names that say how an element is set and nothing of what it is."""

DIGITS = re.compile(r"(?<=[A-Za-z_-]{3})\d+")
"""Number of a part: column_1, part2; in a short name it tells one kind of element from another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """The element of a text, and what the rest of that text would be like."""

    box: Box
    names: frozenset[str]
    """Of the element and of those round it."""
    headings: frozenset[str]
    """Tags of the headings above it and in it."""
    opening: str
    """Tag of its first line."""


def beside_text(layout: Layout, weights: Weights, boxes: Sequence[int], kept: Sequence[int]) -> list[int]:
    """Those of the kept lines of a body that stand beside its text in boxes of the site.

    Above it only what ends without a mark: a standfirst may stand in an element of its own.
    """
    prose = [i for i in kept if weights.plain[i] and is_prose(layout.lines[i])]
    if len(boxes) != 1 or not prose:
        return []
    text = _text_in(layout, weights, boxes[0], prose, kept)
    if text is None:
        return _below_paragraphs(layout, weights.heading, prose, kept)
    found = [
        i
        for i in kept
        if i < text.box.first and _is_label(layout, i) and not _stands_in_another(layout, i, text)
    ]
    head = len(found)
    for index in kept:
        if index < text.box.last:
            continue
        chain = map(layout.boxes.__getitem__, reversed(layout.up(layout.lines[index].box)))
        outer = next((box for box in chain if box.first >= text.box.last), None)
        if outer is None or _is_own(layout, index, outer, text):
            del found[head:]
            if outer is None or outer.tag in HEADINGS:
                return found
        else:
            found.append(index)
    return found


def _stands_in_another(layout: Layout, index: int, text: _Text) -> bool:
    """Whether a line above the text's element stands in one that is called like it: a part of the same article."""
    around = map(layout.boxes.__getitem__, layout.up(layout.lines[index].box))
    return any(box.last <= text.box.first and not text.names.isdisjoint(_names(box)) for box in around)


def _text_in(
    layout: Layout, weights: Weights, container: int, prose: Sequence[int], kept: Sequence[int]
) -> _Text | None:
    """The innermost element inside the body's that is made to hold a text and holds most of its weight."""
    running = [0.0, *accumulate(weights.plain[i] for i in prose)]
    middle = layout.lines[prose[bisect_left(running, SHARE * running[-1]) - 1]].box
    chain = layout.up(middle)
    if container not in chain:
        return None
    inside = chain[: chain.index(container)]
    for at in inside:
        box = layout.boxes[at]
        held = running[bisect_left(prose, box.last)] - running[bisect_left(prose, box.first)]
        is_holder = (at != middle or box.last - box.first > 1) and (box.names or box.tag in HOLDERS)
        if is_holder and held >= SHARE * running[-1]:
            around = (layout.boxes[outer] for outer in inside[inside.index(at) :])
            return _Text(
                box=box,
                names=frozenset(name for outer in around for name in _names(outer)),
                headings=frozenset(_tag(layout, i) for i in kept if i < box.last) & HEADINGS,
                opening=_tag(layout, box.first),
            )
    return None


def _is_own(layout: Layout, index: int, outer: Box, text: _Text) -> bool:
    """Whether a line below the text's element is of the article, for the element it stands in or how it begins."""
    if outer.tag in HEADINGS:
        return outer.tag in text.headings
    opening = layout.lines[outer.first]
    is_section = text.opening in HEADINGS and layout.boxes[opening.box].tag == text.opening
    if is_section or outer.hidden or "body" in kinds(outer.names):
        return True
    if _is_paragraph(layout, outer.first) and not NOTICE.search(opening.text[:NOTICE_HEAD]):
        return True
    line = layout.lines[index]
    inside = (layout.boxes[at] for at in layout.up(line.box))
    if any(box.first >= outer.first and not text.names.isdisjoint(_names(box)) for box in inside):
        return True
    is_list = outer.tag != "td" and (not text.box.names or _tag(layout, index) in KEPT_IN)
    if not outer.names and (outer.tag in TEXT_TAGS or is_list):
        return True
    return OWN.match(line.text) is not None or SOURCES.match(opening.text) is not None


def _below_paragraphs(
    layout: Layout, heading: int | None, prose: Sequence[int], kept: Sequence[int]
) -> list[int]:
    """The last lines, if they are short and stand in a named element beside the title and the `p` of the text.

    Where the title stands outside, such an element is set in the text by who wrote it: a note, a quotation.
    """
    own = [box for i in prose if (box := layout.boxes[layout.lines[i].box]).tag == "p"]
    parent = own[0].parent if own else -1
    beside = sum(box.parent == parent for box in own)
    if heading is None or beside < max(PARAGRAPHS, SHARE * len(prose)):
        return []
    if not layout.boxes[parent].first <= heading < layout.boxes[parent].last:
        return []
    alike = Counter((box.tag, box.names) for box in layout.boxes if box.parent == parent)
    found: list[int] = []
    for index in reversed(kept):
        line = layout.lines[index]
        chain = map(layout.boxes.__getitem__, layout.up(line.box))
        outer = next((box for box in chain if box.parent == parent), None)
        if outer is None or outer.tag not in HOLDERS or not outer.names or alike[outer.tag, outer.names] > 1:
            break
        is_text = _tag(layout, index) in KEPT_IN or _is_paragraph(layout, index)
        if (
            is_text
            or outer.last - outer.first > MOST
            or outer.hidden
            or "body" in kinds(outer.names)
            or OWN.match(line.text)
        ):
            break
        found.append(index)
    return found[::-1]


def _is_paragraph(layout: Layout, index: int) -> bool:
    text = layout.lines[index].text
    return len(text) >= PARAGRAPH and text[-1] in MARKS


def _is_label(layout: Layout, index: int) -> bool:
    return _tag(layout, index) not in KEPT_IN and layout.lines[index].text[-1] not in MARKS


def _names(box: Box) -> set[str]:
    return {name for name in DIGITS.sub("", box.names).split() if not DRESS.fullmatch(name)}


def _tag(layout: Layout, index: int) -> str:
    return layout.boxes[layout.lines[index].box].tag
