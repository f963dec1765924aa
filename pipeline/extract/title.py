"""The title: the line above the body that the page's `title` repeats, else the declared title cut to size."""

from __future__ import annotations

import re

from pipeline.extract.declared import Declared
from pipeline.extract.layout import Layout

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
SHORTEST = 4
"""Letters a title has at least; shorter headings are column names."""

SHORTEST_HEADING = 2
"""Letters of an `h1` that the declared title begins with."""

HEADING_SHORTEST = 6
"""Letters of a heading that is believed before the body is known; a site's name is shorter or comes last."""

LONGEST = 120

META_TITLES = ("articletitle", "contenttitle", "twitter:title", "dc.title")
"""Meta elements that hold the title alone; the first two are those of government and paper editions."""

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

CUT = re.compile(r"(?<!\.)\.{3,}+$|(?<!…)…++$")
SEPARATOR = re.compile(r"\s{0,4}(?:[_|｜¦]+|\s[-–—@]+\s|--+|\s::+\s|\s»\s|\s«\s|\s/\s)\s*")
GLUED_SITE = re.compile(
    r"[-–—](?=[^-–—]{2,24}$)[^-–—]*(?:网|網|新闻|新聞|频道|頻道|日报|日報|晚报|晚報|报|報|中心|博客|论坛|門戶|门户|官网|平台|社|台|"
    r"\.(?:com|cn|net|org|tw|hk)|NET|News|news|资讯|資訊|财经|財經|客户端|首页|在线|杂志|号|園|园|圈|站|家|吧|谈|豆瓣|知乎|简书|36氪)\s*$"
)


def letters(text: str) -> str:
    """The text without marks and spaces: titles differ in these between heading and `title`."""
    return re.sub(r"[\W_]+", "", text).lower()


def heading_of(layout: Layout, declared: Declared) -> int | None:
    """Index of the first `h1` or `h2` that the page's declared title begins with, or None."""
    wanted = [letters(CUT.sub("", t)) for t in (declared.title, declared.meta.get("og:title", "")) if t]
    for index, line in enumerate(layout.lines):
        if layout.boxes[line.box].tag in ("h1", "h2") and line.linked * 2 <= len(line.text) <= LONGEST:
            bare = letters(CUT.sub("", line.text))
            if len(bare) >= HEADING_SHORTEST and any(title.startswith(bare) for title in wanted):
                return index
    return None


def find_title(layout: Layout, declared: Declared, start: int, stop: int) -> tuple[str | None, int | None]:
    """(title, index of its line or None) for a body that spans the lines [start, stop).

    A line counts when the page's `title` or og:title begins with it (or it with a cut title); of
    several the longest, then the one nearest to the body. Without one, the nearest line the declared
    title ends with (site: title), a heading with a title's class or `h1`; else the declared title
    without its site and column.
    """
    said = (
        declared.title,
        declared.meta.get("og:title", ""),
        *(declared.meta.get(name, "") for name in META_TITLES),
        declared.script.get("msg_title", ""),
    )
    named = [title for title in said if title]
    wanted = [letters(CUT.sub("", t)) for t in named]
    best: tuple[int, int, int] | None = None
    last: int | None = None
    heading: int | None = None
    for index, line in enumerate(layout.lines[: min(start + REACH, stop)]):
        text = line.text
        if not SHORTEST_HEADING <= len(text) <= LONGEST:
            continue
        box = layout.boxes[line.box]
        bare = letters(CUT.sub("", text))
        is_heading = box.tag in HEADINGS
        if len(bare) < (SHORTEST_HEADING if box.tag == "h1" else SHORTEST):
            continue
        if any(w.startswith(bare) or (len(w) >= SHORTEST and bare.startswith(w)) for w in wanted):
            is_link = line.linked * 2 > len(text)
            worth = len(bare) + HEADING_BONUS * is_heading - LINK_MALUS * is_link
            rank = (worth, index <= start, index)
            if best is None or rank >= best:
                best = rank
        elif any(w.endswith(bare) for w in wanted) and (is_heading or len(bare) >= HEADING_SHORTEST):
            last = index
        elif (
            is_heading
            and index <= start + NEAR
            and line.linked * 2 < len(text)
            and _better(layout, heading, index)
        ):
            heading = index
    if best is not None:
        text = layout.lines[best[2]].text
        fuller = [t for t in named if CUT.search(text) and letters(t).startswith(letters(CUT.sub("", text)))]
        longer = next(
            (clean_title(t) for t in fuller if len(letters(clean_title(t))) > len(letters(text))), None
        )
        return longer or text, best[2]
    if last is not None and (heading is None or last >= heading):
        return layout.lines[last].text, last
    if heading is not None and (not named or _generic(layout, named, heading)):
        return layout.lines[heading].text, heading
    for text in (declared.ld.get("headline", ""), *named[1:], *named[:1]):
        cleaned = clean_title(text)
        if len(letters(cleaned)) >= SHORTEST:
            return cleaned, heading
    return (layout.lines[heading].text, heading) if heading is not None else (None, None)


def _better(layout: Layout, old: int | None, new: int) -> bool:
    """Whether a later heading replaces an earlier one: the nearest to the body does, but not an `h1`'s place."""
    if old is None:
        return True
    return layout.boxes[layout.lines[old].box].tag != "h1" or layout.boxes[layout.lines[new].box].tag == "h1"


def _generic(layout: Layout, named: list[str], heading: int) -> bool:
    """Whether the declared title is only a column or site name, so that the heading is the title."""
    cleaned = letters(clean_title(named[0]))
    text = letters(layout.lines[heading].text)
    return len(cleaned) <= COLUMN_NAME < len(text) or len(text) >= OWN_HEADING


def clean_title(title: str) -> str:
    """A declared title without the site and column names that follow it."""
    parts = SEPARATOR.split(title.strip())
    parts = [p for p in parts if p]
    if not parts:
        return title.strip()
    head = parts[0]
    if len(letters(head)) < HEADING_SHORTEST and len(parts) > 2:
        head = max(parts, key=lambda p: len(letters(p)))
    cut = GLUED_SITE.sub("", head)
    return (cut if len(letters(cut)) >= SHORTEST else head).strip()
