"""Numbered pages of a listing, and the search among them for the last one that is all newer than what is looked for.

A listing of 2,000 pages is read back page by page where nothing else is known; where its addresses count its pages, by
doubling steps and then by halves: some twenty of them.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from pipeline.crawl.backlog import Span
from pipeline.crawl.discover import Listed
from pipeline.crawl.urldates import Days

FURTHEST = 1 << 17
"""Pages that a step goes ahead at most (ours)."""
MOST_ASKED = 2 * FURTHEST.bit_length() - 1
"""Pages that one search asks for at most."""
LOOKS = 3
"""Articles of a page, from its end, of which one is to tell its day, for the page to be placed in time (ours)."""
MAX_STEP = 200
"""Most by which two numbers that follow one another differ: an offset in articles, or a count; not a cursor (ours)."""
ORDERLY = timedelta(days=7)
"""By so much the last articles of two pages may stand the other way round, and their listing be in the order of time
(ours)."""

_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Addresses that differ in one number."""

    before: str
    after: str
    """What stands around it."""
    number: int
    """That of the first of them."""
    step: int
    """From one to the next; below 0 where the oldest is number 1."""
    width: int = 0
    """Digits it is filled up to."""

    def url(self, index: int) -> str | None:
        """The address that many pages on; None: its number would be below 0."""
        number = self.number + index * self.step
        return f"{self.before}{number:0{self.width}d}{self.after}" if number >= 0 else None


def numbered(one: str, two: str) -> Pages | None:
    """How two addresses of pages that follow one another go on; None: they do not differ in one number alone.

    >>> numbered("https://x.cn/list/2", "https://x.cn/list/3").url(10)
    'https://x.cn/list/12'
    """
    first, second = _DIGITS.split(one), _DIGITS.split(two)
    if len(first) != len(second):
        return None
    differs = [n for n, (a, b) in enumerate(zip(first, second, strict=True)) if a != b]
    if len(differs) != 1 or differs[0] % 2 == 0 or max(map(len, (first[differs[0]], second[differs[0]]))) > 9:
        return None
    at = differs[0]
    number, step = int(first[at]), int(second[at]) - int(first[at])
    if not 0 < abs(step) <= MAX_STEP:
        return None
    width = len(first[at]) if first[at].startswith("0") and len(first[at]) == len(second[at]) else 0
    before, after = "".join(first[:at]), "".join(first[at + 1 :])
    return Pages(before=before, after=after, number=number, step=step, width=width)


async def last_where(holds: Callable[[int], Awaitable[bool]]) -> int:
    """The last index up to which something holds, that holds at 0 and at none after one where it does not.

    Asked at 1, 2, 4 … until it does not hold, then by halves. Where it holds again further on, the index is one before
    a place where it does not: what lies before that may be passed by, what lies behind it never is.
    """
    low, high = 0, 1
    while high <= FURTHEST and await holds(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if await holds(middle) else (low, middle)
    return low


class Seek:
    """One search among the pages of a listing, for the last before the span of a backfill is reached."""

    def __init__(
        self,
        pages: Pages,
        span: Span,
        first: Listed,
        days: Days,
        read: Callable[[str, int], Awaitable[tuple[Listed, Days] | None]],
    ) -> None:
        """`pages` begin with one that holds what is `first`, the last of it of these `days`.

        `read` gives a page by its address and index, with the days of its last article; None: it cannot be had, or
        tells no day.
        """
        self.is_in_order = True
        """Whether the pages come in the order of time: if not, none may be passed by."""
        self.read: dict[str, Listed] = {}
        """What was read of pages that are not all newer, by address: the way back goes on with them."""
        self._pages = pages
        self._span = span
        self._first = frozenset(link.key for link in first.links)
        self._days = {0: days}
        self._older: dict[int, str | None] = {}
        self._read = read

    def is_first(self, listed: Listed) -> bool:
        """Whether a page holds what the first one does, as some sites show behind their last one, or nothing."""
        return self._first.issuperset(link.key for link in listed.links)

    async def is_ahead(self, index: int) -> bool:
        """Whether a page is there, and all newer than the span."""
        url = self._pages.url(index)
        found = await self._read(url, index) if url is not None and self.is_in_order else None
        if url is None or found is None or not self._fits(index, found[1]):
            return False
        listed, days = found
        self._days[index] = days
        if not self._span.is_after(days):
            self.read[url] = listed
            return False
        self._older[index] = listed.older
        return True

    def older(self, index: int) -> str | None:
        """Address of the page after one that is ahead; None: it is the last."""
        url = self._pages.url(index + 1)
        return self._older.get(index) or (url if url in self.read else None)

    def _fits(self, index: int, days: Days) -> bool:
        """Whether a page stands in the order of time among the others, within ORDERLY."""
        for other, its in self._days.items():
            newer, older = (its, days) if other < index else (days, its)
            if older[0] - newer[1] > ORDERLY:
                self.is_in_order = False
        return self.is_in_order
