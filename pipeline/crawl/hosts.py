"""Whose turn it is: one lane per registrable domain and per address, the delay of a site, when to leave it alone, and
its robots.txt.

The state outlives the run: it is read from the ledger at first touch and written back with each batch.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from pipeline.crawl.hostmemory import FAILURES, FIRST_REST, FURTHEST, LONGEST_REST, MAX_FAILURES, Host
from pipeline.crawl.ledger import Ledger
from pipeline.crawl.outage import is_doubtful
from pipeline.crawl.reservations import State
from pipeline.crawl.robots import Robots
from pipeline.crawl.states import jittered
from pipeline.records import Outcome, Place
from pipeline.web import pace
from pipeline.web.connections import Resolve, resolve_name
from pipeline.web.fetched import Fetched
from pipeline.web.pace import MAX_ROBOTS_DELAY, next_delay
from pipeline.web.urls import domain, site

MAX_WAIT = 60.0
"""Seconds a run waits for a site that asked, in an earlier run, to be left alone; a longer wait skips it."""
ADDRESS_SHARE = 0.5
"""Of its delay that a site keeps to what else stands at its address: many names of one server are one server, and it
bears the pace of two of them (ours); of a front that serves thousands of sites no more is asked either."""
RESOLVE = 10.0
"""Seconds in which a name is looked up; one that is not found in time shares its address with nobody."""
TOO_FAST = 429
"""The status a block page is paced as, whatever it claims."""


@dataclass(eq=False, slots=True)
class Lane:
    """What requests go through one after the other: a registrable domain, or an address."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Of a domain: held by the one request that is under way."""
    last: float = -1e9
    """Loop time of the last sign of a request: its start, then its end."""


@dataclass(eq=False, slots=True)
class Queue:
    """The state of one site during a run."""

    name: str
    lane: Lane
    """That of its domain."""
    delay: float = 0.0
    """Seconds between requests that the site has borne."""
    not_before: datetime | None = None
    """No request before this time."""
    fails: int = 0
    closed: str | None = None
    """Why nothing more is asked of it in this run."""
    before: tuple[float, datetime | None, int] | None = None
    """Delay, `not_before` and `fails` as they were when it last answered, while it is not known whose fault it is that
    it does not (outage.py)."""

    @property
    def standing(self) -> tuple[float, datetime | None, int]:
        """Delay, `not_before` and `fails` as far as they are sure."""
        return self.before or (self.delay, self.not_before, self.fails)


@dataclass(eq=False, slots=True)
class Rules:
    """What one host's robots.txt says, and until when that holds."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    robots: Robots | None = None
    until: datetime | None = None
    place: Place | None = None
    tdmrep: State | None = None
    """What is known of its tdmrep.json; None: not looked up in this run."""


class Hosts:
    """All sites and hosts that a run touches."""

    def __init__(
        self,
        ledger: Ledger,
        now: Callable[[], datetime],
        *,
        forced: bool = False,
        resolve: Resolve = resolve_name,
    ) -> None:
        """`forced`: sites that are left alone after failures are tried once; never those that asked for it."""
        self._resolve = resolve
        self._lanes: defaultdict[str, Lane] = defaultdict(Lane)
        self._addresses: dict[str, str] = {}
        self.requests = 0
        """Requests sent so far, retries and hops included."""
        self._forced = forced
        self._ledger = ledger
        self._now = now
        self._queues: dict[str, Queue] = {}
        self._rules: dict[str, Rules] = {}
        self._liars: set[str] = set()

    def queue(self, url: str) -> Queue:
        """The queue of the site of `url` (host without `www.`, port); its domain is asked one request at a time."""
        name = site(url)
        if name not in self._queues:
            kept = self._kept(name)
            if self._forced and kept.fails >= MAX_FAILURES:
                kept = replace(kept, not_before=None)
            queue = Queue(
                name,
                self._lanes[domain(url)],
                delay=kept.delay or 0.0,
                fails=kept.fails,
                not_before=kept.not_before,
            )
            if kept.not_before and (kept.not_before - self._now()).total_seconds() > MAX_WAIT:
                queue.closed = f"left alone until {kept.not_before:%Y-%m-%dT%H:%MZ}"
            self._queues[name] = queue
        return self._queues[name]

    async def address_lane(self, url: str) -> Lane:
        """The lane of the address that the host of `url` has; of its own where it is not found."""
        host = urlsplit(url).hostname or ""
        if host not in self._addresses:
            self._addresses[host] = host
            try:
                found = await asyncio.wait_for(self._resolve(host, 80), RESOLVE)
                self._addresses[host] = min(found, default=host)
            except (OSError, ValueError):  # ValueError: labels IDNA cannot encode
                pass  # the request itself will say so
        return self._lanes[f"address {self._addresses[host]}"]

    def _kept(self, name: str) -> Host:
        """What is remembered of a host, but for times and delays that none has: a clock ran ahead, bits flipped."""
        kept = self._ledger.host(name)
        last = self._now() + FURTHEST
        return replace(
            kept,
            delay=kept.delay if kept.delay is not None and 0 <= kept.delay <= pace.MAX_DELAY else None,
            not_before=kept.not_before if kept.not_before is None or kept.not_before <= last else None,
            robots_until=kept.robots_until
            if kept.robots_until is None or kept.robots_until <= last
            else None,
        )

    def rules(self, url: str) -> Rules:
        """The robots.txt of exactly the host and port of `url`."""
        name = urlsplit(url).netloc
        if name not in self._rules:
            kept = self._kept(name)
            self._rules[name] = Rules(until=kept.robots_until, place=kept.robots)
        return self._rules[name]

    def crawl_delay(self, url: str) -> float | None:
        """The delay that robots.txt of `url`'s host asks for, as far as it has been read."""
        rules = self._rules.get(urlsplit(url).netloc)
        delay = rules.robots.delay if rules and rules.robots else None
        return min(delay, MAX_ROBOTS_DELAY) if delay is not None else None

    def remember(self) -> None:
        """Write the state of everything touched to the ledger (which commits it with the batch)."""
        for name in {**self._queues, **self._rules}:
            queue, rules = self._queues.get(name), self._rules.get(name)
            if rules and rules.robots and rules.robots.deny_all:
                rules = Rules()  # a closed door is tried again in the next run
            kept = self._kept(name)
            delay, _, fails = queue.standing if queue else (kept.delay, None, kept.fails)
            self._ledger.set_host(
                Host(
                    host=name,
                    not_before=self._ready_at(queue) if queue else kept.not_before,
                    delay=delay,
                    fails=fails,
                    robots=rules.place if rules else kept.robots,
                    robots_until=rules.until if rules else kept.robots_until,
                    lies=kept.lies or name in self._liars,
                )
            )

    def _ready_at(self, queue: Queue) -> datetime | None:
        delay, not_before, _ = queue.standing
        left = queue.lane.last + delay - asyncio.get_running_loop().time()
        if left <= 0:
            return not_before
        at = self._now() + timedelta(seconds=left)
        return max(at, not_before) if not_before else at

    def lies(self, url: str) -> bool:
        """Whether the site of `url` was caught saying "not modified" of what was."""
        return site(url) in self._liars or self._ledger.host(site(url)).lies

    def caught_lying(self, url: str) -> None:
        """Remember that the site of `url` does."""
        self._liars.add(site(url))

    def was_well(self, url: str) -> bool:
        """Whether the site of `url` had no failure behind it when it last answered, or was never asked."""
        return self.queue(url).standing[2] == 0

    def settle(self, *, counted: bool) -> None:
        """Count the failures that were in doubt against their sites, or take them back."""
        for queue in self._queues.values():
            if queue.before is not None and not counted:
                queue.delay, queue.not_before, queue.fails = queue.before
                queue.closed = None
            queue.before = None

    def turn(self, configured: float) -> Turn:
        """One fetch of a source whose delay is `configured` seconds."""
        return Turn(self, self._now, configured)


class Turn:
    """The pauses of one fetch: before its first request, and before each retry and hop."""

    def __init__(self, hosts: Hosts, now: Callable[[], datetime], configured: float) -> None:
        self._hosts = hosts
        self._now = now
        self._configured = configured
        self._touched: set[Lane] = set()

    async def pause(self, url: str) -> None:
        """Wait until the site of `url`, its domain and its address may be asked again."""
        loop = asyncio.get_running_loop()
        queue = self._hosts.queue(url)
        lane, shared = queue.lane, await self._hosts.address_lane(url)
        if lane in self._touched:
            lane.last = shared.last = loop.time()  # called again: the answer before this one has just ended
        self._touched |= {lane, shared}
        if queue.not_before:
            await asyncio.sleep(min((queue.not_before - self._now()).total_seconds(), MAX_WAIT))
            queue.not_before = None
        delay = max(queue.delay, self._configured, self._hosts.crawl_delay(url) or 0.0)
        while (wait := max(lane.last + delay, shared.last + delay * ADDRESS_SHARE) - loop.time()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(wait)  # it waits for a time
        lane.last = shared.last = loop.time()
        self._hosts.requests += 1

    def end(self, fetched: Fetched, outcome: str) -> None:
        """Learn from what came of the fetch: the next delay, and whether the site is to be left alone."""
        latency = fetched.elapsed_ms / 1000 / (len(fetched.hops) + 1)
        status = TOO_FAST if outcome == Outcome.BLOCKED else fetched.status
        for lane in self._touched:
            lane.last = asyncio.get_running_loop().time()
        queue = self._hosts.queue(fetched.final_url if fetched.status else fetched.url)
        is_in_doubt = is_doubtful(outcome, fetched.status) and not fetched.hops
        queue.before = queue.standing if is_in_doubt else None
        asked = self._hosts.crawl_delay(fetched.final_url)
        queue.delay = next_delay(self._configured, asked, queue.delay, latency, status)
        queue.fails = queue.fails + 1 if outcome in FAILURES else 0
        if outcome == Outcome.DEFERRED:
            queue.not_before = self._now() + timedelta(seconds=fetched.retry_after or MAX_WAIT)
            queue.closed = f"asked to be left alone until {queue.not_before:%Y-%m-%dT%H:%MZ}"
        elif queue.fails >= MAX_FAILURES:
            rest = min(FIRST_REST * 2 ** min(queue.fails - MAX_FAILURES, 10), LONGEST_REST)
            queue.not_before = self._now() + jittered(rest, f"{queue.name}:{queue.fails}")
            queue.closed = f"{queue.fails} failures in a row, the last one: {outcome}"
