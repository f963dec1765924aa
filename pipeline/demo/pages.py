"""Every address of the sample site and what stands there in a turn."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape

from pipeline.demo.render import part_path, render
from pipeline.demo.sites import SITES
from pipeline.demo.stories import CHINA, Story, stories

FEEDS = ("blog", "news", "tech")
"""Sites that have a feed."""

SITEMAPS = ("gov", "hant", "magazine")
"""Sites that have a sitemap; the magazine's goes out gzipped."""

FOLDERS = {
    "portal": "/gb/",
    "gov": "/zwgk/",
    "blog": "/blog/",
    "news": "/news/",
    "taiwan": "/tw/",
    "hant": "/hant/",
    "tech": "/tech/",
    "magazine": "/mag/",
    "oldlit": "/lit/",
}
"""Site → folder of its front page."""

SITEMAP_SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
REDIRECTS = {"/gb/old/20260311.asp": "/gb/local/laoqiao.html"}
CAPTCHA = "/news/tech/verify.html"
SOFT_GONE = "/news/2025/1207/removed.html"
MISSING = "/gb/local/missing.html"
PRIVATE = "/private/draft.html"
TOPIC = "/news/topic/spring.html"

CHANGED_AT = datetime(2026, 4, 2, 9, 0, tzinfo=CHINA)
"""Last-Modified of what reads differently in the second turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server answers at one address."""

    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    body: bytes = b""
    location: str = ""
    """Target of a redirect."""
    changed: datetime | None = None
    """Last-Modified; None: the page carries no validators."""
    etag: bool = True
    """Whether an ETag goes out beside Last-Modified."""

    def headers(self) -> dict[str, str]:
        """The headers that depend on the content."""
        found = {"Content-Type": self.content_type}
        if self.location:
            found["Location"] = self.location
        if self.changed:
            found["Last-Modified"] = format_datetime(self.changed.astimezone(UTC), usegmt=True)
            if self.etag:
                found["ETag"] = f'"{hashlib.sha1(self.body).hexdigest()[:16]}"'
        return found


def build(turn: int, base: str, mirror: str) -> dict[str, dict[str, Reply]]:
    """Server (a, mirror) → path → reply, as they stand in a turn; the same on every call."""
    bases = {"a": base, "mirror": mirror}
    shown = [one for one in stories() if turn in one.turns and one.path]
    found: dict[str, dict[str, Reply]] = {"a": {}, "mirror": {}}
    for one in shown:
        found[SITES[one.site].server].update(_articles(one, turn, bases))
    for name, folder in FOLDERS.items():
        ours = [one for one in shown if one.site == name]
        found["a"][folder] = _listing(name, ours)
        if name in SITEMAPS:
            found["a"][_sitemap_path(name)] = _packed(_sitemap(ours, base), _sitemap_path(name))
        if name in FEEDS:
            found["a"][folder + "feed.xml"] = _feed(name, ours, base)
    news = [one for one in shown if one.site == "news"]
    found["a"] |= {
        "/": _front(FOLDERS.values()),
        "/robots.txt": _text(f"User-agent: *\nDisallow: /private/\n\nSitemap: {base}/sitemap.xml\n"),
        "/sitemap.xml": _sitemap_index(base),
        CAPTCHA: _page("安全验证", '<div id="nc_1_wrapper"></div><p>请完成滑动验证后继续访问</p>'),
        SOFT_GONE: _page(
            "页面不存在", "<h1>404</h1><p>抱歉，您访问的页面不存在或已被删除，三秒后返回首页。</p>"
        ),
        PRIVATE: _page("草稿", "<p>这一页不许抓取，抓取程序若是读到了它，就是没有理会站点的约定。</p>"),
        TOPIC: _page("专题：春天的南屏", _link_list(news) + _link_list(news[::-1])),
    }
    found["a"] |= {old: Reply(status=301, location=base + new) for old, new in REDIRECTS.items()}
    copies = [one for one in shown if SITES[one.site].server == "mirror"]
    found["mirror"] |= {
        "/": _front([one.path for one in copies]),
        "/robots.txt": _text("User-agent: *\nAllow: /\n"),
        "/sitemap.xml": _sitemap(copies, mirror),
    }
    return found


def _articles(one: Story, turn: int, bases: dict[str, str]) -> dict[str, Reply]:
    site = SITES[one.site]
    # link lists do not follow the turn: only a page whose own text changed may look changed
    others = [other for other in stories() if other.site == one.site and other.path and 1 in other.turns]
    neighbours = tuple([o for o in others if o.slug > one.slug] + [o for o in others if o.slug < one.slug])
    changed = CHANGED_AT if turn > 1 and one.later else one.published or CHANGED_AT.replace(year=2025)
    return {
        part_path(one.path, number): Reply(
            content_type=site.content_type, body=body, changed=changed, etag=one.site != "portal"
        )
        for number, body in enumerate(render(one, bases, turn, neighbours), 1)
    }


def _listing(name: str, ours: list[Story]) -> Reply:
    extra = {
        "portal": [*REDIRECTS, MISSING],
        "news": [CAPTCHA, SOFT_GONE, TOPIC, PRIVATE],
    }.get(name, [])
    more = "".join(f'<li><a href="{path}">更多新闻</a></li>' for path in extra)
    site = SITES[name]
    page = _shell(site.name, f'<ul class="list">{_link_list(ours)}{more}</ul>', site.charset)
    return Reply(content_type=site.content_type, body=page, changed=_newest(ours))


def _link_list(ours: list[Story]) -> str:
    items = [f'<li><a href="{one.path}">{escape(one.printed_title)}</a> {_day(one)}</li>' for one in ours]
    return "\n".join(items)


def _feed(name: str, ours: list[Story], base: str) -> Reply:
    items = "".join(
        f"<item><title>{escape(one.printed_title)}</title><link>{base}{one.path}</link>"
        f'<guid isPermaLink="true">{base}{one.path}</guid>'
        f"<pubDate>{format_datetime(one.published) if one.published else ''}</pubDate></item>\n"
        for one in ours
    )
    about = f"<title>{SITES[name].name}</title><link>{base}{FOLDERS[name]}</link>"
    channel = f"<channel>{about}<description>最新文章</description>\n{items}</channel>"
    return _xml(f'<rss version="2.0">{channel}</rss>\n', ours)


def _sitemap(ours: list[Story], base: str) -> Reply:
    entries = "".join(
        f"<url><loc>{base}{one.path}</loc><lastmod>{_day(one)}</lastmod></url>\n" for one in ours
    )
    return _xml(f'<urlset xmlns="{SITEMAP_SPACE}">\n{entries}</urlset>\n', ours)


def _sitemap_path(name: str) -> str:
    return FOLDERS[name] + ("sitemap.xml.gz" if name == "magazine" else "sitemap.xml")


def _packed(reply: Reply, path: str) -> Reply:
    """The reply, gzipped as a file (not as a transfer) when its path ends so."""
    if not path.endswith(".gz"):
        return reply
    return replace(reply, content_type="application/gzip", body=gzip.compress(reply.body, mtime=0))


def _sitemap_index(base: str) -> Reply:
    entries = "".join(f"<sitemap><loc>{base}{_sitemap_path(name)}</loc></sitemap>\n" for name in SITEMAPS)
    return _xml(f'<sitemapindex xmlns="{SITEMAP_SPACE}">\n{entries}</sitemapindex>\n', list(stories()))


def _xml(content: str, ours: list[Story]) -> Reply:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{content}'.encode()
    return Reply(content_type="application/xml", body=body, changed=_newest(ours))


def _front(paths: Iterable[str]) -> Reply:
    links = "".join(f'<li><a href="{path}">{path}</a></li>' for path in paths)
    return _page("样板站", f"<ul>{links}</ul>")


def _page(title: str, inner: str) -> Reply:
    return Reply(body=_shell(title, inner, "utf-8"))


def _shell(title: str, inner: str, charset: str) -> bytes:
    head = f'<head><meta charset="{charset}"><title>{title}</title></head>'
    return f"<!DOCTYPE html>\n<html>{head}\n<body>{inner}</body></html>\n".encode(
        charset, "xmlcharrefreplace"
    )


def _text(content: str) -> Reply:
    return Reply(content_type="text/plain; charset=utf-8", body=content.encode())


def _day(one: Story) -> str:
    return one.published.strftime("%Y-%m-%d") if one.published else ""


def _newest(ours: list[Story]) -> datetime | None:
    return max((one.published for one in ours if one.published), default=None)
