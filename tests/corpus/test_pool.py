from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from pipeline.corpus import pool as module
from pipeline.corpus.batches import Batch, Lost
from pipeline.corpus.pool import Done, Pool, packed, unpacked


def numbers(batch: Batch) -> list[int]:
    return list(range(batch.start, batch.start + batch.count))


def kills_at_seven(batch: Batch) -> list[int]:
    if 7 in numbers(batch):
        os._exit(1)
    return numbers(batch)


def hangs_at_seven(batch: Batch) -> list[int]:
    if 7 in numbers(batch):
        time.sleep(600)
    return numbers(batch)


def raises_at_seven(batch: Batch) -> list[int]:
    if 7 in numbers(batch):
        raise RuntimeError("page 7")
    return numbers(batch)


def frozen(batch: Batch) -> int:
    return gc.get_freeze_count()


BATCHES = [Batch(file="x", start=n, count=4) for n in range(0, 16, 4)]


def test_batches_come_back_in_order() -> None:
    with Pool(2) as pool:
        outcomes = list(pool.map(numbers, BATCHES, 1.0))
    assert [o.result for o in outcomes if isinstance(o, Done)] == [numbers(b) for b in BATCHES]


def test_a_worker_does_not_collect_what_it_was_forked_with() -> None:
    with Pool(1) as pool:
        (outcome,) = pool.map(frozen, BATCHES[:1], 1.0)
    assert isinstance(outcome, Done)
    assert outcome.result > 1_000


@pytest.mark.parametrize(
    ("function", "why"), [(kills_at_seven, "killed"), (raises_at_seven, "RuntimeError: page 7")]
)
def test_an_item_that_breaks_its_worker_is_lost_alone(function: Callable[[Batch], Any], why: str) -> None:
    with Pool(2) as pool:
        outcomes = list(pool.map(function, BATCHES, 1.0))
    lost = [o for o in outcomes if isinstance(o, Lost)]
    assert lost == [Lost(batch=Batch(file="x", start=7, count=1), why=why)]
    assert [n for o in outcomes if isinstance(o, Done) for n in o.result] == [n for n in range(16) if n != 7]


def test_an_item_that_hangs_is_lost_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "START_SECONDS", 1.0)
    with Pool(1) as pool:
        outcomes = list(pool.map(hangs_at_seven, BATCHES[1:3], 0.05))
    assert [o for o in outcomes if isinstance(o, Lost)] == [
        Lost(batch=Batch(file="x", start=7, count=1), why="timeout")
    ]
    assert [n for o in outcomes if isinstance(o, Done) for n in o.result] == [4, 5, 6, 8, 9, 10, 11]


def test_what_goes_over_the_wire_is_compressed_and_comes_back_as_it_was() -> None:
    table = pa.table({"text": ["同一句话说了很多遍。"] * 500})
    sent = packed({"rows": table, "part": table.slice(10, 5), "count": 3})
    assert len(sent) < table.nbytes / 4
    assert unpacked(sent) == {"rows": table, "part": table.slice(10, 5), "count": 3}
    big = pa.table({"n": range(100_000)})
    assert len(packed(big.slice(5, 1))) < 2_000, "not what it is cut out of"
