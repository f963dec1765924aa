"""A text's place among the others: the cluster it joins, opens or unites, and the form it belongs to."""

from __future__ import annotations

from collections import defaultdict
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

FORM = frozenset({SAME_FORM})

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
    beside: bool = False
    """Whether lines of either were left out for it that its own site does not repeat."""

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
        )
        self._put(work, decision, sketched=sketched, represents=False)

    def put(self, work: Prepared, sketched: int, found: Sequence[Match], rule: str = NEW) -> bool:
        """Add a text related to those found, closest first; whether it is to represent its cluster."""
        by = {relation: [f for f in found if f.relation.relation == relation] for relation in _PRECEDENCE}
        copies = by[DUPLICATE]
        cluster = self._joined(copies) if copies else work.item.id
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
            )
        represents = len(work.key) >= SHORTEST and (not copies or self._unlike(copies[0], cluster))
        self._put(work, decision, sketched=sketched, represents=represents)
        return represents

    def _unlike(self, best: Match, cluster: str) -> bool:
        coverage = min(best.overlap.a.coverage, best.overlap.b.coverage)
        if coverage >= LIKE_COVERAGE and best.overlap.density >= LIKE_DENSITY and not best.beside:
            return False
        self._index.load_heads([cluster])
        return len(self._index.representatives(cluster)) < REPRESENTATIVES

    def _joined(self, copies: Sequence[Match]) -> str:
        """The cluster of the copies; several become one, that of the first document of all keeping its id, but for
        instances of a form: like two of them, the text is a copy of the nearer one."""
        nearest = self._now(copies[0].member).decision.cluster
        clusters = sorted({self._now(f.member).decision.cluster for f in copies})
        if len(clusters) > 1 and self.is_of_a_form(nearest):
            clusters = [name for name in clusters if name == nearest or not self.is_of_a_form(name)]
        if len(clusters) == 1:
            return clusters[0]
        self._index.load_clusters(clusters)
        kept = min(clusters, key=lambda name: first_of(self._index.members(name)).position)
        for name in clusters:
            if name != kept:
                for member in self._index.members(name):
                    self._index.put(replace(member, decision=replace(member.decision, cluster=kept)))
                self.touched.add(name)
        return kept

    def is_of_a_form(self, cluster: str) -> bool:
        """Whether a cluster is one instance of a form of which there are others."""
        self._index.load_heads([cluster])
        names = self._index.representatives(cluster)
        self._index.load_ties(names)
        return any(self._index.is_tied(name, FORM) for name in names)

    def _now(self, member: Member) -> Member:
        return self._index.get(member.id) or member

    def _put(self, work: Prepared, decision: Decision, *, sketched: int, represents: bool) -> None:
        item = work.item
        self._index.put(
            Member(
                decision=decision,
                found=replace(decision, cluster=decision.id),
                order=work.position[0],
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


def first_of(members: Sequence[Member]) -> Member:
    """The first of some documents in the order of decisions."""
    return min(members, key=lambda member: member.position)


def part(index: DedupeIndex, clusters: Iterable[str]) -> set[str]:
    """Take clusters that lost documents apart where nothing holds the rest together any more; the clusters now."""
    found: set[str] = set()
    for cluster in sorted(clusters):
        members = index.members(cluster)
        index.load_links(member.id for member in members)
        for group in _groups(index, members):
            name = first_of(group).id
            for member in group:
                if member.decision.cluster != name:
                    index.put(replace(member, decision=replace(member.decision, cluster=name)))
            found.add(name)
    return found


def _groups(index: DedupeIndex, members: Sequence[Member]) -> list[list[Member]]:
    """The members in groups that equal texts and links between copies hold together."""
    here = {member.id: member for member in members}
    alike: dict[int, str] = {}
    edges: defaultdict[str, list[str]] = defaultdict(list)
    for member in members:
        ends = [
            end for link in index.links(member.id) if link.relation == DUPLICATE for end in (link.id, link.of)
        ]
        for other in (alike.setdefault(member.text_hash, member.id), *ends):
            if other in here and other != member.id:
                edges[member.id].append(other)
                edges[other].append(member.id)
    groups, seen = [], set()
    for member in members:
        if member.id in seen:
            continue
        group, waiting = [], [member.id]
        seen.add(member.id)
        while waiting:
            name = waiting.pop()
            group.append(here[name])
            waiting += (new := set(edges[name]) - seen)
            seen |= new
        groups.append(group)
    return groups


def redirect(index: DedupeIndex) -> None:
    """Say of the cluster ids of the version before that are none now which cluster their documents are in."""
    moved: defaultdict[str, list[str]] = defaultdict(list)
    for name in index.watched():
        if member := index.get(name):
            index.redirect(member.decision.cluster, member.decision.cluster)
        if (written := index.written(name)) is not None:
            moved[written.decision.cluster].append(name)
    index.load_heads(moved)
    for was, names in sorted(moved.items()):
        left = [member for name in names if (member := index.get(name))]
        if left and not index.size(was):
            index.redirect(was, first_of(left).decision.cluster)
