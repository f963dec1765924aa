"""The kept lines as one plain text, and beside it what they were on the page: headings, lists, tables, code, images.

The text stays one line a paragraph, so that everything behind extraction reads prose; what it was stands off, as
spans over it (`records.Span`). The elements are those that trafilatura's small tree is made of too
(trafilatura_reader.py). An element that holds the whole body says nothing of a part of it: old sites set whole
pages in a table, and articles in a `blockquote`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.extract.boilerplate import trim
from pipeline.extract.images import images_of
from pipeline.extract.layout import HEADINGS, Layout
from pipeline.extract.looks import without_teaser
from pipeline.extract.tables import NO_CELL, row_text, rows_of
from pipeline.records import Span
from pipeline.rules.han import IDEOGRAPHS

HEADING_LONGEST = 80
"""Code points of the longest heading; sites that set paragraphs as h2 for their size go on longer."""

CODE_HAN = 0.5
"""Share of Han among the letters of `pre` from which it is prose with its lines broken, as old pages have it."""

LANGUAGE = re.compile(
    r"(?:^|\s)(?:(?:language|lang|highlight-source|brush:?)[- ]{0,2}|highlight (?!highlight)|hljs (?!lang))"
    r"([A-Za-z][A-Za-z0-9+#]{0,19})\b"
)
"""Of Prism, highlight.js, GitHub, SyntaxHighlighter; `highlight python` of Hexo, `hljs bash`."""

LANGUAGE_UP = 6
"""Elements round a block of code that may name its language: a table of line numbers and code stands between."""

NO_LANGUAGE = frozenset(["zh", "en", "ja", "cn", "tw", "hk", "plaintext", "text", "none", "auto"])
"""What such a name also says: of a page, or of no language."""

LETTER = re.compile(rf"[{IDEOGRAPHS}A-Za-z]")
HAN = re.compile(f"[{IDEOGRAPHS}]")
_SHAPES = HEADINGS | frozenset(["li", "blockquote", "pre", "table", "tr"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A body as it is published: plain lines, and what they were."""

    text: str
    structure: tuple[Span, ...]
    """Image addresses are as the page writes them."""


@dataclass(slots=True, kw_only=True)
class _Paragraph:
    """A line of the text: a line of the page, or the cells of a row."""

    text: str
    box: int
    """The block it stands in; of a row the `tr`."""
    first: int
    """Index of its first line on the page."""
    marks: list[tuple[str, int, int]] = field(default_factory=list)
    start: int = 0
    """Where it begins in the text."""


def write_text(
    layout: Layout, kept: Sequence[int], removed: Mapping[int, str], roots: Sequence[int] = ()
) -> Text:
    """The text of kept lines, without credits and teasers glued to their ends, and its structure.

    `removed` names the rule of each line that went (captions are told by it), `roots` the elements of the body, in
    which its images are looked for.
    """
    if not kept:
        return Text(text="", structure=())
    shapes = _Shapes(layout, kept)
    paragraphs = list(_paragraphs(layout, kept, shapes))
    trimmed = trim([paragraph.text for paragraph in paragraphs])
    at, left = 0, []
    for paragraph, text in zip(paragraphs, trimmed, strict=True):
        if text:
            paragraph.text, paragraph.start = text, at
            at += len(text) + 1
            left.append(paragraph)
    places = [(paragraph.first, paragraph.start) for paragraph in left]
    images = images_of(layout, kept, removed, roots, places, max(at - 1, 0))
    spans = [*shapes.spans(left), *_marked(left), *images]
    spans.sort(key=lambda span: (span.start, -span.end))
    return Text(text="\n".join(paragraph.text for paragraph in left), structure=tuple(spans))


class _Shapes:
    """Which elements round the kept lines say what they are; found once an element."""

    def __init__(self, layout: Layout, kept: Sequence[int]) -> None:
        self.layout = layout
        self.kept = frozenset(kept)
        self.first, self.last = kept[0], kept[-1]
        self.known: dict[int, tuple[int, ...]] = {-1: ()}
        self.rows: dict[int, list[int]] = {}
        """Of the tables of data: row → its cells."""
        self.tables: dict[int, bool] = {}
        self.code: dict[int, bool] = {}
        self.numbers: dict[int, int] = {}

    def around(self, box: int) -> tuple[int, ...]:
        """The shapes round a box and itself, outermost first."""
        chain = []
        while box not in self.known:
            chain.append(box)
            box = self.layout.boxes[box].parent
        found = self.known[box]
        for inner in reversed(chain):
            if self._is_shape(inner):
                found = (*found, inner)
            self.known[inner] = found
        return found

    def row_of(self, box: int) -> int | None:
        """The row that the line of a box is written in, or None."""
        for shape in reversed(self.around(box)):
            if self.layout.boxes[shape].tag == "tr":
                table = next(
                    (s for s in self.around(shape)[::-1] if self.layout.boxes[s].tag == "table"), None
                )
                if table is not None and self._is_data(table):
                    return shape if shape in self.rows else None
        return None

    def spans(self, paragraphs: Sequence[_Paragraph]) -> Iterator[Span]:
        """The spans of the shapes."""
        reach: dict[int, tuple[int, int]] = {}
        for number, paragraph in enumerate(paragraphs):
            for shape in self.around(paragraph.box):
                reach[shape] = (reach[shape][0] if shape in reach else number, number)
        for shape, (first, last) in reach.items():
            inside = paragraphs[first : last + 1]
            kind, level, label = self._told(shape, inside)
            if kind:
                end = inside[-1].start + len(inside[-1].text)
                yield Span(kind=kind, level=level, start=inside[0].start, end=end, label=label)

    def is_code(self, shape: int) -> bool:
        """Whether a `pre` holds code."""
        if shape not in self.code:
            box = self.layout.boxes[shape]
            text = "".join(self.layout.lines[i].text for i in range(box.first, box.last) if i in self.kept)
            self.code[shape] = len(HAN.findall(text)) < CODE_HAN * len(LETTER.findall(text))
        return self.code[shape]

    def _is_shape(self, box: int) -> bool:
        element = self.layout.boxes[box]
        return element.tag in _SHAPES and not (element.first <= self.first and self.last < element.last)

    def _told(self, shape: int, inside: Sequence[_Paragraph]) -> tuple[str, int, str]:
        """Kind, level and label of a shape; no kind where it says nothing."""
        boxes, tag = self.layout.boxes, self.layout.boxes[shape].tag
        tags = [boxes[each].tag for each in self.around(shape)]
        if tag in HEADINGS:
            is_one = all(len(p.text) <= HEADING_LONGEST and p.text[-1] != "。" for p in inside)
            return ("heading" if is_one else "", int(tag[1]), "")
        if tag == "li":
            return "item", tags.count("li"), self._item_mark(shape)
        if tag == "blockquote":
            return "quote", tags.count("blockquote"), ""
        if tag == "pre":
            return ("code" if self.is_code(shape) else "", 0, self._language(shape))
        if tag == "table":
            return ("table" if self.tables.get(shape) else "", 0, "")
        is_head = all(boxes[cell].tag == "th" for cell in self.rows.get(shape, ()) if cell != NO_CELL)
        return ("row" if shape in self.rows else "", int(is_head), "")

    def _is_data(self, table: int) -> bool:
        """Whether a table shows data; notes its rows."""
        if table not in self.tables:
            rows = rows_of(self.layout, table, self.kept)
            self.tables[table] = rows is not None
            self.rows |= rows or {}
        return self.tables[table]

    def _item_mark(self, shape: int) -> str:
        """`-`, or the number of an item of an ordered list, as Markdown writes it."""
        boxes = self.layout.boxes
        if not self.numbers:
            last: dict[int, int] = {}
            for index, box in enumerate(boxes):
                if box.tag == "li":
                    first = max(boxes[box.parent].number, 1) if box.parent >= 0 else 1
                    self.numbers[index] = box.number or last.get(box.parent, first - 1) + 1
                    last[box.parent] = self.numbers[index]
        parent = boxes[shape].parent
        return f"{self.numbers[shape]}." if parent >= 0 and boxes[parent].tag == "ol" else "-"

    def _language(self, shape: int) -> str:
        """The language that the names of a block of code give."""
        boxes = self.layout.boxes
        near = [*self.layout.up(shape)[:LANGUAGE_UP], *range(shape + 1, min(shape + 2, len(boxes)))]
        found = (LANGUAGE.search(boxes[i].names) for i in reversed(near))
        named = (match[1].lower() for match in found if match)
        return next((name for name in named if name not in NO_LANGUAGE), "")


def _paragraphs(layout: Layout, kept: Sequence[int], shapes: _Shapes) -> Iterator[_Paragraph]:
    written = set()
    for index in kept:
        line = layout.lines[index]
        row = shapes.row_of(line.box)
        if row is None:
            in_code = line.preformatted and any(
                layout.boxes[s].tag == "pre" and shapes.is_code(s) for s in shapes.around(line.box)
            )
            text = line.verbatim if in_code else without_teaser(line)
            marks = [] if in_code else list(line.marks)
            yield _Paragraph(text=text, box=line.box, first=index, marks=marks)
        elif row not in written:
            written.add(row)
            text, marks = row_text(layout, shapes.rows[row])
            yield _Paragraph(text=text, box=row, first=layout.boxes[row].first, marks=marks)


def _marked(paragraphs: Sequence[_Paragraph]) -> Iterator[Span]:
    """Formulas, footnote marks and code inside lines."""
    for paragraph in paragraphs:
        for kind, start, end in paragraph.marks:
            if end <= len(paragraph.text):
                name, level = ("formula", 1) if kind == "display" else (kind, 0)
                at = paragraph.start
                yield Span(kind=name, level=level, start=at + start, end=at + end)
