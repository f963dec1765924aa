"""What a page says of its article's author and source, and how the rules that read it are asked.

A rule is a name, a voice, a function and what it believes. The rules of a fact stand in one ordered table
(author.py, origin.py, published.py), and the name of the one that decided is kept beside the fact. The first that
answers decides when a label says so; else the first answer that a second voice gives too; else the first answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pipeline.extract.dates import find_day
from pipeline.extract.declared import Declared
from pipeline.extract.names import GAP
from pipeline.extract.printed import Printed
from pipeline.extract.variants import either_script

SITE_NAME = 4
"""Code points of the shortest name that is looked for in the host name."""

HEADER_LINES = 6
"""Lines below the title among which 李小山／示例晚报 is a byline."""

REPRINTED = either_script(
    r"\W{0,3}(?:(?:编者按|编者注|编者的话|按|注)[\s:：】]{1,3})?(?:本文|文章|内容)?(?:来自|來自|来源|來源|转自|轉自|转载自?|轉載自?|首发于|原载于?|刊[载登发]?于|选自|摘自)"
)
"""How a sentence begins that says where an article was taken from."""

REPRINT_LINE = either_script(
    r"(?:来源|转载?自)\s?[:：]\s?([^\s,，:：]{2,20})\s?[,，]\s?(?:作者|记者|撰文)\s?[:：]\s?([^\s,，:：（()）]{2,20})"
)
"""来源：示例晚报，作者：李小山; the names of both."""

REPRINT_ALONE = either_script(
    r"\W{0,3}(?:以下|本文)?(?:文章|内容)?(?:来源[于於]?|转载?自|来自)\s?[:：]?\s?([^\s,，:：“”\"「」『』【】《》]{2,20})\s?[,，]\s?作者\s?[:：]?\s?([^\s,，。:：（()）“”\"「」『』]{2,20})"
)
"""以下文章来源于示例评论，作者李小山 as a whole line."""

ORIGINAL_BY = either_script(
    r"(?:原创|Original)[\s\x1f:：]{1,3}([^\s\x1f:：]{2,12})[\s\x1f]{1,3}([^\s\x1f]{2,20})[\s\x1f]{1,3}(?=\d|昨|今|收录|发[表布]于|微信号)"
)
"""What copies of WeChat's pages print before the day: 原创 李小山 示例评论."""

ORIGINAL_MARK = either_script(r"原创|Original")
ORIGINAL_LINES = 4
"""Lines over which that may stand, one part in each."""

NAME_AND_PAPER = either_script(r"([\u4e00-\u9fff]{2,4})\s?[/／]\s?([\u4e00-\u9fffA-Za-z0-9]{2,16})")
"""李小山／示例晚报 as a whole line."""

PAPER_AND_NAME = either_script(
    r"([\u4e00-\u9fff·]{1,10}(?:[日晚早晨时商]报|都市报|青年报|周刊|新闻网|电视台|通讯社|客户端))[\s\x1f]{1,3}([\u4e00-\u9fff]{3})"
)
"""示例晚报　李小山 as a whole line."""

NOT_A_NAME = either_script(
    r"^原创$|^Original$|^Reprint$|^by$|^(?i:Posted|Published|Written|(?:last )?(?:modified|updated|edited)|"
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Date|Time|Views?)\b)|日期|上传|下载|订阅|链接|原文|收藏|举报|编辑|责编|选稿|校对|审核|编审|来源|(?<![\u4e00-\u9fff]{2})发布|发布(?!$)|^(?:最新|官方|首次|正式|今日|昨日|权威|原创)发布|时间|阅读|关注|分享|评论|字号|"
    r"登录|注册|点赞|回复|最后|首页|正文|^更多|播放|人气|浏览|返回|主页|上一|下一|作者|记者|文章|发表|更新|修改|频道$|栏目$|专题$"
)
"""The label or button beside a day, where a name could stand."""

DESK = re.compile(r"news$|^admin|小编|編輯部|编辑部", re.I)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that the rules for author and source read."""

    printed: Printed
    declared: Declared
    url: str
    title: str | None
    origin: str | None = None
    """The source that a label or an element names, when the author is sought."""
    author: str | None = None
    """The author, when the source is sought in less certain places."""
    text: str = ""
    """The body: the days it tells of speak for a day of publication."""
    captured_at: datetime | None = None
    """When the page was captured (aware); None: not known, or not believed."""
    latest: date | None = None
    """The last day that can be the article's; None: any."""

    def may_be(self, day: date) -> bool:
        """Whether a day had begun anywhere when the page was captured, as that of any fact has."""
        return self.latest is None or day <= self.latest

    @property
    def sentences(self) -> tuple[str, ...]:
        """The lines that may say from where the article was taken, in page order but for the last line."""
        printed = self.printed
        return (*printed.head, *printed.first, *printed.foot, printed.last)


LABEL = "label"
"""The page says in words what the fact is: 作者：, 发布时间：. Such an answer needs no second."""

PLACE = "place"
"""The page prints it without a label; where it stands or what its element is called tells."""

MACHINE = "machine"
"""The page declares it for machines: meta, JSON-LD, microdata, script. One system writes all these, so one voice."""

ADDRESS = "address"
"""The page's address."""

Rule = tuple[str, str, Callable[[Evidence], T | None], str]
"""Name, voice, function and what the rule believes."""


def decide(
    rules: Sequence[Rule[T]],
    evidence: Evidence,
    key: Callable[[T], object] = lambda answer: answer,
    accept: Callable[[Any, str], bool] = lambda answer, voice: True,
) -> tuple[str | None, T | None]:
    """(name of the rule that decides, its answer); (None, None) when none answers.

    `key` gives what must be equal for two answers to agree; an answer `accept` refuses, given its voice, is none.
    """
    answers: list[tuple[str, str, T]] = []
    for name, voice, rule, _ in rules:
        if (found := rule(evidence)) and accept(found, voice):
            if voice == LABEL and not answers:
                return name, found
            answers.append((name, voice, found))
    return settle(answers, key)[::2] if answers else (None, None)


def settle(
    answers: Sequence[tuple[str, str, T]], key: Callable[[T], object] = lambda answer: answer
) -> tuple[str, str, T]:
    """The answer that holds of one or more, each with name and voice, in the order of their rules."""
    for answer in answers:
        _, voice, found = answer
        if any(other != voice and key(said) == key(found) for _, other, said in answers):
            return answer
    return answers[0]


def source_and_author(line: str) -> re.Match[str] | None:
    """The names of a source and an author that a line gives together, as its groups 1 and 2."""
    return REPRINT_LINE.search(line) or REPRINT_ALONE.fullmatch(line)


def original_by(lines: Sequence[str]) -> re.Match[str] | None:
    """Who wrote it and the account, behind WeChat's mark, in one line or in several, as groups 1 and 2."""
    marked = (at for at, line in enumerate(lines) if ORIGINAL_MARK.match(line))
    joined = (GAP.join(lines[at : at + ORIGINAL_LINES]) for at in marked)
    said = next(filter(None, map(ORIGINAL_BY.match, joined)), None)
    return said if said and not (find_day(said[1]) or find_day(said[2]) or said[2].isdigit()) else None


NEXT_LABEL = re.compile(r"\s?[\u4e00-\u9fff](?:\s{0,4}[\u4e00-\u9fff]){1,7}\s?[:：]")
"""How a line of a table begins that is a label and its value: 发文机构：…"""


def below_label(lines: tuple[str, ...], label: re.Pattern[str]) -> str | None:
    """The line below one that is only a label (tables and definition lists print facts so), unless it is a day or,
    where the fact is not given, the next label."""
    for above, value in pairwise(lines):
        if label.fullmatch(above.strip()) and not (find_day(value) or NEXT_LABEL.match(value)):
            return value
    return None


def is_the_site(name: str, url: str) -> bool:
    """Whether an account name is the site's own: part of its host name, or a desk."""
    host = (urlsplit(url).hostname or "").replace("-", "")
    latin = (name.lower(), *re.findall(r"[a-z]+", name.lower()))
    return any(len(word) >= SITE_NAME and word in host for word in latin) or DESK.search(name) is not None
