"""In which files of a version the rows of a document stand, by its id: what a look-up opens instead of all of them.

`ids/ids-NNNNN.npy` are sorted pairs (64-bit key of an id, number of a file), searched where they lie on the disk; a
version adds a file of the rows that came into others, and small ones are joined in time (dedupe/segments.py). A pair
is written when a row comes into a file and stays when it leaves: whoever follows one looks whether the row is there.
So it costs a version 16 bytes a row that came, and a revision that only takes rows out need not touch it. A version
without the folder, of an earlier release, is read through once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.corpus.schema import ARTICLES, DROPPED, TABLES, read_parquet
from pipeline.dedupe.hashing import hash64
from pipeline.dedupe.sorted_pairs import Values, mapped, search

FOLDER = "ids"
"""Folder of a version."""


class IdIndex:
    """The pairs of a version, and those of the rows that came since, which `write` adds."""

    def __init__(self, version: Path | None = None) -> None:
        """The index of a version; made of its rows where it has none. None: an empty one."""
        self._folder = version / FOLDER if version is not None and (version / FOLDER).is_dir() else None
        files = sorted(self._folder.glob("ids-*.npy")) if self._folder is not None else ()
        self._segments = [mapped(file) for file in files]
        self._runs: list[Values] = []
        if version is not None and self._folder is None:
            for path in (path for table in TABLES for path in sorted((version / table).glob("*.parquet"))):
                self.add(f"{path.parent.name}/{path.name}", read_parquet([path], ["id"])["id"].to_pylist())

    def add(self, file: str, ids: Iterable[str]) -> None:
        """Say that rows of these documents stand in a file (`articles/2026-11-21-000.parquet`)."""
        keys = _keys(ids)
        if len(keys):
            self._runs.append(np.stack((keys, np.full(len(keys), _number(file)))))

    def files(self, ids: Iterable[str]) -> dict[str, list[str]]:
        """File → the documents that may have rows in it: all that have are named, and some that had."""
        names = {hash64(ident.encode()): ident for ident in ids}
        wanted = np.array(sorted(names), np.uint64)
        found: defaultdict[str, set[str]] = defaultdict(set)
        for pairs in self._all():
            for key, number in zip(*search(pairs, wanted), strict=True):
                found[_file(int(number))].add(names[int(key)])
        return {file: sorted(found[file]) for file in sorted(found)}

    def _all(self) -> list[Values]:
        if len(self._runs) > 1:
            self._runs = [_sorted(self._runs)]
        return [*self._segments, *self._runs]

    def write(self, folder: Path) -> None:
        """Write it into the folder of the next version: links to its segments, and one of the rows that came."""
        from pipeline.dedupe.segments import Segments, Table

        schema = pa.schema([pa.field(name, pa.uint64(), nullable=False) for name in ("key", "file")])
        table = Table(name="ids", schema=schema, identity=(), order=("key", "file"))
        keys, numbers = _sorted([*self._runs, np.zeros((2, 0), np.uint64)])
        Segments(table, self._folder).write(
            folder / FOLDER, pa.table({"key": keys, "file": numbers}, schema=schema)
        )


def _keys(ids: Iterable[str]) -> Values:
    return np.array(sorted({hash64(ident.encode()) for ident in ids}), np.uint64)


def _sorted(runs: list[Values]) -> Values:
    """The pairs of all runs in order, each once."""
    keys, numbers = np.concatenate(runs, axis=1)
    order = np.lexsort((numbers, keys))
    pairs = np.stack((keys[order], numbers[order]))
    is_first = np.ones(pairs.shape[1], bool)
    is_first[1:] = (pairs[:, 1:] != pairs[:, :-1]).any(axis=0)
    return np.asarray(pairs[:, is_first])


def _number(file: str) -> np.uint64:
    """A file's name as a number: its table, its day and its place in the day."""
    table, _, name = file.partition("/")
    day, place = date.fromisoformat(name[:10]), int(name[11:].removesuffix(".parquet"))
    return np.uint64((table == DROPPED) << 63 | day.toordinal() << 32 | place)


def _file(number: int) -> str:
    table = DROPPED if number >> 63 else ARTICLES
    day, place = date.fromordinal(number >> 32 & 0x7FFFFFFF), number & 0xFFFFFFFF
    return f"{table}/{day:%Y-%m-%d}-{place:03d}.parquet"
