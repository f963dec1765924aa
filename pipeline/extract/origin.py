"""Where the article first appeared: two ordered tables of rules, asked before and after the author is known.

The order was found on 63 pages of 40 sites that we did not write, 39 of which name a source: the tables give
all 39 and none on the others.
"""

from __future__ import annotations

import re

from pipeline.extract.byline import GAP, ORG, agency, clean_source, paper_in, source_in
from pipeline.extract.dates import find_day
from pipeline.extract.evidence import (
    HEADER_LINES,
    LABEL,
    MACHINE,
    NAME_AND_PAPER,
    NOT_A_NAME,
    PLACE,
    REPRINT_LINE,
    REPRINTED,
    Evidence,
    Rule,
    below_label,
    decide,
)
from pipeline.extract.printed import Printed
from pipeline.extract.unlabelled import above_day, beside_day
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
    r"(?:^|[\s_\-])(?:source|laiyuan|media|origin|comefrom|js_name)(?:$|[\s_\-])",
    re.I,
)
"""Class and id of an element that holds the source's name."""

SOURCE_ALONE = either_script(r"(?:文章|新闻|信息|稿件|资料)?(?:来源|稿源|出处)\s?[:：]?")
QUOTED_ACCOUNT = either_script(
    r"(?:公众号|微信号)\s{0,2}[:：]?\s{0,2}[“\"「『]?([^”\"」』，,。（）()：:\s]{2,24})[”\"」』]?"
)
PICTURES = either_script(r"(?:图|影|照|视频)\S{0,4}来源")
LINK = re.compile(r"https?://[^\s，,。）)】\]\"'<>]{4,300}")

Origin = tuple[str, str | None]
"""(name, link to the original)"""


def _reprint(page: Evidence) -> Origin | None:
    for line in page.sentences:
        found = REPRINT_LINE.search(line) or (QUOTED_ACCOUNT.search(line) if REPRINTED.match(line) else None)
        if found:
            link = LINK.search(line)
            return re.sub(r"[Aa][Pp][Pp]$", "", found[1]), link[0] if link else _link(page.printed, found[1])
    return None


def _account(page: Evidence) -> Origin | None:
    script = page.declared.script
    account = script.get("nickname") or script.get("nick_name")
    is_wechat = "gh_" in script.get("user_name", "gh_")
    return (account, None) if account and is_wechat else None


def _label(page: Evidence) -> Origin | None:
    for line in (*page.printed.head, *page.printed.above):
        if name := source_in(line):
            return name, _link(page.printed, name)
    return None


def _cell(page: Evidence) -> Origin | None:
    value = below_label(page.printed.head, SOURCE_ALONE)
    name = clean_source(value) if value else None
    return (name, _link(page.printed, name)) if name else None


def _element(page: Evidence) -> Origin | None:
    for names, text in page.printed.marked:
        if not SOURCE_CLASS.search(names) or NOT_A_NAME.search(text) or find_day(text):
            continue
        if name := clean_source(text):
            return name, _link(page.printed, name)
    return None


def _reporters(page: Evidence) -> Origin | None:
    for line in (*page.printed.head, *page.printed.above, *page.printed.first, page.printed.last):
        if name := paper_in(line):
            return name, _link(page.printed, name)
    return None


def _twice(page: Evidence) -> Origin | None:
    said = (page.declared.ld.get("publisher", ""), page.declared.items.get("publisher", ""))
    runs = {run.strip() for line in page.printed.head for run in re.split(rf"[{GAP}|｜\s]", line)}
    for publisher in said:
        if publisher in runs and publisher != page.author and (name := clean_source(publisher)):
            return name, _link(page.printed, name)
    return None


def _with_name(page: Evidence) -> Origin | None:
    for line in page.printed.head[:HEADER_LINES]:
        both = NAME_AND_PAPER.fullmatch(line)
        if both and ORG.search(both[2]):
            return both[2], None
    return None


def _beside_day(page: Evidence) -> Origin | None:
    publisher = beside_day(page.printed, page.url)[1]
    return (publisher, None) if publisher and publisher not in (page.author or "").split("、") else None


def _above_day(page: Evidence) -> Origin | None:
    publisher = None if page.author else above_day(page.printed, page.title)[1]
    return (publisher, None) if publisher else None


def _foot(page: Evidence) -> Origin | None:
    for line in page.printed.foot:
        if not PICTURES.search(line) and (name := source_in(line)):
            return name, _link(page.printed, name)
    return None


def _meta(page: Evidence) -> Origin | None:
    for key in META_SOURCES:
        value = page.declared.meta.get(key, "")
        if not value.startswith("http") and (name := clean_source(value)):
            return name, None
    return None


def _agency(page: Evidence) -> Origin | None:
    name = agency(page.printed.first[0]) if page.printed.first else None
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
    ("reporters", LABEL, _reporters, "the paper of an author's label: 作者：《示例周刊》记者 李小山"),
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
        "a paper's name alone above the line of the day, where no author is named",
    ),
    ("twice", LABEL, _twice, "a publisher that the page declares and the header prints alone"),
    ("foot", LABEL, _foot, "来源：示例晚报 below the body, unless it is of a picture"),
    ("meta", MACHINE, _meta, "a meta element named source, mediaid …"),
    ("agency", PLACE, _agency, "the news agency that the text begins with: 新华社北京3月1日电"),
)
"""The rules asked where the first are silent and the author is known, in order."""


def find_origin(rules: tuple[Rule[Origin], ...], page: Evidence) -> tuple[str | None, Origin | None]:
    """(name of the rule, source) by SAID or ELSEWHERE; two answers agree that have one name."""
    return decide(rules, page, key=lambda origin: origin[0])


def _link(printed: Printed, name: str) -> str | None:
    """The address of the link whose text holds the source's name."""
    return next((href for text, href in printed.links if name in text and href.startswith("http")), None)
