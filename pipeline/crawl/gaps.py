"""What is at hand of a source, day of publication by day, what is known and lacks, and what a backfill would cost.

The same table before a backfill (its plan) and after it (its coverage).
"""

from __future__ import annotations

import calendar
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median

from pipeline.archive import blocklist, index
from pipeline.archive.cdxj import Ref
from pipeline.archive.withdrawn import standing_refs
from pipeline.crawl.backlog import Found, Span
from pipeline.crawl.backward import known_pages, never_read
from pipeline.crawl.bounds import Bounds, Where
from pipeline.crawl.daily import DayCounts
from pipeline.crawl.ledger import Ledger
from pipeline.crawl.numbered import LOOKS, MOST_ASKED
from pipeline.crawl.scope import Scope, by_source, scope_of, unwanted
from pipeline.crawl.urldates import Days
from pipeline.records import SETTLED, USABLE, Kind, Source
from pipeline.web.urls import site, url_key

WEEKS = 8
"""Weeks of the schedule's own crawl that the rhythm of a source is told from."""
LEAST_DAYS = 7
"""Days of it below which there is no rhythm (ours)."""
BY_DAY = 31
"""Longest span, in days, that is told day by day; a longer one is told by months (ours)."""
ARCHIVES = "others' archives"
"""Where everything may come from: `corpus import --cdx`."""
WAYS: tuple[tuple[str, str], ...] = (
    (Kind.SITEMAP, "sitemap"),
    (Kind.LISTING, "listing pages"),
    (Kind.FEED, "feed archives"),
)
"""Where a list leads back, by its kind, the likeliest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayGap:
    """One day of publication, or a month of them, of one source."""

    first: date | None
    """First day; None: nothing tells the day of these pages."""
    last: date | None
    """Last day."""
    captures: int = 0
    """Pages at hand: captured usably."""
    known: int = 0
    """Pages known and never captured usably."""
    expected: int | None = None
    """Pages that the source's own rhythm would bring; None: it has none yet."""
    ways: tuple[str, ...] = ()
    """Where what is not known yet could come from; empty: nothing seems to lack."""
    requests: int = 0
    """Requests for what is known, and for as many as are expected besides."""
    hours: float = 0.0
    """Hours these take at the polite rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What a backfill finds for one source."""

    source: str
    """Name of the source."""
    days: tuple[DayGap, ...]
    """The days of the span, or its months; last those without a day, where there are any."""
    captures: int
    """Pages at hand in it."""
    missing: tuple[str, ...]
    """URLs known or asked for that have no usable capture, of the span or of a day that nobody tells."""
    lists: int
    """Requests for lists, at the least: each one declared, where a backfill would read them."""
    requests: int
    """Requests in all, at the least."""
    hours: float
    """Hours they take at the source's polite rate."""
    search: int = 0
    """Requests besides, at the most, that lead to a span through listings whose pages are numbered (numbered.py)."""


def find_gaps(
    sources: Sequence[Source],
    raw: Path,
    *,
    since: date | None = None,
    until: date | None = None,
    urls: Sequence[str] = (),
    told: Mapping[str, date] | None = None,
) -> tuple[Gap, ...]:
    """What is at hand, and lacks, of what was published in a span of days; fetches and writes nothing.

    `told` are the days that pages themselves tell, by URL key (a corpus has them); else a list or the address does.
    With `urls` just these are looked for. UsageError for a URL of no source.
    """
    span = Span(since=since, until=until)
    asked = by_source(sources, urls)
    refs: dict[str, list[Ref]] = defaultdict(list)
    for ref in standing_refs(raw, index.find(raw)):
        if ref.kind == Kind.PAGE and ref.part_of is None:
            refs[ref.source].append(ref)
    blocked = blocklist.read(raw)
    with Ledger(raw, read_only=True) as ledger:
        return tuple(
            _of_source(
                source,
                scope_of(source, blocked),
                ledger,
                refs[source.name],
                span,
                asked[source.name] if urls else None,
                told or {},
            )
            for source in sources
        )


def _of_source(
    source: Source,
    scope: Scope,
    ledger: Ledger,
    refs: Sequence[Ref],
    span: Span,
    urls: list[str] | None,
    told: Mapping[str, date],
) -> Gap:
    good = {ref.url_key: ref.url for ref in refs if ref.outcome in USABLE}
    bounds = Bounds(span, [(url, told[key]) for key, url in good.items() if key in told])
    for each in known_pages(ledger, source):
        bounds.add(each)
    for key, url in good.items():
        bounds.add(Found(key=key, url=url, source=source.name))
    settled = {ref.url_key: ref.url for ref in refs if ref.outcome in SETTLED}
    if urls is None:
        missing = [e for e in bounds.all() if e.key not in good | settled]
    else:
        missing = [Found(key=url_key(u), url=u, source=source.name) for u in urls if url_key(u) not in good]
    missing = [each for each in missing if urls is not None or unwanted(scope, each.url) is None]
    at_hand = Counter(_day(told.get(key), bounds.days(key), span) for key in good)
    lacking = [(each, _day(None, bounds.days(each.key), span)) for each in missing]
    if urls is None:
        lacking = [(each, day) for each, day in lacking if bounds.where(each.key) != Where.OUTSIDE]
    known = Counter(day for _, day in lacking)
    reads = urls is None and (span.is_bounded or never_read(ledger, source))
    pace = max(source.delay, ledger.host(site(source.home)).delay or 0.0)
    ways = (*(word for kind, word in WAYS if any(k == kind for k, _ in source.lists)), ARCHIVES)
    rhythm = _rhythm(ledger.daily.of(source=source.name)) if reads else {}
    days = _table(span, at_hand, known, rhythm, ways if reads else (), pace)
    lists = len(source.lists) if reads else 0
    requests = sum(each.requests for each in days) + lists
    return Gap(
        source=source.name,
        days=tuple(days),
        captures=sum(each.captures for each in days),
        missing=tuple(each.url for each, _ in lacking),
        lists=lists,
        requests=requests,
        hours=requests * pace / 3600,
        search=len(source.listings) * MOST_ASKED * (1 + LOOKS) if reads and span.until is not None else 0,
    )


def _day(told: date | None, days: Days | None, span: Span) -> date | None:
    """The day a page is counted under; of a month of the span its first. None: that is not known."""
    if told is not None or days is None or date.min in days or date.max in days:
        return told
    return days[0] if days[0] == days[1] or span.holds(days) else None


def _rhythm(days: Sequence[DayCounts]) -> dict[int, float]:
    """Weekday → pages a day that the schedule brings, the median of the last weeks; empty: too few days are known."""
    last = max((each.day for each in days if each.new), default=None)
    if last is None:
        return {}
    recent = {each.day: each.new for each in days if timedelta(0) <= last - each.day < timedelta(weeks=WEEKS)}
    recent.pop(min(recent))  # the first day brings all that the lists show
    recent.pop(last, None)  # it may not be over
    if len(recent) < LEAST_DAYS:
        return {}
    by_weekday = defaultdict(list)
    for day, new in recent.items():
        by_weekday[day.weekday()].append(new)
    return {weekday: median(by_weekday[weekday] or recent.values()) for weekday in range(7)}


def _table(
    span: Span,
    at_hand: Mapping[date | None, int],
    known: Mapping[date | None, int],
    rhythm: Mapping[int, float],
    ways: tuple[str, ...],
    pace: float,
) -> list[DayGap]:
    """The rows of one source."""
    counted = sorted({day for day in (*at_hand, *known) if day is not None and span.holds((day, day))})
    rows = []
    for first, last in _periods(
        span.since or min(counted, default=None), span.until or max(counted, default=None)
    ):
        within = [day for day in counted if first <= day <= last]
        captures, waiting = (sum(of.get(day, 0) for day in within) for of in (at_hand, known))
        expected = None
        if rhythm:
            expected = round(
                sum(rhythm[(first + timedelta(n)).weekday()] for n in range((last - first).days + 1))
            )
        more = max(0, (expected or 0) - captures - waiting)
        rows.append(
            DayGap(
                first=first,
                last=last,
                captures=captures,
                known=waiting,
                expected=expected,
                ways=ways if more or expected is None else (),
                requests=waiting + more,
                hours=(waiting + more) * pace / 3600,
            )
        )
    captures = 0 if span.is_bounded else at_hand.get(None, 0)
    if captures or known.get(None) or not rows:
        n = known.get(None, 0)
        where = () if rows else ways
        rows.append(
            DayGap(
                first=None,
                last=None,
                captures=captures,
                known=n,
                ways=where,
                requests=n,
                hours=n * pace / 3600,
            )
        )
    return rows


def _periods(first: date | None, last: date | None) -> list[tuple[date, date]]:
    """The days of a span, or where it is long its months, cut at its ends."""
    if first is None or last is None or first > last:
        return []
    if (last - first).days < BY_DAY:
        return [(day, day) for n in range((last - first).days + 1) for day in [first + timedelta(n)]]
    found = []
    while first <= last:
        end = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        found.append((first, min(end, last)))
        if end == date.max:
            break
        first = end + timedelta(1)
    return found
