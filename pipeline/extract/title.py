"""The title: what a line above the body and a declaration agree in, else a label, a heading, a declaration alone.

The readers and their order are those of TITLES. Page and declaration are two voices, so the first two readers need
no other; a heading carries more than the title (board, day, source), of which the agreeing part is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.extract.byline import author_in, source_in
from pipeline.extract.dateline import dateline_author
from pipeline.extract.dates import find_day
from pipeline.extract.declared import Declared
from pipeline.extract.declaredtitle import (
    CUT,
    DASHED,
    HEADING_SHORTEST,
    NO_TITLE,
    SHORTEST,
    clean_title,
    ends_as_site,
    is_of_work,
    letters,
)
from pipeline.extract.heading import (
    REACH,
    SHORTEST_HEADING,
    TitlePage,
    agrees,
    title_lines,
    title_page,
)
from pipeline.extract.layout import HEADINGS, Layout
from pipeline.extract.variants import either_script

HEADING_BONUS = 4
"""Letters that standing in a heading is worth when several lines could be the title."""

LINK_MALUS = 20
"""Letters that being a link costs: the link is to the page of another title."""

NEAR = 3
"""Lines below the body's first in which a heading that no declaration repeats may be the title."""

COLUMN_NAME = 8
"""Letters of the longest declared title that may be a column's or a site's name alone."""

OWN_HEADING = 10
"""Letters from which a heading is believed though the page declares another title."""

TITLE_LABEL = either_script(
    r"\W{0,2}(?:标\s{0,4}题|主\s{0,4}题|题\s{0,4}目)\s{0,3}[:：﹕]\s{0,3}(\S.{1,118})"
)
"""标题: of a bulletin board."""

TITLE_CLASS = re.compile(
    r"(?:^|[\s_\-])(?:title|tit|biaoti|bt|headline|subject|(?:article|news|content|post)title)\d?(?:$|[\s_\-])",
    re.I,
)
"""Class and id of an element that holds the title."""

SUBTITLE = ("—", "－", "-", "（", "(", "【", "□", "■", "●")
"""What a subtitle or a byline of a paper edition begins with."""

FACT = either_script(
    r"第\s?[A-Z]?\d{1,3}\s?版|(?:版[次面]|作者|来源|时间|日期|(?:发布|发文|发稿|更新|成文)\S{0,2}|编辑|责编|阅读|点击|浏览|栏目|分类|字[号体]|标签|关键词|索引号?|文号|主题\S{0,2})\s?[:：]|(?:上|下)一[版篇期]|.{0,10}(?:记者|通讯员)\s"
)
"""How a line begins that is no title: 第A03版：要闻, 版次：, 本报记者 …"""

OTHER_CLASS = re.compile(
    r"sub-?_?(?:title|head)|summary|digest|intro|lead|zhaiyao|daodu|fubiao|futi|yinti", re.I
)
"""Class and id of what stands between title and body."""

LONGEST_LAST = 60
"""Code points of the longest such line that is a title."""

HOUR = either_script(
    r"(?<![\s书记音篇歌录传章诗节第])\s{0,2}[（(](?:[01]\d|2[0-3])[:：][0-5]\d(?:更新)?[)）]$"
)
"""The hour at which a site put it up, behind a title: 旧磨坊又转了起来 (12:10). Of a book it is chapter and verse."""

CHAPTER = either_script(r"^正文\s{1,4}(?=第)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """A title, the line it stands in, and the reader of TITLES that gave it."""

    text: str | None
    at: int | None
    """Index of its line; None where it is declared alone or there is none."""
    found_by: str | None


def find_title(layout: Layout, declared: Declared, start: int, stop: int) -> Title:
    """The title of a body that spans the lines [start, stop), by the first reader of TITLES that gives one."""
    page = title_page(layout, declared, start, stop)
    page = replace(page, lines=tuple(title_lines(page)))
    for name, reader, _ in TITLES:
        if found := reader(page):
            text, at = found
            return Title(text=HOUR.sub("", CHAPTER.sub("", text)), at=at, found_by=name)
    return Title(text=None, at=None, found_by=None)


def _is_site(text: str, page: TitlePage) -> bool:
    """Whether a text names the site or the column, not the article: some part of a declared title is longer."""
    bare = letters(text)
    longer = any(len(part) > len(bare) and part not in bare for part in page.parts)
    return _is_named(text, page) or (longer and ends_as_site(text))


def _is_named(text: str, page: TitlePage) -> bool:
    """Whether a text is the site's declared name, or says only what kind of page it is."""
    named = (page.declared.meta.get(name, "") for name in ("og:site_name", "application-name"))
    return (
        letters(text) in {letters(name) for name in named if name}
        or NO_TITLE.fullmatch(text.strip()) is not None
    )


def _work(page: TitlePage) -> tuple[str, int] | None:
    """The `h1` to which a declared title adds only what such pages add: of a poem 原文及赏析, of a dish 的做法."""
    opening = set(page.opening)
    works = (
        (text, index)
        for index, text, bare, _ in page.lines
        if _tag(page, index) == "h1" and len(bare) >= SHORTEST_HEADING and is_of_work(bare, opening)
    )
    return next(works, None)


def _repeated(page: TitlePage) -> tuple[str, int] | None:
    if work := _work(page):
        return work
    best: tuple[int, bool, int] | None = None
    chosen = ""
    is_cut = any(CUT.search(part) for _, title in page.named for part in DASHED.split(title))
    for index, text, bare, is_heading in page.lines:
        line = page.layout.lines[index]
        fuller = (is_heading or is_cut) and "。" not in text
        if not agrees(bare, page) and not (
            fuller and any(len(w) >= SHORTEST and bare.startswith(w) for w in page.wanted)
        ):
            continue
        if _is_site(text, page) or (ends_as_site(text) and set(page.wanted) == {bare}):
            continue
        is_link = line.linked * 2 > len(line.text)
        rank = (len(bare) + HEADING_BONUS * is_heading - LINK_MALUS * is_link, index <= page.start, index)
        if best is None or rank >= best:
            best, chosen = rank, text
    if best is None:
        return None
    other = _part(page)
    bare = letters(chosen)
    is_column = other and bare in page.parts and len(bare) <= COLUMN_NAME < len(letters(other[0]))
    if other and is_column and best[2] < other[1] and _tag(page, other[1]) in HEADINGS:
        return None  # the declared title begins with a column's name
    is_logo = page.layout.lines[best[2]].linked * 2 > len(page.layout.lines[best[2]].text)
    if other and is_logo and best[2] < other[1] and _tag(page, other[1]) in HEADINGS:
        return None  # the declared title begins with the site's name, which leads to its first page
    heading = _heading_line(page)
    if (
        heading
        and _tag(page, best[2]) not in HEADINGS
        and len(bare) <= COLUMN_NAME < len(letters(heading[0])) + 2
    ):
        return None  # the site's name in a line, not in the heading
    if CUT.search(chosen):
        cut = letters(CUT.sub("", chosen))
        for _, title in page.named:
            whole = clean_title(title)
            if letters(title).startswith(cut) and len(letters(whole)) > len(letters(chosen)):
                return whole, best[2]
    return chosen, best[2]


def _tag(page: TitlePage, index: int) -> str:
    return page.layout.boxes[page.layout.lines[index].box].tag


def _is_called(page: TitlePage, index: int) -> bool:
    """Whether the element of a line is named as a title's."""
    return TITLE_CLASS.search(page.layout.boxes[page.layout.lines[index].box].names) is not None


def _part(page: TitlePage) -> tuple[str, int] | None:
    longest = max(map(len, page.parts), default=0)
    found: tuple[str, int] | None = None
    for index, text, bare, is_heading in page.lines:
        if agrees(bare, page) and bare not in page.parts:
            continue  # read before, by _repeated
        ends = any(title.endswith(bare) for title in page.wanted)
        is_part = (is_heading and bare in page.pieces) or (bare in page.parts and len(bare) == longest)
        if not (
            is_part or (ends and (is_heading or len(bare) >= HEADING_SHORTEST or _is_called(page, index)))
        ) or _is_site(text, page):
            continue
        own = is_part and is_heading and len(bare) == longest and index >= page.start - NEAR
        if page.layout.lines[index].linked * 2 > len(page.layout.lines[index].text) and not own:
            continue
        if found is None or len(bare) >= min(len(letters(found[0])), COLUMN_NAME + 1):
            found = (text, index)
    heading = _heading_line(page)
    if not found or heading is None or found[1] >= heading[1]:
        return found
    is_whole = len(page.parts) > 1 and letters(found[0]) in page.parts and len(letters(found[0])) == longest
    outranks = _tag(page, found[1]) == "h1" != _tag(page, heading[1])
    return found if is_whole and outranks else None  # a standfirst is a heading too


def _label(page: TitlePage) -> tuple[str, int] | None:
    first = max(0, page.start - REACH)
    for index, line in enumerate(page.layout.lines[first : min(page.start + REACH, page.stop)], first):
        if label := TITLE_LABEL.fullmatch(line.text):
            return label[1].strip(), index
    return None


def _heading_line(page: TitlePage) -> tuple[str, int] | None:
    """The heading nearest to the body that no declaration repeats; an `h1` keeps its place."""
    found: tuple[str, int] | None = None
    for index, text, bare, is_heading in page.lines:
        line = page.layout.lines[index]
        if (
            not is_heading
            or index > page.start + NEAR
            or line.linked * 2 >= len(line.text)
            or _is_site(text, page)
            or FACT.match(text)
        ):
            continue
        if agrees(bare, page) or any(title.endswith(bare) for title in page.wanted):
            continue
        tags = [
            page.layout.boxes[page.layout.lines[at].box].tag for at in (found[1] if found else index, index)
        ]
        if tags[0] != "h1" or tags[1] == "h1":
            found = (text, index)
    return found


def _heading(page: TitlePage) -> tuple[str, int] | None:
    found = _heading_line(page)
    if found is None or not page.named:
        return found
    longer = len(letters(clean_title(page.named[0][1]))) <= COLUMN_NAME < len(letters(found[0]))
    return found if longer or _is_generic(page) or len(letters(found[0])) >= OWN_HEADING else None


def _is_generic(page: TitlePage) -> bool:
    """Whether the first declared title names only the site or the column, or a kind of notice, which may be one."""
    cleaned = clean_title(page.named[0][1])
    return not letters(cleaned) or cleaned in page.forms or _is_named(cleaned, page) or ends_as_site(cleaned)


def _named(page: TitlePage) -> tuple[str, int] | None:
    least = 0
    if page.named and not _is_generic(page):
        least = len(letters(page.named[0][1])) + 1
        if least > COLUMN_NAME or len(page.named) > 1:
            return None  # a short one may be the site's alone
    found: tuple[str, int] | None = None
    for index, text, _, _ in page.lines:
        line = page.layout.lines[index]
        near = page.start - REACH <= index <= page.start + NEAR
        called = TITLE_CLASS.search(page.layout.boxes[line.box].names)
        is_own = line.linked * 2 < len(line.text) and not (
            _is_site(text, page) or FACT.match(text.lstrip("【[（("))
        )
        if near and called and is_own and len(letters(text)) >= least:
            found = (text, index)
    return found


def _last(page: TitlePage) -> tuple[str, int] | None:
    """The last line before the body that is no fact, no link and no subtitle, where only site or column is declared.

    Paper editions set the title in a table cell, below it the reporters.
    """
    if page.named and not _is_generic(page):
        return None
    for index, text, bare, _ in reversed(page.lines):
        line = page.layout.lines[index]
        if index >= page.start or index < page.start - REACH or text.startswith(SUBTITLE):
            continue
        is_fact = (
            find_day(text) or FACT.match(text) or dateline_author(text) or author_in(text) or source_in(text)
        )
        named = page.layout.boxes[line.box].names
        if line.linked or is_fact or len(bare) < HEADING_SHORTEST or OTHER_CLASS.search(named):
            continue
        fits = len(text) <= LONGEST_LAST and "。" not in text and not _is_site(text, page)
        return (text, index) if fits else None
    return None


def _centred(page: TitlePage) -> tuple[str, int] | None:
    """The first of the element's first lines that is set in the middle, where only site or column is declared."""
    if page.named and not _is_generic(page):
        return None
    for index, line in enumerate(page.layout.lines[page.start : page.start + NEAR], page.start):
        text, is_middle = line.text, page.layout.boxes[line.box].centred
        if index < page.stop and is_middle and not (line.linked or find_day(text) or FACT.match(text)):
            return (text, index) if 2 <= len(text) <= LONGEST_LAST and text[-1] not in "。：:" else None
    return None


def _declared(*places: str) -> Callable[[TitlePage], tuple[str, int | None] | None]:
    def reader(page: TitlePage) -> tuple[str, int | None] | None:
        for where, title in page.named:
            if where.startswith(places):
                cleaned = clean_title(title)
                if (len(letters(cleaned)) >= SHORTEST or cleaned in page.forms) and not (
                    _is_site(cleaned, page) and len(page.wanted) > 1
                ):
                    heading = _heading_line(page)
                    return cleaned, heading[1] if heading else None
        return None

    return reader


TITLES: tuple[tuple[str, Callable[[TitlePage], tuple[str, int | None] | None], str], ...] = (
    (
        "repeated",
        _repeated,
        "the line above the body that a declared title begins with; of several the longest",
    ),
    (
        "part",
        _part,
        "the line that a declared title ends with or holds between separators: site_title_column",
    ),
    ("label", _label, "标题: of a bulletin board"),
    (
        "heading",
        _heading,
        "a heading by the body, where the declared title names only site or column or is another",
    ),
    (
        "named",
        _named,
        "an element named title by the body, where the declared title names only site or column",
    ),
    ("json-ld", _declared("json-ld"), "headline of JSON-LD"),
    ("meta", _declared("meta:"), "og:title, ArticleTitle …, cut to size"),
    ("item", _declared("item"), "headline of microdata or RDFa"),
    ("script", _declared("script:"), "WeChat's msg_title"),
    (
        "last",
        _last,
        "the last line before the body that is no fact, where the `title` names only site or column",
    ),
    (
        "centred",
        _centred,
        "the first line of the body's element that is set in the middle, where the `title` names only site or column",
    ),
    ("title", _declared("title"), "the `title` element, cut to size"),
    ("short", _heading_line, "any heading by the body"),
)
"""Name, function and what it believes of every reader, in order."""
