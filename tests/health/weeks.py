"""Simulated sources: days of visits and documents drawn from a seed, and the faults that befall them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from math import exp

from pipeline.corpus.yields import DayYield
from pipeline.crawl.daily import DayCounts

START = date(2026, 8, 7)
"""A Friday, so that faults begin on a Tuesday."""

QUIET = 60
"""Days before anything happens."""

Day = tuple[DayCounts, DayYield]


def poisson(chance: random.Random, mean: float) -> int:
    """A Poisson number, by Knuth's multiplication."""
    number, product = 0, chance.random()
    while product > exp(-mean):
        number, product = number + 1, product * chance.random()
    return number


def _some(chance: random.Random, of: int, share: float) -> int:
    return sum(chance.random() < share for _ in range(of))


def day_of(chance: random.Random, name: str, day: date, rate: float) -> Day:
    """One quiet day of a source with `rate` new articles on a weekday and a tenth of it at weekends."""
    new = poisson(chance, rate * (0.1 if day.weekday() > 4 else 1.0))
    kept = _some(chance, new, 0.95)
    counts = DayCounts(
        source=name,
        day=day,
        lists={"ok": 3, "unchanged": 2},
        pages={"ok": new, "unchanged": 4} | ({"gone": 1} if chance.random() < 0.1 else {}),
        links=30 + chance.randrange(-3, 4),
        new=new,
    )
    documents = DayYield(
        source=name,
        day=day,
        documents=new,
        kept=kept,
        titled=_some(chance, kept, 0.98),
        dated=_some(chance, kept, 0.95),
        authored=_some(chance, kept, 0.6),
        han=700 + chance.gauss(0, 150) if kept else None,
        agreement=min(1.0, 0.97 + chance.gauss(0, 0.02)) if kept else None,
        methods={"container": kept} if kept else {},
        reasons={"no_body": new - kept} if new > kept else {},
    )
    return counts, documents


def quiet(seed: int, name: str, rate: float, days: int) -> list[Day]:
    """So many quiet days of a source."""
    chance = random.Random(f"{seed}:{name}")
    return [day_of(chance, name, START + timedelta(days=n), rate) for n in range(days)]


def befallen(days: Sequence[Day], first: int, fault: Callable[[DayCounts, DayYield], Day]) -> Iterator[Day]:
    """The days with a fault from the one of a number on."""
    for number, (counts, documents) in enumerate(days):
        yield fault(counts, documents) if number >= first else (counts, documents)


def nothing(documents: DayYield) -> DayYield:
    """A day without documents."""
    return replace(
        documents, documents=0, kept=0, titled=0, dated=0, authored=0, han=None, agreement=None, methods={}
    )
