"""The clustering made anew from all stored documents, and how it differs from the one that grew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.dedupe.comparison import Texts
from pipeline.dedupe.index import DedupeIndex
from pipeline.dedupe.run import dedupe, item_of

# So many documents are compared as one batch.
BATCH = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two clusterings of the same documents, compared by the pairs they put together."""

    documents: int
    """Documents compared."""
    together_before: int
    """Pairs in one cluster of the first clustering."""
    together_after: int
    """Pairs in one cluster of the second."""
    together_both: int
    """Pairs in one cluster of both."""
    publication: tuple[str, ...]
    """Documents published in one of them only."""

    @property
    def agreement(self) -> float:
        """Share 0..1 of the pairs of either clustering that both have."""
        either = self.together_before + self.together_after - self.together_both
        return self.together_both / either if either else 1.0


def rebuild(index: DedupeIndex, texts: Texts) -> tuple[DedupeIndex, Difference]:
    """Deduplicate all documents of an index again, in the order they were fetched, into a new index.

    Nothing is fetched; sketches are made anew from the stored texts, which costs less than reading them.
    A document whose text is not given is left out.
    """
    earliest = datetime.min.replace(tzinfo=UTC)
    members = sorted(index.all_members(), key=lambda member: (member.fetched_at or earliest, member.id))
    made = DedupeIndex.open(None)
    for start in range(0, len(members), BATCH):
        batch = members[start : start + BATCH]
        stored = texts([member.id for member in batch])
        dedupe([item_of(member, stored[member.id]) for member in batch if member.id in stored], made, texts)
    after = {member.id: member for member in made.all_members()}
    before = {member.id: member for member in members if member.id in after}
    difference = compare(
        {name: member.decision.cluster for name, member in before.items()},
        {name: member.decision.cluster for name, member in after.items()},
        (name for name in before if before[name].decision.published != after[name].decision.published),
    )
    return made, difference


def compare(
    before: Mapping[str, str], after: Mapping[str, str], publication: Iterable[str] = ()
) -> Difference:
    """How two clusterings (document → cluster) of the same documents differ."""
    return Difference(
        documents=len(before),
        together_before=_pairs(Counter(before.values())),
        together_after=_pairs(Counter(after.values())),
        together_both=_pairs(Counter((before[name], after[name]) for name in before)),
        publication=tuple(sorted(publication)),
    )


def _pairs(sizes: Counter[str] | Counter[tuple[str, str]]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes.values())
