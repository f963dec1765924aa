"""Which documents must be decided again because one before them changed.

A document is decided by those before it: equal ones, the representatives that share enough of its sampled hashes, and
the clusters these are in. So a change concerns, of the documents after it, those that have any of this in common with
it, and what concerns them concerns those after them. New documents mostly stand after all others, and concern none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from pipeline.dedupe.candidates import SHARED, SHARED_SHARE
from pipeline.dedupe.index import DedupeIndex
from pipeline.dedupe.records import CONTAINED_IN, OF_TWO, Member, Position
from pipeline.dedupe.sketch import Hashes
from pipeline.dedupe.sorted_pairs import ranges

PARTS = frozenset({CONTAINED_IN})
"""What a text in a page is to it."""

MOST = 20_000
"""No more documents are decided again in one go, some minutes of CPU; how many are left out is told."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A text that is, or was, at some place, and concerns those after it."""

    position: Position
    """Where."""
    hashes: Hashes
    """Its sketch."""
    text_hash: int
    """Hash of its key."""
    id: str
    """The document."""
    cluster: str | None
    """Its cluster in the index; None: it is in none."""


@dataclass(slots=True)
class Neighbours:
    """The documents that changes concern, found round by round."""

    index: DedupeIndex
    """Where they are looked up."""
    found: dict[str, Member] = field(default_factory=dict)
    """All of them so far."""
    left: int = 0
    """How many were found beyond MOST."""
    _asked: dict[str, Position] = field(default_factory=dict)

    def after(self, sources: Sequence[Source]) -> list[Member]:
        """The documents concerned by some texts, that were not found before, in order."""
        index = self.index
        sources = [source for source in sources if source.position[0] <= index.latest]
        if not sources:
            return []
        alike = self._alike(sources)
        index.load_texts(source.text_hash for source in sources)
        index.load_ties(member.id for members in alike for member in members)
        index.load_links(source.id for source in sources)
        new: dict[str, Member] = {}
        reached: dict[str, Position] = {}
        for source, members in zip(sources, alike, strict=True):
            if same := index.with_text(source.text_hash):
                members.append(same)
            ends = {end for link in index.links(source.id) for end in (link.id, link.of)}
            ends |= index.apart.get(source.id, frozenset())
            members += [member for end in ends if (member := index.get(end))]
            # What stands in a page beside the text is no version of the page for that alone.
            pages = [link for each in members for link in index.ties(each.id, PARTS) if link.rule == OF_TWO]
            members += [member for link in pages if (member := index.get(link.id))]
            new |= {member.id: member for member in members if member.position > source.position}
            clusters = {member.decision.cluster for member in members}
            for cluster in clusters | ({source.cluster} if source.cluster else set()):
                reached[cluster] = min(reached.get(cluster, source.position), source.position)
        index.load_clusters(reached)
        for cluster, position in reached.items():
            if position >= self._asked.get(cluster, (index.latest + 1, "")):
                continue
            self._asked[cluster] = position
            new |= {member.id: member for member in index.members(cluster) if member.position > position}
        return self._kept(new.values())

    def _kept(self, members: Iterable[Member]) -> list[Member]:
        new = sorted((m for m in members if m.id not in self.found), key=lambda m: m.position)
        kept = new[: max(0, MOST - len(self.found))]
        self.left += len(new) - len(kept)
        self.found |= {member.id: member for member in kept}
        return kept

    def _alike(self, sources: Sequence[Source]) -> list[list[Member]]:
        """For each text the representatives that share enough hashes with it."""
        hashes, prints = self.index.postings.find(np.unique(np.concatenate([s.hashes for s in sources])))
        counted = []
        for source in sources:
            first = np.searchsorted(hashes, source.hashes, "left")
            at = ranges(first, np.searchsorted(hashes, source.hashes, "right") - first)
            distinct, counts = np.unique(prints[at], return_counts=True)
            enough = counts >= SHARED
            counted.append(list(zip(distinct[enough].tolist(), counts[enough].tolist(), strict=True)))
        self.index.load_prints({print_ for each in counted for print_, _ in each})
        return [
            [
                member
                for print_, count in each
                if (member := self.index.with_print(print_))
                and count >= SHARED_SHARE * min(member.sketched, len(source.hashes))
            ]
            for source, each in zip(sources, counted, strict=True)
        ]
