"""What normalization does to real Chinese texts nobody here wrote: edits by fix, files that change again, a sample.

    python -m benchmarks.normalize_real [FOLDER ...] [--half 0|1] [--sample 200] [--seed 1] [--most 60000]
    python -m benchmarks.normalize_real FOLDER ... --judged benchmarks/normalize_judged.tsv

benchmarks/real_texts.py says which texts. `--sample` draws edits to be judged, of each fix and kind of file by the
square root of their number, so that rare fixes are seen; each is shown in its line and as a row of references.
`--judged` reads the rows that somebody judged: package, file, hash of the line, offset, fix, sample, verdict, why. It
prints the verdicts, and which of the edits are made no more.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from benchmarks.real_texts import RealText, texts
from pipeline.normalize import Difference, explain, normalize_text

Edit = tuple[RealText, Difference]
_AROUND = 45


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=int, default=60_000)
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--judged", type=Path)
    args = parser.parse_args()
    edits: dict[tuple[str, ...], Edit] = {}
    counts: Counter[str] = Counter()
    unstable, characters, files = [], 0, 0
    for text in texts(args.folders, args.most):
        if args.half not in {None, text.half}:
            continue
        files, characters = files + 1, characters + len(text.text)
        once = normalize_text(text.text)
        if normalize_text(once) != once:
            unstable.append(f"{text.package}/{text.file}")
        for change in explain(text.text):
            counts[change.fix] += 1
            edits.setdefault(_place(change), (text, change))
    print(f"{files} files, {characters / 1e6:.2f} million characters")
    for fix, count in counts.most_common():
        print(f"  {fix:20} {count:7}  {count * 10_000 / characters:8.2f} in 10,000 characters")
    print(f"not idempotent: {len(unstable)}", *unstable[:10])
    if args.judged:
        print_judged(args.judged, edits)
    for text, change in drawn(edits.values(), args.sample, args.seed):
        print("\t".join([text.package, text.file, *_place(change)]))
        line, at = change.line, change.at
        print(f"    {line[max(0, at - _AROUND) : at + _AROUND]!r}\n    {change.before!r} -> {change.after!r}")


def drawn(edits: Iterable[Edit], size: int, seed: int) -> list[Edit]:
    """A sample of different edits, from each fix and kind of file by the square root of how many there are."""
    strata: dict[tuple[str, str], list[Edit]] = defaultdict(list)
    for text, change in edits:
        strata[change.fix, text.kind].append((text, change))
    rng = random.Random(seed)
    roots = {stratum: math.sqrt(len(members)) for stratum, members in sorted(strata.items())}
    whole = sum(roots.values())
    found: list[Edit] = []
    for stratum, root in roots.items():
        share = root * size / whole
        count = int(share) + (rng.random() < share % 1)
        found += rng.sample(strata[stratum], min(count, len(strata[stratum])))
    return found


def print_judged(file: Path, edits: dict[tuple[str, ...], Edit]) -> None:
    """The verdicts by sample, and how many of the edits of each verdict are still made."""
    rows = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    verdicts = Counter((row[5], row[6]) for row in rows)
    still = Counter((row[5], row[6]) for row in rows if tuple(row[2:5]) in edits)
    for (sample, verdict), count in sorted(verdicts.items()):
        print(f"sample {sample}: {verdict:10} {count:4}, still made {still[sample, verdict]:4}")


def _place(change: Difference) -> tuple[str, ...]:
    line = hashlib.sha256(change.line.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return line, str(change.at), change.fix


if __name__ == "__main__":
    main()
