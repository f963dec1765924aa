"""The article's text: the lines of its element, less what is not the article, as two readers have them.

The element's own lines, cleaned, are one reading (bigram F .992 and .969 on two halves of 124 Chinese pages),
trafilatura's of the same element the other (.988 and .967); where they differ, agreement.py decides line by line.
A body so short that most extractors lose it, or none at all, is looked for by trafilatura in the whole page.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.extract.agreement import BY_NAME, settle
from pipeline.extract.asides import beside_text
from pipeline.extract.boilerplate import judge, matching
from pipeline.extract.captions import captions
from pipeline.extract.container import LIST_TAGS, SHORT_TITLE
from pipeline.extract.declaredtitle import letters
from pipeline.extract.ending import KEPT_IN, MARKS, below_sentences
from pipeline.extract.images import CAPTIONS
from pipeline.extract.layout import CELL, HEADINGS, Box, Layout, Line
from pipeline.extract.looks import by_look
from pipeline.extract.marks import kinds, words_of
from pipeline.extract.names import is_personal_name
from pipeline.extract.structure import write_text
from pipeline.extract.trafilatura_reader import read_element, read_page
from pipeline.extract.variants import either_script
from pipeline.extract.weights import CUT_OFF, JUNK_TAGS, Weights, is_linked, is_prose
from pipeline.records import Span

HOLDS = 0.35
"""An element with this share of the body's weight is the article, whatever its name or style says."""

HEAD_LINE = 80
"""Code points of the longest line that an element named as header line may take out."""

HEAD_LINES = 12
"""Lines below a title inside the element that may be header."""

IN_FIGURE = 3
"""Elements above a line among which a `figcaption` is looked for."""

IN_CELL = 3
"""The same for the cell of a table."""

HEAD_SHORT = 30
"""Code points of such a line; it has no sentence mark either."""

BARS = frozenset(["share", "counter"])
"""Rules that a row of buttons may go by, with its counts or without."""

OF_OTHERS = frozenset(["related", "comments", "disclaimer"])
"""Rules whose lines may be the heading of an element."""

AROUND = OF_OTHERS | {"links", "credit", "promotion", "share", "tags", "junk", "counter"}
"""Rules whose lines are all that stands below the heading of a box of the site."""

REPLIES = either_script("评论|回[复应]|跟[贴帖]")
"""What a bar of buttons counts that has replies below it."""

SENTENCES = 2
"""Sentences from which the element that holds them all is known to be the article's."""

KEPT_OUTSIDE = KEPT_IN | {"figcaption"}
"""Elements whose lines are text of the article, wherever they stand."""

BUTTON = 16
UNFOLD = either_script("展开|(?:显示|查看|阅读|浏览|余下|剩余)的?(?:全[文部]|正文|内容|\\d)|read ?more")
"""Words of a button that shows the rest of an article."""

HEADING_LINE = 24
"""Code points of the longest of these headings."""

CODE_LABEL = 20
"""Code points of the longest line above a block of code that names its language, with a button beside."""

CODE_LABEL_UP = 3
CODE_WORDS = frozenset(["code", "lang", "language", "highlight", "toolbar"])
"""Words of the names of an element, at most two above the line's, that holds such a line."""

NAMES_APART = re.compile(r"[\s、,，]+")
CELLS = frozenset(["td", "th", "dt", "dd"])
"""Elements that are many with one name where they are of a table or a list of terms."""

AGAIN = 6
"""Lines of a text with which its summary is compared."""

AGAIN_SHORTEST = 16
"""Letters of the shortest summary that is looked for: a refrain is shorter."""

SUMMARY_LABEL = either_script(
    r"\s{0,4}[【\[]?(?:摘要|导读|提要|简介|核心提示|内容[摘提]要|文章摘要)[】\]]?\s?[:：]?\s?"
)

DOUBTED = 100
"""Letters of a body below which trafilatura is asked: under 500 all extractors lose text (trafilatura F .714, above
.949), and the shortest of 124 real bodies has 71."""

SECOND_LONGER = 4
"""trafilatura's reading of the whole page replaces a doubted one from this many times its length."""


NUMBERS = 3
"""Lines in a row that count from 1 and say nothing else, of which none is the article's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one element yields."""

    text: str
    structure: tuple[Span, ...]
    """Over `text`."""
    captions: tuple[str, ...]
    method: str
    rules: tuple[tuple[int, str], ...]
    """(line index, rule that removed it) for the lines of the element."""
    boxes: tuple[int, ...]
    """The element, or those that a source names."""
    start: int
    """Index of the element's first line."""
    stop: int
    """One past its last line."""
    kept: tuple[int, ...]
    """Indexes of the lines that stayed, in order."""
    kept_by: tuple[tuple[int, str], ...] = ()
    """(line index, rule by which it stayed) for the lines that one reader alone kept."""
    agreement: float | None = None
    """Share 0..1 of the text that both readers have; None: only one read."""


def read_body(
    layout: Layout,
    weights: Weights,
    boxes: Sequence[int],
    title: str | None = None,
    title_at: int | None = None,
    extractor: str | None = None,
) -> Reading:
    """The body inside one element (or those a source names), with the rule that removed each other line.

    `title_at` is the line of the title, which may stand inside the element; `extractor` the one reader a source
    wants, "container" or "trafilatura"; None: both read. Where trafilatura cannot be asked the element's own
    lines are the reading, and the method says so.
    """
    span = sorted({i for box in boxes for i in range(layout.boxes[box].first, layout.boxes[box].last)})
    inside = title_at if title_at in span and not _are_above(layout, weights, span, title_at) else None
    whole = sum(max(weights.plain[i], weights.line[i]) for i in span) or 1.0
    by_box: dict[int, str | None] = dict.fromkeys(boxes)
    held = _held(layout, weights, span, boxes)  # verses weigh in `line` alone
    removed: dict[int, str] = {}
    head = _header(layout, weights, inside)
    for index in span:
        rule = (
            _by_element(layout, held, index, whole, by_box)
            or by_look(layout.lines[index])
            or _by_neighbour(layout, index, head)
        )
        if rule:
            removed[index] = rule
    removed.update(captions(layout, weights, span, removed))
    removed.update(dict.fromkeys(_numbering([i for i in span if i not in removed], layout.lines), "numbers"))
    left = [i for i in span if i not in removed]

    def stays() -> list[int]:
        return [i for i in left if i not in removed]

    removed.update(judged(layout, weights, left))
    removed.update(dict.fromkeys(_said_again(layout, stays()), "summary"))
    removed.update(dict.fromkeys(_named_again(layout, title_at, stays(), removed), "credit"))
    removed.update(_below_headings(layout, weights, span, boxes, removed))
    for index in stays()[:3]:
        is_cell = layout.boxes[layout.lines[index].box].tag in KEPT_OUTSIDE - HEADINGS
        if title and not is_cell and letters(layout.lines[index].text) == letters(title):
            removed[index] = "title"
    for rule, gone in (
        ("heading", lambda: _emptied(layout, weights, span, removed)),
        ("outside", lambda: _outside(layout, weights, boxes, stays())),
        ("aside", lambda: beside_text(layout, weights, boxes, stays())),
        ("ending", lambda: below_sentences(layout, stays())),
    ):
        if found := dict.fromkeys(gone(), rule):
            removed.update(found)
            removed.update(judged(layout, weights, stays()))  # the last lines are others
    own = stays()
    theirs = read_element(layout, boxes, span) if extractor != "container" else None
    method = "selector" if layout.chosen else "container"
    agreement, kept_by = None, {}
    if theirs is not None and extractor == "trafilatura":
        method, removed = "trafilatura", _alone(layout, weights, span, theirs, removed)
    elif theirs is not None:
        settled = settle(layout, weights, own, theirs, removed)
        removed.update(settled.goes)
        agreement, kept_by = settled.agreement, settled.stays
    kept = [i for i in span if i not in removed]
    written = write_text(layout, kept, removed, boxes)
    return Reading(
        text=written.text,
        structure=written.structure,
        captions=(
            *_captions_above(layout, title_at, span),
            *(layout.lines[i].text for i in span if removed.get(i) in CAPTIONS),
        ),
        method=method,
        rules=tuple(sorted(removed.items())),
        boxes=tuple(boxes),
        start=span[0] if span else 0,
        stop=span[-1] + 1 if span else 0,
        kept=tuple(kept),
        kept_by=tuple(kept_by.items()),
        agreement=agreement,
    )


def _are_above(layout: Layout, weights: Weights, span: Sequence[int], title_at: int) -> bool:
    """Whether sentences of an element stand above a line in it, so that it is a heading among them and no title."""
    above = [i for i in span if i < title_at and weights.line[i] and is_prose(layout.lines[i])]
    return len(above) >= SENTENCES and 4 * sum(weights.line[i] for i in above) > sum(
        weights.line[i] for i in span
    )


def _numbering(indexes: Sequence[int], lines: Sequence[Line]) -> Iterator[int]:
    """The lines that are nothing but 1, 2, 3 …: the numbers beside a block of code, copied without it, or of pages."""
    run: list[int] = []
    for index in (*indexes, None):
        text = lines[index].text if index is not None and not lines[index].preformatted else ""
        if index is not None and text == str(len(run) + 1):
            run.append(index)
            continue
        if len(run) >= NUMBERS:
            yield from run
        run = [index] if index is not None and text == "1" else []


def _said_again(layout: Layout, kept: Sequence[int]) -> Sequence[int]:
    """The first line of a body that what follows begins with: systems print the beginning of a text as its summary."""
    if len(kept) < 2:
        return ()
    opening, *below = (layout.lines[i].text for i in kept[: 1 + AGAIN])
    said = letters(SUMMARY_LABEL.sub("", opening))
    is_again = (
        len(said) >= AGAIN_SHORTEST
        and said != letters(below[0])
        and "".join(map(letters, below)).startswith(said)
    )
    return kept[:1] if is_again else ()


def _named_again(
    layout: Layout, title_at: int | None, kept: Sequence[int], removed: Mapping[int, str]
) -> Sequence[int]:
    """The first line of a body, where it is people whom the header above names in an element of their own, or above
    the day."""
    if title_at is None or not kept or not title_at < kept[0] <= title_at + HEAD_LINES:
        return ()
    text = layout.lines[kept[0]].text
    if len(text) > HEAD_SHORT or not all(map(is_personal_name, NAMES_APART.split(text))):
        return ()
    above = (piece for line in layout.lines[title_at + 1 : kept[0]] for piece in line.pieces)
    is_told = removed.get(kept[0] + 1) == "date" or any(piece.text.strip() == text for piece in above)
    return kept[:1] if is_told else ()


def _captions_above(layout: Layout, title_at: int | None, span: Sequence[int]) -> list[str]:
    """The captions of figures between the title and the element of the body."""
    if title_at is None or not span or title_at >= span[0]:
        return []
    between = range(title_at + 1, min(span[0], title_at + 1 + HEAD_LINES))
    return [
        layout.lines[i].text
        for i in between
        if any(layout.boxes[box].tag == "figcaption" for box in layout.up(layout.lines[i].box, IN_FIGURE))
    ]


def _alone(
    layout: Layout, weights: Weights, span: Sequence[int], theirs: Collection[int], removed: dict[int, str]
) -> dict[int, str]:
    """What is removed where trafilatura alone reads: what it drops, and what no reader takes for body.

    The names of elements are its own business; words, looks and the title are cleaned as in any reading.
    """
    kept = [i for i in span if i in theirs and removed.get(i) in (None, *BY_NAME)]
    dropped = {i: removed.get(i, "trafilatura") for i in span if i not in kept}
    return dropped | judged(layout, weights, kept)


def judged(layout: Layout, weights: Weights, indexes: Sequence[int]) -> dict[int, str]:
    """The lines that the rules of boilerplate.py remove of a body made of these lines, and the rule of each.

    A number in a row of a table is no counter where the row says of what it is.
    """
    verdicts = judge([layout.lines[i].text for i in indexes], [weights.plain[i] for i in indexes])
    found = {i: rule for i, rule in zip(indexes, verdicts, strict=True) if rule}
    if "counter" not in found.values():
        return found
    rows = {_row_of(layout, i) for i in indexes if i not in found} - {None}
    return {i: rule for i, rule in found.items() if rule != "counter" or _row_of(layout, i) not in rows}


def _row_of(layout: Layout, index: int) -> int | None:
    """The row of a table that a line is in a cell of."""
    near = layout.up(layout.lines[index].box, IN_CELL)
    return next((layout.boxes[at].parent for at in near if layout.boxes[at].tag in CELL), None)


def _below_headings(
    layout: Layout, weights: Weights, span: Sequence[int], boxes: Sequence[int], removed: Mapping[int, str]
) -> dict[int, str]:
    """What else stands in an element whose first line is the heading of other articles, of replies or of a notice, or
    below the text the bar of buttons that counts replies.

    None that holds the article: of other articles it has little of the text; above a notice, which may be longer
    than a short article, stands text, and its own first line is words of a notice.
    """
    whole = sum(weights.plain[i] for i in span) or 1.0
    found: dict[int, str] = {}
    for index, rule in removed.items():
        text = layout.lines[index].text
        is_bar = rule in BARS and REPLIES.search(text) and weights.between(span[0], index) > 0
        if not (rule in OF_OTHERS or is_bar) or len(text) > HEADING_LINE:
            continue
        is_notice = rule == "disclaimer"
        if is_notice and not (removed.get(index + 1) == rule and weights.between(span[0], index)):
            continue
        for at in layout.up(layout.lines[index].box):
            box = layout.boxes[at]
            if at in boxes or box.first != index:
                break
            if is_notice or weights.between(box.first, box.last) < HOLDS * whole:
                found.update((i, rule) for i in range(index + 1, box.last) if i not in removed)
    return found


def _outside(layout: Layout, weights: Weights, boxes: Sequence[int], kept: Sequence[int]) -> Iterator[int]:
    """The short lines below the element that holds all sentences, from the last: names, counts, buttons of the site.

    None that is a heading, of a list or a table, or beside the sentences themselves; a body of one is not asked.
    """
    prose = [i for i in kept if weights.plain[i] and is_prose(layout.lines[i])]
    if len(prose) < SENTENCES:
        return
    holder = layout.up(layout.lines[prose[0]].box)[1:]
    last = layout.lines[prose[-1]].box
    inner = set(layout.up(last)[1:])
    common = next((at for at in holder if at in inner), None)
    if common is None or common in boxes:
        return
    for index in reversed(kept):
        if index < layout.boxes[common].last:
            return
        line = layout.lines[index]
        tag = layout.boxes[line.box].tag
        if tag in KEPT_OUTSIDE or len(line.text) > HEAD_LINE or (is_prose(line) and weights.plain[index]):
            return
        yield index


def _emptied(
    layout: Layout, weights: Weights, span: Sequence[int], removed: Mapping[int, str]
) -> Iterator[int]:
    """The headings, from the last, below which nothing stays up to the next heading of their level or the end.

    Between two headings there must have been lines, and all of what sites put round articles: pictures are a section.
    """
    below, between = None, set[str]()  # the level of the next heading that stays, what went above it
    for index in reversed(span):
        if index in removed:
            between.add(removed[index])
            continue
        tag = layout.boxes[layout.lines[index].box].tag
        is_text = weights.plain[index] > 0 and not (
            below is None and layout.lines[index].text[-1] not in MARKS
        )
        if tag not in HEADINGS or is_text:
            below, between = "", set()
        elif below is None or (below and tag >= below and between and between <= AROUND):
            yield index
        else:
            below, between = tag, set()


def second_opinion(layout: Layout, weights: Weights, reading: Reading, html: str) -> Reading:
    """trafilatura's reading of the page, cleaned by the same rules, where the container's is doubted.

    It replaces a body below DOUBTED letters only when it is SECOND_LONGER times as long: on pages with a short
    body (five of the 63 that were read line by line) the disclaimer, the menu or the comment rules win.
    """
    first = len(letters(reading.text))
    if first >= DOUBTED or layout.deep:
        return reading
    least = SECOND_LONGER * max(first, 1)
    said = {i: letters(layout.lines[i].text) for i, w in enumerate(weights.line) if 2 * w > weights.plain[i]}
    if sum(map(len, said.values())) < least:
        return reading  # whatever trafilatura would keep of them
    lines = {letters(line) for line in read_page(html).split("\n")}
    found = [i for i, bare in said.items() if bare in lines]
    removed = judged(layout, weights, found)
    kept = tuple(i for i in found if i not in removed)
    written = write_text(layout, kept, removed)
    if not kept or len(letters(written.text)) < least or _is_headed(layout, reading, kept):
        return reading
    return replace(
        reading,
        text=written.text,
        structure=written.structure,
        method="trafilatura-page",
        rules=tuple(removed.items()),
        boxes=(),
        start=kept[0],
        stop=kept[-1] + 1,
        kept=kept,
        kept_by=(),
        agreement=None,
    )


def _is_headed(layout: Layout, reading: Reading, found: Sequence[int]) -> bool:
    """Whether what was found stands below a text, in an element with a heading of its own: rules, advice, services."""
    if not reading.kept or found[0] < reading.stop:
        return False
    inside = [at for at in layout.up(layout.lines[found[0]].box) if layout.boxes[at].first >= reading.stop]
    if not inside:
        return False
    box = layout.boxes[inside[-1]]
    return found[-1] < box.last and layout.boxes[layout.lines[box.first].box].tag in HEADINGS


def _header(layout: Layout, weights: Weights, title_at: int | None) -> frozenset[int]:
    """The lines up to a title inside the element, and the short ones below it that are not among the paragraphs.

    They end at the first line, list or table that stands beside the first paragraph: what follows is of the body.
    """
    if title_at is None:
        return frozenset()
    above = range(title_at + 1)
    following = range(title_at + 1, min(title_at + 2 * HEAD_LINES, len(layout.lines)))
    read = (i for i in following if weights.plain[i] and is_prose(layout.lines[i]))
    first = next((i for i in read if matching(layout.lines[i].text, "head") is None), None)
    if first is None:
        return frozenset(above)
    parent = layout.boxes[layout.lines[first].box].parent
    found: list[int] = []
    is_headed = False
    for index in range(title_at + 1, min(first, title_at + HEAD_LINES + 1)):
        line = layout.lines[index]
        beside = next((box for at in layout.up(line.box) if (box := layout.boxes[at]).parent == parent), None)
        if beside is not None and (beside.tag in LIST_TAGS and not beside.names):
            break
        if is_headed and layout.boxes[line.box].tag in KEPT_IN:
            break  # 用料, and below it a table
        is_headed = is_headed or layout.boxes[line.box].tag in HEADINGS
        own = layout.boxes[line.box]
        if own.parent == parent and own.names in ("", layout.boxes[layout.lines[first].box].names):
            if matching(line.text, "head") is None:
                break
            continue
        is_short = len(line.text) <= HEAD_SHORT and line.text[-1] not in ":："
        if is_short and layout.boxes[line.box].tag not in HEADINGS:
            found.append(index)
    return frozenset((*above, *found))


def _by_neighbour(layout: Layout, index: int, head: Collection[int]) -> str | None:
    """teaser: cut off below a linked title; head: beside a title inside the element, not among the paragraphs."""
    line = layout.lines[index]
    if index and line.text.endswith(CUT_OFF) and is_linked(layout.lines[index - 1], SHORT_TITLE):
        return "teaser"
    if _labels_code(layout, index):
        return "label"
    return "head" if index in head else None


def _labels_code(layout: Layout, index: int) -> bool:
    """Whether a line is the head of the code right below it: its language, a button that copies it."""
    line = layout.lines[index]
    if line.preformatted or len(line.text) > CODE_LABEL or index + 1 == len(layout.lines):
        return False
    if not layout.lines[index + 1].preformatted or layout.boxes[line.box].tag in ("p", "li", *HEADINGS):
        return False
    near = layout.up(line.box)[:CODE_LABEL_UP]
    return any(not CODE_WORDS.isdisjoint(words_of(layout.boxes[box].names)) for box in near)


def _by_element(
    layout: Layout, held: Mapping[str, float], index: int, whole: float, known: dict[int, str | None]
) -> str | None:
    """The rule by which an element between the line and the container takes the line out.

    `known` holds the verdicts found so far; the container itself is in it, so the way up ends there.
    """
    line = layout.lines[index]
    inside = {piece.box for piece in line.pieces if piece.text.strip()}
    box = inside.pop() if len(inside) == 1 and not line.preformatted else line.box
    chain = []
    while box >= 0 and box not in known:
        chain.append(box)
        box = layout.boxes[box].parent
    rule = known.get(box)
    for box in reversed(chain):
        rule = rule or _element_rule(layout, held, box, whole)
        known[box] = rule
    return None if rule == "head" and (line.preformatted or len(line.text) > HEAD_LINE) else rule


def _held(layout: Layout, weights: Weights, span: Sequence[int], boxes: Sequence[int]) -> Mapping[str, float]:
    """Weight of the lines in all elements of the body with one tag, names and style: paragraphs may be called date."""
    held: dict[str, float] = {}
    if span:
        for box in layout.boxes[boxes[0] :]:
            if box.first > span[-1]:
                break
            if box.hidden or box.invisible or box.tag in JUNK_TAGS or kinds(box.names) - {"body"}:
                lines = range(box.first, box.last)
                weight = sum(max(weights.plain[i], weights.line[i]) for i in lines)
                held[_like(box)] = held.get(_like(box), 0.0) + weight
                if box.tag in CELLS:
                    cells = f"{box.tag} {box.names}"
                    held[cells] = held.get(cells, 0.0) + 1
    return held


def _like(box: Box) -> str:
    return f"{box.tag} {box.names} {box.hidden or box.invisible}"


def _element_rule(layout: Layout, held: Mapping[str, float], index: int, whole: float) -> str | None:
    """What an element's tag, style and names say of its lines; nothing when such elements hold the article."""
    box = layout.boxes[index]
    if box.tag == "figcaption":
        return "caption"
    if held.get(_like(box), 0.0) >= HOLDS * whole:
        return None
    if box.tag in CELLS and held.get(f"{box.tag} {box.names}", 0.0) > 1:
        return None  # a column of a table: <td class="name">
    if box.hidden or box.invisible:
        return None if _is_unfolded(layout, box) else "hidden"
    said = kinds(box.names)
    if "caption" in said or box.tag == "caption":
        return "caption"
    if "junk" in said or box.tag in ("nav", "footer", "aside", "form"):
        return "junk"
    return "head" if "head" in said and "body" not in said else None


def _is_unfolded(layout: Layout, box: Box) -> bool:
    """Whether a button right above or below a hidden element shows it: the rest of an article."""
    near = (*layout.lines[max(0, box.first - 1) : box.first], *layout.lines[box.last : box.last + 1])
    return any(len(line.text) <= BUTTON and UNFOLD.search(line.text) for line in near)
