"""Cookies of one run, by host: enough to pass a page that sets one and sends us back to itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pipeline.web.urls import parse_url

MAX_PER_HOST = 20
"""Cookies kept of one host."""
MAX_LENGTH = 4096
"""Longest cookie in characters (RFC 6265 §6.1)."""
MAX_AGE = 400 * 86400
"""Seconds that are believed of a Max-Age (draft-ietf-httpbis-rfc6265bis §5.5)."""

_NEVER = datetime.max.replace(tzinfo=UTC)
_DELIMITERS = re.compile(r"[\t -/;-@\[-`{-~]+")
_TIME = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\D.*)?", re.ASCII | re.DOTALL)
_DAY = re.compile(r"(\d{1,2})(?:\D.*)?", re.ASCII | re.DOTALL)
_YEAR = re.compile(r"(\d{2,4})(?:\D.*)?", re.ASCII | re.DOTALL)
_SECONDS = re.compile(r"-?\d+", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class Cookies:
    """The cookies hosts gave us, kept for this run only and until they expire by the clock `now` (aware UTC).

    Domain, Path and Secure are ignored: a cookie returns to the very host that set it and to no other.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._hosts: dict[str, dict[str, tuple[str, datetime]]] = {}

    def line(self, url: str) -> str:
        """The Cookie header for `url`; "" if there is none."""
        if not self._hosts.get(parse_url(url).hostname):
            return ""
        return "; ".join(f"{name}={value}" for name, (value, _) in self._jar(url).items())

    def keep(self, url: str, headers: tuple[tuple[str, str], ...]) -> None:
        """Take in the Set-Cookie headers of an answer from `url`; an expired or empty cookie is removed."""
        lines = [line for header, line in headers if header.lower() == "set-cookie"]
        if not lines:
            return
        now, jar = self._now(), self._jar(url)
        for line in lines:
            if len(line) > MAX_LENGTH or not sendable(line):
                continue
            pair, _, attributes = line.partition(";")
            name, _, value = pair.strip().partition("=")
            until = _until(attributes, now)
            if not value or until <= now:
                jar.pop(name, None)
            elif name and (name in jar or len(jar) < MAX_PER_HOST):
                jar[name] = (value, until)

    def _jar(self, url: str) -> dict[str, tuple[str, datetime]]:
        """What is kept of the host of `url`, without what has expired."""
        host, now = parse_url(url).hostname, self._now()
        jar = {name: kept for name, kept in self._hosts.get(host, {}).items() if kept[1] > now}
        self._hosts[host] = jar
        return jar


def _until(attributes: str, now: datetime) -> datetime:
    """When a cookie expires: the last Max-Age, else the last Expires that can be read (RFC 6265 §5.3)."""
    expires, lasts = _NEVER, None
    for attribute in attributes.split(";"):
        name, _, value = attribute.partition("=")
        name, value = name.strip().lower(), value.strip()
        if name == "max-age" and _SECONDS.fullmatch(value):
            lasts = timedelta(seconds=min(max(int(value), 0), MAX_AGE))
        elif name == "expires":
            expires = read_date(value) or expires
    return expires if lasts is None else now + lasts


def read_date(text: str) -> datetime | None:
    """The time a cookie's Expires names, as browsers read it (RFC 6265 §5.1.1); None if it names none.

    The standard library's http.cookiejar.http2time reads the usual `Thu, 01-Jan-70 00:00:10 GMT` as 2070 and
    `Thu Jan  1 00:00:10 1970` not at all.
    """
    clock = day = month = year = None
    for token in _DELIMITERS.split(text):
        if clock is None and (found := _TIME.fullmatch(token)) is not None:
            clock = int(found[1]), int(found[2]), int(found[3])
        elif day is None and (found := _DAY.fullmatch(token)) is not None:
            day = int(found[1])
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (found := _YEAR.fullmatch(token)) is not None:
            year = int(found[1])
    if clock is None or day is None or month is None or year is None:
        return None
    year += 1900 if 70 <= year <= 99 else 2000 if year <= 69 else 0
    try:
        hour, minute, second = clock
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC) if year >= 1601 else None
    except ValueError:
        return None


def sendable(value: str) -> bool:
    """Whether a received header value may be sent back: no control characters, nothing beyond latin-1."""
    return all(" " <= character <= "\xff" and character != "\x7f" for character in value)
