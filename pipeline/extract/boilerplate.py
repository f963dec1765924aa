"""Lines inside the article's element that are not the article: credits, notices, promotion, teasers.

The rules are data (`rules/boilerplate.tsv`); this module knows only where on the page each kind may fire.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import takewhile

from pipeline.extract.access import notice
from pipeline.extract.calls import is_call
from pipeline.extract.creditline import is_byline
from pipeline.extract.headblocks import of_account, of_event, of_form
from pipeline.extract.prefilter import prefilter
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

EDGES = ("head", "foot")

LONGEST = 400
"""Code points of the longest line that a rule is for."""

BANDS = (0, 30, 40, 60, 120, LONGEST)
"""Code points of a line: lines between two of these are asked of the same rules."""

CLOSERS = frozenset({"comments", "credit", "disclaimer", "imprint", "related", "share"})
"""Rules below whose lines, at the foot, nothing is the article's any more."""

UNKNOWN = 2
"""Lines at the foot that no rule knows and that are no paragraph, of those below such a line (ours)."""

HEAD_UNKNOWN = 100
"""The same above the first paragraph: a list or a poem, below which nothing is the head any more."""

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
    of_account(lines, verdicts)
    of_event(lines, verdicts)
    of_form(lines, verdicts)
    _edge(lines, weights, verdicts, "foot", range(len(lines) - 1, -1, -1))
    return verdicts


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
            if is_paragraph or len(unknown) > (UNKNOWN if place == "foot" else HEAD_UNKNOWN):
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
    if (asked := _ASKED.get()) is not None:
        asked.add(line)
    if len(line) <= LONGEST and (rule := _rule_of(line, place)):
        return rule
    more = _TRIED.get()
    if more is not None and more.place == place and _fits(more, line, _said(line, place)):
        return more.name
    if place in EDGES:
        return "credit" if is_byline(line) else "promotion" if is_call(line, place) else None
    return None


def _said(line: str, place: str) -> tuple[str, ...]:
    """What the rules of a place are asked of a line: without its bullets, at the foot also as it stands."""
    bare = BULLETS.sub("", line)
    return (bare, line) if place == "foot" and bare != line else (bare,)


@lru_cache(maxsize=500)
def _rule_of(line: str, place: str) -> str | None:
    """Name of the first rule of the file that matches; remembered for a page, which asks of most lines twice."""
    rules, fitting = _asked_of(place, bisect_left(BANDS, len(line)))
    numbers = fitting(line)
    said = _said(line, place) if numbers else ()
    return next((rules[number].name for number in numbers if _fits(rules[number], line, said)), None)


def _fits(rule: Phrase, line: str, said: Sequence[str]) -> bool:
    """Whether a rule is for lines as long, and matches what its place asks of one (`_said`)."""
    return len(line) <= rule.longest and any(map(rule.pattern.match, said))


@cache
def _rules() -> list[Phrase]:
    return phrases(table("boilerplate"))


@lru_cache(maxsize=100)
def _asked_of(place: str, band: int) -> tuple[list[Phrase], Callable[[str], list[int]]]:
    """The rules of a place for lines as long as those of a band, in the order of the file; and which may match one.

    97 lines of a hundred match none, and most are longer than most rules are for.
    """
    rules = [rule for rule in _rules() if rule.place == place and rule.longest > BANDS[max(0, band - 1)]]
    return rules, prefilter([rule.written for rule in rules])
