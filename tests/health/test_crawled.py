"""Sixty days of real crawls: each state is told when it is there, and what is well is left in peace."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.crawl.ledger import Ledger, rebuild
from pipeline.records import Kind
from pipeline.web.pace import longest_list_interval
from tests.health.crawled import (
    BEFALL,
    DAYS,
    EARLY,
    EVERY,
    FAULT,
    JUMPS,
    OUTAGE,
    START,
    TOLD,
    Day,
    first_day,
    simulate,
    villages,
)

Sixty = tuple[list[Day], dict[str, dict[int, int]], Path]

UNWELL = {
    "down": range(FAULT, FAULT + 21),
    "blocked": range(FAULT, FAULT + 7),
    "moved": range(FAULT, DAYS),
    "second-feed": range(EARLY, EARLY + 37),
    "silent": range(FAULT, DAYS),
    "flood": range(FAULT, FAULT + 7),
}
"""Source → the days on which it may be told of."""


@pytest.fixture(scope="module")
def sixty(tmp_path_factory: pytest.TempPathFactory) -> Sixty:
    """The days, the requests of each source a day, and a copy of the archive of before the clock jumped."""
    raw, copy = tmp_path_factory.mktemp("sixty") / "raw", tmp_path_factory.mktemp("before") / "raw"
    with villages() as sources:
        days = simulate(raw, sources, 0, min(JUMPS))
        shutil.copytree(raw, copy)
        days += simulate(raw, sources, min(JUMPS))
    return days, {each.name: each.asked for each in sources}, copy


@pytest.mark.parametrize(("what", "day", "within", "holds"), TOLD, ids=[each[0].strip() for each in TOLD])
def test_it_is_told(sixty: Sixty, what: str, day: int, within: int, holds: Callable[[Day], bool]) -> None:
    days, _, _ = sixty
    told = first_day(days, holds, day)
    assert told is not None
    assert told - day <= within


def test_what_is_well_is_left_in_peace(sixty: Sixty) -> None:
    days, _, _ = sixty
    alarms = [
        (name, number, status.state)
        for number, day in enumerate(days)
        for name, status in day.status.items()
        if status.is_unwell and number not in UNWELL.get(name, ())
    ]
    assert alarms == []


def test_a_site_that_is_down_is_asked_less_and_less_but_every_week(sixty: Sixty) -> None:
    days, asked, _ = sixty
    spell = [asked["down"][day] for day in range(FAULT, FAULT + 21)]
    weeks = [sum(spell[n : n + 7]) for n in (0, 7, 14)]
    assert weeks[0] > weeks[1] >= weeks[2] > 0
    told = days[FAULT + 10].status["down"]
    (off,) = told.lists_off
    assert off.next_due is not None
    assert off.next_due <= START + timedelta(days=FAULT + 17)
    back = first_day(days, lambda day: day.status["down"].state == "well", FAULT + 21)
    assert back is not None
    assert asked["down"][back] > 2, "what failed with it is asked again in the same run"


def test_a_day_without_a_network_counts_against_nobody(sixty: Sixty) -> None:
    days, _, _ = sixty
    for number in OUTAGE:
        for name in BEFALL:
            before, now = days[OUTAGE[0] - 1].status[name], days[number].status[name]
            assert (now.state, now.lists_off) == (before.state, before.lists_off)
            assert days[number].runs[-1][name].failed == 0
    after = days[OUTAGE[-1] + 1].runs[-1]
    assert all(after[name].answered for name in ("quiet", "flood", "second-feed")), "asked in the next run"


def test_no_day_of_a_clock_moves_what_is_due(sixty: Sixty) -> None:
    days, _, _ = sixty
    longest = timedelta(seconds=longest_list_interval(EVERY))
    for number, day in enumerate(days):
        now = START + timedelta(days=number, hours=1)
        for name in ("quiet", "flood", "silent"):
            due = day.status[name].next_due
            assert due is not None
            assert due <= now + longest, (name, number)


def test_a_ledger_made_anew_knows_the_same(sixty: Sixty) -> None:
    _, _, raw = sixty

    def rows() -> dict[str, dict[str, Any]]:
        with sqlite3.connect(raw / "ledger.sqlite") as db:
            db.row_factory = sqlite3.Row
            return {row["key"]: dict(row) for row in db.execute("SELECT * FROM url")}

    def days() -> list[Any]:
        with Ledger(raw, read_only=True) as ledger:
            return ledger.daily.of()

    live, counted = rows(), days()
    rebuild(raw)
    assert days() == counted
    anew = rows()
    assert anew.keys() == live.keys()
    for key, row in live.items():
        # The archive does not say how often a list was wanted: one that answered is read anew, without validators.
        is_list, is_off = row["kind"] == Kind.FEED, row["fails"] > 0
        without = {"etag", "last_modified", "good_id"} if is_list else set()
        without |= {"interval", "next_due", "last_change"} if is_list and not is_off else set()
        assert {name for name in row if row[name] != anew[key][name]} <= without, key
