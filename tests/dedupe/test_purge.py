"""Documents purged from an index: gone from every segment, the others as they were, the rest settled later."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline.dedupe.purge import Made, purge, segments_with, touched
from pipeline.dedupe.records import Item
from pipeline.dedupe.run import DedupeIndex, dedupe, remove, resettle
from pipeline.linking import link_or_copy
from tests.corpus.articles import article, item, sentences, stored
from tests.dedupe.test_index import BATCHES, clustering, grown


def linked(folder: Path, target: Path) -> Path:
    """A folder with the same files by hard link, as a version's revision begins."""
    target.mkdir()
    for path in folder.iterdir():
        link_or_copy(path, target / path.name)
    return target


def newest(folder: Path) -> Path:
    return max((path for path in folder.iterdir() if path.name.isdigit()), key=lambda path: int(path.name))


def purged(folder: Path, ids: list[str], made: Made | None = None) -> Path:
    target = linked(folder, folder.with_name(f"{folder.name}-purged"))
    purge(folder, target, ids, {} if made is None else made)
    return target


def test_nothing_of_a_document_is_left_and_all_others_are_as_they_were(tmp_path: Path) -> None:
    index, decisions = grown(tmp_path)
    prints = [member.print for member in index.all_members() if member.id in ("2-0", "2-1")]
    target = purged(newest(tmp_path), ["2-0", "2-1"])
    sketches = [np.load(path) for path in sorted(target.glob("sketches-*.npy"))]
    assert sum(pairs.shape[1] for pairs in sketches) > 0
    assert not any(np.isin(pairs[1], prints).any() for pairs in sketches)
    assert segments_with(target, ["2-0", "2-1"]) == []
    left = {member.id: member.decision for member in DedupeIndex.open(target).all_members()}
    assert left.keys() == decisions.keys() - {"2-0", "2-1"}
    for name, decision in left.items():
        assert clustering({name: decision}) == clustering({name: decisions[name]})
    rows = pq.read_table(sorted(target.glob("links-*.parquet"))[-1]).to_pylist()
    assert not [row for row in rows if {"2-0", "2-1"} & {row["id"], row["of"]}]


def test_segments_that_know_nothing_of_it_stay_the_same_file_and_those_written_are_shared(
    tmp_path: Path,
) -> None:
    grown(tmp_path)
    first, second = tmp_path / "5", tmp_path / "6"
    made: Made = {}
    with_it = {path.name for path in segments_with(second, ["late"])}
    one, two = purged(first, ["1-0"], made), purged(second, ["1-0"], made)
    shared = {path.name for path in segments_with(second, ["1-0"])} & {path.name for path in first.iterdir()}
    assert shared
    for name in shared:
        assert (one / name).samefile(two / name)
        assert not (one / name).samefile(first / name)
    apart = [path.name for path in second.glob("members-*.parquet") if path.name not in shared | with_it]
    assert all((two / name).samefile(second / name) for name in apart)


def test_facts_in_which_a_copy_differs_from_it_go_too(tmp_path: Path) -> None:
    body = article(1)
    batch = [
        item("a", f"{body}活动定于3月5日举行，共有12人参加。"),
        item("b", f"{body}活动定于4月6日举行，共有15人参加。"),
    ]
    index = DedupeIndex.open(None)
    dedupe(batch, index, stored(batch))
    member = index.get("b")
    assert member is not None
    assert member.decision.conflicts
    index.write(tmp_path / "1")
    after = DedupeIndex.open(purged(tmp_path / "1", ["a"])).all_members()
    assert [(m.id, m.decision.conflicts, m.decision.of) for m in after] == [("b", (), member.decision.of)]


@pytest.mark.parametrize("gone", ["2-0", "2-3", "late", "5-2"])
def test_purged_now_and_settled_later_is_as_removed_at_once(tmp_path: Path, gone: str) -> None:
    at_once, _ = grown(tmp_path)
    clusters = touched(newest(tmp_path), [gone])
    later = DedupeIndex.open(purged(newest(tmp_path), [gone]))
    changed = resettle(clusters, [gone], later, stored(*BATCHES))
    assert clustering({d.id: d for d in changed}) == clustering(
        {d.id: d for d in remove([gone], at_once, stored(*BATCHES))}
    )
    assert clustering({m.id: m.decision for m in later.all_members()}) == clustering(
        {m.id: m.decision for m in at_once.all_members()}
    )


def test_the_next_copy_represents_a_cluster_and_is_found(tmp_path: Path) -> None:
    batch: list[Item] = [item("a", article(1)), item("b", article(1) + "（完）"), item("other", article(2))]
    index = DedupeIndex.open(None)
    dedupe(batch, index, stored(batch))
    index.write(tmp_path / "1")
    clusters = touched(tmp_path / "1", ["a"])
    index = DedupeIndex.open(purged(tmp_path / "1", ["a"]))
    (now,) = resettle(clusters, ["a"], index, stored(batch))
    assert (now.id, now.published) == ("b", True)
    late = item("c", "".join(sentences(1)[1:]))
    (decision,) = dedupe([late], index, stored(batch, [late])).decisions
    assert decision.of == ("b",)


def test_nobody_left_is_nothing_to_settle(tmp_path: Path) -> None:
    batch = [item("a", article(1))]
    index = DedupeIndex.open(None)
    dedupe(batch, index, stored(batch))
    index.write(tmp_path / "1")
    assert touched(tmp_path / "1", ["a", "unknown"]) == ()
    index = DedupeIndex.open(purged(tmp_path / "1", ["a"]))
    assert index.all_members() == []
    assert resettle((), ["a"], index, stored(batch)) == ()
    (decision,) = dedupe([item("b", article(1))], index, stored(batch)).decisions
    assert decision.published
