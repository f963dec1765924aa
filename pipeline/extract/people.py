"""Who stands beside the author: the organisation printed at the name, and those who edited, proofread and reviewed.

The words for what an editor did are data (`rules/editor-roles.tsv`); this module knows only where the names stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from pipeline.extract.dates import find_day
from pipeline.extract.evidence import NOT_A_NAME, Evidence
from pipeline.extract.names import GAP, HAN, NO_NAME, ORG, is_name, is_personal_name, names_of
from pipeline.extract.variants import either_script
from pipeline.records import Editor
from pipeline.rules import table

MOST = 12
"""Editors and organisations kept of one article."""

TAIL = 80
"""Code points at the end of a body's last line, behind its last sentence, that may name an editor."""

OPENING = 80
"""Code points of a body's first line that may name the author's paper."""

STAFF_CODE = re.compile(r"[\s_\-－·]{0,3}(?<![A-Za-z])[A-Z]{1,6}[_\-]?\d{1,8}\b.*")
"""The number of an editor behind the name: 张三 SF142, 张三_NB12345."""

ONLY_CODE = re.compile(r"[A-Z]{1,6}[_\-]?\d{1,8}")
EDITOR_LONGEST = 6
"""Han characters of the longest name of an editor; a pen name may have more than three."""

ANOTHER_LABEL = either_script(r"[\s\u3000、,，;；]{1,4}[\u4e00-\u9fff]{2,8}\s?(?:[:：/／|｜丨︱].{0,200})?$")
"""Behind an editor's name the label of the next fact, whose colon ended the value or stands in it."""

_ENDS = (
    r"大学|学院|研究院|研究所|研究中心|研究室|实验室|中心|中学|小学|学校|医院|公司|集团|委员会|委|协会|学会|联合会|基金会|联盟|工作室|事务所|"
    r"智库|银行|证券|基金|资本|出版社|编辑部|通讯社|电视台|广播|[报社网台刊局厅部院]|周刊|月刊|杂志|新闻|在线|财经|传媒|文化|科技|频道|政府|博物馆|图书馆|档案馆|党校"
)
_ORGANISATION = rf"(?:《([^《》]{{2,16}})》|([\u4e00-\u9fffA-Za-z·・]{{1,26}}(?:{_ENDS})))"
"""In titles' brackets, or ending as an organisation does; greedy, so 示例大学历史学院 and not 示例大学."""

_ROLE = (
    r"(?:首席|特约|特邀|见习|实习|全媒体|融媒体?|高级|资深|驻[\u4e00-\u9fff]{2,4}?)?"
    r"(?:记者|通讯员|评论员|撰稿人?|研究员|副?教授|讲师|博士|律师|分析师|编译|作者)"
)
BEFORE = either_script(
    rf"(?:^|[\s\x1f:：、，,；;（(【\[／/|｜“「『■])(?:作者)?{_ORGANISATION}({_ROLE})?[\s\x1f:：]{{0,3}}$"
)
"""示例大学历史学院 李小山, 《示例周刊》记者 李小山: what stands before a name."""

BEHIND = either_script(
    r"[\s\x1f]{0,2}(?:[（(]\s?(?:作者)?(?:单位\s?[:：]\s?)?|[，,]\s?)"
    rf"(?:系|为|是|现任|现为|来自)?\s?{_ORGANISATION}"
)
"""李小山（示例大学历史学院）, 李小山，系示例大学教授: what stands behind one."""

WITH_PAPER = re.compile(r"\s?[/／]\s?([\u4e00-\u9fffA-Za-z0-9]{2,16})")
"""李小山／示例晚报 as a line."""

LONGER = re.compile(r"[\u4e00-\u9fff]{1,2}(?:$|[\s，,、])")
"""What stands behind the first two characters of a longer name."""

OFFICE = either_script(r"(?:作者)?单位\s?[:：]\s?([^\s\x1f，,；;。:：（()）]{3,30})")
"""作者单位：示例大学历史学院"""

AUTHOR_IS = either_script(rf"作者(?:均|分别)?(?:系|为|是|来自)\s?{_ORGANISATION}")
"""（作者系示例大学历史学院教授）"""

SOURCE_BEFORE = either_script(
    r"(?:来源|稿源|出处|转自|转载自?|来自|原载)[\s\x1f]{0,3}[:：]?[\s\x1f]{0,3}[《“「]?$"
)
"""What stands before the name of a source, which is no organisation of the author's."""

OWN = either_script(r"本[报刊网台社站院校市省]|.{0,3}(?:编辑|责编|校对|审核)部?|.{0,4}记者部?")
"""No name: 本报记者."""

ASKED = ("？", "！", "。")
"""Behind a pen name: that is a sentence."""

SENTENCES = re.compile(r"[。！？!?”」』]")


def find_editors(page: Evidence) -> tuple[Editor, ...]:
    """Who worked on the article besides the author, in the order of the page, each name once in a role."""
    found: dict[Editor, None] = {}
    for line in _lines(page):
        found.update(dict.fromkeys(_editors(line)))
    return tuple(found)[:MOST]


def _lines(page: Evidence) -> Iterator[str]:
    printed = page.printed
    yield from (*printed.above, *printed.head)
    ending = SENTENCES.split(printed.last)[-1]
    if ending and len(ending) <= TAIL:
        yield ending
    yield from printed.own


def _editors(line: str) -> Iterator[Editor]:
    at = 0
    while said := _roles().search(line, at):
        at = said.start("names")
        role = next(name for name, group in _named_groups() if said[group])
        spaced = not said["sign"].strip(" \u3000" + GAP)
        behind = line[said.end() : said.end() + 1]
        for name in _names(said["names"], behind):
            if is_personal_name(name) or not (spaced or behind in ASKED):
                yield Editor(name=name, role=role)


def _names(value: str, behind: str) -> list[str]:
    """The people of what stands behind a role; `behind` is the sign that ended it."""
    if ONLY_CODE.fullmatch(value.strip()):
        return [value.strip()]
    value = re.sub(r"[\s、,，]{0,3}[\u4e00-\u9fff]{2,8}\s?$", "", value) if behind in (":", "：") else value
    value = ANOTHER_LABEL.sub("", value) if re.search("[/／|｜丨︱]", value) else value
    value = STAFF_CODE.sub("", value)
    day = find_day(value)
    people = names_of(value[: day.start] if day else value)
    return [
        name
        for name in people
        if is_name(name)
        and not (NO_NAME.fullmatch(name) or NOT_A_NAME.search(name) or _roles_alone().fullmatch(name))
        and (
            is_personal_name(name)
            or not (ORG.search(name) or (HAN.match(name) and len(name) > EDITOR_LONGEST))
        )
    ]


@cache
def _named_groups() -> tuple[tuple[str, str], ...]:
    """(role, group of the pattern) in the order of the table."""
    return tuple((row[0], f"r{number}") for number, row in enumerate(table("editor-roles")))


@cache
def _roles() -> re.Pattern[str]:
    words = "|".join(
        f"(?P<{group}>{row[1]})"
        for (_, group), row in zip(_named_groups(), table("editor-roles"), strict=True)
    )
    return either_script(
        rf"(?<![\u4e00-\u9fff])(?:{words})"
        r"(?P<sign>[\s\x1f]{0,3}[:：﹕/／|｜丨︱][\s\x1f]{0,3}|[ \u3000\x1f]{1,3}|(?=[\u4e00-\u9fff]{2,4}$))"
        r"(?P<names>[^\x1f|｜:：()（）【】\[\]<>。！？]{2,40})"
    )


@cache
def _roles_alone() -> re.Pattern[str]:
    return either_script("|".join(row[1] for row in table("editor-roles")))


def find_affiliation(page: Evidence) -> str | None:
    """The organisations printed beside the author (`page.author`), joined with 、; None without an author."""
    if not page.author:
        return None
    printed = page.printed
    lines = [*printed.head, *printed.above, *(line[:OPENING] for line in printed.first)]
    lines += [printed.last[-TAIL:], *printed.own]
    found: dict[str, None] = {}
    for line in lines:
        if AUTHOR_IS.search(line) or OFFICE.search(line):
            found.update(dict.fromkeys(_labelled(line)))
        for author in page.author.split("、"):
            if author in line:
                found.update(dict.fromkeys(_beside(line, author)))
    people = page.author.split("、")
    told = [name for name in found if name not in people and not OWN.fullmatch(name)]
    return "、".join(told[:MOST]) or None


def _labelled(line: str) -> Iterator[str]:
    for pattern in (OFFICE, AUTHOR_IS):
        for said in pattern.finditer(line):
            yield next(filter(None, said.groups()))


def _beside(line: str, author: str) -> Iterator[str]:
    told = list(_written(author).finditer(line))
    at = 0
    for name in told:
        if len(author) < 3 and LONGER.match(line, name.end()):
            continue
        if said := BEFORE.search(line, at, name.start()):
            at = name.end()
            if said[3] or not SOURCE_BEFORE.search(line[: said.start() + 1]):
                yield said[1] or said[2]
    for name in told:
        if said := BEHIND.match(line, name.end()):
            yield said[1] or said[2]
    if (
        told
        and not told[0].start()
        and (both := WITH_PAPER.fullmatch(line, told[0].end()))
        and ORG.search(both[1])
    ):
        yield both[1]


@lru_cache(maxsize=256)
def _written(author: str) -> re.Pattern[str]:
    """The name in both scripts, its characters apart or not. It alone is made of each: with all that may stand round
    it a pattern takes 5 ms to compile."""
    return either_script(r"[\s\u3000]?".join(map(re.escape, author)))
