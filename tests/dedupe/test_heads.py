"""A cluster of thousands is settled by its first members: whatever the increments, and for no more rows read."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.dedupe import index as index_module
from pipeline.dedupe import segments
from pipeline.dedupe.records import Decision, Item
from pipeline.dedupe.run import DedupeIndex, dedupe, remove
from tests.corpus.articles import article, item, sentences, stored

TITLES = ("城里修了一座新桥通车", "城里修了一座新桥", "城里修了一座新桥通车了", "")


def copy_of(number: int, version: int) -> str:
    """A version of an article: one sentence is another one."""
    parts = sentences(number)
    parts[version % len(parts)] = sentences(1000 + version, 1)[0]
    return "".join(parts)


def documents(seed: int) -> Iterator[Item]:
    """Versions of two articles, excerpts of them and pages glued of both, seen and captured at different times."""
    chance = random.Random(seed)
    made = [
        *(copy_of(1, version) for version in range(14)),
        *(copy_of(2, version) for version in range(8)),
        *("".join(sentences(1)[at : at + 8]) for at in (0, 3)),
        *(f"{article(1)}\n{article(2)}\n{article(30 + n, 6)}" for n in range(2)),
        *("".join([*sentences(1)[:4], *sentences(50 + n, 6), *sentences(1)[8:]]) for n in range(4)),
        article(3),
    ]
    chance.shuffle(made)
    for number, text in enumerate(made):
        seen = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=chance.randrange(1000))
        title, flaws = chance.choice(TITLES), chance.randrange(2)
        yield item(f"d{number:02d}", text, title=title, flaws=flaws, fetched_at=seen, order=number)


def said(index: DedupeIndex) -> dict[str, Decision]:
    return {member.id: member.decision for member in index.all_members()}


@pytest.mark.parametrize(("seed", "heads"), [(0, 1), (1, 3), (2, 1)])
def test_what_settles_a_cluster_does_not_follow_from_the_increments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, heads: int
) -> None:
    monkeypatch.setattr(index_module, "HEADS", heads)
    monkeypatch.setattr(segments, "_FIRST_ASKED", 1)
    every = list(documents(seed))
    at_once = DedupeIndex.open(None)
    dedupe(every, at_once, stored(every))
    folder = None
    for start in range(0, len(every), 6):
        index = DedupeIndex.open(folder)
        dedupe(every[start : start + 6], index, stored(every))
        folder = tmp_path / str(start)
        index.write(folder)
    assert said(DedupeIndex.open(folder)) == said(at_once)
    gone = [one.id for one in every[::5]]
    index = DedupeIndex.open(folder)
    for each in (index, at_once):
        remove(gone, each, stored(every))
    assert said(index) == said(at_once)


def test_one_more_of_many_reads_no_more_rows_than_one_more_of_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = segments._read_rows
    rows: list[int] = []

    def counted(file: Any, numbers: Any) -> Any:
        rows.append(len(numbers))
        return read(file, numbers)

    monkeypatch.setattr(segments, "_read_rows", counted)
    monkeypatch.setattr(index_module, "HEADS", 8)
    asked = {}
    for size in (100, 600):
        versions = [item(f"v{n:04d}", copy_of(1, n)) for n in range(size + 1)]
        index = DedupeIndex.open(None)
        dedupe(versions[:size], index, stored(versions))
        index.write(tmp_path / str(size))
        rows.clear()
        index = DedupeIndex.open(tmp_path / str(size))
        dedupe(versions[size:], index, stored(versions))
        member = index.get(f"v{size:04d}")
        assert member is not None
        assert member.decision.cluster == "v0000"
        asked[size] = sum(rows)
    assert max(asked.values()) < 150
