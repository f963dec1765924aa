"""Whether as much that is new comes as usual; days are held against the same weekday, since newsrooms rest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

from pipeline.crawl.daily import DayCounts
from pipeline.health.past import WEEKS, Past, Told
from pipeline.health.robust import HALF, LEAST, is_low_count, quantile

SILENCE = 3
"""Times the usual gap without a new article that are silence (ours)."""

USUAL_GAP = 0.9
"""The usual gap is the one that this share of the gaps does not exceed (ours)."""

FLOOD, FLOOD_LEAST = 10, 30
"""Times the usual number of new articles that are a flood, and the fewest that are one (ours)."""

FULL_WEEK = 6
"""Days with an answer of a week that is compared with others."""

WEEK = timedelta(days=7)
"""Also how long a gap in a feed is told."""


def silent(past: Past) -> Told:
    """Nothing new for SILENCE times the usual gap, both counted in days that usually bring something."""
    active = [each.day for each in past.days if each.new]
    if not active:
        return None
    last = active[-1]
    recent = [each for each in past.days if last - WEEKS * WEEK < each.day <= last]
    weekdays = {weekday for weekday in range(7) if _is_usual(recent, weekday)}
    number = _numbered(past.days, weekdays)
    gaps = [number[b] - number[a] for a, b in pairwise(active) if b > last - WEEKS * WEEK]
    missed = [each.day for each in past.over if each.day > last and number[each.day] > number[last]]
    if len(gaps) < LEAST or not missed:
        return None
    count = number[missed[-1]] - number[last]
    if count < SILENCE * max(1, quantile(gaps, USUAL_GAP)):
        return None
    days = "days that usually bring something" if weekdays else "days"
    return missed[0], f"nothing new on {count} {days}; the last new article came on {last}"


def _is_usual(days: Sequence[DayCounts], weekday: int) -> bool:
    """Whether a weekday usually brings something new."""
    found = [each.new > 0 for each in days if each.day.weekday() == weekday]
    return len(found) >= LEAST and sum(found) > HALF * len(found)


def _numbered(days: Sequence[DayCounts], weekdays: Collection[int]) -> dict[date, int]:
    """Day → how many there were up to it of these weekdays, or of any where there are none."""
    numbers: dict[date, int] = {}
    number = 0
    for each in days:
        number += not weekdays or each.day.weekday() in weekdays
        numbers[each.day] = number
    return numbers


def shrunk(past: Past) -> Told:
    """Far fewer new articles than usual: on two days in a row, or over a week."""
    days = past.over
    low = [
        (each, median(usual))
        for each in days[-2:]
        if is_low_count(each.new, usual := _same_weekday(days, each.day))
    ]
    if len(low) == 2:
        told = ", ".join(f"{each.new} on {each.day} (usually {usual:g})" for each, usual in low)
        return low[0][0].day, f"new articles: {told}"
    weeks = _weeks(days)
    if weeks and is_low_count(weeks[-1], weeks[:-1]):
        since = _low_since(days[-7:], days)
        return since, f"new articles: {weeks[-1]} in seven days (usually {median(weeks[:-1]):g})"
    return None


def _low_since(week: Sequence[DayCounts], days: Sequence[DayCounts]) -> date:
    """The day from which on every one had less than half of what is usual."""
    since = week[-1].day
    for each in reversed(week):
        usual = median(_same_weekday(days, each.day) or [0])
        if usual and each.new >= HALF * usual:
            break
        since = each.day if usual else since
    return since


def _same_weekday(days: Sequence[DayCounts], day: date) -> list[int]:
    """New articles on the same weekday of the weeks before."""
    first = day - WEEKS * WEEK
    return [each.new for each in days if first <= each.day < day and each.day.weekday() == day.weekday()]


def _weeks(days: Sequence[DayCounts]) -> list[int]:
    """New articles of the spans of seven days up to the last, oldest first: those in which it answered on all days
    but one; none if the last is not one of them."""
    found: list[int] = []
    for back in range(WEEKS, -1, -1):
        last = days[-1].day - back * WEEK if days else date.min
        week = [each.new for each in days if last - WEEK < each.day <= last]
        if len(week) >= FULL_WEEK:
            found.append(sum(week))
        elif not back:
            return []
    return found


def flooded(past: Past) -> Told:
    """FLOOD times as many new articles on the last day as usual."""
    if not past.days:
        return None
    last = past.days[-1]
    usual = _same_weekday(past.days, last.day)
    if len(usual) < LEAST:
        usual = [each.new for each in past.days[-2 * WEEKS : -1]]
    if len(usual) < LEAST or last.new < max(FLOOD * median(usual), FLOOD_LEAST):
        return None
    return last.day, f"{last.new} new articles on {last.day} (usually {median(usual):g})"


def gap(past: Past) -> Told:
    """Within a week nothing known was left in a feed, so that items may have passed unseen."""
    found = [each for each in past.days if each.gaps and each.day > past.today - WEEK]
    if not found:
        return None
    times = sum(each.gaps for each in found)
    return found[0].day, f"nothing known was left in a feed, {times} time{'s' * (times > 1)} in a week"
