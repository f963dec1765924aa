"""One page, fetched once: what a visit says of other URLs of its page, and which URLs are not asked for.

A rule is learned from pages of an article's size with one body, or of which one declares the other canonical and prints
the same text, never from what a host answers to all: a body under the URLs of two articles, or that of an address that
does not exist. Before it is believed it is held against the pages known; afterwards from time to time against a page
that it would spare. Nothing known is dropped: a URL that is not fetched stands in the ledger with the rule.

A page that a script makes is judged by what it shows as rendered, since its body is the same under every URL of the
site; so its rules are learned from pages that one run renders.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

from pipeline.archive.warc import sha1
from pipeline.crawl import twins
from pipeline.crawl.ledger import Due
from pipeline.crawl.likeness import are_alike, are_one_notice, is_article
from pipeline.crawl.twinmemory import FIRST, PAIRS, SAME, UNLIKE, Said
from pipeline.crawl.twins import Rule
from pipeline.crawl.visit import Visit, Visitor
from pipeline.records import Outcome
from pipeline.web.urls import url_key

HELD_AGAINST = 3
"""Pairs of known pages whose texts are compared before a rule is believed (ours)."""


def spared(visitor: Visitor, page: Due, told: Counter[str]) -> bool:
    """Whether a URL is not asked for, since by rules its page is known under another one; `told` counts it by rule.

    What the user named is always asked for, and now and then one that a rule would spare.
    """
    ledger, key = visitor.keeper.ledger, page.url_key
    if not visitor.source.twins or key in visitor.scope.named or page.part_of is not None:
        return False
    target, used = ledger.twins.fold(key)
    if not used:
        return False
    if visitor.scope.blocked.has_url(target):
        ledger.spare(page, visitor.source.name, "", used[-1], visitor.now())
        return True
    holder = _holder(visitor, target)
    if holder in (None, key) or ledger.twins.is_probe(key, used[-1], visitor.now()):
        return False
    ledger.spare(page, visitor.source.name, holder or "", used[-1], visitor.now())
    told[used[-1].words] += 1
    return True


def _holder(visitor: Visitor, page: str) -> str | None:
    """The URL key under which a page stands in the archive and is watched; None: under none."""
    ledger = visitor.keeper.ledger
    for key in (page, ledger.twins.known_under(page)):
        state = ledger.state(key) if key is not None else None
        if state is not None and state.last_ok is not None and not state.gone:
            return state.twin_of or state.key
    return None


async def honest(visitor: Visitor, visit: Visit) -> Visit:
    """A visit as it came; SOFT_GONE where its page is the one with which the host answers what does not exist.

    Asked of short pages, and of those with the body of another article: sites tell so, in words of their own and with
    the status 200, that an article is gone.
    """
    due, body = visit.due, visit.body
    if not body or visit.rendered or due.part_of is not None or due.url_key in visitor.scope.named:
        return visit
    is_shared = any(twins.are_two_articles(due.url_key, each.url_key) for each in visit.others)
    if is_article(body) and not is_shared:
        return visit
    nowhere = await visitor.nowhere(due.url) or b""
    is_notice = await asyncio.to_thread(are_one_notice, nowhere, body)
    return replace(visit, outcome=Outcome.SOFT_GONE) if is_notice else visit


async def said_of_twins(visitor: Visitor, visit: Visit, declared: str | None) -> str | None:
    """What a visit that brought a page says of other URLs of it, as it is archived; None: nothing.

    `declared` is the page's own canonical address, if it can be believed.
    """
    due, body = visit.due, visit.shown
    if not body or due.part_of is not None or not visitor.source.twins:
        return None
    ledger = visitor.keeper.ledger
    others = (
        visitor.rendered_alike(due.url_key, body)
        if visit.rendered
        else [each.url_key for each in visit.others]
    )
    page, used = ledger.twins.fold(due.url_key)
    holder = _holder(visitor, page) if used else None
    canonical = url_key(declared) if declared else None
    if not (others or canonical or (holder and holder != due.url_key)):
        return None
    if not is_article(body):
        return None
    if any(twins.are_two_articles(due.url_key, each) for each in others):
        return None
    if holder is not None and holder != due.url_key:
        if visit.rendered and not visitor.archived_rendering(holder):
            return None  # it was not rendered, and shows nothing
        is_same = holder in others or await _prints(visitor, visit, holder)
        return str(Said(sign=SAME if is_same else UNLIKE, page=holder, rules=used))
    if others:
        return await _judged(visitor, visit, others, _holder(visitor, others[0]) or others[0])
    known = (
        _holder(visitor, ledger.twins.fold(canonical)[0]) or _holder(visitor, canonical)
        if canonical
        else None
    )
    if canonical is None or known == due.url_key:
        return None
    if known is None:
        return str(Said(sign=FIRST, page=canonical))
    if not await _prints(visitor, visit, known):
        return None
    return await _judged(visitor, visit, [canonical, known], known)


async def _judged(visitor: Visitor, visit: Visit, others: list[str], page: str) -> str | None:
    """What is said of a page that is that of other URLs, and of the rule that this speaks for, if there is one.

    `page` is the URL key under which it is watched.
    """
    ledger, key = visitor.keeper.ledger, visit.due.url_key
    if page == key:
        return None
    folded = ledger.twins.fold(key)[0]
    steps = (twins.step(folded, ledger.twins.fold(each)[0]) for each in others)
    rule = next((each for each in steps if each is not None), None)
    if rule is None:
        return str(Said(sign=SAME, page=page))
    known = ledger.twins.rule(rule)
    pairs, needed = (known.pairs, known.needed) if known is not None else (0, PAIRS)
    if pairs < needed <= pairs + 1:
        if await _is_wall(visitor, visit):
            return None
        if await _contradicted(visitor, visit, rule):
            return str(Said(sign=UNLIKE, page=page, rules=(rule,)))
    return str(Said(sign=SAME, page=page, rules=(rule,)))


async def _is_wall(visitor: Visitor, visit: Visit) -> bool:
    """Whether the host may be answering so to everything: no other article is known, and no such address has it too."""
    if visit.rendered:
        return not visitor.has_rendered_another(visit.shown)
    if visitor.keeper.ledger.twins.has_another(visit.due.url_key, sha1(visit.body)):
        return False
    nowhere = await visitor.nowhere(visit.due.url)
    return nowhere is None or (bool(nowhere) and await asyncio.to_thread(are_alike, nowhere, visit.body))


async def _contradicted(visitor: Visitor, visit: Visit, rule: Rule) -> bool:
    """Whether known pages that a rule calls one print other texts."""
    pairs = visitor.keeper.ledger.twins.like(rule, by_body=not visit.rendered)
    for one, other in pairs[:HELD_AGAINST]:
        first, second = (_known(visitor, visit, key) for key in (one, other))
        if first and second and not await asyncio.to_thread(are_alike, first, second):
            return True
    return False


async def _prints(visitor: Visitor, visit: Visit, key: str) -> bool:
    known = _known(visitor, visit, key)
    return bool(known) and await asyncio.to_thread(are_alike, visit.shown, known)


def _known(visitor: Visitor, visit: Visit, key: str) -> bytes:
    """A known page as it is to be compared with a visit: as rendered where that is, b"" if there is no such."""
    return visitor.archived_rendering(key).encode() if visit.rendered else visitor.archived(key)
