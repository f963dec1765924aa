"""One visit of one URL: robots → tdmrep.json → pace → conditional fetch → block pages → archive → ledger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus

from pipeline.archive.exchange import Earlier
from pipeline.archive.reader import read_one
from pipeline.archive.warc import Damaged, sha1
from pipeline.crawl import reservations
from pipeline.crawl.hosts import Hosts, Rules
from pipeline.crawl.keeper import Keeper
from pipeline.crawl.ledger import Due
from pipeline.crawl.robots import Robots, judge_robots
from pipeline.crawl.scope import Scope, is_front, may_lead_to
from pipeline.crawl.sitemaps import MAX_BYTES
from pipeline.crawl.times import parse_time
from pipeline.crawl.urlstate import LISTS, UrlState
from pipeline.records import RENDER_NEVER, UNREACHED, USABLE, Capture, Kind, Outcome, Place, header_of
from pipeline.rights import tdmrep
from pipeline.web.blocks import judge_page, seen
from pipeline.web.fetch import Client
from pipeline.web.fetched import Fetched, Limits
from pipeline.web.urls import fetch_form, same_site, site, url_key

BOM = b"\xef\xbb\xbf"
"""Before a page as rendered, which is UTF-8 whatever its own meta element says."""

DOUBT_EVERY = 20
"""Every 20th visit asks without validators (ours): some servers keep an ETag while the body changes."""
DOUBT_AFTER = timedelta(hours=23)
"""A list is asked for without them when its body last came so long ago (ours), as a crawl a day would: a server that
always says "not modified" hid what was new for 17 days."""


NOWHERE_AGAIN = timedelta(days=30)
"""How often a host is asked for an address that does not exist (ours)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How a run behaves towards the web."""

    now: Callable[[], datetime]
    """The clock, aware UTC."""
    user_agent: str
    """Who we say we are."""
    limits: Limits
    """What one fetch may cost."""

    @property
    def tdmrep(self) -> Limits:
        """What fetching a tdmrep.json may cost: no page waits long for it."""
        return replace(
            self.limits,
            body_bytes=tdmrep.MAX_BYTES,
            wire_bytes=tdmrep.MAX_BYTES,
            tries=1,
            deadline=min(self.limits.deadline, 15.0),
        )

    @property
    def sitemaps(self) -> Limits:
        """What fetching a sitemap may cost: the protocol allows it more bytes than a page."""
        return replace(self.limits, body_bytes=MAX_BYTES, wire_bytes=MAX_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What came of asking for a URL, before it is kept."""

    due: Due
    outcome: Outcome
    """As `Fetched.outcome`, or robots, blocked, soft_gone."""
    fetched: Fetched | None = None
    """None: nothing was asked, robots.txt forbids it."""
    earlier: Earlier | None = None
    """The last good response of the URL."""
    others: tuple[Earlier, ...] = ()
    """Of a page that came: the last good responses of other pages of its site with this body, the earliest first."""
    robots: str = ""
    """What robots.txt was, for the record."""
    note: str = ""
    """What else is to be told of it."""
    rendered: str = ""
    """The page as a browser made it; "": it was not rendered."""
    notes: tuple[str, ...] = ()
    """What rendering asked for and what failed."""

    @property
    def body(self) -> bytes:
        """The page as it now stands, if this visit brought it."""
        return self.fetched.body if self.fetched and self.outcome == Outcome.OK else b""

    @property
    def shown(self) -> bytes:
        """The page as it is read: as rendered, else as it came."""
        return self.rendered.encode("utf-8", "replace") if self.rendered else self.body

    @property
    def content_type(self) -> str:
        """Content-Type as received, "" if there is none."""
        return header_of(self.fetched.headers, "content-type") if self.fetched else ""


class Visitor:
    """Visits for one source; holds its connections and cookies."""

    def __init__(
        self,
        scope: Scope,
        client: Client,
        keeper: Keeper,
        hosts: Hosts,
        conduct: Conduct,
        *,
        judge: Callable[[Visit], Awaitable[Visit]] | None = None,
    ) -> None:
        """`judge` has the last word on the outcome of a visit that brought the first page of an article."""
        self.scope = scope
        self.source = scope.source
        self.keeper = keeper
        self.hosts = hosts
        self.now = conduct.now
        self._client = client
        self._conduct = conduct
        self._judge = judge
        self._rendered: dict[str, list[str]] = {}

    async def ask(self, due: Due) -> Visit | None:
        """Fetch what is due, if robots.txt allows it; None: the site is left alone for now.

        Nothing is kept yet but a robots.txt read on the way.
        """
        queue = self.hosts.queue(due.url)
        async with queue.lane.lock:
            robots = None if queue.closed else await self._robots(due.url)
            if queue.closed or robots is None or robots.deny_all:
                return None
            if not robots.allows(due.url):
                return Visit(due=due, outcome=Outcome.ROBOTS, robots=robots.note)
            known = self.keeper.ledger.state(due.url_key)
            earlier = self.keeper.ledger.earlier(known)
            if due.kind == Kind.PAGE:
                await self._tdmrep(due.url, robots)
                if queue.closed:
                    return None
                if earlier is not None and self._is_older(earlier):
                    earlier = None
            # what a browser renders must be there, and says by itself what did not change
            is_rendered = due.kind == Kind.PAGE and self.source.render != RENDER_NEVER
            asked = earlier if not is_rendered and self._believes(due, known) else None
            turn = self.hosts.turn(self.source.delay)
            forbidden: list[str] = []

            async def hop_allowed(url: str) -> bool:
                return await self._hop_allowed(url, forbidden, due.kind)

            fetched = await self._client.get(
                due.url,
                etag=asked.etag if asked else None,
                last_modified=asked.last_modified if asked else None,
                expect="html" if due.kind == Kind.PAGE else None,
                hop_allowed=hop_allowed,
                pause=turn.pause,
                limits=self._conduct.sitemaps if due.kind == Kind.SITEMAP else None,
            )
            outcome = Outcome.ROBOTS if forbidden else fetched.outcome
            if outcome in (Outcome.OK, Outcome.HTTP_ERROR):
                outcome = judge_page(fetched.status, fetched.headers, fetched.body) or outcome
            if outcome == Outcome.OK and due.kind == Kind.PAGE and self._led_to_a_front_page(due, fetched):
                outcome = Outcome.SOFT_GONE
            turn.end(fetched, outcome)
        digest = sha1(fetched.body) if outcome == Outcome.OK else ""
        if earlier is not None and digest == earlier.digest:
            if due.kind == Kind.PAGE and self._says_otherwise(fetched, earlier):
                earlier = None
            else:
                outcome = Outcome.UNCHANGED
        note = ""
        in_doubt = outcome == Outcome.OK and due.kind in LISTS and not asked and not self.hosts.lies(due.url)
        if in_doubt and earlier is not None and _lied(earlier, known, fetched):
            self.hosts.caught_lying(due.url)
            note = f"it says 'not modified' of what was: {due.url} is read in full from now on"
        is_page = outcome == Outcome.OK and due.kind == Kind.PAGE
        return Visit(
            due=due,
            outcome=outcome,
            fetched=fetched,
            earlier=earlier,
            others=tuple(self.keeper.ledger.same_body(digest, due.url_key)) if is_page else (),
            robots=robots.note,
            note=note,
        )

    async def judged(self, visit: Visit) -> Visit:
        """A visit of the first page of an article, rendered if it is to be, as the run that it is for judges it."""
        return visit if self._judge is None or visit.outcome != Outcome.OK else await self._judge(visit)

    def _believes(self, due: Due, known: UrlState | None) -> bool:
        """Whether the server of a URL may say that it is as it was."""
        if due.looks % DOUBT_EVERY == DOUBT_EVERY - 1 or self.hosts.lies(due.url):
            return False
        full_at = known.full_at if known is not None else None
        return due.kind not in LISTS or (full_at is not None and self.now() - full_at < DOUBT_AFTER)

    async def robots_sitemaps(self) -> tuple[str, ...]:
        """The sitemaps that robots.txt of the home names, as it writes them; none where nothing may be asked."""
        queue = self.hosts.queue(self.source.home)
        async with queue.lane.lock:
            return () if queue.closed else (await self._robots(self.source.home)).sitemaps

    def keep(
        self,
        visit: Visit,
        *,
        notes: tuple[str, ...] = (),
        gap: bool = False,
        next_part: str | None = None,
        every: float | None = None,
        changed: bool | None = None,
        twin: str | None = None,
    ) -> Capture:
        """Archive a visit and tell the ledger; that robots.txt forbids a page is said only once.

        `next_part` is fetched next, or owed if that does not come to pass.
        """
        due, fetched = visit.due, visit.fetched
        # The writer itself finds an equal body, and writes the revisit record that says so.
        outcome = fetched.outcome if fetched and visit.outcome == Outcome.UNCHANGED else visit.outcome
        capture = Capture(
            id="",
            source=self.source.name,
            kind=due.kind,
            url=due.url,
            url_key=due.url_key,
            final_url=fetched.final_url if fetched else due.url,
            fetched_at=fetched.fetched_at if fetched else self.now(),
            status=fetched.status if fetched else 0,
            headers=fetched.headers if fetched else (),
            body=fetched.body if fetched else b"",
            rendered=BOM + visit.rendered.encode("utf-8", "replace") if visit.rendered else b"",
            outcome=outcome,
            via=due.via,
            part_of=due.part_of,
            gap=gap,
            next_part=next_part,
            twin=twin,
            notes=(
                *(fetched.notes if fetched else ()),
                f"robots: {visit.robots}",
                *([visit.note] if visit.note else []),
                *visit.notes,
                *notes,
            ),
        )
        if fetched is None and due.looks:
            return capture
        earlier = visit.earlier if visit.outcome in USABLE else None
        if visit.others and visit.outcome == Outcome.OK:
            earlier = visit.others[0]
        return self.keeper.keep(capture, fetched, earlier, every=every, changed=changed)

    def captured(self, key: str) -> Capture | None:
        """The last good response of a URL; None if there is none or it cannot be read."""
        earlier = self.keeper.ledger.validators(key)
        return self._from_archive(earlier.place if earlier else None)

    def archived(self, key: str) -> bytes:
        """The body of the last good response of a URL, b"" if there is none or it cannot be read."""
        capture = self.captured(key)
        return capture.body if capture else b""

    def archived_rendering(self, key: str) -> str:
        """The last good response of a URL as it was rendered, "" if it was not or cannot be read."""
        capture = self.captured(key)
        return capture.rendered.decode("utf-8-sig", "replace") if capture else ""

    def rendered_alike(self, key: str, html: bytes) -> list[str]:
        """URL keys of the other pages of the site that this run rendered to the same text; this one is remembered."""
        keys = self._rendered.setdefault(_text_hash(html), [])
        others = [each for each in keys if each != key and same_site(each, key)]
        keys += [] if key in keys else [key]
        return others

    def has_rendered_another(self, html: bytes) -> bool:
        """Whether this run rendered a page to another text."""
        return any(each != _text_hash(html) for each in self._rendered)

    async def ask_for_page(self, url: str) -> Fetched | None:
        """Fetch what a page asks for while it is rendered, as any page: robots.txt, pace, guard; None: not allowed."""
        queue = self.hosts.queue(url)
        async with queue.lane.lock:
            robots = None if queue.closed else await self._robots(url)
            if queue.closed or robots is None or not robots.allows(url):
                return None
            turn = self.hosts.turn(self.source.delay)

            async def hop_allowed(target: str) -> bool:
                return same_site(target, url) and (await self._robots(target)).allows(target)

            fetched = await self._client.get(url, accept="*/*", hop_allowed=hop_allowed, pause=turn.pause)
            turn.end(fetched, fetched.outcome if not fetched.status or fetched.retry_after else Outcome.OK)
        return fetched

    async def nowhere(self, url: str) -> bytes | None:
        """The page with which the host of `url` answers an address that does not exist, asked once a month.

        b"" where it says so by its status or in words that are known; None where it could not be asked.
        """
        name = sha1(site(url).encode())[-16:].lower()
        address = fetch_form(f"/{name}.html", url) or url
        key, ledger = url_key(address), self.keeper.ledger
        state = ledger.state(key)
        at = state.last_fetch if state is not None else None
        if at is None or not timedelta() <= self.now() - at < NOWHERE_AGAIN:
            looks = state.looks if state is not None else 0
            due = Due(url=address, url_key=key, kind=Kind.PROBE, via=None, part_of=None, looks=looks)
            visit = await self.ask(due)
            if visit is None:
                return None
            self.keep(visit)
            state = ledger.state(key)
        if state is None or state.outcome in {Outcome.ROBOTS, *UNREACHED}:
            return None
        return self.archived(key) if state.outcome in USABLE else b""

    def closed(self, url: str) -> str:
        """Why the site of `url` is left alone in this run."""
        rules = self.hosts.rules(url)
        said = f"robots.txt: {rules.robots.note}" if rules.robots and rules.robots.deny_all else ""
        return self.hosts.queue(url).closed or said

    def _from_archive(self, place: Place | None) -> Capture | None:
        try:
            return read_one(self.keeper.raw, place) if place else None
        except (FileNotFoundError, Damaged):  # taken down, or a damaged disk: as if it never was
            return None

    def _led_to_a_front_page(self, due: Due, fetched: Fetched) -> bool:
        """Whether a redirect ended on the front page or a listing: so sites hide that an article is gone."""
        moved = bool(fetched.hops) and url_key(fetched.final_url) != due.url_key
        return moved and is_front(self.scope, fetched.final_url) and due.url_key not in self.scope.named

    async def _hop_allowed(self, url: str, forbidden: list[str], kind: str) -> bool:
        """Whether a redirect may be followed: the rules for links, then robots.txt of the host it leads to."""
        if not may_lead_to(self.scope, url):
            return False
        robots = await self._robots(url)
        if not robots.allows(url):
            forbidden.append(url)
        elif kind == Kind.PAGE and not forbidden:
            await self._tdmrep(url, robots)
        return not forbidden

    async def _robots(self, url: str) -> Robots:
        """The rules of the host of `url`: remembered, read from the archive, or fetched and kept."""
        rules = self.hosts.rules(url)
        async with rules.lock:
            if rules.until is None or rules.until <= self.now():
                return await self._fetch_robots(url, rules)
            kept = self._from_archive(rules.place) if rules.robots is None else None
            if kept is not None:
                rules.robots = judge_robots(_as_fetched(kept), self._conduct.user_agent)
            return rules.robots or await self._fetch_robots(url, rules)

    async def _fetch_robots(self, url: str, rules: Rules) -> Robots:
        address = fetch_form("/robots.txt", url) or url
        key = url_key(address)
        turn = self.hosts.turn(self.source.delay)
        fetched = await self._client.get(address, pause=turn.pause)
        robots = judge_robots(fetched, self._conduct.user_agent)
        rules.robots = robots
        rules.until = fetched.fetched_at + timedelta(seconds=robots.ttl)
        turn.end(fetched, fetched.outcome if robots.deny_all else Outcome.OK)
        due = Due(url=address, url_key=key, kind=Kind.ROBOTS, via=None, part_of=None, looks=0)
        earlier = self.keeper.ledger.validators(key)
        kept = self.keep(
            Visit(due=due, outcome=fetched.outcome, fetched=fetched, earlier=earlier, robots=robots.note)
        )
        rules.place = earlier.place if earlier and kept.outcome == Outcome.UNCHANGED else kept.place
        return robots

    async def _tdmrep(self, url: str, robots: Robots) -> None:
        """Ask the host of `url` for its tdmrep.json once a day, and archive what comes: the build reads it there."""
        rules = self.hosts.rules(url)
        async with rules.lock:
            until = self._tdmrep_state(url).until
            if until is not None and self.now() < until <= self.now() + reservations.DAY:
                return
            address = fetch_form(tdmrep.PATH, url) or url
            if not robots.allows(address):
                rules.tdmrep = reservations.State(until=self.now() + reservations.DAY)
                return
            turn = self.hosts.turn(self.source.delay)
            key = url_key(address)
            earlier = self.keeper.ledger.validators(key)
            fetched = await self._client.get(address, pause=turn.pause, limits=self._conduct.tdmrep)
            turn.end(fetched, fetched.outcome if not fetched.status or fetched.retry_after else Outcome.OK)
            is_page = fetched.outcome == Outcome.OK and not tdmrep.is_file(fetched.body)
            outcome = Outcome.SOFT_GONE if is_page else fetched.outcome
            due = Due(url=address, url_key=key, kind=Kind.TDMREP, via=None, part_of=None, looks=0)
            self.keep(Visit(due=due, outcome=outcome, fetched=fetched, earlier=earlier, robots=robots.note))
            rules.tdmrep = None

    def _tdmrep_state(self, url: str) -> reservations.State:
        """What is known of the tdmrep.json of the host of `url`."""
        rules = self.hosts.rules(url)
        if rules.tdmrep is None:
            known = self.keeper.ledger.state(url_key(fetch_form(tdmrep.PATH, url) or url))
            rules.tdmrep = reservations.state_of(known)
        return rules.tdmrep

    def _is_older(self, earlier: Earlier) -> bool:
        """Whether a page was last archived in full before its host's tdmrep.json came, changed or went.

        Then it is asked for in full again: what is repeated would be judged by what held before.
        """
        changed = self._tdmrep_state(earlier.url).changed
        return changed is not None and earlier.fetched_at < changed

    def _says_otherwise(self, fetched: Fetched, earlier: Earlier) -> bool:
        """Whether the headers of an answer say of its use what those of the answer with the same body did not."""
        kept = self._from_archive(earlier.place)
        return kept is not None and reservations.said(kept.headers) != reservations.said(fetched.headers)


def _lied(earlier: Earlier, known: UrlState | None, fetched: Fetched) -> bool:
    """Whether another body than ours shows that "not modified" was or would be a lie.

    It comes with the very validators of ours; or the last visit was told so, after the time that it names itself.
    """
    etag, modified = header_of(fetched.headers, "etag"), header_of(fetched.headers, "last-modified")
    if etag == (earlier.etag or "") and modified == (earlier.last_modified or "") and (etag or modified):
        return True
    at = parse_time(modified)
    told = known.last_fetch if known is not None and known.status == HTTPStatus.NOT_MODIFIED else None
    return at is not None and told is not None and at < told


def _text_hash(html: bytes) -> str:
    title, text = seen(html)
    return sha1(f"{title}\n{text}".encode("utf-8", "replace"))


def _as_fetched(capture: Capture) -> Fetched:
    return Fetched(
        url=capture.url,
        final_url=capture.final_url,
        fetched_at=capture.fetched_at,
        status=capture.status,
        headers=capture.headers,
        body=capture.body,
        outcome=Outcome(capture.outcome),
    )
