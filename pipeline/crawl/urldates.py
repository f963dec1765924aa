"""Days in addresses: which of the ways in which sites write them a site is seen to mean by the day of publication.

`/2020/01/02/a.html` and `t20200102_7.html` mostly say when an article came out. Whether they do is learned site by
site from pages whose day is known; until then the forms that are hardly ever anything else are believed.
"""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.web.urls import site

LEAST = 3
"""Pages from which a form is judged (ours)."""
RIGHT = 0.9
"""Share of them on which it must have said the day (ours)."""
SLACK = timedelta(days=1)
"""An address may be of the evening before: it is made when the article is written (ours)."""
LONGEST = 400
"""Characters of an address that are read."""

Days = tuple[date, date]
"""First and last day, both included."""

_YEAR, _TWO, _ONE = r"(?P<y>(?:19|20)\d\d)", r"(?P<m>\d\d)", r"(?P<m>\d{1,2})"


@dataclass(frozen=True, slots=True)
class Form:
    """A way to write a day, or a month, into an address."""

    name: str
    pattern: re.Pattern[str]
    is_plain: bool
    """Whether it is believed of a site that nothing is known of."""


FORMS: tuple[Form, ...] = (
    Form("2020/01/02", re.compile(rf"(?<!\d){_YEAR}/{_ONE}/(?P<d>\d{{1,2}})(?![\d.])"), True),
    Form("2020-01-02", re.compile(rf"(?<!\d){_YEAR}(?P<s>[-_.]){_ONE}(?P=s)(?P<d>\d{{1,2}})(?!\d)"), True),
    Form("2020/0102", re.compile(rf"(?<!\d){_YEAR}/{_TWO}-?(?P<d>\d\d)(?!\d)"), True),
    Form("202001/02", re.compile(rf"(?<!\d){_YEAR}-?{_TWO}/(?P<d>\d\d)(?!\d)"), True),
    Form("20200102", re.compile(rf"(?<!\d){_YEAR}{_TWO}(?P<d>\d\d)(?!\d)"), True),
    Form("202001", re.compile(rf"(?<!\d){_YEAR}[-/_]?{_TWO}(?!\d)"), True),
    Form("20200102…", re.compile(rf"(?<!\d){_YEAR}{_TWO}(?P<d>\d\d)(?=\d)"), False),
    Form("20/0102", re.compile(rf"(?<=/)(?P<y>\d\d)/{_TWO}(?P<d>\d\d)(?=/)"), False),
)
"""In the order in which they are believed: a day before a month. `/2020/02/7.html` is the seventh page of a month."""


def _said(url: str) -> Iterator[tuple[Form, Days]]:
    """Each form that an address has, and the days it says."""
    path = url[:LONGEST].partition("://")[2].partition("/")[2]
    for form in FORMS:
        for found in form.pattern.finditer(f"/{path}"):
            year, month = int(found["y"]), int(found["m"])
            year += 2000 if year < 100 else 0
            try:
                if "d" in form.pattern.groupindex:
                    day = date(year, month, int(found["d"]))
                    yield form, (day, day)
                else:
                    yield form, (date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))
            except ValueError:  # no such day: it is a number
                continue
            break


class UrlDates:
    """What is learned of the addresses of some sites while their pages come in."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[str, str]] = Counter()
        self._right: Counter[tuple[str, str]] = Counter()

    def learn(self, url: str, day: date) -> None:
        """Take in a page of which the day of publication is known."""
        where = site(url)
        for form, (first, last) in _said(url):
            self._seen[where, form.name] += 1
            self._right[where, form.name] += first - SLACK <= day <= last + SLACK

    def of(self, url: str) -> Days | None:
        """The days that an address says, by the first form that may be believed of its site; None: it says none."""
        where = site(url)
        return next((days for form, days in _said(url) if self._is_believed(where, form)), None)

    def _is_believed(self, where: str, form: Form) -> bool:
        seen = self._seen[where, form.name]
        return form.is_plain if seen < LEAST else self._right[where, form.name] >= RIGHT * seen
