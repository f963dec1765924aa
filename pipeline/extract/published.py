"""The day of publication: an ordered table of readers, from a label that says so to the address.

A label decides alone. Of what is read without one, two voices that agree (the page's print, its declarations,
its address) win over one that stands earlier in the table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise

from pipeline.extract.dates import FoundDay, day_in_url, days_in, machine_day, parted_day
from pipeline.extract.evidence import ADDRESS, LABEL, MACHINE, PLACE, Evidence, Rule, decide
from pipeline.extract.variants import either_script

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
    "og:article:published_time",
    "weibo: article:create_at",
    "weibo:article:create_at",
    "apub:time",
    "bytedance:published_time",
    "datecreated",
    "contentdate",
    "publication_date",
    "release_date",
    "date",
    "dc.date",
    "dc.date.issued",
    "dcterms.issued",
    "dcterms.created",
    "parsely-pub-date",
    "sailthru.date",
    "article.published",
    "citation_publication_date",
    "dateupdate",
    "createdate",
)
SCRIPT_DAYS = (
    "ct",
    "publish_time",
    "oriCreateTime",
    "ori_create_time",
    "createTime",
    "create_time",
    "datePublished",
    "pubdate",
    "pubDate",
    "publishTime",
    "pubTime",
    "publish_date",
    "publishDate",
    "publishedAt",
    "published_at",
)
TODAY = either_script(r"今天是|现在是|今日是|欢迎您|北京时间：")
"""A line that shows the visitor the present day."""

LATER = (
    r"(?:更新|修改|updated|modified|edited)(?:时间|日期)?|编辑(?:于|时间|日期)|最新推荐|最后|上次|回[复覆](?:于|时间|日期)|"
    r"(?:成文|截止|截至|活动|开始|结束|有效|实施|施行|生效|印发|签发|注册|会议|考试|报名|访问|当前|浏览)(?:时间|日期)"
)
FIRST = (
    r"posted|published|发表|发布|刊登|刊发|张贴|发稿|录入|上传|创建|首发|上架|公告|公布|报导|报道|"
    r"时\s{0,4}间|日\s{0,4}期|date\b|发信站"
)
SAYS = either_script(rf"(?P<later>{LATER})|(?P<first>{FIRST})", re.I)
"""What is said of a day before it; the last word counts. One of `later` is another day's: 更新时间, 截止日期."""

SAID_BEHIND = either_script(
    r"[日号]?\W{0,4}(?:\d{1,2}[:：]\d\d(?:[:：]\d\d)?)?\W{0,4}(?:最后|首次)?(?:(?P<later>更新|修改|编辑|回复|updated|modified)|"
    r"(?P<first>发布|发表|首发))(?![者人于在]|时间|日期|\s?[:：])",
    re.I,
)
"""What is said of a day behind it: 2024-05-13 发布，2024-05-15 更新."""

POSTED = either_script(
    r"posted @|发表于|发布于|發表於|發佈於|发布日期|發布日期|发布时间|發布時間|发稿时间|发表时间", re.I
)
LABELLED = either_script(
    r"^\W{0,3}(?:发布|发表|刊登|张贴|发稿|录入|上传|创建|新闻|公告|文章)?(?:时\s{0,4}间|日\s{0,4}期)(?:[\s\x1f]{0,3}[:：﹕]|\x1f)",
    re.I,
)
"""How a line begins that gives a day of publication and nothing else."""

SENTENCE = re.compile(r"[。！？；]")
PART_LONGEST = 14
"""Code points of a line that can be a part of a date."""

BARE_LONGEST = 24
"""Code points of a line below the body that is a day and no more than a clock time and a mark beside it."""

CLOSING = either_script(
    r"[\s（(【\[]{0,3}(?:《[^《》]{2,16}》|(?:本文)?(?:原载|首发|刊载|刊登|发表|刊|载|写|作|草|改|记|完稿|脱稿)于?|来源[:：]|"
    r"(?:[一二]\S{3}年\S{1,3}月\S{1,3}日)[于写])"
)
"""How a last line begins that holds the day of print or of writing."""

CLOSING_LONGEST = 40
"""Code points of such a line."""

CLIENT = either_script(r"^来自\S{2,10}?(?:客户端|手机)[\s\x1f]{0,3}")
FLOOR = either_script(r"^\W{0,3}\d{1,5}楼")
WORDS = re.compile(r"[^\W\d_年月日号號]")
"""What stands beside a day that is not alone in its line; 1楼 may."""

Published = tuple[date, str, str]
"""(day, the string it was read from, where that stood)"""


def _said(line: str) -> Iterator[tuple[str, FoundDay]]:
    """The days of a line, each with what the line says of it: first, later or nothing ('')."""
    if TODAY.search(line):
        return
    at = 0
    for day in days_in(line):
        before = line[at : day.end]  # a form may hold its label
        words = [match.lastgroup or "" for match in SAYS.finditer(before)]
        said = words[-1] if words else ""
        at = day.end
        if not said and (behind := SAID_BEHIND.match(line[day.end :])):
            said = behind.lastgroup or ""
            at += behind.end()
        yield said, day


def _around(page: Evidence) -> Iterator[str]:
    """The header, then the lines above the title from the nearest up."""
    yield from page.printed.head
    yield from reversed(page.printed.above)


def _label(page: Evidence) -> Published | None:
    in_head = [pair for line in page.printed.head for pair in _said(line)]
    above = [pair for line in reversed(page.printed.above) for pair in _said(line)]
    for said, found in in_head or above:
        if said == "first":
            return found.day, found.raw, "label"
    for label, value in pairwise(page.printed.head):
        if LABELLED.match(f"{label}：") and len(label) <= PART_LONGEST:
            for said, found in _said(value):
                if not said:
                    return found.day, found.raw, "label"
    return None


def _printed(page: Evidence) -> Published | None:
    for line in _around(page):
        for said, found in _said(line):
            if not said and not SENTENCE.search(line[found.end :]):
                return found.day, found.raw, "printed"
    return None


def _parted(page: Evidence) -> Published | None:
    """A day set in two or three elements, in one line or in lines that follow each other."""
    for lines in (page.printed.head, page.printed.above):
        for size in (1, 2, 3):
            for at in range(len(lines) - size + 1):
                part = lines[at : at + size]
                if all(len(text) <= PART_LONGEST for text in part) and (found := parted_day(part)):
                    return found.day, found.raw, "parted"
    return None


def _foot(page: Evidence) -> Published | None:
    for line in page.printed.foot:
        if POSTED.search(line):
            for said, found in _said(line):
                if said != "later":
                    return found.day, found.raw, "foot"
    return None


def _beside(page: Evidence) -> Published | None:
    days = {
        found.day: found
        for line in (*page.printed.rest, *page.printed.foot)
        if LABELLED.match(line)
        for said, found in _said(line)
        if said == "first"
    }
    if len(days) != 1:
        return None
    (found,) = days.values()
    return found.day, found.raw, "beside"


def _declared(values: Mapping[str, str], names: tuple[str, ...], where: str) -> Published | None:
    for name in names:
        value = values.get(name)
        if value and (day := machine_day(value)):
            return day, value, where + name if where.endswith(":") else where
    return None


def _address(page: Evidence) -> Published | None:
    found = day_in_url(page.url)
    return (found.day, found.raw, "url") if found else None


def _bare(page: Evidence) -> Published | None:
    for line in (*page.printed.own, page.printed.last, *page.printed.first[:1]):
        line = CLIENT.sub("", line)
        if len(line) <= BARE_LONGEST:
            for said, found in _said(line):
                if not said and not WORDS.search(FLOOR.sub("", line[: found.start] + line[found.end :])):
                    return found.day, found.raw, "bare"
    return None


def _closing(page: Evidence) -> Published | None:
    """A day in a short last line that says where or when it was printed or written."""
    for line in (page.printed.last, *page.printed.own):
        if len(line) <= CLOSING_LONGEST and CLOSING.match(line):
            for said, found in _said(line):
                if said != "later":
                    return found.day, found.raw, "closing"
    return None


def _modified(page: Evidence) -> Published | None:
    own = (line for line in page.printed.own if len(line) <= BARE_LONGEST)
    for line in (*_around(page), *own):
        for said, found in _said(line):
            if said == "later":
                return found.day, found.raw, "modified"
    return None


DAYS: tuple[Rule[Published], ...] = (
    ("label", LABEL, _label, "发布时间：2024-05-13 in the header or above the title"),
    ("printed", PLACE, _printed, "a day in the header or just above the title, of which nothing is said"),
    ("parted", PLACE, _parted, "06 and 2009-11 beside each other in the header"),
    ("foot", LABEL, _foot, "发布于 2024-05-13 below the body"),
    ("meta", MACHINE, lambda page: _declared(page.declared.meta, META_DAYS, "meta:"), "a meta element"),
    (
        "json-ld",
        MACHINE,
        lambda page: _declared(page.declared.ld, ("datePublished", "pubDate"), "json-ld"),
        "JSON-LD",
    ),
    (
        "item",
        MACHINE,
        lambda page: _declared(page.declared.items, ("datePublished",), "item"),
        "microdata or RDFa datePublished",
    ),
    (
        "script",
        MACHINE,
        lambda page: _declared(page.declared.script, SCRIPT_DAYS, "script:"),
        "a script variable: WeChat's ct",
    ),
    ("beside", PLACE, _beside, "时间：2024-05-13 elsewhere on the page, where no other line says otherwise"),
    (
        "time",
        MACHINE,
        lambda page: _declared(page.declared.items, ("time",), "time"),
        "the page's only `time`",
    ),
    (
        "shown",
        MACHINE,
        lambda page: _declared(page.declared.items, ("shown",), "shown"),
        "the attribute `title` of the first element that shows 3 hours ago",
    ),
    ("url", ADDRESS, _address, "a day in the address"),
    ("bare", PLACE, _bare, "a line below the body that is a day"),
    ("closing", PLACE, _closing, "（《示例晚报》2024年5月13日）, 写于2024-05-13 as a last line"),
    ("modified", PLACE, _modified, "更新于 2024-05-13, 成文日期：2024-05-13 in the header or below the body"),
)
"""Name, voice, function and what it believes of every reader, in order."""


def find_published(page: Evidence) -> tuple[date | None, str | None, str | None]:
    """(day, raw string, provenance); no day is better than one out of the text or a teaser, so neither is searched."""
    found = decide(DAYS, page, key=lambda answer: answer[0])[1]
    return found or (None, None, None)
