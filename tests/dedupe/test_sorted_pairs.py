from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dedupe import sorted_pairs
from pipeline.dedupe.tables import SKETCHES


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 2**64 - 1)), max_size=200),
    st.sets(st.integers(0, 70), max_size=40),
    st.sampled_from([3, 50, 1 << 22]),
)
def test_sorted_pairs_are_found(rows: list[tuple[int, int]], wanted: set[int], group: int) -> None:
    rows.sort()
    table = pa.table({"hash": [r[0] for r in rows], "print": [r[1] for r in rows]}, schema=SKETCHES.schema)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_pairs, "ROW_GROUP", group)
        path = Path(folder) / "pairs.parquet"
        sorted_pairs.write_pairs(path, SKETCHES.schema, iter([table]))
        first, second = sorted_pairs.search(path, np.array(sorted(wanted), np.uint64))
    assert sorted(zip(first.tolist(), second.tolist())) == [row for row in rows if row[0] in wanted]


def test_a_file_rewritten_by_another_tool_is_read_all_the_same(tmp_path: Path) -> None:
    rows = pa.table({"hash": range(0, 90_000, 3), "print": range(30_000)}, schema=SKETCHES.schema)
    for name, options in {
        "zstd": {"compression": "zstd"},
        "pages": {"compression": "NONE", "use_dictionary": False, "data_page_size": 1 << 14},
    }.items():
        pq.write_table(rows, tmp_path / name, **options)
        first, second = sorted_pairs.search(tmp_path / name, np.array([2, 300, 60_000, 89_997], np.uint64))
        assert list(zip(first.tolist(), second.tolist())) == [(300, 100), (60_000, 20_000), (89_997, 29_999)]
