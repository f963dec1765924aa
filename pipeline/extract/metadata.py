"""Title, author, day and source of an article, from what the page prints before what it declares.

The order is measured on the reference pages: the lines between title and body, those just above the
title, the labelled lines at the foot, then meta elements, JSON-LD, script variables, the address.
A fact that is only declared is believed where declarations were right: `meta author` is mostly the
web editor and is not.
"""

from __future__ import annotations

import re
from itertools import pairwise
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
from pipeline.extract.dates import find_day
from pipeline.extract.declared import Declared
from pipeline.extract.layout import Layout
from pipeline.extract.printed import Printed, read_printed
from pipeline.extract.published import find_published
from pipeline.extract.title import letters
from pipeline.extract.variants import either_script
from pipeline.records import Article

META_SOURCES = (
    "source",
    "contentsource",
    "mediaid",
    "og:article:source",
    "article:source",
    "media",
    "copyright-source",
)
COLUMN = either_script(
    r"(?:国内|国际|社会|娱乐|体育|财经|科技|时政|军事|教育|健康|汽车|房产|旅游|文化|生活|热点|本地|地方|综合|行业|公司|头条|焦点|即时|政治|经济|"
    r"國內|國際|社會|娛樂|體育|財經|時政|軍事|兩岸|地產|焦點|即時|新聞|新闻|黑龙江|内蒙古|中国|台灣){1,2}"
    r"(?:新闻|新聞|要闻|要聞|资讯|資訊|动态|動態|频道|頻道|报道|報導|快讯|快訊|中心)?"
)
"""A column's or a province's name beside the day, no account."""

NOT_A_NAME = either_script(
    r"^原创$|^原創$|^by$|^Posted|链接|鏈接|原文|收藏|举报|编辑|編輯|责编|責編|选稿|校对|审核|编审|来源|來源|发布|發布|时间|時間|阅读|閱讀|"
    r"关注|關注|分享|评论|評論|字号|登录|注册|点赞|首页|正文|^更多|播放|人气|浏览|作者|记者|記者|文章|发表|更新|修改|频道$|栏目$|专题$"
)
SIGNATURE_AFTER = 6
"""Code points of title that stand before a blog's own name in the page's `title`."""

NO_AUTHOR = either_script(r"未知|佚名|网络|網路|不详|匿名|^admin", re.I)
PERSON_CLASS = either_script(
    r"(?:^|\s)name(?:\s|$)|(?:^|[\s_\-])(?:author|byline|writer|nickname|reporter|zuozhe)(?:$|[\s_\-])|author\w{0,8}[_\-]{0,2}name|user-?link|nick[_\-]?name|"
    r"account[_\-]?name|user[_\-]?name|post-author",
    re.I,
)
SOURCE_CLASS = either_script(
    r"(?:^|[\s_\-])(?:source|laiyuan|media|origin|media[_\-]name|comefrom|source_baidu|ent-source|js_name)(?:$|[\s_\-])",
    re.I,
)
ENGLISH_BY = either_script(r"\bby\b", re.I)
"""In a page's foot it names who made the theme."""

POSTED_ON = either_script(
    r"[\x1f\s]*(?:最后)?(?:发表|发布|编辑|更新|修改|上传|Posted|Published)?\s?(?:于|在|on)?[\x1f\s:：]*$",
    re.I,
)
"""What stands between a name and the day; each part once, so linear."""

ACCOUNT = 14
"""Code points of the longest account name that is believed without a label."""

PUBLISHER = either_script(r"(?:网|报|新闻社|通讯社|电视台|广播|新闻中心|融媒体|发布|日报社|客户端)$")
REPRINTED = either_script(r"\W{0,3}(?:本文|文章|内容)?(?:来自|來自|来源|來源|转自|轉自|转载自?|轉載自?)")
SOURCE_ALONE = either_script(r"(?:文章|新闻|新聞|信息|稿件|資料|资料)?(?:来源|來源|稿源|出处|出處)\s?[:：]?")
AUTHOR_ALONE = either_script(r"(?:文章)?(?:作者|撰文|撰稿|记者|記者|文)\s?[:：]?")
QUOTED_ACCOUNT = either_script(
    r"(?:微信公众号|公众号|微信号|公眾號)\s{0,2}[:：]?\s{0,2}[“\"「『]?([^”\"」』，,。（）()：:\s]{2,24})[”\"」』]?"
)
REPRINT_LINE = either_script(
    r"来源\s?[:：]\s?([^\s,，:：]{2,20})\s?[,，]\s?作者\s?[:：]\s?([^\s,，:：（(]{2,20})"
)
QUOTED_AUTHOR = either_script(r"作者\s?[:：]?\s?[“\"「『]([^”\"」』]{2,30})[”\"」』]")
NAME_AND_PAPER = either_script(r"([\u4e00-\u9fff]{2,4})\s?[/／]\s?([\u4e00-\u9fffA-Za-z0-9]{2,16})")
PICTURES = either_script(r"(?:图|圖|影|照|视频)\S{0,4}(?:来源|來源)")
POSTED_BY = either_script(r"posted @[\s\x1f]{0,4}.{0,40}?\d{1,2}:\d{2}[\s\x1f]{1,6}([^\s\x1f]{2,20})")
AFTER_DAY = either_script(
    r"^[\sT\x1f]*(?:日|號)?\s*(?:HKT|(?:星期|週|周)[一二三四五六日天])?[\s\x1f]*(?:\d{1,2}[:：]\d{2}(?:[:：]\d{2})?)?[\s)）\x1f|·•\-]*"
)


def read_metadata(
    layout: Layout, declared: Declared, reading: Reading, title: str | None, title_at: int | None, url: str
) -> Article:
    """The facts of the article whose body is `reading`; what the page does not say stays None."""
    printed = read_printed(layout, reading, title_at)
    day, raw, origin = find_published(printed, declared, url)
    site = declared.meta.get("og:site_name") or None
    account, publisher = _beside_day(printed, url)
    source, source_url = _source(printed, declared)
    account = None if account == source else account
    author = _author(printed, declared, url) or account or _declared_author(declared, site)
    if author is None and source is None:
        author, above = _above_day(printed, title)
        publisher = publisher or above
    if source is None and publisher and publisher not in (author or "").split("、"):
        source = publisher
    if source is None:
        source, source_url = _source_elsewhere(printed, declared)
    canonical = declared.canonical or declared.meta.get("og:url") or ""
    return Article(
        title=title,
        author=author,
        published_on=day,
        published_raw=raw,
        published_from=origin,
        origin_name=source,
        origin_url=source_url,
        site_name=site,
        section=_section(layout, title_at if title_at is not None else reading.start, title),
        canonical_url=_absolute(url, canonical) if canonical else None,
    )


def _source(printed: Printed, declared: Declared) -> tuple[str | None, str | None]:
    """(name, link) of where the article first appeared, from a sentence that says so or the header."""
    for line in (*printed.head, *printed.first, *printed.foot, printed.last):
        found = REPRINT_LINE.search(line) or (QUOTED_ACCOUNT.search(line) if REPRINTED.match(line) else None)
        if found:
            return re.sub(r"[Aa][Pp][Pp]$", "", found[1]), _link_in(line) or _link_of(printed, found[1])
    account = declared.script.get("nickname")
    if account and "gh_" in declared.script.get("user_name", "gh_"):
        return account, None
    for line in (*printed.head, *printed.above):
        if name := source_in(line):
            return name, _link_of(printed, name)
    if (value := _labelled_above(printed.head, SOURCE_ALONE)) and (name := clean_source(value)):
        return name, _link_of(printed, name)
    for names, text in printed.marked:
        if SOURCE_CLASS.search(names) and not NOT_A_NAME.search(text) and not find_day(text):
            name = clean_source(text)
            if name:
                return name, _link_of(printed, name)
    for line in printed.head[:6]:
        both = NAME_AND_PAPER.fullmatch(line)
        if both and ORG.search(both[2]):
            return both[2], None
    return None, None


def _source_elsewhere(printed: Printed, declared: Declared) -> tuple[str | None, str | None]:
    """(name, link) from the labelled lines below, meta elements, or the agency the text opens with."""
    for line in printed.foot:
        name = None if PICTURES.search(line) else source_in(line)
        if name:
            return name, _link_of(printed, name)
    for key in META_SOURCES:
        value = declared.meta.get(key, "")
        name = None if value.startswith("http") else clean_source(value)
        if name:
            return name, None
    return (agency(printed.first[0]) if printed.first else None), None


def _author(printed: Printed, declared: Declared, url: str) -> str | None:
    """Names of who wrote it, in the order of trust: labels, marked elements, datelines, closing brackets."""
    for line in (*printed.head, *printed.first, *printed.foot, printed.last):
        if found := REPRINT_LINE.search(line):
            return found[2]
        if not REPRINTED.match(line):
            continue
        if quoted := QUOTED_AUTHOR.search(line):
            names = [name for name in names_of(re.sub(r"\s+", "、", quoted[1])) if is_personal_name(name)]
            return "、".join(names) if names else quoted[1]
        if name := author_in(line):
            return name
    for line in (*printed.head, *printed.above):
        name = author_in(line)
        if name and not NO_AUTHOR.search(name) and not _is_the_site(name, url):
            return name
    if (name := _labelled_above(printed.head, AUTHOR_ALONE)) and (names := names_of(name)):
        return "、".join(names)
    if name := _beside_original(printed, declared):
        return name
    marked, desk = _marked_author(printed, declared, url)
    if marked:
        return marked
    for line in (*printed.head, *printed.first):
        day = find_day(line)
        sides = (AFTER_DAY.sub("", line[day.end :]), line[: day.start]) if day else (line,)
        for side in sides:
            if name := dateline_author(side.replace(GAP, " ").strip()):
                return name
    for line in printed.head[:6]:
        both = NAME_AND_PAPER.fullmatch(line)
        if both and is_personal_name(both[1]):
            return both[1]
    for line in (printed.last, *printed.own):
        name = (
            (None if ENGLISH_BY.search(line) else author_in(line))
            or dateline_author(line)
            or closing_author(line)
        )
        if name and not NO_AUTHOR.search(name) and not _is_the_site(name, url):
            return name
        if posted := POSTED_BY.search(line):
            return posted[1]
    return desk


def _marked_author(printed: Printed, declared: Declared, url: str) -> tuple[str | None, str | None]:
    """(author, desk) from elements named as a person's; beside a nickname in the same element a full name wins."""
    found: tuple[str, str] | None = None
    desk = None
    for names_and_ids, text in printed.marked:
        if text == declared.script.get("nickname"):  # the account of a WeChat page, not its author
            continue
        if not PERSON_CLASS.search(names_and_ids) or NOT_A_NAME.search(text) or find_day(text):
            continue
        people = [name for name in names_of(text) if not _is_the_site(name, url)]
        named = "、".join(people)
        if not people or any(ORG.search(name) for name in people):
            desk = desk or named or None
        elif found is None or (
            found[0] == names_and_ids
            and not is_personal_name(found[1].split("、")[0])
            and all(map(is_personal_name, people))
        ):
            found = (names_and_ids, named)
    return (found[1] if found else None), desk


def _labelled_above(lines: tuple[str, ...], label: re.Pattern[str]) -> str | None:
    """The line below one that is only a label (tables and definition lists print facts so), unless it is a day."""
    for above, value in pairwise(lines):
        if label.fullmatch(above.strip()) and not find_day(value):
            return value
    return None


def _beside_original(printed: Printed, declared: Declared) -> str | None:
    """The name after the mark 原创 of a WeChat page, which is its author's; the account's name comes after it."""
    texts = [text for _, text in printed.marked]
    account = declared.script.get("nickname")
    for mark, text in pairwise(texts):
        if (
            mark in ("原创", "原創", "Original")
            and account
            and text != account
            and not NOT_A_NAME.search(text)
        ):
            return None if find_day(text) else "、".join(names_of(text)) or None
    return None


def _declared_author(declared: Declared, site: str | None) -> str | None:
    """A declared author who is neither the site nor its publisher; `meta author` only where the title repeats it."""
    signed = re.sub(r"\s?[(（][\w.\- ]{2,30}[)）]$", "", declared.meta.get("author", ""))
    if (
        len(signed) >= 2
        and not ORG.search(signed)
        and re.search(rf".{{{SIGNATURE_AFTER}}}\W{re.escape(signed)}(?:\W|$)", declared.title)
    ):
        return signed
    named = declared.ld.get("author") or declared.meta.get("og:article:author") or ""
    if not named or named.startswith("http") or named == site:
        return None
    names = names_of(named)
    return None if not names or any(ORG.search(name) for name in names) else "、".join(names)


def _is_the_site(name: str, url: str) -> bool:
    """Whether an account name is the site's own: part of its host name, or a desk."""
    host = (urlsplit(url).hostname or "").replace("-", "")
    return (len(name) >= 4 and name.lower() in host) or re.search(
        r"news$|^admin|小编|編輯部|编辑部", name, re.I
    ) is not None


def _beside_day(printed: Printed, url: str) -> tuple[str | None, str | None]:
    """(author, source): an unlabelled name in the line of the day; after it a source, before it an account."""
    for line in printed.head:
        found = find_day(line)
        if not found:
            continue
        before = POSTED_ON.sub("", line[: found.start]).strip(" (（|·•-\u3000" + GAP)
        left = re.split(r"[\x1f|｜]", before)[-1].strip()
        if (
            3 <= len(left) <= 16
            and not COLUMN.fullmatch(left)
            and not NOT_A_NAME.search(left)
            and not _is_the_site(left, url)
            and not re.search(r"[:：\d>]", left)
        ):
            if PUBLISHER.search(left):
                return None, left
            people = [
                name for name in names_of(left) if is_personal_name(name) or not re.search(r"[/／]", left)
            ]
            return "、".join(people) or None, None
        right = re.split(r"[\x1f|｜\s\[【]", AFTER_DAY.sub("", line[found.end :]))[0]
        name = clean_source(right)
        if (
            name
            and not right.rstrip().endswith((":", "："))  # a label of something else
            and 3 <= len(name) <= 14
            and not COLUMN.fullmatch(name)
            and not NOT_A_NAME.search(name)
            and (ORG.search(name) or not re.search(r"\d|[:：]", name))
        ):
            return (name, None) if is_personal_name(name) else (None, name)
    return None, None


def _above_day(printed: Printed, title: str | None) -> tuple[str | None, str | None]:
    """(account, source): an unlabelled name in a line of its own above the line of the day.

    So platforms print who posted; their class names are hashed and say nothing.
    """
    for name, line in pairwise(printed.head):
        if not find_day(line) or find_day(name):
            continue
        if (
            not 2 <= len(name) <= ACCOUNT
            or letters(name) == letters(title or "")
            or re.search(r"[:：\d>，。！？|、／/\x1f]", name)
            or COLUMN.fullmatch(name)
            or NOT_A_NAME.search(name)
            or (len(name) == 2 and not is_personal_name(name))
        ):
            return None, None
        return (None, name) if ORG.search(name) else (name, None)
    return None, None


def _link_of(printed: Printed, name: str) -> str | None:
    """The address of the link whose text holds the source's name."""
    return next((href for text, href in printed.links if name in text and href.startswith("http")), None)


def _link_in(line: str) -> str | None:
    found = re.search(r"https?://[^\s，,。）)】\]\"'<>]{4,300}", line)
    return found[0] if found else None


def _section(layout: Layout, before: int, title: str | None) -> str | None:
    """The last step of the breadcrumb above the title."""
    for line in reversed(layout.lines[max(0, before - 12) : before]):
        if re.search(r"首页|首頁|位置|Home", line.text) and re.search(r"[>＞»›/→-]", line.text):
            steps = re.split(
                r"\s?[>＞»›/→|]+\s?|\s-+\s", re.sub(r"^.{0,10}位置\s?[:：]?", "", line.text[:200])
            )
            unsaid = ("", "正文", "首页", "首頁", "Home", "内容")
            named = [
                s.strip() for s in steps if s.strip() not in unsaid and letters(s) != letters(title or "")
            ]
            return named[-1][:40] if named else None
    return None


def _absolute(url: str, href: str) -> str | None:
    try:
        target = urljoin(url, href)
        return target if urlsplit(target).scheme in ("http", "https") else None
    except ValueError:
        return None
