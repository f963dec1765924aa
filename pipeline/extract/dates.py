"""Days of publication as pages print them: 2024-05-13 08:49, 2024年5月13日, 03月25日, 2020, 三月 29, 2020 …

A day, never a time: hours matter only where a machine value has a zone, which is turned to China's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))
EARLIEST = 1994
"""No Chinese web page is older."""

LATEST = 2100

MONTHS = {
    m: i
    for i, m in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
HAN_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {
    "零": 0,
    "○": 0,
    "Ｏ": 0,
    "O": 0,
    "０": 0,
}

NUMERIC = re.compile(
    r"(?<![\d.])((?:19|20)\d\d)\s{0,3}(?:[-./／]|年)\s{0,3}(1[0-2]|0?[1-9])\s{0,3}(?:[-./／]|月)\s{0,3}(3[01]|[12]\d|0?[1-9])(?!\d(?!\d?[:：]\d\d))"
)
"""A clock time may be glued to the day: 2023-03-1108:05."""

COMPACT = re.compile(r"(?<!\d)((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)")
SPACED = re.compile(
    r"(?<![\d.])((?:19|20)\d\d) {1,3}(1[0-2]|0[1-9]) {0,2}[/.-] {0,2}(3[01]|[12]\d|0[1-9])(?!\d)"
)
REPUBLIC = re.compile(
    r"(?:民國|民国)\s{0,2}(1?\d\d)\s{0,2}年\s{0,2}(1[0-2]|0?[1-9])\s{0,2}月\s{0,2}(3[01]|[12]\d|0?[1-9])\s{0,2}日"
)
REPUBLIC_BARE = re.compile(
    r"(?:日期|時間|发布|發布|發佈|更新|上版|張貼|刊登)[日期時間於：:\s]{1,6}((?:9\d|1[0-3]\d))\s{0,2}[-./年]\s{0,2}"
    r"(1[0-2]|0?[1-9])\s{0,2}[-./月]\s{0,2}(3[01]|[12]\d|0?[1-9])(?!\d)"
)
"""發布日期：112-03-11, as offices in Taiwan write it; only after such a word."""

DAY_MONTH_YEAR = re.compile(
    r"(?<![\d./-])(3[01]|[12]\d|0?[1-9])([/.-])(3[01]|[12]\d|0?[1-9])\2((?:19|20)\d\d)(?![\d/-])"
)
"""11/03/2023: day first, as in Malaysia, Singapore and Hong Kong, unless that is no day."""

SHORT_YEAR = re.compile(r"(?<![\d-])([0-3]\d)-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?![\d-])")
MONTH_FIRST = re.compile(
    r"(?:(1[0-2]|0?[1-9])\s{0,2}月\s{0,2}(3[01]|[12]\d|0?[1-9])\s{0,2}日?|([一二三四五六七八九十]{1,2})月\s{0,3}(3[01]|[12]\d|0?[1-9]))"
    r"\s{0,2}[,，]\s{0,3}((?:19|20)\d\d)"
)
HAN_MONTH = re.compile(
    r"(?<!\d)(3[01]|[12]\d|0?[1-9])\s{1,3}([一二三四五六七八九十]{1,2})月,?\s{1,3}((?:19|20)\d\d)"
)
ENGLISH = re.compile(
    r"\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?\s{1,3}(3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?\b,?"
    r"(?:\s{1,3}(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},?)?\s{1,3}((?:19|20)\d\d)",
    re.I,
)
ENGLISH_DAY_FIRST = re.compile(
    r"\b(3[01]|[12]\d|0?[1-9])\s(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?,?\s((?:19|20)\d\d)",
    re.I,
)
HAN = re.compile(
    r"([一二][〇零○ＯO０一二三四五六七八九]{3})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})日"
)
ISO = re.compile(r"^\s*(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?\s?(Z|[+-]\d\d:?\d\d)")
EPOCH = re.compile(r"^\d{10}(?:\d{3})?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDay:
    """A day and the string it was read from."""

    day: date
    raw: str
    start: int
    end: int


def find_day(text: str) -> FoundDay | None:
    """The first day of publication written in a string, or None; impossible days are passed over.

    A gap between marked-up pieces counts as a space: 2023|05|/|06.

    >>> find_day("发布于2026年5月6日 10:30")
    FoundDay(day=datetime.date(2026, 5, 6), raw='2026年5月6', start=3, end=11)
    >>> find_day("2026年13月6日") is None
    True
    """
    text = text.replace("\x1f", " ")
    best: FoundDay | None = None
    for pattern, read in _FORMS:
        for match in pattern.finditer(text):
            day = read(match)
            if day and (best is None or match.start() < best.start):
                best = FoundDay(day=day, raw=match[0], start=match.start(), end=match.end())
                break
    return best


def machine_day(value: str) -> date | None:
    """The day in China of a machine value: ISO with or without zone, epoch seconds or milliseconds, or printed."""
    value = value.strip().replace("&#x2B;", "+")
    if EPOCH.match(value):
        return _sane(datetime.fromtimestamp(int(value[:10]), CHINA).date())
    iso = ISO.match(value)
    if iso:
        zone = "+00:00" if iso[3] == "Z" else iso[3]
        try:
            moment = datetime.fromisoformat(f"{iso[1]}T{iso[2]}{zone}")
        except ValueError:
            return None
        return _sane(moment.astimezone(CHINA).date())
    found = find_day(value) or _compact(value)
    return found.day if found else None


def _compact(text: str) -> FoundDay | None:
    match = COMPACT.search(text)
    day = _day(match[1], match[2], match[3]) if match else None
    return FoundDay(day=day, raw=match[0], start=match.start(), end=match.end()) if match and day else None


def day_in_url(url: str) -> FoundDay | None:
    """The day in an address such as /2024-05/13/ or /20240513/, or None."""
    found = re.search(r"/((?:19|20)\d\d)[-/_]?(0[1-9]|1[0-2])[-/_]?(0[1-9]|[12]\d|3[01])(?=[/_.\-]|$)", url)
    day = _day(found[1], found[2], found[3]) if found else None
    return FoundDay(day=day, raw=found[0].strip("/"), start=0, end=0) if found and day else None


def _day(year: str | int, month: str | int, day: str | int) -> date | None:
    try:
        return _sane(date(int(year), int(month), int(day)))
    except ValueError:
        return None


def _sane(day: date) -> date | None:
    return day if EARLIEST <= day.year < LATEST else None


def _day_or_month_first(match: re.Match[str]) -> date | None:
    return _day(match[4], match[3], match[1]) or _day(match[4], match[1], match[3])


def _han_number(text: str) -> int:
    """十二 → 12, 二十九 → 29."""
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return HAN_DIGITS.get(text, 0)
    return 10 * (HAN_DIGITS.get(tens, 1) if tens else 1) + (HAN_DIGITS.get(ones, 0) if ones else 0)


def _han_day(match: re.Match[str]) -> date | None:
    year = int("".join(str(HAN_DIGITS[c]) for c in match[1]))
    return _day(year, _han_number(match[2]), _han_number(match[3]))


_FORMS = (
    (NUMERIC, lambda m: _day(m[1], m[2], m[3])),
    (SPACED, lambda m: _day(m[1], m[2], m[3])),
    (REPUBLIC, lambda m: _day(int(m[1]) + 1911, m[2], m[3])),
    (REPUBLIC_BARE, lambda m: _day(int(m[1]) + 1911, m[2], m[3])),
    (DAY_MONTH_YEAR, _day_or_month_first),
    (MONTH_FIRST, lambda m: _day(m[5], m[1] or _han_number(m[3]), m[2] or m[4])),
    (HAN_MONTH, lambda m: _day(m[3], _han_number(m[2]), m[1])),
    (ENGLISH, lambda m: _day(m[3], MONTHS[m[1].lower()], m[2])),
    (ENGLISH_DAY_FIRST, lambda m: _day(m[3], MONTHS[m[2].lower()], m[1])),
    (HAN, _han_day),
    (SHORT_YEAR, lambda m: _day(2000 + int(m[1]), m[2], m[3])),
)
