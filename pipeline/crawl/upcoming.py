"""When a source is next asked, and what it waits for: told after a run that asked nothing of it, and by the status."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pipeline.crawl.hostmemory import FURTHEST, MAX_FAILURES
from pipeline.crawl.ledger import Ledger
from pipeline.crawl.scope import Scope, unwanted
from pipeline.crawl.states import due_at, state_of
from pipeline.crawl.urlstate import UrlState
from pipeline.records import Kind, Source
from pipeline.web.urls import site, url_key

OFF = ("failing", "missing", "refused", "gone")
"""States of a list that does not answer as it should."""


MOST_UNWANTED = 2_000
"""So many pages that a source knows and no longer wants are passed over before it is said that they are in the way:
where a new `include` fits none of 100,000, looking at each would take longer than all other sources together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOff:
    """A list of a source that does not answer as it should."""

    url: str
    state: str
    """A name of states.STATES: failing, missing, refused, gone."""
    since: datetime
    """The first of the visits in a row without anything usable."""
    fails: int
    """How many these are."""
    outcome: str
    """What came of the last."""
    next_due: datetime | None
    """When it is asked again."""

    @property
    def words(self) -> str:
        """It in a sentence."""
        times = f"{self.fails} time{'s' * (self.fails > 1)} since {self.since:%Y-%m-%d}"
        again = f"; asked again on {self.next_due:%Y-%m-%d %H:%M} UTC" if self.next_due else ""
        way_out = ", put its new address into the source's file" if self.state == "gone" else ""
        return f"{self.state}: {self.url}: {self.outcome} {times}{again}{way_out}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upcoming:
    """What comes next of a source."""

    at: datetime | None = None
    """When the first of its lists or pages is asked; a time that is over: in the next run. None: never."""
    is_off: bool = False
    """Whether it is not asked before because it failed, or asked to be left alone."""
    why: str = ""
    """What it waits for, in words."""

    def words(self, now: datetime) -> str:
        """Why nothing was asked of it now."""
        if self.at is None:
            return self.why
        if self.at <= now:
            return "due, and not asked in this run"
        return f"{self.why} until {self.at:%Y-%m-%d %H:%M} UTC"


def upcoming(source: Source, scope: Scope, ledger: Ledger, now: datetime) -> Upcoming:
    """When the first of a source's lists and pages is asked, no sooner than its site may be, by the clock of now."""
    first = Upcoming(why="nothing left to ask: all its pages are settled, or no longer wanted")
    for url, state, due in _named(source, scope, ledger, now):
        first = _sooner(first, _judged(url, state, due, ledger, now))
    kinds = (Kind.PAGE, Kind.SITEMAP) if source.sitemaps or source.robots_sitemaps else (Kind.PAGE,)
    passed = 0
    for state in ledger.coming(source.name, kinds, now):
        at = due_at(state, now)
        if at is None:
            continue
        if state.kind == Kind.PAGE and unwanted(scope, state.url) is not None:
            passed += 1
            if passed < MOST_UNWANTED:
                continue
            why = f"of its pages the {passed:,} that come first are no longer wanted: see `include` and `exclude`"
            return first if first.at is not None else Upcoming(why=why)
        if first.at is not None and at >= first.at:
            break  # they come by their time
        first = _sooner(first, _judged(state.url, state, at, ledger, now))
    return first


def _named(
    source: Source, scope: Scope, ledger: Ledger, now: datetime
) -> Iterator[tuple[str, UrlState | None, datetime]]:
    """The lists of a source that it reads itself, and the pages that it names and that were never asked for."""
    for _, url in source.lists:
        state = ledger.state(url_key(url))
        due = now if state is None else due_at(state, now, source.every)
        if due is not None and (state is None or state.source == source.name):
            yield url, state, due
    for url in source.urls:
        if ledger.state(url_key(url)) is None and unwanted(scope, url) is None:
            yield url, None, now


def _judged(url: str, state: UrlState | None, due: datetime, ledger: Ledger, now: datetime) -> Upcoming:
    """When a URL that is due at a time is asked, and what keeps it from being asked before."""
    rest = resting_until(ledger, url, now)
    if rest is not None and rest > due:
        fails = ledger.host(site(url)).fails
        by_itself = f"left alone after {fails} failures in a row"
        why = by_itself if fails >= MAX_FAILURES else "left alone, as its site asked,"
        return Upcoming(at=rest, is_off=True, why=why)
    if state is not None and state_of(state) in OFF:
        why = f"backing off after {state.fails} failure{'s' * (state.fails > 1)} ({state.outcome})"
        return Upcoming(at=due, is_off=True, why=why)
    return Upcoming(at=due, why="not due")


def _sooner(one: Upcoming, other: Upcoming) -> Upcoming:
    return other if one.at is None or (other.at is not None and other.at < one.at) else one


def lists_off(source: Source, ledger: Ledger, now: datetime) -> tuple[ListOff, ...]:
    """Those of the lists a source reads itself that do not answer as they should."""
    states = (ledger.state(url_key(url)) for _, url in source.lists)
    found = (list_off(each, now, source.every) for each in states if each and each.source == source.name)
    return tuple(each for each in found if each is not None)


def list_off(state: UrlState, now: datetime, every: float) -> ListOff | None:
    """What is wrong with a list; None: it answers."""
    name = state_of(state)
    if name not in OFF or state.failing_since is None:
        return None
    return ListOff(
        url=state.url,
        state=name,
        since=state.failing_since,
        fails=state.fails,
        outcome=state.outcome or "",
        next_due=due_at(state, now, every),
    )


def resting_until(ledger: Ledger, url: str, now: datetime) -> datetime | None:
    """Until when the site of `url` is left alone; a time further off than any may be was made up by a clock."""
    until = ledger.host(site(url)).not_before
    return until if until is not None and now < until <= now + FURTHEST else None
