"""The heading of a page: the lines that may show its title, and which of them its declared title begins with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, islice

from pipeline.extract.dates import find_day
from pipeline.extract.declared import Declared
from pipeline.extract.declaredtitle import (
    CUT,
    DASHED,
    HEADING_SHORTEST,
    LEADING_DAY,
    NO_LETTERS,
    PIECE,
    SEPARATOR,
    SHORTEST,
    form_title,
    is_of_work,
    letters,
)
from pipeline.extract.layout import HEADINGS, Layout, Line, collapse
from pipeline.extract.variants import either_script

SHORTEST_HEADING = 2
"""Letters of an `h1` that the declared title begins with."""

LONGEST = 120

HEADINGS_READ = 200
"""Headings of a page looked at for the one its declared title begins with."""

META_TITLES = ("og:title", "articletitle", "contenttitle", "twitter:title", "dc.title", "citation_title")
"""Meta elements that hold the title alone; the second and third are those of government and paper editions."""

REACH = 12
"""Lines of the container searched for the title, for pages whose heading stands inside it."""

PIECES = 8
"""Runs of text of the longest heading whose parts are tried."""

KIND_MARK = either_script(r"\s{0,4}[【\[［](?:多?图文?|组图|视频|原创|高清)[】\]］]\s{0,4}(?=\S)")
"""What a declared title begins with of its kind: 【图】旧磨坊又转了起来."""

BESIDE_DAY = 6
"""Letters beside a day in a text that is no title: its clock time."""

TAIL_NOISE = either_script(
    r"(?<!\s)\s{1,4}(?:(?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:\s{1,3}\d{1,2}:\d\d(?::\d\d)?)?|"
    r"(?:来源|作者|时间|发布时间|发布日期|日期|编辑|责任编辑|阅读|浏览|点击)\s?[:：].{0,60}|\[?(?:原创|转载|置顶|精华)\]?|"
    r"[（(]第?\s?\d{1,3}\s?[/／]\s?\d{1,3}\s?页?[)）])$"
)
"""A day, a labelled fact or which page of how many, behind a title in the same run of text."""

RUN_NOISE = either_script(
    r"(?:来源|作者|时间|发布时间|发布日期|日期|编辑|责任编辑|文|记者)\s?[:：/／|｜].{0,60}|"
    r"转载|置顶|精华|推荐|热门?|新|已解决|悬赏.{0,8}|\[[^\]]{1,8}\]|【?(?:转帖|原创|分享)】?|.{0,6}(?:阅读|浏览|评论|回复|点击).{0,8}|"
    r"分享.{0,6}|打印|收藏|编辑|只看楼主|复制链接|正文|\W{1,9}"
)
"""A run of text of a heading that is no part of the title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TitlePage:
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
    forms: frozenset[str]
    """Words of a notice that are a declared title: 讣告."""
    opening: frozenset[str]
    """The letters of what stands before the first separator of each."""
    lines: tuple[tuple[int, str, str, bool], ...] = ()
    """(index, what it shows, its letters, whether it is a heading) of the lines that may be the title."""


def title_page(layout: Layout, declared: Declared, start: int, stop: int) -> TitlePage:
    """What is read for the title of a body that spans the lines [start, stop)."""
    said = (
        ("title", declared.title),
        *((f"meta:{name}", declared.meta.get(name, "")) for name in META_TITLES),
        ("json-ld", declared.ld.get("headline") or declared.ld.get("title", "")),
        ("item", declared.items.get("headline", "")),
        ("script:msg_title", declared.script.get("msg_title", "")),
    )
    named = tuple((where, title) for where, title in said if title)
    wanted, parts, forms, opening, pieces = _parted(tuple(title for _, title in named))
    return TitlePage(
        layout=layout,
        declared=declared,
        start=start,
        stop=stop,
        named=named,
        wanted=wanted,
        parts=parts,
        forms=forms,
        opening=opening,
        pieces=pieces,
    )


@lru_cache(maxsize=4)
def _parted(
    titles: tuple[str, ...],
) -> tuple[tuple[str, ...], frozenset[str], frozenset[str], frozenset[str], frozenset[str]]:
    """`wanted`, `parts`, `forms`, `opening` and `pieces` of declared titles: a page is asked two or three times."""
    return (
        tuple(
            dict.fromkeys(
                (
                    *(letters(CUT.sub("", title)) for title in titles),
                    *(letters(title[mark.end() :]) for title in titles if (mark := KIND_MARK.match(title))),
                    *_cut(titles),
                )
            )
        ),
        frozenset(letters(LEADING_DAY.sub("", p)) for title in titles for p in SEPARATOR.split(title)),
        frozenset(form for title in titles if (form := form_title(title))),
        frozenset(letters(SEPARATOR.split(title)[0]) for title in titles),
        frozenset(letters(piece) for title in titles for piece in PIECE.split(title)),
    )


def _cut(titles: tuple[str, ...]) -> Iterator[str]:
    """The letters of what stands before a mark of a cut inside a declared title: 旧磨坊又…-示例网."""
    for title in titles:
        for part in DASHED.split(title):
            bare = letters(CUT.sub("", part))
            if CUT.search(part) and len(bare) > SHORTEST:
                yield bare


def heading_of(layout: Layout, declared: Declared) -> int | None:
    """Index of the first `h1` or `h2` that the page's declared title begins with, else of the first other line that
    does (`_plain_heading`): many sites set a title in a `div`. Or None.

    A short one (《雨》) must be all that stands there too, and no long one on the page.
    """
    page = title_page(layout, declared, 0, 0)
    opening = set(page.opening)
    short = None
    headings = (i for i, line in enumerate(layout.lines) if layout.boxes[line.box].tag in ("h1", "h2"))
    for index in islice(headings, HEADINGS_READ):
        line = layout.lines[index]
        if line.linked * 2 <= len(line.text) <= LONGEST:
            bare = letters(CUT.sub("", _shown(line, page)))
            if len(bare) >= HEADING_SHORTEST and any(title.startswith(bare) for title in page.wanted):
                return index
            is_h1 = layout.boxes[line.box].tag == "h1"
            opens = bare in opening or (
                (is_h1 or len(bare) >= SHORTEST_HEADING) and is_of_work(bare, opening)
            )
            short = index if short is None and bare and opens else short
    return short if short is not None else _plain_heading(page)


def _plain_heading(page: TitlePage) -> int | None:
    """The first other line that a declared title begins with; a link only where it is in a heading, since blogs link
    a title to itself."""
    firsts = {title[0] for _, title in page.named}
    for index, line in enumerate(page.layout.lines):
        is_own = not line.linked or page.layout.boxes[line.box].tag in HEADINGS
        if is_own and line.text[0] in firsts and len(line.text) <= LONGEST:
            bare = letters(line.text)
            if len(bare) >= HEADING_SHORTEST and any(title.startswith(bare) for title in page.wanted):
                return index
    return None


def _shown(line: Line, page: TitlePage) -> str:
    """The part of a line that a declared title begins with or holds as a part; else the line without noise.

    A heading holds runs of text that are not the title: <h1><a>board</a> title <small>2024-05-13</small></h1>.
    """
    text = line.text
    if agrees(letters(CUT.sub("", text)), page):
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


def agrees(bare: str, page: TitlePage) -> bool:
    """Whether a declared title begins with these letters."""
    return bool(bare) and any(title.startswith(bare) for title in page.wanted)


def _with_next(index: int, text: str, page: TitlePage) -> str | None:
    """A heading's line with its next, where a declared title begins with both: <h1>A<br>B</h1>."""
    lines = page.layout.lines
    if index + 1 >= len(lines) or lines[index + 1].box != lines[index].box:
        return None
    whole = f"{text} {lines[index + 1].text}"
    return whole if len(whole) <= LONGEST and agrees(letters(whole), page) else None


def title_lines(page: TitlePage) -> Iterator[tuple[int, str, str, bool]]:
    """(index, what it shows, its letters, whether it is a heading) of the lines that may be the title."""
    for index, line in enumerate(page.layout.lines[: min(page.start + REACH, page.stop)]):
        box = page.layout.boxes[line.box]
        if len(line.text) < SHORTEST_HEADING or len(line.text) > LONGEST + 80:
            continue
        is_heading = box.tag in HEADINGS
        text = _shown(line, page) if is_heading or len(line.pieces) > 1 else line.text
        bare = letters(CUT.sub("", text))
        if is_heading and (whole := _with_next(index, text, page)):
            yield index + 1, whole, letters(whole), True
        may_be_short = box.tag == "h1" or text in page.forms or (is_heading and letters(text) in page.opening)
        shortest = SHORTEST_HEADING if may_be_short else SHORTEST
        if len(text) <= LONGEST and len(bare) >= shortest and not _is_day(text):
            yield index, text, bare, is_heading
