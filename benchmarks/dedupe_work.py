"""What very many texts of one kind cost: near-copies, instances of one form, overlapping pieces.

    python -m benchmarks.dedupe_work [--sizes 10000,100000] [--kinds edited,overlapping] [--batch N]

Each is measured in a process of its own: CPU seconds, the ratio to the size before, peak memory, and how many texts
were verified for a document, how many became representatives. Ten times the texts should cost ten times as much.

Read on two cores that others used too, 30 November 2026, each once, in one batch; those with a star with a load of 8 to
15 and a few corrections earlier:

    kind          documents    CPU s   MB   clusters   representatives
    edited           10,000    25.9*  232          2                 2
    edited          100,000   294.0*  827         10                10: 11.3 times as much
    overlapping      10,000    20.3*  194        458             3,658
    overlapping      50,000   128.3*  395      2,283            18,257: 6.3 times as much for 5
    overlapping     200,000   555.0* 1100      9,189            73,510: 4.3 times as much for 4

What a text is compared with is bounded: a hash has 64 representatives at most (candidates.COMMON), 64 of those met are
put in order (CONSIDERED), 8 candidates are verified (CANDIDATES), 4 of one form and 3 that are nothing to it
(comparison.OF_ONE_FORM, STRANGERS), and 8 texts represent a cluster (REPRESENTATIVES). How many met a bound is
printed: `capped`, and `unmet` for those that later ones will not find. All pieces of `overlapping` are of one article's
words, so that what a text meets grows with their number until its hashes have 64 each.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.dedupe_cases import HAN, PLACES, Writer
from pipeline.dedupe import comparison
from pipeline.dedupe.records import CAPPED, UNMET
from pipeline.dedupe.run import DedupeIndex, Item, dedupe
from pipeline.dedupe.sketch import text_key

STEP, WINDOW = 7, 110
"""Characters from one overlapping text to the next, and of each."""

NUMERALS = "0123456789〇一二三四五六七八九"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="10000,100000")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--batch", type=int, default=2**30)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        kind, size = arguments.one.split(":")
        print(json.dumps(_measured(kind, int(size), arguments.batch)))
        return
    print("kind          documents   CPU s  ratio   MB  verified  representatives  clusters  capped  unmet")
    for kind in arguments.kinds.split(","):
        before = 0.0
        for size in arguments.sizes.split(","):
            command = [sys.executable, __file__, "--one", f"{kind}:{size}", "--batch", str(arguments.batch)]
            row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            ratio = f"{row['seconds'] / before:6.1f}" if before else "     -"
            print(
                f"{kind:<12} {size:>10} {row['seconds']:7.1f} {ratio} {row['mb']:4}  {row['verified']:8.2f}"
                f"  {row['representatives']:15}  {row['clusters']:8}  {row['capped']:6}  {row['unmet']:5}",
                flush=True,
            )
            before = row["seconds"]


def edited(w: Writer, size: int) -> Iterator[str]:
    """Versions of one article: three words changed in each."""
    article = w.paragraphs(600)
    for _ in range(size):
        yield "\n".join(w.edited(article, 3))


def noisy(w: Writer, size: int) -> Iterator[str]:
    """One article with three characters of a hundred replaced, digits by digits."""
    article = "\n".join(w.paragraphs(600))
    for _ in range(size):
        yield "".join(_noise(w.chance, char) if w.chance.random() < 0.03 else char for char in article)


def garbled(w: Writer, size: int) -> Iterator[str]:
    """One article with three digits of ten garbled."""
    article = "\n".join(w.paragraphs(600))
    for _ in range(size):
        yield "".join(
            w.pick(NUMERALS) if "0" <= char <= "9" and w.chance.random() < 0.3 else char for char in article
        )


def form(w: Writer, size: int) -> Iterator[str]:
    """One form filled in again and again."""
    body = "\n".join(w.paragraphs(300))
    for _ in range(size):
        day, code = f"{w.chance.randint(1, 12)}月{w.chance.randint(1, 28)}日", w.chance.randint(10**5, 10**6)
        yield f"{w.pick(PLACES)}{w.word()}{w.word()}（{code}）于{day}收到{w.person()}的申请，编号{code * 7}。\n{body}"


def overlapping(w: Writer, size: int) -> Iterator[str]:
    """Pieces of one long text, each beginning a few characters after the one before."""
    long = "".join(w.paragraphs(STEP * size + WINDOW))
    for at in range(size):
        yield long[STEP * at : STEP * at + WINDOW]


KINDS: dict[str, Callable[[Writer, int], Iterator[str]]] = {
    made.__name__: made for made in (edited, noisy, garbled, form, overlapping)
}
SITES = {"edited": 1}
"""How many sites the texts of a kind stand on, where each has not one of its own: one, whose furniture is learned."""


def _noise(chance: random.Random, char: str) -> str:
    return chance.choice("0123456789") if char.isdigit() else chance.choice(HAN)


def _measured(kind: str, size: int, batch: int) -> dict[str, float]:
    sites = SITES.get(kind, size)
    items = [
        Item(id=f"{n:07d}", site=f"{n % sites}.example", text=text)
        for n, text in enumerate(KINDS[kind](Writer(1), size))
    ]
    texts = {item.id: item.text for item in items}
    verified = 0
    judge = comparison.judge

    def counted(*given: object) -> object:
        nonlocal verified
        verified += 1
        return judge(*given)  # type: ignore[arg-type]

    comparison.judge = counted  # type: ignore[assignment]
    text_key("")
    index = DedupeIndex.open(None)
    partly: dict[str, str] = {}
    started = time.process_time()
    for start in range(0, size, batch):
        partly |= dedupe(items[start : start + batch], index, partial(_chosen, texts)).partly
    seconds = time.process_time() - started
    members = index.all_members()
    bounded = Counter(partly.values())
    return {
        "seconds": seconds,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "verified": verified / size,
        "representatives": sum(member.represents for member in members),
        "clusters": len({member.decision.cluster for member in members}),
        "capped": bounded[CAPPED],
        "unmet": bounded[UNMET],
    }


def _chosen(texts: dict[str, str], names: list[str]) -> dict[str, str]:
    return {name: texts[name] for name in names}


if __name__ == "__main__":
    main()
