"""Which clusters are of one form: those that links of one form hold together, named by the first of their documents."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from pipeline.dedupe.clusters import FORM, first_of
from pipeline.dedupe.index import DedupeIndex
from pipeline.dedupe.records import Member


@dataclass(slots=True)
class _Form:
    clusters: set[str] = field(default_factory=set)
    """Clusters that were looked at, all with loaded members."""
    known: set[str] = field(default_factory=set)
    """Forms that stand as they were, to which these are linked."""
    linked: bool = False
    """Whether anything is of one form here."""


def name_forms(index: DedupeIndex, clusters: Collection[str], broken: Collection[str]) -> set[str]:
    """Name the forms of clusters that changed; the clusters whose documents have another one now.

    `broken` are the forms that lost a document: they are put together anew. Others are taken as they are, so that one
    more of a form costs nothing for the thousand there are.
    """
    changed: set[str] = set()
    done: set[str] = set()
    for cluster in sorted(clusters):
        if cluster in done:
            continue
        form = _reached(index, cluster, set(broken))
        name = _name(index, form)
        if name is None:
            form = _reached(index, cluster, set(broken) | form.known)
            name = _name(index, form)
        done |= form.clusters
        said = name if form.linked else None
        # All of a cluster have one form: those that are not loaded have that of those that are.
        others = (m for m in _members(index, form) if index.written(m.id) and m.decision.form_id != said)
        index.load_clusters({member.decision.cluster for member in others})
        for member in _members(index, form):
            if member.decision.form_id != said:
                index.put(replace(member, decision=replace(member.decision, form_id=said)))
                changed.add(member.decision.cluster)
    return changed


def _reached(index: DedupeIndex, cluster: str, broken: Collection[str]) -> _Form:
    """The clusters that links of one form reach, but for those of other forms that are whole."""
    form, waiting = _Form({cluster}), [cluster]
    while waiting:
        index.load_heads(waiting)
        members = [member for name in waiting for member in index.members(name)]
        index.load_ties(member.id for member in members)
        waiting = []
        for member in members:
            if (said := member.decision.form_id) is not None and said not in broken:
                form.known.add(said)
            for other in _of_one_form(index, member):
                form.linked = True
                if (said := other.decision.form_id) is not None and said not in broken:
                    form.known.add(said)
                elif (name := other.decision.cluster) not in form.clusters:
                    form.clusters.add(name)
                    waiting.append(name)
    return form


def _of_one_form(index: DedupeIndex, member: Member) -> list[Member]:
    ends = [end for link in index.ties(member.id, FORM) for end in (link.id, link.of) if end != member.id]
    return [other for end in ends if (other := index.get(end))]


def _name(index: DedupeIndex, form: _Form) -> str | None:
    """The name of a form; None: it must be put together anew, because it joins several or has another first."""
    if not form.known:
        index.load_clusters(form.clusters if form.linked else ())
        return first_of(_members(index, form)).id
    first = first_of(_members(index, form))
    index.load(form.known)
    if len(form.known) > 1:
        return None
    (known,) = form.known
    named = index.get(known)
    return known if named and named.position <= first.position else None


def _members(index: DedupeIndex, form: _Form) -> list[Member]:
    return [member for name in sorted(form.clusters) for member in index.members(name)]
