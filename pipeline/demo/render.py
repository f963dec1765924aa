"""A story's pages: its site's template filled in, in the site's bytes."""

from __future__ import annotations

import html
from functools import cache
from pathlib import Path
from string import Template

from pipeline.demo.damage import damaged, respelled
from pipeline.demo.sites import SITES, Site
from pipeline.demo.stories import PAGE_BREAK, Story, stories, turned

TEMPLATES = Path(__file__).with_name("templates")
SPAM = "招聘,招聘信息,招聘网,附近招聘,最新招聘,贷款,贷款利率,小额贷款,装修,装修报价,装修公司,二手房,二手车"
"""A hot-search block as portals print it."""


def render(
    shown: Story, bases: dict[str, str], turn: int, neighbours: tuple[Story, ...]
) -> tuple[bytes, ...]:
    """The bytes of the story's pages in a turn: one, or one for each part of a divided article.

    `bases` are the addresses of the servers a and mirror; `neighbours` are the articles its link lists name.
    """
    site = SITES[shown.site]
    parts = _parts(turned(shown, turn)[1])
    below = _glued(shown, turn, site)
    facts = _facts(shown, bases)
    facts |= {
        "byline": _byline(site.byline, facts),
        "related": _links(neighbours[:4]),
        "ranking": _links(neighbours[:-6:-1]),
        "teasers": "\n".join(_teaser(one) for one in neighbours[:3]),
    }
    pages = []
    for number, lines in enumerate(parts, 1):
        own = {
            "body": _body(lines, shown.damage, site) + below,
            "pager": _pager(shown.path, number, len(parts)),
        }
        page = _template(site.template).substitute(facts | own)
        pages.append(page.encode(site.charset, "xmlcharrefreplace"))
    return tuple(pages)


def part_path(path: str, number: int) -> str:
    """Path of an article's n-th page: a.html, a_2.html, …"""
    stem, dot, ending = path.rpartition(".")
    return path if number == 1 else f"{stem}_{number}{dot}{ending}"


@cache
def _template(name: str) -> Template:
    return Template((TEMPLATES / f"{name}.html").read_text("utf-8"))


def _parts(lines: tuple[str, ...]) -> list[tuple[str, ...]]:
    parts: list[tuple[str, ...]] = []
    rest = lines
    while PAGE_BREAK in rest:
        at = rest.index(PAGE_BREAK)
        parts.append(rest[:at])
        rest = rest[at + 1 :]
    return [*parts, rest]


def _body(lines: tuple[str, ...], damage: tuple[str, ...], site: Site) -> str:
    written = []
    for line in lines:
        shape = site.heading if line.startswith("## ") else site.paragraph
        text = html.escape(damaged(line.removeprefix("## "), damage), quote=False)
        written.append(shape.format(respelled(text, damage)))
    if len(written) > 3:
        written[2:2] = site.between
    return "\n".join(written)


def _glued(shown: Story, turn: int, site: Site) -> str:
    """The article below this one on the same page, a keyword line first, as collectors glue them."""
    for other in stories():
        if other.glued_below == shown.slug:
            spam = site.paragraph.format("关键词：收纳，收纳盒，换季收纳，收纳技巧，收纳盒批发")
            title = site.heading.format(html.escape(other.printed_title, quote=False))
            author = site.paragraph.format(f"作者：{other.author}") if other.author else ""
            return "\n".join(("", spam, title, author, _body(turned(other, turn)[1], other.damage, site)))
    return ""


def _facts(shown: Story, bases: dict[str, str]) -> dict[str, str]:
    origin = html.escape(shown.origin or "", quote=False)
    url = (shown.origin_url or "").replace("$base", bases["a"])
    link = f'<a href="{url}">{origin}</a>' if url else origin
    return _dates(shown) | {
        "title": html.escape(damaged(shown.printed_title, shown.damage), quote=False),
        "section": shown.section,
        "author": shown.author or "",
        "account": shown.origin or "",
        "origin": origin,
        "origin_link": link,
        "source_line": f"文章来源：{link}" if shown.origin else "",
        "url": bases[SITES[shown.site].server] + shown.path,
        "number": f"{sum(map(ord, shown.slug)):06d}",
        "keywords": f"{shown.section},{shown.printed_title[:6]}",
        "spam": SPAM,
    }


def _dates(shown: Story) -> dict[str, str]:
    """The spellings of the day and time of publication; all empty when the page prints none."""
    spellings = {"day": "%Y-%m-%d", "year": "%Y", "month": "%m", "date": "%d", "time": "%H:%M"}
    when = shown.published
    if when is None:
        return dict.fromkeys((*spellings, "epoch"), "")
    found = {name: when.strftime(spelling) for name, spelling in spellings.items()}
    return found | {"epoch": str(int(when.timestamp()))}


def _byline(pattern: str, facts: dict[str, str]) -> str:
    pieces = pattern.split("|")
    return "".join(piece.format_map(facts) for piece in pieces if _filled(piece, facts))


def _filled(piece: str, facts: dict[str, str]) -> bool:
    return all(value for name, value in facts.items() if "{" + name + "}" in piece)


def _links(neighbours: tuple[Story, ...]) -> str:
    return "\n".join(
        f'<li><a href="{one.path}">{html.escape(one.printed_title)}</a></li>' for one in neighbours
    )


def _teaser(one: Story) -> str:
    """A link with the beginning of the article, cut in mid-sentence."""
    return (
        f"<p><a href='{one.path}'>{html.escape(one.printed_title)}</a> {html.escape(one.printed[0][:46])}</p>"
    )


def _pager(path: str, number: int, count: int) -> str:
    if count == 1:
        return ""
    pages = "".join(f' <a href="{part_path(path, n)}">[{n}]</a>' for n in range(1, count + 1))
    onward = f' <a href="{part_path(path, number + 1)}">下一页</a>' if number < count else ""
    return f'<div class="pages" align="center">{pages}{onward}</div>'
