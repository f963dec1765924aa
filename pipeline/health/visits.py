"""Whether a source answers: lists, pages and robots.txt, each by itself, since one may fail alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from pipeline.crawl.daily import DayCounts
from pipeline.crawl.history import MISSING
from pipeline.crawl.hostmemory import FAILURES
from pipeline.health.past import Past, Told
from pipeline.records import USABLE, Outcome

Outcomes = Mapping[str, int]

NO_ANSWER = FAILURES | {Outcome.DEFERRED}
"""What a site may answer in place of all its pages."""


def _lists(each: DayCounts) -> Outcomes:
    return each.lists


def _pages(each: DayCounts) -> Outcomes:
    """Those that say something of the site: articles vanish every day."""
    return {outcome: n for outcome, n in each.pages.items() if outcome in USABLE | NO_ANSWER}


def _robots(each: DayCounts) -> Outcomes:
    """Those of a robots.txt that kept the whole site from being asked."""
    return {} if each.lists or each.pages else each.robots


Group = tuple[str, Callable[[DayCounts], Outcomes], int]

GROUPS: tuple[Group, ...] = (
    ("lists", _lists, 2),
    ("pages", _pages, 3),
    ("robots.txt", _robots, 2),
)
"""What is asked, what came of it, and the visits without anything usable from which it is told (ours): one that fails
is no failing source."""


@dataclass(frozen=True, slots=True)
class _Spell:
    """The last days in a row on which nothing usable came of what was asked."""

    what: str
    since: date
    outcomes: Counter[str]

    @property
    def told(self) -> Told:
        words = ", ".join(f"{n} {outcome}" for outcome, n in self.outcomes.most_common())
        return self.since, f"{self.what}: {words}; nothing usable"


def blocked(past: Past) -> Told:
    """At least half of what comes is a block or captcha page, and nothing is usable."""
    return _first(past, lambda outcomes: 2 * outcomes[Outcome.BLOCKED] >= outcomes.total())


def gone(past: Past) -> Told:
    """All its lists answer that they are not there, or one of them has for a week."""
    if (all_of_them := _first(past, lambda outcomes: outcomes.keys() <= MISSING, GROUPS[:1])) is not None:
        return all_of_them
    if not past.gone:
        return None
    answers = "answers" if len(past.gone) == 1 else "answer"
    return min(past.gone.values()), f"{', '.join(sorted(past.gone))} {answers} 404 or 410"


def failing(past: Past) -> Told:
    """Nothing usable comes, for whatever reason."""
    return _first(past, lambda _: True)


def _first(past: Past, holds: Callable[[Counter[str]], bool], groups: tuple[Group, ...] = GROUPS) -> Told:
    for what, outcomes_of, least in groups:
        spell = _spell(past, what, outcomes_of)
        if spell is not None and spell.outcomes.total() >= least and holds(spell.outcomes):
            return spell.told
    return None


def _spell(past: Past, what: str, outcomes_of: Callable[[DayCounts], Outcomes]) -> _Spell | None:
    since: date | None = None
    total: Counter[str] = Counter()
    for each in reversed(past.days):
        outcomes = outcomes_of(each)
        if not USABLE.isdisjoint(outcomes) or (what == "robots.txt" and not outcomes.keys() <= NO_ANSWER):
            break
        if outcomes:
            since = each.day
            total.update(outcomes)
    return _Spell(what, since, total) if since is not None else None
