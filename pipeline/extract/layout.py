"""The page as a flat list of lines and the elements they stand in, made in one walk of the tree.

Everything after this module works on these lines. selectolax is the parser (Lexbor, which repairs tag soup as
a browser does); its nodes are not touched again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from operator import attrgetter

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from pipeline.extract.inline import marks_of, reveal_inline, without_signs
from pipeline.extract.variants import either_script

MAX_DEPTH = 300
"""Elements nested deeper are read as if they stood at this depth; real pages stay below 60."""

MAX_LINES = 20_000
"""Lines read of a page; the longest real article has some 600."""

MAX_PIECES = 20_000
"""Runs of text read of one line."""

MAX_LINE = 50_000
"""Code points kept of one line."""

MAX_TEXT = 4 * MAX_LINE
"""Code points of a line read before white space is collapsed."""

MAX_IMAGES = 500
"""Pictures noted of one page."""

MAX_REACH = 50
"""Rows or columns that one cell of a table reaches over."""

LAZY = (
    "data-original",
    "data-src",
    "data-actualsrc",
    "data-lazy-src",
    "data-lazyload",
    "zoomfile",
    "file",
    "src",
)
"""Attributes that hold a picture's address, `src` last: where a script loads the picture it is a placeholder."""

TIMED = {"time": "datetime", "span": "title", "abbr": "title"}
"""Elements that a script fills with "3 hours ago", and their attribute that has the time."""

ICONS = frozenset(["i", "span", "svg", "em", "b"])
"""Elements that are an icon where they have no text."""

TIME = re.compile(r"(?:19|20)\d\d-\d\d-\d\d[T ]\d\d:\d\d")

_BLOCK = (
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol p pre search section summary "
    "table caption tbody tfoot thead td th tr ul html"
)
BLOCK = frozenset(_BLOCK.split())
PICTURES = frozenset(["img", "amp-img", "amp-anim"])
LEVEL = frozenset("123456")
BREAKS = frozenset(["br", "hr"])
NUMBERED = frozenset(["ol", "li"])
CELL = frozenset(["td", "th"])
"""Empty ones are boxes too: a row keeps its columns."""
LEAVES = PICTURES | BREAKS
SHOWING = frozenset(["a", "button"])
_UNREAD = (
    "script style noscript template iframe frame object applet svg math canvas audio video select option "
    "textarea button head title link meta base"
)
UNREAD = frozenset(_UNREAD.split())
WORD = re.compile(r"\w")
NUMBER = re.compile("[1-9][0-9]{0,3}")
"""Of a list's first item, or of an item."""

ZERO_WIDTH = re.compile(r"[\u200b-\u200f\ufeff\u2060\u00ad]")
"""None of these is printable (str.isprintable), which is asked first: nearly all texts are."""

HIDDEN = re.compile(r"display\s{0,3}:\s{0,3}none", re.I)
CENTRED = re.compile(r"text-align\s{0,3}:\s{0,3}center", re.I)
INVISIBLE = re.compile(r"visibility\s{0,3}:\s{0,3}hidden", re.I)
NO_SIZE = re.compile(r"font-size\s{0,3}:\s{0,3}0(?![.\d])", re.I)
UNSEEN_NAMES = re.compile(
    r"(?<![\w-])(?:jammer|(?:u-)?sr-only|visually-?hidden|screen-reader-text)(?![\w-])", re.I
)
"""Classes of inline elements that no reader sees: Discuz's characters against copying, texts for screen readers."""

MOST_UNSEEN = 200
"""Code points of an inline element that is read as unseen; a longer one may be a text that a script shows."""

Attributes = dict[str, str | None]
_State = tuple[int, int, str, int]
"""Block, innermost box, link, and how many `pre` are open."""

BODY_MARK = "data-corpus-body"
"""Attribute set on elements that a source's body selector names, so that the walk can see them."""


HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
EDIT = either_script(r"\W?(?:编辑(?:本段|词条|源代码|本节)?|播报|上传视频|edit(?: source)?)\W?", re.I)
"""A link in a heading of an encyclopaedia: [编辑]."""


@dataclass(slots=True)
class Box:
    """An element that matters: a block, or an inline element with a class or an id. Filled by the walk."""

    tag: str
    names: str
    """class and id, as written."""
    parent: int
    """Index of the enclosing box; -1 for the first."""
    first: int
    """Index of its first line."""
    last: int = -1
    """One past its last line; -1 while it is open."""
    hidden: bool = False
    """Itself display:none or `hidden`; not inherited."""
    invisible: bool = False
    """Itself visibility:hidden: so a body is kept until a script runs (WeChat)."""
    centred: bool = False
    """Whether it sets its own text in the middle, by tag, style, attribute or class."""
    rows: int = 1
    """Rows of a table that a cell reaches over."""
    columns: int = 1
    """The same of columns."""
    number: int = 0
    """Of an `ol` its first number, of an `li` its own; 0: not said."""


_VALUES = attrgetter(*Box.__slots__)


def spanning(box: Box, first: int, last: int) -> Box:
    """A copy of the box with other lines, in half the time of `dataclasses.replace`: a thread has thousands."""
    copy = Box(*_VALUES(box))
    copy.first, copy.last = first, last
    return copy


@dataclass(slots=True)
class Piece:
    """A run of text inside a line with one box and one link."""

    text: str
    box: int
    href: str
    icon: str = ""
    """class, `aria-label` and `title` of the empty element right before it: <i class="fa-user"></i> 李小山."""


@dataclass(slots=True)
class Line:
    """Text between two block boundaries or `<br>`, white space collapsed."""

    text: str
    linked: int
    """Code points of it inside `a`."""
    box: int
    """Index of the nearest block."""
    pieces: list[Piece]
    after_image: bool
    """Whether an image stands between this line and the one before."""
    preformatted: bool
    """Whether it stands in `pre`, where inline elements colour code and say nothing."""
    verbatim: str = ""
    """A preformatted one with all its spaces, tabs as four."""
    marks: tuple[tuple[str, int, int], ...] = ()
    """(kind, start, end) of formulas, footnote marks and code in it (inline.py)."""


@dataclass(slots=True)
class Image:
    """A picture that stands between two lines."""

    line: int
    """How many lines stand above it."""
    box: int
    address: str
    """As written; that of the picture itself where a script loads it."""


@dataclass(slots=True)
class Layout:
    """Lines and boxes of one page, in document order."""

    lines: list[Line] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    chosen: list[int] = field(default_factory=list)
    """Boxes a source's body selector named."""
    images: list[Image] = field(default_factory=list)
    times: set[int] = field(default_factory=set)
    """Lines in which, or right above which, an element has its time in an attribute, for a script to show."""
    truncated: bool = False
    """Whether a limit cut the page."""
    deep: bool = False
    """Whether elements are nested deeper than MAX_DEPTH."""

    def up(self, box: int, most: int = MAX_DEPTH + 1) -> list[int]:
        """The box and its ancestors, innermost first, no more than `most`."""
        chain: list[int] = []
        while box >= 0 and len(chain) < most:
            chain.append(box)
            box = self.boxes[box].parent
        return chain


def read_layout(
    tree: LexborHTMLParser, *, body: Sequence[str] = (), drop: Sequence[str] = (), has_inline: bool = True
) -> Layout:
    """The lines of a page. `drop` elements are removed first; `body` elements are noted in `chosen`.

    A selector Lexbor cannot parse matches nothing. `has_inline`: whether it may have what inline.py turns to text.
    """
    for node in _matched(tree, drop):
        node.decompose()
    for node in _matched(tree, body):
        node.attrs[BODY_MARK] = "1"
    return _Walk(tree, has_marks=has_inline and reveal_inline(tree)).layout


def with_lines(layout: Layout, lines: list[Line], place: Sequence[int]) -> Layout:
    """The page with other lines; `place` says of each line it had, and of their end, where that is now."""
    boxes = [spanning(box, place[box.first], place[box.last]) for box in layout.boxes]
    return replace(layout, lines=lines, boxes=boxes, times={place[line] for line in layout.times})


def collapse(text: str) -> str:
    """The text with each run of white space as one space, and without zero-width characters."""
    text = " ".join(text.split())
    return text if text.isprintable() else ZERO_WIDTH.sub("", text)


def _is_row(code: LexborNode) -> bool:
    """Whether a `code` in a `pre` stands beside another one: editors write each row of a block so."""
    return any(beside is not None and beside.tag == "code" for beside in (code.prev, code.next))


@lru_cache(maxsize=2_000)
def _is_unseen_name(names: str) -> bool:
    return UNSEEN_NAMES.search(names) is not None


def _is_unseen(inline: LexborNode) -> bool:
    """Whether nobody sees the text of a hidden inline element: a few characters, and no button beside it shows them."""
    beside = inline.next
    while beside is not None and beside.tag == "-text" and not (beside.text_content or "").strip():
        beside = beside.next
    return len(inline.text() or "") <= MOST_UNSEEN and (beside is None or beside.tag not in SHOWING)


def _reach(written: str | None) -> int:
    is_number = written is not None and written.isascii() and written.isdigit() and len(written) < 5
    return max(1, min(int(written or 1), MAX_REACH)) if is_number else 1


def _address(image: LexborNode) -> str:
    attributes = image.attributes
    return next((value for name in LAZY if (value := attributes.get(name))), "")


def _icon(attributes: Attributes) -> str:
    return " ".join(filter(None, map(attributes.get, ("class", "aria-label", "title"))))[:100]


def _without_edits(pieces: list[Piece]) -> list[Piece]:
    """The pieces of a heading without the links at its end that edit or read out its section, and their brackets."""
    left = len(pieces)
    while left > 1 and (_is_edit(pieces[left - 1]) or not pieces[left - 1].text.strip(" []|｜")):
        left -= 1
    return pieces[:left] if any(map(_is_edit, pieces[left:])) else pieces


def _is_edit(piece: Piece) -> bool:
    return piece.href != "" and EDIT.fullmatch(piece.text.strip()) is not None


def _target(attributes: Attributes) -> str:
    """Where an `a` leads; "" for one that only marks a place."""
    is_anchor = "href" not in attributes and ("name" in attributes or "id" in attributes)
    return "" if is_anchor else attributes.get("href") or "#"


def _matched(tree: LexborHTMLParser, selectors: Sequence[str]) -> list[LexborNode]:
    found: list[LexborNode] = []
    for css in selectors:
        try:
            found.extend(tree.css(css))
        except SelectolaxError:
            continue
    return found


class _Walk:
    """One walk of the tree. What changes from node to node is local to `_walk`: an attribute costs more to reach."""

    def __init__(self, tree: LexborHTMLParser, *, has_marks: bool) -> None:
        self.layout = Layout()
        self.has_marks = has_marks
        self.image = False
        if tree.body is not None:
            self._walk(tree.body)
            for box in self.layout.boxes:
                box.last = box.last if box.last >= 0 else len(self.layout.lines)

    def _walk(self, root: LexborNode) -> None:
        """Depth first with a stack of our own: hostile nesting must not end in a RecursionError."""
        layout, lines, boxes = self.layout, self.layout.lines, self.layout.boxes
        stack: list[tuple[LexborNode | None, _State, Box | None, bool]] = []
        self._enter(root.attributes, "body", -1, is_block=True)
        block = inner = preformatted = 0
        href = icon = ""
        pieces: list[Piece] = []
        node = root.child
        while node is not None or stack:
            if node is None:
                node, (block_before, inner, href_before, preformatted_before), box, is_block = stack.pop()
                if is_block:
                    icon = ""
                    pieces = self._flush(pieces, block, preformatted) if pieces else pieces
                if box is not None:
                    box.last = len(lines)
                block, href, preformatted = block_before, href_before, preformatted_before
                continue
            tag = node.tag or ""
            if tag == "-text":
                text = node.text_content or ""
                if preformatted:
                    pieces = self._rows(pieces, text, (block, inner, href, preformatted))
                elif not text.isspace():
                    pieces.append(Piece(text, inner, href, icon))
                    icon = ""
                elif pieces:
                    pieces.append(Piece(text, inner, href))
                if len(lines) >= MAX_LINES or len(pieces) > MAX_PIECES:
                    layout.truncated = True
                    break
            elif tag in LEAVES:
                if tag in PICTURES:
                    self._picture(node, inner, is_free=not pieces)
                elif pieces:
                    pieces = self._flush(pieces, block, preformatted)
            elif tag not in UNREAD and tag[:1] != "-" and ((child := node.child) is not None or tag in CELL):
                is_block = tag in BLOCK or (tag == "code" and preformatted > 0 and _is_row(node))
                if is_block:
                    icon = ""
                    pieces = self._flush(pieces, block, preformatted) if pieces else pieces
                state, box = (block, inner, href, preformatted), None
                if len(stack) < MAX_DEPTH:
                    attributes = node.attributes
                    if tag == "a":
                        href = _target(attributes)
                    elif tag == "pre":
                        preformatted += 1
                    box = self._enter(attributes, tag, inner, is_block=is_block)
                    if box is not None and box.hidden and not is_block and _is_unseen(node):
                        boxes.pop()
                        href, preformatted, node = state[2], state[3], node.next
                        continue
                    if box is not None:
                        inner = len(boxes) - 1
                        block = inner if is_block else block
                else:
                    layout.deep = True
                stack.append((node.next, state, box, is_block))
                node = child
                continue
            elif tag in ICONS:
                icon = _icon(node.attributes)
                if tag in TIMED:
                    self._note_time(tag, node.attributes)
            elif tag in TIMED:
                self._note_time(tag, node.attributes)
            node = node.next
        if pieces:
            self._flush(pieces, block, preformatted)

    def _enter(self, attributes: Attributes, tag: str, parent: int, *, is_block: bool) -> Box | None:
        """Open an element; returns its box, or None for an inline element without a name."""
        if not attributes:
            if not is_block:
                return None
            box = Box(tag, "", parent, len(self.layout.lines), centred=tag == "center")
            self.layout.boxes.append(box)
            return box
        names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".strip()
        hidden = "hidden" in attributes
        invisible = centred = False
        if style := attributes.get("style"):
            style = style[:500]
            low = style.lower()
            hidden = hidden or ("none" in low and HIDDEN.search(style) is not None)
            invisible = "hidden" in low and INVISIBLE.search(style) is not None
            hidden = hidden or (not is_block and "font-size" in low and NO_SIZE.search(style) is not None)
            centred = "center" in style and CENTRED.search(style) is not None
        hidden = hidden or (not is_block and names != "" and _is_unseen_name(names))
        if tag in TIMED:
            self._note_time(tag, attributes)
        if not (is_block or names or hidden or invisible or BODY_MARK in attributes):
            return None
        centred = centred or tag == "center" or attributes.get("align") == "center" or "center" in names
        if is_block and attributes.get("role") == "heading":
            level = attributes.get("aria-level") or "2"
            tag = f"h{level if level in LEVEL else 2}"
        box = Box(tag, names[:300], parent, len(self.layout.lines), -1, hidden, invisible, centred)
        if tag in CELL:
            box.rows, box.columns = _reach(attributes.get("rowspan")), _reach(attributes.get("colspan"))
        elif tag in NUMBERED:
            said = attributes.get("start" if tag == "ol" else "value") or ""
            box.number = int(said) if NUMBER.fullmatch(said) else 0
        if BODY_MARK in attributes:
            self.layout.chosen.append(len(self.layout.boxes))
        self.layout.boxes.append(box)
        return box

    def _note_time(self, tag: str, attributes: Attributes) -> None:
        if TIME.match(attributes.get(TIMED[tag]) or ""):
            self.layout.times.add(len(self.layout.lines))

    def _picture(self, node: LexborNode, box: int, *, is_free: bool) -> None:
        """Note a picture; `is_free`: no text stands before it in its line."""
        self.image = True
        if is_free and len(self.layout.images) < MAX_IMAGES:
            self.layout.images.append(Image(len(self.layout.lines), box, _address(node)))

    def _rows(self, pieces: list[Piece], text: str, state: _State) -> list[Piece]:
        """Preformatted text: a line ends where it is broken. Returns the pieces of the last."""
        block, inner, href, preformatted = state
        for number, row in enumerate(text.split("\n")):
            if number and pieces:
                pieces = self._flush(pieces, block, preformatted)
            pieces.append(Piece(row, inner, href))
        return pieces

    def _flush(self, pieces: list[Piece], block: int, preformatted: int) -> list[Piece]:
        """Write the line of some pieces, if it has a text; returns the pieces of the next, none.

        A link of signs alone to a place on the page leads from a footnote back, or from a heading to itself: ↩ ^ # ¶.
        """
        if len(pieces) > 1 and any(piece.href[:1] == "#" for piece in pieces):
            pieces = [p for p in pieces if len(p.href) < 2 or p.href[0] != "#" or WORD.search(p.text)]
        if len(pieces) > 1 and self.layout.boxes[block].tag in HEADINGS:
            pieces = _without_edits(pieces)
        joined = "".join([p.text for p in pieces]) if len(pieces) > 1 else pieces[0].text
        text = collapse(joined[:MAX_TEXT])[:MAX_LINE]
        if len(joined) > MAX_TEXT or len(text) == MAX_LINE:
            self.layout.truncated = True
        if not text:
            return []
        linked = sum([len(piece.text.strip()) for piece in pieces if piece.href])
        line = Line(text, linked, block, pieces, self.image, preformatted > 0)
        if self.has_marks:
            line.text, line.marks = marks_of(text)
            for piece in pieces:
                piece.text = without_signs(piece.text)
            line.linked = sum([len(piece.text.strip()) for piece in pieces if piece.href])
            if not line.text:
                return []
        if preformatted:
            line.verbatim = without_signs(joined[:MAX_LINE]).replace("\xa0", " ").expandtabs(4).rstrip()
        self.layout.lines.append(line)
        self.image = False
        return []
