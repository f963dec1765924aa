"""Speed of deduplication beside datasketch and rensa in one run, and of an increment on a growing index.

    python -m benchmarks.dedupe [--shared ../shared] [--sizes 1000,10000,100000]
        [--indexed 10000,100000,1000000] [--methods ours,datasketch,rensa]

Documents are built by the shared generator from its articles. All three get the same text keys and character
5-grams, and the keys' time counts for all. datasketch: 256 permutations, threshold 0.4; rensa: 128
permutations, 32 bands, threshold 0.5; both check their candidates with the exact Jaccard index. Figures are
documents per CPU second, so that a busy machine changes them little; increments are wall and CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.dedupe import tables
from pipeline.dedupe.comparison import Texts
from pipeline.dedupe.run import DedupeIndex, Item, dedupe
from pipeline.dedupe.segments import Segments
from pipeline.dedupe.sketch import SCALE, text_key

HASHES = 34
"""A synthetic article of the grown index has as many hashes as one of 542 characters, the generator's median."""

BATCH = 1000
"""Documents of an increment."""

SEED = 7
"""Of everything random here."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--indexed", default="10000,100000,1000000")
    parser.add_argument("--methods", default="ours,datasketch,rensa")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(_one(*arguments.one.split(":"))))
        return
    with tempfile.TemporaryDirectory() as folder:
        for size in map(int, filter(None, arguments.sizes.split(","))):
            documents = _generated(arguments.shared, Path(folder) / str(size), size)
            for method in arguments.methods.split(","):
                _report(f"{method}:{documents}:{size}")
        documents = _generated(arguments.shared, Path(folder) / "batch", BATCH)
        for size in filter(None, arguments.indexed.split(",")):
            _report(f"increment:{documents}:{size}")


def _report(one: str) -> None:
    """Each measurement in a process of its own, for its peak memory."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", one], check=True, capture_output=True, text=True
    )
    print(done.stdout.strip(), flush=True)


def _generated(shared: Path, folder: Path, size: int) -> Path:
    make = shared / "bench" / "dedup"
    command = [sys.executable, str(make / "make.py"), "--source", str(make / "source"), "--out", str(folder)]
    group = str(min(100, size // 30))
    command += ["--grow", "--per-group", group, "--total", str(size), "--seed", str(SEED)]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "docs.jsonl"


def _one(method: str, documents: str, size: str) -> dict[str, object]:
    if method == "grow":
        _grow(Path(documents), int(size))
        return {}
    items = list(_items(Path(documents), int(size)))
    # What a process loads once counts for none: our fold table, the peers, what pyarrow imports at first use.
    text_key("")
    pa.array([1])
    if method in ("datasketch", "rensa"):
        import_module(method)
    row: dict[str, object] = {"method": method, "documents": int(size)}
    if method == "increment":
        with tempfile.TemporaryDirectory() as folder:
            row |= _increment(items[:BATCH], Path(folder), int(size))
    else:
        started = time.process_time()
        found = {"ours": _ours, "datasketch": _datasketch, "rensa": _rensa}[method](items)
        seconds = time.process_time() - started
        row |= {"per_cpu_second": round(len(items) / seconds), "found": found}
    return row | {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def _items(path: Path, size: int) -> Iterator[Item]:
    with path.open(encoding="utf-8") as lines:
        for line, _ in zip(lines, range(size), strict=False):
            row = json.loads(line)
            yield Item(id=row["id"], site=row["site"], title=row["title"], text=row["text"])


def _stored(items: Sequence[Item]) -> Texts:
    texts = {item.id: item.text for item in items}
    return lambda names: {name: texts[name] for name in names if name in texts}


def _ours(items: Sequence[Item]) -> int:
    deduped = dedupe(items, DedupeIndex.open(None), _stored(items))
    return sum(decision.relation != "new" for decision in deduped.decisions)


def _grams(item: Item) -> set[str]:
    key = text_key(item.text).tobytes().decode("utf-32-le")
    return {key[at : at + 5] for at in range(max(1, len(key) - 4))}


def _checked(grams: Sequence[set[str]], candidates: Callable[[int], Sequence[int]], threshold: float) -> int:
    found = 0
    for number, mine in enumerate(grams):
        for other in candidates(number):
            shared = len(mine & grams[other])
            if shared >= threshold * (len(mine) + len(grams[other]) - shared):
                found += 1
                break
    return found


def _datasketch(items: Sequence[Item]) -> int:
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=0.4, num_perm=256)
    grams = [_grams(item) for item in items]

    def candidates(number: int) -> Sequence[int]:
        signature = MinHash(num_perm=256)
        signature.update_batch([gram.encode() for gram in grams[number]])
        found = index.query(signature)
        index.insert(number, signature)
        return sorted(found)

    return _checked(grams, candidates, 0.4)


def _rensa(items: Sequence[Item]) -> int:
    from rensa import RMinHash, RMinHashLSH

    index = RMinHashLSH(threshold=0.5, num_perm=128, num_bands=32)
    grams = [_grams(item) for item in items]

    def candidates(number: int) -> Sequence[int]:
        signature = RMinHash(num_perm=128, seed=1)
        signature.update(list(grams[number]))
        found = index.query(signature)
        index.insert(number, signature)
        return sorted(found)

    return _checked(grams, candidates, 0.5)


def _increment(items: Sequence[Item], folder: Path, size: int) -> dict[str, object]:
    """One batch against a grown index: opened from disk, compared, written as a new version."""
    # In a process of its own, so that the peak memory is the increment's.
    subprocess.run(
        [sys.executable, __file__, "--one", f"grow:{folder / '0'}:{size}"], check=True, stdout=sys.stderr
    )
    wall, cpu = time.perf_counter(), time.process_time()
    index = DedupeIndex.open(folder / "0")
    dedupe(items, index, _stored(items))
    index.write(folder / "1")
    return {
        "wall_seconds": round(time.perf_counter() - wall, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
    }


def _grow(folder: Path, size: int) -> None:
    """An index of synthetic articles: hashes spread as real ones are, no two articles alike."""
    random = np.random.default_rng(SEED)
    step = 100_000
    members, sketches = (
        Segments(tables.MEMBERS, None),
        Segments(tables.SKETCHES, None),
    )
    for start in range(0, size, step):
        count = min(step, size - start)
        members.write(folder, _synthetic_members(start, count))
        prints = np.repeat(np.arange(start, start + count, dtype=np.uint64), HASHES)
        hashes = random.integers(0, 2**64 // SCALE, len(prints), np.uint64)
        sketches.write(folder, pa.table({"hash": hashes, "print": prints}, schema=tables.SKETCHES.schema))
    for table in (tables.LINKS, tables.REDIRECTS, tables.SITE_LINES, tables.EDGE_LINES, tables.RETIRED):
        Segments(table, None).write(folder, table.schema.empty_table())


def _synthetic_members(start: int, count: int) -> pa.Table:
    ids = [f"s{number:031d}" for number in range(start, start + count)]
    numbers = pa.array(np.arange(start, start + count, dtype=np.uint64))
    keys = pa.array(tables.keys_of(ids))
    given = {
        "key": keys,
        "id": pa.array(ids),
        "removed": pa.array([False] * count),
        "cluster": pa.array(ids),
        "cluster_key": keys,
        "print": numbers,
        "text_hash": keys,
        "digest": keys,
        "site": pa.array([f"site{number % 500}.example" for number in range(count)]),
    }
    schema = tables.MEMBERS.schema
    return pa.table([given.get(field.name, pa.nulls(count, field.type)) for field in schema], schema=schema)


if __name__ == "__main__":
    main()
