"""Which earlier texts one is worth comparing with: the representatives that share enough of its sampled hashes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from pipeline.dedupe.index import DedupeIndex
from pipeline.dedupe.prepared import Prepared
from pipeline.dedupe.records import Member, Position
from pipeline.dedupe.sketch import Hashes, Shingles, deep_sketch, sketch
from pipeline.dedupe.sorted_pairs import ranges

SHARED, SHARED_SHARE = 3, 0.12
"""A candidate shares at least this many sampled hashes, and this share of the smaller sketch. With these and a
MinHash of 32 bands before the same verification 99 and 79 % of excerpts are found, 99 and 65 % of glued pages."""

LIKELY_SHARE = 0.25
"""With this share it is likely a copy, so that its cluster will be asked for."""

WITHIN, TWICE = 0.9, 2
"""With this share of the smaller sketch one text may stand in the other, which is so many times as long."""

CANDIDATES = 8
"""The best candidates, as many as are verified at most: about one a document is (.93 in 100,000)."""

CONSIDERED = 64
"""So many at most are put in order: texts of one vocabulary meet hundreds, of which few are verified."""

WEIGHTIEST = (2, 5)
"""So many of them share most; then comes one that shares most for its length, more that share most, until they are so
many, and the others by their length."""

WHOLE = 1 << 20
"""The weight of a gram that one representative has; one of two weighs half as much, so that a legal notice that many
have does not keep the one true copy from the best few. In whole numbers, whose sum no order changes."""

REPRESENTATIVES = 8
"""As many a cluster has at most."""

COMMON = 64
"""A gram of this many representatives tells nothing more; further ones are not added to it."""

CROWDED = 0.5
"""A text of whose sketch this share are grams of more representatives than one article has is one more of a form. It is
looked up and remembered by a deeper sample, which has its facts, and so are those it meets: their sketches alone say
what all say, and of a hundred instances the one that it is a copy of was not among the best."""


Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class _Earlier:
    """The representatives of the index that share enough hashes with a text."""

    ranks: NDArray[np.int64]
    """Their numbers among all that the texts of the run share hashes with."""
    which: Numbers
    """The place of each in the ranks, as often as it shares a hash."""
    places: Numbers
    """The place of that hash in the text's."""

    def sums(self, weights: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """How many of the first hashes, one for each weight, each shares, and what these weigh."""
        kept = self.places < len(weights)
        which, size = self.which[kept], len(self.ranks)
        weighed = np.bincount(which, weights[self.places[kept]], size)
        return np.bincount(which, minlength=size), weighed.astype(np.int64)

    def only(self, there: NDArray[np.bool_]) -> _Earlier:
        """Those of them that are there."""
        numbers = np.cumsum(there) - 1
        kept = there[self.which]
        return _Earlier(self.ranks[there], numbers[self.which[kept]].astype(np.int32), self.places[kept])


_NONE_EARLIER = _Earlier(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int32))


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """The representatives that share enough hashes with a text."""

    ranks: NDArray[np.int64]
    """Those of the index."""
    joiners: NDArray[np.int64]
    """Those of the run, by their numbers."""
    shared: NDArray[np.int64]
    """How many hashes each shares, those of the index first."""
    weighs: NDArray[np.int64]
    """What these weigh."""


class Candidates:
    """The representatives of the index that a run of texts may meet, and those of the run, which join one by one.

    A text meets, and counts, only those before it in the order of decisions: the index also has later ones when a
    text is decided again, or an old capture came late.
    """

    def __init__(
        self,
        texts: Mapping[str, Shingles],
        index: DedupeIndex,
        positions: Mapping[str, Position],
        stored: Callable[[Sequence[Member]], Mapping[str, Shingles]],
    ) -> None:
        """`stored` gives the representatives' texts, as far as there are any."""
        self.sketches = {name: sketch(text) for name, text in texts.items()}
        self._index = index
        self._joiners: list[str] = []
        self._joined_sizes: list[int] = []
        self._numbers: dict[str, int] = {}
        self._added: list[tuple[Hashes, int]] = []
        self._stored = stored
        listed = self._deepened(texts)
        self._hashes, places = np.unique(np.concatenate(list(listed.values())), return_inverse=True)
        """The hashes of the run, ascending; what follows is by their places here."""
        ends = np.cumsum([len(each) for each in listed.values()])
        self._listed = dict(zip(listed, np.split(places, ends[:-1]), strict=True))
        hashes, prints = index.postings.find(self._hashes)
        starts = np.searchsorted(hashes, self._hashes, "left")
        self._counts = np.searchsorted(hashes, self._hashes, "right") - starts
        """How many representatives of the index have each."""
        self._counts_of: dict[str, NDArray[np.int64]] = {}
        """Of a text that stands before some of them: how many before it have each of its hashes."""
        self._joined: defaultdict[int, list[int]] = defaultdict(list)
        """The representatives of the run that have each, by their numbers."""
        self._joins = np.zeros(len(self._hashes), np.int64)
        """How many they are."""
        self._elsewhere: Counter[int] = Counter()
        """The same of hashes that no text of the run has."""
        self._joined_deep: list[bool] = []
        """Of each number whether it joined with a deeper sample, or needs none."""
        crowded = self._counts > COMMON
        late = {
            name: position
            for name, position in positions.items()
            if position[0] <= index.latest or crowded[self._listed[name]].any()
        }
        self._met: dict[int, Member] = {}
        """Representatives of the index that texts of the run share enough with, by rank."""
        self._ranks: dict[str, int] = {}
        self._sizes = self._joined_as = np.zeros(0, np.int64)
        """Of each rank the size of its sketch; its number where it joined with more of its hashes, else -1."""
        self._is_deep = np.zeros(0, bool)
        """Of each rank whether the index has a deeper sample of it."""
        self._earlier = self._shared_with(starts, prints, late)
        self.capped: set[str] = set()
        """The texts that have more candidates than are verified."""
        self.unmet: set[str] = set()
        """Those that represent a cluster and are remembered by too few hashes to be found again."""

    def _deepened(self, texts: Mapping[str, Shingles]) -> dict[str, Hashes]:
        """The hashes of each text, a deeper sample of one that may turn out to be of a crowd."""
        both = np.concatenate(list(self.sketches.values()))
        distinct, which, counts = np.unique(both, return_inverse=True, return_counts=True)
        stored = self._index.postings.find(distinct)[0]
        counts = (
            counts + np.searchsorted(stored, distinct, "right") - np.searchsorted(stored, distinct, "left")
        )
        lengths = [len(sketched) for sketched in self.sketches.values()]
        ends = np.cumsum(lengths)
        crowds = np.concatenate(([0], np.cumsum((counts > REPRESENTATIVES)[which])))
        crowded = crowds[ends] - crowds[ends - lengths] >= CROWDED * np.maximum(1, lengths)
        return {
            name: deep_sketch(texts[name]) if deep else sketched
            for (name, sketched), deep in zip(self.sketches.items(), crowded.tolist(), strict=True)
        }

    def _shared_with(
        self, starts: NDArray[np.int64], prints: Hashes, late: Mapping[str, Position]
    ) -> dict[str, _Earlier]:
        """For each text the representatives of the index that share enough hashes, and which of them they share.

        `prints` are those of the representatives that have each hash of the run, from its start on.
        """
        members, ranks = np.unique(prints, return_inverse=True)
        places_of = self._positions(members) if late else []
        met_by: dict[str, _Earlier] = {}
        for name, listed in self._listed.items():
            counts = self._counts[listed]
            if not counts.any():
                continue
            if (position := late.get(name)) is not None:
                spans = zip(starts[listed].tolist(), counts.tolist(), strict=True)
                before = [_before(position, ranks[at : at + count], places_of) for at, count in spans]
                self._counts_of[name] = counts = np.array([len(each) for each in before])
                found = np.concatenate(before)
            else:
                found = ranks[ranges(starts[listed], counts)]
            places = np.repeat(np.arange(len(listed)), counts).astype(np.int32)
            distinct, which, shared = np.unique(found, return_inverse=True, return_counts=True)
            if (enough := shared >= SHARED).any():
                met_by[name] = _Earlier(distinct, which.astype(np.int32), places).only(enough)
        self._load(members, met_by.values())
        there = np.zeros(len(members), bool)
        there[list(self._met)] = True
        earlier = {name: met.only(there[met.ranks]) for name, met in met_by.items()}
        sites = {member.site for member in self._met.values()}
        likely: set[int] = set()
        for name, met in earlier.items():
            sizes = np.minimum(self._sizes[met.ranks], len(self.sketches[name]))
            shared = np.bincount(met.which, minlength=len(sizes))
            likely.update(met.ranks[shared >= LIKELY_SHARE * sizes].tolist())
        self._index.load_sites(sites)
        self._index.load_heads({self._met[rank].decision.cluster for rank in likely})
        return earlier

    def _load(self, prints: Hashes, met: Iterable[_Earlier]) -> None:
        """Bring those of the representatives with these prints that texts met into memory."""
        ranks = np.unique(np.concatenate([np.zeros(0, np.int64), *(each.ranks for each in met)]))
        self._index.load_prints(prints[ranks].tolist())
        self._sizes = np.zeros(len(prints), np.int64)
        self._joined_as = np.full(len(prints), -1)
        deep = self._index.postings.deep
        self._is_deep = np.isin(prints, np.fromiter(deep, np.uint64, len(deep)))
        for rank, print_ in zip(ranks.tolist(), prints[ranks].tolist(), strict=True):
            member = self._index.with_print(print_)
            if member and member.represents:
                self._met[rank], self._ranks[member.id] = member, rank
                self._sizes[rank] = member.sketched

    def _positions(self, prints: Hashes) -> list[Position | None]:
        """Where the representatives with these prints stand; None: it is none any more."""
        self._index.load_prints(prints.tolist())
        found = (self._index.with_print(print_) for print_ in prints.tolist())
        return [member.position if member and member.represents else None for member in found]

    def _had(self, name: str, most: int) -> NDArray[np.int64]:
        """How many representatives before a text of the run have each of its (first) hashes."""
        listed = self._listed[name][:most]
        counts = self._counts_of[name][:most] if name in self._counts_of else self._counts[listed]
        return counts + self._joins[listed]

    def _told(self, name: str, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many representatives of the index that it counts a representative may share hashes of the run with."""
        if name not in self._counts_of:
            return self._counts[places]
        listed = self._listed[name]
        at = np.searchsorted(listed, places).clip(max=len(listed) - 1)
        return np.where(listed[at] == places, self._counts_of[name][at], 0)

    def of(self, name: str) -> tuple[list[Member], set[str]]:
        """The representatives most like a text of the run, best first, CONSIDERED and some at most; and which of them,
        by their ids, may stand in it or it in them.
        """
        sketched = len(self.sketches[name])
        listed, common = self._looked_up(name)
        found = self._shared(name, listed)
        if common and self._deepen(found):
            found = self._shared(name, listed)
        if not len(found.shared):
            return [], set()
        joined = np.array([self._joined_sizes[number] for number in found.joiners.tolist()], np.int64)
        sizes = np.concatenate((self._sizes[found.ranks], joined))
        smaller = np.minimum(sizes, sketched)
        enough = np.flatnonzero(found.shared >= SHARED_SHARE * (smaller - common))
        heavy, whole = -found.weighs[enough], -found.weighs[enough] // np.maximum(1, smaller[enough])
        kept = np.flatnonzero(_least(heavy) | _least(whole))
        parts = (found.shared >= WITHIN * smaller) & (np.maximum(sizes, sketched) >= TWICE * smaller)
        within = np.flatnonzero(parts[enough])
        ranked = sorted(
            zip(
                heavy[kept].tolist(),
                self._names(found, enough[kept].tolist()),
                whole[kept].tolist(),
                strict=True,
            )
        )
        # A very long text shares phrases with every other one; its excerpt shares all it has.
        first, last = WEIGHTIEST
        wholest = sorted(ranked[first:], key=lambda each: (each[2], each[1]))
        ordered = (*ranked[:first], *wholest[:1], *ranked[first:last], *wholest)
        members = [
            member
            for other in dict.fromkeys(each[1] for each in ordered)
            if (member := self._index.get(other))
        ]
        return members, set(self._names(found, enough[within].tolist()))

    def _names(self, found: _Found, numbers: Iterable[int]) -> list[str]:
        """The ids of those found, by their numbers."""
        size = len(found.ranks)
        return [
            self._met[int(found.ranks[number])].id
            if number < size
            else self._joiners[found.joiners[number - size]]
            for number in numbers
        ]

    def _shared(self, name: str, listed: int) -> _Found:
        """The representatives that have enough of the first so many hashes."""
        places = self._listed[name][:listed]
        at = np.flatnonzero(self._joins[places])
        earlier = self._earlier.get(name, _NONE_EARLIER)
        none = np.zeros(0, np.int64)
        if not len(at) and not len(earlier.ranks):
            return _Found(none, none, none, none)
        weights = WHOLE // np.maximum(1, self._had(name, listed))
        joined = [self._joined[place] for place in places[at].tolist()]
        met = np.fromiter(chain.from_iterable(joined), np.int64)
        joiners, which = np.unique(met, return_inverse=True)
        shared = np.bincount(which, minlength=len(joiners))
        each = np.repeat(weights[at], [len(each) for each in joined])
        weighs = np.bincount(which, each, len(shared)).astype(np.int64)
        one, sums = earlier.sums(weights)
        # Remembered by more of its hashes since.
        numbers = self._joined_as[earlier.ranks]
        if (numbers >= 0).any():
            _, again, there = np.intersect1d(numbers, joiners, return_indices=True)
            one[again] += shared[there]
            sums[again] += weighs[there]
            shared[there] = 0
        enough, new = one >= SHARED, np.flatnonzero(shared >= SHARED)
        return _Found(
            earlier.ranks[enough],
            joiners[new],
            np.concatenate((one[enough], shared[new])),
            np.concatenate((sums[enough], weighs[new])),
        )

    def _deepen(self, found: _Found) -> bool:
        """Remember those there were before their form was a crowd by a deeper sample; whether there are any.

        Each once, however many texts of however many runs meet it.
        """
        size = len(found.ranks)
        shallow = [
            *np.flatnonzero(~self._is_deep[found.ranks]).tolist(),
            *(n for n, number in enumerate(found.joiners.tolist(), size) if not self._joined_deep[number]),
        ]
        new = [member for name in self._names(found, shallow) if (member := self._index.get(name))]
        if not new:
            return False
        self._is_deep[found.ranks] = True
        deep = {name: deep_sketch(text) for name, text in self._stored(new).items()}
        hashes, prints = self._index.postings.find(
            np.unique(np.concatenate([np.zeros(0, np.uint64), *deep.values()]))
        )
        for member in new:
            if member.id in deep:
                more = deep[member.id][member.sketched :]
                more = np.setdiff1d(more, hashes[prints == np.uint64(member.print)])
                had = hashes.searchsorted(more, "right") - hashes.searchsorted(more, "left")
                self._join_late(member, more, had)
                self._index.postings.deep.add(member.print)
        for number in found.joiners.tolist():
            self._joined_deep[number] = True
        return True

    def _join_late(self, member: Member, more: Hashes, had: NDArray[np.int64]) -> None:
        """Remember a representative by more of its hashes, those that COMMON ones have not yet; so many representatives
        of the index have each.
        """
        at = np.searchsorted(self._hashes, more).clip(max=len(self._hashes) - 1)
        here = self._hashes[at] == more
        places = at[here]
        places = places[self._told(member.id, places) + self._joins[places] < COMMON]
        free = zip(more[~here].tolist(), had[~here].tolist(), strict=True)
        others = [value for value, times in free if times + self._elsewhere[value] < COMMON]
        self._elsewhere.update(others)
        self._join(member.id, member.print, places, others)
        self._joined_deep[self._numbers[member.id]] = True

    def _looked_up(self, name: str) -> tuple[int, int]:
        """By how many of its hashes a text is found, and how many of its sketch are left out as a crowd's."""
        sketched, listed = len(self.sketches[name]), len(self._listed[name])
        if listed == sketched:
            return sketched, 0
        common = int(np.count_nonzero(self._had(name, sketched) > REPRESENTATIVES))
        return (listed, common) if common >= CROWDED * sketched else (sketched, 0)

    def likely(self) -> Iterator[tuple[str, list[Member]]]:
        """Texts of the run, with the representatives of the index that each will be verified against, most likely."""
        for name, earlier in self._earlier.items():
            shared = np.bincount(earlier.which, minlength=len(earlier.ranks))
            sizes = np.minimum(self._sizes[earlier.ranks], len(self.sketches[name]))
            enough = np.flatnonzero(shared >= SHARED_SHARE * sizes)
            enough = enough[_least(-shared[enough], CANDIDATES)]
            found = [(int(shared[at]), self._met[int(earlier.ranks[at])]) for at in enough]
            best = nlargest(CANDIDATES, found, key=lambda each: (each[0], each[1].id))
            yield name, [member for _, member in best]

    def rare(self, name: str, theirs: Hashes) -> float:
        """Share of the hashes common to two sketches that no third one has; small when few are common."""
        had = self._had_by_both(name, theirs)
        return int(np.count_nonzero(had <= 1)) / (len(had) + 1)

    def known(self, name: str, theirs: Hashes) -> float:
        """Share of the hashes common to two sketches that are in more representatives than one article has."""
        had = self._had_by_both(name, theirs)
        return int(np.count_nonzero(had > REPRESENTATIVES)) / (len(had) + 1)

    def _had_by_both(self, name: str, theirs: Hashes) -> NDArray[np.int64]:
        sketched = self.sketches[name]
        return self._had(name, len(sketched))[np.isin(sketched, theirs, assume_unique=True)]

    def join(self, work: Prepared) -> None:
        """Make a text of the run a representative: those after it may find it."""
        name = work.item.id
        listed, common = self._looked_up(name)
        places = self._listed[name][:listed]
        free = places[self._had(name, listed) < COMMON]
        if len(free) < max(SHARED, SHARED_SHARE * (len(self.sketches[name]) - common)):
            self.unmet.add(name)
        self._join(name, work.print, free)
        if common:
            self._joined_deep[self._numbers[name]] = True
            self._index.postings.deep.add(work.print)

    def _join(self, name: str, print_: int, places: NDArray[np.int64], others: Sequence[int] = ()) -> None:
        """Let a representative be found by hashes of the run; it is remembered by others too."""
        number = self._numbers.setdefault(name, len(self._joiners))
        if number == len(self._joiners):
            self._joiners.append(name)
            self._joined_deep.append(False)
            rank = self._ranks.get(name)
            self._joined_sizes.append(len(self.sketches[name]) if rank is None else int(self._sizes[rank]))
            if rank is not None:
                self._joined_as[rank] = number
        for place in places.tolist():
            self._joined[place].append(number)
        self._joins[places] += 1
        kept = np.concatenate((self._hashes[places], np.array(others, np.uint64)))
        self._added.append((self._index.postings.restore(print_, kept), print_))

    def keep(self) -> None:
        """Put the hashes of those that joined into the index."""
        if self._added:
            prints = [np.full(len(hashes), print_, np.uint64) for hashes, print_ in self._added]
            hashes = np.concatenate([hashes for hashes, _ in self._added])
            self._index.postings.add(hashes, np.concatenate(prints))


def _before(
    position: Position, ranks: NDArray[np.int64], places: Sequence[Position | None]
) -> NDArray[np.int64]:
    """Those of the representatives that stand before a place, no more than the first COMMON of them."""
    found = sorted((place, rank) for rank in ranks.tolist() if (place := places[rank]) and place < position)
    return np.array([rank for _, rank in found[:COMMON]], np.int64)


def _least(values: NDArray[np.int64], most: int = CONSIDERED) -> NDArray[np.bool_]:
    """Which are among so many least ones, with all that equal the last."""
    if len(values) <= most:
        return np.ones(len(values), bool)
    kept: NDArray[np.bool_] = values <= np.partition(values, most - 1)[most - 1]
    return kept
