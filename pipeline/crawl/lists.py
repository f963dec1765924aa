"""Reading a source's lists: which feeds, sitemaps and listings are due, and which links are new."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.crawl.backlog import found_in_list
from pipeline.crawl.discover import Listed, ListedUrl, links_of, rough
from pipeline.crawl.ledger import Due, due_of
from pipeline.crawl.pagination import older_page
from pipeline.crawl.scope import on_own_site
from pipeline.crawl.states import due_at
from pipeline.crawl.upcoming import list_off
from pipeline.crawl.urlstate import LISTS
from pipeline.crawl.visit import Visit, Visitor
from pipeline.crawl.window import left_of, read_again
from pipeline.records import Capture, Kind, Outcome
from pipeline.web.urls import fetch_form, url_key

MAX_LISTING_PAGES = 10
"""Pages of one listing walked in one run (ours). The walk ends sooner, at a page without an unseen link."""
MAX_SITEMAPS = 500
MAX_SITEMAP_DEPTH = 3
"""Sitemaps read for one source in one run, and how deep indexes may name indexes (ours; an index names no
index by the protocol, sitemaps.org 0.9, but some do)."""
INDEX_HEAD = 2_000
"""Bytes in which an index shows that it is one."""
LEAST_FEED_INTERVAL = 1_800.0
"""Seconds; a feed that turns over faster still is not asked more often (ours)."""


@dataclass(slots=True, kw_only=True)
class Discovery:
    """What the lists of a source gave in one run."""

    links: dict[str, ListedUrl] = field(default_factory=dict)
    """Identity → link, of every list whose content was seen."""
    new: int = 0
    """Links not known before."""
    rejected: Counter[str] = field(default_factory=Counter)
    """Addresses not taken, by reason."""
    captures: list[Capture] = field(default_factory=list)
    """The visits of lists, without bodies."""
    unread: list[Due] = field(default_factory=list)
    """Lists whose content was not sent: not due, not modified, or the site is left alone."""
    notes: list[str] = field(default_factory=list)
    """Gaps, caps and traps, each with the URL of the list."""

    @property
    def read_anew(self) -> bool:
        """Whether any list came with new content."""
        return any(capture.outcome == Outcome.OK for capture in self.captures)


@dataclass(frozen=True, slots=True)
class _Step:
    due: Due
    depth: int = 0


async def read_lists(visitor: Visitor, *, only_due: bool) -> Discovery:
    """Read the lists of the source that are due (or all), and make the links found due at once.

    A feed shows its last items. When it shows nothing known any more, items may have passed unseen between two
    visits: then every other list is read as well.
    """
    source, ledger = visitor.source, visitor.keeper.ledger
    found = Discovery()
    now = visitor.now()
    for kind, url in source.lists:
        ledger.add_links(source.name, [_pair(url)], None, now, kind)
    coming = {due.url_key: due for due in ledger.due(source.name, now, LISTS)}
    waiting: list[Due] = []
    steps: deque[_Step] = deque()
    for kind, url in source.lists:
        due = coming.pop(url_key(url), None) or _overdue(visitor, url, now)
        if due is not None:
            steps.append(_Step(due))
        elif ledger.owner(url_key(url)) == source.name:
            waiting.append(list_due(url, kind, None))
        elif not _borrow(visitor, list_due(url, kind, None), found):
            steps.append(_Step(list_due(url, kind, None)))
    if steps and source.robots_sitemaps:
        steps.extend(await _named_by_robots(visitor, coming, now))
    if (
        source.sitemaps or source.robots_sitemaps
    ):  # children without lastmod come due on their own: their index says nothing of them
        steps.extend(_Step(due, 1) for due in coming.values() if due.kind == Kind.SITEMAP and due.via)
    if not only_due:
        steps.extend(_Step(due) for due in waiting)
        waiting = []
    visited: set[str] = set()
    while steps:
        step = steps.popleft()
        if step.due.url_key in visited:
            continue
        visited.add(step.due.url_key)
        more, gap = await _read(visitor, step, found)
        steps.extend(more)
        visited.update(due.url_key for due in found.unread)
        if gap:
            steps.extend(_Step(due) for due in waiting)
            waiting = []
        if sum(capture.kind == Kind.SITEMAP for capture in found.captures) >= MAX_SITEMAPS:
            left = [each for each in steps if each.due.kind == Kind.SITEMAP]
            steps = deque(each for each in steps if each.due.kind != Kind.SITEMAP)
            found.notes += [f"cap: {len(left)} sitemaps left for the next run"] if left else []
    found.unread += waiting
    return found


def count_links(visitor: Visitor, found: Discovery, enough: int) -> int:
    """Distinct links on the source's lists, the unread ones taken from the archive until `enough` are found."""
    keys = set(found.links)
    for due in found.unread:
        if len(keys) >= enough:
            break
        body = visitor.archived(due.url_key)
        keys.update(link.key for link in links_of(visitor.scope, due.kind, body, due.url).links if body)
    return len(keys)


async def _read(visitor: Visitor, step: _Step, found: Discovery) -> tuple[list[_Step], bool]:
    """Visit one list; the lists it leads to, and whether there is a gap before what it shows."""
    due, ledger = step.due, visitor.keeper.ledger
    before = ledger.state(due.url_key)
    visit = await visitor.ask(due)
    owner = visitor.keeper.ledger.owner(due.url_key)
    if visit is None:
        found.unread.append(due)
        found.notes.append(f"not asked: {due.url}: {visitor.closed(due.url)}")
        return [], False
    found.notes += [visit.note] if visit.note else []
    if not visit.body or visit.fetched is None:
        found.captures.append(visitor.keep(visit, every=visitor.source.every, changed=False))
        if visit.outcome != Outcome.UNCHANGED:
            state = visitor.keeper.ledger.state(due.url_key)
            off = list_off(state, visitor.now(), visitor.source.every) if state is not None else None
            found.notes.append(off.words if off is not None else f"{visit.outcome}: {due.url}")
            return [], False
        read_again(ledger, visitor.source, due, before, 1.0)
        if owner != visitor.source.name and _borrow(visitor, due, found):
            return [], False
        found.unread.append(due)
        body = visitor.archived(due.url_key) if due.kind == Kind.SITEMAP else b""
        if b"<sitemapindex" not in body[:INDEX_HEAD]:
            return [], False
        return _children(visitor, step, links_of(visitor.scope, due.kind, body, due.url), found), False
    content = await asyncio.to_thread(  # a hostile list may take seconds: the other sites go on meanwhile
        links_of, visitor.scope, due.kind, visit.body, visit.fetched.final_url, visit.content_type
    )
    left = left_of(ledger, due, [link.key for link in content.links])
    new, notes, gap = _take(visitor, due, content, found, left)
    more = _children(visitor, step, content, found)
    if due.kind == Kind.LISTING and new:
        more += _further_page(visit, step, found)
    every = _interval(visitor, due, content)
    found.captures.append(visitor.keep(visit, notes=notes, gap=gap, every=every, changed=bool(new or more)))
    if left is None and any(link.at for link in content.links):
        left = 1.0  # its dates say how fast it is
    read_again(ledger, visitor.source, due, before, 0.0 if gap else left)
    return more, gap


async def _named_by_robots(visitor: Visitor, coming: dict[str, Due], now: datetime) -> list[_Step]:
    """The sitemaps that robots.txt names and that are due: from then on each comes by its own time."""
    steps = []
    for named in await visitor.robots_sitemaps():
        url = fetch_form(named, visitor.source.home)
        if url is None or not on_own_site(visitor.scope, url):
            continue
        key = url_key(url)
        if visitor.keeper.ledger.add_links(
            visitor.source.name, [(url, key)], visitor.source.home, now, Kind.SITEMAP
        ):
            steps.append(_Step(list_due(url, Kind.SITEMAP, visitor.source.home)))
        elif (due := coming.pop(key, None)) is not None:
            steps.append(_Step(due))
    return steps


def _overdue(visitor: Visitor, url: str, now: datetime) -> Due | None:
    """A list whose time has come by the interval that the source has now; None: it has not."""
    state = visitor.keeper.ledger.state(url_key(url))
    if state is None or state.source != visitor.source.name:
        return None
    due = due_at(state, now, visitor.source.every)
    return due_of(state) if due is not None and due <= now else None


def _borrow(visitor: Visitor, due: Due, found: Discovery) -> bool:
    """Take the links of a list that another source reads out of the archive; False when it is not there.

    Sources may share a sitemap, each with its own patterns: it is fetched once, and for one of them. Of an
    index its children are taken too, each once, as deep and as many as a source may read.
    """
    steps = deque([_Step(due)])
    seen = {due.url_key}
    left: set[str] = set()
    taken = 0
    while steps:
        step = steps.popleft()
        body = visitor.archived(step.due.url_key)
        if not body:
            continue
        content = links_of(visitor.scope, step.due.kind, body, step.due.url)
        _take(visitor, step.due, content, found)
        found.unread.append(step.due)
        taken += 1
        for child in content.children:
            if child.key in seen:
                continue
            if step.depth >= MAX_SITEMAP_DEPTH or len(seen) >= MAX_SITEMAPS:
                left.add(child.key)
                continue
            seen.add(child.key)
            steps.append(_Step(list_due(child.url, Kind.SITEMAP, step.due.url), step.depth + 1))
    if left := left - seen:
        found.notes.append(f"cap: {len(left)} sitemaps not taken from the archive: {due.url}")
    return taken > 0


def _take(
    visitor: Visitor, due: Due, content: Listed, found: Discovery, left: float | None = None
) -> tuple[list[ListedUrl], tuple[str, ...], bool]:
    """Enter the links of one list; the new ones, notes for its record, and whether there is a gap.

    There is one where nothing is left of what it had just got (`left`, window.py), or nothing known at all.
    """
    ledger, source = visitor.keeper.ledger, visitor.source
    known = ledger.seen([link.key for link in content.links])
    new = [link for link in content.links if link.key not in known]
    notes = [content.note] if content.note else []
    gap = bool(new) and (left == 0 or (due.kind == Kind.FEED and due.looks > 0 and not known))
    if gap:
        notes.append(f"gap: nothing is left of what the {due.kind} had last; it is read again sooner")
    # What is known is fetched in this order, over as many runs as it takes: the oldest first, else as the list has it.
    new.sort(key=lambda link: (link.at is None, link.at or visitor.now()))
    found.rejected += content.rejected
    found.notes += [f"{note}: {due.url}" for note in notes]
    found.links |= {link.key: link for link in (*new, *(each for each in content.links if each.key in known))}
    ledger.backlog.note([found_in_list(link, source.name, due.url) for link in new if link.at])
    found.new += ledger.add_links(source.name, [(link.url, link.key) for link in new], due.url, visitor.now())
    return new, tuple(notes), gap


def _children(visitor: Visitor, step: _Step, content: Listed, found: Discovery) -> list[_Step]:
    """The sitemaps an index names that may hold something new: never read, or their lastmod has moved.

    Those without lastmod come due on their own, by how often they change.
    """
    if content.children and step.depth >= MAX_SITEMAP_DEPTH:
        found.notes.append(f"cap: index nested deeper than {MAX_SITEMAP_DEPTH}: {step.due.url}")
        return []
    ledger = visitor.keeper.ledger
    steps = []
    for child in content.children:
        due = list_due(child.url, Kind.SITEMAP, step.due.url)
        earlier = ledger.validators(child.key)
        if earlier is None or (child.at is not None and child.at > earlier.fetched_at):
            ledger.add_links(
                visitor.source.name, [(child.url, child.key)], step.due.url, visitor.now(), Kind.SITEMAP
            )
            steps.append(_Step(due, step.depth + 1))
        elif child.at is not None:
            found.unread.append(due)
    return steps


def _further_page(visit: Visit, step: _Step, found: Discovery) -> list[_Step]:
    """The next page of a listing, as long as its pages show links not seen before."""
    if visit.fetched is None:
        return []
    text, codec = rough(visit.body, visit.content_type)
    page = older_page(text, visit.fetched.final_url, step.depth + 1, codec)
    if page is None:
        return []
    if step.depth + 1 >= MAX_LISTING_PAGES:
        found.notes.append(f"cap: listing longer than {MAX_LISTING_PAGES} pages: {step.due.url}")
        return []
    return [_Step(list_due(page, Kind.LISTING, step.due.url), step.depth + 1)]


def _interval(visitor: Visitor, due: Due, content: Listed) -> float:
    """Seconds between visits: `every`, but for a feed at most half the age of the oldest item it shows."""
    every = visitor.source.every
    oldest = min((link.at for link in content.links if link.at), default=None)
    if due.kind != Kind.FEED or oldest is None:
        return every
    return min(every, max(_age(oldest, visitor.now()) / 2, LEAST_FEED_INTERVAL))


def _age(at: datetime, now: datetime) -> float:
    return (now - at).total_seconds()


def _pair(url: str) -> tuple[str, str]:
    return fetch_form(url) or url, url_key(url)


def list_due(url: str, kind: str, via: str | None) -> Due:
    """A list that the ledger does not know."""
    address, key = _pair(url)
    return Due(url=address, url_key=key, kind=kind, via=via, part_of=None, looks=0)
