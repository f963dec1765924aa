"""The way back through the lists of one source, for the days of publication that a backfill is for.

Pages known to be of the span, then its lists one after the other: sitemaps, feeds with their archives, listings page by
page or by halves (numbered.py); last the pages of which nobody tells the day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from pipeline.crawl.articles import page_due, visit_article
from pipeline.crawl.backlog import Found, Walked, found_in_list, in_china
from pipeline.crawl.bounds import BY_ORDER, Bounds, DateOf, Where
from pipeline.crawl.discover import Listed, links_of, rough
from pipeline.crawl.folding import spared
from pipeline.crawl.history import MISSING
from pipeline.crawl.ledger import EVER, Due, Ledger
from pipeline.crawl.lists import MAX_SITEMAP_DEPTH, list_due
from pipeline.crawl.numbered import LOOKS, Seek, last_where, numbered
from pipeline.crawl.pagination import older_page
from pipeline.crawl.rendering import Renderer
from pipeline.crawl.scope import unwanted
from pipeline.crawl.session import Session
from pipeline.crawl.urldates import Days
from pipeline.crawl.visit import Visitor
from pipeline.records import USABLE, Kind, Source
from pipeline.web.urls import fetch_form, url_key

MAX_BACK = 1_000
"""Pages of one listing or feed read back in one run (ours)."""
PAST = 2
"""So many of them in a row with nothing but older articles end the way back: a pinned one is on every page (ours)."""
FAULTS = 2
"""Pages that a server fails to give, after which no further one is looked for out of turn (ours)."""
STANDS = timedelta(days=30)
"""A list that was read when the span was over is not read again for so long (ours)."""
STANDS_MEANWHILE = timedelta(days=1)
"""The same of one that was read while the span went on."""


class Ended(Exception):  # noqa: N818  no error: it ends the way back of a source
    """Nothing more is asked for a source; the message is the note about it, if there is one."""


class WayBack:
    """The way back through one source."""

    def __init__(
        self,
        visitor: Visitor,
        renderer: Renderer,
        bounds: Bounds,
        date_of: DateOf,
        run: Session,
        most: int | None,
    ) -> None:
        """`most`: requests after which it ends; None: no bound."""
        self._visitor = visitor
        self._renderer = renderer
        self._bounds = bounds
        self._date_of = date_of
        self._tally = run.tallies[visitor.source.name]
        self._run = run
        self._most = most
        self._source = visitor.source
        self._ledger = visitor.keeper.ledger
        self._walked = self._ledger.backlog.walked(self._source.name, bounds.span)
        self._claimed: set[str] = set()
        self._sought: dict[str, Listed] = {}

    async def go(self) -> None:
        """Bring what is of the span; Ended where it has to end before."""
        for each in known_pages(self._ledger, self._source):
            self._bounds.add(each)
        await self._fetch_all(Where.INSIDE)
        if self._bounds.span.is_bounded or never_read(self._ledger, self._source):
            for kind, url in self._source.lists:
                due = list_due(url, kind, None)
                await (self._sitemaps(due) if kind == Kind.SITEMAP else self._back(due))
        await self._fetch_all(Where.MAYBE)

    async def _fetch_all(self, where: Where) -> None:
        """Fetch the pages that stand so to the span, the newest first."""
        chosen = [each for each in self._bounds.all() if self._bounds.where(each.key) == where]

        def order(each: Found) -> date:
            days = self._bounds.days(each.key)
            return days[1] if days else date.min

        for each in sorted(chosen, key=order, reverse=True):
            if self._bounds.where(each.key) == where:  # what was fetched since may have told
                await self._fetch(each)

    async def _fetch(self, found: Found) -> None:
        """Fetch an article that was never captured, if it is its time."""
        state = self._ledger.state(found.key)
        is_open = state is None or not (
            state.last_ok or state.gone or (state.looks and _waits(state.next_due, self._visitor.now()))
        )
        if found.key in self._claimed or not is_open or unwanted(self._visitor.scope, found.url) is not None:
            return
        page = replace(page_due(found.url), via=found.via)
        if spared(self._visitor, page, self._tally.spared):
            return
        self._check()
        visits = 0
        async for capture in visit_article(self._visitor, page, self._claimed, self._renderer):
            visits += 1
            self._tally.count(capture)
            self._run.tell(capture)
            if self._is_spent:
                break
        if not visits:
            self._tally.skipped += 1
            raise Ended(f"left: {self._visitor.closed(found.url)}")

    @property
    def _is_spent(self) -> bool:
        """Whether the requests there may be have been sent."""
        return self._most is not None and self._run.hosts.requests >= self._most

    def _check(self) -> None:
        if self._is_spent:
            raise Ended(
                f"ended after {self._run.hosts.requests} requests, as asked: the same command goes on"
            )

    async def _back(self, due: Due | None) -> None:
        """Read a feed with its archives, or a listing page by page, back to before the span or to its end."""
        seen: set[str] = set()
        read: set[str] = set()
        past, number, may_seek = 0, 0, due is not None and due.kind == Kind.LISTING
        while due is not None and due.url_key not in read:
            if len(read) >= MAX_BACK:
                self._tally.notes.append(f"cap: read {MAX_BACK} pages back: {due.url}")
                return
            read.add(due.url_key)
            number += 1
            done = self._walked.get(due.url_key)
            if done is None or not self._stands(done):
                listed = self._sought.pop(due.url_key, None) or await self._read(due, number)
                if listed is None:
                    return
                self._note(listed, due)
                keys = [link.key for link in listed.links]
                fresh = set(keys) - seen
                seen |= fresh
                await self._take(keys)
                past = past + 1 if self._bounds.is_past(keys) else 0
                older = listed.older if fresh and past < PAST else None
                done = self._note_walked(due, older)
                if may_seek and older and (ahead := await self._seek(due, older, number, listed)):
                    done, number, may_seek = ahead[0], number + ahead[1], False
            due = list_due(done.older, due.kind, due.url) if done.older else None

    async def _seek(self, due: Due, older: str, number: int, first: Listed) -> tuple[Walked, int] | None:
        """Pass by the pages of a listing that are all newer than the span, where its addresses count them.

        `due` is page `number`, and what it holds is `first`; `older` comes after it. What is returned says what comes
        after it now, and how many pages that is further on. None: nothing was sought, it goes on page by page. Each
        step is remembered, so that what is ended on the way goes on from there.
        """
        pages, span = numbered(due.url, older), self._bounds.span
        days = await self._placed(first, due) if pages is not None and span.until is not None else None
        if pages is None or days is None or not span.is_after(days):
            return None
        faults = 0

        async def read(url: str, index: int) -> tuple[Listed, Days] | None:
            nonlocal faults
            if faults >= FAULTS:
                return None
            page = list_due(url, due.kind, due.url)
            listed = await self._read(page, number + index, is_sought=True)
            if listed is None:
                state = self._ledger.state(page.url_key)
                faults += state is None or state.outcome not in MISSING
                return None
            if seek.is_first(listed):
                return None
            placed = await self._placed(listed, page)
            return (listed, placed) if placed is not None else None

        seek = Seek(pages, span, first, days, read)

        async def is_ahead(index: int) -> bool:
            is_so = await seek.is_ahead(index)
            if is_so and (further := seek.older(index)):
                self._note_walked(due, further)
            return is_so

        last = await last_where(is_ahead)
        if not seek.is_in_order:
            self._tally.notes.append(f"read page by page, since it is not in the order of time: {due.url}")
            return self._note_walked(due, older), 0
        self._sought = {url_key(url): listed for url, listed in seek.read.items()}
        return self._note_walked(due, seek.older(last) if last else older), last

    async def _placed(self, listed: Listed, due: Due) -> Days | None:
        """The days of the last article of a page, or of one of those before it; None: none tells a day.

        Of a page that is all newer than the span all is remembered, else only what was looked at: the way back has not
        come so far yet.
        """
        for link in reversed(listed.links[-LOOKS:]):
            self._note(replace(listed, links=(link,)), due)
            days, found = self._bounds.days(link.key), self._bounds.known(link.key)
            if days is None or date.min in days or date.max in days:
                day = await self._day_of(found) if found is not None else None
                days = (day, day) if day is not None else None
            if days is None:
                continue
            if self._bounds.span.is_after(days):
                self._note(listed, due)
                known = [each for link in listed.links if (each := self._bounds.known(link.key))]
                unsure = [each for each in known if self._bounds.where(each.key) == Where.MAYBE]
                self._bound(unsure, first=days[0])
            return days
        return None

    async def _sitemaps(self, top: Due) -> None:
        """Read a sitemap, and those of its children that may name pages of the span."""
        steps = [(top, 0)]
        read: set[str] = set()
        while steps:
            due, depth = steps.pop(0)
            done = self._walked.get(due.url_key)
            if due.url_key in read or (done is not None and self._stands(done) and depth):
                continue
            read.add(due.url_key)
            listed = await self._read(due, 1)
            if listed is None:
                continue
            self._note(listed, due)
            for link in listed.links:
                found = self._bounds.known(link.key)
                if found is not None and self._bounds.where(link.key) == Where.INSIDE:
                    await self._fetch(found)
            if depth < MAX_SITEMAP_DEPTH:
                children = self._bounds.holding(listed.children)
                steps += [(list_due(each.url, Kind.SITEMAP, due.url), depth + 1) for each in children]
            self._note_walked(due, None)

    def _note_walked(self, due: Due, older: str | None) -> Walked:
        """Remember that a list is done with, and which one comes after it."""
        walked = Walked(key=due.url_key, older=older, at=self._visitor.now())
        self._ledger.backlog.note_walked(self._source.name, self._bounds.span, walked)
        return walked

    def _stands(self, walked: Walked) -> bool:
        """Whether a list need not be read again."""
        until, now = self._bounds.span.until, self._visitor.now()
        is_over = until is not None and in_china(walked.at) > until
        return timedelta() <= now - walked.at < (STANDS if is_over else STANDS_MEANWHILE)

    async def _read(self, due: Due, number: int, *, is_sought: bool = False) -> Listed | None:
        """Visit one list; None when it does not answer. `number` counts the pages of a listing.

        That one is not there is no news where it `is_sought`.
        """
        self._check()
        visit = await self._visitor.ask(due)
        if visit is None:
            raise Ended(f"not asked: {due.url}: {self._visitor.closed(due.url)}")
        capture = self._visitor.keep(visit, changed=False)
        self._tally.count(capture)
        body = visit.body or (self._visitor.archived(due.url_key) if visit.outcome in USABLE else b"")
        if not body or visit.fetched is None:
            self._tally.notes += [] if is_sought else [f"{visit.outcome}: {due.url}"]
            return None
        url, kind = visit.fetched.final_url, visit.content_type
        listed = await asyncio.to_thread(links_of, self._visitor.scope, due.kind, body, url, kind)
        if due.kind == Kind.LISTING:
            text, codec = rough(body, kind)
            older = await asyncio.to_thread(older_page, text, url, number, codec)
            listed = replace(listed, older=older)
        self._tally.notes += [f"{listed.note}: {due.url}"] if listed.note else []
        return listed

    def _note(self, listed: Listed, due: Due) -> None:
        """Remember the links of a list."""
        found = [found_in_list(link, self._source.name, due.url) for link in listed.links]
        known = self._ledger.seen([each.key for each in found]) | {
            each.key for each in found if self._bounds.known(each.key)
        }
        self._tally.found += sum(each.key not in known for each in found)
        self._ledger.backlog.note([each for each in found if self._bounds.add(each)])

    async def _take(self, keys: Sequence[str]) -> None:
        """Fetch what a page of a feed or listing, the newest first, has of the span.

        Where nobody tells the days, the last article is asked for its own, then the first: a page that is all newer or
        all older is passed by.
        """
        found = [each for key in keys if (each := self._bounds.known(key)) is not None]
        for each in found:
            if self._bounds.where(each.key) == Where.INSIDE:
                await self._fetch(each)
        unsure = [each for each in found if self._bounds.where(each.key) == Where.MAYBE]
        if not unsure:
            return
        last = await self._day_of(unsure[-1])
        span = self._bounds.span
        if last is not None and span.is_after((last, last)):
            self._bound(unsure[:-1], first=last)
            return
        first = await self._day_of(unsure[0]) if last is not None and span.is_before((last, last)) else None
        if first is not None and span.is_before((first, first)):
            self._bound(unsure[1:-1], last=first)
            return
        for each in unsure:
            if self._bounds.where(each.key) == Where.MAYBE:
                await self._fetch(each)

    async def _day_of(self, found: Found) -> date | None:
        """The day that a page itself tells: as it is in the archive, else fetched for it."""
        await self._fetch(found)
        known = self._bounds.known(found.key)
        if known is not None and known.first is not None and known.first == known.last:
            return known.first
        capture = self._visitor.captured(found.key)
        if capture is None:
            return None
        day = await asyncio.to_thread(self._date_of, *capture.page, capture.final_url)
        if day is not None:
            self._ledger.backlog.note([self._bounds.learn(found, day)])
        return day

    def _bound(self, unsure: Sequence[Found], *, first: date | None = None, last: date | None = None) -> None:
        """Remember of pages that they stand above or below one whose day is known."""
        told = [replace(each, first=first, last=last, told_by=BY_ORDER) for each in unsure]
        self._ledger.backlog.note([each for each in told if self._bounds.add(each)])


def _waits(next_due: datetime | None, now: datetime) -> bool:
    return next_due is None or next_due > now


def never_read(ledger: Ledger, source: Source) -> bool:
    """Whether no list of a source was ever read by the schedule."""
    states = (ledger.state(url_key(url)) for _, url in source.lists)
    return not any(state is not None and state.looks for state in states)


def known_pages(ledger: Ledger, source: Source) -> list[Found]:
    """The pages of a source that its file, a backfill or the schedule knows, whether they were fetched or not."""
    found = {each.key: each for each in ledger.backlog.of(source.name)}
    for url in source.urls:
        address = fetch_form(url) or url
        found.setdefault(url_key(address), Found(key=url_key(address), url=address, source=source.name))
    for due in ledger.due(source.name, EVER):
        if due.part_of is None:
            page = Found(key=due.url_key, url=due.url, source=source.name, via=due.via)
            found.setdefault(due.url_key, page)
    return list(found.values())
