"""Which earlier texts one is worth comparing with: the representatives that share enough of its sampled hashes."""

from __future__ import annotations

from collections import defaultdict
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
        self._joined: defaultdict[int, list[int]] = defaultdict(list)
        self._added: list[tuple[Hashes, int]] = []
        self._stored = stored
        self._deep: set[str] = set()
        self._listed = self._deepened(texts)
        hashes, prints = index.postings.find(np.unique(np.concatenate(list(self._listed.values()))))
        distinct, counts = np.unique(hashes, return_counts=True)
        self._count: dict[int, int] = dict(zip(distinct.tolist(), counts.tolist(), strict=True))
        self._counts_of: dict[str, dict[int, int]] = {}
        crowded = set(distinct[counts > COMMON].tolist())
        late = {
            name: position
            for name, position in positions.items()
            if position[0] <= index.latest or not crowded.isdisjoint(self._listed[name].tolist())
        }
        self._earlier = self._shared_with(hashes, prints, late)
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
        self, hashes: Hashes, prints: Hashes, late: Mapping[str, Position]
    ) -> dict[str, _Earlier]:
        """For each text the representatives of the index that share enough hashes, and which of them they share."""
        members, ranks = np.unique(prints, return_inverse=True)
        places_of = self._positions(members) if late else []
        met_by: dict[str, tuple[list[int], Numbers, Numbers]] = {}
        for name, sketched in self._listed.items():
            first = np.searchsorted(hashes, sketched, "left")
            last = np.searchsorted(hashes, sketched, "right")
            spans = [
                (at, a, b)
                for at, (a, b) in enumerate(zip(first.tolist(), last.tolist(), strict=True))
                if a < b
            ]
            if not spans:
                continue
            met = [ranks[a:b] for _, a, b in spans]
            if (position := late.get(name)) is not None:
                met = [_before(position, each, places_of) for each in met]
                told = {int(sketched[at]): len(each) for (at, _, _), each in zip(spans, met, strict=True)}
                self._counts_of[name] = told
            found = np.concatenate(met)
            places = np.repeat([at for at, _, _ in spans], [len(each) for each in met])
            distinct, which, counts = np.unique(found, return_inverse=True, return_counts=True)
            if (enough := counts >= SHARED).any():
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

    def _count_of(self, name: str, value: int) -> int:
        """How many representatives before a text of the run have a hash."""
        return self._counts_of.get(name, self._count).get(value, 0) + len(self._joined.get(value, ()))

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

    def _shared(self, name: str, listed: Sequence[int]) -> dict[str, tuple[int, int]]:
        """The representatives that have enough of these hashes: how many, and what they weigh."""
        counts = self._counts_of.get(name, self._count)
        joined = [self._joined.get(value, ()) for value in listed]
        lengths = [len(numbers) for numbers in joined]
        weights = np.array(
            [
                WHOLE // max(1, counts.get(value, 0) + length)
                for value, length in zip(listed, lengths, strict=True)
            ],
            np.int64,
        )
        joiners = np.fromiter(chain.from_iterable(joined), np.int64, sum(lengths))
        shared = np.bincount(joiners, minlength=len(self._joiners))
        weighs = np.bincount(joiners, np.repeat(weights, lengths), len(self._joiners))
        found: dict[str, tuple[int, int]] = {}
        earlier = self._earlier.get(name, _NONE_EARLIER)
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
                self._join(
                    member.id, member.print, np.setdiff1d(more, hashes[prints == np.uint64(member.print)])
                )
        return True

    def _looked_up(self, name: str) -> tuple[list[int], int]:
        """The hashes by which a text is found, and how many of its sketch are left out as a crowd's."""
        sketched = self.sketches[name].tolist()
        listed = self._listed[name]
        if len(listed) == len(sketched):
            return sketched, 0
        common = sum(self._count_of(name, value) > REPRESENTATIVES for value in sketched)
        return (listed.tolist(), common) if common >= CROWDED * len(sketched) else (sketched, 0)

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
        counts = self._counts(name, theirs)
        return sum(count <= 1 for count in counts) / (len(counts) + 1)

    def known(self, name: str, theirs: Hashes) -> float:
        """Share of the hashes common to two sketches that are in more representatives than one article has."""
        counts = self._counts(name, theirs)
        return sum(count > REPRESENTATIVES for count in counts) / (len(counts) + 1)

    def _counts(self, name: str, theirs: Hashes) -> list[int]:
        shared = np.intersect1d(self.sketches[name], theirs, assume_unique=True).tolist()
        return [self._count_of(name, value) for value in shared]

    def join(self, work: Prepared) -> None:
        """Make a text of the run a representative: those after it may find it."""
        name = work.item.id
        listed, common = self._looked_up(name)
        if common:
            self._deep.add(name)
        self._join(name, work.print, listed)

    def _join(self, name: str, print_: int, listed: Iterable[int]) -> None:
        number = self._numbers.setdefault(name, len(self._joiners))
        if number == len(self._joiners):
            self._joiners.append(name)
        counts = self._counts_of.get(name, self._count)
        kept = []
        for value in map(int, listed):
            joined = self._joined[value]
            if counts.get(value, 0) + len(joined) < COMMON:
                joined.append(number)
                kept.append(value)
        self._added.append((self._index.postings.restore(print_, np.array(kept, np.uint64)), print_))

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
