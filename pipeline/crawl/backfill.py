"""The crawl of past days: what was published in a span is searched for and fetched, and nothing else is published.

    what is known to be of the span → the lists, read back: sitemaps, feeds and their archives, listing pages
    → pages of which nobody tells the day; each page's own day has the last word

One source after another's turn at its sites, at their pace. It gives way to other runs (`store.is_wanted`), ends at a
number of requests, and goes on where it was: what was found and how far the lists were read stands in the ledger.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path

from pipeline.archive import store
from pipeline.archive.writer import utcnow
from pipeline.crawl import daily
from pipeline.crawl.backlog import Found, Span
from pipeline.crawl.backward import Ended, WayBack
from pipeline.crawl.bounds import Bounds, DateOf, Where
from pipeline.crawl.ledger import Ledger
from pipeline.crawl.session import OnProgress, Session, session
from pipeline.crawl.tally import SourceRun
from pipeline.crawl.visit import Conduct, Visit
from pipeline.records import Outcome, Source
from pipeline.stages import StageName, stage
from pipeline.web.fetch import USER_AGENT
from pipeline.web.fetched import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What a backfill came to, up to where it ended."""

    runs: tuple[SourceRun, ...]
    """A row a source, in the order given."""
    requests: int
    """Requests sent, those for lists and robots.txt, retries and hops included."""
    gave_way: bool = False
    """Whether it ended since another run waited for the archive: it goes on when it is called again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a backfill is for."""

    span: Span
    """Days of publication."""
    date_of: Callable[[Source], DateOf]
    """How the pages of a source tell their day."""
    examples: Mapping[str, Sequence[tuple[str, date]]]
    """Source → URLs of its captures with the days their pages tell: what its addresses say is learned from them."""
    max_requests: int | None = None
    """Requests after which it ends: the article under way is finished; None: no bound."""


def backfill(
    sources: Sequence[Source],
    raw: Path,
    wish: Wish,
    *,
    now: Callable[[], datetime] = utcnow,
    user_agent: str = USER_AGENT,
    limits: Limits | None = None,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> Brought:
    """Search for what was published in a span, and fetch it into the archive under `raw`.

    Lists are read of a span, or where a source was never crawled; else what is known and was never fetched is. Pages
    of other days that had to be looked at are archived with the outcome `outside`. Ends and raises as `run.crawl`.
    """
    conduct = Conduct(now=now, user_agent=user_agent, limits=limits or Limits())
    gave_way = False

    def is_stopped() -> bool:
        nonlocal gave_way
        gave_way = gave_way or store.is_wanted(raw)
        return gave_way or (stop is not None and stop.is_set())

    with session(raw, daily.BACKFILL, conduct, on_progress, gives_way=True) as run:
        run.run([run.alone(each, partial(_source, run, each, wish)) for each in sources], is_stopped)
        rows = tuple(run.tallies[each.name].source_run(each.name) for each in sources)
        return Brought(runs=rows, requests=run.hosts.requests, gave_way=gave_way)


async def _source(run: Session, source: Source, wish: Wish) -> None:
    tally = run.tallies[source.name]
    bounds = Bounds(wish.span, wish.examples.get(source.name, ()))
    date_of = wish.date_of(source)

    async def judge(visit: Visit) -> Visit:
        return await _judged(visit, bounds, date_of, run.keeper.ledger, source)

    async with run.sites, run.visiting(source, judge) as (visitor, renderer):
        way = WayBack(visitor, renderer, bounds, date_of, run, wish.max_requests)
        with stage(StageName.FETCH, source.name) as told:
            try:
                await way.go()
            except Ended as ended:
                tally.notes += [str(ended)] if str(ended) else []
            finally:
                told.counts = {"found": tally.found, "fetched": tally.pages[Outcome.OK]}
                told.idle = "" if tally.outcomes else "nothing is missing that is known"


async def _judged(visit: Visit, bounds: Bounds, date_of: DateOf, ledger: Ledger, source: Source) -> Visit:
    """A visit that brought a page: of the span, or OUTSIDE. The page's own day has the last word."""
    if visit.fetched is None or not bounds.span.is_bounded:
        return visit
    due = visit.due
    before = bounds.where(due.url_key)
    found = bounds.known(due.url_key) or Found(key=due.url_key, url=due.url, source=source.name, via=due.via)
    body, kind = visit.body, visit.content_type
    if visit.rendered:
        body, kind = visit.rendered.encode("utf-8", "replace"), "text/html; charset=utf-8"
    day = await asyncio.to_thread(date_of, body, kind, visit.fetched.final_url)
    if day is None and before == Where.INSIDE:
        return visit
    ledger.backlog.note([bounds.learn(found, day)])
    inside = bounds.where(due.url_key) == Where.INSIDE
    return visit if inside else replace(visit, outcome=Outcome.OUTSIDE)
