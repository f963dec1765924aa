"""One text after the other against the representatives: candidates, verification, its place in a cluster."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from pipeline.corpus.dedupe_index import DedupeIndex
from pipeline.corpus.dedupe_tables import key_of
from pipeline.corpus.glue import glued
from pipeline.corpus.overlap import Overlap
from pipeline.corpus.prepared import Prepared, span_in, stripped
from pipeline.corpus.relations import (
    CONTAINED_IN,
    CONTAINS,
    DUPLICATE,
    NEW,
    SAME_FORM,
    Decision,
    Item,
    Link,
    Member,
)
from pipeline.corpus.sketch import (
    Hashes,
    Shingles,
    shingles,
    sketch,
    text_key,
)
from pipeline.corpus.verdict import Circumstances, Verdict, judge

Texts = Callable[[Sequence[str]], Mapping[str, str]]

# Below this a text is compared for equality only: its few grams are in any text.
SHORTEST = 80
# A candidate shares at least this many sampled hashes, and this share of the smaller sketch.
SHARED, SHARED_SHARE = 3, 0.12
# With this share it is likely a copy, so that its cluster will be asked for.
LIKELY_SHARE = 0.25
# The best candidates, as many as are verified.
CANDIDATES = 8
# A gram of this many representatives tells nothing more; further ones are not added to it.
COMMON = 64
# A version this unlike its representative becomes one itself, so that the order of arrival matters less.
LIKE_COVERAGE, LIKE_DENSITY = 0.9, 0.7
REPRESENTATIVES = 8

_NOTHING = "empty"


@dataclass(slots=True)
class _Found:
    member: Member
    verdict: Verdict
    overlap: Overlap

    @property
    def closeness(self) -> float:
        return (self.overlap.a.coverage + self.overlap.b.coverage) * self.overlap.density


class Comparison:
    """A run of texts against the index; each joins the index before the next one is compared."""

    def __init__(self, batch: Sequence[Prepared], index: DedupeIndex, texts: Texts) -> None:
        self._index = index
        self._texts = texts
        self._own = {work.item.id: work for work in batch}
        self._batch = batch
        self._shingles: dict[str, Shingles] = {}
        self._fetched: dict[str, str] = {}
        self._local: defaultdict[int, list[str]] = defaultdict(list)
        self._count: dict[int, int] = {}
        self._added: list[tuple[Hashes, int]] = []
        self.touched: set[str] = set()

    def run(self) -> None:
        """Compare every text of the batch, in order, and put its sketch and its relations into the index."""
        self._index.load_texts(work.text_hash for work in self._batch)
        sketches = {}
        for work in self._batch:
            self._shingles[work.item.id] = shingles(work.key)
            sketches[work.item.id] = sketch(self._shingles[work.item.id])
        earlier = self._earlier(sketches)
        for work in self._batch:
            self._compare(work, sketches[work.item.id], earlier.get(work.item.id, {}))
        if self._added:
            prints = [np.full(len(hashes), print_, np.uint64) for hashes, print_ in self._added]
            self._index.put_postings(np.concatenate([h for h, _ in self._added]), np.concatenate(prints))

    def _earlier(self, sketches: Mapping[str, Hashes]) -> dict[str, dict[str, int]]:
        """For each text the earlier representatives that share enough hashes, and how many they share."""
        names = list(sketches)
        wanted = np.unique(np.concatenate(list(sketches.values())))
        hashes, prints = self._index.postings(wanted)
        distinct, counts = np.unique(hashes, return_counts=True)
        self._count = dict(zip(distinct.tolist(), counts.tolist()))
        members, ranks = np.unique(prints, return_inverse=True)
        pairs = []
        for number, name in enumerate(names):
            first = np.searchsorted(hashes, sketches[name], "left")
            last = np.searchsorted(hashes, sketches[name], "right")
            spans = [ranks[a:b] for a, b in zip(first.tolist(), last.tolist()) if a < b]
            if spans:
                found, shared = np.unique(np.concatenate(spans), return_counts=True)
                enough = shared >= SHARED
                pairs += [
                    (number, rank, n) for rank, n in zip(found[enough].tolist(), shared[enough].tolist())
                ]
        self._index.load_prints({int(members[rank]) for _, rank, _ in pairs})
        earlier: defaultdict[str, dict[str, int]] = defaultdict(dict)
        sites, clusters = set(), set()
        for number, rank, shared_hashes in pairs:
            member = self._index.with_print(int(members[rank]))
            if member and member.represents:
                earlier[names[number]][member.id] = shared_hashes
                sites.add(member.site)
                if shared_hashes >= LIKELY_SHARE * min(member.sketched, len(sketches[names[number]])):
                    clusters.add(member.decision.cluster)
        self._index.load_sites(sites)
        self._index.load_clusters(clusters)
        return earlier

    def _compare(self, work: Prepared, hashes: Hashes, earlier: Mapping[str, int]) -> None:
        name = work.item.id
        same = self._index.with_text(work.text_hash, but=name)
        if not len(work.key):
            self._place(work, hashes, [], rule=_NOTHING)
        elif same:
            self._place_copy(work, hashes, same)
        elif len(work.key) < SHORTEST:
            self._place(work, hashes, [], rule="short")
        else:
            self._place(work, hashes, self._verified(work, hashes, earlier))

    def _verified(self, work: Prepared, hashes: Hashes, earlier: Mapping[str, int]) -> list[_Found]:
        shared: Counter[str] = Counter(earlier)
        listed = hashes.tolist()
        for value in listed:
            if value in self._local:
                shared.update(self._local[value])
        found = []
        best = sorted(shared.items(), key=lambda pair: (-pair[1], pair[0]))
        candidates = []
        for name, count in best:
            member = self._index.get(name)
            if member and count >= max(SHARED, SHARED_SHARE * min(member.sketched, len(listed))):
                candidates.append(member)
            if len(candidates) == CANDIDATES:
                break
        self._fetch(candidates)
        mine = self._shingles[work.item.id]
        for member in candidates:
            theirs = self._shingles.get(member.id)
            if theirs is None:
                continue
            known = Circumstances(
                days=_days(work.item, member),
                titles=(_title_key(work.item.title), _title_key(member.title)),
                rare=partial(self._rare, hashes, theirs),
            )
            verdict, overlap = judge(mine, theirs, known)
            if verdict.relation:
                found.append(_Found(member, verdict, overlap))
        return sorted(found, key=lambda f: (-f.closeness, f.member.id))

    def _rare(self, mine: Hashes, theirs: Shingles) -> float:
        """Share of the shared hashes that no third representative has; small when few are shared."""
        shared = np.intersect1d(mine, sketch(theirs), assume_unique=True).tolist()
        counts = [self._count.get(value, 0) + len(self._local.get(value, ())) for value in shared]
        return sum(count <= 1 for count in counts) / (len(counts) + 1)

    def _fetch(self, members: Sequence[Member]) -> None:
        missing = [m for m in members if m.id not in self._shingles]
        wanted = [m.id for m in missing if m.id not in self._own]
        self._fetched |= self._texts(wanted) if wanted else {}
        for member in missing:
            text = self._fetched.get(member.id)
            if text is not None:
                repeated = self._index.site(member.site).repeated
                self._shingles[member.id] = shingles(text_key(stripped(text, repeated)))

    # Its place among the others.

    def _place_copy(self, work: Prepared, hashes: Hashes, of: Member) -> None:
        exact = of.digest == _digest(work.item.text)
        decision = Decision(
            id=work.item.id,
            cluster=of.decision.cluster,
            relation=DUPLICATE,
            kind="exact" if exact else "normalized",
            of=(of.id,),
            score=1.0,
            partner_score=1.0,
            density=1.0,
            rule="same-text" if exact else "same-key",
            form_id=of.decision.form_id,
        )
        self._put(work, decision, sketched=len(hashes), represents=False)

    def _place(self, work: Prepared, hashes: Hashes, found: Sequence[_Found], rule: str = NEW) -> None:
        by = {relation: [f for f in found if f.verdict.relation == relation] for relation in _PRECEDENCE}
        copies = by[DUPLICATE]
        cluster = self._joined(copies) if copies else self._opened(work)
        relation = next((name for name in _PRECEDENCE if by[name]), NEW)
        best = by[relation][0] if relation != NEW else None
        decision = Decision(
            id=work.item.id,
            cluster=cluster,
            relation=relation,
            kind=_kind(best),
            of=tuple(f.member.id for f in by[relation]) if best else (),
            score=round(best.overlap.a.coverage, 4) if best else None,
            partner_score=round(best.overlap.b.coverage, 4) if best else None,
            density=round(best.overlap.density, 4) if best else None,
            rule=best.verdict.rule if best else rule,
            conflicts=best.verdict.conflicts if best else (),
            form_id=self._form(by[SAME_FORM]) or (copies[0].member.decision.form_id if copies else None),
        )
        represents = len(work.key) >= SHORTEST and (not copies or self._unlike(copies[0], cluster))
        self._put(work, decision, sketched=len(hashes), represents=represents)
        for f in found:
            self._index.put_link(self._link(work, f))
        if represents:
            self._represent(work, hashes)

    def _unlike(self, best: _Found, cluster: str) -> bool:
        overlap = best.overlap
        alike = (
            min(overlap.a.coverage, overlap.b.coverage) >= LIKE_COVERAGE and overlap.density >= LIKE_DENSITY
        )
        if alike:
            return False
        self._index.load_clusters([cluster])
        return sum(member.represents for member in self._index.members(cluster)) < REPRESENTATIVES

    def _represent(self, work: Prepared, hashes: Hashes) -> None:
        kept = []
        for value in hashes.tolist():
            if self._count.get(value, 0) + len(self._local[value]) < COMMON:
                self._local[value].append(work.item.id)
                kept.append(value)
        self._added.append((np.array(kept, np.uint64), work.print))

    def _opened(self, work: Prepared) -> str:
        """Id of a new cluster: the document's own, unless an older cluster that has others bears it."""
        name, number = work.item.id, 1
        while self._index.members(name) or self._index.root(name) != name:
            number += 1
            name = f"{work.item.id}.{number}"
            self._index.load_clusters([name])
        return name

    def _joined(self, copies: Sequence[_Found]) -> str:
        """The cluster of the copies; several become one, the largest keeping its id."""
        clusters = sorted({f.member.decision.cluster for f in copies})
        if len(clusters) == 1:
            return clusters[0]
        self._index.load_clusters(clusters)
        kept = min(clusters, key=lambda name: (-len(self._index.members(name)), name))
        for name in clusters:
            if name != kept:
                for member in self._index.members(name):
                    self._index.put(replace(member, decision=replace(member.decision, cluster=kept)))
                self._index.redirect(name, kept)
        self.touched.add(kept)
        return kept

    def _form(self, alike: Sequence[_Found]) -> str | None:
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
                digest=_digest(item.text),
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

    def _link(self, work: Prepared, f: _Found) -> Link:
        relation, kind, span = f.verdict.relation or NEW, f.verdict.kind, None
        if relation in {CONTAINS, CONTAINED_IN}:
            mine, theirs = work.item.text, self._text(f.member.id)
            if relation == CONTAINS:
                holder, part, side, repeated = mine, theirs, f.overlap.a, work.repeated
                title = f.member.title
            else:
                holder, part, side, title = theirs, mine, f.overlap.b, work.item.title
                repeated = self._index.site(f.member.site).repeated
            span = span_in(holder, repeated, side)
            kind = "glue" if span and glued(holder, span, part, title) else "excerpt"
        return Link(
            id=work.item.id,
            of=f.member.id,
            print=work.print,
            of_print=f.member.print,
            relation=relation,
            kind=kind,
            score=round(f.overlap.a.coverage, 4),
            partner_score=round(f.overlap.b.coverage, 4),
            density=round(f.overlap.density, 4),
            rule=f.verdict.rule,
            conflicts=f.verdict.conflicts,
            span=span,
        )

    def _text(self, name: str) -> str:
        return self._own[name].item.text if name in self._own else self._fetched[name]


_PRECEDENCE = (DUPLICATE, CONTAINED_IN, CONTAINS, SAME_FORM)


def _kind(best: _Found | None) -> str | None:
    if best is None:
        return None
    return best.verdict.kind


def _days(item: Item, member: Member) -> int | None:
    if item.published_on is None or member.published_on is None:
        return None
    return abs((item.published_on - member.published_on).days)


def _title_key(title: str) -> str:
    return text_key(title).tobytes().decode("utf-32-le", "replace")


def _digest(text: str) -> int:
    return key_of(text)
