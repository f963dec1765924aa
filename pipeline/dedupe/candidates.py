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

CANDIDATES, WEIGHTIEST = 8, 5
"""The best candidates, as many as are verified at most: about one a document is (.93 in 100,000). So many of them
share most, the others most for their length."""

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
Sums = tuple[list[int], list[float]]


@dataclass(frozen=True, slots=True, eq=False)
class _Earlier:
    """The representatives of the index that share enough hashes with a text."""

    names: tuple[str, ...]
    """The representatives."""
    which: Numbers
    """The place of each in the names, as often as it shares a hash."""
    places: Numbers
    """The place of that hash in the text's."""

    def sums(self, weights: NDArray[np.int64]) -> Sums:
        """How many of the first hashes, one for each weight, each shares, and what these weigh."""
        kept = self.places < len(weights)
        which, size = self.which[kept], len(self.names)
        weighed = np.bincount(which, weights[self.places[kept]], size)
        return np.bincount(which, minlength=size).tolist(), weighed.tolist()


_NONE_EARLIER = _Earlier((), np.zeros(0, np.int32), np.zeros(0, np.int32))


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
        self._numbers: dict[str, int] = {}
        self._added: list[tuple[Hashes, int]] = []
        self._stored = stored
        self._deep: set[str] = set()
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
        crowded = self._counts > COMMON
        late = {
            name: position
            for name, position in positions.items()
            if position[0] <= index.latest or crowded[self._listed[name]].any()
        }
        self._earlier = self._shared_with(starts, prints, late)
        self.capped: set[str] = set()
        """The texts that have more candidates than are verified."""

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
        met_by: dict[str, tuple[list[int], Numbers, Numbers]] = {}
        for name, listed in self._listed.items():
            counts = self._counts[listed]
            if not counts.any():
                continue
            if (position := late.get(name)) is not None:
                spans = zip(starts[listed].tolist(), counts.tolist(), strict=True)
                met = [_before(position, ranks[at : at + count], places_of) for at, count in spans]
                self._counts_of[name] = counts = np.array([len(each) for each in met])
                found = np.concatenate(met)
            else:
                found = ranks[ranges(starts[listed], counts)]
            places = np.repeat(np.arange(len(listed)), counts)
            distinct, which, shared = np.unique(found, return_inverse=True, return_counts=True)
            if (enough := shared >= SHARED).any():
                kept = enough[which]
                numbers = np.cumsum(enough) - 1
                there = members[distinct[enough]].tolist()
                met_by[name] = (there, numbers[which[kept]].astype(np.int32), places[kept].astype(np.int32))
        self._index.load_prints({print_ for found, _, _ in met_by.values() for print_ in found})
        earlier: dict[str, _Earlier] = {}
        sites, clusters = set(), set()
        for name, (found_prints, shares, at) in met_by.items():
            shared = np.bincount(shares).tolist()
            kept_ids = []
            for number, print_ in enumerate(found_prints):
                member = self._index.with_print(print_)
                if member and member.represents:
                    kept_ids.append((number, member.id))
                    sites.add(member.site)
                    if shared[number] >= LIKELY_SHARE * min(member.sketched, len(self.sketches[name])):
                        clusters.add(member.decision.cluster)
            earlier[name] = _of_these(kept_ids, shares, at, len(found_prints))
        self._index.load_sites(sites)
        self._index.load_clusters(clusters)
        return earlier

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

    def of(self, name: str) -> list[Member]:
        """The representatives most like a text of the run, best first."""
        sketched = len(self.sketches[name])
        listed, common = self._looked_up(name)
        found = self._shared(name, listed)
        if common and self._deepen(found):
            found = self._shared(name, listed)
        weight = {other: weighs for other, (_, weighs) in found.items()}
        enough = [
            member
            for other, (shared, _) in found.items()
            if (member := self._index.get(other))
            and shared >= SHARED_SHARE * (min(member.sketched, sketched) - common)
        ]
        most = sorted(enough, key=lambda member: (-weight[member.id], member.id))
        # A very long text shares phrases with every other one; its excerpt shares all it has.
        wholest = sorted(
            most[WEIGHTIEST:],
            key=lambda member: (-weight[member.id] // min(member.sketched, sketched), member.id),
        )
        return most[:WEIGHTIEST] + wholest

    def _shared(self, name: str, listed: int) -> dict[str, tuple[int, int]]:
        """The representatives that have enough of the first so many hashes: how many, and what they weigh."""
        places = self._listed[name][:listed]
        at = np.flatnonzero(self._joins[places])
        earlier = self._earlier.get(name, _NONE_EARLIER)
        if not len(at) and not earlier.names:
            return {}
        weights = WHOLE // np.maximum(1, self._had(name, listed))
        joined = [self._joined[place] for place in places[at].tolist()]
        joiners = np.fromiter(chain.from_iterable(joined), np.int64)
        shared = np.bincount(joiners, minlength=len(self._joiners))
        weighs = np.bincount(joiners, np.repeat(weights[at], [len(each) for each in joined]), len(shared))
        found: dict[str, tuple[int, int]] = {}
        for other, one, sums in zip(earlier.names, *earlier.sums(weights), strict=True):
            if (number := self._numbers.get(other)) is not None:
                # Remembered by more of its hashes since.
                one, sums = one + int(shared[number]), sums + float(weighs[number])
                shared[number] = 0
            if one >= SHARED:
                found[other] = (one, int(sums))
        for number in np.flatnonzero(shared >= SHARED).tolist():
            found[self._joiners[number]] = (int(shared[number]), int(weighs[number]))
        return found

    def _deepen(self, names: Iterable[str]) -> bool:
        """Remember those there were before their form was a crowd by a deeper sample; whether there are any."""
        new = [member for name in names if name not in self._deep and (member := self._index.get(name))]
        if not new:
            return False
        self._deep |= {member.id for member in new}
        deep = {name: deep_sketch(text) for name, text in self._stored(new).items()}
        hashes, prints = self._index.postings.find(
            np.unique(np.concatenate([np.zeros(0, np.uint64), *deep.values()]))
        )
        for member in new:
            if member.id in deep:
                more = deep[member.id][member.sketched :]
                self._join_late(member, np.setdiff1d(more, hashes[prints == np.uint64(member.print)]))
        return True

    def _join_late(self, member: Member, more: Hashes) -> None:
        """Remember a representative by more of its hashes, those that COMMON ones have not yet."""
        at = np.searchsorted(self._hashes, more).clip(max=len(self._hashes) - 1)
        here = self._hashes[at] == more
        places = at[here]
        places = places[self._told(member.id, places) + self._joins[places] < COMMON]
        others = [value for value in more[~here].tolist() if self._elsewhere[value] < COMMON]
        self._elsewhere.update(others)
        self._join(member.id, member.print, places, others)

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
            size = len(self.sketches[name])
            counts = np.bincount(earlier.which, minlength=len(earlier.names)).tolist()
            enough = [
                (shared, other, member)
                for other, shared in zip(earlier.names, counts, strict=True)
                if (member := self._index.get(other)) and shared >= SHARED_SHARE * min(member.sketched, size)
            ]
            yield name, [member for _, _, member in nlargest(CANDIDATES, enough)]

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
        if common:
            self._deep.add(name)
        places = self._listed[name][:listed]
        self._join(name, work.print, places[self._had(name, listed) < COMMON])

    def _join(self, name: str, print_: int, places: NDArray[np.int64], others: Sequence[int] = ()) -> None:
        """Let a representative be found by hashes of the run; it is remembered by others too."""
        number = self._numbers.setdefault(name, len(self._joiners))
        if number == len(self._joiners):
            self._joiners.append(name)
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


def _of_these(there: Sequence[tuple[int, str]], which: Numbers, places: Numbers, size: int) -> _Earlier:
    """Those representatives that are there, by their number among as many as were met."""
    numbers = np.full(size, -1, np.int32)
    numbers[[number for number, _ in there]] = np.arange(len(there))
    kept = numbers[which] >= 0
    return _Earlier(tuple(name for _, name in there), numbers[which[kept]], places[kept])
