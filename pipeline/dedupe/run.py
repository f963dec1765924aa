"""Which document is a copy, an excerpt, a glued page or one more of a form: the order of the steps.

judge the lines the changed documents have         learning.py, lines.py, furniture.py
strip them, take keys and sketches                 prepared.py, sketch.py
find what must be decided again                    neighbours.py
take it out, and apart what it held together       clusters.py
look up candidates, in the order of decisions      candidates.py, postings.py
verify them on the full text                       comparison.py, overlap.py, facts.py, evidence.py, relate.py
find its place among the others                    clusters.py, forms.py
decide what is published                           policy.py, canonical.py, glue.py
remember                                           index.py, tables.py, segments.py

What of this follows from texts alone, sketches and verdicts on pairs, workers of a cluster find out beforehand
(phases.py), and it is looked up (ahead.py).

**What is decided follows from the documents, not from the batches they came in.** Each is decided by those before it
in one order, that of the captures of their texts (`Item.order`), with the furniture that all of them show. When one
changes, goes, or comes late, those after it that it concerns are decided again, and those that these concern. Three
things this leaves to the past: a passage that COMMON representatives have (candidates.py) finds only the first of
them, so that of such a crowd a change concerns those it was linked to; a text that is no representative is found
through those of its cluster, which have nine tenths of it (clusters.py); and more than `neighbours.MOST` documents
are not decided again, which `Deduped.left` tells. A full build says what stands then.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from pipeline.dedupe.ahead import NOTHING_AHEAD, Ahead
from pipeline.dedupe.clusters import part, redirect
from pipeline.dedupe.comparison import Comparison, Texts
from pipeline.dedupe.forms import name_forms
from pipeline.dedupe.index import DedupeIndex
from pipeline.dedupe.learning import Change, Learned, learn
from pipeline.dedupe.neighbours import Neighbours, Source
from pipeline.dedupe.policy import settle
from pipeline.dedupe.prepared import Prepared, prepare
from pipeline.dedupe.records import Decision, Deduped, Item, Member
from pipeline.dedupe.sketch import SHORTEST, deep_sketch, shingles

__all__ = ["Decision", "DedupeIndex", "Deduped", "Item", "dedupe", "remove"]

RUN = 4096
"""So many texts are prepared and compared before their sketches are sorted into the index: bounds the memory for keys
and grams, whatever comes at once."""


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the search for cycles: a batch makes none, and what it makes lives to its end, to be walked again and
    again. Of 10,000 documents it takes 14 % of the CPU, of 100,000 more.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_uncollected()
def dedupe(
    items: Sequence[Item],
    index: DedupeIndex,
    texts: Texts,
    *,
    gone: Collection[str] = (),
    purge: bool = False,
    ahead: Ahead = NOTHING_AHEAD,
) -> Deduped:
    """Decide about new and changed documents, and again about those these concern; update the index.

    `texts` gives the stored texts of documents by id, as the index knows them; an id it does not give is not compared.
    An item whose id the index knows replaces that document's old state; the documents `gone` are forgotten (`purge`:
    see `remove`). `ahead` is what workers found out about the texts: it spares work and changes nothing.
    Raises ValueError for an id given twice in one batch.
    """
    names = [item.id for item in items]
    if len({*names, *gone}) != len(names) + len(gone):
        found = Counter([*names, *gone])
        raise ValueError(f"id given twice: {next(name for name in found if found[name] > 1)!r}")
    index.watch()
    index.load(index.apart)
    shelf = Shelf(texts)
    changes = _changes(items, gone, index, shelf)
    learned = learn(changes, index, shelf)
    changes += _relearned(changes, learned, index, shelf)
    again, left = _concerned(changes, learned, index, shelf)
    touched, broken = _withdraw([*(c.before for c in changes if c.before), *again], index)
    for name in gone:
        index.drop(name, purge=purge)
    compared = [change.after for change in changes if change.after] + _items(again, shelf)
    compared.sort(key=lambda item: item.position)
    shelf.own = {item.id: item.text for item in compared}
    partly: dict[str, str] = {}
    for start in range(0, len(compared), RUN):
        run = [_prepared(item, index) for item in compared[start : start + RUN]]
        comparison = Comparison(run, index, shelf, ahead)
        touched |= comparison.run()
        partly |= comparison.partly
    touched = {cluster for cluster in touched if index.size(cluster)}
    touched |= name_forms(index, touched, broken)
    redirect(index)
    by_heads = settle(index, touched)
    decisions = tuple(member.decision for name in names if (member := index.get(name)))
    revised = _revised(index, names)
    return Deduped(decisions=decisions, revised=revised, left=left, partly=partly, by_heads=by_heads)


def remove(
    ids: Iterable[str], index: DedupeIndex, texts: Texts, *, purge: bool = True
) -> tuple[Decision, ...]:
    """Forget documents and return the decisions about others that this changes.

    Where one of them represented its cluster, another member takes its place. With `purge` (takedown) the
    next `index.write` writes all segments anew and leaves no row of them in any; without it they are marked
    as removed, which costs nothing more.
    """
    return dedupe([], index, texts, gone=sorted(set(ids)), purge=purge).revised


class Shelf:
    """Texts by id: those of the documents being compared, and stored ones, each fetched once."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._fetched: dict[str, str] = {}
        self.own: dict[str, str] = {}
        """The texts being compared, which go before stored ones."""

    def __call__(self, names: Sequence[str]) -> dict[str, str]:
        missing = [name for name in names if name not in self.own and name not in self._fetched]
        if missing:
            self._fetched |= self._texts(missing)
        found = {name: self.own.get(name, self._fetched.get(name)) for name in names}
        return {name: text for name, text in found.items() if text is not None}


def _changes(items: Sequence[Item], gone: Collection[str], index: DedupeIndex, texts: Texts) -> list[Change]:
    after = {item.id: item for item in _ordered(items, index)} | dict.fromkeys(gone)
    index.load(after)
    before = {name: member for name in after if (member := index.get(name))}
    stored = texts(sorted(before)) if before else {}
    return [
        Change(id=name, before=before.get(name), text=stored.get(name), after=item)
        for name, item in after.items()
        if item or name in before
    ]


def _ordered(items: Sequence[Item], index: DedupeIndex) -> list[Item]:
    """The items, those without a place in the order of decisions after all that came before."""
    latest = max([index.latest, *(item.order for item in items if item.order is not None)])
    return [
        item if item.order is not None else replace(item, order=latest + number)
        for number, item in enumerate(items, 1)
    ]


def _relearned(changes: Sequence[Change], learned: Learned, index: DedupeIndex, texts: Texts) -> list[Change]:
    """The earlier documents that are another text for the comparison, now that more or less of them is furniture."""
    names = sorted(learned.documents - {change.id for change in changes})
    index.load(names)
    stored = texts(names) if names else {}
    found = []
    for name, text in stored.items():
        if (member := index.get(name)) is None:
            continue
        item = item_of(member, text)
        if _prepared(item, index).print != member.print:
            found.append(Change(id=name, before=member, text=text, after=item))
    return found


def _concerned(
    changes: Sequence[Change], learned: Learned, index: DedupeIndex, texts: Texts
) -> tuple[list[Member], int]:
    """The documents that must be decided again, and how many more there are than that is done for."""
    neighbours = Neighbours(index)
    changed = {change.id for change in changes}
    late = (one for change in changes if (one := change.after) and one.position[0] <= index.latest)
    sources = [_source(_prepared(item, index), None) for item in late]
    for change in changes:
        if change.before is not None and change.before.order <= index.latest:
            sources.append(_was(change.before, change.text, learned, index))
    while sources:
        again = [member for member in neighbours.after(sources) if member.id not in changed]
        stored = texts([member.id for member in again]) if again else {}
        sources = [_was(member, stored.get(member.id), learned, index) for member in again]
    found = [member for member in neighbours.found.values() if member.id not in changed]
    stored = texts([member.id for member in found]) if found else {}
    # Without its text a document cannot be decided again, and stays as it is.
    return [member for member in found if member.id in stored], neighbours.left


def _prepared(item: Item, index: DedupeIndex) -> Prepared:
    return prepare(item, index.site(item.site).repeated)


def _was(member: Member, text: str | None, learned: Learned, index: DedupeIndex) -> Source:
    """What a document of the index was to those after it."""
    if text is None:
        none = np.zeros(0, np.uint64)
        return Source(member.position, none, member.text_hash, member.id, member.decision.cluster)
    repeated = learned.before.get(member.site, index.site(member.site).repeated)
    return _source(prepare(item_of(member, text), repeated), member.decision.cluster)


def _source(work: Prepared, cluster: str | None) -> Source:
    long = len(work.key) >= SHORTEST
    hashes = deep_sketch(shingles(work.key)) if long else np.zeros(0, np.uint64)
    return Source(work.position, hashes, work.text_hash, work.item.id, cluster)


def _items(members: Sequence[Member], texts: Texts) -> list[Item]:
    stored = texts([member.id for member in members]) if members else {}
    return [item_of(member, stored[member.id]) for member in members]


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
        order=member.order,
    )


def _withdraw(members: Sequence[Member], index: DedupeIndex) -> tuple[set[str], set[str]]:
    """Take documents out of the index; the clusters this touches, taken apart, and the forms it breaks."""
    if not members:
        return set(), set()
    index.load_links(member.id for member in members)
    clusters = {member.decision.cluster for member in members}
    index.load_clusters(clusters)
    ends = {end for member in members for link in index.links(member.id) for end in (link.id, link.of)}
    for member in members:
        index.take_back(member.id)
        index.drop(member.id)
        if member.represents:
            index.postings.retire(member.print)
    others = {other.decision.cluster for name in ends if (other := index.get(name))}
    index.load_clusters(others)
    forms = {form for member in members if (form := member.decision.form_id) is not None}
    return part(index, clusters) | (others - clusters), forms


def _revised(index: DedupeIndex, but: Iterable[str]) -> tuple[Decision, ...]:
    """The earlier documents, other than those named, about which the decision is another one now."""
    left_out = set(but)
    found = []
    for name, old in sorted(index.watched().items()):
        now = index.get(name)
        if name not in left_out and now and now.decision != old:
            found.append(now.decision)
    return tuple(found)
