"""Lines inside the article's element that are not the article: credits, notices, promotion, teasers.

The rules are data (`rules/boilerplate.tsv`); this module knows only where on the page each kind may fire.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import pairwise, takewhile

from pipeline.extract.access import notice
from pipeline.extract.calls import is_call
from pipeline.extract.creditline import is_byline
from pipeline.extract.variants import either_script, in_either_script
from pipeline.rules import table

BULLETS = re.compile(r"^[\s“\"▲▼●★☆◆■□○◎►▶→>»·•*＊※\-—–|｜（(【\[［〔「『《]+")
"""Skipped before a pattern is tried; one class repeated once, so linear."""

ABSTRACT = either_script(r"\W{0,2}(?:内容)?(?:摘\s{0,4}要|提要)\W")
"""How the line above the keywords of a paper begins, which are of the article."""

SOURCES = either_script(r"\W{0,3}(?:主要)?参考(?:资料|文献|书目)")
"""A heading that may be of works cited or of other articles."""

CITED = re.compile(
    r"\[(?:[JMDSCNRPZ]|EB)(?:/OL)?\]|出版社|\bdoi\b|https?://|(?:19|20)\d\d[年,，.．;；:：)）]|^\W{0,2}\d{1,2}\W.{0,60}[《.．]",
    re.I,
)
"""What a work cited has: kind, publisher, address, year with a mark behind it, or number and the title's marks."""

MOST_SOURCES = 60
"""Lines below such a heading that are looked at."""

LAST_LINES = 4
"""How many of the last kept lines may lose an ending."""

CUT_FROM = 0.5
"""Share of the text that must stand before a heading like 相关阅读 for all after it to go."""

PARAGRAPH = 40
"""Code points from which a line with a mark inside is a paragraph although no mark ends it."""

ENDS = "。！？!?…；;：:”」』）)"
"""What a paragraph ends with."""

ACCOUNT_OPENS = either_script(
    r"(?:原创(?=$|\s)|Original(?=$|\s)|转载$|Reprint$|微信号\s?[:：]?\s?[A-Za-z][\w\-]{4,24}$)"
)
"""The first of the lines that copies of WeChat's pages print above a text: the mark, or the account's name in Latin."""

ACCOUNT_CLOSES = either_script(
    r"(?:收录|收入)[于在](?:合集|话题|专题|标签)|发[表布]于$|\d{1,4}\s?个(?:内容)?$|功能介绍[\s:：]|(?:19|20)\d\d\s?[-/年]\s?\d[\d月日\s:/-]{1,16}$"
)
"""Their last: where it is filed, or the day. What stands between is who wrote it, the account, what that is about."""

NAME = 16
"""Code points of an account's name in a line of its own."""

UNNAMED = 5
"""Lines of such a header that no rule knows."""

PROVINCE = either_script(
    r"北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
)
"""Where it was posted, below the day."""

ACCOUNT_HEAD = 10
"""Lines of the longest such header."""

ACCOUNT_LINE = 120
"""Code points of its longest line, what the account says of itself."""

TAKEN_FROM = either_script(r"以下(?:文章|内容)来源[于於]\s?([^\s，,]{2,20})\s?[，,]\s?作者")
"""What WeChat prints above a text of another account, whose card stands below: the name, a dot, what it is about."""

FORM = either_script(
    r"\d\s?[.、]\s?(?:完整)?(?:(?P<head>(?:媒体|新闻|文章)来源|(?:记者|作者)(?:署名|姓名)|(?:新闻|文章)标题|发布(?:时间|日期))"
    r"|(?P<text>(?:新闻|文章)?(?:内文|内容|全文))|(?P<foot>(?:新闻|文章)?(?:连结|链接|网址)|备[注註]|心得))[^。]{0,40}?[:：]"
)
"""A label of the form in which boards have news posted: 1.媒体来源: … 4.完整新闻内文: … 6.备注:"""

FORM_HEADS = 2
"""Such labels above the text's from which it is a form."""

EDGES = ("head", "foot")

BANDS = (0, 30, 40, 60, 120, sys.maxsize)
"""Code points of the longest line of a rule: rules between two of these are looked for together."""

CLOSERS = frozenset({"comments", "credit", "disclaimer", "imprint", "related", "share"})
"""Rules below whose lines, at the foot, nothing is the article's any more."""

UNKNOWN = 2
"""Lines at the foot that no rule knows and that are no paragraph, of those below such a line (ours)."""

TITLES = 12
"""Titles that such a heading has below it at most."""

COMMENTS_FROM = 0.25
"""The same for a heading of reader comments, which are often longer than a short article."""


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """One line of the rule file."""

    name: str
    place: str
    longest: int
    written: str
    """Its pattern, in both scripts."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Made when it is first asked for: most rules never match, and all take a seventh of a second."""
        return re.compile(self.written)


_TRIED: ContextVar[Phrase | None] = ContextVar("tried", default=None)


@contextmanager
def with_rule(phrase: Phrase) -> Iterator[None]:
    """One rule more than the file has, within this `with` and this thread alone: to see what it would do."""
    token = _TRIED.set(phrase)
    try:
        yield
    finally:
        _TRIED.reset(token)


_ASKED: ContextVar[set[str] | None] = ContextVar("asked", default=None)


@contextmanager
def noting() -> Iterator[set[str]]:
    """The lines that the rules are asked about within this `with` and this thread.

    Nothing else of a page comes to the rule file: where none of these lines has another answer, no other page has.
    """
    lines: set[str] = set()
    token = _ASKED.set(lines)
    try:
        yield lines
    finally:
        _ASKED.reset(token)


def phrases(rows: Iterable[Sequence[str]]) -> list[Phrase]:
    """Lines of the rule file as rules; ValueError for what is none, re.error when its pattern is asked for."""
    return [
        Phrase(name=name, place=place, longest=int(longest), written=in_either_script(pattern))
        for name, place, longest, pattern, *_ in rows
    ]


def answers(rules: Sequence[Phrase], line: str) -> bool:
    """Whether one of some rules may have an answer to a line, wherever on the page that stands."""
    bare = BULLETS.sub("", line)
    return any(
        rule.pattern.search(line)
        if rule.place == "end"
        else len(line) <= rule.longest and (rule.pattern.match(bare) or rule.pattern.match(line))
        for rule in rules
    )


def judge(lines: Sequence[str], weights: Sequence[float]) -> list[str | None]:
    """The rule that removes each line of a body, None for lines that stay.

    `lines` are the body's lines in order, `weights` how much each reads like a sentence (weights.py).
    """
    verdicts: list[str | None] = [None] * len(lines)
    total = sum(len(line) for line in lines) or 1
    read = 0
    sentences = sum(1 for weight in weights if weight)
    for index, line in enumerate(lines):
        sentences -= weights[index] > 0
        cut = matching(line, "cut") if read >= COMMENTS_FROM * total else None
        listed = read >= CUT_FROM * total and _lists_follow(sentences, len(lines) - index - 1)
        if cut and listed and SOURCES.match(line):
            listed = not _are_sources(lines[index + 1 :])
        if cut == "comments" or (cut and listed):
            verdicts[index:] = [cut] * (len(lines) - index)
            break
        verdicts[index] = matching(line, "any") or ("access" if notice(line) else None)
        if verdicts[index] == "tags" and index and ABSTRACT.match(lines[index - 1]):
            verdicts[index] = None
        read += len(line)
    _below_related(lines, verdicts)
    _edge(lines, weights, verdicts, "head", range(len(lines)))
    _of_account(lines, verdicts)
    _of_form(lines, verdicts)
    _edge(lines, weights, verdicts, "foot", range(len(lines) - 1, -1, -1))
    return verdicts


def _of_account(lines: Sequence[str], verdicts: list[str | None]) -> None:
    """Take the names between the first and the last line of an account's header, and the card of another account."""
    top = range(min(len(lines), ACCOUNT_HEAD))
    opens = next((i for i in top if ACCOUNT_OPENS.match(lines[i])), None)
    if opens is not None:
        block = list(takewhile(lambda i: verdicts[i] or len(lines[i]) <= ACCOUNT_LINE, top))
        closes = max((i for i in block if ACCOUNT_CLOSES.match(lines[i])), default=-1)
        opens = 0 if opens == 1 and len(lines[0]) <= NAME else opens  # the account above its name in Latin
        if closes >= opens and sum(verdicts[i] is None for i in range(opens, closes + 1)) <= UNNAMED:
            closes += closes + 1 < len(lines) and PROVINCE.fullmatch(lines[closes + 1]) is not None
            verdicts[opens : closes + 1] = [each or "credit" for each in verdicts[opens : closes + 1]]
    for index in top:
        if taken := TAKEN_FROM.match(lines[index]):
            card = [line.rstrip(" .") for line in lines[index + 1 : index + 2]]
            is_card = card == [taken[1]]
            has_dot = is_card and lines[index + 1].endswith(" .") and index + 3 < len(lines)
            if is_card:
                verdicts[index + 1] = "credit"
            if has_dot and len(lines[index + 2]) <= ACCOUNT_LINE:
                verdicts[index + 2] = "credit"
            return


def _of_form(lines: Sequence[str], verdicts: list[str | None]) -> None:
    """Take what stands above and below the text in a board's form for news: its labels, what they say, remarks."""
    labels = [(i, found) for i, line in enumerate(lines) if line[0].isdigit() and (found := FORM.match(line))]
    text = next((i for i, found in labels if found["text"]), None)
    if text is None or sum(i < text and bool(found["head"]) for i, found in labels) < FORM_HEADS:
        return
    foot = next((i for i, found in labels if i > text and found["foot"]), len(lines))
    for index in (*range(text + 1), *range(foot, len(lines))):
        verdicts[index] = verdicts[index] or "credit"


def _below_related(lines: Sequence[str], verdicts: list[str | None]) -> None:
    """Take the titles below the last heading of other articles with it, where nothing but titles follows."""
    last = max((i for i, verdict in enumerate(verdicts) if verdict == "related"), default=None)
    if last is None or not 0 < last < len(lines) - 1 or len(lines) - last > TITLES:
        return
    if all(len(line) <= PARAGRAPH and line[-1] not in "。；：”」" for line in lines[last + 1 :]):
        verdicts[last:] = ["related"] * (len(lines) - last)


def _lists_follow(sentences: int, lines: int) -> bool:
    """Whether what follows a heading looks like titles and teasers rather than the rest of an article."""
    return sentences <= max(3, lines // 2)


def _are_sources(lines: Sequence[str]) -> bool:
    """Whether most of the lines below a heading, up to the next that cuts, are works cited: of the article itself."""
    below = list(takewhile(lambda line: matching(line, "cut") is None, lines[:MOST_SOURCES]))
    cited = sum(CITED.search(line) is not None for line in below)
    return cited > 0 and 2 * cited >= len(below)


def _edge(
    lines: Sequence[str], weights: Sequence[float], verdicts: list[str | None], place: str, order: range
) -> None:
    """Apply the rules of one edge until the first line that reads like a paragraph and matches none.

    A line under the title that ends without a mark is none: a subtitle, the writer's post. At the foot one or two
    that no rule knows go with the credits above them; else they are the article's, and so is what is above them.
    """
    unknown: list[int] = []
    for index in order:
        line = lines[index]
        rule = verdicts[index] or matching(line, place)
        if rule is None:
            is_paragraph = weights[index] > 0 and (len(line) >= PARAGRAPH or line[-1] in ENDS)
            unknown.append(index)
            if is_paragraph or (place == "foot" and len(unknown) > UNKNOWN):
                return
        elif place == "head" or not unknown or rule in CLOSERS:
            verdicts[index] = rule
            for below in unknown if place == "foot" else ():
                verdicts[below] = rule
            unknown.clear()
        elif verdicts[index] is None:
            return


def trim(lines: Sequence[str]) -> list[str]:
    """The kept lines, with credits glued to the end of the last ones taken off, which may leave nothing of a line."""
    out = list(lines)
    ends = [rule for rule in _rules() if rule.place == "end"]
    asked = _ASKED.get()
    for index in range(max(0, len(out) - LAST_LINES), len(out)):
        tail = out[index][-80:]
        if asked is not None:
            asked.add(tail)
        for rule in ends:
            found = rule.pattern.search(tail)
            if found:
                tail = tail[: found.start()].rstrip()
                if asked is not None:
                    asked.add(tail)
        out[index] = out[index][:-80] + tail if len(out[index]) > 80 else tail
    return out


def matching(line: str, place: str) -> str | None:
    """Name of the first rule of a place that matches the line, or None. At an edge a byline alone is a credit,
    and what speaks to the reader of the page promotion."""
    bare = BULLETS.sub("", line)
    if (asked := _ASKED.get()) is not None:
        asked.add(line)
    said = (bare, line) if place == "foot" and bare != line else (bare,)
    more = _TRIED.get()
    tests, rules = _fitting(place, len(line))
    is_asked = place in EDGES or any(test(text) for test in tests for text in said)
    fitting: Sequence[Phrase] = rules if is_asked else ()
    for rule in (*fitting, *([more] if more and more.place == place else [])):
        if any(map(rule.pattern.match, said)):
            return rule.name
    if place in EDGES:
        return "credit" if is_byline(line) else "promotion" if is_call(line, place) else None
    return None


@cache
def _rules() -> list[Phrase]:
    return phrases(table("boilerplate"))


@lru_cache(maxsize=2_000)
def _fitting(place: str, length: int) -> tuple[list[Callable[[str], object]], list[Phrase]]:
    """(tests of which one says whether some rule of a place may match a line, those for lines of a length in the
    order of the file).

    97 lines of a hundred match none, and one search for many is five times as fast as one for each; most are longer
    than most rules are for. The few lines at the edges are not worth the 60 ms that theirs takes to compile.
    """
    here = [rule for rule in _rules() if rule.place == place]
    bands = [] if place in EDGES else [band for band in pairwise(BANDS) if length <= band[1]]
    patterns = (tuple(r.written for r in here if low < r.longest <= high) for low, high in bands)
    return [_all_in_one(each) for each in patterns if each], [r for r in here if length <= r.longest]


@cache
def _all_in_one(patterns: Sequence[str]) -> Callable[[str], object]:
    """Whether one of some patterns matches."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns)).match
