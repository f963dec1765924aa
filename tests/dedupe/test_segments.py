from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.dedupe import segments
from pipeline.dedupe.segments import Segments
from pipeline.dedupe.tables import REDIRECTS, SKETCHES, key_of
from pipeline.errors import CorpusError


@pytest.fixture(autouse=True)
def none_is_light(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few rows stand for many: none are joined for being few, but where that is what is tried."""
    monkeypatch.setattr(segments, "LIGHT", 0)


def rows(**now: str) -> pa.Table:
    found = [{"key": key_of(old), "cluster": old, "now": new} for old, new in now.items()]
    return pa.Table.from_pylist(found, schema=REDIRECTS.schema)


def kept(table: Segments) -> dict[str, str]:
    return {row["cluster"]: row["now"] for row in table.all().to_pylist()}


@pytest.mark.parametrize(
    "folders",
    [
        ["1", "2", "3", "4"],
        ["4", "3", "2", "1"],
        ["z/clusters", "a/clusters", "b/clusters", "c/clusters"],
        ["1.9.0", "1.10.0", "1.11.0", "staging"],
    ],
)
def test_the_newest_row_wins_wherever_the_folders_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folders: list[str]
) -> None:
    monkeypatch.setattr(segments, "MOST_SEGMENTS", 2)
    table = Segments(REDIRECTS, None)
    for number, folder in enumerate(folders):
        table.write(tmp_path / folder, rows(a=f"from {number}", **{f"b{number}": "x"}))
        assert kept(table)["a"] == f"from {number}"
        table = Segments(REDIRECTS, tmp_path / folder)
        assert kept(table) == {"a": f"from {number}"} | {f"b{n}": "x" for n in range(number + 1)}


def test_segments_are_counted_past_99999(tmp_path: Path) -> None:
    table = Segments(REDIRECTS, None)
    table.write(tmp_path / "1", rows(a="old"))
    (tmp_path / "1/redirects-00001.parquet").rename(tmp_path / "1/redirects-99999.parquet")
    table = Segments(REDIRECTS, tmp_path / "1")
    table.write(tmp_path / "2", rows(a="new"))
    table = Segments(REDIRECTS, tmp_path / "2")
    assert [file.name for file in table.files] == ["redirects-99999.parquet", "redirects-100000.parquet"]
    assert kept(table) == {"a": "new"}


def test_the_newest_small_segments_are_joined_and_the_large_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "MOST_SEGMENTS", 3)
    monkeypatch.setattr(segments, "FEW", 8)
    table = Segments(REDIRECTS, None)
    sizes = [40, 8, 1, 1]
    for number, size in enumerate(sizes):
        table.write(tmp_path / str(number), rows(**{f"c{number}-{n}": "x" for n in range(size)}))
    assert [file.name for file in table.files] == [
        "redirects-00001.parquet",
        "redirects-00002.parquet",
        "redirects-00005.parquet",
    ]
    there = sorted(path.name for path in (tmp_path / "3").iterdir())
    assert there == sorted([*(file.name for file in table.files), "redirects-00001-keys.npy"])
    assert len(kept(table)) == sum(sizes)
    opened = Segments(REDIRECTS, tmp_path / "3")
    wanted = [key_of(name) for name in ("c0-3", "c1-7", "c3-0", "nobody")]
    found = opened.rows(np.array(wanted, np.uint64))
    assert found["cluster"].to_pylist() == ["c0-3", "c1-7", "c3-0"], "with a file of keys and without"


def test_a_day_of_small_segments_is_rewritten_about_once_in_a_month(tmp_path: Path) -> None:
    table, written = Segments(REDIRECTS, None), 0
    for day in range(31):
        table.write(tmp_path / str(day), rows(**{f"{day}-{n}": "x" for n in range(5 if day else 500)}))
        assert len(table.files) <= segments.MOST_SEGMENTS
        new = [path for path in table.files if path.stat().st_nlink == 1]
        written += sum(pq.read_metadata(path).num_rows for path in new) if day else 0
    assert written <= 2 * 30 * 5, "each row as it comes, and once more when it is joined"


def test_segments_so_light_that_naming_them_costs_more_are_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "LIGHT", 2_048)
    table = Segments(REDIRECTS, None)
    for day in range(9):
        table.write(tmp_path / str(day), rows(**{f"{day}-{n}": "x" for n in range(900 if day == 4 else 2)}))
    names = [file.name for file in table.files]
    assert len(names) == 3, "those before the heavy one, it, and those after it"
    assert len(kept(table)) == 900 + 8 * 2


@pytest.mark.parametrize("number", [errno.EPERM, errno.EXDEV, errno.EMLINK, errno.ENOTSUP])
def test_where_links_cannot_be_segments_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def link(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", link)
    table = Segments(REDIRECTS, None)
    table.write(tmp_path / "1", rows(a="x"))
    table.write(tmp_path / "2", rows(b="y"))
    assert kept(Segments(REDIRECTS, tmp_path / "2")) == {"a": "x", "b": "y"}
    names = [path.name for path in (tmp_path / "1").iterdir()]
    assert all((tmp_path / "2" / n).read_bytes() == (tmp_path / "1" / n).read_bytes() for n in names)


def test_an_index_of_another_release_is_named_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "sketches-00001.parquet").touch()
    with pytest.raises(CorpusError, match=r"no sketches-\*.npy here.*corpus rebuild"):
        Segments(SKETCHES, tmp_path)
