"""Whose turn it is: one lane per registrable domain and per address, the delay of a site, when to leave it alone, and
its robots.txt.

The state outlives the run: it is read from the ledger at first touch, and what changed is written back with each batch.
Other processes that ask the same sites share the pace by turns.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from pipeline.crawl.hostmemory import FAILURES, FIRST_REST, FURTHEST, LONGEST_REST, MAX_FAILURES, Host
from pipeline.crawl.outage import is_doubtful
from pipeline.crawl.reservations import State
from pipeline.crawl.robots import Robots
from pipeline.crawl.states import jittered
from pipeline.crawl.turns import Turns
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

    name: str
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
    lies: bool = False
    """Whether it was caught saying "not modified" of what was."""
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
        known: Callable[[str], Host],
        now: Callable[[], datetime],
        *,
        forced: bool = False,
        turns: Turns | None = None,
        resolve: Resolve = resolve_name,
    ) -> None:
        """`known` gives what is remembered of a host (`Ledger.host`); `turns` are shared with other processes.

        `forced`: sites that are left alone after failures are tried once; never those that asked for it.
        """
        self.turns = turns
        self._resolve = resolve
        self._lanes: dict[str, Lane] = {}
        self._addresses: dict[str, str] = {}
        self.requests = 0
        """Requests sent so far, retries and hops included."""
        self._forced = forced
        self._known = known
        self._now = now
        self._believed: dict[str, Host] = {}
        self._told: dict[str, tuple[object, ...]] = {}
        self._queues: dict[str, Queue] = {}
        self._rules: dict[str, Rules] = {}

    def queue(self, url: str) -> Queue:
        """The queue of the site of `url` (host without `www.`, port); its domain is asked one request at a time."""
        name = site(url)
        if name not in self._queues:
            kept = self._kept(name)
            if self._forced and kept.fails >= MAX_FAILURES:
                kept = replace(kept, not_before=None)
            queue = Queue(
                name,
                self._lane(domain(url)),
                delay=kept.delay or 0.0,
                fails=kept.fails,
                not_before=kept.not_before,
                lies=kept.lies,
            )
            if kept.not_before and (kept.not_before - self._now()).total_seconds() > MAX_WAIT:
                queue.closed = f"left alone until {kept.not_before:%Y-%m-%dT%H:%MZ}"
            self._queues[name] = queue
        return self._queues[name]

    def _lane(self, name: str) -> Lane:
        if name not in self._lanes:
            self._lanes[name] = Lane(name)
        return self._lanes[name]

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
        return self._lane(f"address {self._addresses[host]}")

    def _kept(self, name: str) -> Host:
        """What is remembered of a host, but for times and delays that none has: a clock ran ahead, bits flipped."""
        if name not in self._believed:
            kept = self._known(name)
            last = self._now() + FURTHEST
            self._believed[name] = replace(
                kept,
                delay=kept.delay if kept.delay is not None and 0 <= kept.delay <= pace.MAX_DELAY else None,
                not_before=None
                if kept.not_before is not None and kept.not_before > last
                else kept.not_before,
                robots_until=None
                if kept.robots_until is not None and kept.robots_until > last
                else kept.robots_until,
            )
        return self._believed[name]

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

    def changed(self) -> Iterator[Host]:
        """What is to be remembered of the sites and hosts of which something else is since this was last asked."""
        for name in {**self._queues, **self._rules}:
            queue, rules = self._queues.get(name), self._rules.get(name)
            if rules and rules.robots and rules.robots.deny_all:
                rules = Rules()  # a closed door is tried again in the next run
            kept = self._kept(name)
            asked = (queue.lane.last, *queue.standing, queue.lies) if queue else ()
            told = (asked, (rules.place, rules.until) if rules else ())
            if self._told.get(name) == told:
                continue
            self._told[name] = told
            delay, _, fails = queue.standing if queue else (kept.delay, None, kept.fails)
            yield Host(
                host=name,
                not_before=self._ready_at(queue) if queue else kept.not_before,
                delay=delay,
                fails=fails,
                robots=rules.place if rules else kept.robots,
                robots_until=rules.until if rules else kept.robots_until,
                lies=queue.lies if queue else kept.lies,
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
        return self.queue(url).lies

    def caught_lying(self, url: str) -> None:
        """Remember that the site of `url` does."""
        self.queue(url).lies = True

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
        loop, turns = asyncio.get_running_loop(), self._hosts.turns
        queue = self._hosts.queue(url)
        lane, shared = queue.lane, await self._hosts.address_lane(url)
        if lane in self._touched:
            self._ended({lane, shared})  # called again: the answer before this one has just ended
        self._touched |= {lane, shared}
        if queue.not_before:
            await asyncio.sleep(min((queue.not_before - self._now()).total_seconds(), MAX_WAIT))
            queue.not_before = None
        delay = max(queue.delay, self._configured, self._hosts.crawl_delay(url) or 0.0)
        while (wait := max(lane.last + delay, shared.last + delay * ADDRESS_SHARE) - loop.time()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(wait)  # it waits for a time
        if turns is not None:
            turn = turns.take({lane.name: delay, shared.name: delay * ADDRESS_SHARE}, loop.time())
            if (wait := turn - loop.time()) > 0:
                await asyncio.sleep(wait)
        lane.last = shared.last = loop.time()
        self._hosts.requests += 1

    def _ended(self, lanes: set[Lane]) -> None:
        """Requests in these lanes have ended."""
        now = asyncio.get_running_loop().time()
        for lane in lanes:
            lane.last = now
        if self._hosts.turns is not None:
            self._hosts.turns.end([lane.name for lane in lanes], now)

    def end(self, fetched: Fetched, outcome: str) -> None:
        """Learn from what came of the fetch: the next delay, and whether the site is to be left alone."""
        latency = fetched.elapsed_ms / 1000 / (len(fetched.hops) + 1)
        status = TOO_FAST if outcome == Outcome.BLOCKED else fetched.status
        self._ended(self._touched)
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
