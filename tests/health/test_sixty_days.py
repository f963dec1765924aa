"""Sixty quiet days of twenty sources, and then each fault: the day it began, the day it was told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.corpus.yields import DayYield
from pipeline.crawl.daily import DayCounts
from pipeline.health import judge, pasts
from tests.health.faults import FAULTS, alarms, fails, first_told, told
from tests.health.weeks import QUIET, START, Day, befallen, quiet


@pytest.mark.parametrize("seed", range(4))
def test_quiet_days_are_quiet(seed: int) -> None:
    found = alarms(seed)
    assert len(found) <= 1, found


@pytest.mark.parametrize(("what", "fault", "state", "within"), FAULTS, ids=[each[0] for each in FAULTS])
def test_a_fault_is_told(
    what: str, fault: Callable[[DayCounts, DayYield], Day], state: str, within: int
) -> None:
    monday = (START + timedelta(days=QUIET)).weekday()
    assert monday < 4, "the fault begins on a weekday"
    when = first_told(fault, state)
    assert when is not None
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
    days[QUIET : QUIET + 3] = list(befallen(days[QUIET : QUIET + 3], 0, fails("timeout")))
    assert told(days, "daily", QUIET + 2) == ["failing"]
    assert told(days, "daily", QUIET + 3) == []


def test_a_machine_cut_off_counts_against_nobody() -> None:
    names = ("one", "two", "three")
    cut = [list(befallen(quiet(4, name, 12.0, QUIET + 3), QUIET, fails("dns_error"))) for name in names]
    counts = [c for days in cut for c, _ in days]
    documents = [d for days in cut for _, d in days]
    today = START + timedelta(days=QUIET + 2)
    assert all(judge(past) == () for past in pasts(counts, documents, names, today).values())
    alone = pasts(counts[: QUIET + 3], documents, ["one"], today)["one"]
    assert [each.state for each in judge(alone)] == ["failing"]


def test_a_backfill_is_no_flood() -> None:
    def backfill(counts: DayCounts, documents: DayYield) -> Day:
        return replace(counts, brought=400, pages={"ok": 400 + counts.new, "unchanged": 4}), documents

    assert first_told(backfill, "flooded") is None
