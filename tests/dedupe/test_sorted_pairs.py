from __future__ import annotations

import tempfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dedupe import sorted_pairs
from pipeline.dedupe.sorted_pairs import count_pairs, mapped, merge_pairs, search, write_pairs

SMALLS, FEWS = st.sampled_from([0, 4, 1 << 22]), st.sampled_from([0, 3, 1 << 22])
"""Up to how many pairs a file is compressed, and how many are no Parquet file: each of the three forms is tried."""

PAIRS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 2**64 - 1)), max_size=200)


def written(path: Path, pairs: list[tuple[int, int]]) -> Path:
    write_pairs(path, *(np.array([pair[at] for pair in sorted(pairs)], np.uint64) for at in (0, 1)))
    return path


def found(path: Path, wanted: set[int]) -> list[tuple[int, int]]:
    first, second = search(mapped(path), np.array(sorted(wanted), np.uint64))
    return list(zip(first.tolist(), second.tolist(), strict=True))


@given(PAIRS, st.sets(st.integers(0, 70), max_size=40), SMALLS, FEWS)
def test_sorted_pairs_are_found(pairs: list[tuple[int, int]], wanted: set[int], small: int, few: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_pairs, "SMALL", small)
        patch.setattr(sorted_pairs, "FEW", few)
        path = written(Path(folder) / "pairs.npy", pairs)
        assert found(path, wanted) == sorted(pair for pair in pairs if pair[0] in wanted)
        assert count_pairs(path) == len(pairs)


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), max_size=30), min_size=1, max_size=4),
    st.sets(st.integers(0, 5)),
    st.sampled_from([1, 4, 1 << 22]),
    SMALLS,
    FEWS,
)
def test_files_are_merged_piece_by_piece_into_the_bytes_of_one(
    files: list[list[tuple[int, int]]], without: set[int], at_once: int, small: int, few: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_pairs, "PAIRS_AT_ONCE", at_once)
        patch.setattr(sorted_pairs, "SMALL", small)
        patch.setattr(sorted_pairs, "FEW", few)
        paths = [written(Path(folder) / f"{n}.npy", pairs) for n, pairs in enumerate(files)]
        merge_pairs(Path(folder) / "all.npy", paths, np.array(sorted(without), np.uint64))
        whole = written(Path(folder) / "one.npy", [p for f in files for p in f if p[1] not in without])
        assert (Path(folder) / "all.npy").read_bytes() == whole.read_bytes()


def test_a_look_up_maps_the_file_and_reads_what_it_wants(tmp_path: Path) -> None:
    path = written(tmp_path / "pairs.npy", [(3 * n, n) for n in range(140_000)])
    assert found(path, {2, 300, 60_000, 419_997, 2**64 - 1}) == [
        (300, 100),
        (60_000, 20_000),
        (419_997, 139_999),
    ]
    pairs = np.load(path, mmap_mode="r")
    assert (pairs.dtype.str, pairs.shape) == ("<u8", (2, 140_000)), "as the README of the corpus says"
    assert isinstance(mapped(path), np.memmap)


def test_a_small_file_is_parquet_and_a_tiny_one_its_array_compressed(tmp_path: Path) -> None:
    chance = np.random.default_rng(7)
    firsts = np.sort(chance.integers(0, 2**64, 3_000, np.uint64))
    seconds = chance.integers(0, 2**64, 80, np.uint64)[chance.integers(0, 80, 3_000)]
    write_pairs(tmp_path / "pairs.npy", firsts, seconds)
    assert (tmp_path / "pairs.npy").stat().st_size < 3_000 * (8 + 1)
    pairs = pq.read_table(pa.BufferReader((tmp_path / "pairs.npy").read_bytes()))
    assert np.array_equal(np.stack([c.to_numpy() for c in pairs.columns]), mapped(tmp_path / "pairs.npy"))
    write_pairs(tmp_path / "tiny.npy", firsts[:100], seconds[:100])
    array = np.load(BytesIO(pa.CompressedInputStream(str(tmp_path / "tiny.npy"), "zstd").read()))
    assert np.array_equal(array, mapped(tmp_path / "tiny.npy")), "as the README of the corpus says"


@pytest.mark.parametrize("many", [100, 2_000])
def test_damage_is_named(tmp_path: Path, many: int) -> None:
    path = written(tmp_path / "pairs.npy", [(3 * n, n % 7) for n in range(many)])
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    with pytest.raises(ValueError, match=r"pairs\.npy: no sorted pairs"):
        mapped(path)
    path.write_bytes(whole[:40] + bytes([whole[40] ^ 4]) + whole[41:])
    with pytest.raises(ValueError, match=r"pairs\.npy: no sorted pairs"):
        mapped(path)


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "pairs.npy", np.array([{}], object))
    with pytest.raises(ValueError, match="Python objects"):
        search(mapped(tmp_path / "pairs.npy"), np.zeros(1, np.uint64))
