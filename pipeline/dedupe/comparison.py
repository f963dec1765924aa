"""One text after the other against its candidates: equal, verified on the full text, or too short for that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial

import numpy as np

from pipeline.dedupe.ahead import NOTHING_AHEAD, Ahead
from pipeline.dedupe.candidates import CANDIDATES, COMMON, SHARED, Candidates
from pipeline.dedupe.clusters import Clusters, Match
from pipeline.dedupe.evidence import Circumstances
from pipeline.dedupe.furniture import parted
from pipeline.dedupe.glue import glued, stand_apart
from pipeline.dedupe.index import HEADS, DedupeIndex
from pipeline.dedupe.overlap import Overlap, measure
from pipeline.dedupe.prepared import Prepared, beside, schema, span_in, stripped
from pipeline.dedupe.records import (
    BEYOND,
    CAPPED,
    CONTAINED_IN,
    CONTAINS,
    DUPLICATE,
    NEW,
    OF_TWO,
    SAME_FORM,
    TOO_LONG,
    UNMET,
    Item,
    Link,
    Member,
)
from pipeline.dedupe.relate import Relation, judge
from pipeline.dedupe.sketch import LONGEST, SHORTEST, Shingles, shingles, sketch, text_key
from pipeline.dedupe.tables import key_of
from pipeline.dedupe.titles import alike, is_notice, title_key

PARTLY = {
    TOO_LONG: f"only its first {LONGEST:,} letters and digits were compared: what is copied from behind them is not"
    " found",
    BEYOND: f"it shares passages with a text behind its first {LONGEST:,} letters and digits, which alone are"
    " compared: that it is an excerpt is neither found nor ruled out",
    CAPPED: f"more than {CANDIDATES} texts have as much in common with it: only the likeliest were compared",
    UNMET: f"nearly all of its passages are in {COMMON} texts before it: later copies are compared with these alone",
}
"""What a rule that bounds the work says of a document."""

BY_HEADS = (
    f"of so many copies only those that represent the cluster and the first {HEADS} of the others decide which one is"
    " published"
)
"""What is said of such clusters."""

Texts = Callable[[Sequence[str]], Mapping[str, str]]

OF_ONE_FORM = 4
"""After so many texts of its form none further is asked: a copy of an instance shares its facts and is found first."""

PART = 500
"""A text is compared with one more for so many of its characters: the chapters of a book are as many as it is long."""

HALF_OF_TWO = 0.75
"""A page of which an article covers more than this share has no room for another one."""

STRANGERS = 3
"""After so many texts that are nothing to it none further is asked, after one where a version was found. Of 1,150
related pairs among 10,000 made-up documents 1,146 came before any stranger and 4 after one."""


class Comparison:
    """A run of texts, in the order of decisions, against the index; each joins it before the next one is compared."""

    def __init__(
        self, batch: Sequence[Prepared], index: DedupeIndex, texts: Texts, ahead: Ahead = NOTHING_AHEAD
    ) -> None:
        self._batch = batch
        self._index = index
        self._texts = texts
        self._ahead = ahead
        self._own = {work.item.id: work for work in batch}
        self._fetched: dict[str, str] = {}
        self._left_out: dict[str, frozenset[str]] = {}
        self._shingles = {work.item.id: shingles(work.key) for work in batch}
        self.partly = {work.item.id: TOO_LONG for work in batch if len(work.key) > LONGEST}
        """What was not compared with all there is, or not to its end → the rule that bounds it."""
        self._beyond: set[str] = set()

    def run(self) -> set[str]:
        """Compare every text of the batch, in order, and put it into the index; the clusters that changed."""
        self._index.load_texts(work.text_hash for work in self._batch)
        positions = {work.item.id: work.position for work in self._batch}
        candidates = Candidates(self._shingles, self._index, positions, self._stored)
        clusters = Clusters(self._index)
        wanted = {*self._wanted(candidates), *self._alike()}
        self._texts(sorted(wanted))  # in one go: each look-up reads whole files
        for work in self._batch:
            self._compare(work, candidates, clusters)
            member = self._index.get(work.item.id)
            if member is None or not member.represents:
                self._shingles.pop(work.item.id, None)  # nothing after it is compared with it
        candidates.keep()
        for rule, names in ((BEYOND, self._beyond), (CAPPED, candidates.capped), (UNMET, candidates.unmet)):
            self.partly = dict.fromkeys(sorted(names), rule) | self.partly
        return clusters.touched

    def _wanted(self, candidates: Candidates) -> set[str]:
        """The earlier documents whose texts will be asked for."""
        found: set[str] = set()
        for name, members in candidates.likely():
            said = ((member, self._ahead.verdict(self._own[name], member)) for member in members)
            found.update(member.id for member, verdict in said if verdict is None or verdict.asks_for_texts)
        return found

    def _compare(self, work: Prepared, candidates: Candidates, clusters: Clusters) -> None:
        sketched = len(candidates.sketches[work.item.id])
        closed = self._index.apart_from([work.item.id])
        same = self._index.with_text(work.text_hash, outside=closed)
        if not len(work.key):
            clusters.put(work, sketched, [], rule="empty")
        elif same:
            clusters.put_copy(work, sketched, same, edited=self._edited(work, same))
        elif len(work.key) < SHORTEST:
            clusters.put(work, sketched, [], rule="short")
        else:
            found = self._open_to(closed, self._verified(work, candidates, clusters))
            if clusters.put(work, sketched, found, rule=self._unrelated(work, candidates)):
                candidates.join(work)
            for f in found:
                self._index.put_link(self._link(work, f))

    def _alike(self) -> set[str]:
        """The earlier documents of the same key as one of the batch, whose texts will be asked for."""
        same = ((work, self._index.with_text(work.text_hash)) for work in self._batch)
        return {one.id for work, one in same if one and one.digest != key_of(work.item.text)}

    def _edited(self, work: Prepared, same: Member) -> bool:
        """Whether a text of the same key as an earlier one has a corrected title, or a line more or less about it."""
        mine, theirs = title_key(work.item.title), title_key(same.title)
        if mine and theirs and mine != theirs and alike(mine, theirs):
            return True
        if same.digest == key_of(work.item.text):
            return False
        return not np.array_equal(text_key(work.item.text), text_key(self._text(same.id)))

    def _open_to(self, closed: set[str], found: Sequence[Match]) -> list[Match]:
        """The matches, closest first, that bring no two documents together which must stay apart."""
        if not self._index.apart:
            return list(found)
        left = []
        for match in found:
            cluster = match.member.decision.cluster
            if cluster not in closed:
                left.append(match)
                closed = closed | self._index.apart_from(member.id for member in self._index.members(cluster))
        return left

    def _verified(self, work: Prepared, candidates: Candidates, clusters: Clusters) -> list[Match]:
        """The candidates to which the text is related, the closest first."""
        name = work.item.id
        members, within = candidates.of(name)
        members = _same_notice_first(work.item.title, members)
        found: list[Match] = []
        joined: set[str] = set()
        verified = of_form = strangers = 0
        most = CANDIDATES + len(work.key) // PART
        if len(members) > CANDIDATES:
            self._texts([member.id for member in members[:most]])  # in one go
        is_of_a_form = cache(clusters.is_of_a_form)

        def is_known(cluster: str) -> bool:
            """Whether one more copy in a cluster says nothing new: the text is one of it, or it is an instance of the
            form of which the text is a copy of a nearer one."""
            return cluster in joined or (any(map(is_of_a_form, joined)) and is_of_a_form(cluster))

        # Of one article's many versions the nearest tells, of one form the nearest few: the others say the same.
        for member in members:
            if of_form == OF_ONE_FORM:
                break
            is_bounded = verified == most or (
                strangers >= (1 if joined else STRANGERS) and member.id not in within
            )
            if is_bounded and (name in candidates.capped or len(members) <= CANDIDATES):
                continue
            if is_known(member.decision.cluster):
                continue
            if is_bounded:
                candidates.capped.add(name)
                continue
            verified += 1
            if (judged := self._judged(work, member, candidates)) is None:
                continue
            relation, overlap = judged
            if relation.relation:
                found.append(Match(member, relation, overlap, self._compared_beside(work, member)))
            if relation.relation == DUPLICATE:
                joined.add(member.decision.cluster)
            elif relation.relation == SAME_FORM:
                of_form += 1
            elif not relation.relation:
                strangers += 1
                if max(member.length, len(work.key)) > LONGEST:
                    self._beyond |= self._perhaps_behind(name, member.id)
        found = _unless_nearer_of_form(found)
        if any(f.relation.relation == DUPLICATE for f in found):
            # The version of an article is of the form that the article is of.
            found = [f for f in found if f.relation.relation != SAME_FORM]
        found = [self._part_of_two(f, found) for f in found]
        return sorted(found, key=lambda f: (-f.closeness, f.member.id))

    def _part_of_two(self, match: Match, found: Sequence[Match]) -> Match:
        """A match with a copy, or what it is where one of the two texts holds an article beside the other: a page of
        two is a version of neither, and would unite them.
        """
        if match.relation.relation != DUPLICATE:
            return match
        cluster, mine, theirs = match.member.decision.cluster, match.overlap.a, match.overlap.b
        others = (
            f for f in found if f.relation.relation == DUPLICATE and f.member.decision.cluster != cluster
        )
        if any(stand_apart(mine, other.overlap.a) for other in others):
            relation = CONTAINS
        elif theirs.coverage < HALF_OF_TWO and self._has_beside(match, {f.member.id for f in found}):
            relation = CONTAINED_IN
        else:
            return match
        return replace(match, relation=Relation(relation=relation, rule=OF_TWO))

    def _has_beside(self, match: Match, found: Collection[str]) -> bool:
        """Whether another text of its cluster stands in the one matched, elsewhere than the text it matches."""
        member, there = match.member, match.overlap.b
        self._index.load_heads([member.decision.cluster])
        names = {*self._index.representatives(member.decision.cluster)} - {member.id, *found}
        whole = self._shingles_of(member.id)
        others = [other for name in sorted(names) if (other := self._shingles_of(name)) is not None]
        measured = (measure(other, whole) for other in others) if whole is not None else ()
        return any(overlap is not None and stand_apart(there, overlap.b) for overlap in measured)

    def _unrelated(self, work: Prepared, candidates: Candidates) -> str:
        """The rule of a text that nothing was found related to: it says where not everything was looked at."""
        if len(work.key) > LONGEST:
            return TOO_LONG
        if work.item.id in self._beyond:
            return BEYOND
        return CAPPED if work.item.id in candidates.capped else NEW

    def _perhaps_behind(self, one: str, other: str) -> set[str]:
        """Which of two texts, one of them too long, has passages that the other has behind what was compared of it."""
        a, b = self._shingles_of(one), self._shingles_of(other)
        if a is None or b is None:
            return set()
        return {
            name
            for name, text, long in ((one, a, b), (other, b, a))
            if not len(text.rest) and np.count_nonzero(np.isin(sketch(text), long.beyond)) >= SHARED
        }

    def _judged(
        self, work: Prepared, member: Member, candidates: Candidates
    ) -> tuple[Relation, Overlap] | None:
        """What a text is to an earlier one; None where the text of that is not to be had."""
        name = work.item.id
        verdict = self._ahead.verdict(work, member)
        if verdict is not None:
            rare = common = 0.0
            if len(verdict.relations) > 1:
                sketched = self._ahead.sketch(member.print)
                assert sketched is not None  # what was compared was sketched
                rare, common = candidates.rare(name, sketched), candidates.known(name, sketched)
            return verdict.relation(rare, common), verdict.overlap
        mine, theirs = self._shingles_of(name), self._shingles_of(member.id)
        if mine is None or theirs is None:
            return None
        whole = theirs
        for_mine, for_theirs = self._beside(work, member)
        if for_mine is not work.repeated:
            mine = shingles(text_key(stripped(work.item.text, for_mine)))
        if for_theirs is not self._index.site(member.site).repeated:
            theirs = shingles(text_key(stripped(self._text(member.id), for_theirs)))
        known = Circumstances(
            days=_days(work.item, member),
            titles=(work.item.title, member.title),
            one_site=work.item.site == member.site,
            rare=lambda: candidates.rare(name, sketch(whole)),
            common=lambda: candidates.known(name, sketch(whole)),
            schemas=partial(self._schemas, work, member),
        )
        return judge(mine, theirs, known)

    def _beside(self, work: Prepared, member: Member) -> tuple[Collection[str], Collection[str]]:
        """The lines that a text and an earlier one are compared without."""
        repeated = self._index.site(member.site).repeated
        if work.item.site == member.site or not (work.repeated or repeated):
            return work.repeated, repeated
        theirs = self._text(member.id)
        if member.id not in self._left_out:
            self._left_out[member.id] = parted(theirs, repeated)[1]
        return (
            beside(work.item.text, work.repeated, self._left_out[member.id]),
            beside(theirs, repeated, work.left_out),
        )

    def _compared_beside(self, work: Prepared, member: Member) -> bool:
        for_mine, for_theirs = self._beside(work, member)
        return for_mine is not work.repeated or for_theirs is not self._index.site(member.site).repeated

    def _schemas(self, work: Prepared, member: Member) -> tuple[frozenset[str], frozenset[str]]:
        return schema(work.item.text), schema(self._text(member.id))

    def _shingles_of(self, name: str) -> Shingles | None:
        if name not in self._shingles:
            if name in self._own:
                self._shingles[name] = shingles(self._own[name].key)
            elif (member := self._index.get(name)) and (text := self._text(name)):
                repeated = self._index.site(member.site).repeated
                self._shingles[name] = shingles(text_key(stripped(text, repeated)))
        return self._shingles.get(name)

    def _stored(self, members: Sequence[Member]) -> dict[str, Shingles]:
        names = [member.id for member in members]
        self._texts(names)  # in one go
        return {name: text for name in names if (text := self._shingles_of(name)) is not None}

    def _link(self, work: Prepared, f: Match) -> Link:
        relation, kind, span = f.relation.relation or NEW, f.relation.kind, None
        if relation in {CONTAINS, CONTAINED_IN}:
            mine, theirs = work.item.text, self._text(f.member.id)
            for_mine, for_theirs = self._beside(work, f.member)
            if relation == CONTAINS:
                holder, part, side, repeated = mine, theirs, f.overlap.a, for_mine
                title = f.member.title
            else:
                holder, part, side, title = theirs, mine, f.overlap.b, work.item.title
                repeated = for_theirs
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
            rule=f.relation.rule,
            conflicts=f.relation.conflicts,
            span=span,
        )

    def _text(self, name: str) -> str:
        if name in self._own:
            return self._own[name].item.text
        if name not in self._fetched:
            self._fetched |= self._texts([name])
        return self._fetched.get(name, "")


def _same_notice_first(title: str, members: list[Member]) -> list[Member]:
    """The candidates of a notice, those of its title first: where that alone says which of a form it is, its text is
    as much like that of any other, and a corrected one was not among the nearest few."""
    key = title_key(title)
    return sorted(members, key=lambda one: title_key(one.title) != key) if is_notice(key) else members


def _unless_nearer_of_form(found: Sequence[Match]) -> list[Match]:
    """The matches without the copies in whose clusters a nearer text is of one form with it: what is less like that
    one bridges two instances."""
    of_form: dict[str, float] = {}
    for f in found:
        if f.relation.relation == SAME_FORM:
            cluster = f.member.decision.cluster
            of_form[cluster] = max(f.closeness, of_form.get(cluster, 0.0))
    return [
        f
        for f in found
        if f.relation.relation != DUPLICATE or of_form.get(f.member.decision.cluster, 0.0) <= f.closeness
    ]


def _days(item: Item, member: Member) -> int | None:
    if item.published_on is None or member.published_on is None:
        return None
    return abs((item.published_on - member.published_on).days)
