"""What is known of a source's past when it is judged, and what may be said of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from pipeline.corpus.yields import DayYield
from pipeline.crawl.daily import DayCounts
from pipeline.records import UNREACHED, USABLE

WEEKS = 8
"""Trailing weeks that a day is compared with: enough for the median of one weekday, short of a season (ours)."""

Told = tuple[date, str] | None
"""What a rule says: since which day (UTC), and the numbers in words; None: all is as usual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as usual with a source."""

    state: str
    """A name of STATES."""
    since: date
    """The first day (UTC) of it."""
    told: str
    """The numbers, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The days of one source up to the day it is judged on."""

    today: date
    """That day (UTC), which may not be over."""
    days: tuple[DayCounts, ...] = ()
    """Days on which it was asked anything, oldest first."""
    yields: tuple[DayYield, ...] = ()
    """Days from which documents are, oldest first."""
    held: Told = None
    """Since when its new rows wait, and why (corpus/gates.py); None: they do not."""
    gone: Mapping[str, date] = field(default_factory=dict)
    """Those of its lists that have answered 404 or 410 for a week, and since when."""

    @property
    def over(self) -> tuple[DayCounts, ...]:
        """The days that are over and on which a list answered, or a page where there are no lists.

        Without that nothing new could come: a page that is looked at again brings none.
        """
        by_lists = any(each.lists for each in self.days)
        return tuple(
            each
            for each in self.days
            if each.day < self.today and not USABLE.isdisjoint(each.lists if by_lists else each.pages)
        )


def pasts(
    days: Iterable[DayCounts], yields: Iterable[DayYield], names: Iterable[str], today: date
) -> dict[str, Past]:
    """The past of each of the sources named; a day on which the machine itself was cut off counts for nobody.

    So it is taken when at least two sources were asked and no server was reached for any.
    """
    by_day: dict[date, list[DayCounts]] = defaultdict(list)
    for each in days:
        if each.day <= today and (each.lists or each.pages or each.robots):
            by_day[each.day].append(each)
    visits: dict[str, list[DayCounts]] = defaultdict(list)
    for _, asked in sorted(by_day.items()):
        if len(asked) == 1 or not all(map(_unreached, asked)):
            for each in asked:
                visits[each.source].append(each)
    documents: dict[str, list[DayYield]] = defaultdict(list)
    for row in sorted(yields, key=lambda row: row.day):
        if row.day <= today:
            documents[row.source].append(row)
    return {
        name: Past(today=today, days=tuple(visits[name]), yields=tuple(documents[name])) for name in names
    }


def _unreached(each: DayCounts) -> bool:
    return {*each.lists, *each.pages, *each.robots} <= UNREACHED
