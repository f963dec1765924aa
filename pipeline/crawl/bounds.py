"""What a backfill knows of the days of one source's pages, and which of them are for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from enum import Enum

from pipeline.crawl.backlog import BY_PAGE, Found, Span, in_china
from pipeline.crawl.discover import ListedUrl
from pipeline.crawl.urldates import Days, UrlDates

DateOf = Callable[[bytes, str, str], date | None]
"""The day of publication that a page tells: of its body, Content-Type and URL; None: none."""

BY_ORDER = "order"
"""A day is told by where a page stands among others, in a list with the newest first."""


class Where(Enum):
    """How a page stands to a span, as far as is known."""

    INSIDE = "inside"
    MAYBE = "maybe"
    OUTSIDE = "outside"


class Bounds:
    """The days of one source's pages, learned while a backfill reads its lists and pages."""

    def __init__(self, span: Span, examples: Iterable[tuple[str, date]] = ()) -> None:
        """`examples`: URLs of the source's own captures, and the days that their pages tell."""
        self.span = span
        self.dates = UrlDates()
        for url, day in examples:
            self.dates.learn(url, day)
        self._found: dict[str, Found] = {}

    def add(self, found: Found) -> bool:
        """Take in what is known of a page; whether it is any news."""
        known = self._found.get(found.key)
        if known is not None and (known.told_by == BY_PAGE or (known.told_by and not found.told_by)):
            return False
        self._found[found.key] = found
        return known != found

    def learn(self, found: Found, day: date | None) -> Found:
        """Take in what a page itself says of its day."""
        if day is not None:
            self.dates.learn(found.url, day)
        found = replace(found, first=day, last=day, told_by=BY_PAGE)
        self._found[found.key] = found
        return found

    def known(self, key: str) -> Found | None:
        """What is known of a page."""
        return self._found.get(key)

    def all(self) -> list[Found]:
        """Every page known, by key."""
        return [self._found[key] for key in sorted(self._found)]

    def days(self, key: str) -> Days | None:
        """The days a page may be of: by the page, by a list that says when it was published, by its address, by a list
        that says when it was changed or its place in one; None: nobody tells."""
        found = self._found.get(key)
        if found is None:
            return None
        if found.told_by == BY_PAGE or (found.first is not None and found.first == found.last):
            return found.days
        return self.dates.of(found.url) or found.days

    def where(self, key: str) -> Where:
        """How a page stands to the span; one that was read and tells no day is for no span."""
        if not self.span.is_bounded:
            return Where.INSIDE
        days, found = self.days(key), self._found.get(key)
        if days is None:
            return Where.OUTSIDE if found is not None and found.told_by == BY_PAGE else Where.MAYBE
        if not self.span.meets(days):
            return Where.OUTSIDE
        return Where.INSIDE if self.span.holds(days) else Where.MAYBE

    def is_past(self, keys: Iterable[str]) -> bool:
        """Whether all pages of which a day is known are before the span; False where none is."""
        days = [each for key in keys if (each := self.days(key)) is not None]
        return bool(days) and all(map(self.span.is_before, days))

    def holding(self, sitemaps: Sequence[ListedUrl]) -> list[ListedUrl]:
        """Those children of a sitemap index that may name pages of the span, the likelier first.

        A sitemap last changed before the span names none of it. The day or month in a name counts where at least two
        children have one.
        """
        said = {each.key: UrlDates().of(each.url) for each in sitemaps}
        is_by_day = sum(days is not None for days in said.values()) > 1
        chosen = []
        for each in sitemaps:
            days = said[each.key] if is_by_day else None
            if each.at is not None and self.span.is_before((date.min, in_china(each.at))):
                continue
            if days is None or self.span.meets(days):
                chosen.append((days is None, each))
        return [each for _, each in sorted(chosen, key=lambda pair: pair[0])]
