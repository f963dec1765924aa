"""The sample site's sites: how each one prints an article."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

from pipeline.demo.damage import damaged, respelled
from pipeline.demo.stories import PAGE_BREAK, Story, stories, turned

TEMPLATES = Path(__file__).with_name("templates")
SPAM = "招聘,招聘信息,招聘网,附近招聘,最新招聘,贷款,贷款利率,小额贷款,装修,装修报价,装修公司,二手房,二手车"
"""A hot-search block as portals print it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One look: a template, and how paragraphs and the line under the title are written."""

    template: str
    """File in templates/ without the ending."""
    paragraph: str
    """HTML of a paragraph, with `{}` for its text."""
    heading: str = "<p><strong>{}</strong></p>"
    """HTML of a subheading."""
    byline: str = "{day} {time}"
    """HTML between title and body; an empty fact leaves its whole `|`-separated piece out."""
    between: tuple[str, ...] = ()
    """HTML put between the second and the third paragraph, as advertisements are."""
    charset: str = "utf-8"
    """Codec of the page's bytes."""
    content_type: str = "text/html"
    """Content-Type of its pages."""
    server: str = "a"
    """a: the first port; mirror: the second."""
    name: str = ""
    """The site's own name, as it prints it."""
    absent: tuple[str, ...] = ()
    """Furniture of the template that must not reach a text."""


SITES: dict[str, Site] = {
    "portal": Site(
        template="portal",
        paragraph="<P>　　{}</P>",
        byline="{year}年{month}月{date}日 {time}　|　来源：{origin}　|　作者：{author}",
        between=(
            '<table align="left"><tr><td><a href="/ad/1"><img src="/ad/300.gif" width="300"></a></td></tr></table>',
        ),
        charset="gbk",
        name="青石在线",
        absent=(
            "责任编辑",
            "您现在的位置",
            "打印本页",
            "相关链接",
            "点击排行",
            "版权所有",
            "备案序号",
            "下一页",
        ),
    ),
    "gov": Site(
        template="gov",
        paragraph='<p style="text-indent: 2em;"><span style="font-family: 仿宋;">{}</span></p>',
        byline="发布时间：{day} {time}|　来源：{origin}|　作者：{author}",
        content_type="text/html; charset=utf-8",
        name="临川湾区人民政府门户网站",
        absent=("当前位置", "浏览次数", "相关稿件", "网站标识码", "分享到", "主办："),
    ),
    "blog": Site(
        template="blog",
        paragraph="　　{}<br />\n<br />",
        heading="<b>{}</b><br />\n<br />",
        byline="{day} {time}:00| | 分类：{section}| | 作者：{author}",
        content_type="text/html; charset=UTF-8",
        name="慢一点的日子",
        absent=("转载请注明出处", "标签：", "路过的阿伟", "博主什么时候更新", "最近文章", "友情链接"),
    ),
    "wx": Site(
        template="wx",
        paragraph='<section style="margin: 0 8px;"><span style="font-size: 15px;">{}</span></section>',
        heading='<section style="text-align: center;"><strong><span>{}</span></strong></section>',
        between=('<section><img class="rich_pages" data-src="/img/w1.jpg" data-ratio="0.66"></section>',),
        content_type="text/html; charset=UTF-8",
        name="消息公众平台",
        absent=("点击上方蓝字", "点个“在看”", "功能介绍", "阅读原文"),
    ),
    "news": Site(
        template="news",
        paragraph="<p>　　{}</p>",
        heading="<h2>{}</h2>",
        byline='<span class="time">{day} {time}</span>| '
        "<span>来源：{origin_link}</span>| <span>作者：{author}</span>",
        between=('<div class="ad-inline"><span>广告</span><a href="/ad/1">买一送一，限时三天</a></div>',),
        content_type="text/html; charset=utf-8",
        name="南屏新闻网",
        absent=(
            "本网登载此文",
            "扫描二维码",
            "责任编辑",
            "推荐阅读",
            "热搜词",
            "贷款利率",
            "小编说得太对了",
            "买一送一",
        ),
    ),
    "taiwan": Site(
        template="taiwan",
        paragraph="<p>{}</p>",
        byline="{year}/{month}/{date} {time}|　記者{author}／{section}報導",
        charset="big5",
        name="岛民报",
        absent=("延伸阅读", "粉丝团", "未经授权", "字级设定", "登入会员"),
    ),
    "hant": Site(
        template="hant",
        paragraph="<p>{}</p>",
        byline="{day} {time}|　來源：{origin}",
        content_type="text/html; charset=utf-8",
        name="壹点资讯",
        absent=("相关推荐", "露营地", "厨房收纳", "上一篇"),
    ),
    "tech": Site(
        template="tech",
        paragraph="<p>{}</p>",
        heading="<p><strong>{}</strong></p>",
        byline="<span>来源：{origin}</span>| <span>作者：{author}</span>| <span>{day} {time}</span>",
        content_type="text/html",
        name="芯路论坛",
        absent=("审核编辑", "入驻作者", "次阅读", "相关推荐", "加入交流群", "关注", "浏览量"),
    ),
    "magazine": Site(
        template="magazine",
        paragraph="<p>{}</p>",
        heading="<h2>{}</h2>",
        byline="{author}| · {year}年{month}月{date}日",
        content_type="text/html; charset=utf-8",
        name="草木与星辰",
        absent=("每周通讯", "更多文章", "编辑部手绘", "订阅"),
    ),
    "oldlit": Site(
        template="oldlit",
        paragraph="　　{}<br>",
        byline="作者：{author}",
        charset="gbk",
        name="草堂书屋",
        absent=("返回目录", "扫校", "位访客", "留言簿"),
    ),
    "repost": Site(
        template="repost",
        paragraph="<p>{}</p>",
        byline="时间：{day} {time}|　编辑：小易|　来源：{origin_link}",
        content_type="text/html",
        server="mirror",
        name="万事通资讯",
        absent=("免责声明", "猜你喜欢", "推杯子", "侵权"),
    ),
    "wrapped": Site(
        template="wrapped",
        paragraph="<p>{}</p>",
        byline="{day} {time}",
        content_type="text/html",
        server="mirror",
        name="聚合看点",
        absent=("温馨提示", "小编", "大家都在看", "投稿须知"),
    ),
}


def render(
    shown: Story, bases: dict[str, str], turn: int, neighbours: tuple[Story, ...]
) -> tuple[bytes, ...]:
    """The bytes of the story's pages in a turn: one, or one for each part of a divided article.

    `bases` are the addresses of the servers a and mirror; `neighbours` are the articles its link lists name.
    """
    site = SITES[shown.site]
    parts = _parts(turned(shown, turn)[1])
    below = _glued(shown, turn, site)
    pages = []
    for number, lines in enumerate(parts, 1):
        facts = _facts(shown, bases) | {
            "body": _body(lines, shown.damage, site) + below,
            "pager": _pager(shown.path, number, len(parts)),
            "byline": _byline(site.byline, _facts(shown, bases)),
            "related": _links(neighbours[:4]),
            "ranking": _links(neighbours[:-6:-1]),
            "teasers": "".join(
                f"<p><a href='{n.path}'>{n.title}</a> {n.printed[0][:46]}</p>" for n in neighbours[:3]
            ),
        }
        page = _template(site.template).substitute(facts)
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
    when = shown.published
    origin = html.escape(shown.origin or "", quote=False)
    link = (
        f'<a href="{shown.origin_url.replace("$base", bases["a"])}">{origin}</a>'
        if shown.origin_url
        else origin
    )
    return {
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
        "iso": when.strftime("%Y-%m-%d") if when else "",
        "day": when.strftime("%Y-%m-%d") if when else "",
        "year": when.strftime("%Y") if when else "",
        "month": when.strftime("%m") if when else "",
        "date": when.strftime("%d") if when else "",
        "time": when.strftime("%H:%M") if when else "",
        "epoch": str(int(when.timestamp())) if when else "",
    }


def _byline(pattern: str, facts: dict[str, str]) -> str:
    pieces = pattern.split("|")
    return "".join(piece.format_map(facts) for piece in pieces if _filled(piece, facts))


def _filled(piece: str, facts: dict[str, str]) -> bool:
    return all(value for name, value in facts.items() if "{" + name + "}" in piece)


def _links(neighbours: tuple[Story, ...]) -> str:
    return "\n".join(
        f'<li><a href="{one.path}">{html.escape(one.printed_title)}</a></li>' for one in neighbours
    )


def _pager(path: str, number: int, count: int) -> str:
    if count == 1:
        return ""
    pages = "".join(f' <a href="{part_path(path, n)}">[{n}]</a>' for n in range(1, count + 1))
    onward = f' <a href="{part_path(path, number + 1)}">下一页</a>' if number < count else ""
    return f'<div class="pages" align="center">{pages}{onward}</div>'
