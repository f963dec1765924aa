"""The join of deduplication at sizes nobody has run: simulated from what is measured on real texts.

    python -m benchmarks.join FOLDER ... [--each 300] [--sizes 1000000 100000000 1000000000] [--ranges 4096] [--seed 1]

Folders of unpacked packages as in dedupe_pool.py. Measured on their documents, each text once: hashes of a sketch, how
many distinct ones so many documents have (a power law, fitted), what share of the documents has the commonest ones,
CPU seconds of each phase (dedupe/phases.py), and how many pairs become links.

Simulated for each size: how many earlier texts a document meets, of a hash of more than COMMON only the first, if the
hashes come by a Pitman-Yor process of the fitted discount (Pitman and Yor 1997: the counts of words grow so); the
fullest of so many ranges of hashes beside the mean, the commonest hashes thrown into the ranges anew each time; then
a refresh of a million documents a day, whose hashes are looked up in a sorted file of all.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import lgamma
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.dedupe_pool import documents
from pipeline.dedupe import phases
from pipeline.dedupe.candidates import COMMON
from pipeline.dedupe.phases import FIRST, Runs, compare, pair_up, sketch_texts
from pipeline.dedupe.records import Item
from pipeline.dedupe.sketch import Hashes, shingles, sketch, text_hash, text_key

RUN = 1_000
"""Texts of a run, as a build has them."""

PAIR = 16
"""Bytes of a (hash, text) pair and of a (text, text) pair on the disk."""

PAGE = 4_096
"""Bytes that a look-up reads at least."""

DRAWS = 50
"""Times that the commonest hashes are thrown into ranges."""

REFRESH = 1_000_000
"""Documents of a day."""

HEAD = (
    "documents",
    "GB of hashes",
    "met by the last",
    "GB of pairs",
    "CPU h: sketch + pair up + compare",
    "MB a range",
    "the fullest over the mean",
    "million links",
    "GB read for a day's look-ups",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What real documents say."""

    texts: int
    sketch: float
    """Hashes of a document, mean."""
    discount: float
    """Distinct hashes of N grow with N to this power."""
    distinct: int
    """Distinct hashes of all."""
    common: NDArray[np.float64]
    """Share of the documents that has each hash of five documents or more, descending."""
    sketch_seconds: float
    """CPU seconds a text."""
    pair_seconds: float
    """The same for a text met."""
    compare_seconds: float
    """The same for a comparison."""
    compared: float
    """Comparisons a document."""
    met: float
    """Earlier texts that a document meets, hash by hash."""
    merged: float
    """Pairs of texts that are left of these, each counted once."""
    links: float
    """Pairs a document that are related."""


def measure(items: Sequence[Item], folder: Path) -> Measured:
    """Run the phases on the documents, and count."""
    hashes = [sketch(shingles(text_key(item.text))) for item in items]
    counts = np.array(sorted(Counter(np.concatenate(hashes).tolist()).values(), reverse=True))
    started = time.process_time()
    runs = [
        sketch_texts(items[at : at + RUN], {}, folder, f"run-{at:06d}") for at in range(0, len(items), RUN)
    ]
    sketched = time.process_time()
    told = Runs.of(folder, runs)
    file = told.write()
    begun = time.process_time()
    pairs = pair_up(file, 0, 1)
    paired = time.process_time()
    compared = sum(compare(file, number) for number in range(len(runs)))
    ended = time.process_time()
    met = _met(hashes)
    sides = [pq.read_table(file, columns=["a"])["a"] for file in folder.glob("*.verdicts.parquet")]
    return Measured(
        texts=len(items),
        sketch=float(np.mean([len(each) for each in hashes])),
        discount=_discount(hashes),
        distinct=len(counts),
        common=counts[counts >= 5] / len(items),
        sketch_seconds=(sketched - started) / len(items),
        pair_seconds=(paired - begun) / max(1, met),
        compare_seconds=(ended - paired) / max(1, compared),
        compared=compared / len(items),
        met=met / len(items),
        merged=pairs / max(1, met),
        links=sum(len(side) - side.null_count for side in sides) / len(items),
    )


def _met(hashes: Sequence[Hashes]) -> int:
    """How many earlier texts the documents meet, hash by hash."""
    had = Counter(np.concatenate(hashes).tolist())
    seen: Counter[int] = Counter()
    met = 0
    for each in hashes:
        names = each.tolist()
        met += sum(min(seen[name], COMMON if had[name] <= COMMON else FIRST) for name in names)
        seen.update(names)
    return met


def _discount(hashes: Sequence[Hashes]) -> float:
    """The slope of distinct hashes over hashes, both as logarithms, over the second half of the doublings."""
    seen: set[int] = set()
    points = []
    total, due = 0, 64
    for number, each in enumerate(hashes, 1):
        seen.update(each.tolist())
        total += len(each)
        if number == min(due, len(hashes)):
            points.append((np.log(total), np.log(len(seen))))
            due *= 2
    points = points[len(points) // 2 :]
    across, up = (np.array(side) for side in zip(*points, strict=True))
    return float(np.polyfit(across, up, 1)[0])


def met_at(measured: Measured, texts: int) -> float:
    """How many earlier texts a document meets among so many: the Pitman-Yor process's counts, in closed form."""
    d = measured.discount
    sample = measured.texts * measured.sketch
    total = texts * measured.sketch
    types = measured.distinct * (total / sample) ** d
    known, met = 0.0, 0.0
    for count in range(1, COMMON):
        share = np.exp(np.log(d) + lgamma(count - d) - lgamma(1 - d) - lgamma(count + 1))
        likely = share * types * (count - d) / total
        known += likely
        met += count * likely
    fresh = d * types / total
    return float(measured.sketch * (met + FIRST * max(0.0, 1 - fresh - known)))


def fullest(measured: Measured, texts: int, ranges: int, seed: int) -> float:
    """The pairs of the fullest range of hashes over the mean, the mean over DRAWS."""
    chance = np.random.default_rng(seed)
    total = texts * measured.sketch
    heavy = measured.common * texts
    found = []
    for _ in range(DRAWS):
        load = np.bincount(chance.integers(ranges, size=len(heavy)), weights=heavy, minlength=ranges)
        found.append((load + (total - heavy.sum()) / ranges).max() / (total / ranges))
    return float(np.mean(found))


def rows(measured: Measured, sizes: Sequence[int], ranges: int, seed: int) -> Iterator[tuple[str, ...]]:
    """The table, a line a size."""
    for texts in sizes:
        met = met_at(measured, texts)
        pairs = texts * measured.sketch
        hours = [
            texts * measured.sketch_seconds / 3600,
            texts * met * measured.pair_seconds / 3600,
            texts * measured.compared * measured.compare_seconds / 3600,
        ]
        pages = pairs * PAIR / PAGE
        asked = REFRESH * measured.sketch
        touched = pages * (1 - np.exp(-asked / pages))
        yield (
            f"{texts:.0e}",
            f"{pairs * PAIR / 1e9:,.0f}",
            f"{met:,.0f}",
            f"{texts * met * measured.merged * PAIR / 1e9:,.0f}",
            " + ".join(f"{each:,.0f}" for each in hours),
            f"{pairs / ranges * PAIR / 1e6:,.1f}",
            f"{fullest(measured, texts, ranges, seed):.1f}",
            f"{texts * measured.links / 1e6:,.1f}",
            f"{touched * PAGE / 1e9:,.1f}",
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--each", type=int, default=300)
    parser.add_argument("--sizes", nargs="+", type=int, default=[10**6, 10**7, 10**8, 10**9])
    parser.add_argument("--ranges", type=int, default=4096)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    real = [case for folder in args.folders for case in documents(folder, args.each)]
    once = {text_hash(text_key(case.text)): case for case in real}
    items = [
        Item(id=case.id, site=case.site, title=case.title, text=case.text, published_on=None, order=number)
        for number, (_, case) in enumerate(sorted(once.items()))
    ]
    if len(items) < 2 * phases.CUT_EVERY:
        print(f"only {len(items)} documents: name more folders, what is fitted is rough", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(items, Path(folder))
    print(
        f"{measured.texts} documents, {measured.sketch:.0f} hashes each; distinct ones grow with the power"
        f" {measured.discount:.3f}; the commonest hash is in {measured.common[0]:.1%} of them\n"
        f"a document met {measured.met:.0f} earlier ones hash by hash (the last, as fitted,"
        f" {met_at(measured, measured.texts):.0f}), {measured.met * measured.merged:.0f} of them different, was"
        f" compared with {measured.compared:.2f} and is related to {measured.links:.3f}"
    )
    print("  ".join(HEAD))
    for row in rows(measured, args.sizes, args.ranges, args.seed):
        print("  ".join(row))


if __name__ == "__main__":
    main()
