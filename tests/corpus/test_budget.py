"""A page that takes too long costs its budget and no more, and says so."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pipeline import extract
from pipeline.corpus import budget as budgets
from pipeline.corpus import pages, texts
from pipeline.corpus.batches import Batch, Lost
from pipeline.corpus.budget import TOO_LONG, OverBudget, budget
from pipeline.corpus.pool import Pool
from pipeline.corpus.schema import from_table
from tests.corpus.archives import PLAIN, html, story_page, write


def spin(*_: Any, **__: Any) -> None:
    """Takes any time, and swallows what it can."""
    while True:
        with suppress(Exception):
            sum(range(1000))


def test_what_takes_longer_is_broken_off_at_its_budget() -> None:
    began = time.process_time()
    with pytest.raises(OverBudget), budget(0.2):
        spin()
    assert 0.15 < time.process_time() - began < 2


def test_what_is_in_time_and_what_runs_elsewhere_goes_on() -> None:
    with budget(5):
        sum(range(1000))
    time.sleep(0)
    done: list[bool] = []

    def work() -> None:
        with budget(0.01):
            sum(range(3_000_000))
        done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]


def test_such_a_page_is_quarantined_and_the_others_of_its_batch_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, [story_page(0), story_page(1, body=html("坏", ["坏页"])), story_page(2)])
    (file,) = (p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.warc.gz"))
    real: Callable[..., Any] = extract.extract_page
    monkeypatch.setattr(
        extract,
        "extract_page",
        lambda body, **said: spin() if "坏页".encode() in body else real(body, **said),
    )
    monkeypatch.setattr(pages, "PAGE_SECONDS", 2.0)
    rows = list(from_table(pages.extract_batch(tmp_path, (), Batch(file=file, start=0, count=3))))
    assert [(d.reason, d.rule) for d in rows] == [(None, None), ("quarantined", TOO_LONG), (None, None)]
    assert rows[0].title_raw == PLAIN[0].title

    monkeypatch.setattr(texts, "PAGE_SECONDS", 0.3)
    monkeypatch.setattr(texts, "normalize_document", spin)
    slow = texts._in_time(rows[0])
    assert (slow.reason, slow.rule, slow.extracted) == ("quarantined", TOO_LONG, rows[0].extracted)


def deaf(batch: Batch) -> int:
    """In a library that hears no signal; only the kernel ends it."""
    if batch.start <= 1 < batch.start + batch.count:
        with budget(1.0):
            hashlib.pbkdf2_hmac("sha512", b"x", b"y", 200_000_000)
    return batch.count


def test_a_library_that_does_not_come_back_ends_its_worker_and_only_its_page_is_lost() -> None:
    began = time.monotonic()
    with Pool(1) as pool:
        batches = [Batch(file="x", start=0, count=4)]
        done = list(pool.map(deaf, batches, 100.0))
    lost = [each for each in done if isinstance(each, Lost)]
    assert [(each.batch.start, each.why) for each in lost] == [(1, "killed")]
    assert sum(each.batch.count for each in done) == 4
    assert time.monotonic() - began < 100, "not by the clock of the pool"


def test_the_limit_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[tuple[int, int]] = []
    monkeypatch.setattr(budgets.multiprocessing, "parent_process", object)
    monkeypatch.setattr(budgets.resource, "getrlimit", lambda _: (budgets.resource.RLIM_INFINITY,) * 2)
    monkeypatch.setattr(budgets.resource, "setrlimit", lambda _, limits: set_to.append(limits))
    with budget(10.0):
        pass
    assert set_to[0][0] < 1e6
    assert set_to[-1][0] == budgets.resource.RLIM_INFINITY
