"""Sixty days of sources crawled from real servers under a clock that is given: states of a page, a list, a machine.

One run a day, a crawl of everything that is due. `python -m tests.health` prints what was told and when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

from pipeline.crawl.run import crawl
from pipeline.crawl.tally import SourceRun
from pipeline.health.status import SourceStatus, read_status
from pipeline.records import Source
from pipeline.web import pace
from pipeline.web.fetched import Limits
from tests.web.loopback import Page, Site, article, feed, source_of

START = datetime(2026, 8, 7, 4, 5, tzinfo=UTC)
"""A Friday."""
DAYS = 60
FAULT = 25
"""The day of the fault, a Tuesday."""
EARLY = 8
"""The same of a list whose monthly visit is to fall within these days."""
EVERY = 6 * 3600.0
"""So that a feed without news waits a day at most."""
LIMITS = Limits(backoff=0.01, deadline=5.0, wait=0.1, read=0.4, tries=1)
GONE_PAGE = "/a/16.html"
"""Of the day before the fault."""
SHOWN = 12
"""Items a feed shows."""

DOWN = Page(b"", status=500, etag=False)
MISSING = Page(b"", status=404, etag=False)
CAPTCHA = Page(
    "<html><head><title>安全验证</title></head><body>请完成验证</body></html>".encode(), etag=False
)


@dataclass(slots=True)
class Village:
    """One source and its server: a feed of the articles so far, and what befell it."""

    name: str
    site: Site
    befall: Callable[[Village, int], None]
    source: Source
    articles: list[str] = field(default_factory=list)
    asked: dict[int, int] = field(default_factory=dict)
    """Day → requests."""

    def publish(self, number: int) -> None:
        """New articles, the newest first in the feed."""
        for _ in range(number):
            path = f"/a/{len(self.articles)}.html"
            self.articles.append(path)
            self.site.pages[path] = article(len(self.articles))
        shown = self.articles[-max(SHOWN, number) :][::-1]
        self.site.pages["/feed.xml"] = feed(*(self.site.base + path for path in shown))


def quiet(village: Village, day: int) -> None:
    """An article on a weekday, none at the weekend."""
    village.publish(int((START + timedelta(days=day)).weekday() < 5))


def _from(first: int, until: int, fault: Callable[[Village], None]) -> Callable[[Village, int], None]:
    """A quiet source on which a fault lies from a day on, until it is mended."""

    def befall(village: Village, day: int) -> None:
        quiet(village, day)
        if first <= day < until:
            fault(village)
        if day == until:  # all is as it was
            village.site.pages |= {path: article(n) for n, path in enumerate(village.articles, 1)}

    return befall


def _down(village: Village) -> None:
    village.site.pages |= dict.fromkeys(["/feed.xml", village.articles[-1]], DOWN)


def _blocked(village: Village) -> None:
    village.site.pages["/feed.xml"] = CAPTCHA


def _moved(village: Village) -> None:
    village.site.pages["/feed.xml"] = MISSING


def _second_feed(village: Village, day: int) -> None:
    quiet(village, day)
    is_there = not EARLY <= day < EARLY + 21
    village.site.pages["/second.xml"] = feed(village.site.base + "/a/0.html") if is_there else MISSING


def _one_page_gone(village: Village, day: int) -> None:
    """An article is taken off the site on the day after it came."""
    quiet(village, day)
    if day >= FAULT:
        village.site.pages[GONE_PAGE] = MISSING


def _silent(village: Village, day: int) -> None:
    if day < FAULT:
        quiet(village, day)


def _flood(village: Village, day: int) -> None:
    village.publish(60) if day == FAULT else quiet(village, day)


BEFALL: dict[str, Callable[[Village, int], None]] = {
    "quiet": _one_page_gone,
    "down": _from(FAULT, FAULT + 21, _down),
    "blocked": _from(FAULT, FAULT + 7, _blocked),
    "moved": _from(FAULT, DAYS, _moved),
    "second-feed": _second_feed,
    "silent": _silent,
    "flood": _flood,
}
"""Source → what its days bring."""

OUTAGE = range(40, 42)
"""Days on which the network of the machine is down."""
JUMPS = {46: timedelta(days=400), 48: timedelta(days=-400)}
"""Day → how far the clock of one run is off."""


@dataclass(frozen=True, slots=True)
class Day:
    """What one day of the simulation came to."""

    runs: tuple[dict[str, SourceRun], ...]
    """Source → what became of it, a run after the other."""
    status: dict[str, SourceStatus]
    """Source → how it stood at the end of the day."""


@contextmanager
def villages() -> Iterator[list[Village]]:
    """All sources with their servers up."""
    with ExitStack() as up:
        found = []
        for name, befall in BEFALL.items():
            site = up.enter_context(Site())
            feeds = [f"{site.base}/feed.xml", *([f"{site.base}/second.xml"] if name == "second-feed" else [])]
            source = source_of(site, name=name, feeds=tuple(feeds), every=EVERY)
            found.append(Village(name, site, befall, source))
        yield found


def simulate(raw: Path, sources: list[Village], first: int = 0, until: int = DAYS) -> list[Day]:
    """Some days of a run each; a site that is slowed down by what it answers is not waited for in real time."""
    with mock.patch.object(pace, "MAX_DELAY", 0.0):
        return [_day(raw, sources, number) for number in range(first, until)]


def _day(raw: Path, sources: list[Village], number: int) -> Day:
    at = START + timedelta(days=number)
    for each in sources:
        each.befall(each, number)
        each.site.wait = 3 * LIMITS.read if number in OUTAGE else 0.0
    before = {each.name: len(each.site.log) for each in sources}
    declared = [each.source for each in sources]
    wrong = [_run(declared, raw, at + JUMPS[number])] if number in JUMPS else []
    if number == FAULT:
        _backfill(raw, next(each for each in sources if each.name == "quiet"), at - timedelta(hours=1))
    runs = (*wrong, _run(declared, raw, at))
    for each in sources:
        each.asked[number] = len(each.site.log) - before[each.name]
    stand = read_status(declared, raw, raw / "no-corpus", {}, at + timedelta(hours=1))
    return Day(runs, {each.source: each for each in stand})


def _run(declared: list[Source], raw: Path, at: datetime) -> dict[str, SourceRun]:
    return {each.source: each for each in crawl(declared, raw, now=lambda: at, limits=LIMITS)}


def _backfill(raw: Path, village: Village, at: datetime) -> None:
    """Somebody fetches sixty pages of years ago."""
    paths = [f"/old/{n}.html" for n in range(60)]
    village.site.pages |= {path: article(1000 + n) for n, path in enumerate(paths)}
    crawl([village.source], raw, now=lambda: at, limits=LIMITS, urls=[village.site.base + p for p in paths])


def first_day(days: list[Day], holds: Callable[[Day], bool], since: int = 0) -> int | None:
    """The first day from one on of which something holds."""
    return next((n for n, day in enumerate(days) if n >= since and holds(day)), None)


def is_state(name: str, state: str) -> Callable[[Day], bool]:
    """Whether a source stands so at the end of a day."""
    return lambda day: day.status[name].state == state


def notes(day: Day, name: str) -> str:
    """What the runs of a day said of a source."""
    return "\n".join(note for run in day.runs for note in run[name].notes)


def is_cut_off(day: Day) -> bool:
    """Whether the run told that the network of the machine is down, and nobody answered."""
    return any(run.cut_off for run in day.runs[-1].values()) and not any(
        r.answered for r in day.runs[-1].values()
    )


TOLD: tuple[tuple[str, int, int, Callable[[Day], bool]], ...] = (
    ("a site is down: failing", FAULT, 1, is_state("down", "failing")),
    ("  it answers again: well", FAULT + 21, 6, is_state("down", "well")),
    ("a captcha before the feed: blocked", FAULT, 1, is_state("blocked", "blocked")),
    ("  it is taken away: well", FAULT + 7, 6, is_state("blocked", "well")),
    ("the only feed moved: gone", FAULT, 1, is_state("moved", "gone")),
    ("one of two feeds moved: missing", EARLY, 0, lambda day: "missing: http" in notes(day, "second-feed")),
    ("  for a week: gone", EARLY + 7, 0, is_state("second-feed", "gone")),
    ("  it is back, read once a month: well", EARLY + 21, 16, is_state("second-feed", "well")),
    ("a page is gone for a week", FAULT + 7, 0, lambda day: "1 pages are gone" in notes(day, "quiet")),
    ("nothing new any more: silent", FAULT, 12, is_state("silent", "silent")),
    ("sixty articles for one: flooded", FAULT, 0, is_state("flood", "flooded")),
    ("the network of the machine is down", OUTAGE[0], 0, is_cut_off),
    ("a clock 400 days ahead", min(JUMPS), 0, lambda day: "clock: " in notes(day, "quiet")),
    ("a clock 400 days behind", max(JUMPS), 0, lambda day: "clock: " in notes(day, "quiet")),
)
"""What happens, on which day, within how many days it is told, and what tells it."""
