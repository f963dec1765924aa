"""What may stand in the corpus: one copy of each article, no excerpt beside its full text, no glued page.

Decided for whole clusters after a batch was compared, from the members and links in the index; in a cluster of
more than some seventy, from those that represent it and the first of the others (`DedupeIndex.heads`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from pipeline.dedupe.canonical import choose
from pipeline.dedupe.glue import disjoint, remainder
from pipeline.dedupe.index import DedupeIndex
from pipeline.dedupe.records import (
    CONTAINED_IN,
    CONTAINS,
    DUPLICATE,
    SPLIT_FROM,
    Decision,
    Link,
    Member,
)
from pipeline.dedupe.titles import whole_titles
from pipeline.records import Reason

SUPERSEDED = "superseded"
"""The rule of a document whose place a better copy or a fuller text took later."""

HELD = frozenset({CONTAINED_IN, CONTAINS})
"""What a link says of which one end holds the other."""

_VERDICT = attrgetter("kind", "of", "score", "partner_score", "density", "rule", "conflicts")

ALL_KNOWN = 0.9
"""Two parts that cover this share of a page are all of it."""


def settle(index: DedupeIndex, clusters: Iterable[str]) -> tuple[str, ...]:
    """Decide for the clusters, and for those that hold them or are held by them, what is published; those of them of
    which only some members decide it."""
    affected = set(clusters)
    index.load_heads(affected)
    reached = affected
    # Two steps: a page whose second part arrives is glued, and that frees its first part.
    for _ in range(2):
        names = [member.id for cluster in reached for member in index.members(cluster)]
        index.load_ties(names)
        ends = {end for name in names for link in index.ties(name, HELD) for end in (link.id, link.of)}
        index.load_ties(ends)
        reached = {member.decision.cluster for end in ends if (member := index.get(end))} - affected
        index.load_heads(reached)
        affected |= reached
    index.load_ties(member.id for cluster in reached for member in index.members(cluster))
    for cluster in sorted(affected):
        if index.size(cluster):
            _settle_cluster(index, cluster)
    return tuple(cluster for cluster in sorted(affected) if index.is_crowd(cluster))


def _settle_cluster(index: DedupeIndex, cluster: str) -> None:
    heads = index.heads(cluster)
    best = choose(heads)
    linked = [member for member in heads if index.ties(member.id, HELD)]
    # The copy of a glued page that has its links can be cut.
    if not _parts(index, best):
        best = next((member for member in linked if _parts(index, member)), best)
    if not _is_as_written(index, heads, best):
        index.load_clusters([cluster])
    members = index.members(cluster)
    in_order = sorted(heads, key=lambda member: member.position)
    whole = whole_titles(((m.id, m.title) for m in in_order), ((m.id, m.title) for m in members))
    for member in members:
        if member.id != best.id and _stands_as_copy(index, member, best, whole.get(member.id)):
            continue
        decision = _canonical(index, member, linked) if member.id == best.id else _copy(index, member, best)
        decision = replace(decision, whole_title=whole.get(member.id))
        if decision != member.decision:
            index.put(replace(member, decision=decision))


def _is_as_written(index: DedupeIndex, heads: Sequence[Member], best: Member) -> bool:
    """Whether a cluster is settled by the same members as in the version that was opened, and by the same one of them
    at last: then what was written of its other members stands.
    """
    written = [index.written(member.id) for member in heads]
    chosen = index.written(best.id)
    return (
        chosen is not None
        and chosen.decision.reason != Reason.DUPLICATE
        and all(
            was is not None
            and (was.decision.cluster, was.represents, was.title, was.position)
            == (now.decision.cluster, now.represents, now.title, now.position)
            for was, now in zip(written, heads, strict=True)
        )
    )


def _stands_as_copy(index: DedupeIndex, member: Member, best: Member, whole_title: str | None) -> bool:
    """Whether what stands of a document is what `_copy` says of a copy."""
    said, found = member.decision, member.found
    if said.relation != DUPLICATE or said.reason != Reason.DUPLICATE or said.published or said.spans:
        return False
    if said.whole_title != whole_title:
        return False
    if found.relation == DUPLICATE:  # whichever is published in its place
        return _VERDICT(said) == _VERDICT(found)
    # What thousands are linked to is not asked for all of its links again.
    return (said.rule, said.of) == (SUPERSEDED, (best.id,)) and index.written(member.id) is member


def _compared(member: Member) -> Decision:
    """What the comparison said of a document, in the cluster and the form it is in now: nothing of what was decided
    before, so that a decision follows from the members and links, not from the way they came."""
    return replace(member.found, cluster=member.decision.cluster, form_id=member.decision.form_id)


def _copy(index: DedupeIndex, member: Member, best: Member) -> Decision:
    decision = replace(_compared(member), published=False, reason=Reason.DUPLICATE, spans=())
    if decision.relation == DUPLICATE:
        return decision
    index.load_links([member.id])
    shares = [_share(link, member.id) for link in index.links(member.id) if best.id in (link.id, link.of)]
    return _related(decision, DUPLICATE, None, best.id, max(shares, default=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The copy chosen of a cluster, and what holds it or stands in it."""

    decision: Decision
    """What it is, as if it were published whole."""
    holders: Sequence[tuple[Link, Member]]
    """The documents of other clusters that hold a copy of it."""
    whole: Sequence[tuple[Link, Member]]
    """Those of them that are one article, no glued page."""
    parts: Sequence[Link]
    """The articles it is glued of; none: it is one article."""
    rest: tuple[tuple[int, int], ...]
    """What the parts leave of it, long enough to be an article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRule:
    """One way for the chosen copy to stand in the corpus, or not to."""

    name: str
    """What it is."""
    holds: Callable[[Standing], bool]
    """Whether it is that."""
    decide: Callable[[Standing], Decision]
    """The decision then."""


def _excerpt(s: Standing) -> Decision:
    return replace(_held(s.decision, "excerpt", *s.whole[0]), published=False, reason=Reason.CONTAINED_IN)


def _names(s: Standing) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_ends(link)[0] for link in s.parts))


def _split(s: Standing) -> Decision:
    return replace(s.decision, relation=SPLIT_FROM, kind="glue", of=_names(s), spans=s.rest)


def _glued(s: Standing) -> Decision:
    return replace(
        s.decision, relation=CONTAINS, kind="glue", of=_names(s), published=False, reason=Reason.GLUED
    )


PLACES: tuple[PlaceRule, ...] = (
    PlaceRule(name="excerpt", holds=lambda s: bool(s.whole), decide=_excerpt),
    PlaceRule(
        name="part",
        holds=lambda s: bool(s.holders),
        decide=lambda s: _held(s.decision, "part", *s.holders[0]),
    ),
    PlaceRule(
        name="fuller",
        holds=lambda s: not s.parts and s.decision.relation == CONTAINS,
        decide=lambda s: replace(s.decision, kind="fuller"),
    ),
    PlaceRule(name="article", holds=lambda s: not s.parts, decide=lambda s: s.decision),
    PlaceRule(name="split", holds=lambda s: bool(s.rest), decide=_split),
    PlaceRule(name="glued", holds=lambda s: True, decide=_glued),
)
"""In the order they are tried; the last one always holds."""


def _canonical(index: DedupeIndex, member: Member, linked: Sequence[Member]) -> Decision:
    """The decision about the copy to publish, given the members of its cluster that have links."""
    decision = _compared(member)
    holders = [(link, holder) for one in linked for link, holder in _holders(index, one)]
    parts = _parts(index, member)
    standing = Standing(
        decision=decision,
        holders=holders,
        whole=[(link, holder) for link, holder in holders if not _parts(index, holder)],
        parts=parts,
        rest=remainder(member.size, [link.span for link in parts if link.span]),
    )
    return next(place for place in PLACES if place.holds(standing)).decide(standing)


def _held(decision: Decision, kind: str, link: Link, holder: Member) -> Decision:
    if decision.relation == CONTAINED_IN and holder.id in decision.of:
        return replace(decision, kind=kind)
    if decision.relation == DUPLICATE:
        return decision
    return _related(decision, CONTAINED_IN, kind, holder.id, _share(link, _ends(link)[0]))


def _related(decision: Decision, relation: str, kind: str | None, of: str, score: float | None) -> Decision:
    """The decision about a document that later ones put in relation to themselves."""
    return replace(
        decision,
        relation=relation,
        kind=kind,
        of=(of,),
        score=score,
        partner_score=None,
        density=None,
        rule=SUPERSEDED,
        conflicts=(),
    )


def _ends(link: Link) -> tuple[str, str]:
    """The held document and the one that holds it."""
    return (link.id, link.of) if link.relation == CONTAINED_IN else (link.of, link.id)


def _share(link: Link, name: str) -> float:
    return link.score if link.id == name else link.partner_score


def _holders(index: DedupeIndex, member: Member) -> list[tuple[Link, Member]]:
    """The documents of other clusters that hold this one."""
    found = [(link, index.get(_ends(link)[1])) for link in index.ties(member.id, HELD)]
    return [
        (link, holder)
        for link, holder in found
        if holder and _ends(link)[0] == member.id and holder.decision.cluster != member.decision.cluster
    ]


def _parts(index: DedupeIndex, member: Member) -> list[Link]:
    """The links to the articles a glued page is made of; none when it is one article, a full text perhaps."""
    links = [
        link
        for link in index.ties(member.id, HELD)
        if _ends(link)[1] == member.id and link.span and _elsewhere(index, link, member)
    ]
    spans = [link.span for link in links if link.span]
    if any(link.kind == "glue" for link in links):
        return links
    known = sum(end - start for start, end in spans)
    return links if len(spans) > 1 and disjoint(spans) and known >= ALL_KNOWN * member.size else []


def _elsewhere(index: DedupeIndex, link: Link, member: Member) -> bool:
    part = index.get(_ends(link)[0])
    return part is not None and part.decision.cluster != member.decision.cluster
