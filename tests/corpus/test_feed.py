"""The change feed: what releases add up to is what their versions differ in, also when these were collected."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.cli import main
from pipeline.corpus import feed, feed_files, versions
from pipeline.corpus.build import build
from pipeline.corpus.changes import compare
from pipeline.corpus.edition import Edit, Edition
from pipeline.corpus.job import recover
from pipeline.corpus.read import documents, list_versions, read_changes
from pipeline.errors import CorpusError, NoSpaceError, UsageError
from pipeline.records import Document
from pipeline.runs import Folders
from pipeline.upkeep import verify
from tests.corpus.archives import PLAIN, html, job, story_page, write
from tests.corpus.rows import row
from tests.corpus.test_build import killed_at

State = dict[str, tuple[str, str]]
"""Document → hashes of its text and its row."""

DAY = timedelta(days=1)
SAID = ("id", "kind", "old_text_hash", "new_text_hash", "old_row_hash", "new_row_hash")


def between(old: Mapping[str, tuple[str, str]], new: Mapping[str, tuple[str, str]]) -> list[dict[str, Any]]:
    """What `compare` says of two versions that hold these."""
    rows = []
    for ident in sorted(old.keys() | new.keys()):
        before, after = old.get(ident), new.get(ident)
        if before != after:
            kind = "added" if before is None else "removed" if after is None else "changed"
            hashes = [side and side[n] for n in (0, 1) for side in (before, after)]
            rows.append(dict(zip(SAID, [ident, kind, *hashes], strict=True)))
    return rows


def table(rows: Sequence[dict[str, Any]], parent: str | None, version: str) -> pa.Table:
    columns = {name: pa.array([r[name] for r in rows], pa.string()) for name in SAID}
    columns["cause"] = pa.array(["capture"] * len(rows), pa.string())
    return feed.of_release(pa.table(columns), parent, version)


def said(changes: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = changes.select(list(SAID)).to_pylist()
    return rows


HASH = st.sampled_from("xyz")
STATES = st.dictionaries(st.sampled_from("abcd"), st.tuples(HASH, HASH), max_size=4)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(STATES, st.integers(0, 5)), min_size=1, max_size=7), st.data())
def test_the_fold_is_the_difference_of_the_two_versions_wherever_they_stand(
    made: list[tuple[State, int]], data: st.DataObject
) -> None:
    """Any tree of versions: a chain, revisions beside their releases, versions removed and made anew."""
    states: dict[str, State] = {}
    parents: dict[str, str | None] = {}
    steps: dict[str, pa.Table] = {}
    for number, (state, upon) in enumerate(made, 1):
        version = f"2.{number}.0"
        parent = list(states)[upon % len(states)] if states and upon else None
        steps[version] = table(between(states.get(parent or "", {}), state), parent, version)
        states[version], parents[version] = state, parent
    since, until = (data.draw(st.sampled_from(sorted(states))) for _ in range(2))
    way = feed.route(parents, since, until)
    found = feed.fold([(steps[version], is_forth) for version, is_forth in way], since, until)
    assert said(found) == between(states[since], states[until])
    assert found.schema == feed.FEED


ROWS = st.lists(
    st.tuples(st.integers(1, 5), st.sampled_from(["甲", "乙"]), st.sampled_from(["一", "二"])),
    unique_by=lambda each: each[0],
    max_size=4,
)


@settings(deadline=None, max_examples=25)
@given(st.lists(ROWS, min_size=2, max_size=5))
def test_the_fold_is_what_diff_says(
    tmp_path_factory: pytest.TempPathFactory, history: list[list[tuple[int, str, str]]]
) -> None:
    folder = tmp_path_factory.mktemp("history")
    steps = []
    for number, rows in enumerate(history):
        edition = Edition(folder / str(number), None)
        edition.apply([Edit(after=row(n, title=title, text=text * 50)) for n, title, text in rows])
        if number:
            changes = compare(folder / str(number - 1), folder / str(number))
            steps.append((feed.of_release(changes, str(number - 1), str(number)), True))
    expected = compare(folder / "0", folder / str(len(history) - 1))
    assert said(feed.fold(steps, "0", "1")) == said(expected)
    shutil.rmtree(folder)


def one(kind: str, cause: str, old: State, new: State) -> pa.Table:
    (only,) = between(old, new)
    assert only["kind"] == kind
    made = table([only], "2.1.0", "2.2.0")
    return made.set_column(made.schema.get_field_index("cause"), "cause", pa.array([cause], pa.string()))


A, B, C = ({"a": (text, text)} for text in "xyz")
RELATED = {"a": ("y", "other")}


@pytest.mark.parametrize(
    ("steps", "ends"),
    [
        ([one("added", "capture", {}, A), one("removed", "dedupe", A, {})], None),
        ([one("added", "capture", {}, A), one("changed", "extract", A, B)], ("added", "extract")),
        ([one("changed", "capture", A, B), one("changed", "relation", B, RELATED)], ("changed", "capture")),
        ([one("changed", "capture", A, B), one("removed", "quality", B, {})], ("removed", "quality")),
        ([one("changed", "capture", A, B), one("changed", "capture", B, A)], None),
        ([one("removed", "dedupe", A, {}), one("added", "dedupe", {}, A)], None),
        ([one("removed", "dedupe", A, {}), one("added", "capture", {}, B)], ("changed", "capture")),
    ],
)
def test_kind_and_cause(steps: list[pa.Table], ends: tuple[str, str] | None) -> None:
    found = feed.fold([(step, True) for step in steps], "2.1.0", "2.9.0").to_pylist()
    assert [(r["kind"], r["cause"]) for r in found] == ([ends] if ends else [])
    assert all((r["from_version"], r["to_version"]) == ("2.1.0", "2.9.0") for r in found)


def test_without_hashes_of_rows_what_was_touched_counts_as_changed() -> None:
    old = [one("changed", "metadata", A, B), one("changed", "metadata", B, A)]
    bare = [feed.of_release(step.drop_columns(["old_row_hash", "new_row_hash"]), "a", "b") for step in old]
    assert feed.fold([(step, True) for step in bare], "a", "b")["kind"].to_pylist() == ["changed"]


def test_a_way_that_is_lost_names_the_file() -> None:
    parents = {"2.3.0": "2.2.0", "2.4.0": "2.3.0"}
    assert feed.route(parents, "2.2.0", "2.4.0") == [("2.3.0", True), ("2.4.0", True)]
    assert feed.route(parents, "2.4.0", "2.3.0") == [("2.4.0", False)]
    with pytest.raises(UsageError, match=r"changes/2\.2\.0\.parquet: missing.*read 2\.4\.0 whole"):
        feed.route(parents, "2.1.0", "2.4.0")


def test_equal_changes_give_equal_bytes_and_an_empty_file_says_upon_what(tmp_path: Path) -> None:
    empty = feed.of_release(feed.FEED.empty_table(), "2.1.0", "2.2.0")
    assert feed.to_bytes(empty, "2.1.0") == feed.to_bytes(empty, "2.1.0")
    (tmp_path / "x.parquet").write_bytes(feed.to_bytes(empty, "2.1.0"))
    assert feed.made_upon(tmp_path / "x.parquet") == "2.1.0"
    (tmp_path / "x.parquet").write_bytes(feed.to_bytes(empty, None))
    assert feed.made_upon(tmp_path / "x.parquet") is None
    pq.write_table(empty, tmp_path / "x.parquet")
    with pytest.raises(ValueError, match="does not say"):
        feed.made_upon(tmp_path / "x.parquet")


# -- with the corpus


def edited(number: int, story: int, day: int) -> Any:
    """A page that prints another story some days later."""
    body = html(PLAIN[story].title, PLAIN[story].body)
    return story_page(number, body=body, fetched_at=story_page(number).fetched_at + day * DAY)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five releases: pages come, one is changed, changed back, another changed."""
    folder = tmp_path_factory.mktemp("published")
    days = [
        [story_page(0), story_page(1)],
        [edited(0, 20, 1), story_page(2, fetched_at=story_page(2).fetched_at + DAY)],
        [edited(0, 0, 2)],
        [edited(1, 21, 3)],
        [story_page(3, fetched_at=story_page(3).fetched_at + 4 * DAY)],
    ]
    for number, pages in enumerate(days, 1):
        write(folder / "raw", pages, f"run-{number}")
        assert build(job(folder)).version == f"2.{number}.0"
    return folder


@pytest.fixture
def corpus(published: Path, tmp_path: Path) -> Path:
    shutil.copytree(published, tmp_path / "corpus", symlinks=True)
    return tmp_path / "corpus"


def held(clean: Path, version: str) -> dict[str, Document]:
    return {d.id: d for d in documents(clean, version=version)}


def test_a_consumer_that_pulls_once_in_a_while_has_what_the_newest_version_has(corpus: Path) -> None:
    clean = corpus / "clean"
    mine, newest = held(clean, "2.1"), held(clean, "2.5")
    expected = said(versions.diff(clean, "2.1", "2.5"))
    for version in ("2.1.0", "2.2.0", "2.3.0", "2.4.0"):
        shutil.rmtree(clean / version)
    changes = read_changes(clean, since="2.1")
    assert said(changes) == expected
    assert {r["kind"] for r in changes.to_pylist()} == {"added", "changed"}
    for change in changes.to_pylist():
        mine.pop(change["id"], None)
        if change["kind"] != "removed":
            mine[change["id"]] = newest[change["id"]]
    assert {i: d.text_hash for i, d in mine.items()} == {i: d.text_hash for i, d in newest.items()}
    back_again = read_changes(clean, since="2.1", until="2.3").to_pylist()
    assert sorted(r["kind"] for r in back_again) == ["added", "changed"]
    (same,) = (r for r in back_again if r["kind"] == "changed")
    assert same["old_text_hash"] == same["new_text_hash"], "the text is what it was, of another capture"
    assert read_changes(clean, since="2.5").num_rows == 0
    back = read_changes(clean, since="2.5", until="2.1")
    assert sorted(back["kind"].to_pylist()) == ["changed", "changed", "removed", "removed"]
    assert set(back["cause"].to_pylist()) == {"undone"}


def test_what_was_taken_down_from_a_release_later_is_told_to_who_has_it(corpus: Path) -> None:
    """A revision of 2.4 beside it: a consumer of `2.4` is told of what left, one of `2.4.1` is not."""
    clean = corpus / "clean"
    gone = next(iter(held(clean, "2.4")))
    shutil.copytree(clean / "2.4.0", clean / "2.4.1")
    text = one("removed", "takedown", {gone: ("x", "x")}, {})
    feed_files.put_in_place(feed_files.stage(text, "2.4.0", "2.4.1", corpus / ".build"), clean, "2.4.1")
    found = read_changes(clean, since="2.4", until="2.4")
    assert [(r["id"], r["kind"], r["cause"]) for r in found.to_pylist()] == [(gone, "removed", "takedown")]
    assert read_changes(clean, since="2.4.1", until="2.4.1").num_rows == 0
    assert read_changes(clean, since="2.4.1", until="2.5")["id"].to_pylist().count(gone) == 1


def test_the_files_hold_no_text_no_title_and_no_url(corpus: Path) -> None:
    assert sorted(p.name for p in (corpus / "clean/changes").iterdir()) == [
        f"2.{n}.0.parquet" for n in range(1, 6)
    ]
    for path in (corpus / "clean/changes").iterdir():
        assert pq.read_schema(path).names == feed.FEED.names
        assert path.stat().st_nlink == 1, "no hard link to changes.parquet, which names title and URL"
        shown = str(pq.read_table(path).to_pylist())
        assert not any(word in shown for word in ("http", PLAIN[0].title, PLAIN[1].title))


def test_maintenance_lets_versions_go_and_their_changes_stay(corpus: Path) -> None:
    clean = corpus / "clean"
    (clean / "changes/2.1.0.parquet").unlink()  # as a build killed before it left none
    for version in ("2.1.0", "2.2.0"):
        path = clean / version / "manifest.json"
        path.write_text(
            path.read_text().replace("2026-11-01", "2026-11-05").replace("2026-11-02", "2026-11-05")
        )
    before = said(read_changes(clean, since="2.1"))
    plan = versions.collect(clean, corpus / "work")
    assert [k.version for k in plan if k.why is None] == ["2.1.0", "2.2.0"]
    assert said(read_changes(clean, since="2.1")) == before


def test_a_number_that_is_in_the_feed_is_not_given_again(corpus: Path) -> None:
    shutil.rmtree(corpus / "clean/2.5.0")
    assert build(job(corpus)).version == "2.6.0", "who pulled 2.5.0 must not find another one under its name"
    there = set(held(corpus / "clean", "2.6"))
    assert {r["id"] for r in read_changes(corpus / "clean", since="2.4").to_pylist()} <= there
    assert read_changes(corpus / "clean", since="2.5").num_rows == 0, "the same rows by another way"


def test_diff_of_a_collected_version_points_to_the_feed(
    corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(corpus / "clean/2.1.0")
    assert main(["diff", "2.1", "2.5", "--clean", str(corpus / "clean")]) == 2
    assert "corpus changes --since 2.1" in capsys.readouterr().err
    assert main(["changes", "--since", "2.1", "--clean", str(corpus / "clean")]) == 0
    shown = capsys.readouterr()
    assert [line.split('"kind": "')[1].split('"')[0] for line in shown.out.splitlines()].count("added") == 2
    assert "From 2.1.0 to 2.5.0" in shown.err
    assert main(["changes", "--since", "7.1", "--clean", str(corpus / "clean")]) == 2
    assert "nothing is known of a version 7.1; there are 2.1.0 to 2.5.0" in capsys.readouterr().err


def test_verify_names_what_is_wrong_with_the_feed(corpus: Path) -> None:
    where = Folders(raw=corpus / "raw", clean=corpus / "clean")
    assert verify(where) == []
    changes = corpus / "clean/changes"
    (changes / "2.1.0.parquet").unlink()
    (changes / "2.2.0.parquet").write_bytes(b"PAR1")
    shutil.copyfile(changes / "2.4.0.parquet", changes / "2.3.0.parquet")
    (changes / "notes.txt").touch()
    told = "\n".join(verify(where))
    assert f"{changes / '2.1.0.parquet'}: missing; the next build makes it" in told
    assert f"{changes / '2.2.0.parquet'}: cannot be read" in told
    assert f"{changes / '2.3.0.parquet'}: not what 2.3.0 changed" in told
    assert f"{changes / 'notes.txt'}: not a file of the change feed" in told
    assert len(told.splitlines()) == 4
    with pytest.raises(CorpusError, match="`corpus verify` says which file"):
        read_changes(corpus / "clean", since="2.1")
    for name in ("2.2.0.parquet", "2.3.0.parquet", "notes.txt"):
        (changes / name).unlink()
    recover(job(corpus))
    assert verify(where) == []


def test_a_damaged_version_gives_no_file_and_stops_no_build(corpus: Path) -> None:
    (corpus / "clean/changes/2.1.0.parquet").unlink()
    path = corpus / "clean/2.1.0/changes.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert not build(job(corpus)).published
    assert not (corpus / "clean/changes/2.1.0.parquet").exists()


@pytest.mark.slow
def test_killed_at_any_write_the_next_build_leaves_every_release_its_file(
    corpus: Path, tmp_path: Path
) -> None:
    write(corpus / "raw", [story_page(4, fetched_at=story_page(4).fetched_at + 5 * DAY)], "run-6")
    calm = tmp_path / "calm"
    shutil.copytree(corpus, calm, symlinks=True)
    build(job(calm))
    shutil.copytree(calm / ".build", corpus / ".build", dirs_exist_ok=True)
    expected = {p.name: p.read_bytes() for p in (calm / "clean/changes").iterdir()}
    number, died, between_ = 0, True, 0
    while died:
        number += 1
        folder = tmp_path / f"killed-{number}"
        shutil.copytree(corpus, folder, symlinks=True)
        died = killed_at(number, lambda folder=folder: build(job(folder)))  # type: ignore[misc]
        between_ += died and bool(feed_files.lacking(folder / "clean"))
        newest = list_versions(folder / "clean")[-1]
        assert read_changes(folder / "clean", since="2.1", until=newest).num_rows, "also before it is mended"
        build(job(folder))
        assert {p.name: p.read_bytes() for p in (folder / "clean/changes").iterdir()} == expected
        assert not list((folder / ".build").glob("changes-*"))
        shutil.rmtree(folder)
    assert number > 20
    assert between_, "one kill fell between the version and its file"


def test_a_full_disk_publishes_neither_the_version_nor_its_file(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(corpus / "raw", [story_page(4, fetched_at=story_page(4).fetched_at + 5 * DAY)], "run-6")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "x")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(NoSpaceError):
            build(job(corpus))
    assert list_versions(corpus / "clean")[-1] == "2.5.0"
    assert not (corpus / "clean/changes/2.6.0.parquet").exists()
    assert build(job(corpus)).version == "2.6.0"
    assert verify(Folders(raw=corpus / "raw", clean=corpus / "clean")) == []
