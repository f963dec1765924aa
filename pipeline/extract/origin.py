"""Where the article first appeared: two ordered tables of rules, asked before and after the author is known.

The order was found on 63 pages of 40 sites that we did not write, 39 of which name a source: the tables give
all 39 and none on the others.
"""

from __future__ import annotations

import re

from pipeline.extract.account import poster
from pipeline.extract.byline import agency, clean_source, closing_source, paper_in, source_in
from pipeline.extract.dates import find_day
from pipeline.extract.declaredtitle import SEPARATOR
from pipeline.extract.evidence import (
    HEADER_LINES,
    LABEL,
    MACHINE,
    NAME_AND_PAPER,
    NOT_A_NAME,
    PLACE,
    REPRINTED,
    Evidence,
    Rule,
    below_label,
    decide,
    original_by,
    source_and_author,
)
from pipeline.extract.mastline import people_and_papers, round_day
from pipeline.extract.names import GAP, ORG
from pipeline.extract.printed import Printed
from pipeline.extract.unlabelled import COLUMN, PAPER_ALONE, above_day, beside_day
from pipeline.extract.variants import either_script

META_SOURCES = (
    "source",
    "contentsource",
    "mediaid",
    "og:article:source",
    "article:source",
    "media",
    "copyright-source",
)
SOURCE_CLASS = either_script(
    r"(?:^|[\s_\-])(?:source|laiyuan|(?<!rich_)media|origin|comefrom|js_name)(?:$|[\s_\-])|(?-i:(?:^|[\s_\-])source[A-Z])|(?-i:[a-z](?:Source|Media|Origin)(?:$|[\s_\-]))",
    re.I,
)
"""Class and id of an element that holds the source's name."""

SOURCE_ALONE = either_script(
    r"(?:\d\s?[.、]\s?)?(?:文章|新闻|信息|稿件|资料|媒体)?(?:来\s{0,4}源|稿源|出处)\s?[:：]?"
)
PAPERS_REPORTER = either_script(
    r"(?:^|[\s\x1f丨])《?(?!.{0,4}本[报刊社网台]|本)([\u4e00-\u9fff]{1,7}[报社网台刊])[\s\x1f/／╱|｜·•【〔（(\[》]{0,4}(?:特约|首席|见习|实习|驻[\u4e00-\u9fff]{2,4})?(?:记者|编译)[\s\x1f:：]{0,3}[\u4e00-\u9fff]"
)
"""示例晚报 记者李小山, 示例晚报驻伦敦记者 李小山, 示例晚报／编译李小山, in a header line."""

_OFFICE = r"(?:信息)?(?:发布|发文|供稿|提供|上稿|报送|来稿|公布|主办)(?:单位|机构|机关|部门|者单位)"
OFFICE = either_script(
    rf"(?<![\u4e00-\u9fff]){_OFFICE}[\s\x1f]{{0,3}}[:：﹕][\s\x1f]{{0,3}}([^\x1f|｜:：\n\t]{{2,40}})"
)
OFFICE_ALONE = either_script(rf"{_OFFICE}\s?[:：]?")
"""發布單位：人文及出版司, as offices print beside the day."""

GIVEN_BY = either_script(r"\W{0,2}(?:供稿|来稿|投稿)(?:单位|部门)?\s?[/／:：|｜]\s?([^\x1f|｜:：\s]{2,20})")
"""供稿：历史学院: an office, or a person, who is no source."""

GIVEN_BY_ORG = either_script(
    r"(?:^|[\s\x1f|｜])(?:供稿|来稿)[\s\x1f]{0,3}[:：][\s\x1f]{0,3}"
    r"([\u4e00-\u9fff]{2,20}[系院部处科室馆局会站办中心])(?![\u4e00-\u9fff])"
)
"""供稿：图书馆 in the header."""

ACCOUNT_LABEL = either_script(
    r"(?:^\W{0,3}|[\s\x1f|｜])(?:微信)?公众号\s?[:：]\s?([^\s\x1f:：]{2,20})|"
    r"^([^\s\x1f:：·|]{2,20})[\s\x1f]{0,3}[·|][\s\x1f]{0,3}(?:微信)?公众号[\s\x1f]{0,3}[·|]"
)
SPACED_SOURCE = either_script(
    r"(?:^|[|｜·•]\s?)(?:文章|新闻|信息|稿件)?(?:来源于?|稿源|来自)[\s\x1f]《?([^\s\x1f:：《》]{2,20})》?(?:[\s\x1f]|$)"
)
QUOTED_ACCOUNT = either_script(
    r"(?:微信公众号|公众号|微信号|公眾號)\s{0,2}[:：]?\s{0,2}[“\"「『【]?([^”\"」』】，,。（）()：:\s]{2,24})[”\"」』】]?"
)
ACCOUNT_WITH_ID = either_script(
    r"\W{0,3}(?:文章|内容)?(?:来源|来自|转自|转载自|首发)\s?[:：|｜︱丨]\s?([^\s，。（()）：:|｜]{2,20})\s?[（(]\s?(?:微信公众号|公众号|微信号|微信)?\s?(?:ID|id|微信号)?\s?[:：]?\s?[A-Za-z][\w\-]{4,24}\s?[)）]"
)
"""来源：示例评论（ID：shilipinglun）"""

QUOTED_PAPER = either_script(
    r"\W{0,3}(?:本文|文章)?(?:原载于?|首发于|刊[载登发]?于|选自|摘自|转载?自)[:：]?\s?(?:(?:(?:19|20)\d\d年)?\d{1,2}月\d{1,2}日\s?)?[《“「【]([^《》“”「」【】]{2,16})[》”」】]"
)
"""原载《示例晚报》, 摘自2023年3月11日《示例晚报》"""

OWN_PAPER = either_script(r"本[报刊](?:讯|综合|\S{0,4}(?:记者|通讯员))|^\W{0,2}第\s?[A-Z]?\d{1,3}\s?版")
"""The paper speaks of itself, or a page of its edition is named."""

PAPER = either_script(
    r"(?<![\u4e00-\u9fff])([\u4e00-\u9fff]{1,8}?(?:[日晚早晨时商快周新导]报|都市报|青年报|周刊|月刊))(?=数字|电子|多媒体|网|客户端|官网|$|[\W_])"
)
OPENING = 40
"""Code points of the longest first line of a body that can be 转载自：示例评论."""

FROM = either_script(r"来自[\s\x1f]")
"""What stands before a column too: 来自 社会 2023-03-11 的文章."""

NEAREST = 2
"""Lines above the title in which a day and a paper are the article's: 2023-03-11 示例日报."""

PICTURES = either_script(r"(?:图|圖|影|照|视频)\S{0,4}(?:来源|來源)")
ABSOLUTE = re.compile(r"https?://\w")
LINK = re.compile(r"https?://[^\s，,。）)】\]\"'<>]{4,300}")

Origin = tuple[str, str | None]
"""(name, link to the original)"""


def _reprint(page: Evidence) -> Origin | None:
    for line in page.sentences:
        found = source_and_author(line)
        if not found and REPRINTED.match(line):
            found = QUOTED_ACCOUNT.search(line) or QUOTED_PAPER.match(line)
        if found:
            link = LINK.search(line)
            return re.sub(r"[Aa][Pp][Pp]$", "", found[1]), link[0] if link else link_of(
                page.printed, found[1]
            )
    return None


def _account(page: Evidence) -> Origin | None:
    script = page.declared.script
    account = script.get("nickname") or script.get("nick_name")
    is_wechat = "gh_" in script.get("user_name", "gh_")
    if any(map(ACCOUNT_WITH_ID.match, (*page.printed.head, *page.printed.first))):
        return None  # a label names another account
    return (account, None) if account and is_wechat else None


def _label(page: Evidence) -> Origin | None:
    opening = (line for line in page.printed.first if len(line) <= OPENING)
    for line in (*page.printed.head, *page.printed.above, *opening):
        account = ACCOUNT_LABEL.search(line)
        name = (
            source_in(line) or _spaced(line) or (clean_source(account[1] or account[2]) if account else None)
        )
        if not name or (FROM.search(line) and COLUMN.fullmatch(name)):
            continue
        if name not in (*page.printed.accounts, poster([line])) and not _is_platform(name, page):
            return name, link_of(page.printed, name)
    return None


def _is_platform(name: str, page: Evidence) -> bool:
    """Whether 来自 names the site itself, on which an account posted: 来自雪球 on a page of 雪球."""
    site = (page.declared.meta.get("og:site_name"), *SEPARATOR.split(page.declared.title)[1:])
    posted = re.compile(rf"[来來]自[\s\x1f]{{0,3}}{re.escape(name)}")
    return name in site and any(map(posted.search, (*page.printed.head, *page.printed.above)))


def _spaced(line: str) -> str | None:
    """来源 示例晚报, with a space for the colon: only a paper's name."""
    said = SPACED_SOURCE.search(line)
    return clean_source(said[1]) if said and ORG.search(said[1]) else None


def _office(page: Evidence) -> Origin | None:
    """The office that put it up, where no source is named."""
    for line in page.printed.head:
        said = OFFICE.search(line) or GIVEN_BY_ORG.search(line)
        if said and (name := clean_source(said[1])):
            return name, link_of(page.printed, name)
    value = below_label(page.printed.head, OFFICE_ALONE)
    name = clean_source(value) if value else None
    return (name, link_of(page.printed, name)) if name else None


def _cell(page: Evidence) -> Origin | None:
    value = below_label(page.printed.head, SOURCE_ALONE)
    name = clean_source(value) if value else None
    return (name, link_of(page.printed, name)) if name else None


def _element(page: Evidence) -> Origin | None:
    for names, text in page.printed.marked:
        if (
            not SOURCE_CLASS.search(names)
            or NOT_A_NAME.search(text)
            or find_day(text)
            or text in page.printed.accounts
        ):
            continue
        name = clean_source(text)
        if name and not _is_platform(name, page):
            return name, link_of(page.printed, name)
    return None


def _reporters(page: Evidence) -> Origin | None:
    for line in (*page.printed.head, *page.printed.above, *page.printed.first, page.printed.last):
        if name := paper_in(line):
            return name, link_of(page.printed, name)
    for line in page.printed.head:
        if said := PAPERS_REPORTER.search(line):
            return said[1], link_of(page.printed, said[1])
    return None


def _twice(page: Evidence) -> Origin | None:
    said = (page.declared.ld.get("publisher", ""), page.declared.items.get("publisher", ""))
    runs = {run.strip() for line in page.printed.head for run in re.split(rf"[{GAP}|｜\s]", line)}
    for publisher in said:
        if publisher in runs and publisher != page.author and (name := clean_source(publisher)):
            return name, link_of(page.printed, name)
    return None


def _with_name(page: Evidence) -> Origin | None:
    for line in page.printed.head[:HEADER_LINES]:
        both = NAME_AND_PAPER.fullmatch(line)
        if both and ORG.search(both[2]):
            return both[2], None
    return None


def _beside_day(page: Evidence) -> Origin | None:
    publisher = beside_day(page)[1]
    return (publisher, None) if publisher and publisher not in (page.author or "").split("、") else None


def _above_day(page: Evidence) -> Origin | None:
    publisher = above_day(page.printed, page.title)[1]
    return (publisher, None) if publisher and publisher not in (page.author or "").split("、") else None


def _in_day_line(page: Evidence) -> Origin | None:
    for line in page.printed.head[:HEADER_LINES]:
        if find_day(line):
            runs = [run.strip(" ·•-—") for run in re.split(rf"[{GAP}|｜]", line)]
            if name := next((run for run in runs if PAPER_ALONE.fullmatch(run) and run != page.author), None):
                return name, link_of(page.printed, name)
    people, papers, told = round_day(page.printed.head[:HEADER_LINES])
    if len(papers) == 1 and (people or told):
        return papers[0], link_of(page.printed, papers[0])
    for line in page.printed.above[-NEAREST:]:
        if find_day(line) and len(papers := (people_and_papers(line) or ((), ()))[1]) == 1:
            return papers[0], link_of(page.printed, papers[0])
    return None


def _original(page: Evidence) -> Origin | None:
    """The account behind WeChat's mark 原创 and the author, as copies of its pages print it before the day."""
    said = original_by(page.printed.head)
    name = clean_source(said[2]) if said and said[1] == page.author else None
    if name and not NOT_A_NAME.match(name):
        return name, link_of(page.printed, name)
    return None


def _foot(page: Evidence) -> Origin | None:
    for line in page.printed.foot:
        name = source_in(line) or _spaced(line)
        if name and not PICTURES.search(line) and name != poster([line]):
            return name, link_of(page.printed, name)
    if name := closing_source(page.printed.last):
        return name, link_of(page.printed, name)
    value = below_label(page.printed.own, SOURCE_ALONE)
    if value and (name := clean_source(value)):
        return name, link_of(page.printed, name)
    for line in page.printed.own:
        if (said := GIVEN_BY.match(line)) and ORG.search(said[1]) and (name := clean_source(said[1])):
            return name, link_of(page.printed, name)
    return None


def _meta(page: Evidence) -> Origin | None:
    for key in META_SOURCES:
        value = page.declared.meta.get(key, "")
        if not value.startswith("http") and (name := source_in(value) or clean_source(value)):
            return name, None
    return None


def _own(page: Evidence) -> Origin | None:
    """The paper whose name the page's `title` bears, where the text says 本报 or the page is of an edition."""
    printed = page.printed
    said = any(
        OWN_PAPER.search(line[:80]) for line in (*printed.above, *printed.head, *printed.first, printed.last)
    )
    named = page.declared.title.replace(page.title or "", " "), page.declared.meta.get("og:site_name", "")
    paper = next(filter(None, map(PAPER.search, named)), None) if said else None
    return (paper[1], None) if paper else None


def _agency(page: Evidence) -> Origin | None:
    lines = (*page.printed.first[:1], *page.printed.head)
    name = next(filter(None, map(agency, lines)), None)
    return (name, None) if name else None


SAID: tuple[Rule[Origin], ...] = (
    (
        "reprint",
        LABEL,
        _reprint,
        "a sentence that says where it was taken from: 来源：示例晚报，作者：李小山",
    ),
    ("account", LABEL, _account, "the WeChat account whose page it is"),
    ("label", LABEL, _label, "来源：示例晚报 in the header"),
    ("cell", LABEL, _cell, "a line 来源 and below it the name, as tables print it"),
    ("element", PLACE, _element, "the text of an element named source, laiyuan, media …"),
    ("with_name", PLACE, _with_name, "李小山／示例晚报 as a line of the header"),
    (
        "reporters",
        LABEL,
        _reporters,
        "the paper whose reporter the header names: 作者：《示例周刊》记者 李小山, 示例晚报 记者李小山",
    ),
)
"""Name, voice, function and what it believes of the rules asked first, in order."""

ELSEWHERE: tuple[Rule[Origin], ...] = (
    (
        "beside_day",
        PLACE,
        _beside_day,
        "a paper's name without a label in the line of the day, unless it is the author",
    ),
    (
        "above_day",
        PLACE,
        _above_day,
        "a paper's name alone above the line of the day, unless it is the author",
    ),
    ("day_line", PLACE, _in_day_line, "a paper's name as a run of the line of the day"),
    ("original", PLACE, _original, "the account behind 原创 and the author: 原创 李小山 示例评论"),
    ("twice", LABEL, _twice, "a publisher that the page declares and the header prints alone"),
    ("foot", LABEL, _foot, "来源：示例晚报 below the body, unless it is of a picture; 供稿：历史学院"),
    ("office", LABEL, _office, "发布单位：示例局 in the header of an office's page"),
    ("meta", MACHINE, _meta, "a meta element named source, mediaid …"),
    ("own", MACHINE, _own, "the paper named in the page's `title`, where the text says 本报"),
    ("agency", PLACE, _agency, "the news agency that the text begins with: 新华社北京3月1日电"),
)
"""The rules asked where the first are silent and the author is known, in order."""


def find_origin(rules: tuple[Rule[Origin], ...], page: Evidence) -> tuple[str | None, Origin | None]:
    """(name of the rule, source) by SAID or ELSEWHERE; two answers agree that have one name."""
    return decide(rules, page, key=lambda origin: origin[0])


def link_of(printed: Printed, name: str) -> str | None:
    """The address of the link whose text holds the source's name."""
    return next((href for text, href in printed.links if name in text and ABSOLUTE.match(href)), None)
