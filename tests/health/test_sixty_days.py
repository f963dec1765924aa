"""Sixty quiet days of twenty sources, and then each fault: the day it began, the day it was told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.corpus.yields import DayYield
from pipeline.crawl.daily import DayCounts
from pipeline.health import judge, pasts
from tests.health.weeks import QUIET, START, Day, befallen, nothing, quiet

RATES = (
    40.0,
    25.0,
    20.0,
    12.0,
    10.0,
    8.0,
    8.0,
    6.0,
    5.0,
    5.0,
    4.0,
    4.0,
    3.0,
    3.0,
    2.0,
    2.0,
    1.0,
    1.0,
    0.5,
    0.3,
)
"""New articles on a weekday of twenty sources: dailies, weeklies, a blog."""


def told(days: list[Day], name: str, after: int) -> list[str]:
    """The states of a source when judged on a day, hours before that day is over."""
    today = START + timedelta(days=after)
    counts = [c for c, _ in days if c.day <= today]
    documents = [d for _, d in days if d.day <= today and d.documents]
    return [each.state for each in judge(pasts(counts, documents, [name], today)[name])]


@pytest.mark.parametrize("seed", range(4))
def test_quiet_days_are_quiet(seed: int) -> None:
    alarms = [
        (name, day, states)
        for name, rate in enumerate(RATES)
        for days in [quiet(seed, str(name), rate, 2 * QUIET)]
        for day in range(QUIET, 2 * QUIET)
        if (states := told(days, str(name), day))
    ]
    assert len({(name, state) for name, _, states in alarms for state in states}) <= 1, alarms


def _fails(outcome: str) -> Callable[[DayCounts, DayYield], Day]:
    def fault(counts: DayCounts, documents: DayYield) -> Day:
        return replace(counts, lists={outcome: 3}, pages={}, links=None, new=0), nothing(documents)

    return fault


def _pages(outcome: str) -> Callable[[DayCounts, DayYield], Day]:
    def fault(counts: DayCounts, documents: DayYield) -> Day:
        return replace(counts, pages={outcome: 6}, new=0), nothing(documents)

    return fault


def _robots(counts: DayCounts, documents: DayYield) -> Day:
    return replace(counts, lists={}, pages={}, robots={"http_error": 4}, links=None, new=0), nothing(
        documents
    )


def _nothing_new(counts: DayCounts, documents: DayYield) -> Day:
    return replace(counts, pages={"unchanged": 4}, new=0), nothing(documents)


def _few(counts: DayCounts, documents: DayYield) -> Day:
    return replace(counts, new=counts.new // 8), nothing(documents)


def _many(counts: DayCounts, documents: DayYield) -> Day:
    return replace(counts, new=400), documents


def _gap(counts: DayCounts, documents: DayYield) -> Day:
    return replace(counts, gaps=1), documents


def _few_links(counts: DayCounts, documents: DayYield) -> Day:
    return replace(counts, links=4), documents


def _documents(**changes: Callable[[DayYield], object]) -> Callable[[DayCounts, DayYield], Day]:
    def fault(counts: DayCounts, documents: DayYield) -> Day:
        return counts, replace(documents, **{name: of(documents) for name, of in changes.items()})  # type: ignore[arg-type]

    return fault


FAULTS: tuple[tuple[str, Callable[[DayCounts, DayYield], Day], str, int], ...] = (
    ("a site at 500", _fails("http_error"), "failing", 0),
    ("no route to a site", _fails("timeout"), "failing", 0),
    ("a captcha before the lists", _fails("blocked"), "blocked", 0),
    ("a captcha before the pages", _pages("blocked"), "blocked", 0),
    ("pages at 503, lists well", _pages("http_error"), "failing", 0),
    ("a robots.txt at 500", _robots, "failing", 0),
    ("lists that moved", _fails("gone"), "gone", 0),
    ("a feed fallen silent", _nothing_new, "silent", 3),
    ("an eighth of the articles", _few, "shrunk", 2),
    ("a spam wave", _many, "flooded", 0),
    ("a feed that turned over", _gap, "gap", 0),
    ("a list cut to four links", _few_links, "drifted", 1),
    ("a layout without bodies", _documents(kept=lambda d: 0, methods=lambda d: {}), "drifted", 0),
    ("titles gone", _documents(titled=lambda d: 0), "drifted", 0),
    ("dates gone", _documents(dated=lambda d: 0), "drifted", 0),
    ("authors gone", _documents(authored=lambda d: 0), "drifted", 1),
    ("readers that disagree", _documents(agreement=lambda d: 0.5), "drifted", 1),
    ("teasers instead of articles", _documents(han=lambda d: 90.0), "drifted", 1),
    ("a selector that matches nothing", _documents(methods=lambda d: {"trafilatura": d.kept}), "drifted", 0),
)
"""What happens, the state it is, and after how many days it is told: counts of a day only when it is over."""


@pytest.mark.parametrize(("what", "fault", "state", "within"), FAULTS, ids=[each[0] for each in FAULTS])
def test_a_fault_is_told(
    what: str, fault: Callable[[DayCounts, DayYield], Day], state: str, within: int
) -> None:
    days = list(befallen(quiet(1, "daily", 12.0, QUIET + 14), QUIET, fault))
    monday = (START + timedelta(days=QUIET)).weekday()
    assert monday < 4, "the fault begins on a weekday"
    when = next(day for day in range(QUIET, QUIET + 14) if state in told(days, "daily", day))
    assert when - QUIET <= within


@pytest.mark.parametrize(("what", "fault", "state", "within"), FAULTS, ids=[each[0] for each in FAULTS])
def test_since_is_the_first_day_of_the_fault(
    what: str, fault: Callable[[DayCounts, DayYield], Day], state: str, within: int
) -> None:
    days = list(befallen(quiet(2, "daily", 12.0, QUIET + 14), QUIET, fault))
    today = START + timedelta(days=QUIET + 4)
    past = pasts([c for c, _ in days if c.day <= today], [d for _, d in days], ["daily"], today)["daily"]
    found = next(each for each in judge(past) if each.state == state)
    begun = START + timedelta(days=QUIET)
    assert found.since == (today if state == "flooded" else begun)
    assert found.told


def test_a_fault_that_ends_is_over() -> None:
    days = quiet(3, "daily", 12.0, QUIET + 14)
    days[QUIET : QUIET + 3] = list(befallen(days[QUIET : QUIET + 3], 0, _fails("timeout")))
    assert told(days, "daily", QUIET + 2) == ["failing"]
    assert told(days, "daily", QUIET + 3) == []


def test_a_machine_cut_off_counts_against_nobody() -> None:
    names = ("one", "two", "three")
    cut = [list(befallen(quiet(4, name, 12.0, QUIET + 3), QUIET, _fails("dns_error"))) for name in names]
    counts = [c for days in cut for c, _ in days]
    documents = [d for days in cut for _, d in days]
    today = START + timedelta(days=QUIET + 2)
    assert all(judge(past) == () for past in pasts(counts, documents, names, today).values())
    alone = pasts(counts[: QUIET + 3], documents, ["one"], today)["one"]
    assert [each.state for each in judge(alone)] == ["failing"]
