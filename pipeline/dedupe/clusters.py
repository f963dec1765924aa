"""A text's place among the others: the cluster it joins, opens or unites, and the form it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pipeline.dedupe.candidates import REPRESENTATIVES
from pipeline.dedupe.index import DedupeIndex
from pipeline.dedupe.overlap import Overlap
from pipeline.dedupe.prepared import Prepared
from pipeline.dedupe.records import CONTAINED_IN, CONTAINS, DUPLICATE, NEW, SAME_FORM, Decision, Member
from pipeline.dedupe.relate import Relation
from pipeline.dedupe.sketch import SHORTEST
from pipeline.dedupe.tables import key_of

LIKE_COVERAGE, LIKE_DENSITY = 0.9, 0.7
"""A version less like its representative becomes one itself, so that the order of arrival matters less."""

_PRECEDENCE = (DUPLICATE, CONTAINED_IN, CONTAINS, SAME_FORM)
"""The first of these that a text has to another one is its relation."""


@dataclass(frozen=True, slots=True)
class Match:
    """An earlier text to which the one that is compared is related."""

    member: Member
    """The earlier one."""
    relation: Relation
    """The relation, from the side of the one compared."""
    overlap: Overlap
    """The measurement behind it."""

    @property
    def closeness(self) -> float:
        """How much of both texts is the same: 0 to 2."""
        return (self.overlap.a.coverage + self.overlap.b.coverage) * self.overlap.density


class Clusters:
    """The clusters of an index while a run of texts is added to them."""

    def __init__(self, index: DedupeIndex) -> None:
        self._index = index
        self.touched: set[str] = set()
        """The clusters that changed."""

    def put_copy(self, work: Prepared, sketched: int, of: Member, *, edited: bool) -> None:
        """Add a text that is the same as an earlier one: exactly, but for spacing, punctuation and script, or edited:
        but for its title or a line about it.
        """
        exact = of.digest == key_of(work.item.text)
        decision = Decision(
            id=work.item.id,
            cluster=of.decision.cluster,
            relation=DUPLICATE,
            kind="edited" if edited else "exact" if exact else "normalized",
            of=(of.id,),
            score=1.0,
            partner_score=1.0,
            density=1.0,
            rule="same-text" if exact else "same-key",
            form_id=of.decision.form_id,
        )
        self._put(work, decision, sketched=sketched, represents=False)

    def put(self, work: Prepared, sketched: int, found: Sequence[Match], rule: str = NEW) -> bool:
        """Add a text related to those found, closest first; whether it is to represent its cluster."""
        by = {relation: [f for f in found if f.relation.relation == relation] for relation in _PRECEDENCE}
        copies = by[DUPLICATE]
        cluster = self._joined(copies) if copies else self._opened(work)
        relation = next((name for name in _PRECEDENCE if by[name]), NEW)
        decision = Decision(id=work.item.id, cluster=cluster, relation=relation, rule=rule)
        if relation != NEW:
            best = by[relation][0]
            decision = replace(
                decision,
                kind=best.relation.kind,
                of=tuple(f.member.id for f in by[relation]),
                score=round(best.overlap.a.coverage, 4),
                partner_score=round(best.overlap.b.coverage, 4),
                density=round(best.overlap.density, 4),
                rule=best.relation.rule,
                conflicts=best.relation.conflicts,
                form_id=self._form(by[SAME_FORM]) or (copies[0].member.decision.form_id if copies else None),
            )
        represents = len(work.key) >= SHORTEST and (not copies or self._unlike(copies[0], cluster))
        self._put(work, decision, sketched=sketched, represents=represents)
        return represents

    def _unlike(self, best: Match, cluster: str) -> bool:
        coverage = min(best.overlap.a.coverage, best.overlap.b.coverage)
        if coverage >= LIKE_COVERAGE and best.overlap.density >= LIKE_DENSITY:
            return False
        self._index.load_clusters([cluster])
        return self._index.representatives(cluster) < REPRESENTATIVES

    def _opened(self, work: Prepared) -> str:
        """Id of a new cluster: the document's own, unless an older cluster that has others bears it."""
        name, number = work.item.id, 1
        while self._index.size(name) or self._index.root(name) != name:
            number += 1
            name = f"{work.item.id}.{number}"
            self._index.load_clusters([name])
        return name

    def _joined(self, copies: Sequence[Match]) -> str:
        """The cluster of the copies; several become one, the largest keeping its id."""
        clusters = sorted({f.member.decision.cluster for f in copies})
        if len(clusters) == 1:
            return clusters[0]
        self._index.load_clusters(clusters)
        kept = min(clusters, key=lambda name: (-self._index.size(name), name))
        for name in clusters:
            if name != kept:
                for member in self._index.members(name):
                    self._index.put(replace(member, decision=replace(member.decision, cluster=kept)))
                self._index.redirect(name, kept)
        self.touched.add(kept)
        return kept

    def _form(self, alike: Sequence[Match]) -> str | None:
        if not alike:
            return None
        form = min(f.member.decision.form_id or f.member.id for f in alike)
        for f in alike:
            member = self._index.get(f.member.id)
            if member and member.decision.form_id is None:
                self._index.put(replace(member, decision=replace(member.decision, form_id=form)))
                self.touched.add(member.decision.cluster)
        return form

    def _put(self, work: Prepared, decision: Decision, *, sketched: int, represents: bool) -> None:
        item = work.item
        self._index.put(
            Member(
                decision=decision,
                print=work.print,
                text_hash=work.text_hash,
                digest=key_of(item.text),
                size=len(item.text),
                length=len(work.key),
                sketched=sketched,
                represents=represents,
                site=item.site,
                url=item.url,
                title=item.title,
                published_on=item.published_on,
                fetched_at=item.fetched_at,
                origin_name=item.origin_name,
                site_name=item.site_name,
                native=item.native,
                flaws=item.flaws,
            )
        )
        self.touched.add(decision.cluster)


def name(index: DedupeIndex, clusters: Iterable[str]) -> set[str]:
    """Give each cluster that is not published yet the least id of its documents; the clusters as they are named now.

    So the order in which the documents of one publication come, and in how many batches, names none; a published
    cluster keeps its id.
    """
    found = {index.root(cluster) for cluster in clusters}
    index.load_clusters(found)
    named = set()
    for cluster in sorted(found):
        least = min((member.id for member in index.members(cluster)), default=cluster)
        index.load_clusters([least])
        if least != cluster and index.may_become(cluster, least):
            index.rename(cluster, least)
            cluster = least
        named.add(cluster)
    return named
