"""The lines around a body that print facts about it: between title and body, above the title, and below."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.extract.body import Reading
from pipeline.extract.boilerplate import matching
from pipeline.extract.dates import find_day
from pipeline.extract.images import CAPTIONS
from pipeline.extract.layout import HEADINGS, Layout, Line, collapse
from pipeline.extract.names import GAP, closed_up, is_personal_name
from pipeline.extract.variants import either_script

ABOVE = 5
"""Lines above the title that may hold the day or the source."""

LOGOS = 3
"""Headings further above that may be the name of a blog."""

NEAR = 2
"""Lines above the title that may be an account's name and nothing but its link."""

BETWEEN = 40
"""Lines between title and body that are read as header."""

STANDFIRST_REACH = 8
"""Lines below a standfirst that may be the byline."""

BELOW = 14
"""Lines after the body that are read as foot."""

HEADER_LINE = 160
"""Code points of the longest line that can be a header line."""

OPENING = either_script(
    r"\W{0,2}(?:作\s{0,4}者|发信人|标\s{0,4}题|时\s{0,4}间|日\s{0,4}期|看\s{0,4}板|信\s{0,4}区|发信站|来\s{0,4}源)[\s\x1f]{0,3}(?:[:：﹕]|\x1f)"
)
"""How the lines begin with which a bulletin board opens a post; they stand in the body's element."""

TEASER = 9
"""Code points of a link in the header from which it is the title of another article, not a name."""

TEASER_ABOVE = 6
"""The same above the title, in a line with a day."""

COMMENTS = re.compile(r"comment|pinglun|huifu|replies|reply", re.I)
"""Class and id of an element of comments."""

OF_A_DAY = re.compile(r"https?://[\w.\-/]{1,80}|[\d\s年月日号號时時分秒:：/.\-]")
"""What a day with its time is made of, or an address: some sites link them."""

OPENING_LINES = 8
"""Such lines at most."""

REST = re.compile("[时時日]")
"""One of these is in the first code points of a line that gives a day and nothing else."""

IN_HEADING = either_script(r"(?:来\s{0,4}源|作\s{0,4}者|时\s{0,4}间|日\s{0,4}期|记者)\s?[:：]")
"""A label behind the title in its heading."""

SENTENCE_END = re.compile(r"[。！？；：]")
"""What a paragraph has and a name above it has not."""

ACCOUNT_ADDRESS = re.compile(
    r"(?:^|/)(?:users?|members?|u|people|profiles?|authors?|reporters?|writers?|columnists?|byline|experts?|space)(?:[/?.\-](?!login|reg|sign|cent|fav|msg|mess|home|index|submit|post|forg|logout|sett|help)|$)|"
    r"^/by/\w|(?:^|/)u\d{2,12}(?:[/?.]|$)|/@\w|space-uid-|mod=space|[?&](?:uid=|userid=|user_id=|author=|username=)",
    re.I,
)
"""In the address of a person's page, behind its host: /u/12, /author/li, space-uid-12.html, u.php?uid=12."""

HOST_OF_PERSONS = re.compile(r"^(?:https?:)?//(?:space|home|my)\.[\w.\-]{4,40}/[\w\-]{1,40}/?$")
"""An address whose host holds nothing but persons' pages: space.example.com/12."""

HOST = re.compile(r"^(?:https?:)?//[^/?#]{0,200}", re.I)

ANOTHER = either_script(
    r"(?:编辑|责编|校对|审核|摄影|翻译|图片|录入|最后由?|最后回复|回复|推荐人?)[\s:：/／|]{0,3}$"
)
"""What stands before the name of one who did not write it."""

LABEL_APART = either_script(r"([作来时日])[\s\x1f]{1,6}([者源间期])(?=[\s\x1f]{0,3}[:：])")
"""A label whose characters stand in elements of their own: <b>作</b> <b>者</b>：."""

BARS = re.compile(r"[│┃∣⎮▏]")
"""Signs of other scripts that stand for a bar."""

SHOWS = either_script(r"[\s▲△（(]{0,3}(?:[上下左右]?图[:：]|图[为一二三四五六①-⑥\d])")
"""How a line begins that says what a picture shows."""

SHOWN = 3
"""Such lines at the end of a body behind the line that names who wrote it."""

CARD = re.compile(r"author|user|profile|writer|about|bio|byline|nick|name|card", re.I)
"""Class and id of an author's card below a body, in whose heading the name stands."""

CARD_DEPTH = 3
"""Elements from the heading up, itself counted, one of which may be called so."""

OF_AUTHOR = either_script(
    r"(?:关于|本文|文章)?(?:作者|博主|我|我们)(?:简介|介绍|资料)?$|About\b|.{0,30}[:：|｜]", re.I
)
"""A heading above what is said of the author, or one that is a labelled fact itself."""

OF_THE_AUTHOR = either_script(r"\W{0,3}关于(?:本文)?作者\W{0,3}")
"""A heading that cuts a text off, but below which its author stands."""

MARKED = 40
"""Code points of the longest text of a named element that can be a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What stands around a body, each line with GAP between differently marked pieces."""

    head: tuple[str, ...]
    above: tuple[str, ...]
    foot: tuple[str, ...]
    """Lines below the body, and lines removed from its end."""
    own: tuple[str, ...]
    """Those of the foot before a heading of other articles or of comments: a name after it is of another article."""
    first: tuple[str, ...]
    """The first lines of the body."""
    last: str
    """The last line of the body."""
    marked: tuple[tuple[str, str], ...]
    """(class and id, text) of named elements in the header."""
    headings: frozenset[str]
    """The lines of the header that are headings."""
    teasers: frozenset[str]
    """The lines of the header that are mostly a link as long as a title."""
    rest: tuple[str, ...]
    """Lines elsewhere on the page that may begin with 时间 or 日期."""
    links: tuple[tuple[str, str], ...]
    """(text, href) of links in header and foot."""
    accounts: tuple[str, ...]
    """Texts of links to a person's page in the header and just above the title."""
    cards: tuple[tuple[str, str], ...]
    """(class and id, text) of named elements and headings above the title, links or not, and in the page's own foot."""
    trail: frozenset[str] = frozenset()
    """Texts of the links of the way to the page, 首页 > 旅游 > 攻略, less those to a person's page."""


SILENT = Printed(
    head=(),
    above=(),
    foot=(),
    own=(),
    first=(),
    last="",
    marked=(),
    headings=frozenset(),
    teasers=frozenset(),
    rest=(),
    links=(),
    accounts=(),
    cards=(),
)
"""Round a body round which nothing stands."""


def read_printed(layout: Layout, reading: Reading, title_at: int | None) -> Printed:
    """The zones of a page around its body; without a title line, the eight lines above the body are the header."""
    kept = reading.kept
    first = kept[0] if kept else reading.start
    last = kept[-1] if kept else reading.stop - 1
    titled = title_at is not None and title_at < first
    top = title_at if title_at is not None and titled else max(0, first - 8)
    head: Sequence[int] = range(top + titled, min(first, top + BETWEEN))
    above = [
        i for i in range(max(0, top - ABOVE), top) if layout.lines[i].linked * 2 <= len(layout.lines[i].text)
    ]
    removed, begin = dict(reading.rules), _begin(layout, kept)
    below = {i for i, rule in reading.rules if i > first and not (rule == "date" and i < begin)}
    below |= set(range(last + 1, last + 1 + BELOW))
    foot = [i for i in sorted(below) if i < len(layout.lines)]
    others = (
        n
        for n, i in enumerate(foot)
        if i > last
        and not OF_THE_AUTHOR.fullmatch(layout.lines[i].text)
        and (matching(layout.lines[i].text, "cut") not in (None, "credit") or _begins_another(layout, i))
    )
    own = foot[: next(others, len(foot))]
    opening = next(
        (n for n, i in enumerate(kept[:OPENING_LINES]) if not OPENING.match(with_gaps(layout.lines[i]))),
        min(len(kept), OPENING_LINES),
    )
    head = [*head, *kept[:opening], *(i for i in range(first, begin) if removed.get(i) == "date")]
    if titled and not any(find_day(layout.lines[i].text) for i in head):
        head += _below_standfirst(layout, reading)
    head, above, foot = ([i for i in lines if not _is_hidden(layout, i)] for lines in (head, above, foot))
    read = {*head, *above, *foot, *kept}
    rest = [
        i
        for i, line in enumerate(layout.lines)
        if REST.search(line.text, 0, 9) and i not in read and line.linked * 2 <= len(line.text)
    ]
    links = [
        (piece.text.strip(), piece.href)
        for i in (*head, *foot, *kept[-2:])
        for piece in layout.lines[i].pieces
        if piece.href
    ]
    over = [i for i in range(max(0, top - ABOVE), top) if not _is_teaser(layout.lines[i])]
    return Printed(
        head=(*(_in_heading(layout, top) if titled else ()), *_lines(layout, head)),
        above=_lines(layout, above),
        foot=_lines(layout, foot),
        own=_lines(layout, own),
        first=tuple(layout.lines[i].text for i in kept[opening : opening + 2]),
        last=_last(layout, kept),
        headings=frozenset(
            layout.lines[i].text for i in head if layout.boxes[layout.lines[i].box].tag in HEADINGS
        ),
        teasers=frozenset(
            with_gaps(line)
            for line in (layout.lines[i] for i in head)
            if line.linked * 2 > len(line.text) and _longest_link(line) >= TEASER
        ),
        rest=_lines(layout, rest),
        marked=tuple(_marked(layout, (*(i for i in above if i in over), *head))),
        links=tuple(links),
        accounts=tuple(
            name
            for i in dict.fromkeys((*head, *above, *range(max(0, top - NEAR), top)))
            for name in _accounts(layout.lines[i])
        ),
        cards=tuple(
            _marked(
                layout,
                (*_logos(layout, top - ABOVE), *over, *(i for i in own if not _is_comment(layout, i))),
            )
        ),
        trail=frozenset(text for i in range(max(0, top - ABOVE), top) for text in _way(layout.lines[i])),
    )


def _last(layout: Layout, kept: Sequence[int]) -> str:
    """The last line of a body; where it closes with what its pictures show, the line above that."""
    for index in reversed(kept[-1 - SHOWN :]):
        if not SHOWS.match(text := layout.lines[index].text):
            return text
    return layout.lines[kept[-1]].text if kept else ""


def _logos(layout: Layout, stop: int) -> list[int]:
    """The headings far above the title, of which a blog's name is one."""
    return [i for i in range(stop) if layout.boxes[layout.lines[i].box].tag in ("h1", "h2")][:LOGOS]


def _in_heading(layout: Layout, index: int) -> tuple[str, ...]:
    """What stands in elements of its own in the title's line, behind it: <h1>…<small>作者：李小山</small></h1>."""
    line = layout.lines[index]
    behind = with_gaps(line).partition(GAP)[2]
    is_heading = layout.boxes[line.box].tag in HEADINGS
    return (behind,) if is_heading and IN_HEADING.search(behind) else ()


def _is_hidden(layout: Layout, index: int) -> bool:
    """Whether a line stands in an element that is not shown: what it says, a crawler was to read."""
    box = layout.lines[index].box
    while box >= 0:
        if layout.boxes[box].hidden:
            return True
        box = layout.boxes[box].parent
    return False


def _longest_link(line: Line) -> int:
    """Code points of the longest link of a line that is neither a day nor a person's."""
    texts: dict[str, str] = {}
    for piece in line.pieces:
        if piece.href and not ACCOUNT_ADDRESS.search(HOST.sub("", piece.href[:200])):
            texts[piece.href] = texts.get(piece.href, "") + piece.text
    return max((len(OF_A_DAY.sub("", text)) for text in texts.values()), default=0)


def _below_standfirst(layout: Layout, reading: Reading) -> list[int]:
    """The lines between the first and the second of a body, where they are the byline: the first is a standfirst."""
    if len(reading.kept) < 2:
        return []
    rules = dict(reading.rules)
    between = range(reading.kept[0] + 1, min(reading.kept[1], reading.kept[0] + 1 + STANDFIRST_REACH))
    lines = [i for i in between if rules.get(i) not in CAPTIONS and len(layout.lines[i].text) <= HEADER_LINE]
    return lines if any(find_day(layout.lines[i].text) for i in lines) else []


def _begin(layout: Layout, kept: Sequence[int]) -> int:
    """The first line that reads like a paragraph: a name above it may have been kept, and the day between was not."""
    near = kept[:OPENING_LINES]
    return next((i for i in near if SENTENCE_END.search(layout.lines[i].text)), near[0] if near else 0)


def _begins_another(layout: Layout, index: int) -> bool:
    """Whether a line below the body is the heading of something else: 热门作者, 站内专栏; not an author's card."""
    line = layout.lines[index]
    named = " ".join(layout.boxes[box].names for box in layout.up(line.box, CARD_DEPTH))
    is_heading = layout.boxes[line.box].tag in HEADINGS
    if not is_heading or CARD.search(named) or OF_AUTHOR.match(line.text) or is_personal_name(line.text):
        return False
    return matching(line.text, "any") not in ("promotion", "share")


def _lines(layout: Layout, indexes: Sequence[int]) -> tuple[str, ...]:
    return tuple(with_gaps(layout.lines[i]) for i in indexes if len(layout.lines[i].text) <= HEADER_LINE)


def _marked(layout: Layout, indexes: tuple[int, ...]) -> list[tuple[str, str]]:
    """Short texts with the names of their element, or of the one around it where it has none."""
    found = []
    for index in indexes:
        for piece in layout.lines[index].pieces:
            text = piece.text.strip()
            if text and len(text) <= MARKED:
                box = layout.boxes[piece.box]
                names = box.names
                if box.parent >= 0 and (not names or box.tag in ("a", "span")):
                    names = f"{names} {layout.boxes[box.parent].names}".strip()
                found.append((f"{names} {piece.icon}".strip(), text))
    return found


def _is_teaser(line: Line) -> bool:
    """Whether a line above the title is of another article: its title as a link, and its day."""
    return _longest_link(line) >= TEASER_ABOVE and find_day(line.text) is not None


def _way(line: Line) -> list[str]:
    """Texts of the links of a line that has more than one, less those to a person's page."""
    linked = [piece for piece in line.pieces if piece.href]
    if len(linked) < 2:
        return []
    return [
        piece.text.strip() for piece in linked if not ACCOUNT_ADDRESS.search(HOST.sub("", piece.href[:200]))
    ]


def _is_comment(layout: Layout, index: int) -> bool:
    """Whether a line stands in an element of comments: who is named there answered."""
    box = layout.lines[index].box
    while box >= 0:
        if COMMENTS.search(layout.boxes[box].names):
            return True
        box = layout.boxes[box].parent
    return False


def _accounts(line: Line) -> list[str]:
    """Texts of a line's links to a person's page, unless a word before one says that he did something else."""
    found, before = [], ""
    for piece in line.pieces:
        text = piece.text.strip().lstrip("@＠")
        if (
            re.search(r"\w", text)
            and (
                ACCOUNT_ADDRESS.search(HOST.sub("", piece.href[:200]))
                or HOST_OF_PERSONS.match(piece.href[:200])
            )
            and not ANOTHER.search(before)
        ):
            found.append(text)
        before = text or before
    return found


def with_gaps(line: Line) -> str:
    """The line's text with GAP between the runs of text that tags separate, whatever the tags are."""
    runs = (collapse(piece.text[: 4 * HEADER_LINE]) for piece in line.pieces[:HEADER_LINE])
    return BARS.sub("｜", LABEL_APART.sub(closed_up, GAP.join(run for run in runs if run)))
