"""One article: its page, and the further parts that its site spreads over more pages (下一页)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from pipeline.archive.warc import sha1
from pipeline.crawl.discover import canonical, rough, rough_text
from pipeline.crawl.folding import honest, said_of_twins
from pipeline.crawl.ledger import Due
from pipeline.crawl.rendering import Renderer
from pipeline.crawl.scope import unwanted
from pipeline.crawl.twinmemory import is_another
from pipeline.crawl.visit import Visit, Visitor
from pipeline.nextpart import MAX_PARTS, next_part
from pipeline.records import USABLE, Capture, Kind, Outcome
from pipeline.web.urls import fetch_form, url_key


def page_due(url: str) -> Due:
    """A page that the ledger does not know."""
    return Due(url=url, url_key=url_key(url), kind=Kind.PAGE, via=None, part_of=None, looks=0)


async def visit_article(
    visitor: Visitor, page: Due, claimed: set[str], renderer: Renderer
) -> AsyncIterator[Capture]:
    """Visit a page and the parts that follow it, keep each, and yield the captures (without bodies).

    Each capture says which part was to follow it: one that does not come, because the run ends or the part fails, is
    owed (`Ledger`). The parts of a page that is another URL of a known one are that one's. Yields nothing when the site
    is left alone. `claimed` holds the URL keys visited in this run and is added to. The parts are looked at again
    whenever part 1 is: they have no turn of their own. They end where there is no next one, one fails, one repeats what
    was there (many sites serve the last page again), or at MAX_PARTS.
    """
    visit = await visitor.ask(page)
    if visit is None:
        return
    claimed.add(page.url_key)
    visit = await visitor.judged(await honest(visitor, await renderer.visit(visit)))
    declared = _canonical(visit)
    twin = await said_of_twins(visitor, visit, declared)
    due, notes = page, (f"canonical: {declared}",) if declared else ()
    bodies: set[str] = set()
    chain = {page.url_key}
    while True:
        url = _following(visitor, due, visit, bodies) if len(chain) < MAX_PARTS else None
        if url is not None and (url_key(url) in claimed or is_another(twin)):
            url = None
        yield visitor.keep(visit, notes=notes, next_part=url, twin=twin)
        if url is None:
            return
        due, notes, twin = replace(page_due(url), via=due.url, part_of=page.url_key), (), None
        following = await visitor.ask(due)
        if following is None:
            return
        following = await renderer.visit(following)
        if following.outcome == Outcome.OK and _repeats(following, bodies, chain):
            following = replace(following, outcome=Outcome.REPEATED_PART)
        claimed.add(due.url_key)
        chain.add(due.url_key)
        visit = following


def _following(visitor: Visitor, due: Due, visit: Visit, bodies: set[str]) -> str | None:
    """The URL of the part that follows a page, if it may be fetched; `bodies` is added to."""
    if visit.fetched is None or visit.outcome not in USABLE:
        return None
    body = visit.body or visitor.archived(due.url_key)
    text, codec = rough(body, visit.content_type)
    found = next_part(visit.rendered or text, visit.fetched.final_url, encoding=codec)
    url = fetch_form(found) if found is not None else None
    if url is None or not _may_follow(visitor, url):
        return None
    bodies.add(sha1(body))
    return url


def _may_follow(visitor: Visitor, url: str) -> bool:
    """Whether a part may be fetched; `include` names articles, and need not fit the names of their parts."""
    return unwanted(visitor.scope, url) in (None, "not_included")


def _repeats(visit: Visit, bodies: set[str], chain: set[str]) -> bool:
    """Whether a part is one of the earlier ones again: by its body, or by where its address led."""
    led_to = url_key(visit.fetched.final_url) if visit.fetched else ""
    return sha1(visit.body) in bodies or led_to in chain


def _canonical(visit: Visit) -> str | None:
    """The address that a page declares as its own, if it can be believed; None: none, or the one it came from."""
    if not visit.body or visit.fetched is None:
        return None
    html = visit.rendered or rough_text(visit.body, visit.content_type)
    return canonical(html, visit.fetched.final_url)
