"""The crawl of the sources: the one place where its order stands.

    lists that are due (feeds, sitemaps, listings) → new links → pages that are due, by site, with their further
    parts → a record of the discovery; each visit: robots → pace → conditional fetch → block pages → archive → ledger

Sites are asked side by side, one request at a time each. Nothing the web does raises.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from pipeline.archive import index
from pipeline.archive.withdrawn import standing_refs
from pipeline.archive.writer import utcnow
from pipeline.crawl import daily
from pipeline.crawl.articles import page_due, visit_article
from pipeline.crawl.folding import spared
from pipeline.crawl.ledger import EVER, NEVER, Due
from pipeline.crawl.lists import Discovery, count_links, read_lists
from pipeline.crawl.rendering import Renderer
from pipeline.crawl.scope import by_source, is_taken_down, scope_of, unwanted
from pipeline.crawl.session import OnProgress, Session, session, side_by_side
from pipeline.crawl.tally import CLOCK, SourceRun, Tally
from pipeline.crawl.upcoming import Upcoming, upcoming
from pipeline.crawl.urlstate import AHEAD
from pipeline.crawl.visit import Conduct, Visitor
from pipeline.nextpart import part_of
from pipeline.records import UNREACHED, USABLE, Capture, Kind, Reason, Source
from pipeline.stages import Stage, StageName, stage
from pipeline.web.fetch import USER_AGENT
from pipeline.web.fetched import Limits
from pipeline.web.pace import longest_list_interval
from pipeline.web.urls import domain, fetch_form, site, url_key

logger = logging.getLogger("pipeline.crawl")

MAX_NEW_PAGES = 1_000
"""Pages never asked for that one run fetches of one source (ours). All that a list names is known: what is more than
that comes in the next runs, as `crawl.lists` put it in order. What turns out on the way to be another URL of a known
page is not fetched, and the next one takes its place."""
COLLECT_AFTER = 50_000
"""Objects made and not freed after which cycles are looked for (ours; Python: 700)."""
PAUSE = timedelta(days=30)
"""A longer time without a visit is told where there are no lists: it may be the clock (ours)."""


def crawl(
    sources: Sequence[Source],
    raw: Path,
    *,
    now: Callable[[], datetime] = utcnow,
    only_due: bool = True,
    urls: Sequence[str] | None = None,
    user_agent: str = USER_AGENT,
    limits: Limits | None = None,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
    beside: Path | None = None,
) -> tuple[SourceRun, ...]:
    """Fetch what is due into the archive under `raw`; one SourceRun a source, in the order given.

    `only_due=False` looks at everything known again (conditionally), and tries
    sites that failed too often once. `urls` fetches just those, without
    reading lists. `beside` is another archive, whose crawls ask the same sites: its pace is kept. A set `stop` ends
    the run within seconds; what was fetched until then is sealed and reported. A source in which something unexpected
    fails ends alone (`SourceRun.failed_with`). Raises BusyError when another run writes, UsageError for a URL that
    belongs to no source, OSError or sqlite3.Error when the archive or the ledger cannot be written (a full disk).
    """
    asked = by_source(sources, urls) if urls is not None else None
    kind = "crawl-" if urls is None else daily.BACKFILL
    conduct = Conduct(now=now, user_agent=user_agent, limits=limits or Limits())
    with (
        _seldom_collected(),
        session(raw, kind, conduct, on_progress, forced=not only_due, beside=beside) as run,
    ):
        first = run.tallies[sources[0].name] if sources else Tally()
        _tell_of_clock(first, run.keeper.ledger.newest, now(), _pause(sources))
        work = [
            run.alone(each, partial(_source, run, each, asked[each.name] if asked else None, only_due))
            for each in sources
        ]
        run.run(work, lambda: stop is not None and stop.is_set())
        if urls is None and not (stop is not None and stop.is_set()):
            for each in sources:
                _say_why(run, each)
        return tuple(run.tallies[each.name].source_run(each.name) for each in sources)


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """With the search for cycles a seventieth as often: what a crawl keeps in memory is walked each time.

    Records make no cycles; tasks and errors do, some hundred bytes a page, so that it may not be off.
    """
    before = gc.get_threshold()
    gc.set_threshold(COLLECT_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _pause(sources: Sequence[Source]) -> timedelta:
    """The time without a visit that is told: more than a day longer than the lists of these sources may wait."""
    waits = [longest_list_interval(each.every) for each in sources if each.lists]
    return timedelta(seconds=max(waits)) + AHEAD if waits else PAUSE


def _tell_of_clock(tally: Tally, newest: datetime, now: datetime, pause: timedelta) -> None:
    """Say that the clock seems to have jumped, either way; due times are judged by it all the same."""
    told = f"the newest visit known is of {newest:%Y-%m-%d}, and it is {now:%Y-%m-%d} now"
    if newest > now + AHEAD:
        told += ", so it was ahead then or is behind now; what was visited or found since is looked at again"
    elif newest > NEVER and now - newest > pause:
        told += "; if there was no such pause, it runs ahead"
    else:
        return
    tally.notes.append(CLOCK + told)
    logger.warning("%s%s", CLOCK, told)


def _say_why(run: Session, source: Source) -> None:
    """Note what a source waits for, if nothing of it was asked in this run."""
    tally = run.tallies[source.name]
    if tally.is_idle:
        next_one = _next_of(run, source)
        tally.next_due, tally.waiting = next_one.at, next_one.words(run.conduct.now())


def _next_of(run: Session, source: Source) -> Upcoming:
    scope = scope_of(source, run.blocked)
    return upcoming(source, scope, run.keeper.ledger, run.conduct.now())


async def _source(run: Session, source: Source, urls: list[str] | None, only_due: bool) -> None:
    """Crawl one source, in the order there is."""
    logger.info("%s begins", source.name)
    tally = run.tallies[source.name]
    left: deque[Due] = deque()
    async with run.visiting(source) as (visitor, renderer):
        if urls is not None:
            known = {each.url_key: each for each in run.keeper.ledger.due(source.name, EVER)}
            allowed = [url for url in urls if not is_taken_down(visitor.scope, url)]
            if len(allowed) < len(urls):
                tally.skipped += len(urls) - len(allowed)
                tally.notes.append(f"{len(urls) - len(allowed)} pages not fetched: {Reason.TAKEDOWN}")
            due = [known.get(url_key(url)) or page_due(url) for url in allowed]
        else:
            async with run.sites:
                with stage(StageName.DISCOVER, source.name) as told:
                    found = await read_lists(visitor, only_due=only_due)
                    _discovered(run, visitor, found, tally)
                    due, left = _due_pages(run, visitor, only_due, tally)
                    _say_discovered(told, found, tally)
                    if told.idle and not due:
                        told.idle = _next_of(run, source).words(run.conduct.now()) or told.idle
        fresh = sum(not each.looks for each in due) + len(left)
        with stage(StageName.FETCH, source.name) as told:
            try:
                batch = due
                claimed: set[str] = set()
                while batch:
                    if urls is None:
                        run.keeper.ledger.daily.count(source.name, run.conduct.now(), daily.DUE, len(batch))
                    freed = await _pages(
                        run, visitor, renderer, batch, claimed, tally, told, is_named=urls is not None
                    )
                    batch = _refill(visitor, left, freed, tally)
                    due = [*due, *batch]
            finally:
                _say_left(tally, len(left), fresh)
                _say_fetched(told, tally.source_run(source.name), len(due))
    logger.info("%s ends: %s", source.name, ", ".join(f"{n} {word}" for word, n in tally.outcomes.items()))


def _discovered(run: Session, visitor: Visitor, found: Discovery, tally: Tally) -> None:
    """Count what the lists gave, hold it against expect_links, and archive the number."""
    source = visitor.source
    for capture in found.captures:
        tally.count(capture)
    tally.found = found.new
    tally.notes += found.notes
    tally.notes += [f"{n} links not taken: {reason}" for reason, n in sorted(found.rejected.items())]
    failed = [each for each in found.captures if each.outcome not in USABLE]
    if not found.read_anew and not failed:
        return
    links = count_links(visitor, found, source.expect_links)
    if links < source.expect_links:
        tally.refused = f"found {links} links, expected at least {source.expect_links}"
    if found.read_anew:
        tally.links = links
        address = fetch_form(source.home) or source.home
        discovery = Capture(
            id="",
            source=source.name,
            kind=Kind.DISCOVERY,
            url=address,
            url_key=url_key(address),
            final_url=address,
            fetched_at=run.conduct.now(),
            links=links,
            notes=tuple(tally.notes),
        )
        tally.count(run.keeper.keep(discovery))


def _due_pages(run: Session, visitor: Visitor, only_due: bool, tally: Tally) -> tuple[list[Due], deque[Due]]:
    """The pages to visit now, and those over the quota; further parts are visited with their part 1, never alone."""
    source, ledger = visitor.source, run.keeper.ledger
    named = [
        (address, url_key(address))
        for url in source.urls
        if (address := fetch_form(url)) and not is_taken_down(visitor.scope, address)
    ]
    tally.found += ledger.add_links(source.name, named, None, run.conduct.now())
    due = {each.url_key: each for each in ledger.due(source.name, run.conduct.now())}
    if not only_due:
        due |= {each.url_key: each for each in ledger.due(source.name, EVER)}
        for ref in standing_refs(run.keeper.raw, index.find(run.keeper.raw, sources=(source.name,))):
            if ref.kind == Kind.PAGE and ref.url_key not in due:
                due[ref.url_key] = replace(page_due(ref.url), via=ref.via, part_of=ref.part_of, looks=1)
    pages = [each for each in due.values() if each.part_of is None]
    wanted = [each for each in pages if unwanted(visitor.scope, each.url) is None]
    tally.skipped += len(pages) - len(wanted)
    wanted = [each for each in wanted if not spared(visitor, each, tally.spared)]
    left = deque([each for each in wanted if not each.looks][MAX_NEW_PAGES:])
    keys = {each.url_key for each in left}
    # Addresses that look like a further part come last: by then part 1 may have claimed them.
    now = sorted(
        (each for each in wanted if each.url_key not in keys), key=lambda each: part_of(each.url)[1] > 1
    )
    return now, left


def _refill(visitor: Visitor, left: deque[Due], freed: int, tally: Tally) -> list[Due]:
    """As many of the pages over the quota as of those within it were not asked for after all; they are taken out."""
    more: list[Due] = []
    while left and len(more) < freed:
        page = left.popleft()
        if not spared(visitor, page, tally.spared):
            more.append(page)
    return more


def _say_left(tally: Tally, left: int, fresh: int) -> None:
    """Tell of the pages over the quota."""
    if left:
        tally.skipped += left
        tally.notes.append(f"quota: {left} of {fresh} pages not fetched yet are left for the next runs")


async def _pages(
    run: Session,
    visitor: Visitor,
    renderer: Renderer,
    due: list[Due],
    claimed: set[str],
    tally: Tally,
    told: Stage,
    *,
    is_named: bool,
) -> int:
    """Visit pages: domains side by side, the pages of one in order. `is_named`: by a person, so all are visited.

    Returns how many that were never fetched were not asked for, since they turned out to be known under another URL.
    """
    run.total += len(due)
    by_domain: dict[str, list[Due]] = {}
    for each in due:
        by_domain.setdefault(domain(each.url), []).append(each)
    freed = 0

    async def one_domain(pages: list[Due]) -> None:
        nonlocal freed
        left: defaultdict[str, list[Due]] = defaultdict(list)
        async with run.sites:
            for page in pages:
                where = site(page.url)
                is_known = not is_named and spared(visitor, page, tally.spared)
                if is_known or page.url_key in claimed:  # or it came as a further part of an article
                    run.total -= 1
                    freed += is_known and not page.looks
                elif where in left or not await _article(run, visitor, renderer, page, claimed, tally):
                    left[where].append(page)
                told.at(tally.pages.total(), len(due))
        for where, those in left.items():
            tally.skipped += len(those)
            tally.notes.append(f"{len(those)} pages left: {where}: {visitor.closed(those[0].url)}")
            run.total -= len(those)

    await side_by_side([one_domain(pages) for pages in by_domain.values()])
    return freed


async def _article(
    run: Session, visitor: Visitor, renderer: Renderer, page: Due, claimed: set[str], tally: Tally
) -> bool:
    """Visit an article and its further parts, counting each; False: its site is left alone from here."""
    visits = 0
    async for capture in visit_article(visitor, page, claimed, renderer):
        visits += 1
        run.total += visits > 1
        tally.count(capture)
        run.tell(capture)
    return visits > 0


def _say_discovered(told: Stage, found: Discovery, tally: Tally) -> None:
    """What the lists gave, for who watches."""
    told.counts = {"lists": len(found.captures), "links": len(found.links), "new": tally.found}
    told.idle = "" if found.captures or tally.found else "no list is due"
    outcomes = {each.outcome for each in found.captures}
    unanswered = outcomes and outcomes <= UNREACHED
    told.wrong = tally.refused or (f"no list answered: {', '.join(sorted(outcomes))}" if unanswered else "")


def _say_fetched(told: Stage, so_far: SourceRun, due: int) -> None:
    """What became of the pages, for who watches."""
    words = ("fetched", "unchanged", "blocked", "failed", "robots", "skipped")
    told.counts = {"due": due, **{word: n for word in words if (n := getattr(so_far, word))}}
    told.idle = "" if due else "no page is due"
    told.wrong = "no page came" if due and not so_far.fetched + so_far.unchanged + so_far.robots else ""
