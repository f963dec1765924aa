"""Files of sorted pairs of 64-bit numbers, searched where they lie on the disk without being read.

A file is one NumPy array of two rows: the first numbers, ascending, then the second ones. `np.load` maps it, so
that a look-up touches the pages of the wanted numbers only and costs the size of the batch, not of the index.
(Measured: an increment of 1,000 texts on 34 million hashes takes 3.2 s of CPU with joins that read a Parquet
column, 0.8 s so.) A small file is read as a whole and holds the pairs as Parquet, the first numbers by their
differences, the second ones by a dictionary: each version brings some, and they have half the bytes so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.lib.format import write_array_header_1_0
from numpy.typing import NDArray

PAIRS_AT_ONCE = 1 << 22
"""Pairs of the largest file that are merged in one go: bounds the memory to some 300 MB."""

SMALL = 1 << 17
"""So many pairs at most, two megabytes, are compressed: to read them takes four milliseconds."""

FEW = 256
"""Of fewer pairs the array compressed by zstd is smaller than a Parquet file, whose frame has a kilobyte."""

Values = NDArray[np.uint64]

_ZSTD, _PARQUET = b"\x28\xb5\x2f\xfd", b"PAR1"
"""How a zstd frame begins (RFC 8878, 3.1.1), and a Parquet file."""


def write_pairs(path: Path, firsts: Values, seconds: Values) -> None:
    """Write pairs that are sorted already."""
    if len(firsts) > SMALL:
        np.save(path, _array(firsts, seconds))
    elif len(firsts) > FEW:
        pq.write_table(
            pa.table({"first": firsts, "second": seconds}),
            path,
            compression="zstd",
            compression_level=9,
            column_encoding={"first": "DELTA_BINARY_PACKED"},
            use_dictionary=["second"],
            write_statistics=False,
            store_schema=False,
            write_page_checksum=True,
        )
    else:
        array = BytesIO()
        np.save(array, _array(firsts, seconds))
        with pa.CompressedOutputStream(str(path), "zstd") as file:
            file.write(array.getvalue())


def _array(firsts: Values, seconds: Values) -> Values:
    return np.stack((firsts, seconds)).astype("<u8", copy=False)


def mapped(path: Path) -> Values:
    """The pairs of a file as an array, left on the disk where they are many; ValueError where it holds none."""
    with path.open("rb") as file:
        begins = file.read(len(_ZSTD))
    if begins not in (_ZSTD, _PARQUET):
        pairs: Values = np.load(path, mmap_mode="r")
        return pairs
    try:
        if begins == _PARQUET:
            table = pq.ParquetFile(path, page_checksum_verification=True).read(use_threads=False)
            return _array(*(table[name].to_numpy() for name in ("first", "second")))
        with pa.CompressedInputStream(str(path), "zstd") as stream:
            pairs = np.load(BytesIO(stream.read()))
    except (OSError, KeyError, pa.ArrowException) as error:
        raise ValueError(f"{path}: no sorted pairs: {error}") from error
    return pairs


def count_pairs(path: Path) -> int:
    """How many pairs a file holds."""
    return int(mapped(path).shape[1])


def search(pairs: Values, wanted: Values, most: int | None = None) -> tuple[Values, Values]:
    """The pairs of a file, mapped, whose first number is one of those wanted, which are distinct and ascending.

    `most`: no more of each than the first so many.
    """
    first, second = pairs
    starts = first.searchsorted(wanted, "left")
    # Few of them are there: only those are searched for again.
    inside = starts < len(first)
    here, starts = wanted[inside], starts[inside]
    there = first[starts] == here
    here, starts = here[there], starts[there]
    counts = first.searchsorted(here, "right") - starts
    if most is not None:
        counts = np.minimum(counts, most)
    return np.repeat(here, counts), np.asarray(second[ranges(starts, counts)])


def merge_pairs(path: Path, files: Sequence[Path], without: Values) -> None:
    """Write the pairs of several files as one, but for those whose second number is in `without`."""
    parts = [mapped(file) for file in files]
    kept = sum(int(np.isin(part, without, invert=True).sum()) for part in _parts(parts))
    if kept <= SMALL:
        pairs = np.concatenate(list(_merged(parts)), axis=1)
        write_pairs(path, *pairs[:, np.isin(pairs[1], without, invert=True)])
        return
    done = 0
    with path.open("wb") as file:
        write_array_header_1_0(file, {"descr": "<u8", "fortran_order": False, "shape": (2, kept)})
        start = file.tell()
        for pairs in _merged(parts):
            pairs = pairs[:, np.isin(pairs[1], without, invert=True)]
            for row in (0, 1):
                file.seek(start + 8 * (row * kept + done))
                file.write(pairs[row].tobytes())
            done += pairs.shape[1]


def ranges(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """All the indices from each start on, as many as its count."""
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    found: NDArray[np.int64] = np.repeat(starts, counts) + within
    return found


def _merged(parts: Sequence[Values]) -> Iterator[Values]:
    """All pairs in order, in pieces that fit into memory."""
    largest = max(parts, key=lambda pairs: pairs.shape[1])[0]
    starts = [0] * len(parts)
    for bound in [*np.unique(largest[PAIRS_AT_ONCE::PAIRS_AT_ONCE]), None]:
        ends = [p.shape[1] if bound is None else int(p[0].searchsorted(bound, "left")) for p in parts]
        pairs = np.concatenate([p[:, a:b] for p, a, b in zip(parts, starts, ends, strict=True)], axis=1)
        yield pairs[:, np.lexsort((pairs[1], pairs[0]))]
        starts = ends


def _parts(files: Sequence[Values]) -> list[Values]:
    """The second numbers, in pieces that fit into memory."""
    return [p[1, at : at + PAIRS_AT_ONCE] for p in files for at in range(0, p.shape[1], PAIRS_AT_ONCE)]
