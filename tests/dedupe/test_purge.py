"""Documents purged from an index: gone from every segment, the others as they were, the rest settled later."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline.dedupe import lines, tables
from pipeline.dedupe.furniture import masked
from pipeline.dedupe.purge import Made, purge, segments_with, touched
from pipeline.dedupe.records import Item
from pipeline.dedupe.run import DedupeIndex, dedupe
from pipeline.dedupe.segments import Segments
from pipeline.dedupe.sorted_pairs import mapped
from pipeline.dedupe.tables import key_of
from pipeline.linking import link_or_copy
from tests.corpus.articles import article, item, stored
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
    sketches = [mapped(path) for path in sorted(target.glob("sketches-*.npy"))]
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
def test_nothing_that_is_left_knows_it_and_the_next_batch_is_decided(tmp_path: Path, gone: str) -> None:
    grown(tmp_path)
    folder = newest(tmp_path)
    before = {member.id: member for member in DedupeIndex.open(folder).all_members()}
    target = purged(folder, [gone])
    print_, key = before[gone].print, key_of(gone)
    for path in target.glob("*.npy"):
        wanted = key if path.name.startswith(("edge_lines", "links")) else print_  # its id may name a cluster
        assert not np.isin(mapped(path), np.array([wanted], np.uint64)).any(), path.name
    index = DedupeIndex.open(target)
    late = [item("new", article(77)), item("copy", article(78)), item("copy-2", article(78) + "（完）")]
    (new, first, second) = dedupe(late, index, stored(*BATCHES, late)).decisions
    assert (new.published, first.published, second.of) == (True, True, ("copy",))
    index.write(tmp_path / "after")
    assert segments_with(tmp_path / "after", [gone]) == []
    left = {member.id for member in DedupeIndex.open(tmp_path / "after").all_members()}
    assert left == before.keys() - {gone} | {"new", "copy", "copy-2"}


def test_a_line_at_the_edge_and_a_text_that_was_decided_again_are_forgotten(tmp_path: Path) -> None:
    """The tables of lines and of retired texts: each holds something of the document before, and nothing after."""
    batch = [
        item(name, f"{article(n)}\n责任编辑：某某", order=n) for n, name in enumerate(("a", "b", "c"), 3)
    ]
    index = DedupeIndex.open(None)
    dedupe(batch, index, stored(batch))
    index.write(tmp_path / "1")
    print_ = DedupeIndex.open(tmp_path / "1").all_members()[0].print
    index = DedupeIndex.open(tmp_path / "1")
    edited = [item("a", f"{article(9)}\n责任编辑：某某", order=3)]
    dedupe(edited, index, stored(batch, edited))
    index.write(tmp_path / "2")
    retired = np.concatenate([mapped(path) for path in (tmp_path / "2").glob("retired-*.npy")], axis=1)
    lines = np.concatenate([mapped(path) for path in (tmp_path / "2").glob("edge_lines-*.npy")], axis=1)
    assert np.isin(retired, np.array([print_], np.uint64)).any()
    assert np.isin(lines[1], tables.keys_of(["a"])).any()
    target = purged(tmp_path / "2", ["a"])
    for path in target.glob("retired-*.npy"):
        assert not np.isin(mapped(path), np.array([print_], np.uint64)).any()
    for path in target.glob("edge_lines-*.npy"):
        assert not np.isin(mapped(path)[1], tables.keys_of(["a"])).any()
    assert {member.id for member in DedupeIndex.open(target).all_members()} == {"b", "c"}


def test_the_clusters_of_those_left_are_told(tmp_path: Path) -> None:
    batch: list[Item] = [item("a", article(1)), item("b", article(1) + "（完）"), item("other", article(2))]
    index = DedupeIndex.open(None)
    dedupe(batch, index, stored(batch))
    index.write(tmp_path / "1")
    assert len(touched(tmp_path / "1", ["a"])) == 1
    assert touched(tmp_path / "1", ["other"]) == ()


def test_those_are_told_whose_furniture_was_found_by_one_that_goes(tmp_path: Path) -> None:
    frame = "本报地址在河边的一条小街上，读者来信请寄到这里，编辑部的人每一封都会看。"
    batch = [
        item(name, f"{article(n)}\n{frame}", site="one.example") for n, name in enumerate(("a", "b", "c"))
    ]
    batch.append(item("alone", article(9), site="one.example"))
    index = DedupeIndex.open(None)
    dedupe(batch, index, stored(batch))
    index.write(tmp_path / "1")
    sites = Segments(tables.SITE_LINES, tmp_path / "1").all().to_pylist()
    assert any(masked(frame) in site["repeated"] for site in sites), "three articles made it furniture"
    (cluster,) = touched(tmp_path / "1", ["a"])
    assert cluster in {"b", "c"}, "what was stripped from these is theirs again"
    assert touched(tmp_path / "1", ["alone"]) == ()
    assert touched(tmp_path / "1", ["a", "b", "c"]) == (), "nobody is left"


def test_one_of_many_that_have_a_line_taught_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LISTED", 2)
    line = "读者来信请寄到河边的一条小街上。"
    batch = [item(f"d{n}", f"{article(n)}\n{line}", site="one.example") for n in range(5)]
    index = DedupeIndex.open(None)
    dedupe(batch, index, stored(batch))
    index.write(tmp_path / "1")
    looked_at = sorted((key_of(f"d{n}"), f"d{n}") for n in range(5))
    told = {name: touched(tmp_path / "1", [name]) != () for _, name in looked_at}
    assert list(told.values()) == [True, True, False, False, False], (
        "the first by their keys, as lines.py looks"
    )


def test_nobody_left_is_nothing_to_settle(tmp_path: Path) -> None:
    batch = [item("a", article(1))]
    index = DedupeIndex.open(None)
    dedupe(batch, index, stored(batch))
    index.write(tmp_path / "1")
    assert touched(tmp_path / "1", ["a", "unknown"]) == ()
    index = DedupeIndex.open(purged(tmp_path / "1", ["a"]))
    assert index.all_members() == []
    (decision,) = dedupe([item("b", article(1))], index, stored(batch)).decisions
    assert decision.published
