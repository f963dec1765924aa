"""What a site offers to whoever knows only its home: robots.txt, its lists and what they hold, a few articles.

    robots.txt → home → feeds (declared, linked, usual places) → sitemaps (robots.txt, usual places) → the home
    itself as a listing → a few articles of the best list

Nothing is archived. Some thirty requests at most, one after the other, at the delay robots.txt asks for, and at the
pace of a crawl that asks the same site meanwhile (turns.py).
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from pipeline.archive.writer import utcnow
from pipeline.crawl.discover import Listed, ListedUrl, links_of, rough_text
from pipeline.crawl.hosts import Hosts
from pipeline.crawl.lookup import host_of
from pipeline.crawl.rendering import is_shell
from pipeline.crawl.robots import Robots, judge_robots
from pipeline.crawl.scope import Scope, scope_of
from pipeline.crawl.turns import Turns
from pipeline.parsing import tamed
from pipeline.records import Kind, Listing, Outcome, Source, header_of
from pipeline.rights.robotstxt import barred
from pipeline.web.blocks import judge_page
from pipeline.web.browser import Browser
from pipeline.web.fetch import USER_AGENT, Client
from pipeline.web.fetched import Fetched, Limits
from pipeline.web.urls import fetch_form, parse_url, url_key

DELAY = 1.0
"""Seconds between two requests, where robots.txt asks for no more."""

RAW = Path("raw")
"""The archive beside whose crawls is asked, by default."""

SAMPLES = 5
"""Articles that are fetched."""

MOST_OFFERS = 4
"""Lists of one kind that are read."""

FEED_TYPES = re.compile(r"application/(?:rss|atom|rdf|feed)\+(?:xml|json)|application/json|text/xml", re.I)
FEED_LINK = re.compile(r"(?:^|[/.?=_-])(?:rss|atom|feed|rdf)s?(?:$|[/.?&=_-])", re.I)
"""In the address of a link that leads to a feed, or to a page about feeds, which then has no entries."""
NO_FEED = re.compile(r"comment|oembed|wp-json", re.I)

USUAL_FEEDS = ("/feed", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/rss")
USUAL_SITEMAPS = ("/sitemap.xml", "/sitemap_index.xml")

LEAST_ALIKE = 5
"""Links of one shape from which they are articles of a listing."""

MAX_PEEKS = 8
"""Sources asked at one time by `peek`."""

LONG_NAME = 12
"""Characters from which a name with hyphens is a title: a-day-at-the-canal."""

DIGITS = re.compile(r"\d+")

FOLDER = re.compile(r"(?<=/)(?!0/)[^/?]+(?=/)")
"""A folder of a shape that is no number: a section, for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A list of the site."""

    kind: str
    """feed, sitemap or listing."""
    url: str
    found_by: str
    """Where its address stood: declared, linked, robots.txt, usual place, index, home."""
    listed: Listed
    """What it holds, and why the rest is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scouting:
    """What was found out about a site."""

    home: str
    """As asked for."""
    answer: Fetched
    """What the home answered."""
    robots: Robots
    barred: tuple[str, ...] = ()
    """Crawlers for AI that robots.txt keeps from the home."""
    offers: tuple[Offer, ...] = ()
    """Lists that hold something, the best first."""
    tried: tuple[str, ...] = ()
    """Addresses that were no lists, with what came."""
    include: tuple[str, ...] = ()
    """Globs of the links of the best offer that look like articles, where it holds others too."""
    samples: tuple[Fetched, ...] = ()
    """The articles fetched, with what came."""
    scripted: tuple[str, ...] = ()
    """URLs of those whose text only a script makes."""
    rendered: Mapping[str, str] = field(default_factory=dict)
    """URL of such a one → its HTML as a browser made it, if that was asked for."""
    requests: int = 0
    notes: tuple[str, ...] = ()
    """What is wrong with the home, in words."""


def scout(
    home: str,
    *,
    user_agent: str = USER_AGENT,
    allow_private: bool = False,
    delay: float | None = None,
    limits: Limits | None = None,
    now: Callable[[], datetime] = utcnow,
    beside: Path = RAW,
    render: bool = False,
) -> Scouting:
    """Look at a site from its home on; what the web does never raises, `notes` says it.

    `beside` is the archive whose crawls may be asking the same site. `render` has articles that a script makes rendered
    in a browser, as a crawl would; whether there is one is asked before (`browser.missing`).
    """
    delay = DELAY if delay is None else delay
    with _hosts(beside, now) as hosts:
        return asyncio.run(_scout(home, user_agent, allow_private, delay, limits, now, hosts, render))


@contextmanager
def _hosts(beside: Path, now: Callable[[], datetime]) -> Iterator[Hosts]:
    """The sites as the crawls of an archive know them; nothing is written back but turns."""
    with closing(Turns(beside)) as turns:
        yield Hosts(partial(host_of, beside), now, forced=True, turns=turns)


@dataclass(slots=True)
class _Visit:
    """The requests of one scouting."""

    client: Client
    hosts: Hosts
    user_agent: str
    delay: float

    async def read_robots(self, url: str) -> Fetched:
        """The robots.txt of the host of `url`, which holds for it from here on."""
        asked = await self.get(fetch_form("/robots.txt", url) or url)
        self.hosts.rules(url).robots = judge_robots(asked, self.user_agent)
        return asked

    async def allows(self, url: str) -> bool:
        """Whether robots.txt of its own host lets `url` be asked for."""
        rules = self.hosts.rules(url)
        if rules.robots is None:
            await self.read_robots(url)
        return rules.robots is not None and rules.robots.allows(url)

    async def rendered(self, pages: Sequence[Fetched]) -> dict[str, str]:
        """URL → HTML of some pages as a browser makes them; of one that fails there is none."""

        async def ask(url: str) -> Fetched | None:
            return await self.get(url) if await self.allows(url) else None

        browser = Browser(self.user_agent)
        try:
            return {page.url: made for page in pages if (made := (await browser.render(page, ask)).html)}
        finally:
            await browser.close()

    async def get(self, url: str, expect: str | None = None) -> Fetched:
        """The answer; `deferred` and without a status where the site is left alone, as a note says."""
        queue = self.hosts.queue(url)
        async with queue.lane.lock:
            if queue.closed:
                at = datetime.now(UTC)
                return Fetched(
                    url=url, final_url=url, fetched_at=at, outcome=Outcome.DEFERRED, notes=(queue.closed,)
                )
            turn = self.hosts.turn(self.delay)
            fetched = await self.client.get(url, expect=expect, pause=turn.pause)
            turn.end(fetched, fetched.outcome)
        return fetched


async def _scout(
    home: str,
    user_agent: str,
    allow_private: bool,
    delay: float,
    limits: Limits | None,
    now: Callable[[], datetime],
    hosts: Hosts,
    render: bool,
) -> Scouting:
    port = urlsplit(home).port
    ports = (port,) if port else ()
    async with Client(
        user_agent=user_agent, allow_private=allow_private, limits=limits, ports=ports, now=now
    ) as client:
        visit = _Visit(client, hosts, user_agent, delay)
        asked = await visit.read_robots(home)
        robots = hosts.rules(home).robots or Robots(deny_all=True)
        if robots.deny_all or not robots.allows(home):
            note = f"robots.txt keeps us from {home}: {robots.note}"
            if asked.status == 0:
                is_left = asked.outcome == Outcome.DEFERRED
                why = "; ".join(asked.notes) if is_left else WORDS.get(asked.outcome, asked.outcome)
                note = f"{home}: {why}"
            answer = replace(asked, url=home, final_url=home, body=b"")
            found = Scouting(home=home, answer=answer, robots=robots, notes=(note,))
        else:
            answer = await visit.get(home)
            judged = judge_page(answer.status, answer.headers, answer.body)
            answer = replace(answer, outcome=judged or answer.outcome)
            found = Scouting(home=home, answer=answer, robots=robots, barred=_barred(asked.body, home))
            if answer.outcome == Outcome.OK:
                found = await _look_round(visit, found)
                pages = [each for each in found.samples if each.url in found.scripted]
                found = replace(found, rendered=await visit.rendered(pages) if render and pages else {})
            else:
                note = f"{home}: {WORDS.get(answer.outcome, answer.outcome)} (status {answer.status})"
                found = replace(found, notes=(note,))
        return replace(found, requests=hosts.requests)


WORDS = {
    Outcome.ADDRESS_REFUSED: "a private or loopback address; say --allow-private if it is meant",
    Outcome.DNS_ERROR: "no such host",
    Outcome.CONNECT_ERROR: "nobody answers there",
    Outcome.TIMEOUT: "no answer in time",
    Outcome.TLS_ERROR: "its certificate is not to be trusted",
    Outcome.BLOCKED: "a block or captcha page came",
    Outcome.HTTP_ERROR: "the server answers with an error",
    Outcome.GONE: "not there",
}
"""Outcomes in the words of somebody who just typed an address."""


async def _look_round(visit: _Visit, found: Scouting) -> Scouting:
    answer = found.answer
    tree = LexborHTMLParser(tamed(rough_text(answer.body, header_of(answer.headers, "content-type"))))
    here = answer.final_url
    source = Source(name="scouted", home=here, listings=(Listing(url=here),))
    scope = scope_of(source)
    tried: list[str] = []
    offers = await _feeds(visit, scope, tree, here, tried)
    offers += await _sitemaps(visit, scope, here, tried)
    listing = links_of(scope, Kind.LISTING, answer.body, here, header_of(answer.headers, "content-type"))
    shapes = _shapes(listing.links)
    if shapes:
        chosen = tuple(link for link in listing.links if _shape(link.url) in shapes)
        offers.append(
            Offer(kind=Kind.LISTING, url=here, found_by="home", listed=replace(listing, links=chosen))
        )
    best = offers[0] if offers else None
    include = _include(best, shapes) if best else ()
    samples = [
        await visit.get(link.url, expect="html")
        for link in (_sampled(best.listed.links, shapes) if best else ())
        if await visit.allows(link.url)
    ]
    notes = []
    if not offers:
        notes.append(
            "no list was found: its links are made by a script in the browser, and a crawl renders articles, never"
            " lists; its feed or its sitemap would do, or another page of links without scripts"
            if not listing.links and tree.css_first("script") is not None
            else "no list was found: name a page of links as `listings`, with a selector"
        )
    return replace(
        found,
        offers=tuple(offers),
        tried=tuple(tried),
        include=include,
        samples=tuple(samples),
        scripted=tuple(each.url for each in samples if _is_shell(each)),
        notes=tuple(notes),
    )


async def _feeds(
    visit: _Visit, scope: Scope, tree: LexborHTMLParser, here: str, tried: list[str]
) -> list[Offer]:
    declared = [
        ("declared", href)
        for link in tree.css("link[rel~=alternate][href]")
        if FEED_TYPES.search(link.attributes.get("type") or "")
        and (href := link.attributes.get("href") or "")
    ]
    linked = [
        ("linked", href)
        for link in tree.css("a[href]")
        if (href := (link.attributes.get("href") or "").strip()) and FEED_LINK.search(href[:300])
    ]
    for group in (declared, linked, [("usual place", path) for path in USUAL_FEEDS]):
        if found := await _read(visit, scope, Kind.FEED, group, here, tried):
            return found
    return []


async def _sitemaps(visit: _Visit, scope: Scope, here: str, tried: list[str]) -> list[Offer]:
    robots = visit.hosts.rules(here).robots
    named = [("robots.txt", url) for url in (robots.sitemaps if robots is not None else ())]
    found = await _read(visit, scope, Kind.SITEMAP, named, here, tried)
    if not found:
        places = [("usual place", path) for path in USUAL_SITEMAPS]
        found = await _read(visit, scope, Kind.SITEMAP, places, here, tried)
    return [await _opened(visit, scope, offer, tried) for offer in found]


async def _opened(visit: _Visit, scope: Scope, offer: Offer, tried: list[str]) -> Offer:
    """An index with the links of the one of its sitemaps that changed last."""
    if offer.listed.links or not offer.listed.children:
        return offer
    newest = max(offer.listed.children, key=lambda child: (child.at is not None, child.at or 0, child.url))
    found = await _read(visit, scope, Kind.SITEMAP, [("index", newest.url)], offer.url, tried)
    return replace(offer, listed=replace(offer.listed, links=found[0].listed.links)) if found else offer


async def _read(
    visit: _Visit,
    scope: Scope,
    kind: str,
    places: Iterable[tuple[str, str]],
    here: str,
    tried: list[str],
) -> list[Offer]:
    """The lists at some addresses that hold anything, each address once."""
    offers: list[Offer] = []
    addresses: dict[str, tuple[str, str]] = {}
    for found_by, href in places:
        address = fetch_form(href, here)
        if address and not NO_FEED.search(address):
            addresses.setdefault(url_key(address), (found_by, address))
    for found_by, address in list(addresses.values())[: 2 * MOST_OFFERS]:
        if not await visit.allows(address):
            tried.append(f"{address}: robots.txt forbids it")
            continue
        fetched = await visit.get(address)
        listed = (
            links_of(scope, kind, fetched.body, fetched.final_url, header_of(fetched.headers, "content-type"))
            if fetched.outcome == Outcome.OK
            else Listed()
        )
        if listed.links or listed.children:
            offers.append(Offer(kind=kind, url=address, found_by=found_by, listed=listed))
        elif found_by != "usual place":
            told = listed.note or ", ".join(f"{n} {why}" for why, n in listed.rejected.items())
            tried.append(f"{address}: {told or fetched.outcome}")
        if len(offers) == MOST_OFFERS:
            break
    return offers


def _shape(url: str) -> str:
    """An address with each run of digits as one `0`, and a last name that is no word of the site as `*`."""
    parts = parse_url(url)
    folder, _, name = parts.pathname.rpartition("/")
    stem, dot, ending = name.partition(".")
    stem = "*" if re.search(r"\d", stem) or (len(stem) > LONG_NAME and re.search(r"[-_%]", stem)) else stem
    keys = sorted(pair.partition("=")[0] for pair in parts.search.lstrip("?").split("&") if pair)
    query = f"?{'&'.join(keys)}" if keys else ""
    return f"{parts.host}{DIGITS.sub('0', folder)}/{stem}{dot}{ending}{query}"


def _shapes(links: Sequence[ListedUrl]) -> frozenset[str]:
    """The shapes of the links of a listing that look like articles: several alike, with a number or a long name."""
    counted = Counter(_shape(link.url) for link in links)
    return frozenset(
        shape
        for shape, n in counted.items()
        if n >= LEAST_ALIKE and ("*" in shape or "0" in shape or "?" in shape)
    )


def _include(offer: Offer, shapes: frozenset[str]) -> tuple[str, ...]:
    """Globs for the links that look like articles, where a list holds other ones too.

    A section of one article is left out of no glob: addresses that differ in the names of folders only share one.
    """
    own = _shapes(offer.listed.links) or shapes
    if not own or (offer.kind == Kind.FEED):
        return ()
    sections = defaultdict(set)
    for shape in own | {_shape(link.url) for link in offer.listed.links}:
        sections[FOLDER.sub("-", shape)].add(shape)
    return tuple(sorted({_glob(alike) for alike in sections.values() if not own.isdisjoint(alike)}))


def _glob(shapes: Collection[str]) -> str:
    """Shapes of as many folders as one pattern over whole addresses."""
    host, *folders = zip(*(shape.partition("?")[0].split("/") for shape in shapes), strict=True)
    path = "/".join(names[0] if len(set(names)) == 1 else "*" for names in folders)
    return f"*://{host[0]}/{path.replace('0', '*')}*".replace("**", "*")


def _sampled(links: Sequence[ListedUrl], shapes: frozenset[str]) -> list[ListedUrl]:
    """The newest links of the kind that most are, or the first where no day is told."""
    own = _shapes(links) or shapes
    alike = [link for link in links if _shape(link.url) in own] or list(links)
    dated = sorted((link for link in alike if link.at), key=lambda link: (link.at, link.url), reverse=True)
    return (dated or alike)[:SAMPLES]


def _is_shell(page: Fetched) -> bool:
    """Whether what came is a page whose text only a script makes."""
    text = rough_text(page.body, header_of(page.headers, "content-type"))
    return page.outcome == Outcome.OK and is_shell(text)


def _barred(robots: bytes, home: str) -> tuple[str, ...]:
    """The names of AI crawlers that the bytes of a robots.txt keep from the home."""
    return tuple(right.said for right in barred(robots, fetch_form(home) or home))


@dataclass(frozen=True, slots=True, kw_only=True)
class Peek:
    """What a declared source answers to two requests."""

    source: str
    robots: str
    """What its robots.txt said."""
    first_list: str
    """Outcome of its first list, or why it was not asked."""
    links: int = 0
    """Links in it that the source wants."""


def peek(
    sources: Sequence[Source],
    *,
    user_agent: str = USER_AGENT,
    limits: Limits | None = None,
    on_done: Callable[[int], None] = lambda done: None,
    beside: Path = RAW,
) -> tuple[Peek, ...]:
    """Ask each source for its robots.txt and its first list (or first named page), side by side; nothing is kept.

    `beside` is as for `scout`.
    """
    with _hosts(beside, utcnow) as hosts:
        return asyncio.run(_peek_all(sources, user_agent, limits, on_done, hosts))


async def _peek_all(
    sources: Sequence[Source],
    user_agent: str,
    limits: Limits | None,
    on_done: Callable[[int], None],
    hosts: Hosts,
) -> tuple[Peek, ...]:
    slots = asyncio.Semaphore(MAX_PEEKS)
    done = 0

    async def one(source: Source) -> Peek:
        nonlocal done
        async with slots:
            found = await _peek(source, user_agent, limits, hosts)
        done += 1
        on_done(done)
        return found

    return tuple(await asyncio.gather(*map(one, sources)))


async def _peek(source: Source, user_agent: str, limits: Limits | None, hosts: Hosts) -> Peek:
    listings = [(Kind.LISTING, listing.url) for listing in source.listings]
    lists = [
        *((Kind.FEED, url) for url in source.feeds),
        *((Kind.SITEMAP, url) for url in source.sitemaps),
        *listings,
        *((Kind.PAGE, url) for url in source.urls),
    ]
    kind, url = lists[0]
    scope = scope_of(source)
    async with Client(
        user_agent=user_agent, allow_private=source.allow_private, limits=limits, ports=scope.ports
    ) as client:
        visit = _Visit(client, hosts, user_agent, source.delay)
        is_allowed = await visit.allows(url)
        robots = hosts.rules(url).robots
        note = robots.note if robots is not None else ""
        if not is_allowed:
            return Peek(source=source.name, robots=note, first_list="not asked: robots.txt")
        fetched = await visit.get(url)
    outcome = judge_page(fetched.status, fetched.headers, fetched.body) or fetched.outcome
    links = 0
    if outcome == Outcome.OK:
        listed = links_of(
            scope, kind, fetched.body, fetched.final_url, header_of(fetched.headers, "content-type")
        )
        links = 1 if kind == Kind.PAGE else len(listed.links) + len(listed.children)
    return Peek(source=source.name, robots=note, first_list=outcome, links=links)
