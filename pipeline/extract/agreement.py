"""Two readers of one body, trafilatura and the element's own lines: what stands where they differ.

A line that only trafilatura keeps was taken out by a rule that has a name (a credit, a caption, a list of links),
and that rule stands. A line that only the element keeps is decided by DIFFER, first rule first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from pipeline.extract.boilerplate import matching
from pipeline.extract.declaredtitle import letters
from pipeline.extract.layout import HEADINGS, Layout, Line
from pipeline.extract.weights import Weights

LOST = 0.5
"""Share of the element's own letters below which trafilatura lost the body, and what it drops says nothing."""

DISAGREE = 0.6
"""Agreement below which a row is flagged `readers_disagree`.

Of 183 pages read by hand none is below (the lowest, a poem, has .72; 176 have 1.0). Of 837 elements of 118 of these
pages read as if each were the article, 257 are below: 237 with a bigram F under .5, 13 with .9 and more. It does not
tell all: 175 wrong elements are not below.
"""

BY_NAME = frozenset({"junk", "hidden"})
"""Rules that judge a line by the name or style of its element alone; every other looks at the line."""

PLACES = ("any", "head", "foot")
"""Kinds of phrases (boilerplate.py) that take a line wherever it stands."""

CAPTION_LINE = 60
"""Code points of the longest line that can be a caption where both readers doubt it."""

LABEL = re.compile(r"[（(【\[〔]?\w[\w 　·/／、]{0,11}[:：丨|｜]\s?[^。！？!?]{1,40}")
"""A whole line that is a label and a name: 统筹：周某. One class before the mark and one behind it, so linear."""

CELLS = frozenset({"li", "td", "th", "dt", "dd", "pre", "blockquote"})
"""Elements whose short lines are text: a list in an article, a table, code, a quotation."""

VERSE = range(4, 21)
"""Code points of a verse; shorter lines are buttons."""

VERSE_LINES = 4
"""Short lines of one element, in a row and without a link, that are verses: a stanza."""

SENTENCE_ENDS = "。！？!?…；;”』」"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A line that the element keeps and trafilatura drops, and what is known of its surroundings."""

    line: Line
    tag: str
    """Of its nearest block."""
    weight: float
    """How much it reads like a sentence, before the discounts."""
    row: int
    """Lines of a verse's length in a row with it: kept, in the same element, without links."""
    is_lost: bool
    """Whether trafilatura lost the whole body."""
    is_below: bool
    """Whether no line that both keep stands below it."""


DIFFER: tuple[tuple[str, bool, Callable[[_Case], bool]], ...] = (
    ("body_lost", True, lambda case: case.is_lost),
    ("linked_sentence", True, lambda case: _is_linked(case.line) and _is_sentence(case.line)),
    ("both_doubt_links", False, lambda case: _is_linked(case.line)),
    ("both_doubt_caption", False, lambda case: _is_caption(case.line)),
    ("both_doubt_credit", False, lambda case: case.is_below and LABEL.fullmatch(case.line.text) is not None),
    ("heading", True, lambda case: case.tag in HEADINGS and not case.is_below),
    ("paragraph", True, lambda case: case.weight > 0),
    ("cell", True, lambda case: case.tag in CELLS),
    ("verse", True, lambda case: case.row >= VERSE_LINES),
    ("short_line", True, lambda case: not case.is_below and not case.line.linked),
    ("both_doubt", False, lambda case: True),
)
"""(rule, whether the line stays, when it holds), in order; the last holds always.

Short paragraphs, headings, table cells and verses are what trafilatura loses of Chinese pages (bodies under 500
characters: F .714, longer ones .949); what it drops besides is links, captions and credits.
"""


DECIDED = frozenset(name for name, _, _ in DIFFER)
"""The rules by their names: in a line report they mark the lines on which the readers differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What came of two readings."""

    stays: dict[int, str]
    """Line → the rule by which it stays although trafilatura drops it."""
    goes: dict[int, str]
    """Line → the rule by which it goes."""
    agreement: float
    """Letters (no marks, no spaces) of the lines both readers keep, over those of the lines either keeps, 0..1.

    A line that a rule takes for its words, its looks or as a fact of the page is in neither reading, since it says
    nothing of the element; one that was taken for the name of its element alone is in trafilatura's. 1.0 where
    nobody keeps a letter.
    """


def settle(
    layout: Layout, weights: Weights, own: Sequence[int], theirs: Collection[int], rules: Mapping[int, str]
) -> Settled:
    """Decide each line on which the readers differ.

    `own` are the lines the element keeps, `theirs` those trafilatura keeps, `rules` what took each other line out.
    """
    both = [i for i in own if i in theirs]
    last = both[-1] if both else -1
    sizes = {i: len(letters(layout.lines[i].text)) for i in sorted({*own, *theirs})}
    shared, mine = sum(sizes[i] for i in both), sum(sizes[i] for i in own)
    is_lost = shared < LOST * mine
    stays: dict[int, str] = {}
    goes: dict[int, str] = {}
    for position, index in enumerate(own):
        if index in theirs:
            continue
        line = layout.lines[index]
        case = _Case(
            line=line,
            tag=layout.boxes[line.box].tag,
            weight=weights.plain[index],
            row=_row(layout, own, position),
            is_lost=is_lost,
            is_below=index > last,
        )
        rule, is_kept = next((name, kept) for name, kept, holds in DIFFER if holds(case))
        (stays if is_kept else goes)[index] = rule
    named = [i for i in theirs if rules.get(i) in BY_NAME]
    by_name = sum(sizes[i] for i in named if not any(matching(layout.lines[i].text, p) for p in PLACES))
    either = mine + by_name
    return Settled(stays=stays, goes=goes, agreement=shared / either if either else 1.0)


def _row(layout: Layout, own: Sequence[int], position: int) -> int:
    """How many unlinked short lines of the same parent stand in a row with this one, at most 2 * VERSE_LINES - 1."""

    def same(at: int) -> bool:
        line = layout.lines[own[at]]
        return not line.linked and len(line.text) in VERSE and layout.boxes[line.box].parent == parent

    parent = layout.boxes[layout.lines[own[position]].box].parent
    first = last = position
    while first > max(0, position - VERSE_LINES + 1) and same(first - 1):
        first -= 1
    while last < min(len(own), position + VERSE_LINES) - 1 and same(last + 1):
        last += 1
    return last - first + 1 if same(position) else 0


def _is_linked(line: Line) -> bool:
    return 2 * line.linked > len(line.text)


def _is_sentence(line: Line) -> bool:
    """Whether words beside its links end a line as a sentence."""
    last = line.pieces[-1]
    return not last.href and line.text[-1] in SENTENCE_ENDS and len(letters(last.text)) > 1


def _is_caption(line: Line) -> bool:
    return line.after_image and len(line.text) <= CAPTION_LINE and line.text[-1] not in SENTENCE_ENDS
