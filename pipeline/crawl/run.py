"""The crawl of the sources: the one place where its order stands.

    lists that are due (feeds, sitemaps, listings) → new links → pages that are due, by site, with their further
    parts → a record of the discovery; each visit: robots → pace → conditional fetch → block pages → archive → ledger

Sites are asked side by side, one request at a time each. Nothing the web does raises.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.archive import blocklist, index
from pipeline.archive.withdrawn import standing_refs
from pipeline.archive.writer import Writer, utcnow
from pipeline.crawl import daily
from pipeline.crawl.articles import page_due, visit_article
from pipeline.crawl.database import LedgerError
from pipeline.crawl.hosts import Hosts
from pipeline.crawl.keeper import Keeper
from pipeline.crawl.ledger import EVER, NEVER, Due, Ledger
from pipeline.crawl.lists import Discovery, count_links, read_lists
from pipeline.crawl.rendering import Renderer
from pipeline.crawl.scope import by_source, is_taken_down, scope_of, unwanted
from pipeline.crawl.tally import CLOCK, SourceRun, Tally
from pipeline.crawl.upcoming import Upcoming, upcoming
from pipeline.crawl.urlstate import AHEAD
from pipeline.crawl.visit import Conduct, Visitor
from pipeline.nextpart import part_of
from pipeline.records import UNREACHED, USABLE, Capture, Kind, Reason, Source
from pipeline.stages import Stage, StageName, stage
from pipeline.web.browser import Browser
from pipeline.web.fetch import USER_AGENT, Client
from pipeline.web.fetched import Limits
from pipeline.web.pace import longest_list_interval
from pipeline.web.urls import domain, fetch_form, site, url_key

logger = logging.getLogger("pipeline.crawl")

MAX_SITES = 32
"""Sites asked at one time; with 8 MiB a body this bounds memory."""
MAX_NEW_PAGES = 1_000
"""Pages never asked for that one run fetches of one source (ours). All that a list names is known: what is more than
that comes in the next runs, as `crawl.lists` put it in order."""
PAUSE = timedelta(days=30)
"""A longer time without a visit is told where there are no lists: it may be the clock (ours)."""
STOP_POLL = 0.1
"""Seconds between two looks at the stop event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlProgress:
    """How far the whole run is."""

    source: str
    """Name of the source the last visit was for."""
    done: int
    """Visits of pages kept so far, further parts included."""
    total: int
    """Visits of pages known to be needed so far."""
    url: str
    """The URL last visited, in fetch form."""
    outcome: str
    """The outcome of that visit's capture."""


def crawl(
    sources: Sequence[Source],
    raw: Path,
    *,
    now: Callable[[], datetime] = utcnow,
    only_due: bool = True,
    urls: Sequence[str] | None = None,
    user_agent: str = USER_AGENT,
    limits: Limits | None = None,
    on_progress: Callable[[CrawlProgress], None] | None = None,
    stop: threading.Event | None = None,
) -> tuple[SourceRun, ...]:
    """Fetch what is due into the archive under `raw`; one SourceRun a source, in the order given.

    `only_due=False` looks at everything known again (conditionally), and tries
    sites that failed too often once. `urls` fetches just those, without
    reading lists. A set `stop` ends the run within seconds; what was fetched until then is sealed and
    reported. A source in which something unexpected fails ends alone (`SourceRun.failed_with`). Raises
    BusyError when another run writes, UsageError for a URL that belongs to no source, OSError or
    sqlite3.Error when the archive or the ledger cannot be written (a full disk).
    """
    asked = by_source(sources, urls) if urls is not None else None
    run_id = f"{'crawl-' if urls is None else daily.BACKFILL}{now().astimezone(UTC):%Y%m%dT%H%M%S%f}"
    with (
        stage(StageName.ARCHIVE, begin=False) as kept,  # ends when the file is sealed
        Writer(raw, run_id, clock=now) as writer,
        Ledger(raw) as ledger,
    ):
        kept.begin()
        conduct = Conduct(now=now, user_agent=user_agent, limits=limits or Limits())
        run = _Run(writer, ledger, conduct, on_progress, forced=not only_due)
        _tell_of_clock(
            run.tallies[sources[0].name] if sources else Tally(), ledger.newest, now(), _pause(sources)
        )
        work = [run.source(each, asked[each.name] if asked else None, only_due) for each in sources]
        try:
            asyncio.run(
                until_stopped(work, run.keeper, run.browser, lambda: stop is not None and stop.is_set())
            )
        finally:
            kept.counts = {"captures": sum(t.outcomes.total() for t in run.tallies.values())}
            kept.idle = "" if kept.counts["captures"] else "nothing was asked"
        if urls is None and not (stop is not None and stop.is_set()):
            for each in sources:
                run.say_why(each)
        return tuple(run.tallies[each.name].source_run(each.name) for each in sources)


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


class _Run:
    """What the sources of one run share."""

    def __init__(
        self,
        writer: Writer,
        ledger: Ledger,
        conduct: Conduct,
        on_progress: Callable[[CrawlProgress], None] | None,
        *,
        forced: bool,
    ) -> None:
        self.hosts = Hosts(ledger, conduct.now, forced=forced)
        self.tallies: defaultdict[str, Tally] = defaultdict(Tally)
        self.keeper = Keeper(writer, ledger, self.hosts, self.tallies)
        self.browser = Browser(conduct.user_agent)
        self._conduct = conduct
        self._on_progress = on_progress
        self._blocked = blocklist.read(writer.raw)
        self._sites = asyncio.Semaphore(MAX_SITES)
        self._done = 0
        self._total = 0

    def say_why(self, source: Source) -> None:
        """Note what a source waits for, if nothing of it was asked in this run."""
        tally = self.tallies[source.name]
        if tally.is_idle:
            next_one = self._next_of(source)
            tally.next_due, tally.waiting = next_one.at, next_one.words(self._conduct.now())

    def _next_of(self, source: Source) -> Upcoming:
        scope = scope_of(source, self._blocked)
        return upcoming(source, scope, self.keeper.ledger, self._conduct.now())

    async def source(self, source: Source, urls: list[str] | None, only_due: bool) -> None:
        """Crawl one source; an error ends it alone, unless archive or ledger take nothing more."""
        try:
            await self._source(source, urls, only_due)
        except (sqlite3.Error, LedgerError):
            raise
        except Exception as error:
            if self.keeper.broken is not None:
                raise
            self.tallies[source.name].failed_with = f"{type(error).__name__}: {error}"
            logger.exception("source %s failed", source.name)

    async def _source(self, source: Source, urls: list[str] | None, only_due: bool) -> None:
        """Crawl one source, in the order there is."""
        logger.info("%s begins", source.name)
        tally = self.tallies[source.name]
        scope = scope_of(source, self._blocked)
        conduct = self._conduct
        async with Client(
            user_agent=conduct.user_agent,
            allow_private=source.allow_private,
            limits=conduct.limits,
            ports=scope.ports,
            now=conduct.now,
        ) as client:
            visitor = Visitor(scope, client, self.keeper, self.hosts, conduct)
            renderer = Renderer(self.browser, visitor, tally)
            if urls is not None:
                known = {each.url_key: each for each in self.keeper.ledger.due(source.name, EVER)}
                allowed = [url for url in urls if not is_taken_down(scope, url)]
                if len(allowed) < len(urls):
                    tally.skipped += len(urls) - len(allowed)
                    tally.notes.append(f"{len(urls) - len(allowed)} pages not fetched: {Reason.TAKEDOWN}")
                due = [known.get(url_key(url)) or page_due(url) for url in allowed]
            else:
                async with self._sites:
                    with stage(StageName.DISCOVER, source.name) as told:
                        found = await read_lists(visitor, only_due=only_due)
                        self._discovered(visitor, found, tally)
                        due = self._due_pages(visitor, only_due, tally)
                        _say_discovered(told, found, tally)
                        if told.idle and not due:
                            told.idle = self._next_of(source).words(conduct.now()) or told.idle
                self.keeper.ledger.count(source.name, conduct.now(), daily.DUE, len(due))
            with stage(StageName.FETCH, source.name) as told:
                try:
                    await self._pages(visitor, renderer, due, tally, told)
                finally:
                    renderer.end()
                    _say_fetched(told, tally.source_run(source.name), len(due))
        logger.info(
            "%s ends: %s", source.name, ", ".join(f"{n} {word}" for word, n in tally.outcomes.items())
        )

    def _discovered(self, visitor: Visitor, found: Discovery, tally: Tally) -> None:
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
                fetched_at=self._conduct.now(),
                links=links,
                notes=tuple(tally.notes),
            )
            tally.count(self.keeper.keep(discovery))

    def _due_pages(self, visitor: Visitor, only_due: bool, tally: Tally) -> list[Due]:
        """The pages to visit now; further parts are visited with their part 1, never on their own."""
        source, ledger = visitor.source, self.keeper.ledger
        named = [
            (address, url_key(address))
            for url in source.urls
            if (address := fetch_form(url)) and not is_taken_down(visitor.scope, address)
        ]
        tally.found += ledger.add_links(source.name, named, None, self._conduct.now())
        due = {each.url_key: each for each in ledger.due(source.name, self._conduct.now())}
        if not only_due:
            due |= {each.url_key: each for each in ledger.due(source.name, EVER)}
            for ref in standing_refs(self.keeper.raw, index.find(self.keeper.raw, sources=(source.name,))):
                if ref.kind == Kind.PAGE and ref.url_key not in due:
                    due[ref.url_key] = replace(page_due(ref.url), via=ref.via, part_of=ref.part_of, looks=1)
        pages = [each for each in due.values() if each.part_of is None]
        wanted = [each for each in pages if unwanted(visitor.scope, each.url) is None]
        fresh = [each for each in wanted if not each.looks]
        if left := {each.url_key for each in fresh[MAX_NEW_PAGES:]}:
            wanted = [each for each in wanted if each.url_key not in left]
            tally.notes.append(
                f"quota: {len(left)} of {len(fresh)} pages not fetched yet are left for the next runs"
            )
        tally.skipped += len(pages) - len(wanted)
        # Addresses that look like a further part come last: by then part 1 may have claimed them.
        return sorted(wanted, key=lambda each: part_of(each.url)[1] > 1)

    async def _pages(
        self, visitor: Visitor, renderer: Renderer, due: list[Due], tally: Tally, told: Stage
    ) -> None:
        """Visit pages: domains side by side, the pages of one in order."""
        self._total += len(due)
        by_domain: dict[str, list[Due]] = {}
        for each in due:
            by_domain.setdefault(domain(each.url), []).append(each)
        claimed: set[str] = set()

        async def one_domain(pages: list[Due]) -> None:
            left: defaultdict[str, list[Due]] = defaultdict(list)
            async with self._sites:
                for page in pages:
                    where = site(page.url)
                    if page.url_key in claimed:  # came as a further part of an article
                        self._total -= 1
                    elif where in left or not await self._article(visitor, renderer, page, claimed, tally):
                        left[where].append(page)
                    told.at(tally.pages.total(), len(due))
            for where, those in left.items():
                tally.skipped += len(those)
                tally.notes.append(f"{len(those)} pages left: {where}: {visitor.closed(those[0].url)}")
                self._total -= len(those)

        await _all([one_domain(pages) for pages in by_domain.values()])

    async def _article(
        self, visitor: Visitor, renderer: Renderer, page: Due, claimed: set[str], tally: Tally
    ) -> bool:
        """Visit an article and its further parts, counting each; False: its site is left alone from here."""
        visits = 0
        async for capture in visit_article(visitor, page, claimed, renderer):
            visits += 1
            self._total += visits > 1
            self._done += 1
            tally.count(capture)
            if self._on_progress is not None:
                self._on_progress(
                    CrawlProgress(
                        source=visitor.source.name,
                        done=self._done,
                        total=self._total,
                        url=capture.url,
                        outcome=capture.outcome,
                    )
                )
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


async def _all(work: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Run coroutines side by side; the first failure ends the others."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until_stopped(
    work: Sequence[Coroutine[Any, Any, None]],
    keeper: Keeper,
    browser: Browser,
    is_stopped: Callable[[], bool],
) -> None:
    """Run to the end or until it is stopped; either way everything kept so far is on disk."""
    task = asyncio.create_task(_all(work))
    try:
        while not task.done() and not is_stopped():
            await asyncio.wait({task}, timeout=STOP_POLL)
            keeper.flush_when_due()
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await browser.close()
        keeper.finish()
