"""What the sources of one run share, of the schedule's and of a backfill: how it begins, ends and is interrupted."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.archive import blocklist
from pipeline.archive.writer import Writer
from pipeline.crawl.database import LedgerError
from pipeline.crawl.hosts import Hosts
from pipeline.crawl.keeper import Keeper
from pipeline.crawl.ledger import Ledger
from pipeline.crawl.lookup import host_of
from pipeline.crawl.rendering import Renderer
from pipeline.crawl.scope import scope_of
from pipeline.crawl.tally import Tally
from pipeline.crawl.turns import Turns
from pipeline.crawl.visit import Conduct, Visit, Visitor
from pipeline.records import Capture, Source
from pipeline.stages import Stage, StageName, stage
from pipeline.web.browser import Browser
from pipeline.web.fetch import Client

logger = logging.getLogger("pipeline.crawl")

MAX_SITES = 32
"""Sites asked at one time; with 8 MiB a body this bounds memory."""
STOP_POLL = 0.1
"""Seconds between two looks at whether a run is stopped."""


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


OnProgress = Callable[[CrawlProgress], None]


class Session:
    """One run: its archive file, its ledger, the hosts it asks and what it counts; made by `session`."""

    def __init__(
        self,
        writer: Writer,
        ledger: Ledger,
        conduct: Conduct,
        kept: Stage,
        on_progress: OnProgress | None,
        hosts: Hosts,
    ) -> None:
        self.conduct = conduct
        self.hosts = hosts
        self.tallies: defaultdict[str, Tally] = defaultdict(Tally)
        self.keeper = Keeper(writer, ledger, self.hosts, self.tallies)
        self.blocked = blocklist.read(writer.raw)
        self.sites = asyncio.Semaphore(MAX_SITES)
        self.total = 0
        """Visits known to be needed; 0: nobody knows beforehand."""
        self._browser = Browser(conduct.user_agent)
        self._kept = kept
        self._on_progress = on_progress
        self._done = 0

    @asynccontextmanager
    async def visiting(
        self, source: Source, judge: Callable[[Visit], Awaitable[Visit]] | None = None
    ) -> AsyncIterator[tuple[Visitor, Renderer]]:
        """Who asks for one source, and who renders its pages."""
        scope = scope_of(source, self.blocked)
        async with Client(
            user_agent=self.conduct.user_agent,
            allow_private=source.allow_private,
            limits=self.conduct.limits,
            ports=scope.ports,
            now=self.conduct.now,
        ) as client:
            visitor = Visitor(scope, client, self.keeper, self.hosts, self.conduct, judge=judge)
            renderer = Renderer(self._browser, visitor, self.tallies[source.name])
            try:
                yield visitor, renderer
            finally:
                renderer.end()

    async def alone(self, source: Source, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work of one source; an error ends it alone, unless archive or ledger take nothing more."""
        try:
            await work()
        except (sqlite3.Error, LedgerError):
            raise
        except Exception as error:
            if self.keeper.broken is not None:
                raise
            self.tallies[source.name].failed_with = f"{type(error).__name__}: {error}"
            logger.exception("source %s failed", source.name)

    def tell(self, capture: Capture) -> None:
        """Count a visit of a page, for who watches."""
        self._done += 1
        if self._on_progress is not None:
            told = CrawlProgress(
                source=capture.source,
                done=self._done,
                total=self.total or self._done,
                url=capture.url,
                outcome=capture.outcome,
            )
            self._on_progress(told)

    def run(self, work: Sequence[Coroutine[Any, Any, None]], is_stopped: Callable[[], bool]) -> None:
        """Run to the end or until it is stopped; either way everything kept so far is on disk."""
        try:
            asyncio.run(self._until_stopped(work, is_stopped))
        finally:
            self._kept.counts = {"captures": sum(t.outcomes.total() for t in self.tallies.values())}
            self._kept.idle = "" if self._kept.counts["captures"] else "nothing was asked"

    async def _until_stopped(
        self, work: Sequence[Coroutine[Any, Any, None]], is_stopped: Callable[[], bool]
    ) -> None:
        task = asyncio.create_task(side_by_side(work))
        try:
            while not task.done() and not is_stopped():
                await asyncio.wait({task}, timeout=STOP_POLL)
                self.keeper.flush_when_due()
            if task.done():
                task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._browser.close()
            self.keeper.finish()


@contextmanager
def session(
    raw: Path,
    kind: str,
    conduct: Conduct,
    on_progress: OnProgress | None,
    *,
    forced: bool = False,
    gives_way: bool = False,
    beside: Path | None = None,
) -> Iterator[Session]:
    """A run on the archive under `raw`, named by its kind and the time; the archive's stage ends with it.

    `beside` is the archive whose crawls ask the same sites (that under `raw`): what it knows of them holds, and its
    pace is shared.
    """
    run_id = f"{kind}{conduct.now().astimezone(UTC):%Y%m%dT%H%M%S%f}"
    with (
        stage(StageName.ARCHIVE, begin=False) as kept,  # ends when the file is sealed
        Writer(raw, run_id, clock=conduct.now, gives_way=gives_way) as writer,
        Ledger(raw) as ledger,
    ):
        kept.begin()
        known = ledger.host if beside is None else partial(host_of, beside)
        with closing(Turns(beside or raw)) as turns:
            hosts = Hosts(known, conduct.now, forced=forced, turns=turns)
            yield Session(writer, ledger, conduct, kept, on_progress, hosts)


async def side_by_side(work: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Run coroutines side by side; the first failure ends the others."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
