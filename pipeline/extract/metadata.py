"""Title, author, day and source of an article, from what the page prints before what it declares.

The order is measured on the reference pages: the lines between title and body, those just above the
title, the labelled lines at the foot, then meta elements, JSON-LD, script variables, the address.
A fact that is only declared is believed where declarations were right: `meta author` is mostly the
web editor and is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from urllib.parse import urljoin, urlsplit

from pipeline.extract.body import Reading
from pipeline.extract.byline import (
    GAP,
    ORG,
    agency,
    author_in,
    clean_source,
    closing_author,
    dateline_author,
    is_personal_name,
    names_of,
    source_in,
)
from pipeline.extract.dates import day_in_url, find_day, machine_day
from pipeline.extract.declared import Declared
from pipeline.extract.layout import Layout, Line
from pipeline.extract.title import letters
from pipeline.records import Article

ABOVE = 5
"""Lines above the title that may hold the day or the source."""

BETWEEN = 40
"""Lines between title and body that are read as header."""

BELOW = 14
"""Lines after the body that are read as foot."""

HEADER_LINE = 160
"""Code points of the longest line that can be a header line."""

META_DAYS = (
    "article:published_time",
    "pubdate",
    "publishdate",
    "datepublished",
    "og:release_date",
    "publish-date",
    "publish_date",
    "publishtime",
    "publish_time",
    "firstpublishedtime",
    "og:published_time",
    "weibo: article:create_at",
    "apub:time",
    "datecreated",
    "contentdate",
    "date",
    "dc.date",
    "dc.date.issued",
    "dcterms.created",
    "parsely-pub-date",
    "pdate",
    "dateupdate",
    "_pubtime",
    "others",
    "publication_date",
    "article.published",
    "release_date",
    "bytedance:published_time",
)
META_SOURCES = (
    "source",
    "contentsource",
    "mediaid",
    "og:article:source",
    "article:source",
    "media",
    "copyright-source",
)
SCRIPT_DAYS = (
    "ct",
    "publish_time",
    "oriCreateTime",
    "create_time",
    "pubdate",
    "publishTime",
    "pubTime",
    "publish_date",
    "publishDate",
)
LATER = re.compile(r"更新|修改|编辑于|編輯於|最新推荐|最後|最后|updated|Modified|上次", re.I)
OTHER_ROLE = re.compile(
    r"编辑|編輯|责编|責編|选稿|校对|审核|编审|来源|來源|发布|發布|时间|時間|阅读|关注|分享|评论"
)
PERSON_CLASS = re.compile(
    r"(?:^|[\s_\-])(?:author|byline|writer|nickname|js_author_name|reporter|account[_\-]?name|user[_\-]?name|zuozhe)(?:$|[\s_\-])|"
    r"author[_\-]?name|authorname|nickname|author-info__name|post-author",
    re.I,
)
SOURCE_CLASS = re.compile(
    r"(?:^|[\s_\-])(?:source|laiyuan|media|origin|media[_\-]name|comefrom|source_baidu|ent-source|js_name)(?:$|[\s_\-])",
    re.I,
)
WECHAT = re.compile(r"rich_media|js_content|js_name")
QUOTED_ACCOUNT = re.compile(
    r"(?:微信公众号|公众号|微信号|公眾號)\s{0,2}[:：]?\s{0,2}[“\"「『]?([^”\"」』，,。（）()：:\s]{2,24})[”\"」』]?"
)
XUEQIU = re.compile(r"来源\s?[:：]\s?([^\s,，:：]{2,20})\s?[,，]\s?作者\s?[:：]\s?([^\s,，:：（(]{2,20})")
POSTED = re.compile(r"posted @|发表于|发布于|發表於|發佈於", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """The lines around a body that may print facts, each with GAP between differently marked pieces."""

    head: tuple[str, ...]
    above: tuple[str, ...]
    foot: tuple[str, ...]
    first: tuple[str, ...]
    """The first lines of the body."""
    last: str
    """The last line of the body."""
    marked: tuple[tuple[str, str], ...]
    """(class and id, text) of named elements in the header."""
    links: tuple[tuple[str, str], ...]
    """(text, href) of links in header and foot."""


def read_metadata(
    layout: Layout, declared: Declared, reading: Reading, title: str | None, title_at: int | None, url: str
) -> Article:
    """The facts of the article whose body is `reading`; what the page does not say stays None."""
    printed = _printed(layout, reading, title, title_at)
    day, raw, origin = _day(printed, declared, url)
    site = declared.meta.get("og:site_name") or None
    author = _author(printed, declared, site)
    source, source_url = _source(printed, declared, author)
    if author is None and source is None:
        author, source = _beside_day(printed)
    elif source is None:
        source = _beside_day(printed)[1]
    elif author is None:
        author = _beside_day(printed)[0]
    canonical = declared.canonical or declared.meta.get("og:url") or ""
    return Article(
        title=title,
        author=author if author != source or author is None or not ORG.search(author) else None,
        published_on=day,
        published_raw=raw,
        published_from=origin,
        origin_name=source,
        origin_url=source_url,
        site_name=site,
        section=_section(layout, title_at if title_at is not None else reading.start, title),
        canonical_url=_absolute(url, canonical) if canonical else None,
    )


def _printed(layout: Layout, reading: Reading, title: str | None, title_at: int | None) -> Printed:
    kept = reading.kept
    first = kept[0] if kept else reading.start
    last = kept[-1] if kept else reading.stop - 1
    top = title_at if title_at is not None and title_at < first else max(0, first - 8)
    head = range(top + (title_at is not None), min(first, top + BETWEEN))
    above = range(max(0, top - ABOVE), top)
    removed = {i for i, _ in reading.rules}
    foot = [
        i
        for i in sorted({*(i for i in removed if i > first), *range(last + 1, last + 1 + BELOW)})
        if i < len(layout.lines)
    ]
    marked = []
    links = []
    for index in (*above, *head, *kept[:1]):
        for piece in layout.lines[index].pieces:
            text = piece.text.strip()
            if text and len(text) <= 40 and index not in kept:
                names = layout.boxes[piece.box].names
                parent = layout.boxes[piece.box].parent
                if not names and parent >= 0:
                    names = layout.boxes[parent].names
                marked.append((names, text))
    for index in (*head, *foot, *kept[-2:]):
        links.extend((p.text.strip(), p.href) for p in layout.lines[index].pieces if p.href)
    ends = [layout.lines[i].text for i in foot if i < last]
    return Printed(
        head=tuple(_marked_up(layout.lines[i]) for i in head if len(layout.lines[i].text) <= HEADER_LINE),
        above=tuple(
            _marked_up(layout.lines[i])
            for i in above
            if len(layout.lines[i].text) <= HEADER_LINE and not _linked(layout.lines[i])
        ),
        foot=tuple(_marked_up(layout.lines[i]) for i in foot if len(layout.lines[i].text) <= HEADER_LINE),
        first=tuple(layout.lines[i].text for i in kept[:2]),
        last=layout.lines[last].text if kept and not ends else (layout.lines[last].text if kept else ""),
        marked=tuple(marked),
        links=tuple(links),
    )


def _linked(line: Line) -> bool:
    return line.linked * 2 > len(line.text)


def _marked_up(line: Line) -> str:
    """The line's text with GAP where the element or the link changes, white space kept narrow."""
    out: list[str] = []
    before: tuple[int, str] | None = None
    for piece in line.pieces:
        mark = (piece.box, piece.href)
        if before is not None and mark != before and piece.text.strip():
            out.append(GAP)
        if piece.text.strip():
            before = mark
        out.append(piece.text)
    return re.sub(r"[ \t\r\n\u3000\xa0]*\x1f[\x1f \t\r\n\u3000\xa0]*", GAP, "".join(out)).strip(
        " \t\r\n\u3000\xa0" + GAP
    )


def _day(printed: Printed, declared: Declared, url: str) -> tuple[date | None, str | None, str | None]:
    """(day, raw string, provenance)."""
    for lines in (printed.head, printed.above):
        candidates = [
            (LATER.search(line) is not None, i, found)
            for i, line in enumerate(lines)
            if (found := find_day(line))
        ]
        if lines is printed.above:
            candidates.reverse()
        if candidates:
            found = min(candidates, key=lambda c: c[0])[2]
            return found.day, found.raw, "printed"
    for line in printed.foot:
        if POSTED.search(line) and (found := find_day(line)):
            return found.day, found.raw, "printed"
    for name in META_DAYS:
        value = declared.meta.get(name)
        if value and (day := machine_day(value)):
            return day, value, f"meta:{name}"
    for key in ("datePublished", "pubDate"):
        value = declared.ld.get(key)
        if value and (day := machine_day(value)):
            return day, value, "json-ld"
    for key in SCRIPT_DAYS:
        value = declared.script.get(key)
        if value and (day := machine_day(value)):
            return day, value, f"script:{key}"
    for line in printed.foot:
        if re.search(r"发布|發布|发表|發表|时间|時間|日期|录入", line) and (found := find_day(line)):
            return found.day, found.raw, "printed"
    in_url = day_in_url(url)
    return (in_url.day, in_url.raw, "url") if in_url else (None, None, None)


def _source(printed: Printed, declared: Declared, author: str | None) -> tuple[str | None, str | None]:
    """(name, link) of where the article first appeared."""
    ends = (*printed.foot, printed.last)
    for line in ends:
        found = XUEQIU.search(line) or (
            QUOTED_ACCOUNT.search(line)
            if re.match(r"\W{0,3}(?:本文|文章)?(?:来自|來自|来源|转自|转载)", line)
            else None
        )
        if found:
            name = re.sub(r"App$|APP$", "", found[1])
            return name, _link_in(line) or _link_of(printed, found[1])
    for line in (*printed.head, *printed.above):
        name = source_in(line)
        if name:
            return name, _link_of(printed, name)
    for position, line in enumerate(printed.head):
        if re.fullmatch(r"(?:文章|新闻|信息)?(?:来源|來源|稿源)\s*[:：]?", line) and position + 1 < len(
            printed.head
        ):
            name = clean_source(printed.head[position + 1])
            if name and not find_day(name):
                return name, _link_of(printed, name)
    for names, text in printed.marked:
        if (
            SOURCE_CLASS.search(names)
            and (name := clean_source(text))
            and not OTHER_ROLE.search(name)
            and not find_day(text)
        ):
            return name, _link_of(printed, name)
    nickname = declared.script.get("nickname")
    if nickname and "gh_" in declared.script.get("user_name", "gh_"):
        return nickname, None
    for line in printed.head[:6]:
        slashed = re.fullmatch(r"([\u4e00-\u9fff]{2,4})\s?[/／]\s?([\u4e00-\u9fffA-Za-z0-9]{2,16})", line)
        if slashed and ORG.search(slashed[2]):
            return slashed[2], None
    for line in printed.foot:
        name = source_in(line)
        if name and not re.search(r"(?:图|圖|影|照|视频)\S{0,4}(?:来源|來源)", line):
            return name, _link_of(printed, name)
    for key in META_SOURCES:
        value = declared.meta.get(key, "")
        if value and not value.startswith("http") and (name := clean_source(value)):
            return name, None
    for line in printed.first[:1]:
        name = agency(line)
        if name:
            return name, None
    return None, None


def _author(printed: Printed, declared: Declared, site: str | None) -> str | None:
    for line in (*printed.foot, printed.last):
        found = XUEQIU.search(line)
        if found:
            return found[2]
    for line in (*printed.head, *printed.above):
        name = author_in(line)
        if name:
            return name
    for names, text in printed.marked:
        if (
            PERSON_CLASS.search(names)
            and not OTHER_ROLE.search(text)
            and not find_day(text)
            and (found_names := names_of(text))
        ):
            return "、".join(found_names)
    for line in (*printed.head, *printed.first):
        name = dateline_author(line.replace(GAP, " "))
        if name:
            return name
    for line in printed.head[:6]:
        slashed = re.fullmatch(r"([\u4e00-\u9fff]{2,4})\s?[/／]\s?([\u4e00-\u9fffA-Za-z0-9]{2,16})", line)
        if slashed and is_personal_name(slashed[1]):
            return slashed[1]
    for line in (printed.last, *printed.foot):
        name = author_in(line) or dateline_author(line) or closing_author(line)
        if name and not re.search(r"未知|佚名|网络|admin", name):
            return name
    declared_author = declared.ld.get("author") or declared.meta.get("og:article:author") or ""
    if (
        declared_author
        and not declared_author.startswith("http")
        and declared_author not in (declared.ld.get("publisher"), site)
    ):
        names = names_of(declared_author)
        if names and not any(ORG.search(n) for n in names):
            return "、".join(names)
    return None


def _beside_day(printed: Printed) -> tuple[str | None, str | None]:
    """(author, source): an unlabelled name in the line of the day: after it a source, before it an account."""
    for line in printed.head:
        found = find_day(line)
        if not found:
            continue
        after = re.sub(
            r"^[\sT]*(?:\d{1,2}[:：]\d{2}(?:[:：]\d{2})?)?[\s)）\x1f|·•\-]*", "", line[found.end :]
        )
        before = line[: found.start].strip(" (（|·•-\u3000" + GAP)
        right = re.split(r"[\x1f|｜\s\[【]", after)[0]
        left = re.split(r"[\x1f|｜]", before)[-1].strip()
        if left and 2 <= len(left) <= 16 and not OTHER_ROLE.search(left) and not re.search(r"[:：\d>]", left):
            return (None, left) if ORG.search(left) else (left, None)
        name = clean_source(right)
        if name and len(name) <= 14 and not OTHER_ROLE.search(name) and not re.search(r"\d|[:：]", name):
            return None, name
    return None, None


def _link_of(printed: Printed, name: str) -> str | None:
    """The address of the link whose text is the source's name."""
    return next(
        (
            href
            for text, href in printed.links
            if text and (text == name or name in text) and href.startswith("http")
        ),
        None,
    )


def _link_in(line: str) -> str | None:
    found = re.search(r"https?://[^\s，,。）)】\]\"'<>]{4,300}", line)
    return found[0] if found else None


def _section(layout: Layout, before: int, title: str | None) -> str | None:
    """The last step of the breadcrumb above the title."""
    for line in reversed(layout.lines[max(0, before - 12) : before]):
        if re.search(r"首页|首頁|位置|Home", line.text) and re.search(r"[>＞»›/→-]", line.text):
            steps = [
                s.strip()
                for s in re.split(
                    r"\s*[>＞»›/→|]+\s*|\s-+\s", re.sub(r"^.{0,10}位置\s?[:：]?", "", line.text)
                )
            ]
            steps = [
                s
                for s in steps
                if s
                and s not in ("正文", "首页", "首頁", "Home", "内容")
                and letters(s) != letters(title or "")
            ]
            return steps[-1][:40] if steps else None
    return None


def _absolute(url: str, href: str) -> str | None:
    try:
        target = urljoin(url, href)
        return target if urlsplit(target).scheme in ("http", "https") else None
    except ValueError:
        return None
