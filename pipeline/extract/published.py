"""The day of publication: an ordered table of readers, from a label that says so to the address.

Which of them is believed stands in publication.py; a day later than the capture is no answer of any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise

from pipeline.extract.clock import clock_alone
from pipeline.extract.dates import day_in_url, machine_moment, parted_day
from pipeline.extract.dayline import Dated, Said, day_ago, days_of
from pipeline.extract.evidence import ADDRESS, HEADER_LINES, LABEL, MACHINE, PLACE, Evidence, Rule
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
POSTED = either_script(
    r"posted @|发表于|发布于|创建于|發表於|發佈於|发布日期|發布日期|发布时间|發布時間|发稿时间|发表时间|"
    r"投稿(?:时间|日期)",
    re.I,
)
LABELLED = either_script(
    r"^\W{0,3}(?:发布|发表|刊登|张贴|发稿|录入|上传|创建|新闻|公告|文章|提问|咨询|留言)?(?:时\s{0,4}间|日\s{0,4}期)(?:[\s\x1f]{0,3}[:：﹕]|\x1f)",
    re.I,
)
"""How a line begins that gives a day of publication and nothing else."""

SENTENCE = re.compile(r"[。！？；]")
TEXT_DAY = re.compile(
    r"(?<!\d)(?:((?:19|20)\d\d)\s?年\s?)?(1[0-2]|[1-9])\s?月\s?(3[01]|[12]\d|[1-9])\s?[日号號]"
)
TEXT_READ = 2_000
"""Code points of a body searched for the days it tells of."""

NEWS = 4
"""Days from an event to the day of publication, that counted."""

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

DISPATCH = either_script(
    r"\s{0,4}[【〔［（(\[][^【】〔〕［］（()）\[\]]{2,26}\d\d?\s?日\s?专?[讯电](?=[】〕］）)\]])"
)
"""How a body begins that says whose dispatch it is: 【示例社2024年5月13日讯】"""

CLIENT = either_script(
    r"^(?:IP(?:属地)?[\s:：]{0,2}[\u4e00-\u9fff]{2,8}?(?=[\s\x1f]|来自|\d)[\s\x1f]{0,3})?(?:来自[\s\x1f]?\S{2,10}?(?:客户端|手机)[\s\x1f]{0,3})?|"
    r"(?:[\s\x1f|]{1,6}(?:回复|举报|收起|打赏|(?:评论|热度|喜欢|推荐|阅读|浏览|转载|点赞)[\s:：(（]{0,2}\d{1,7}[)）]?|评论|●[\s\x1f]?[^\s\x1f]{1,12}|来自[\s\x1f]?[^\s\x1f]{2,10}?(?:客户端|手机)?)){1,5}$"
)
FLOOR = either_script(r"^\W{0,3}\d{1,5}楼")
WORDS = re.compile(r"[^\W\d_年月日号號]")
"""What stands beside a day that is not alone in its line; 1楼 may."""

NAMED = either_script(
    r"(?:文章|新闻|信息|稿件)?(?:来源|稿源|出处|作者|记者|编辑|责编|单位|机构|部门)[\s\x1f]?[:：][\s\x1f]?[^\s\x1f|｜]{1,30}"
)
"""A fact beside a day that has its label: 来源：示例晚报."""

LOOSE = 10
"""Code points of other words in the line of a day above the title from which it is a line of something else."""

ABOVE_AGO = 2
"""Lines above the title that may tell the day as 3小时前: farther up it is another article's."""


def _around(page: Evidence) -> Iterator[str]:
    """The header, then the lines above the title from the nearest up."""
    yield from page.printed.head
    yield from reversed(page.printed.above)


def _label(page: Evidence) -> Dated | None:
    in_head = _with_next(page.printed.head)
    above = [(line, "") for line in reversed(page.printed.above)]
    for said, below in _said_of((*in_head, *above), page):
        if said.said == "first":
            return said.dated("label", below)
    for (label, value), below in zip(pairwise(page.printed.head), (*page.printed.head[2:], ""), strict=False):
        if LABELLED.match(f"{label}：") and len(label) <= PART_LONGEST:
            for said in days_of(value, page):
                if not said.said:
                    return said.dated("label", below)
    return None


def _with_next(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Each line and the one below it."""
    return list(zip(lines, (*lines[1:], ""), strict=False))


def _said_of(lines: Iterable[tuple[str, str]], page: Evidence) -> Iterator[tuple[Said, str]]:
    for line, below in lines:
        for said in days_of(line, page):
            yield said, below


def _unsaid(lines: Iterable[tuple[str, str]], page: Evidence) -> Iterator[tuple[Said, str, str]]:
    """The days in lines that are no sentences and no teasers of which nothing is said, with line and the one below."""
    for line, below in lines:
        for said in days_of(line, page):
            is_text = SENTENCE.search(line[said.end :]) and not NAMED.match(line)
            if not said.said and not is_text and line not in page.printed.teasers:
                yield said, line, below


def _printed(page: Evidence) -> Dated | None:
    """The first such day below the title, else the nearest above it; of several, one that the text tells of."""
    above = [(line, "") for line in reversed(page.printed.above)]
    found = list(_unsaid(_with_next(page.printed.head), page))
    found += [each for each in _unsaid(above, page) if not _is_loose(each[1], each[0])]
    if not found:
        return None
    said, _, below = next((each for each in found if tells_of(page, each[0].day)), found[0])
    return said.dated("printed", below)


def _above(page: Evidence) -> Dated | None:
    """A day above the title in a line that is about something too."""
    above = [(line, "") for line in reversed(page.printed.above)]
    return next((said.dated("above") for said, _, _ in _unsaid(above, page)), None)


def _is_loose(line: str, said: Said) -> bool:
    """Whether the line of a day says something else besides, and not as labelled facts."""
    rest = NAMED.sub("", line[: said.start]) + NAMED.sub("", line[said.end :])
    return max((len(WORDS.findall(word)) for word in re.split(r"[\s\x1f|｜]", rest)), default=0) >= LOOSE


def tells_of(page: Evidence, day: date) -> bool:
    """Whether the text tells of a day or of the few before it: news is of yesterday."""
    told = _told(page.text[:TEXT_READ])
    near = (day - timedelta(days=n) for n in range(NEWS))
    return any((year, each.month, each.day) in told for each in near for year in (None, each.year))


@lru_cache(maxsize=8)
def _told(text: str) -> frozenset[tuple[int | None, int, int]]:
    """Year, where it is given, month and day of the days in a text."""
    return frozenset(
        (int(found[1]) if found[1] else None, int(found[2]), int(found[3]))
        for found in TEXT_DAY.finditer(text)
    )


def _parted(page: Evidence) -> Dated | None:
    """A day set in two or three elements, in one line or in lines that follow each other."""
    for lines in (page.printed.head, page.printed.above):
        for size in (1, 2, 3):
            for at in range(len(lines) - size + 1):
                part = lines[at : at + size]
                is_short = all(len(text) <= PART_LONGEST for text in part)
                found = parted_day(part) if is_short else None
                if found and page.may_be(found.day):
                    clock = clock_alone(" ".join(lines[at + size : at + size + 1]))
                    return Dated(day=found.day, raw=found.raw, where="parted", clock=clock)
    return None


def _foot(page: Evidence) -> Dated | None:
    lines = [(line, below) for line, below in _with_next(page.printed.foot) if POSTED.search(line)]
    found = (said.dated("foot", below) for said, below in _said_of(lines, page) if said.said in ("first", ""))
    return next(found, None)


def _beside(page: Evidence) -> Dated | None:
    lines = [(line, "") for line in (*page.printed.rest, *page.printed.foot) if LABELLED.match(line)]
    days = {said.day: said for said, _ in _said_of(lines, page) if said.said == "first"}
    return next(iter(days.values())).dated("beside") if len(days) == 1 else None


def declared_day(
    page: Evidence, values: Mapping[str, str], names: tuple[str, ...], where: str
) -> Dated | None:
    """The first of some declared values that is a day; `where` ends with a colon where the name belongs to it."""
    for name in names:
        value = values.get(name)
        found = machine_moment(value) if value else None
        if value and found and page.may_be(found[0]):
            place = where + name if where.endswith(":") else where
            return Dated(day=found[0], raw=value, where=place, clock=found[1])
    return None


def _address(page: Evidence) -> Dated | None:
    found = day_in_url(page.url)
    return Dated(day=found.day, raw=found.raw, where="url") if found and page.may_be(found.day) else None


def _ago(page: Evidence) -> Dated | None:
    above = tuple(reversed(page.printed.above))[:ABOVE_AGO]
    for line, below in (*_with_next(page.printed.head)[:HEADER_LINES], *((line, "") for line in above)):
        said = day_ago(line, page)
        if said is not None and said.said in ("first", ""):
            whole = next(_same_day(said.day, page), None)
            return whole.dated("bare") if whole else said.dated("ago", below)
    return None


def _same_day(day: date, page: Evidence) -> Iterator[Said]:
    """The days below the body that are this one but for its year, which a header leaves out: 01-16 11:08."""
    told = (said for line in page.printed.own for said in days_of(line, page))
    return (said for said in told if (said.day.month, said.day.day) == (day.month, day.day))


def _bare(page: Evidence) -> Dated | None:
    for line in (*page.printed.own, page.printed.last, *page.printed.first[:1]):
        line = NAMED.sub("", CLIENT.sub("", line))
        if len(line) <= BARE_LONGEST:
            for said in days_of(line, page):
                if not said.said and not WORDS.search(FLOOR.sub("", line[: said.start] + line[said.end :])):
                    return said.dated("bare")
    return None


def _closing(page: Evidence) -> Dated | None:
    """A day in a short last line that says where or when it was printed or written."""
    for line in (page.printed.last, *page.printed.own):
        if len(line) <= CLOSING_LONGEST and CLOSING.match(line):
            for said in days_of(line, page):
                if said.said in ("first", ""):
                    return said.dated("closing")
    return None


def _dispatch(page: Evidence) -> Dated | None:
    for line in page.printed.first[:1]:
        if opening := DISPATCH.match(line):
            for said in days_of(opening[0], page):
                return said.dated("dispatch")
    return None


def _later(page: Evidence) -> Dated | None:
    own = (line for line in page.printed.own if len(line) <= BARE_LONGEST)
    lines = [(line, "") for line in (*_around(page), *own)]
    found = (
        said.dated("modified") for said, _ in _said_of(lines, page) if said.said in ("changed", "written")
    )
    return next(found, None)


DAYS: tuple[Rule[Dated], ...] = (
    ("label", LABEL, _label, "发布时间：2024-05-13 in the header or above the title"),
    ("printed", PLACE, _printed, "a day in the header or just above the title, of which nothing is said"),
    ("parted", PLACE, _parted, "06 and 2009-11 beside each other in the header"),
    ("foot", LABEL, _foot, "发布于 2024-05-13 below the body"),
    (
        "meta",
        MACHINE,
        lambda page: declared_day(page, page.declared.meta, META_DAYS, "meta:"),
        "a meta element",
    ),
    (
        "json-ld",
        MACHINE,
        lambda page: declared_day(page, page.declared.ld, ("datePublished", "pubDate"), "json-ld"),
        "JSON-LD",
    ),
    (
        "item",
        MACHINE,
        lambda page: declared_day(page, page.declared.items, ("datePublished",), "item"),
        "microdata or RDFa datePublished",
    ),
    (
        "script",
        MACHINE,
        lambda page: declared_day(page, page.declared.script, SCRIPT_DAYS, "script:"),
        "a script variable: WeChat's ct",
    ),
    ("beside", PLACE, _beside, "时间：2024-05-13 elsewhere on the page, where no other line says otherwise"),
    (
        "time",
        MACHINE,
        lambda page: declared_day(page, page.declared.items, ("time",), "time"),
        "the page's only `time`",
    ),
    (
        "shown",
        MACHINE,
        lambda page: declared_day(page, page.declared.items, ("shown",), "shown"),
        "the attribute `title` of the first element that shows 3 hours ago",
    ),
    ("above", PLACE, _above, "a day above the title in a line that says more"),
    ("ago", PLACE, _ago, "3小时前, 昨天 21:15, 5月13日 in the header: a day beside that of the capture"),
    ("url", ADDRESS, _address, "a day in the address"),
    ("bare", PLACE, _bare, "a line below the body that is a day"),
    ("closing", PLACE, _closing, "（《示例晚报》2024年5月13日）, 写于2024-05-13 as a last line"),
    ("dispatch", PLACE, _dispatch, "【示例社2024年5月13日讯】 at the beginning of the body"),
    ("modified", PLACE, _later, "更新于 2024-05-13, 成文日期：2024-05-13 in the header or below the body"),
)
"""Name, voice, function and what it believes of every reader, in order."""
