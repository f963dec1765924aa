"""The time of day beside a day, and its zone: 08:49, 下午3点20分, 2024-05-13T08:49:00+08:00, 北京时间.

A time is kept as it is printed, without a zone that nobody says. Midnight to the second is what a system writes that
knows only the day, and is no time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlsplit

from pipeline.extract.variants import either_script

CHINA_OFFSET = "+08:00"
_COUNTRIES = "cn hk mo tw sg my xn--fiqs8s xn--fiqz9s xn--j6w193g xn--kprw13d xn--kpry57d xn--yfro4i67o"
COUNTRIES = frozenset(_COUNTRIES.split())
"""Last labels of hosts in countries and regions that write Chinese (the encoded ones are 中国, 香港, 台湾, 新加坡): the
clocks of all show UTC+8, and have since 1991."""

FILING = re.compile(r"ICP\s?[备備证證]\s?(?:案?\s?号?\s?)?\d{6,}|公网安备\s?\d{8,}", re.I)
"""A number under which a site is registered in mainland China, which must be shown (《互联网信息服务管理办法》 §12)."""

FOOT = 40
"""Last lines of a page in which the filing is looked for."""

PAGE, COUNTRY, REGISTERED = "page", "country", "filing"
"""What says an offset: the page itself, the country of its host name, the number of its registration."""

FULL_WIDTH = str.maketrans("０１２３４５６７８９．－／", "0123456789.-/")

BEHIND = 48
"""Code points behind a day, and before it, that are read for its time."""

_NUMBERS = (
    r"(?<!\d)(?P<h>[01]?\d|2[0-3])"
    r"(?:\s?[:：﹕]\s?(?P<m>[0-5]\d)(?:\s?[:：﹕]\s?(?P<s>[0-5]\d)(?:\.\d{1,9})?)?|\s?[点點时時]\s?(?P<hm>[0-5]?\d)\s?分)(?!\d)"
)
_HALF = r"(?:(?P<half>凌晨|清晨|早上|上午|中午|下午|傍晚|晚上|晚间|[ap]\.?m\b\.?)[\s\x1f]{0,2})?"
_HALF_BEHIND = r"(?:[\s\x1f]{0,2}(?P<after>[ap]\.?m\b\.?))?"
_ZONE = (
    r"(?:[\s\x1f]{0,3}[（(【\[]?(?:(?P<east>北京时间|台北时间|香港时间|新加坡时间|Asia/(?:Shanghai|Taipei|Hong_Kong|Singapore)|HKT\b|SGT\b|MYT\b)|"
    r"(?:GMT|UTC)[\s\x1f]?(?P<named>[+-](?:0?\d|1[0-4])(?::?[0-5]\d)?)(?![\d:-])|(?P<bare>\+(?:0\d|1[0-4]):?[0-5]\d|-(?:0\d|1[0-2])[0-5]\d)(?![\d:-])|"
    r"(?P<utc>Z\b|UTC\b|GMT\b)))?"
)
"""Between two times -10:30 is the end of a span: without GMT before it a zone west of it has no colon."""
_CLOCK = _HALF + _NUMBERS + _HALF_BEHIND + _ZONE
BESIDE = either_script(
    r"(?:\s?[日号號]|st\b|nd\b|rd\b|th\b)?[\s\x1f,，|｜/·•・T_-]{0,6}"
    r"(?:[（(【\[]?(?:星期|周|週|礼拜)[一二三四五六日天][）)】\]]?|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}|at\b)?[\s\x1f,，|｜/·•・]{0,6}"
    r"(?P<east_before>(?:北京|台北|香港)时间|HKT|SGT)?[\s\x1f:：（(]{0,3}" + _CLOCK,
    re.I,
)
INSIDE = either_script(_NUMBERS + _HALF_BEHIND + _ZONE, re.I)
BEFORE = either_script(_CLOCK + r"[\s\x1f,，|｜/·•・-]{0,4}$", re.I)
ALONE = either_script(
    r"[\s\x1f（(]{0,4}(?:时间|發佈時間)?[:：\s\x1f]{0,3}" + _CLOCK + r"[）)\s\x1f]{0,4}", re.I
)
EAST_BEFORE = either_script(r"(?:北京|台北|香港)时间[\s\x1f:：]{0,3}$")
HOUR = re.compile(r"\d\s?[:：﹕点點时時]")
"""What every time holds: most lines have none and are not asked further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A time of day."""

    time: str
    """HH:MM or HH:MM:SS (ISO 8601)."""
    offset: str = ""
    """+08:00; "": the place where it stands says none."""


def clock_beside(line: str, start: int, end: int) -> Clock | None:
    """The time that stands behind the day `line[start:end]`, else in it (ctime), else before it.

    >>> clock_beside("发布于2024年5月13日 下午3:20 来源", 3, 12)
    Clock(time='15:20', offset='')
    """
    if not HOUR.search(line, max(0, start - BEHIND), end + BEHIND):
        return None
    before = line[max(0, start - BEHIND) : start].translate(FULL_WIDTH)
    found = INSIDE.search(line[start:end]) or BEFORE.search(before)
    clock = clock_behind(line, end) or _read(found)
    if clock and not clock.offset and EAST_BEFORE.search(before):
        return replace(clock, offset=CHINA_OFFSET)
    return clock


def clock_behind(line: str, end: int) -> Clock | None:
    """The time that stands behind a day that ends there."""
    return _read(BESIDE.match(line[end : end + BEHIND].translate(FULL_WIDTH)))


def clock_alone(line: str) -> Clock | None:
    """The time that a whole line is."""
    return _read(ALONE.fullmatch(line)) if len(line) <= BEHIND else None


def _read(found: re.Match[str] | None) -> Clock | None:
    """What a match says; None for midnight."""
    if found is None:
        return None
    said = found.groupdict()
    hour, minute, second = int(said["h"]), said["m"] or said["hm"] or "", said["s"]
    half = (said.get("half") or said["after"] or " ").lower()
    if (half[0] in "p下傍晚" and hour <= 12) or (half == "中午" and hour < 3):
        hour = hour % 12 + 12
    elif half[0] in "a凌" and hour == 12:
        hour = 0
    if hour == 0 and not int(minute or 0) and not int(second or 0):
        return None
    time = f"{hour:02}:{int(minute or 0):02}" + (f":{int(second):02}" if second else "")
    return Clock(time=time, offset=_offset(said))


def _offset(said: dict[str, str | None]) -> str:
    if said["east"] or said.get("east_before"):
        return CHINA_OFFSET
    if said["utc"]:
        return "+00:00"
    zone = said["named"] or said["bare"]
    if not zone:
        return ""
    digits = zone[1:].replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "00")
    return f"{zone[0]}{int(hours):02}:{minutes}"


def offset_of(url: str, lines: Sequence[str]) -> tuple[str, str | None]:
    """(offset, what says it) of a page whose times say none; ("", None) where its country is not known.

    `lines` are the page's; their last FOOT may name the registration.
    """
    if (urlsplit(url).hostname or "").rpartition(".")[2] in COUNTRIES:
        return CHINA_OFFSET, COUNTRY
    if any(FILING.search(line[:2_000]) for line in lines[-FOOT:]):
        return CHINA_OFFSET, REGISTERED
    return "", None


def moment(day: date, clock: Clock, offset: str = "") -> str:
    """Day and time in ISO 8601, with the clock's offset or else the given one, or none.

    >>> moment(date(2024, 5, 13), Clock(time="08:49"), "+08:00")
    '2024-05-13T08:49+08:00'
    """
    return f"{day.isoformat()}T{clock.time}{clock.offset or offset}"
