"""When to ask again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.web import pace

START = datetime(2026, 11, 1, tzinfo=UTC)
NOW = START.timestamp()


@pytest.mark.parametrize(
    ("configured", "robots", "previous", "latency", "status", "seconds"),
    [
        (5.0, None, 0.0, 0.2, 200, 5.0),  # never below what the source declares
        (1.0, 3.0, 0.0, 0.2, 200, 3.0),  # nor below Crawl-delay
        (1.0, 9999.0, 0.0, 0.2, 200, 120.0),  # which is followed so far
        (0.0, None, 0.0, 0.0, 200, 0.0),  # a test site
        (1.0, None, 1.0, 8.0, 200, 8.0),  # a slow server is left time
        (1.0, None, 8.0, 2.0, 200, 5.0),  # half-way back
        (1.0, None, 8.0, 2.0, 304, 5.0),
        (1.0, None, 8.0, 2.0, 404, 8.0),  # not down after an error
        (1.0, None, 8.0, 2.0, 0, 8.0),
        (1.0, None, 8.0, 2.0, 429, 16.0),
        (0.0, None, 0.0, 0.1, 503, 2.0),
        (1.0, None, 500.0, 1.0, 412, 600.0),
        (900.0, None, 900.0, 1.0, 521, 900.0),
    ],
)
def test_the_next_delay(
    configured: float, robots: float | None, previous: float, latency: float, status: int, seconds: float
) -> None:
    assert pace.next_delay(configured, robots, previous, latency, status) == seconds


SECONDS = st.floats(0, 1e5)


@given(SECONDS, st.none() | SECONDS, SECONDS, SECONDS, st.integers(0, 599))
def test_a_delay_is_never_below_what_was_asked(
    configured: float, robots: float | None, previous: float, latency: float, status: int
) -> None:
    delay = pace.next_delay(configured, robots, previous, latency, status)
    assert delay >= max(configured, min(robots or 0.0, pace.MAX_ROBOTS_DELAY))
    assert delay <= max(configured, pace.MAX_DELAY)


@given(st.integers(1, 10_000), st.text(max_size=20))
def test_back_off_is_bounded_and_repeatable(attempt: int, seed: str) -> None:
    seconds = pace.backoff(attempt, seed)
    assert 0 <= seconds <= pace.MAX_BACKOFF
    assert seconds == pace.backoff(attempt, seed)


def test_back_off_spreads_and_grows() -> None:
    first = [pace.backoff(1, str(seed)) for seed in range(200)]
    third = [pace.backoff(3, str(seed)) for seed in range(200)]
    assert max(first) <= 2 < max(third) <= 8
    assert len(set(first)) == len(first)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("31536000", 86400.0),
        ("9" * 400, 86400.0),
        ("Sun, 01 Nov 2026 00:01:00 GMT", 60.0),
        ("Sun, 01 Nov 2026 00:01:00 -0000", 60.0),
        ("Sat, 31 Oct 2026 00:00:00 GMT", 0.0),
        ("Fri, 01 Nov 2999 00:00:00 GMT", 86400.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert pace.retry_after_seconds(value, NOW) == seconds


@given(st.text(max_size=40))
def test_no_retry_after_raises(value: str) -> None:
    seconds = pace.retry_after_seconds(value, NOW)
    assert seconds is None or 0 <= seconds <= pace.MAX_RETRY_AFTER


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


@pytest.mark.parametrize(
    ("changed", "age", "stretch", "interval"),
    [
        (None, 0, 1, 2),
        (None, 2, 1, 8),
        (None, 1.6, 1, 8.4),  # a little early: it was the look at two hours
        (None, 1.0, 1, 1.0),  # too early to be it
        (None, 5, 1, 5),  # a look that came late is not made up for
        (None, 10, 1, 38),
        (None, 48, 1, 192),
        (None, 240, 1, 480),
        (None, 720, 1, None),
        (240, 720, 1, None),  # changed before, and now no more
        (720, 720, 1, 720),  # changed at the last look: followed on
        (24 * 200, 24 * 200, 1, None),  # but not for more than a year
        (0, 720, 1, None),  # the first visit is no change
        (None, 0, 2, 4),
        (None, 720, 2, 720),
    ],
)
def test_an_article_is_watched_as_long_as_it_changes(
    changed: float | None, age: float, stretch: float, interval: float | None
) -> None:
    last_change = None if changed is None else START + hours(changed)
    seconds = pace.page_interval(START, last_change, START + hours(age), stretch)
    assert seconds == (None if interval is None else pytest.approx(interval * 3600))


def test_a_clock_set_back_looks_as_at_the_beginning() -> None:
    assert pace.page_interval(START, None, START - hours(5)) == 2 * 3600.0


def test_what_changes_with_every_look_is_looked_at_so_often() -> None:
    at, looks = START, 1
    while (wait := pace.page_interval(START, at, at)) is not None:
        at, looks = at + timedelta(seconds=wait), looks + 1
    assert looks <= 10
    assert at - START <= timedelta(days=366)


@pytest.mark.parametrize(
    ("previous", "changed", "every", "interval"),
    [
        (3600.0, False, 3600.0, 5400.0),
        (5400.0, True, 3600.0, 4320.0),
        (3600.0, True, 3600.0, 3600.0),  # never more often than declared
        (86400.0, False, 21600.0, 86400.0),  # at most four times as rarely
        (6.9 * 86400.0, False, 5 * 86400.0, 7 * 86400.0),  # or once a week
        (30 * 86400.0, False, 30 * 86400.0, 30 * 86400.0),  # unless declared so
        (0.0, False, 3600.0, 5400.0),  # first visit
        (float("nan"), True, 3600.0, 3600.0),
        (60.0, False, 3600.0, 3600.0),  # the declaration was changed
    ],
)
def test_a_listing_is_read_as_often_as_it_changes(
    previous: float, changed: bool, every: float, interval: float
) -> None:
    assert pace.list_interval(previous, changed, every) == pytest.approx(interval)
