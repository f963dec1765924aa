"""When to ask again: delay between requests, back-off, Retry-After, interval between visits.

Pure arithmetic; the clock and the seed are passed in.
"""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_DELAY = 600.0
"""Seconds; no host is slowed further (ours)."""
MAX_ROBOTS_DELAY = 120.0
"""Seconds; a longer Crawl-delay is followed only so far (as commoncrawl/news-crawl does, conf/crawler-conf.yaml)."""
MAX_RETRY_AFTER = 24 * 3600.0
"""Seconds a Retry-After is obeyed (ours); some servers say a year."""
MAX_BACKOFF = 30.0
"""Seconds of the longest back-off inside one fetch (ours)."""
SLOWED = frozenset({412, 429, 503, 521})
"""Statuses by which a host says "too fast" or shows a challenge."""

HOUR, DAY = 3600.0, 86400.0
LOOKS = (2 * HOUR, 10 * HOUR, 2 * DAY, 10 * DAY, 30 * DAY)
"""Ages, in seconds since it was first fetched, at which an article is looked at again (ours): edits and removals were
seen at one, three and ten days, which five looks in the first seven hours never saw."""
FIRST_WINDOW = 0.25
"""Of its `every`: after so long a list without dates is read a second time, to see how fast it is (ours)."""
LEAST_WINDOW = 900.0
"""Seconds; a list that turns over faster still is not asked more often (ours)."""
HALF_LEFT = 0.5
LAST_LOOK = 365 * DAY
"""Age up to which an article is followed that goes on changing."""
LOOK_SLACK = 0.75
"""A look that comes by so much of its age counts as the one that was to come then."""
_LIST_GROWTH, _LIST_SHRINK, _LIST_MOST = 1.5, 0.8, 7 * DAY


def next_delay(
    configured: float, robots_delay: float | None, previous: float, latency: float, status: int
) -> float:
    """Seconds to wait before the next request to a host.

    At least the configured delay and the Crawl-delay of robots.txt. Above that, Scrapy's AutoThrottle with
    a concurrency of one: move half-way to the last latency (seconds), never down after anything but a 2xx
    or 304; doubled on SLOWED statuses.
    """
    floor = max(configured, min(robots_delay or 0.0, MAX_ROBOTS_DELAY))
    previous = max(previous, floor)
    if status in SLOWED:
        return max(floor, min(max(previous, 1.0) * 2, MAX_DELAY))
    wanted = max(latency, (previous + latency) / 2)
    if not (200 <= status < 300 or status == 304):
        wanted = max(wanted, previous)
    return max(floor, min(wanted, MAX_DELAY))


def backoff(attempt: int, seed: str, base: float = 1.0) -> float:
    """Seconds before try `attempt` + 1 (1 = after the first failure): full jitter over base · 2^attempt.

    After M. Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
    """
    return random.Random(seed).uniform(0.0, min(base * 2.0 ** min(attempt, 30), MAX_BACKOFF))


def retry_after_seconds(value: str | None, now: float) -> float | None:
    """Seconds a Retry-After header asks for (delay or HTTP date; `now` in epoch seconds), capped at a day.

    None for junk or no header; a date that has passed gives 0.

    >>> retry_after_seconds("120", now=0)
    120.0
    >>> retry_after_seconds("Thu, 01 Jan 1970 00:01:00 GMT", now=0)
    60.0
    """
    value = (value or "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:12]), MAX_RETRY_AFTER)
    try:
        when = parsedate_to_datetime(value)
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        seconds = when.timestamp() - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def page_interval(
    first_seen: datetime, last_change: datetime | None, now: datetime, stretch: float = 1.0
) -> float | None:
    """Seconds until an article is looked at again; None: not again.

    At the ages LOOKS, each times `stretch`; after the last of them it is followed on, at twice its age, as long as each
    look finds it changed. So one that changes with every look (a counter, a token) costs ten looks in its year.
    """
    age = max((now - first_seen).total_seconds(), 0.0)
    for look in LOOKS:
        if age < look * stretch * LOOK_SLACK:
            return look * stretch - age
    changed_now = last_change is not None and last_change > first_seen and last_change >= now
    return age if changed_now and 2 * age <= LAST_LOOK else None


def list_interval(previous: float, changed: bool, every: float) -> float:
    """Seconds until a feed, sitemap or listing is read again: `every` where things happen, later where not.

    Half as long again after a visit without news, a fifth shorter after one with (apache/stormcrawler,
    AdaptiveScheduler.java, as commoncrawl/news-crawl configures it); never below `every`, nor above four times that
    or a week (ours).
    """
    base = previous if math.isfinite(previous) and previous > 0 else every
    wait = max(base * (_LIST_SHRINK if changed else _LIST_GROWTH), every)
    return min(wait, longest_list_interval(every))


def window_interval(elapsed: float, previous: float, left: float | None, every: float) -> float:
    """Seconds until a list is read again, by how much it still shows of what it had just got when it was last read.

    `elapsed` is the time since then, `previous` the interval by which it was read, `left` that share 0..1; None: not
    known. Nothing left: items may have passed unseen, it comes four times as soon; less than half: twice; all: half as
    long again, up to `every`.
    """
    if left is None:
        wait = every * FIRST_WINDOW
    elif left == 0:
        wait = min(elapsed, every) / 4
    elif left < HALF_LEFT:
        wait = min(elapsed, every) / 2
    else:
        wait = previous * _LIST_GROWTH if left == 1 else min(previous, every)
    return min(max(wait, LEAST_WINDOW), every) if every > LEAST_WINDOW else every


def longest_list_interval(every: float) -> float:
    """Seconds that a list of a source with this `every` waits at most."""
    return max(every, min(4 * every, _LIST_MOST))
