"""The times that feeds and sitemaps give, in the forms in which they give them; what is in no form is none, never now.

feedparser reads 2026年6月1日 08:00 as 31 October (it has a table for Korean and one for Hungarian dates, and takes
what looks like either), and `CST` as the time of Chicago, which in a Chinese feed is that of China.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

CHINA = timezone(timedelta(hours=8))
"""What a time without a zone is read as: these are the sources of the mainland, Hong Kong and Taiwan."""
MAX_LENGTH = 80
"""Characters of the longest time that is read."""

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0xA0: " "}
_WEEKDAY = re.compile(r"[（(]?(?:星期|周|週|礼拜|禮拜)[一二三四五六日天][)）]?[,，]?")
_NUMBERS = re.compile(
    r"(?P<year>\d{4})\s?[年/.-]\s?(?P<month>\d{1,2})\s?[月/.-]\s?(?P<day>\d{1,2})\s?[日号號]?"
    r"(?:\s{0,3}(?P<half>凌晨|早上|清晨|上午|中午|下午|傍晚|晚上|[AaPp][Mm])?"
    r"\s{0,3}(?P<hour>\d{1,2})\s?[:时時点點]\s?(?P<minute>\d{1,2})?\s?[:分]?\s?(?P<second>\d{1,2})?(?:\.\d{1,9})?\s?秒?"
    r"(?:\s{0,3}(?P<late>[AaPp][Mm]))?)?"
    r"(?:\s{0,3}(?P<zone>Z|UTC|GMT|CST|HKT|(?:UTC|GMT)?[+-]\d{1,2}:?(?:\d{2})?))?"
)
_JAVA = re.compile(r"(\w{3} \w{3} \d{1,2} [\d:]{7,8}) ([A-Z]{3,4}|(?:GMT|UTC)?[+-]\d{2}:?\d{2}) (\d{4})")
_CST = re.compile(r"\b(?:CST|HKT)\b")
_OFFSET = re.compile(r"(?<=[+-]\d{2}):(?=\d{2}\b)")
_ZONED = re.compile(r"(?:[+-]\d{4}|\b[A-Za-z]{1,5})\s{0,3}(?:\([^()]{0,20}\))?$")
_MONTH = re.compile(r"\b(十[一二]?|[一二三四五六七八九])月")
_MONTHS = dict(
    zip(
        ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"),
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        strict=True,
    )
)
_AFTERNOON = {"下午", "傍晚", "晚上", "pm"}


def parse_time(text: str) -> datetime | None:
    """The time that a text gives as aware UTC, in the first of the FORMS that it fits; None if it fits none."""
    text = text.strip().translate(_FULL_WIDTH) if len(text) <= MAX_LENGTH else ""
    for form in FORMS if text else ():
        try:
            if (at := form(text)) is not None:
                return (at if at.tzinfo else at.replace(tzinfo=CHINA)).astimezone(UTC)
        except (ValueError, OverflowError, TypeError):
            continue
    return None


def _iso(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _java(text: str) -> datetime | None:
    """`Mon Jun 01 08:00:00 CST 2026`: the zone before the year, as java.util.Date writes it."""
    found = _JAVA.fullmatch(text)
    return (
        _mail(f"{found[1]} {found[3]} {found[2].removeprefix('GMT').removeprefix('UTC')}") if found else None
    )


def _mail(text: str) -> datetime | None:
    """RFC 822 and asctime, be their words Chinese; not with AM or PM, which the standard library's reader drops."""
    text = _MONTH.sub(lambda month: _MONTHS[month[1]], _WEEKDAY.sub("", text).strip())
    text = _OFFSET.sub("", _CST.sub("+0800", text))
    found = parsedate_tz(text)
    if found is None or text[-2:].upper() in {"AM", "PM"}:
        return None
    zone = timezone(timedelta(seconds=found[9] or 0)) if _ZONED.search(text) else None
    return datetime(*found[:6], tzinfo=zone)


def _numbers(text: str) -> datetime | None:
    """Year, month and day in this order, with 年月日 or signs between them, and the hour of a day or of half a one."""
    found = _NUMBERS.fullmatch(" ".join(_WEEKDAY.sub(" ", text).split()))
    if found is None:
        return None
    year, month, day = (int(found[name]) for name in ("year", "month", "day"))
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    half = (found["half"] or found["late"] or "").lower()
    if half in _AFTERNOON and hour < 12:
        hour += 12
    elif half in {"am", "凌晨"} and hour == 12:
        hour = 0
    return datetime(year, month, day, hour, minute, second, tzinfo=_zone(found["zone"]))


def _zone(name: str | None) -> timezone:
    if name is None or name in {"CST", "HKT"}:
        return CHINA
    digits = name.removeprefix("UTC").removeprefix("GMT").replace(":", "")
    if digits in {"", "Z"}:
        return UTC
    hours, minutes = int(digits[1:3]), int(digits[3:5] or 0)
    return timezone((-1 if digits[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))


FORMS: tuple[Callable[[str], datetime | None], ...] = (_iso, _java, _numbers, _mail)
"""The forms of a time, the strictest first."""
