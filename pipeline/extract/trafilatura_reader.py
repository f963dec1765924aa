"""trafilatura, the first reader of the body: the chosen element, or the whole page where none convinces.

What it gets of an element is a small tree made from the page's lines: each line a paragraph inside the elements
that have a name or make a list, a table or a heading. So the parts that make trafilatura 2.3.1 lose a Chinese body
are not there: bytes to decode, `section` and `span` for paragraphs, lines parted by `br`, a body hidden until a
script runs. On 63 pages its reading of the element, cleaned, had a bigram F of .993; of the element's own markup
.988. trafilatura enters the project only here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import trafilatura
from lxml.etree import ElementDefaultClassLookup, HTMLParser, SubElement, _Element
from lxml.html import HtmlElement
from trafilatura.settings import Extractor

from pipeline.extract.layout import HEADINGS, Layout, Line

MOST_LINES = 3_000
"""Lines of the largest element read; the longest real article has some 600."""

MOST_LINKS = 4_000
"""Links of such an element; trafilatura's time grows with the square of those of one line (20,000: 5 s)."""

MOST_NAMED = 60
"""Elements around a line that are told to trafilatura, which looks up from each; real pages stay below."""

LONGEST_PAGE = 200_000
"""Code points of the longest page or element read; deep and huge ones take seconds."""

MOST_TAGS = 20_000
"""Tags of the longest page read: 50,000 empty paragraphs fit in LONGEST_PAGE and take 2 s."""

REACH = re.compile(r"\b(?:row|col)span\s{0,9}=", re.I)
"""What trafilatura 2.3.1 fills the rows of a table by, each cell in the time of its row: 60,000 cells that reach over a
hundred columns and rows take hours. No word of the text depends on it."""

STRUCTURE = HEADINGS | frozenset(["ul", "ol", "li", "table", "tr", "td", "th"])
"""Elements that trafilatura treats in their own way; any other with a name is a `div`."""

MARK = 0xF0000
"""First code point of a private plane: MARK + i ends line i, so that a line is known again without comparing texts
and no two are alike, of which trafilatura drops one."""

MARKS = re.compile("[\U000f0000-\U000fffff]")

UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\U000f0000-\U000fffff]")
"""Characters no XML tree may hold, and the marks."""


def read_element(layout: Layout, boxes: Sequence[int], span: Sequence[int]) -> frozenset[int] | None:
    """The lines of an element that trafilatura keeps, of those in `span`; None where it cannot be asked.

    Nothing is remembered from one page to the next: its deduplication and its search for dates are off.
    """
    lines = [layout.lines[i] for i in span]
    links = sum(1 for line in lines if line.linked for piece in line.pieces if piece.href)
    is_large = (
        len(lines) > MOST_LINES or links > MOST_LINKS or sum(len(line.text) for line in lines) > LONGEST_PAGE
    )
    if layout.deep or is_large:
        return None
    try:
        found = trafilatura.bare_extraction(_tree(layout, boxes, span), options=_options())
    except Exception:  # noqa: BLE001  lxml and trafilatura raise many kinds on hostile markup; the answer is the same
        return None
    text = getattr(found, "raw_text", None) or ""
    return frozenset(ord(mark) - MARK for mark in MARKS.findall(text))


def read_page(html: str) -> str:
    """The text of a whole page as trafilatura finds it, "" where it finds nothing or fails."""
    if len(html) > LONGEST_PAGE or html.count("<") > MOST_TAGS:
        return ""
    try:
        return (
            trafilatura.extract(REACH.sub("data-reach=", html), include_comments=False, with_metadata=False)
            or ""
        )
    except Exception:  # noqa: BLE001  as above
        return ""


@cache
def _options() -> Extractor:
    """Fast, strict, without comments; no length is too short, since a short article must not call the fallbacks."""
    options = Extractor(output_format="txt", fast=True, precision=True, comments=False, tables=True)
    options.min_extracted_size = options.min_output_size = options.min_output_comm_size = 0
    return options


@cache
def _maker() -> HTMLParser:
    """What makes elements of lxml.html without asking Python for the class of each: a fifth of the reading's time."""
    maker = HTMLParser()
    maker.set_element_class_lookup(ElementDefaultClassLookup(element=HtmlElement))
    return maker


def _tree(layout: Layout, boxes: Sequence[int], span: Sequence[int]) -> _Element:
    """The element as a page of its own. Its class `post` is what trafilatura looks for first."""
    page: _Element = _maker().makeelement("html")
    body = SubElement(page, "body")
    # several boxes are parts of one article; the block of a line is outside them where they are inline elements
    made = dict.fromkeys([-1, *boxes], (SubElement(body, "article", {"class": "post"}), 0))
    for index in span:
        line = layout.lines[index]
        holder = _holder(layout, made, line.box)
        is_free = holder.tag in HEADINGS and not len(holder) and holder.text is None
        _write(holder if is_free else SubElement(holder, "p"), line, chr(MARK + index))
    return page


def _holder(layout: Layout, made: dict[int, tuple[_Element, int]], box: int) -> _Element:
    """The element that stands for a box, made with those around it where they are missing."""
    chain = []
    while box not in made:
        chain.append(box)
        box = layout.boxes[box].parent
    element, depth = made[box]
    for inner in reversed(chain):
        tag, names = layout.boxes[inner].tag, layout.boxes[inner].names
        if depth < MOST_NAMED and (names or tag in STRUCTURE):
            element = SubElement(element, tag if tag in STRUCTURE else "div")
            depth += 1
            if names:
                element.set("class", UNFIT.sub("", names))
        made[inner] = (element, depth)
    return element


def _write(element: _Element, line: Line, mark: str) -> None:
    """The text of a line with its links, by whose share trafilatura tells lists of other articles."""
    if not line.linked:
        element.text = UNFIT.sub("", line.text) + mark
        return
    before, last = "", None
    for piece in line.pieces:
        text = UNFIT.sub("", piece.text)
        if piece.href:
            last = SubElement(element, "a")
            last.text = text
        elif last is None:
            before += text
        else:
            last.tail = (last.tail or "") + text
    element.text = before
    if last is not None:
        last.tail = (last.tail or "") + mark
