"""Whether the documents of a source are what they were: fit to publish, with their facts, and as long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from math import log2
from statistics import median

from pipeline.corpus.yields import DayYield
from pipeline.health.past import WEEKS, Past, Told
from pipeline.health.robust import HALF, is_low_share, is_outlier_below

GROUP = 5
"""Documents from which a share is told; days with fewer are taken together (ours)."""

DROP = 0.25
"""The least fall of a share that is told, however steady it was (ours)."""

GROUPS = WEEKS * 7
"""Groups of the past that are looked at."""

LAST = (1, 3)
"""So many groups at the end are asked together: a share that was never high takes more of them."""

Count = Callable[[DayYield], int]

SHARES: tuple[tuple[str, Count, Count], ...] = (
    ("are fit to publish", lambda each: each.kept, lambda each: each.documents),
    ("have a title", lambda each: each.titled, lambda each: each.kept),
    ("have a date", lambda each: each.dated, lambda each: each.kept),
    ("have an author", lambda each: each.authored, lambda each: each.kept),
)
"""What is said of documents, how many it is true of, and of how many."""

Number = Callable[[DayYield], float | None]

NUMBERS: tuple[tuple[Number, float, Callable[[float, float], bool], str, Callable[[float], str]], ...] = (
    (
        lambda each: each.agreement,
        0.05,
        lambda now, usual: usual - now >= DROP,
        "the two readers agree {} (usually {})",
        lambda value: f"{value:.2f}",
    ),
    (
        lambda each: log2(each.han) if each.han and each.kept >= GROUP else None,
        0.3,
        lambda now, usual: usual - now >= 1.0,
        "half of the texts have under {} characters (usually {})",
        lambda value: f"{2**value:.0f}",
    ),
)
"""A number of a day, its least spread, whether a fall is worth telling, what is said, and how it is written. Lengths
are compared by their logarithm: half as long is as far as twice as long."""


def drifted(past: Past) -> Told:
    """The first share, number or count of links that is far below what is usual."""
    methods: Counter[str] = Counter()
    for each in past.yields:
        methods.update(each.methods)
    usual_method = next(iter(methods.most_common(1)), ("", 0))[0]
    by_method = (f"are read by {usual_method}", lambda each: each.methods.get(usual_method, 0), SHARES[1][2])
    for what, having, of in (*SHARES, by_method):
        if told := _share(past.yields, what, having, of):
            return told
    for number, least_spread, is_told, said, written in NUMBERS:
        values = [(each.day, value) for each in past.yields if (value := number(each)) is not None]
        if fallen := _number(values, least_spread, is_told):
            since, now, usual = fallen
            return since, said.format(written(now), written(usual))
    links = [(each.day, float(each.links)) for each in past.days if each.links is not None]
    if fallen := _number(links, 1.0, lambda now, usual: now < HALF * usual):
        return fallen[0], f"its lists hold {fallen[1]:g} links (usually {fallen[2]:g})"
    return None


def _share(yields: Sequence[DayYield], what: str, having: Count, of: Count) -> Told:
    """A share of the newest GROUP documents or more that has fallen."""
    groups = _groups(yields, having, of)[-GROUPS:]
    for last in LAST:
        before, now = groups[:-last], groups[-last:]
        have, total = sum(have for _, have, _ in now), sum(total for *_, total in now)
        if total and is_low_share(have, total, [group[1:] for group in before], DROP):
            usual = median(have / total for _, have, total in before)
            spell = _spell([usual - have / total >= DROP for _, have, total in groups])
            return groups[spell][0], f"{have} of {total} documents {what} (usually {usual:.0%})"
    return None


def _groups(yields: Sequence[DayYield], having: Count, of: Count) -> list[tuple[date, int, int]]:
    """(first day, how many have it, of how many) of days taken together until there are GROUP documents."""
    groups: list[tuple[date, int, int]] = []
    first: date | None = None
    have = total = 0
    for each in yields:
        first = first or each.day
        have, total = have + having(each), total + of(each)
        if total >= GROUP:
            groups.append((first, have, total))
            first, have, total = None, 0, 0
    return groups


def _number(
    values: Sequence[tuple[date, float]], least_spread: float, is_told: Callable[[float, float], bool]
) -> tuple[date, float, float] | None:
    """(since, the last value, what is usual) where the last two are far below: one day may be odd."""
    values = values[-GROUPS:]
    before, now = [value for _, value in values[:-2]], [value for _, value in values[-2:]]
    if not before or not all(is_outlier_below(value, before, least_spread) for value in now):
        return None
    usual = median(before)
    low = [is_told(value, usual) for _, value in values]
    return (values[_spell(low)][0], now[-1], usual) if all(low[-2:]) else None


def _spell(low: Sequence[bool]) -> int:
    """Where the low values at the end begin."""
    start = len(low) - 1
    while start and low[start - 1]:
        start -= 1
    return start
