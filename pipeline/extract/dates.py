"""Days of publication as pages print them: 2024-05-13 08:49, 2024年5月13日, 十一月 6th, 2009, 民國113年5月2日 …

A machine value that has a zone is turned to China's. The time of day beside a printed day is clock.py's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import lru_cache

from pipeline.extract.clock import CHINA_OFFSET, FULL_WIDTH, Clock, clock_beside

CHINA = timezone(timedelta(hours=8))
EARLIEST = 1994
"""No Chinese web page is older."""

LATEST = 2100

MIDNIGHT = "00:00:00"
"""The time of a system that knows only the day."""

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
    r"(?<![\d.])((?:19|20)\d\d)\s{0,3}(?:[-./／·—–]|年)\s{0,3}(1[0-2]|0?[1-9])\s{0,3}(?:[-./／·—–]|月)\s{0,3}(3[01]|[12]\d|0?[1-9])(?!\d(?!\d?[:：]\d\d))"
)
"""A clock time may be glued to the day: 2023-03-1108:05."""

COMPACT = re.compile(
    r"(?<!\d)((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:[0-2]\d[0-5]\d(?:[0-5]\d)?)?(?!\d)"
)
"""20240513, and with a clock time glued to it: 20240513084900."""

COMPACT_ALONE = re.compile(
    r"^(?:[^\d\s]{2,6}[:：]\s?|\s{0,9})(20[0-4]\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=\s|$)"
)
"""20240513 that begins a line, or stands behind its label."""

SPACED = re.compile(
    r"(?<![\d.])((?:19|20)\d\d) {1,3}(1[0-2]|0[1-9]) {0,2}[/.-] {0,2}(3[01]|[12]\d|0[1-9])(?!\d)"
)
REPUBLIC = re.compile(
    r"(?:民國|民国)\s{0,2}(1?\d\d)\s{0,2}[-./年]\s{0,2}(1[0-2]|0?[1-9])\s{0,2}[-./月]\s{0,2}(3[01]|[12]\d|0?[1-9])(?!\d)"
)
REPUBLIC_HAN = re.compile(
    r"(?:民國|民国)\s{0,2}([一二三四五六七八九十百〇零○]{1,5})年\s{0,2}([一二三四五六七八九十]{1,3})月\s{0,2}([一二三四五六七八九十]{1,3})日"
)
"""中華民國一一三年五月二日, and 一百一十三年."""

REPUBLIC_BARE = re.compile(
    r"(?:日期|時間|时间|发布|發布|發佈|公告|更新|上版|張貼|刊登)[日期時間於：:﹕\s]{1,6}((?:9\d|1[0-3]\d))\s{0,2}[-./年]\s{0,2}"
    r"(1[0-2]|0?[1-9])\s{0,2}[-./月]\s{0,2}(3[01]|[12]\d|0?[1-9])(?!\d)"
)
"""發布日期：112-03-11, as offices in Taiwan write it; only after such a word."""

REPUBLIC_ALONE = re.compile(
    r"^\s{0,9}(1[0-3]\d)[-./年](1[0-2]|0?[1-9])[-./月](3[01]|[12]\d|0?[1-9])日?\s{0,3}(?:\d\d:\d\d(?::\d\d)?)?\s{0,9}$"
)
"""112-03-11 as a whole line."""

DAY_MONTH_YEAR = re.compile(
    r"(?<![\d./-])(3[01]|[12]\d|0?[1-9])([/.-])(3[01]|[12]\d|0?[1-9])\2((?:19|20)\d\d)(?![\d/-])(\s\d{1,2}:\d\d:\d\d\s?[AP]M\b)?"
)
"""11/03/2023: day first, as in Malaysia, Singapore and Hong Kong, unless that is no day; 3/11/2023 8:05:00 AM, as a
server set to American English prints it: month first."""

SHORT_YEAR = re.compile(r"(?<![\d-])([0-3]\d)-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?![\d-])")
SHORT_DOTTED = re.compile(
    r"(?:日期|時間|时间|发布|發布|發佈)[日期時間於：:﹕\s]{1,6}([0-3]\d)\.(0[1-9]|1[0-2])\.([0-3]\d)(?![\d.])"
)
"""日期：23.03.11 and 11.03.23 behind such a word: either end may be the year, and the later day is meant."""

_MONTH = r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_DAY = r"(3[01]|[12]\d|0?[1-9])"
_YEAR = r"((?:19|20)\d\d)(?!\d)"
_HAN_NUMBER = r"([一二三四五六七八九十]{1,3})"
MONTH_FIRST = re.compile(
    rf"(1[0-2]|0?[1-9])\s{{0,2}}月\s{{0,2}}{_DAY}(?:\s{{0,2}}日|st|nd|rd|th)?\s{{0,2}}[,，]\s{{0,3}}{_YEAR}"
)
HAN_MONTH_FIRST = re.compile(
    rf"{_HAN_NUMBER}月\s{{0,3}}{_DAY}(?:\s{{0,2}}日|st|nd|rd|th)?\s{{0,2}}[,，]?\s{{0,3}}{_YEAR}", re.I
)
"""十一月 6th, 2009, as blogs with a Chinese month and an English day print it."""

HAN_MONTH = re.compile(
    rf"(?<!\d){_DAY}(?:st|nd|rd|th)?\s{{1,3}}(?:{_HAN_NUMBER}|(1[0-2]|0?[1-9]))月,?\s{{1,3}}{_YEAR}", re.I
)
ENGLISH = re.compile(
    rf"\b{_MONTH}\.?\s{{1,3}}{_DAY}(?:st|nd|rd|th)?\b,?"
    rf"(?:\s{{1,3}}(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{{0,6}},?)?\s{{1,3}}{_YEAR}",
    re.I,
)
CTIME = re.compile(
    rf"\b{_MONTH}\s{{1,3}}{_DAY}\s{{1,3}}\d\d:\d\d:\d\d\s{{1,3}}(?:[A-Z]{{3,4}}\s{{1,3}})?{_YEAR}", re.I
)
"""Wed Jul 22 03:39:49 1998, as C's ctime() and bulletin boards print it."""

ENGLISH_DAY_FIRST = re.compile(
    rf"\b{_DAY}(?:st|nd|rd|th)?[\s-]{{1,3}}{_MONTH}\.?,?[\s-]{{1,3}}{_YEAR}",
    re.I,
)
HAN = re.compile(
    r"([一二][〇零○ＯO０一二三四五六七八九]{3})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})日"
)
ISO = re.compile(r"^\s*(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?\s?(Z|[+-]\d\d:?\d\d)")
EPOCH = re.compile(r"^\d{10}(?:\d{3})?$")
MIXED = re.compile(
    rf"(?<!\d)((?:19|20)\d\d)\s{{0,2}}年\s{{0,2}}{_HAN_NUMBER}月\s{{0,2}}(?:{_HAN_NUMBER}|{_DAY})日?"
)
"""2009年十一月6日, 2009 年十一月六日."""

RFC_822 = re.compile(r"^\s{0,9}(?:[A-Z][a-z]{2},\s?)?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d")
URL_DAY = re.compile(
    r"/t?((?:19|20)\d\d)(?:[-/_]?(0[1-9]|1[0-2])[-/_]?(0[1-9]|[12]\d|3[01])|/([1-9]|1[0-2])/([1-9]|[12]\d|3[01]))(?=[/_.\-]|$)"
)
"""/2024-05/13/, /20240513/, /2024/5/3/, and /t20240513_123.htm of the content system most government sites run
(TRS WCM)."""

SIGN = re.compile(r"[\d年]")
"""What every form of a day holds: most lines have neither and are not asked for sixteen forms."""

_WIDE = frozenset(map(chr, FULL_WIDTH))

PARTED = (
    (re.compile(rf"{_DAY}日?\s((?:19|20)\d\d)\s?[-/.年]\s?(1[0-2]|0?[1-9])月?"), (2, 3, 1)),
    (re.compile(rf"((?:19|20)\d\d)\s?[-/.年]\s?(1[0-2]|0?[1-9])月?\s{_DAY}日?"), (1, 2, 3)),
    (re.compile(rf"(1[0-2]|0?[1-9])\s?[-/.月]\s?{_DAY}日?\s{_YEAR}年?"), (3, 1, 2)),
    (re.compile(rf"((?:19|20)\d\d)年?\s(1[0-2]|0?[1-9])\s?[-/.月]\s?{_DAY}日?"), (1, 2, 3)),
    (re.compile(rf"{_DAY}日?\s(1[0-2]|0?[1-9])月\s{_YEAR}年?"), (3, 2, 1)),
    (re.compile(rf"{_YEAR}年?\s{_HAN_NUMBER}月\s{_DAY}日?"), (1, 2, 3)),
)
"""Day, month and year of a date that a page sets in two or three elements, and the groups of year, month, day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDay:
    """A day and the string it was read from."""

    day: date
    raw: str
    start: int
    end: int


@lru_cache(maxsize=128)
def find_day(text: str) -> FoundDay | None:
    """The first day of publication written in a string, or None; impossible days are passed over.

    A gap between marked-up pieces counts as a space: 2023|05|/|06. Half of the lines with a number are asked again
    by another reader of the same page, so the last answers are kept.

    >>> find_day("发布于2026年5月6日 10:30")
    FoundDay(day=datetime.date(2026, 5, 6), raw='2026年5月6', start=3, end=11)
    >>> find_day("2026年13月6日") is None
    True
    """
    if not SIGN.search(text):
        return None
    text = text.replace("\x1f", " ")
    signs = set(text)
    if not _WIDE.isdisjoint(signs):
        text = text.translate(FULL_WIDTH)
        signs = set(text)
    best: FoundDay | None = None
    for pattern, needed, read in _FORMS:
        if needed.isdisjoint(signs):
            continue
        for match in pattern.finditer(text):
            day = read(match)
            if day and (best is None or match.start() < best.start):
                best = FoundDay(day=day, raw=match[0], start=match.start(), end=match.end())
                break
    return best


def days_in(text: str, most: int = 4) -> Iterator[FoundDay]:
    """The first days written in a string, in order."""
    at = 0
    while most and (found := find_day(text[at:])):
        yield replace(found, start=at + found.start, end=at + found.end)
        at += found.end
        most -= 1


def parted_day(texts: Sequence[str]) -> FoundDay | None:
    """The day that a few texts give together and nothing else: 06 and 2009-11, or 11月06日 and 2009."""
    whole = " ".join(" ".join(texts).replace("\x1f", " ").split())
    for pattern, (year, month, day) in PARTED:
        match = pattern.fullmatch(whole)
        found = _day(match[year], _month(match[month]), match[day]) if match else None
        if found:
            return FoundDay(day=found, raw=whole, start=0, end=len(whole))
    return None


def machine_day(value: str) -> date | None:
    """The day in China of a machine value: ISO with or without zone, epoch seconds or milliseconds, or printed."""
    found = machine_moment(value)
    return found[0] if found else None


AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/((?:19|20)\d\d)(?=,?\s\d{1,2}:\d\d(?::\d\d)?\s?[AaPp][Mm]\b)")
"""5/12/2024, 7:30:00 AM: with such a clock the month stands first."""


def machine_moment(value: str) -> tuple[date, Clock | None] | None:
    """Day and time of a machine value, in China where it has a zone; midnight there is no time.

    >>> machine_moment("2020-03-24T20:00:00Z")
    (datetime.date(2020, 3, 25), Clock(time='04:00:00', offset='+08:00'))
    """
    value = value.strip().replace("&#x2B;", "+")
    try:
        instant = _instant(value)
    except (ValueError, OverflowError):
        return None
    if instant is not None:
        clock = f"{instant:%H:%M:%S}"
        offset = CHINA_OFFSET if instant.tzinfo else ""
        day = _sane(instant.date())
        return (day, None if clock == MIDNIGHT else Clock(time=clock, offset=offset)) if day else None
    if american := AMERICAN.match(value):
        day = _day(american[3], american[1], american[2])
        return (day, clock_beside(value, 0, american.end())) if day else None
    if found := find_day(value):
        return found.day, clock_beside(value, found.start, found.end)
    match = COMPACT.search(value)
    compact = _day(match[1], match[2], match[3]) if match else None
    if match is None or compact is None:
        return None
    digits = ":".join(re.findall("..", match[0][8:]))
    return compact, Clock(time=digits) if digits.strip("0:") and digits < "24" else None


def _instant(value: str) -> datetime | None:
    """The instant in China that ISO 8601 with a zone, epoch or RFC 5322 give; naive where the last has no zone."""
    if EPOCH.match(value):
        return datetime.fromtimestamp(int(value[:10]), CHINA)
    if iso := ISO.match(value):
        zone = "+00:00" if iso[3] == "Z" else iso[3]
        return datetime.fromisoformat(f"{iso[1]}T{iso[2]}{zone}").astimezone(CHINA)
    if RFC_822.match(value):
        said = parsedate_to_datetime(value)
        return said.astimezone(CHINA) if said.tzinfo else said
    return None


def day_in_url(url: str) -> FoundDay | None:
    """The day in an address such as /2024-05/13/ or /20240513/, or None."""
    found = URL_DAY.search(url)
    day = _day(found[1], found[2] or found[4], found[3] or found[5]) if found else None
    return FoundDay(day=day, raw=found[0].strip("/"), start=0, end=0) if found and day else None


def _day(year: str | int, month: str | int, day: str | int) -> date | None:
    try:
        return _sane(date(int(year), int(month), int(day)))
    except ValueError:
        return None


def _sane(day: date) -> date | None:
    return day if EARLIEST <= day.year < LATEST else None


def _month(text: str) -> str | int:
    return text if text[0].isdigit() else _han_number(text)


def _day_or_month_first(match: re.Match[str]) -> date | None:
    first, second = (match[1], match[3]) if match[5] else (match[3], match[1])
    return _day(match[4], first, second) or _day(match[4], second, first)


def _later_reading(match: re.Match[str]) -> date | None:
    """Of 11.03.23 the 11th of March 2023, not the 23rd of March 2011: pages with such a day are mostly young."""
    days = (
        _day(2000 + int(year), match[2], day) for year, day in ((match[1], match[3]), (match[3], match[1]))
    )
    return max(filter(None, days), default=None)


def _han_number(text: str) -> int:
    """十二 → 12, 二十九 → 29, 一百一十三 → 113, 一一三 → 113."""
    if "百" in text:
        hundreds, _, rest = text.partition("百")
        return 100 * HAN_DIGITS.get(hundreds, 1) + _han_number(rest.lstrip("零〇"))
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return int("".join(str(HAN_DIGITS.get(c, 0)) for c in text) or 0)
    return 10 * (HAN_DIGITS.get(tens, 1) if tens else 1) + (HAN_DIGITS.get(ones, 0) if ones else 0)


def _han_day(match: re.Match[str]) -> date | None:
    return _day(_han_number(match[1]), _han_number(match[2]), _han_number(match[3]))


_FORMS = (
    (NUMERIC, frozenset("-./·—–年"), lambda m: _day(m[1], m[2], m[3])),
    (SPACED, frozenset("-./"), lambda m: _day(m[1], m[2], m[3])),
    (COMPACT_ALONE, frozenset("0"), lambda m: _day(m[1], m[2], m[3])),
    (REPUBLIC, frozenset("国國"), lambda m: _day(int(m[1]) + 1911, m[2], m[3])),
    (
        REPUBLIC_HAN,
        frozenset("国國"),
        lambda m: _day(_han_number(m[1]) + 1911, _han_number(m[2]), _han_number(m[3])),
    ),
    (REPUBLIC_BARE, frozenset("期間间布佈告新版貼登"), lambda m: _day(int(m[1]) + 1911, m[2], m[3])),
    (REPUBLIC_ALONE, frozenset("-./年"), lambda m: _day(int(m[1]) + 1911, m[2], m[3])),
    (DAY_MONTH_YEAR, frozenset("-./"), _day_or_month_first),
    (MONTH_FIRST, frozenset("月"), lambda m: _day(m[3], m[1], m[2])),
    (HAN_MONTH_FIRST, frozenset("月"), lambda m: _day(m[3], _han_number(m[1]), m[2])),
    (HAN_MONTH, frozenset("月"), lambda m: _day(m[4], m[3] or _han_number(m[2]), m[1])),
    (ENGLISH, frozenset("aeouAEOU"), lambda m: _day(m[3], MONTHS[m[1].casefold()], m[2])),
    (CTIME, frozenset("aeouAEOU"), lambda m: _day(m[3], MONTHS[m[1].casefold()], m[2])),
    (ENGLISH_DAY_FIRST, frozenset("aeouAEOU"), lambda m: _day(m[3], MONTHS[m[2].casefold()], m[1])),
    (HAN, frozenset("年"), _han_day),
    (MIXED, frozenset("年"), lambda m: _day(m[1], _han_number(m[2]), m[4] or _han_number(m[3]))),
    (SHORT_DOTTED, frozenset("."), _later_reading),
    (SHORT_YEAR, frozenset("-"), lambda m: _day(2000 + int(m[1]), m[2], m[3])),
)
"""Each form, signs of which it has one (of an English month a vowel), and how its parts are read; of several in a text
the one that begins first is the day."""
