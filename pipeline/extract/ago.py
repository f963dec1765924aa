"""Days told by the visitor's own: 3小时前, 昨天 21:15, 前天, 刚刚, 2天前, and days without a year: 05-13 08:49.

They mean something only beside the time of the capture. What is told in weeks, months or years is no day.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pipeline.extract.clock import Clock, clock_behind
from pipeline.extract.dates import CHINA, HAN_DIGITS
from pipeline.extract.variants import either_script

LONGEST = 60
"""Code points of a line that can tell a day so; a longer one is text."""

_N = r"(\d{1,3}|[一二两三四五六七八九十半])\s?"
_BEGIN = r"(?:^|(?<=[\s\x1f|｜·•・/:：于於（(，,])|(?<=发布)|(?<=发表)|(?<=更新)|(?<=编辑)|(?<=修改))"
_CLOCK = r"[\s\x1f]{0,2}(?:[上下]午[\s\x1f]?)?\d{1,2}[:：]\d\d"
_END = rf"(?={_CLOCK}|$|[\s\x1f|｜·•・/）)]|发布|发表|更新|修改|编辑|来自|阅读)"


def _minus(**unit: float) -> Callable[[datetime, re.Match[str]], date | None]:
    """The day so many of a unit before now."""

    def day(now: datetime, found: re.Match[str]) -> date | None:
        count = 0.5 if found[1] == "半" else HAN_DIGITS.get(found[1], 0) or _number(found[1])
        return (now - count * timedelta(**unit)).date()

    return day


def _number(text: str) -> int:
    return {"两": 2, "兩": 2, "十": 10}.get(text) or int(text)


def _yearless(now: datetime, found: re.Match[str]) -> date | None:
    """The last such day that had come when the page was captured."""
    for year in (now.year, now.year - 1):
        try:
            day = date(year, int(found[1]), int(found[2]))
        except ValueError:
            continue
        if day <= now.date():
            return day
    return None


_FORMS: tuple[tuple[str, Callable[[datetime, re.Match[str]], date | None]], ...] = (
    (r"()(?:刚刚|剛剛|刚才|剛才|just now)", lambda now, _: now.date()),
    (rf"{_N}(?:秒钟?|seconds?|secs?)(?:前|以前|之前|\sago)", _minus(seconds=1)),
    (rf"{_N}(?:分钟?|minutes?|mins?)(?:前|以前|之前|\sago)", _minus(minutes=1)),
    (rf"{_N}(?:个?小时|个?钟头|hours?|hrs?)(?:前|以前|之前|\sago)", _minus(hours=1)),
    (rf"{_N}(?:天|日|days?)(?:前|以前|之前|\sago)", _minus(days=1)),
    (r"()大前[天日]", lambda now, _: now.date() - timedelta(days=3)),
    (r"()前[天日]", lambda now, _: now.date() - timedelta(days=2)),
    (r"()(?:昨[天日]|yesterday)", lambda now, _: now.date() - timedelta(days=1)),
    (r"()(?:今[天日]|today)(?=[\s\x1f]{0,2}\d{1,2}[:：]\d\d|$)", lambda now, _: now.date()),
    (r"(1[0-2]|0?[1-9])[-/月](3[01]|[12]\d|0?[1-9])日?(?=[\s\x1f]{1,3}\d{1,2}[:：]\d\d)", _yearless),
    (r"(1[0-2]|0?[1-9])月(3[01]|[12]\d|0?[1-9])日", _yearless),
)
FORMS = tuple(
    (
        either_script(f"{_BEGIN}{form}{_END}", re.I),
        read,
    )
    for form, read in _FORMS
)
"""Each form and the day it means at a time."""

SIGN = either_script(r"[前昨刚剛今月]|ago|now|day|\d[-/]\d", re.I)
SENTENCE = re.compile(r"[。！？；!?;]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ago:
    """A day told by the visitor's, and where."""

    day: date
    raw: str
    start: int
    end: int
    clock: Clock | None


def days_ago(line: str, captured_at: datetime) -> Ago | None:
    """The first day that a line tells so, seen from the time of the capture in the zone of those who write Chinese.

    >>> from datetime import UTC
    >>> days_ago("示例网 · 昨天 21:15", datetime(2024, 5, 13, 23, tzinfo=UTC))
    Ago(day=datetime.date(2024, 5, 13), raw='昨天', start=6, end=8, clock=Clock(time='21:15', offset=''))
    """
    if len(line) > LONGEST or not SIGN.search(line) or SENTENCE.search(line):
        return None
    now = captured_at.astimezone(CHINA)
    best: Ago | None = None
    for pattern, read in FORMS:
        found = pattern.search(line)
        if found and (best is None or found.start() < best.start) and (day := read(now, found)):
            clock = clock_behind(line, found.end())
            best = Ago(day=day, raw=found[0], start=found.start(), end=found.end(), clock=clock)
    return best
