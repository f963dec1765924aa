"""What may befall a simulated source, the state it is then in, and when that is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

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


def fails(outcome: str) -> Callable[[DayCounts, DayYield], Day]:
    """Every list answers so, and no page is asked."""

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
    ("a site at 500", fails("http_error"), "failing", 0),
    ("no route to a site", fails("timeout"), "failing", 0),
    ("a captcha before the lists", fails("blocked"), "blocked", 0),
    ("a captcha before the pages", _pages("blocked"), "blocked", 0),
    ("pages at 503, lists well", _pages("http_error"), "failing", 0),
    ("a robots.txt at 500", _robots, "failing", 0),
    ("lists that moved", fails("gone"), "gone", 0),
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


def first_told(fault: Callable[[DayCounts, DayYield], Day], state: str) -> int | None:
    """The first day on which a state is told of a source with a fault from day QUIET on; None: not in two weeks."""
    days = list(befallen(quiet(1, "daily", 12.0, QUIET + 14), QUIET, fault))
    return next((day for day in range(QUIET, QUIET + 14) if state in told(days, "daily", day)), None)


def alarms(seed: int) -> set[tuple[str, str]]:
    """(source, state) told of twenty sources with a weekend rhythm in sixty quiet days after sixty others."""
    found = set()
    for name, rate in enumerate(RATES):
        days = quiet(seed, str(name), rate, 2 * QUIET)
        found |= {
            (str(name), state) for day in range(QUIET, 2 * QUIET) for state in told(days, str(name), day)
        }
    return found
