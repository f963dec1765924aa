"""Which document is a copy, an excerpt, a glued page or one more of a form: the order of the steps.

learn the sites' furniture from the whole batch      furniture.py
strip it, take keys and sketches                     prepared.py, sketch.py
look up candidates                                   candidates.py, postings.py
verify them on the full text                         comparison.py, overlap.py, facts.py, relate.py
find its place among the others                      clusters.py
decide what is published                             policy.py, canonical.py, glue.py
remember                                             index.py, tables.py, segments.py
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from pipeline.dedupe.canonical import choose
from pipeline.dedupe.clusters import name as name_clusters
from pipeline.dedupe.comparison import Comparison, Texts
from pipeline.dedupe.frame import two_articles
from pipeline.dedupe.furniture import edge_lines
from pipeline.dedupe.index import DedupeIndex
from pipeline.dedupe.policy import alarms, settle
from pipeline.dedupe.prepared import Prepared, prepare, stripped
from pipeline.dedupe.records import NEW, Alarm, Decision, Deduped, Item, Member
from pipeline.dedupe.sketch import SHORTEST, shingles, sketch, text_key

__all__ = ["Alarm", "Decision", "DedupeIndex", "Deduped", "Item", "dedupe", "remove"]

RUN = 4096
"""So many texts are compared before their sketches are sorted into the index."""


def dedupe(items: Sequence[Item], index: DedupeIndex, texts: Texts) -> Deduped:
    """Compare a batch with all that the index knows and with itself, in order, and update the index.

    `texts` gives the stored texts of earlier documents by id; an id it does not give is not compared.
    An item whose id the index knows replaces that document's old state. Raises ValueError for an id
    given twice in one batch.
    """
    names = [item.id for item in items]
    if len(set(names)) != len(names):
        raise ValueError(f"id given twice: {next(name for name in names if names.count(name) > 1)!r}")
    index.watch()
    index.load([*names, *index.apart])
    index.load_sites(item.site for item in items)
    prepared = [prepare(item, index.site(item.site).repeated) for item in items]
    relearned, affected = _learn(prepared, index, texts)
    # Earlier pages whose furniture is known only now are compared again.
    earlier = _earlier_items(affected - set(names), index, texts)
    touched = _withdraw({*names, *(item.id for item in earlier)}, index, texts)
    batch = [prepare(item, index.site(item.site).repeated) for item in earlier] + [
        prepare(work.item, index.site(work.item.site).repeated) if work.item.site in relearned else work
        for work in prepared
    ]
    own = {work.item.id: work.item.text for work in batch}

    def all_texts(wanted: Sequence[str]) -> dict[str, str]:
        found = {name: own[name] for name in wanted if name in own}
        missing = [name for name in wanted if name not in own]
        return found | dict(texts(missing)) if missing else found

    for start in range(0, len(batch), RUN):
        touched |= Comparison(batch[start : start + RUN], index, all_texts).run()
    settle(index, name_clusters(index, touched))
    decisions = tuple(member.decision for name in names if (member := index.get(name)))
    return Deduped(decisions=decisions, revised=_revised(index, names), alarms=alarms(index, decisions))


def remove(
    ids: Iterable[str], index: DedupeIndex, texts: Texts, *, purge: bool = True
) -> tuple[Decision, ...]:
    """Forget documents and return the decisions about others that this changes.

    Where one of them represented its cluster, another member takes its place. With `purge` (takedown) the
    next `index.write` writes all segments anew and leaves no row of them in any; without it they are marked
    as removed, which costs nothing more.
    """
    names = sorted(set(ids))
    index.watch()
    index.load([*names, *index.apart])
    touched = _withdraw(names, index, texts)
    for name in names:
        index.drop(name, purge=purge)
    for cluster in sorted(touched):
        for member in index.members(cluster):
            index.put(replace(member, decision=_without(member.decision, names)))
    settle(index, touched)
    return _revised(index, names)


def _without(decision: Decision, gone: Sequence[str]) -> Decision:
    """The decision once documents it points at are gone: nothing of their text stays in it."""
    left = tuple(name for name in decision.of if name not in gone)
    if len(left) == len(decision.of):
        return decision
    if left:
        return replace(decision, of=left, conflicts=())
    return replace(
        decision,
        relation=NEW,
        kind=None,
        of=(),
        score=None,
        partner_score=None,
        density=None,
        rule="partner-removed",
        conflicts=(),
    )


def _learn(batch: Sequence[Prepared], index: DedupeIndex, texts: Texts) -> tuple[set[str], set[str]]:
    """Count the lines of every new text; the sites that repeat more than was known, and where that matters."""
    index.load_texts(work.text_hash for work in batch)
    relearned: set[str] = set()
    affected: set[str] = set()
    known: set[int] = set()
    learned: set[str] = set()
    edges = {work.item.id: edge_lines(work.item.text) for work in batch}
    pages = _Pages(batch, edges, index, texts)
    for work in batch:
        if work.text_hash in known or index.with_text(work.text_hash, but=work.item.id):
            continue  # a copy of a page says nothing about the site's other pages
        known.add(work.text_hash)
        learned.add(work.item.site)
        lines = index.site(work.item.site)
        repeated = len(lines.repeated)
        shared = partial(pages.shared, work.item.id, lines.repeated)
        affected |= lines.learn(work.item.id, edges[work.item.id], shared)
        if len(lines.repeated) > repeated:
            relearned.add(work.item.site)
    for site in sorted(learned):
        index.learned(site)
    return relearned, affected | _versions(affected, index)


class _Pages:
    """The pages of a batch and the earlier ones that have a line of them, to be told apart as articles."""

    def __init__(
        self, batch: Sequence[Prepared], edges: Mapping[str, Sequence[str]], index: DedupeIndex, texts: Texts
    ) -> None:
        self._pages = {work.item.id: (work.item.title, work.item.text) for work in batch}
        seen = {
            other
            for work in batch
            for documents in index.site(work.item.site).having(edges[work.item.id])
            for other in documents
        }
        earlier = sorted(seen - self._pages.keys())
        index.load(earlier)
        for name, text in texts(earlier).items() if earlier else ():
            if member := index.get(name):
                self._pages[name] = (member.title, text)

    def shared(self, name: str, repeated: Collection[str], other: str) -> float | None:
        """The share that two articles have in common; None when they are versions of one."""
        if other not in self._pages:
            return 0.0
        (title, text), (others_title, others_text) = self._pages[name], self._pages[other]
        one, two = (shingles(text_key(stripped(t, repeated))) for t in (text, others_text))
        return two_articles(one, two, (title, others_title))


def _versions(articles: set[str], index: DedupeIndex) -> set[str]:
    """The other versions, on their sites, of articles that a line just found to be furniture is on."""
    index.load(articles)
    members = [member for name in sorted(articles) if (member := index.get(name))]
    index.load_clusters(member.decision.cluster for member in members)
    return {
        other.id
        for member in members
        for other in index.members(member.decision.cluster)
        if other.site == member.site
    }


def _earlier_items(ids: Iterable[str], index: DedupeIndex, texts: Texts) -> list[Item]:
    names = sorted(ids)
    index.load(names)
    stored = texts(names) if names else {}
    return [
        item_of(member, stored[name])
        for name in names
        if (member := index.get(name)) is not None and name in stored
    ]


def item_of(member: Member, text: str) -> Item:
    """The item a member was made of, its text given again."""
    return Item(
        id=member.id,
        site=member.site,
        url=member.url,
        title=member.title,
        text=text,
        published_on=member.published_on,
        fetched_at=member.fetched_at,
        origin_name=member.origin_name,
        site_name=member.site_name,
        native=member.native,
        flaws=member.flaws,
    )


def _withdraw(ids: Iterable[str], index: DedupeIndex, texts: Texts) -> set[str]:
    """Take documents out of the index; the clusters this touches, each with a representative if it lives."""
    members = [member for name in sorted(ids) if (member := index.get(name))]
    if not members:
        return set()
    index.load_links(member.id for member in members)
    index.load_clusters({name for member in members for name in (member.id, member.decision.cluster)})
    ends = {end for member in members for link in index.links(member.id) for end in (link.id, link.of)}
    touched = {other.decision.cluster for name in ends if (other := index.get(name))}
    touched |= {member.decision.cluster for member in members}
    for member in members:
        index.drop(member.id)
    for cluster in sorted({member.decision.cluster for member in members}):
        left = index.members(cluster)
        if left and not any(member.represents for member in left):
            _promote(choose(left), index, texts)
    return touched


def _promote(member: Member, index: DedupeIndex, texts: Texts) -> None:
    text = texts([member.id]).get(member.id)
    if text is None or member.length < SHORTEST:
        return
    hashes = sketch(shingles(text_key(stripped(text, index.site(member.site).repeated))))
    index.put(replace(member, represents=True, sketched=len(hashes)))
    index.postings.add(hashes, np.full(len(hashes), member.print, np.uint64))


def _revised(index: DedupeIndex, but: Iterable[str]) -> tuple[Decision, ...]:
    """The earlier documents, other than those named, about which the decision is another one now."""
    left_out = set(but)
    found = []
    for name, old in sorted(index.watched().items()):
        now = index.get(name)
        if name not in left_out and now and now.decision != old:
            found.append(now.decision)
    return tuple(found)
