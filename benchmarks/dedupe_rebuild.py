"""How much the order of arrival decides: the clusters of a version beside those its documents give in one go.

    python -m benchmarks.dedupe_rebuild clean [--version 1.37]

A corpus grows by increments, and which text represents a cluster depends on which came first. This compares all
documents of a version again, in the order they were fetched, and prints one JSON object: pairs together before,
after and in both, the share of pairs that agree, the documents published in one clustering only, CPU seconds.
Nothing is written. All texts are held in memory, some 3 KB a document.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.corpus.edition import CLUSTERS
from pipeline.corpus.read import documents, version_folder
from pipeline.dedupe.comparison import Texts
from pipeline.dedupe.index import DedupeIndex
from pipeline.dedupe.run import dedupe, item_of
from pipeline.records import WITHHELD

BATCH = 4096
"""So many documents are compared as one batch."""


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


def stored_texts(clean: Path, version: str) -> dict[str, str]:
    """The text of every document of a version that deduplication has compared."""
    texts = {d.id: d.text for d in documents(clean, version=version)}
    withheld = documents(clean, version=version, table="dropped")
    return texts | {d.id: d.text for d in withheld if d.reason in WITHHELD}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clean", type=Path, help="the corpus folder")
    parser.add_argument("--version", help="a version of it (default: the latest)")
    arguments = parser.parse_args()
    folder = version_folder(arguments.clean, arguments.version)
    texts = stored_texts(arguments.clean, folder.name)
    started = time.process_time()
    _, difference = rebuild(
        DedupeIndex.open(folder / CLUSTERS),
        lambda names: {name: texts[name] for name in names if name in texts},
    )
    seconds = round(time.process_time() - started, 2)
    told = {"version": folder.name, **asdict(difference), "agreement": round(difference.agreement, 4)}
    print(json.dumps(told | {"cpu_seconds": seconds}, ensure_ascii=False))


if __name__ == "__main__":
    main()
