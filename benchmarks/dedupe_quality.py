"""What deduplication finds and mistakes on the made-up cases, beside MinHash in the same run.

    python -m benchmarks.dedupe_quality [--seed 1] [--count 40] [--batch N] [--set cases|variants|notices|held]
        [--peers] [--errors 20] [--group NAME]

Peers: datasketch's MinHashLSH with 128 permutations at Jaccard .5, .6, .7, candidates checked by the estimate; and the
bands of FineWeb, 14 × 8, unchecked as there. All get our comparison keys and character 5-grams; what they find is
united into clusters. Pairs of one cluster are counted for every group they touch.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.dedupe_cases import GROUPS, Case, generate
from benchmarks.dedupe_held import HELD
from benchmarks.dedupe_notices import notices
from benchmarks.dedupe_variants import VARIANTS
from pipeline.dedupe.records import CONTAINED_IN, CONTAINS, SPLIT_FROM, Decision
from pipeline.dedupe.run import DedupeIndex, Item, dedupe
from pipeline.dedupe.sketch import text_key

BUILT = 2**20
"""A batch larger than any case set: all at once."""

SETS = {"cases": GROUPS, "variants": VARIANTS, "notices": (notices,), "held": HELD}


@dataclass(frozen=True, slots=True)
class Found:
    """What one method says."""

    cluster: dict[str, str]
    form: dict[str, str]
    named: set[tuple[str, str]]
    """(holder, held) documents."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--batch", type=int, default=BUILT)
    parser.add_argument(
        "--set", choices=SETS, default="cases", help="variants: cases no rule was written for"
    )
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--errors", type=int, default=0)
    parser.add_argument("--group", help="errors of this group only")
    arguments = parser.parse_args()
    cases = generate(arguments.seed, arguments.count, SETS[arguments.set])
    text_key("")
    started = time.process_time()
    found = ours(cases, arguments.batch)
    seconds = time.process_time() - started
    report("ours", cases, found, seconds, arguments.errors, arguments.group)
    if arguments.peers:
        for bands, rows, checked in ((25, 5, 0.5), (18, 7, 0.6), (14, 9, 0.7), (14, 8, 0.0)):
            started = time.process_time()
            peer = minhash(cases, bands, rows, checked)
            name = f"datasketch {checked}" if checked else f"bands {bands} x {rows}"
            report(name, cases, peer, time.process_time() - started)


def item_of(case: Case) -> Item:
    return Item(id=case.id, site=case.site, title=case.title, text=case.text)


def ours(cases: Sequence[Case], batch: int) -> Found:
    index, decisions = DedupeIndex.open(None), dict[str, Decision]()
    texts = {case.id: case.text for case in cases}
    for start in range(0, len(cases), batch):
        items = [item_of(case) for case in cases[start : start + batch]]
        deduped = dedupe(items, index, partial(_chosen, texts))
        decisions |= {d.id: d for d in (*deduped.decisions, *deduped.revised)}
    named = set()
    for d in decisions.values():
        for other in d.of:
            if d.relation in {CONTAINS, SPLIT_FROM}:
                named.add((d.id, other))
            elif d.relation == CONTAINED_IN:
                named.add((other, d.id))
    return Found(
        {name: d.cluster for name, d in decisions.items()},
        {name: d.form_id or "" for name, d in decisions.items()},
        named,
    )


def _chosen(texts: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    return {name: texts[name] for name in names}


def minhash(cases: Sequence[Case], bands: int, rows: int, checked: float) -> Found:
    from datasketch import MinHash, MinHashLSH

    permutations = max(128, bands * rows) if checked else bands * rows
    index = MinHashLSH(num_perm=permutations, params=(bands, rows))
    root = {case.id: case.id for case in cases}
    signatures = {}

    def find(name: str) -> str:
        while root[name] != name:
            root[name] = name = root[root[name]]
        return name

    for case in cases:
        key = text_key(case.text).tobytes().decode("utf-32-le")
        signature = MinHash(num_perm=permutations)
        signature.update_batch([key[at : at + 5].encode() for at in range(max(1, len(key) - 4))])
        signatures[case.id] = signature
        for other in sorted(index.query(signature)):
            if signature.jaccard(signatures[other]) >= checked:
                root[find(case.id)] = find(other)
        index.insert(case.id, signature)
    return Found({case.id: find(case.id) for case in cases}, {}, set())


def report(
    name: str, cases: Sequence[Case], found: Found, seconds: float, errors: int = 0, group: str | None = None
) -> None:
    """Print the measures of one method."""
    pairs = _pairs(cases, found)
    print(f"== {name}: {len(cases)} documents, {len(cases) / seconds:.0f} a CPU second")
    for one in [*sorted({case.group for case in cases}), "ALL"]:
        right, wrong, missed = (pairs[one, what] for what in ("right", "wrong", "missed"))
        p = right / (right + wrong) if right + wrong else 1.0
        r = right / (right + missed) if right + missed else 1.0
        f = 2 * p * r / (p + r) if p + r else 0.0
        print(f"{one:<16} P {p:.4f} R {r:.4f} F {f:.4f}  wrong {wrong:>6} missed {missed:>6}")
    clusters = defaultdict(set)
    for case in cases:
        clusters[case.group].add(found.cluster[case.id])
    gold = {one: len({c.cluster for c in cases if c.group == one}) for one in clusters}
    print("clusters/gold  " + "  ".join(f"{g} {len(clusters[g])}/{gold[g]}" for g in sorted(clusters)))
    print(
        f"bcubed {_bcubed(cases, found):.4f}  forms {_forms(cases, found):.4f}  held named {_named(cases, found)}"
    )
    for line in _errors(cases, found, group)[:errors]:
        print("  ", line)


def _grouped(values: Iterable[tuple[str, Case]]) -> dict[str, list[Case]]:
    groups: dict[str, list[Case]] = {}
    for key, case in values:
        groups.setdefault(key, []).append(case)
    return groups


def _pairs(cases: Sequence[Case], found: Found) -> Counter[tuple[str, str]]:
    """Pairs by group, counted by clusters of clusters, so that ten thousand copies cost no square."""
    counts: Counter[tuple[str, str]] = Counter()
    for scope in [*{case.group for case in cases}, "ALL"]:
        chosen = [case for case in cases if scope in ("ALL", case.group)]
        both = Counter((c.cluster, found.cluster[c.id]) for c in chosen)
        right = _couples(both.values())
        counts[scope, "right"] = right
        counts[scope, "missed"] = _couples(Counter(c.cluster for c in chosen).values()) - right
        counts[scope, "wrong"] = _couples(Counter(found.cluster[c.id] for c in chosen).values()) - right
    return counts


def _couples(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


def _bcubed(cases: Sequence[Case], found: Found) -> float:
    gold, ours = Counter(c.cluster for c in cases), Counter(found.cluster[c.id] for c in cases)
    both = Counter((c.cluster, found.cluster[c.id]) for c in cases)
    p = sum(n * n / ours[o] for (_, o), n in both.items()) / len(cases)
    r = sum(n * n / gold[g] for (g, _), n in both.items()) / len(cases)
    return 2 * p * r / (p + r)


def _forms(cases: Sequence[Case], found: Found) -> float:
    """Share of the instances of forms that bear the form id most of their form bear."""
    forms = _grouped((case.form, case) for case in cases if case.form)
    most = (
        max(Counter(found.form[c.id] for c in one if found.form.get(c.id)).values(), default=0)
        for one in forms.values()
    )
    return sum(most) / max(1, sum(map(len, forms.values())))


def _named(cases: Sequence[Case], found: Found) -> str:
    clusters = _grouped((case.cluster, case) for case in cases)
    counts: Counter[str] = Counter()
    right = set()
    for case in cases:
        if case.holds:
            held = {(case.id, part.id) for part in clusters[case.holds]}
            right |= held
            counts[case.group] += bool(held & found.named)
            counts[f"{case.group} n"] += 1
    groups = sorted(group for group in counts if not group.endswith(" n"))
    told = [f"{group} {counts[group]}/{counts[f'{group} n']}" for group in groups]
    return ", ".join([*told, f"named wrongly {len(found.named - right)}"])


def _errors(cases: Sequence[Case], found: Found, group: str | None) -> list[str]:
    lines = []
    for name, key, other in (
        ("merged", found.cluster, {c.id: c.cluster for c in cases}),
        ("parted", {c.id: c.cluster for c in cases}, found.cluster),
    ):
        for members in _grouped((key[c.id], c) for c in cases).values():
            if group and group not in {c.group for c in members}:
                continue
            first = members[0]
            lines += [f"{name} {first.id} {c.id}" for c in members[1:] if other[c.id] != other[first.id]]
    return lines


if __name__ == "__main__":
    main()
