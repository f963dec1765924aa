from __future__ import annotations

import errno
import json
import os
import threading
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from pipeline.archive.store import sha256_of
from pipeline.corpus import publish
from pipeline.corpus.read import latest, version_folder
from pipeline.corpus.schema import SCHEMA, to_table, write_parquet
from pipeline.errors import CorpusError, NoSpaceError, RefusedError
from pipeline.records import InputFile, Manifest, OutputFile
from tests.corpus.rows import row

MANIFEST = Manifest(
    version="2.7.0",
    parent=None,
    created_at=datetime(2026, 11, 1, 16, 30, tzinfo=timezone(timedelta(hours=8))),
    fingerprints={"normalize": "b", "extract": "a"},
    inputs=(InputFile(file="warc/x.warc.gz", sha256="00", captures=3),),
    files=(OutputFile(file="articles/x.parquet", sha256="11", rows=2),),
    counts={"源": {"articles": 2, "timeout": 1}},
    held={"源": "0 links found"},
)


def parquet(path: Path, *numbers: int) -> Path:
    """A file of the corpus with the rows of these numbers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_parquet(to_table([row(n) for n in numbers]) if numbers else SCHEMA.empty_table(), path)
    return path


def described(*paths: Path) -> dict[str, OutputFile]:
    return {
        f"articles/{p.name}": OutputFile(file=f"articles/{p.name}", sha256=sha256_of(p), rows=1)
        for p in paths
    }


# -- what a version holds


def test_every_file_but_manifest_and_sums_is_described_with_its_sum_and_rows(tmp_path: Path) -> None:
    path = parquet(tmp_path / "articles/a.parquet", 1, 2)
    (tmp_path / "README.md").write_text("card")
    (tmp_path / publish.MANIFEST).write_text("{}")
    (tmp_path / publish.SUMS).write_text("")
    assert publish.describe_files(tmp_path, None, {}) == (
        OutputFile(
            file="README.md",
            sha256="8367cd66fdd136bba8ba23f8805bb050dd6289401c8ec3b0be44a3c233eef90d",
            rows=None,
        ),
        OutputFile(file="articles/a.parquet", sha256=sha256_of(path), rows=2),
    )


def test_a_link_to_the_parents_file_keeps_its_sum_unread_and_a_file_of_its_name_does_not(
    tmp_path: Path,
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for name in ("linked", "own"):
        parquet(old / f"articles/{name}.parquet", 1)
    (new / "articles").mkdir(parents=True)
    os.link(old / "articles/linked.parquet", new / "articles/linked.parquet")
    parquet(new / "articles/own.parquet", 2)
    known = {f"articles/{n}.parquet": OutputFile(file=n, sha256="said", rows=9) for n in ("linked", "own")}
    linked, own = publish.describe_files(new, old, known)
    assert linked == known["articles/linked.parquet"]
    assert (own.sha256, own.rows) == (sha256_of(new / "articles/own.parquet"), 1)
    assert publish.describe_files(new, old, {})[0].sha256 == sha256_of(old / "articles/linked.parquet")
    assert publish.describe_files(new, None, known)[0].rows == 1
    (old / "articles/own.parquet").unlink()
    assert publish.describe_files(new, old, known)[1] == own, "what the parent lost is no link to it"


def test_after_a_full_build_equal_files_are_links_and_all_others_their_own(tmp_path: Path) -> None:
    old, new = tmp_path / "old/articles", tmp_path / "new/articles"
    known = described(
        parquet(old / "equal.parquet", 1), parquet(old / "other.parquet", 2), parquet(old / "gone.parquet", 3)
    )
    short, same = old / "short.bin", old / "length.bin"
    short.write_bytes(b"ab")
    same.write_bytes(b"abc")
    known |= described(short, same)
    parquet(new / "equal.parquet", 1)
    parquet(new / "other.parquet", 4)
    parquet(new / "fresh.parquet", 5)
    (new / "short.bin").write_bytes(b"abc")
    (new / "length.bin").write_bytes(b"xyz")
    lost = old / "lost.parquet"
    known |= described(parquet(lost, 6))
    lost.unlink()
    parquet(new / "lost.parquet", 6)
    before = {p.name: p.read_bytes() for p in new.iterdir()}
    publish.relink_equal(tmp_path / "new", tmp_path / "old", known)
    assert {p.name: p.read_bytes() for p in new.iterdir()} == before
    assert [p.name for p in sorted(new.iterdir()) if p.stat().st_nlink == 2] == ["equal.parquet"]
    publish.relink_equal(tmp_path / "new", tmp_path / "old", known)
    assert (new / "equal.parquet").samefile(old / "equal.parquet")


@pytest.mark.parametrize(
    ("before", "delta", "after"),
    [
        ({}, {}, {}),
        ({}, {"b": Counter(x=1), "a": Counter(y=2)}, {"a": {"y": 2}, "b": {"x": 1}}),
        ({"a": {"articles": 3}}, {"a": Counter(articles=-1, held=1)}, {"a": {"articles": 2, "held": 1}}),
        ({"a": {"articles": 3}}, {"a": Counter(articles=-3)}, {}),
        ({"a": {"articles": 1, "held": 1}}, {"a": Counter(held=-1)}, {"a": {"articles": 1}}),
        ({"a": {"articles": 1}}, {}, {"a": {"articles": 1}}),
    ],
)
def test_counts(
    before: dict[str, dict[str, int]], delta: dict[str, Counter[str]], after: dict[str, dict[str, int]]
) -> None:
    merged = publish.merge_counts(before, delta)
    assert merged == after
    assert list(merged) == sorted(merged)


def test_a_manifest_is_read_as_it_was_written_and_reads_well(tmp_path: Path) -> None:
    publish.write_manifest(tmp_path, MANIFEST)
    assert publish.read_manifest(tmp_path) == MANIFEST
    text = (tmp_path / publish.MANIFEST).read_text(encoding="utf-8")
    assert '"源"' in text, "Chinese stands as it is"
    assert '"created_at": "2026-11-01T08:30:00Z"' in text, "time in UTC"
    keys = list(json.loads(text))
    assert keys == sorted(keys)
    assert text.endswith("}\n")


def test_the_sums_are_those_sha256sum_checks(tmp_path: Path) -> None:
    publish.write_manifest(tmp_path, MANIFEST)
    own = sha256_of(tmp_path / publish.MANIFEST)
    assert (tmp_path / publish.SUMS).read_text() == f"11  articles/x.parquet\n{own}  manifest.json\n"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"created_at": "yesterday"}', "\ufeff{"])
def test_what_is_no_manifest_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / publish.MANIFEST).write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError, match=r"manifest\.json: not a readable manifest"):
        publish.read_manifest(tmp_path)


def test_only_times_are_put_into_words() -> None:
    with pytest.raises(TypeError, match="not for a manifest"):
        publish._plain(Path("x"))


# -- putting it in place


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """A corpus of three empty versions and a work folder beside it."""
    for version in ("2.1.0", "2.2.0", "2.3.0"):
        (tmp_path / "clean" / version).mkdir(parents=True)
        (tmp_path / "clean" / version / "manifest.json").touch()
    (tmp_path / "work").mkdir()
    return tmp_path / "clean"


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that are flushed to the disk, in order."""
    paths: list[str] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        paths.append(Path(f"/proc/self/fd/{handle}").readlink().name)
        real(handle)

    monkeypatch.setattr(publish.os, "fsync", fsync)
    return paths


def test_all_that_is_new_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, clean: Path, synced: list[str]
) -> None:
    staged = tmp_path / "work/staging"
    parquet(staged / "articles/new.parquet", 1)
    os.link(parquet(tmp_path / "old.parquet", 2), staged / "articles/linked.parquet")
    assert publish.put_in_place(staged, clean, "2.4.0") == clean / "2.4.0"
    assert synced == ["articles", "new.parquet", "staging", "clean", "clean"]
    assert not staged.exists()
    assert latest(clean) == "2.4.0"


def test_the_first_version_makes_the_corpus_folder(tmp_path: Path) -> None:
    staged = tmp_path / "work/staging"
    staged.mkdir(parents=True)
    publish.put_in_place(staged, tmp_path / "far/away/clean", "2.1.0")
    assert latest(tmp_path / "far/away/clean") == "2.1.0"


def test_a_version_is_never_written_twice(tmp_path: Path, clean: Path) -> None:
    (tmp_path / "work/staging").mkdir()
    with pytest.raises(RefusedError, match=r"2\.3\.0 is there already"):
        publish.put_in_place(tmp_path / "work/staging", clean, "2.3.0")
    assert (tmp_path / "work/staging").is_dir()


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.ENOSPC, NoSpaceError, "x: the disk is full"),
        (errno.EDQUOT, NoSpaceError, "x: the disk is full"),
        (
            errno.EXDEV,
            CorpusError,
            "x: the work folder is on another disk than the corpus; name one with --work",
        ),
        (errno.EACCES, CorpusError, "x: Permission denied"),
    ],
)
def test_disk_trouble_says_what_to_do(number: int, kind: type[CorpusError], words: str) -> None:
    error = publish.disk_error(OSError(number, os.strerror(number)), Path("x"))
    assert type(error) is kind
    assert str(error).startswith(words)


def test_an_error_without_a_number_keeps_its_words() -> None:
    assert str(publish.disk_error(OSError("odd"), Path("x"))) == "x: odd"


def test_a_rename_that_fails_is_told_as_disk_trouble(
    tmp_path: Path, clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work/staging").mkdir()

    def fails(*_: Any) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(CorpusError, match="another disk"):
        publish.put_in_place(tmp_path / "work/staging", clean, "2.4.0")
    assert not (clean / "latest").exists()


def test_latest_moves_and_leaves_nothing_behind(tmp_path: Path, clean: Path, synced: list[str]) -> None:
    for version in ("2.1.0", "2.3.0", "2.2.0"):
        publish.point_latest(clean, version, tmp_path / "work")
        assert str((clean / "latest").readlink()) == version
        assert version_folder(clean).name == version
    assert list((tmp_path / "work").iterdir()) == []
    assert synced == ["clean"] * 3


def test_a_killed_swap_is_made_good(tmp_path: Path, clean: Path) -> None:
    (tmp_path / "work/latest-clean").symlink_to("2.1.0")
    publish.point_latest(clean, "2.2.0", tmp_path / "work")
    assert latest(clean) == "2.2.0"
    assert list((tmp_path / "work").iterdir()) == []


def test_two_corpora_that_share_a_work_folder_do_not_take_each_others_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, work = tmp_path / "a", tmp_path / "b", tmp_path / "work"
    for folder in (a / "2.1.0", a / "2.2.0", b / "2.1.0", b / "2.2.0", work):
        folder.mkdir(parents=True)
    for corpus in (a, b):
        publish.point_latest(corpus, "2.1.0", work)
    real, once = Path.symlink_to, threading.Lock()

    def between(self: Path, target: str) -> None:
        real(self, target)
        if once.acquire(blocking=False):  # b publishes between a's link and a's rename
            publish.point_latest(b, "2.2.0", work)

    monkeypatch.setattr(Path, "symlink_to", between)
    publish.point_latest(a, "2.2.0", work)
    assert (latest(a), latest(b)) == ("2.2.0", "2.2.0")


# -- where links cannot be


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", refuse)


@pytest.mark.usefixtures("no_links")
def test_where_links_cannot_be_a_text_file_names_the_latest(tmp_path: Path, clean: Path) -> None:
    for version in ("2.1.0", "2.3.0", "2.2.0"):
        publish.point_latest(clean, version, tmp_path / "work")
        assert (clean / "LATEST").read_text() == f"{version}\n"
        assert version_folder(clean).name == version
    assert not (clean / "latest").is_symlink()
    assert list((tmp_path / "work").iterdir()) == []


def test_a_link_that_cannot_be_swapped_any_more_does_not_win(
    tmp_path: Path, clean: Path, request: pytest.FixtureRequest
) -> None:
    publish.point_latest(clean, "2.1.0", tmp_path / "work")
    request.getfixturevalue("no_links")
    publish.point_latest(clean, "2.2.0", tmp_path / "work")
    assert latest(clean) == "2.2.0"


def test_where_links_became_copies_the_text_file_points(tmp_path: Path, clean: Path) -> None:
    """Copied with `cp -rL`, `latest` is a folder, which no link can replace."""
    (clean / "latest/articles").mkdir(parents=True)
    publish.point_latest(clean, "2.2.0", tmp_path / "work")
    assert (clean / "LATEST").read_text() == "2.2.0\n"
    assert not (clean / "LATEST").is_symlink()
    assert latest(clean) == "2.2.0"
    assert list((tmp_path / "work").iterdir()) == []


def test_a_link_that_points_nowhere_is_not_believed(clean: Path) -> None:
    (clean / "latest").symlink_to("2.9.0")
    assert latest(clean) == "2.3.0"
    (clean / "LATEST").write_text("2.1.0\n")
    assert latest(clean) == "2.1.0"


def test_staging_is_discarded_whatever_is_left_of_it(tmp_path: Path) -> None:
    parquet(tmp_path / "staging/articles/a.parquet", 1)
    publish.discard(tmp_path / "staging")
    assert not (tmp_path / "staging").exists()
    publish.discard(tmp_path / "staging")
