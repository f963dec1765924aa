"""Deduplication in parts that know nothing of each other, so that workers may do them: sketches, candidates, verdicts.

Each part reads the files of the one before and writes its own into a folder; names and counts go in and out.

    sketch_texts    a run of texts            → their keys and sketches, and (hash, row) pairs sorted by hash
    pair_up         a range of hashes         → which texts share how many of them, sorted by the later text
    compare         the texts of one run      → verdicts on the pairs that share most (ahead.py)

What they say is used where it fits (ahead.py), so they may guess: which lines are furniture is guessed from how many
texts of a run have them, and each text counts as the one that represents its cluster.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.dedupe.ahead import VERDICTS, said, texts_file, verdict_row, verdicts_file
from pipeline.dedupe.candidates import CANDIDATES, COMMON, SHARED, SHARED_SHARE
from pipeline.dedupe.evidence import Circumstances
from pipeline.dedupe.furniture import edge_lines
from pipeline.dedupe.lines import REPEATS
from pipeline.dedupe.prepared import prepare, schema
from pipeline.dedupe.records import Item
from pipeline.dedupe.relate import judge_ahead
from pipeline.dedupe.sketch import LONGEST, SHORTEST, Hashes, Shingles, shingles, sketch
from pipeline.dedupe.sorted_pairs import Values, mapped, ranges, write_pairs
from pipeline.dedupe.tables import key_of

TEXTS = pa.schema(
    {
        "print": pa.uint64(),
        "said": pa.uint64(),
        "order": pa.int64(),
        "text_hash": pa.uint64(),
        "published_on": pa.date32(),
        "title": pa.string(),
        "site": pa.string(),
        "key": pa.large_binary(),
        "fields": pa.list_(pa.string()),
        "left_out": pa.list_(pa.uint64()),
        "edges": pa.list_(pa.uint64()),
        "sketch": pa.list_(pa.uint64()),
    }
)
"""The texts of a run as they are compared, in the order of decisions."""

PAIRS_AT_ONCE = 1 << 22
"""Pairs of texts that share a hash held at a time: bounds the memory of a range to some 200 MB."""

FIRST = 8
"""Of a hash that more than COMMON texts have only so many are met, the first: among them is what others copy. On 2,866
laws and manuals a third fewer pairs are compared so, and 98 of 100 related ones found; on 10⁸ texts nine of ten pairs
would share a phrase of that kind alone (benchmarks/join.py)."""

CUT_EVERY = 1 << 10
"""Of a run's hashes one in so many is a place to cut at: a run of 1,000 texts has about a hundred."""

_COUNT_BITS = 16
_SAID = ("print", "said", "published_on", "title", "site", "fields", "left_out", "edges")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketched:
    """A run of texts that was sketched."""

    name: str
    """Of its files."""
    texts: int
    """How many."""
    hashes: int
    """How many hashes they have together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """All runs that were sketched, in the order of decisions: the numbers of their texts go on from run to run."""

    folder: Path
    """Where their files stand."""
    names: tuple[str, ...]
    """Of the runs."""
    starts: tuple[int, ...]
    """The number of the first text of each, and how many texts there are."""
    prints: Values
    """The print of each text."""
    places: Values
    """Its place among all in the order of decisions; that of a text which equals an earlier one is their number."""
    sizes: Values
    """How many hashes its sketch has."""
    cuts: Values
    """Hashes at even steps through those of each run, ascending; a sketch has mostly small ones."""

    @classmethod
    def of(cls, folder: Path, runs: Sequence[Sketched]) -> Runs:
        """What the files of the runs say of their texts, without these."""
        parts = [_texts(texts_file(folder, run.name)) for run in runs]
        order = np.argsort(_column(parts, "order", np.int64), kind="stable")
        places = np.empty(len(order), np.uint64)
        places[order] = np.arange(len(order))
        text_hashes = _column(parts, "text_hash", np.uint64)
        first = np.zeros(len(order), bool)
        first[order[np.unique(text_hashes[order], return_index=True)[1]]] = True
        places[~first] = len(order)
        sizes = [np.diff(part["sketch"].offsets.to_numpy()).astype(np.uint64) for part in parts]
        return cls(
            folder=folder,
            names=tuple(run.name for run in runs),
            starts=tuple(np.cumsum([0, *(run.texts for run in runs)]).tolist()),
            prints=_column(parts, "print", np.uint64),
            places=places,
            sizes=np.concatenate([np.zeros(0, np.uint64), *sizes]),
            cuts=np.sort(
                np.concatenate([np.zeros(0, np.uint64), *(_steps(folder, run.name) for run in runs)])
            ),
        )

    def between(self, part: int, parts: int) -> tuple[int, int]:
        """From which hash, and below which, a part of so many goes; all have about as many hashes."""
        at = [len(self.cuts) * number // parts for number in (part, part + 1)]
        first, last = (
            int(self.cuts[min(number, len(self.cuts) - 1)]) if len(self.cuts) else 1 << 64 for number in at
        )
        return 0 if part == 0 else first, 1 << 64 if part + 1 == parts else last

    def write(self) -> Path:
        """Write them where workers read them: by a name of its own, since a worker outlives a build and remembers."""
        path = self.folder / f"{uuid4().hex}.runs.npz"
        np.savez(
            path,
            names=self.names,
            starts=self.starts,
            prints=self.prints,
            places=self.places,
            sizes=self.sizes,
            cuts=self.cuts,
        )
        return path


@lru_cache(maxsize=1)
def runs_in(path: Path) -> Runs:
    """What `Runs.write` wrote."""
    with np.load(path) as stored:
        return Runs(
            folder=path.parent,
            names=tuple(stored["names"].tolist()),
            starts=tuple(stored["starts"].tolist()),
            prints=stored["prints"],
            places=stored["places"],
            sizes=stored["sizes"],
            cuts=stored["cuts"],
        )


def lines_repeated(items: Sequence[Item]) -> tuple[tuple[str, str], ...]:
    """(site, masked line) of the lines that several different texts of a run have, as its furniture mostly is."""
    distinct = {(item.site, item.text): item for item in items}.values()
    counts = Counter((item.site, line) for item in distinct for line in edge_lines(item.text, item.title))
    return tuple(sorted(each for each, times in counts.items() if times >= REPEATS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketches:
    """What is found of a run of texts."""

    texts: pa.Table
    """As they are compared (TEXTS)."""
    hashes: Hashes
    """All hashes that are looked for in others, ascending."""
    rows: Values
    """In which text of the run each stands."""


def sketch_texts(
    items: Sequence[Item], repeated: Mapping[str, Collection[str]], folder: Path, name: str
) -> Sketched:
    """Write the files of a run of texts; `repeated` gives the furniture lines of their sites."""
    return write_sketched(sketched(items, repeated), folder, name)


def sketched(items: Sequence[Item], repeated: Mapping[str, Collection[str]]) -> Sketches:
    """What is found of a run of texts."""
    rows, hashes, numbers = [], [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)]
    for number, item in enumerate(items):
        work = prepare(item, repeated.get(item.site, ()))
        found = sketch(shingles(work.key))
        # What may stand behind LONGEST is not compared ahead.
        paired = sketch(shingles(work.key[:LONGEST])) if len(work.key) > LONGEST else found
        rows.append(
            {
                "print": work.print,
                "said": said(key_of(item.text), item.title, item.site, item.published_on),
                "order": item.order,
                "text_hash": work.text_hash,
                "published_on": item.published_on,
                "title": item.title,
                "site": item.site,
                "key": work.key[:LONGEST].astype("<u4").tobytes(),
                "fields": sorted(schema(item.text)),
                "left_out": sorted(map(key_of, work.left_out)),
                "edges": sorted(map(key_of, edge_lines(item.text))),
                "sketch": found,
            }
        )
        if len(work.key) >= SHORTEST:
            hashes.append(paired)
            numbers.append(np.full(len(paired), number, np.uint64))
    values, texts = np.concatenate(hashes), np.concatenate(numbers)
    order = np.lexsort((texts, values))
    return Sketches(texts=pa.Table.from_pylist(rows, schema=TEXTS), hashes=values[order], rows=texts[order])


def write_sketched(made: Sketches, folder: Path, name: str) -> Sketched:
    """Write the files of a run of texts."""
    folder.mkdir(parents=True, exist_ok=True)
    with _beside(_hashes_file(folder, name)) as beside:
        write_pairs(beside, made.hashes, made.rows)
    (batch,) = made.texts.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], schema=TEXTS)]
    with (
        _beside(texts_file(folder, name)) as beside,
        pa.OSFile(str(beside), "wb") as sink,
        pa.ipc.new_file(sink, TEXTS) as writer,
    ):
        writer.write_batch(batch)
    return Sketched(name=name, texts=batch.num_rows, hashes=len(made.hashes))


def pair_up(runs_file: Path, part: int, parts: int) -> int:
    """Write which texts share how many of the hashes in one of so many ranges; the number of pairs.

    Each text with those before it in the order of decisions; of a hash that more than COMMON have with the first ones.
    """
    runs = runs_in(runs_file)
    hashes, texts = _hashes_between(runs, *runs.between(part, parts))
    places = runs.places[texts]
    is_first = places < len(runs.places)
    hashes, texts, places = hashes[is_first], texts[is_first], places[is_first]
    order = np.lexsort((places, hashes))
    hashes, texts = hashes[order], texts[order]
    starts = np.flatnonzero(np.append(True, hashes[1:] != hashes[:-1])[: len(hashes)])
    times = np.diff(starts, append=len(hashes))
    ranks = np.arange(len(hashes)) - np.repeat(starts, times)
    met = np.minimum(ranks, np.repeat(np.where(times > COMMON, FIRST, COMMON), times))
    begins = np.arange(len(hashes)) - ranks
    sums = (np.zeros(0, np.uint64), np.zeros(0, np.uint64))
    for first, last in _pieces(met):
        later = np.repeat(texts[first:last], met[first:last])
        earlier = texts[ranges(begins[first:last], met[first:last])]
        sums = _summed(
            np.append(sums[0], later << np.uint64(32) | earlier),
            np.append(sums[1], np.ones(len(later), np.uint64)),
        )
    pairs, counts = sums
    with _beside(_pairs_file(runs.folder, part)) as beside:
        shared = np.minimum(counts, (1 << _COUNT_BITS) - 1)
        write_pairs(
            beside, pairs >> np.uint64(32), (pairs & np.uint64(0xFFFFFFFF)) << np.uint64(_COUNT_BITS) | shared
        )
    return len(pairs)


def compare(runs_file: Path, run: int) -> int:
    """Write the verdicts on the texts of a run with those they share most with; how many there are."""
    runs = runs_in(runs_file)
    texts = {
        number: _texts(texts_file(runs.folder, name))
        for number, name in enumerate(runs.names[run : run + 1], run)
    }

    @lru_cache(maxsize=1_000)
    def row(number: int) -> tuple[dict[str, Any], Shingles]:
        at = int(np.searchsorted(runs.starts, number, "right")) - 1
        if at not in texts:
            texts[at] = _texts(texts_file(runs.folder, runs.names[at]))
        batch = texts[at].slice(number - runs.starts[at], 1)
        found = {name: batch[name][0].as_py() for name in _SAID}
        return found, shingles(np.frombuffer(batch["key"][0].as_buffer(), "<u4"))

    rows = []
    for later, earlier in _best(runs, run):
        (one, a), (other, b) = row(later), row(earlier)
        if _bears(one, other) or _bears(other, one):
            continue  # compared without these lines, where the texts are
        days = None
        if one["published_on"] and other["published_on"]:
            days = abs((one["published_on"] - other["published_on"]).days)
        known = Circumstances(
            days=days,
            titles=(one["title"], other["title"]),
            one_site=one["site"] == other["site"],
            rare=lambda: 0.0,
            schemas=partial(_fields, one, other),
        )
        relations, overlap = judge_ahead(a, b, known)
        pair, says = (one["print"], other["print"]), (one["said"], other["said"])
        rows.append(verdict_row(pair, says, relations, overlap))
    with _beside(verdicts_file(texts_file(runs.folder, runs.names[run]))) as beside:
        pq.write_table(pa.Table.from_pylist(rows, schema=VERDICTS), beside, compression="zstd")
    return len(rows)


def _best(runs: Runs, run: int) -> Iterator[tuple[int, int]]:
    """The texts of a run, each with the earlier ones that share most hashes with it, as many as are verified."""
    first, last = runs.starts[run], runs.starts[run + 1]
    keys, counts = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)]
    for file in sorted(runs.folder.glob(_pairs_file(runs.folder, 0).name.replace("00000", "*"))):
        pairs = mapped(file)
        a, b = pairs[0].searchsorted(np.array([first, last], np.uint64))
        keys.append(pairs[0, a:b] << np.uint64(32) | pairs[1, a:b] >> np.uint64(_COUNT_BITS))
        counts.append(pairs[1, a:b] & np.uint64((1 << _COUNT_BITS) - 1))
    both, shared = _summed(np.concatenate(keys), np.concatenate(counts))
    later, earlier = both >> np.uint64(32), both & np.uint64(0xFFFFFFFF)
    least = SHARED_SHARE * np.minimum(runs.sizes[later], runs.sizes[earlier])
    enough = (shared >= SHARED) & (shared >= least)
    later, earlier, shared = later[enough], earlier[enough], shared[enough].astype(np.int64)
    order = np.lexsort((runs.places[earlier], -shared, later))
    met: Counter[int] = Counter()
    for one, other in zip(later[order].tolist(), earlier[order].tolist(), strict=True):
        met[one] += 1
        if met[one] <= CANDIDATES:
            yield one, other


def _bears(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether a text bears lines that were left out of the other one (prepared.beside)."""
    return not set(other["left_out"]).isdisjoint(one["edges"])


def _fields(one: dict[str, Any], other: dict[str, Any]) -> tuple[list[str], list[str]]:
    return one["fields"], other["fields"]


def _steps(folder: Path, name: str) -> Values:
    steps: Values = mapped(_hashes_file(folder, name))[0][CUT_EVERY // 2 :: CUT_EVERY]
    return steps


def _hashes_between(runs: Runs, low: int, high: int) -> tuple[Hashes, Values]:
    """The hashes of a range in all runs, each with the number of the text that has it."""
    found = [np.zeros((2, 0), np.uint64)]
    for name, start in zip(runs.names, runs.starts, strict=False):
        pairs = mapped(_hashes_file(runs.folder, name))
        first = int(pairs[0].searchsorted(np.uint64(low))) if low < 1 << 64 else pairs.shape[1]
        last = int(pairs[0].searchsorted(np.uint64(high))) if high < 1 << 64 else pairs.shape[1]
        found.append(pairs[:, first:last] + np.array([[0], [start]], np.uint64))
    hashes, texts = np.concatenate(found, axis=1)
    return hashes, texts


def _pieces(counts: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Runs of these counts that add up to PAIRS_AT_ONCE each, about."""
    piece = np.cumsum(counts) // PAIRS_AT_ONCE
    cuts = [0, *(np.flatnonzero(np.diff(piece)) + 1).tolist(), len(counts)]
    return pairwise(cuts)


def _summed(keys: Values, counts: Values) -> tuple[Values, Values]:
    """Each key once, ascending, with the sum of its counts."""
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], counts[order]
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])
    return keys[starts], np.add.reduceat(counts, starts) if len(starts) else counts


def _texts(path: Path) -> pa.RecordBatch:
    """The rows of a run, left on the disk until they are asked for."""
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).get_batch(0)


def _column(parts: Sequence[pa.RecordBatch], name: str, dtype: Any) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype), *(part[name].to_numpy() for part in parts)])


def _hashes_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.hashes.npy"


def _pairs_file(folder: Path, part: int) -> Path:
    return folder / f"pairs-{part:05d}.npy"


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Where to write what comes to stand at a path when it is whole: two workers may be asked for the same."""
    beside = path.with_name(f".{uuid4().hex}-{path.name}")
    yield beside
    beside.replace(path)
