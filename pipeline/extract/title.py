"""The title: what a line above the body and a declaration agree in, else a label, a heading, a declaration alone.

The readers and their order are those of TITLES. Page and declaration are two voices, so the first two readers need
no other; a heading carries more than the title (board, day, source), of which the agreeing part is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations, islice

from pipeline.extract.byline import author_in, source_in
from pipeline.extract.dateline import dateline_author
from pipeline.extract.dates import find_day
from pipeline.extract.declared import Declared
from pipeline.extract.layout import Layout, Line, collapse
from pipeline.extract.variants import either_script

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
SHORTEST = 4
"""Letters a title has at least; shorter headings are column names."""

SHORTEST_HEADING = 2
"""Letters of an `h1` that the declared title begins with."""

HEADING_SHORTEST = 6
"""Letters of a heading that is believed before the body is known; a site's name is shorter or comes last."""

LONGEST = 120

POEM_PAGE = either_script(
    r"(?:[\u4e00-\u9fff]{0,6})(?:原文|全文|译文|翻译|赏析|鉴赏|注释|拼音)[\u4e00-\u9fff]{0,12}"
)
"""What a page of a poem adds to its title, letters only: 原文及赏析, 李小山原文译文."""

PIECE_OF_POEM = 24

HEADINGS_READ = 200
"""Headings of a page looked at for the one its declared title begins with."""

META_TITLES = ("og:title", "articletitle", "contenttitle", "twitter:title", "dc.title", "citation_title")
"""Meta elements that hold the title alone; the second and third are those of government and paper editions."""

REACH = 12
"""Lines of the container searched for the title, for pages whose heading stands inside it."""

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

PIECES = 8
"""Runs of text of the longest heading whose parts are tried."""

BESIDE_DAY = 6
"""Letters beside a day in a text that is no title: its clock time."""

SITE_LONGEST = 14
"""Letters of the longest name of a site."""

NO_LETTERS = re.compile(r"[\W_]+")
CUT = re.compile(r"(?:\.(?<!\.\.)\.{2,}+|…(?<!……)…*+)$")
"""A look-behind stands behind the first sign, so that the search can skip to these signs."""

SEPARATOR = re.compile(r"\s{0,4}(?:[_|｜¦]+|\s[-–—@·•∙]+\s|\s?－\s?|--+|\s::+\s|\s[»«>＞›]\s|\s/\s)\s*")
LEADING_DAY = re.compile(r"^\s{0,4}(?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}日?\s{1,4}")
DASHED = re.compile(r"[-–—_|｜]")
PIECE = re.compile(r"[-–—_|｜¦丨>＞»·:：,，]")
GLUED_SITE = re.compile(
    r"[-–—](?=[^-–—]{2,24}$)[^-–—]*(?:网|網|新闻|新聞|频道|頻道|报|報|中心|博客|论坛|門戶|门户|社|台|"
    r"\.(?:com|cn|net|org|tw|hk)|NET|News|news|资讯|資訊|财经|財經|客户端|首页|在线|杂志|号|園|园|圈|站|家|吧|谈|豆瓣|知乎|简书|36氪)\s*$"
)


SITE_NAME = either_script(
    r"(?:网站?|新闻|频道|日报|晚报|时报|早报|报社|报|论坛|社区|门户|官网|平台|电视台|博客|客户端|首页|在线|杂志|资讯|快讯|要闻|政府|公司|集团|大学|学院|医院|BBS|News)$",
    re.I,
)
"""How the name of a site or a column ends."""

NO_TITLE = either_script(
    r"正文|首页|主页|新闻(?:中心|详情|内容|正文)?|文章(?:详情|内容|正文|阅读)?|详情页?|内容页?|欢迎(?:您|光临).{0,20}|.{0,12}欢迎您|.{0,12}门户网站|.{0,12}官方网站|您?(?:当前|现在|所在)?的?(?:所在)?位置\s?[:：].{0,60}|"
    r"[Pp]owered [Bb]y .{0,40}"
)
"""A heading or a part of a title that says only what kind of page it is."""

TAIL_NOISE = either_script(
    r"(?<!\s)\s{1,4}(?:(?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:\s{1,3}\d{1,2}:\d\d(?::\d\d)?)?|"
    r"(?:来源|作者|时间|发布时间|发布日期|日期|编辑|责任编辑|阅读|浏览|点击)\s?[:：].{0,60}|\[?(?:原创|转载|置顶|精华)\]?)$"
)
"""A day, or a labelled fact, behind a title in the same run of text."""

RUN_NOISE = either_script(
    r"(?:来源|作者|时间|发布时间|发布日期|日期|编辑|责任编辑|文|记者)\s?[:：/／|｜].{0,60}|"
    r"转载|置顶|精华|推荐|热门?|新|已解决|悬赏.{0,8}|\[[^\]]{1,8}\]|【?(?:转帖|原创|分享)】?|.{0,6}(?:阅读|浏览|评论|回复|点击).{0,8}|"
    r"分享.{0,6}|打印|收藏|编辑|只看楼主|复制链接|正文|\W{1,9}"
)
"""A run of text of a heading that is no part of the title."""

TITLE_LABEL = either_script(
    r"\W{0,2}(?:标\s{0,4}题|主\s{0,4}题|题\s{0,4}目)\s{0,3}[:：﹕]\s{0,3}(\S.{1,118})"
)
"""标题: of a bulletin board."""

TITLE_CLASS = re.compile(
    r"(?:^|[\s_\-])(?:title|tit|biaoti|bt|headline|subject|(?:article|news|content|post)title)(?:$|[\s_\-])",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """What the readers of a title read."""

    layout: Layout
    declared: Declared
    start: int
    stop: int
    named: tuple[tuple[str, str], ...]
    """(where, declared title), the `title` element first."""
    wanted: tuple[str, ...]
    """The letters of these, less marks of a cut."""
    parts: frozenset[str]
    """The letters of what separators part them into."""
    pieces: frozenset[str]
    """The letters of what any hyphen or bar parts them into."""
    lines: tuple[tuple[int, str, str, bool], ...] = ()
    """(index, what it shows, its letters, whether it is a heading) of the lines that may be the title."""


def letters(text: str) -> str:
    """The text without marks and spaces: titles differ in these between heading and `title`."""
    return NO_LETTERS.sub("", text).lower()


def _page(layout: Layout, declared: Declared, start: int, stop: int) -> _Page:
    said = (
        ("title", declared.title),
        *((f"meta:{name}", declared.meta.get(name, "")) for name in META_TITLES),
        ("json-ld", declared.ld.get("headline") or declared.ld.get("title", "")),
        ("item", declared.items.get("headline", "")),
        ("script:msg_title", declared.script.get("msg_title", "")),
    )
    named = tuple((where, title) for where, title in said if title)
    return _Page(
        layout=layout,
        declared=declared,
        start=start,
        stop=stop,
        named=named,
        wanted=tuple(dict.fromkeys((*(letters(CUT.sub("", title)) for _, title in named), *_cut(named)))),
        parts=frozenset(
            letters(LEADING_DAY.sub("", p)) for _, title in named for p in SEPARATOR.split(title)
        ),
        pieces=frozenset(letters(piece) for _, title in named for piece in PIECE.split(title)),
    )


def _cut(named: tuple[tuple[str, str], ...]) -> Iterator[str]:
    """The letters of what stands before a mark of a cut inside a declared title: 旧磨坊又…-示例网."""
    for _, title in named:
        for part in DASHED.split(title):
            bare = letters(CUT.sub("", part))
            if CUT.search(part) and len(bare) > SHORTEST:
                yield bare


def heading_of(layout: Layout, declared: Declared) -> int | None:
    """Index of the first `h1` or `h2` that the page's declared title begins with, or None.

    A short one (《雨》) must be all that stands before the title's first separator, and no long one on the page.
    """
    page = _page(layout, declared, 0, 0)
    opening = {letters(SEPARATOR.split(title)[0]) for _, title in page.named}
    short = None
    headings = (i for i, line in enumerate(layout.lines) if layout.boxes[line.box].tag in ("h1", "h2"))
    for index in islice(headings, HEADINGS_READ):
        line = layout.lines[index]
        if line.linked * 2 <= len(line.text) <= LONGEST:
            bare = letters(CUT.sub("", _shown(line, page)))
            if len(bare) >= HEADING_SHORTEST and any(title.startswith(bare) for title in page.wanted):
                return index
            opens = bare in opening or (len(bare) >= SHORTEST_HEADING and _is_poem(bare, opening))
            short = index if short is None and bare and opens else short
    return short


def _is_poem(bare: str, opening: set[str]) -> bool:
    """Whether a declared title is this one and the words of a poem page: 山居原文及赏析."""
    return any(
        title.startswith(bare) and POEM_PAGE.fullmatch(title[len(bare) : len(bare) + PIECE_OF_POEM])
        for title in opening
    )


def find_title(layout: Layout, declared: Declared, start: int, stop: int) -> Title:
    """The title of a body that spans the lines [start, stop), by the first reader of TITLES that gives one."""
    page = _page(layout, declared, start, stop)
    page = replace(page, lines=tuple(_lines(page)))
    for name, reader, _ in TITLES:
        if found := reader(page):
            text, at = found
            return Title(text=HOUR.sub("", CHAPTER.sub("", text)), at=at, found_by=name)
    return Title(text=None, at=None, found_by=None)


def _shown(line: Line, page: _Page) -> str:
    """The part of a line that a declared title begins with or holds as a part; else the line without noise.

    A heading holds runs of text that are not the title: <h1><a>board</a> title <small>2024-05-13</small></h1>.
    """
    text = line.text
    if _agrees(letters(CUT.sub("", text)), page):
        return text
    runs = [
        (run, bool(piece.href))
        for piece in line.pieces[: PIECES + 1]
        if (run := collapse(piece.text[: LONGEST * 4]))
    ]
    if 1 < len(runs) <= PIECES:
        bare = [NO_LETTERS.sub("", run) for run, _ in runs]
        sure = [
            (said, " ".join(run for run, _ in runs[i:j]))
            for i, j in combinations(range(len(runs) + 1), 2)
            if len(said := "".join(bare[i:j]).lower()) >= SHORTEST
            and (said in page.parts or said in page.wanted)
        ]
        if sure:
            return max(sure, key=lambda part: (len(part[0]), -len(part[1])))[1]
        told = [(run, linked) for run, linked in runs if not _is_noise(run)]
        free = not all(linked for _, linked in told)
        kept = [run for run, linked in told if not (linked and free)]
        if kept and len(kept) < len(runs):
            text = " ".join(kept)
    cut = TAIL_NOISE.sub("", text)
    return cut if len(letters(cut)) >= SHORTEST else text


def _is_noise(run: str) -> bool:
    return _is_day(run) or RUN_NOISE.fullmatch(run) is not None


def _is_day(text: str) -> bool:
    """Whether a text is a day, with a clock time or a word of up to six letters at most."""
    day = find_day(text)
    return day is not None and len(letters(text[: day.start] + text[day.end :])) <= BESIDE_DAY


def _agrees(bare: str, page: _Page) -> bool:
    return bool(bare) and any(title.startswith(bare) for title in page.wanted)


def _lines(page: _Page) -> Iterator[tuple[int, str, str, bool]]:
    for index, line in enumerate(page.layout.lines[: min(page.start + REACH, page.stop)]):
        box = page.layout.boxes[line.box]
        if len(line.text) < SHORTEST_HEADING or len(line.text) > LONGEST + 80:
            continue
        is_heading = box.tag in HEADINGS
        text = _shown(line, page) if is_heading or len(line.pieces) > 1 else line.text
        bare = letters(CUT.sub("", text))
        shortest = SHORTEST_HEADING if box.tag == "h1" else SHORTEST
        if len(text) <= LONGEST and len(bare) >= shortest and not _is_day(text):
            yield index, text, bare, is_heading


def _is_site(text: str, page: _Page) -> bool:
    """Whether a text names the site or the column, not the article: some part of a declared title is longer."""
    bare = letters(text)
    longer = any(len(part) > len(bare) and part not in bare for part in page.parts)
    return _is_named(text, page) or (longer and _ends_as_site(text))


def _is_named(text: str, page: _Page) -> bool:
    """Whether a text is the site's declared name, or says only what kind of page it is."""
    named = (page.declared.meta.get(name, "") for name in ("og:site_name", "application-name"))
    return (
        letters(text) in {letters(name) for name in named if name}
        or NO_TITLE.fullmatch(text.strip()) is not None
    )


def _ends_as_site(text: str) -> bool:
    return len(letters(text)) <= SITE_LONGEST and SITE_NAME.search(text.strip()) is not None


def _repeated(page: _Page) -> tuple[str, int] | None:
    best: tuple[int, bool, int] | None = None
    chosen = ""
    is_cut = any(CUT.search(part) for _, title in page.named for part in DASHED.split(title))
    for index, text, bare, is_heading in page.lines:
        line = page.layout.lines[index]
        fuller = (is_heading or is_cut) and "。" not in text
        if not _agrees(bare, page) and not (
            fuller and any(len(w) >= SHORTEST and bare.startswith(w) for w in page.wanted)
        ):
            continue
        if _is_site(text, page) or (_ends_as_site(text) and set(page.wanted) == {bare}):
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


def _tag(page: _Page, index: int) -> str:
    return page.layout.boxes[page.layout.lines[index].box].tag


def _part(page: _Page) -> tuple[str, int] | None:
    longest = max(map(len, page.parts), default=0)
    found: tuple[str, int] | None = None
    for index, text, bare, is_heading in page.lines:
        if _agrees(bare, page) and bare not in page.parts:
            continue  # read before, by _repeated
        ends = any(title.endswith(bare) for title in page.wanted)
        is_part = (is_heading and bare in page.pieces) or (bare in page.parts and len(bare) == longest)
        if not (is_part or (ends and (is_heading or len(bare) >= HEADING_SHORTEST))) or _is_site(text, page):
            continue
        if page.layout.lines[index].linked * 2 > len(page.layout.lines[index].text):
            continue
        if found is None or len(bare) >= min(len(letters(found[0])), COLUMN_NAME + 1):
            found = (text, index)
    heading = _heading_line(page)
    return found if found and (heading is None or found[1] >= heading[1]) else None


def _label(page: _Page) -> tuple[str, int] | None:
    first = max(0, page.start - REACH)
    for index, line in enumerate(page.layout.lines[first : min(page.start + REACH, page.stop)], first):
        if label := TITLE_LABEL.fullmatch(line.text):
            return label[1].strip(), index
    return None


def _heading_line(page: _Page) -> tuple[str, int] | None:
    """The heading nearest to the body that no declaration repeats; an `h1` keeps its place."""
    found: tuple[str, int] | None = None
    for index, text, bare, is_heading in page.lines:
        line = page.layout.lines[index]
        if (
            not is_heading
            or index > page.start + NEAR
            or line.linked * 2 >= len(line.text)
            or _is_site(text, page)
        ):
            continue
        if _agrees(bare, page) or any(title.endswith(bare) for title in page.wanted):
            continue
        tags = [
            page.layout.boxes[page.layout.lines[at].box].tag for at in (found[1] if found else index, index)
        ]
        if tags[0] != "h1" or tags[1] == "h1":
            found = (text, index)
    return found


def _heading(page: _Page) -> tuple[str, int] | None:
    found = _heading_line(page)
    if found is None or not page.named:
        return found
    longer = len(letters(clean_title(page.named[0][1]))) <= COLUMN_NAME < len(letters(found[0]))
    return found if longer or _is_generic(page) or len(letters(found[0])) >= OWN_HEADING else None


def _is_generic(page: _Page) -> bool:
    """Whether the first declared title names only the site or the column."""
    cleaned = clean_title(page.named[0][1])
    return not letters(cleaned) or _is_named(cleaned, page) or _ends_as_site(cleaned)


def _named(page: _Page) -> tuple[str, int] | None:
    if page.named and not _is_generic(page):
        return None
    found: tuple[str, int] | None = None
    for index, text, _, _ in page.lines:
        line = page.layout.lines[index]
        near = page.start - REACH <= index <= page.start + NEAR
        called = TITLE_CLASS.search(page.layout.boxes[line.box].names)
        if near and called and line.linked * 2 < len(line.text) and not _is_site(text, page):
            found = (text, index)
    return found


def _last(page: _Page) -> tuple[str, int] | None:
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


def _declared(*places: str) -> Callable[[_Page], tuple[str, int | None] | None]:
    def reader(page: _Page) -> tuple[str, int | None] | None:
        for where, title in page.named:
            if where.startswith(places):
                cleaned = clean_title(title)
                if len(letters(cleaned)) >= SHORTEST and not (
                    _is_site(cleaned, page) and len(page.wanted) > 1
                ):
                    heading = _heading_line(page)
                    return cleaned, heading[1] if heading else None
        return None

    return reader


TITLES: tuple[tuple[str, Callable[[_Page], tuple[str, int | None] | None], str], ...] = (
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
    ("title", _declared("title"), "the `title` element, cut to size"),
    ("short", _heading_line, "any heading by the body"),
)
"""Name, function and what it believes of every reader, in order."""


def clean_title(title: str) -> str:
    """A declared title without the site and column names round it.

    >>> clean_title("小镇新闻网_河边小镇的一天_社会")
    '河边小镇的一天'
    """
    parts = [p for p in SEPARATOR.split(title.strip()) if p]
    if not parts:
        return title.strip()
    own = [p for p in parts if not NO_TITLE.fullmatch(p.strip())] or parts
    head = own[0]
    if len(letters(head)) <= SITE_LONGEST and SITE_NAME.search(head.strip()) and len(own) > 1:
        head = max(own[1:], key=lambda p: len(letters(p)))
        head = head if len(letters(head)) > len(letters(own[0])) else own[0]
    elif len(letters(head)) < HEADING_SHORTEST and len(own) > 2:
        head = max(own, key=lambda p: len(letters(p)))
    cut = GLUED_SITE.sub("", head)
    return (cut if len(letters(cut)) >= SHORTEST else head).strip()
