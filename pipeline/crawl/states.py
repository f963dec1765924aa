"""The states of a page or a list, each with its next visit: the one table that decides when a URL is asked again."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from pipeline.crawl.urlstate import GONE_AFTER, LISTS, UrlState, is_ahead
from pipeline.records import Kind, Outcome
from pipeline.web.pace import longest_list_interval

GONE_AGAIN = timedelta(days=30)
"""How often what is gone is asked for all the same: sites are restored from backups, lists return (ours)."""
BURIED_AFTER = timedelta(days=365)
"""A page that was gone for so long is asked for no more, as one that never changes is not; a list always is (ours)."""
RETRY_FIRST = timedelta(hours=1)
RETRY_LAST = timedelta(days=7)
"""A failed URL comes up again after an hour, doubling to a week, and then every week for ever (ours)."""
JITTER = 0.1
"""So much of a wait is cut off at most, by chance: what failed together does not come back together. Never more is
added, so that an hourly schedule finds due what failed an hour ago (ours)."""
LASTING = frozenset(
    {
        Outcome.ROBOTS,
        Outcome.TOO_LARGE,
        Outcome.NOT_HTML,
        Outcome.ADDRESS_REFUSED,
        Outcome.REDIRECT_LOOP,
        Outcome.BAD_ENCODING,
    }
)
"""Outcomes that another try in an hour would only repeat: next in a week (ours)."""

Next = Callable[[UrlState, datetime], datetime | None]
"""State and the time of its last visit (or, before there is one, when it was found) → when to look again, None: never.
"""


def jittered(wait: timedelta, seed: str) -> timedelta:
    """A wait less up to JITTER of it, by a chance that the seed alone decides."""
    return wait * (1.0 - JITTER * random.Random(seed).random())


def _never(_state: UrlState, _at: datetime) -> None:
    return None


def _retry(state: UrlState, at: datetime) -> datetime:
    wait = min(RETRY_FIRST * 2 ** min(state.fails - 1, 8), RETRY_LAST)
    return at + jittered(wait, f"{state.key}:{state.fails}")


def _confirm(state: UrlState, at: datetime) -> datetime:
    """A week after it was first missing; a list, which brings everything new, is also tried in between."""
    over = (state.missing_since or at) + GONE_AFTER
    return min(_retry(state, at), over) if state.kind in LISTS else over


def _by_interval(state: UrlState, at: datetime) -> datetime | None:
    return None if state.interval is None else at + timedelta(seconds=state.interval)


def _is_buried(state: UrlState) -> bool:
    since, last = state.missing_since, state.last_fetch
    return state.gone and state.kind == Kind.PAGE and bool(since and last and last - since >= BURIED_AFTER)


STATES: tuple[tuple[str, Callable[[UrlState], bool], Next, str], ...] = (
    (
        "companion",
        lambda s: s.kind not in (Kind.PAGE, *LISTS),
        _never,
        "robots.txt, tdmrep.json: asked with what they speak of",
    ),
    (
        "twin",
        lambda s: s.twin_of is not None,
        _never,
        "another URL of a page that is known: not while that is so",
    ),
    ("found", lambda s: not s.looks, lambda _, at: at, "never visited: at once"),
    ("buried", _is_buried, _never, "a page that was gone for a year: no more"),
    (
        "gone",
        lambda s: s.gone,
        lambda s, at: at + jittered(GONE_AGAIN, f"{s.key}:{s.fails}"),
        "404 or 410 for a week: once a month",
    ),
    (
        "missing",
        lambda s: s.missing_since is not None,
        _confirm,
        "404 or 410: until a week has told whether it is gone",
    ),
    (
        "refused",
        lambda s: s.fails > 0 and s.outcome in LASTING,
        lambda s, at: at + jittered(RETRY_LAST, f"{s.key}:{s.fails}"),
        "what another try would only repeat: once a week",
    ),
    ("failing", lambda s: s.fails > 0, _retry, "no usable answer: after an hour, doubled up to a week"),
    ("imported", lambda s: not s.status, _never, "a file that somebody saved: no server to ask"),
    ("read", lambda s: s.kind in LISTS, _by_interval, "a list that answers: by the source's `every`"),
    ("settled", lambda s: s.interval is None, _never, "a page looked at often enough: no more"),
    ("fresh", lambda _: True, _by_interval, "a page that may still change: by its age"),
)
"""State, whether it holds, its next visit, and what it means; the first that holds is the state of the URL."""


def state_of(state: UrlState) -> str:
    """The name of the state a URL is in."""
    return next(name for name, holds, *_ in STATES if holds(state))


def next_due(state: UrlState) -> datetime | None:
    """When a URL is looked at again by the state it is in; None: never."""
    at = state.last_fetch or state.first_seen
    return next(when(state, at) for _, holds, when, _ in STATES if holds(state))


def due_at(state: UrlState, now: datetime, every: float | None = None) -> datetime | None:
    """When a URL is asked next by the clock of now; None: never, a time that is over: at once.

    What a clock ahead of now has left is asked at once. A list (`every`, its source's interval in seconds) waits no
    longer than that allows: an interval made shorter in the source's file holds from then on.
    """
    if is_ahead(state, now):
        return now
    if every is None or state.next_due is None or state_of(state) != "read":
        return state.next_due
    at = state.last_fetch or state.first_seen
    return min(state.next_due, at + timedelta(seconds=longest_list_interval(every)))
