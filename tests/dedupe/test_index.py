from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb
import pytest

from pipeline.dedupe import segments
from pipeline.dedupe.records import Decision, Item
from pipeline.dedupe.run import DedupeIndex, dedupe, remove
from pipeline.dedupe.sorted_pairs import mapped
from tests.corpus.articles import article, item, sentences, stored


@pytest.fixture(autouse=True)
def none_is_light(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few rows stand for many: none are joined for being few."""
    monkeypatch.setattr(segments, "LIGHT", 0)


def texts_of(number: int) -> list[Item]:
    edited = sentences(number)
    edited[3] = edited[3][:5] + "有所不同" + edited[3][9:]
    glued = f"{article(number)}\n下面是另一篇\n{article(number + 500)}"
    versions = [article(number), "".join(edited), "".join(sentences(number)[1:7]), glued]
    return [item(f"{number}-{n}", text, site=f"s{number % 3}") for n, text in enumerate(versions)]


BATCHES = [texts_of(n) for n in range(6)] + [[item("late", article(2)), item("half", article(503))]]


def clustering(decisions: dict[str, Decision]) -> dict[str, tuple[object, ...]]:
    return {
        name: (d.cluster, d.relation, d.kind, d.of, d.published, d.reason, d.spans)
        for name, d in sorted(decisions.items())
    }


def grown(folder: Path | None) -> tuple[DedupeIndex, dict[str, Decision]]:
    """All batches one after the other; with a folder, written and opened again after each."""
    index = DedupeIndex.open(None)
    decisions: dict[str, Decision] = {}
    for number, batch in enumerate(BATCHES):
        deduped = dedupe(batch, index, stored(*BATCHES))
        decisions |= {d.id: d for d in (*deduped.decisions, *deduped.revised)}
        if folder:
            index.write(folder / str(number))
            index = DedupeIndex.open(folder / str(number))
    return index, decisions


def sums(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


def test_an_index_on_disk_decides_as_one_in_memory(tmp_path: Path) -> None:
    assert clustering(grown(tmp_path)[1]) == clustering(grown(None)[1])


def test_the_links_between_copies_are_read_only_when_they_are_asked_for(tmp_path: Path) -> None:
    grown(tmp_path)
    index = DedupeIndex.open(tmp_path / str(len(BATCHES) - 1))
    index.load(["0-1", "0-2"])
    index.load_ties(["0-1", "0-2"])
    assert index.links("0-1") == []
    assert {link.relation for link in index.ties("0-2", {"contained_in"})} == {"contained_in"}
    assert index.ties("0-2", {"same_form"}) == []
    index.load_links(["0-1"])
    assert "duplicate" in {link.relation for link in index.links("0-1")}


def test_what_was_decided_is_what_is_stored(tmp_path: Path) -> None:
    index, decisions = grown(tmp_path)
    assert {member.id: member.decision for member in index.all_members()} == decisions


def test_the_same_state_is_the_same_bytes(tmp_path: Path) -> None:
    grown(tmp_path / "one")
    grown(tmp_path / "two")
    last = str(len(BATCHES) - 1)
    assert sums(tmp_path / "one" / last) == sums(tmp_path / "two" / last)


def test_a_published_state_never_changes_and_old_segments_are_links(tmp_path: Path) -> None:
    index, _ = grown(tmp_path)
    before, last = sums(tmp_path / "2"), tmp_path / str(len(BATCHES) - 1)
    batch = [item("new", article(77))]
    dedupe(batch, index, stored(batch, *BATCHES))
    index.write(tmp_path / "next")
    assert sums(tmp_path / "2") == before
    for file in last.iterdir():
        assert file.samefile(tmp_path / "next" / file.name)
    assert len(list((tmp_path / "next").glob("sketches-*"))) == len(list(last.glob("sketches-*"))) + 1


def test_a_write_without_a_change_adds_nothing(tmp_path: Path) -> None:
    index, _ = grown(tmp_path)
    index.write(tmp_path / "again")
    assert sums(tmp_path / "again") == sums(tmp_path / str(len(BATCHES) - 1))


def test_many_segments_are_joined_and_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "MOST_SEGMENTS", 2)
    index, decisions = grown(tmp_path)
    assert len(list((tmp_path / str(len(BATCHES) - 1)).glob("sketches-*"))) <= 3
    assert clustering(decisions) == clustering(grown(None)[1])
    assert {member.id for member in index.all_members()} == decisions.keys()


def test_a_removed_document_is_in_no_segment_any_more(tmp_path: Path) -> None:
    index, _ = grown(tmp_path)
    gone = index.all_members()[0]
    remove([gone.id], index, stored(*BATCHES))
    index.write(tmp_path / "after")
    with duckdb.connect() as connection:
        for name, column in (("members", "id"), ("links", "id"), ("links", "of")):
            files = str(tmp_path / "after" / f"{name}-?????.parquet")
            found = connection.sql(f'SELECT * FROM "{files}" WHERE "{column}" = ?', params=[gone.id])
            assert found.fetchall() == [], name
    sketches = [mapped(path) for path in (tmp_path / "after").glob("sketches-*.npy")]
    assert sum(pairs.shape[1] for pairs in sketches) > 0
    assert not any((pairs[1] == gone.print).any() for pairs in sketches)
    index = DedupeIndex.open(tmp_path / "after")
    index.load([gone.id])
    assert index.get(gone.id) is None


def test_a_removal_without_purge_rewrites_nothing(tmp_path: Path) -> None:
    index, _ = grown(tmp_path)
    gone, last = index.all_members()[0], tmp_path / str(len(BATCHES) - 1)
    remove([gone.id], index, stored(*BATCHES), purge=False)
    index.write(tmp_path / "after")
    assert all(file.samefile(tmp_path / "after" / file.name) for file in last.iterdir())
    index = DedupeIndex.open(tmp_path / "after")
    index.load([gone.id])
    assert index.get(gone.id) is None
    assert gone.id not in {member.id for member in index.all_members()}


def test_site_lines_survive(tmp_path: Path) -> None:
    index = DedupeIndex.open(None)
    pages = [item(f"p{n}", f"{article(n)}\n本站声明：内容仅供参考", site="s") for n in range(5)]
    dedupe(pages[:2], index, stored(pages))
    assert index.repeated_lines("s") == frozenset()
    index.write(tmp_path / "1")
    index = DedupeIndex.open(tmp_path / "1")
    dedupe(pages[2:], index, stored(pages))
    index.write(tmp_path / "2")
    assert DedupeIndex.open(tmp_path / "2").repeated_lines("s") == {"本站声明：内容仅供参考"}
