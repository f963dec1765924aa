"""The days of a printed line, and what the line says of each: published then, changed then, or something else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from pipeline.extract.ago import Ago, days_ago
from pipeline.extract.clock import Clock, clock_alone, clock_beside
from pipeline.extract.dates import SIGN, FoundDay, days_in
from pipeline.extract.evidence import Evidence
from pipeline.extract.variants import either_script

TODAY = either_script(
    r"今天是|现在是|今日是|欢迎您|北京时间：|[农陰]历|黄历|万年历|(?<![\d,])\d{1,2}[\s\x1f]{0,2}(?:℃|°C)|多云|晴转|阴转|气温|天气预报|谜语|谜面|谜底|猜谜|每日一[谜题句诗]|"
    r"©(?!\x1f?\s{0,3}(?:(?:19|20)\d\d[-/.年]\d\d?[-/.月]|著作权|版权))|copyright|版权所有|all rights reserved",
    re.I,
)
"""A line that shows the visitor the present day, its weather or riddle, or the years of the site's rights."""

CHANGED = r"(?:更新|修改|修订|updated|modified|edited)(?:时间|日期)?|编辑(?:于|时间|日期)|最后"
WRITTEN = r"(?:成文|印发|签发|发文|出版|出刊)(?:时间|日期)"
OTHER = (
    r"最新推荐|上次|最后(?:回[复覆]|登录|访问)|回[复覆](?:于|时间|日期)|"
    r"(?:收稿|修回|录用|接收|送审|拍摄|截止|截至|活动|开始|结束|有效|实施|施行|生效|注册|会议|考试|报名|访问|当前|浏览|出发|开标|开庭|展览|演出|上映|出生|成立)(?:时间|日期)"
)
FIRST = (
    r"posted|published|发表|发布|刊登|刊发|张贴|发稿|录入|上传|创建|首发|上架|公告|公布|报导|报道|"
    r"时\s{0,4}间|日\s{0,4}期|date\b|发信站"
)
SAYS = either_script(
    rf"(?P<other>{OTHER})|(?P<written>{WRITTEN})|(?P<changed>{CHANGED})|(?P<first>{FIRST})", re.I
)
"""What is said of a day before it; the last word counts. `changed` is the day of an update (更新时间), `written`
that of an order (成文日期), `other` another day altogether (截止日期)."""

SAID_BEHIND = either_script(
    r"[日号]?\W{0,4}(?:\d{1,2}[:：]\d\d(?:[:：]\d\d)?)?\W{0,4}(?:最后|首次)?(?:(?P<changed>更新|修改|编辑|updated|modified)|(?<!\x1f)(?P<other>回复|以来|至今)|"
    r"(?P<first>发布|发表|首发))(?![者人于在]|时间|日期|\s?[:：])",
    re.I,
)
"""What is said of a day behind it: 2024-05-13 发布，2024-05-15 更新. In an element of its own 回复 is a button."""


UNTIL = either_script(r"[\s\x1f日号]{0,3}(?:至|到|[-—–~～]{1,2})[\s\x1f]{0,3}")
"""Between the first and the last day of what lasts: 展览时间：2018-05-01 至 2018-06-30."""

OWN_FACT = either_script(r"(?:来源|稿源|作者|记者)\s?[:：]")
"""A line that has such a label is the article's, though it tells the day in the lunar calendar too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A day that a page gives."""

    day: date
    raw: str
    """The string it was read from."""
    where: str
    """Where that stood."""
    clock: Clock | None = None
    """The time beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A day in a printed line."""

    said: str
    """first, changed, written, other; "": nothing is said of it."""
    day: date
    raw: str
    start: int
    end: int
    clock: Clock | None

    def dated(self, where: str, below: str = "") -> Dated:
        """It, found at a place; `below` is the next line, which may be its time alone."""
        return Dated(day=self.day, raw=self.raw, where=where, clock=self.clock or clock_alone(below))


def days_of(line: str, page: Evidence) -> Iterator[Said]:
    """The days of a line that can be the article's, each with what the line says of it."""
    return (said for said in _all_of(line) if page.may_be(said.day))


@lru_cache(maxsize=512)
def _all_of(line: str) -> tuple[Said, ...]:
    """All days of a line. A dozen readers ask for those of the same lines, so the last answers are kept."""
    if not SIGN.search(line) or (TODAY.search(line) and not OWN_FACT.search(line)):
        return ()
    at, days = 0, list[Said]()
    for found in days_in(line):
        said, behind = _said(line, at, found)
        if not said and days and days[-1].said == "other" and UNTIL.fullmatch(line, at, found.start):
            said = "other"
        at = found.end + behind
        clock = clock_beside(line, found.start, found.end)
        days.append(
            Said(said=said, day=found.day, raw=found.raw, start=found.start, end=found.end, clock=clock)
        )
    return tuple(days)


def day_ago(line: str, page: Evidence) -> Said | None:
    """The day of a line that is told from the day of the capture: 3小时前."""
    if page.captured_at is None or TODAY.search(line):
        return None
    found = days_ago(line, page.captured_at)
    if found is None:
        return None
    said = _said(line, 0, found)[0]
    return Said(said=said, day=found.day, raw=found.raw, start=found.start, end=found.end, clock=found.clock)


def _said(line: str, at: int, found: FoundDay | Ago) -> tuple[str, int]:
    """What is said of a day from a place on, or behind it, and how long that is."""
    words = [
        match.lastgroup or "" for match in SAYS.finditer(line[at : found.end])
    ]  # a form may hold its label
    if words and words[-1]:
        return words[-1], 0
    behind = SAID_BEHIND.match(line[found.end :])
    return (behind.lastgroup or "", behind.end()) if behind else ("", 0)
