"""Deduplication of real Chinese texts nobody here wrote: pairs it finds, beside MinHash, and against judged ones.

    python -m benchmarks.dedupe_real FOLDER ... [--each 60] [--most 3000] [--peers] [--show N] [--judged FILE]

The folders hold unpacked packages (Debian's documentation in Chinese, npm and PyPI packages in two versions); each is
a site. Its files (benchmarks/normalize_real.py reads them) are cut at line ends into documents of `--most` characters,
of a folder no more than `--each`, chosen by the hash of their names. `--show` prints pairs to judge by
reading: those on which the methods differ first. A line of the file of judgements is `name<TAB>name<TAB>what`, what
being one of version, held (the first in the second), form and other; no text of them is kept.
"""

from __future__ import annotations

import argparse
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from pathlib import Path

from benchmarks.dedupe_cases import Case
from benchmarks.dedupe_quality import Found, minhash, ours
from benchmarks.normalize_real import CHINESE, texts

LEAST_HAN = 150
PEERS: tuple[tuple[str, int, int, float], ...] = (
    ("datasketch .5", 25, 5, 0.5),
    ("datasketch .6", 18, 7, 0.6),
    ("datasketch .7", 14, 9, 0.7),
)
FINEWEB: tuple[str, int, int, float] = ("bands 14 x 8", 14, 8, 0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--each", type=int, default=60)
    parser.add_argument("--most", type=int, default=3000)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--judged", type=Path)
    args = parser.parse_args()
    documents = [one for folder in args.folders for one in _chosen(folder, args.most, args.each)]
    found = {"ours": ours(documents, 2**30)}
    for name, bands, rows, checked in (*PEERS, FINEWEB) if args.peers else ():
        found[name] = minhash(documents, bands, rows, checked)
    pairs = {name: _pairs(documents, one) for name, one in found.items()}
    print(
        f"{len(documents)} documents; " + ", ".join(f"{name} {len(one)} pairs" for name, one in pairs.items())
    )
    if args.judged:
        judged = [line.split("\t") for line in args.judged.read_text("utf-8").splitlines()]
        present = {one.id for one in documents}
        for name, one in found.items():
            print(_score(name, pairs[name], one, judged, present))
    _show(documents, pairs, found["ours"], args.show)


def _chosen(folder: Path, most: int, each: int) -> list[Case]:
    """The documents of one folder."""
    made = list(_cut(folder, most))
    return sorted(made, key=lambda one: _hash(one.id))[:each]


def _hash(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _cut(folder: Path, most: int) -> Iterator[Case]:
    for found in texts([folder], 20 * most):
        if found.package == "machine":
            continue
        pieces: list[list[str]] = [[]]
        for line in found.text.splitlines(keepends=True):
            if pieces[-1] and sum(map(len, pieces[-1])) + len(line) > most:
                pieces.append([])
            pieces[-1].append(line[:most])
        for number, lines in enumerate(pieces):
            piece = "".join(lines)
            if len(CHINESE.findall(piece)) >= LEAST_HAN:
                identity = f"{found.package}/{found.file}#{number}"
                yield Case(id=identity, site=folder.name, title="", text=piece, group=folder.name, cluster="")


def _pairs(documents: Sequence[Case], found: Found) -> set[tuple[str, str]]:
    clusters: dict[str, list[str]] = {}
    for one in documents:
        clusters.setdefault(found.cluster[one.id], []).append(one.id)
    return {pair for members in clusters.values() for pair in combinations(sorted(members)[:30], 2)}


def _score(
    name: str,
    pairs: set[tuple[str, str]],
    found: Found,
    judged: Iterable[Sequence[str]],
    present: set[str],
) -> str:
    counts: Counter[str] = Counter()
    for a, b, what in judged:
        if a in present and b in present:
            merged = tuple(sorted((a, b))) in pairs
            counts[f"{what} {'merged' if merged else 'apart'}"] += 1
            if what == "held":
                counts["held named"] += (b, a) in found.named
    right, wrong = (
        counts["version merged"],
        sum(counts[f"{what} merged"] for what in ("held", "form", "other")),
    )
    precision, recall = right / max(1, right + wrong), right / max(1, right + counts["version apart"])
    return f"{name:<14} P {precision:.3f} R {recall:.3f}  " + ", ".join(
        f"{key} {count}" for key, count in sorted(counts.items())
    )


def _show(documents: Sequence[Case], pairs: dict[str, set[tuple[str, str]]], found: Found, most: int) -> None:
    text = {one.id: one.text for one in documents}
    says = {pair: [name for name in pairs if pair in pairs[name]] for one in pairs.values() for pair in one}
    for holder, held in found.named:
        says.setdefault((held, holder), []).append("named")
    order = sorted(says, key=lambda pair: (len(says[pair]) == len(pairs), _hash(str(pair))))
    for a, b in order[:most]:
        print(f"\n== {a}\t{b}\t{', '.join(says[a, b])}")
        for one, other in pairwise((a, b, a)):
            lines = text[one].splitlines()
            own = [line for line in lines if line.strip() and line not in text[other]]
            print(
                f"   {len(text[one])} characters, lines {len(lines)}, own {len(own)}:", " / ".join(own)[:300]
            )


if __name__ == "__main__":
    main()
