"""The page as a flat list of lines and the elements they stand in, made in one walk of the tree.

Everything after this module works on these lines. selectolax is the parser (Lexbor, which repairs tag soup as
a browser does); its nodes are not touched again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from pipeline.extract.inline import marks_of, reveal_inline, without_signs

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
_UNREAD = (
    "script style noscript template iframe frame object applet svg math canvas audio video select option "
    "textarea button head title link meta base"
)
UNREAD = frozenset(_UNREAD.split())
NUMBER = re.compile("[1-9][0-9]{0,3}")
"""Of a list's first item, or of an item."""

ZERO_WIDTH = re.compile(r"[\u200b-\u200f\ufeff\u2060\u00ad]")
"""None of these is printable (str.isprintable), which is asked first: nearly all texts are."""

HIDDEN = re.compile(r"display\s{0,3}:\s{0,3}none", re.I)
CENTRED = re.compile(r"text-align\s{0,3}:\s{0,3}center", re.I)
INVISIBLE = re.compile(r"visibility\s{0,3}:\s{0,3}hidden", re.I)
BODY_MARK = "data-corpus-body"
"""Attribute set on elements that a source's body selector names, so that the walk can see them."""


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

    def up(self, box: int) -> list[int]:
        """The box and its ancestors, innermost first."""
        chain = []
        while box >= 0:
            chain.append(box)
            box = self.boxes[box].parent
        return chain


def read_layout(tree: LexborHTMLParser, *, body: Sequence[str] = (), drop: Sequence[str] = ()) -> Layout:
    """The lines of a page. `drop` elements are removed first; `body` elements are noted in `chosen`.

    A selector Lexbor cannot parse matches nothing.
    """
    for node in _matched(tree, drop):
        node.decompose()
    for node in _matched(tree, body):
        node.attrs[BODY_MARK] = "1"
    return _Walk(tree, has_marks=reveal_inline(tree)).layout


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


def _reach(written: str | None) -> int:
    is_number = written is not None and written.isascii() and written.isdigit() and len(written) < 5
    return max(1, min(int(written or 1), MAX_REACH)) if is_number else 1


def _address(image: LexborNode) -> str:
    attributes = image.attributes
    return next((value for name in LAZY if (value := attributes.get(name))), "")


def _matched(tree: LexborHTMLParser, selectors: Sequence[str]) -> list[LexborNode]:
    found: list[LexborNode] = []
    for css in selectors:
        try:
            found.extend(tree.css(css))
        except SelectolaxError:
            continue
    return found


class _Walk:
    """State of one walk: the open elements, and the line being written."""

    def __init__(self, tree: LexborHTMLParser, *, has_marks: bool) -> None:
        self.layout = Layout()
        self.has_marks = has_marks
        self.pieces: list[Piece] = []
        self.block = self.inner = -1
        self.href = ""
        self.image = False
        self.preformatted = 0
        root = tree.body
        if root is not None:
            self._enter(root, "body", True)
            self._walk(root.child)
            self._flush()
            for box in self.layout.boxes:
                box.last = box.last if box.last >= 0 else len(self.layout.lines)

    def _walk(self, node: LexborNode | None) -> None:
        """Depth first with a stack of our own: hostile nesting must not end in a RecursionError."""
        stack: list[tuple[LexborNode | None, tuple[int, int, str, int], Box | None, bool]] = []
        lines = self.layout.lines
        while True:
            if node is None:
                if not stack:
                    return
                node, state, box, is_block = stack.pop()
                if is_block:
                    self._flush()
                if box is not None:
                    box.last = len(lines)
                self.block, self.inner, self.href, self.preformatted = state
                continue
            tag = node.tag or ""
            if tag == "-text":
                text = node.text_content or ""
                if self.pieces or self.preformatted or not text.isspace():
                    self._text(text)
                if len(lines) >= MAX_LINES or len(self.pieces) > MAX_PIECES:
                    self.layout.truncated = True
                    return
            elif tag in BREAKS:
                self._flush()
            elif tag in PICTURES:
                self.image = True
                if not self.pieces and len(self.layout.images) < MAX_IMAGES:
                    self.layout.images.append(Image(len(lines), self.inner, _address(node)))
            elif tag not in UNREAD and tag[:1] != "-":
                child = node.child
                if child is not None or tag in CELL:
                    state = (self.block, self.inner, self.href, self.preformatted)
                    is_block = tag in BLOCK or (tag == "code" and self.preformatted > 0 and _is_row(node))
                    if is_block:
                        self._flush()
                    self.layout.deep = self.layout.deep or len(stack) >= MAX_DEPTH
                    box = self._enter(node, tag, is_block) if len(stack) < MAX_DEPTH else None
                    stack.append((node.next, state, box, is_block))
                    node = child
                    continue
                if tag in TIMED:
                    self._note_time(tag, node.attributes)
            node = node.next

    def _enter(self, node: LexborNode, tag: str, is_block: bool) -> Box | None:
        """Open an element; returns its box, or None for an inline element without a name."""
        attributes = node.attributes
        if tag == "a":
            anchor = "href" not in attributes and ("name" in attributes or "id" in attributes)
            self.href = "" if anchor else attributes.get("href") or "#"
        elif tag == "pre":
            self.preformatted += 1
        names = ""
        hidden = invisible = False
        centred = tag == "center"
        if attributes:
            names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".strip()
            hidden = "hidden" in attributes
            if style := attributes.get("style"):
                hidden = hidden or HIDDEN.search(style[:500]) is not None
                invisible = INVISIBLE.search(style[:500]) is not None
                centred = centred or ("center" in style and CENTRED.search(style[:500]) is not None)
            centred = centred or attributes.get("align") == "center" or "center" in names
            self._note_time(tag, attributes)
        if not (is_block or names or hidden or invisible or BODY_MARK in attributes):
            return None
        if is_block and attributes.get("role") == "heading":
            level = attributes.get("aria-level") or "2"
            tag = f"h{level if level in LEVEL else 2}"
        index = len(self.layout.boxes)
        box = Box(tag, names[:300], self.inner, len(self.layout.lines), -1, hidden, invisible, centred)
        self.layout.boxes.append(box)
        if attributes:
            if tag in CELL:
                box.rows, box.columns = _reach(attributes.get("rowspan")), _reach(attributes.get("colspan"))
            elif tag in NUMBERED:
                said = attributes.get("start" if tag == "ol" else "value") or ""
                box.number = int(said) if NUMBER.fullmatch(said) else 0
            if BODY_MARK in attributes:
                self.layout.chosen.append(index)
        self.inner = index
        if is_block:
            self.block = index
        return box

    def _note_time(self, tag: str, attributes: Mapping[str, str | None]) -> None:
        if tag in TIMED and TIME.match(attributes.get(TIMED[tag]) or ""):
            self.layout.times.add(len(self.layout.lines))

    def _text(self, text: str) -> None:
        if not self.preformatted:
            self.pieces.append(Piece(text, self.inner, self.href))
            return
        for number, row in enumerate(text.split("\n")):
            if number:
                self._flush()
            self.pieces.append(Piece(row, self.inner, self.href))

    def _flush(self) -> None:
        if not self.pieces:
            return
        pieces, self.pieces = self.pieces, []
        joined = "".join([p.text for p in pieces]) if len(pieces) > 1 else pieces[0].text
        text = collapse(joined[:MAX_TEXT])[:MAX_LINE]
        if len(joined) > MAX_TEXT or len(text) == MAX_LINE:
            self.layout.truncated = True
        if not text:
            return
        line = Line(text, 0, self.block, pieces, self.image, self.preformatted > 0)
        if self.has_marks:
            line.text, line.marks = marks_of(text)
            for piece in pieces:
                piece.text = without_signs(piece.text)
            if not line.text:
                return
        if self.preformatted:
            line.verbatim = without_signs(joined[:MAX_LINE]).expandtabs(4).rstrip()
        line.linked = sum([len(piece.text.strip()) for piece in pieces if piece.href])
        self.layout.lines.append(line)
        self.image = False
