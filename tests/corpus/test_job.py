from __future__ import annotations

import errno
import os
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.corpus.build import build
from pipeline.corpus.job import locked, recover
from pipeline.corpus.publish import point_latest, read_manifest, write_manifest
from pipeline.corpus.read import latest, list_versions
from pipeline.corpus.schema import SCHEMA_VERSION
from pipeline.corpus.shards import stage_folders
from pipeline.errors import BusyError
from pipeline.runs import Folders
from tests.corpus.archives import job, story_page, write

FIRST, SECOND = f"{SCHEMA_VERSION}.1.0", f"{SCHEMA_VERSION}.2.0"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    write(folder / "raw", [story_page(0), story_page(1)])
    build(job(folder))
    return folder


@pytest.fixture
def corpus(built: Path, tmp_path: Path) -> Path:
    shutil.copytree(built, tmp_path / "corpus", symlinks=True)
    return tmp_path / "corpus"


def half_a_shard(work: Path) -> list[Path]:
    """What a build killed while it wrote a shard of either stage leaves."""
    torn = [folder / "corpus-x-0123456789ab.part" for folder in stage_folders(work)]
    for path in torn:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"PAR1")
    return torn


def test_half_a_shard_goes_with_the_next_build_and_nothing_else_does(corpus: Path) -> None:
    torn = half_a_shard(corpus / ".build")
    others = [corpus / ".build/archive.part", corpus / ".build/mine/film.part", torn[0].with_suffix(".part1")]
    others[1].parent.mkdir()
    for path in others:
        path.write_bytes(b"x")
    whole = sorted((corpus / ".build").glob("*/*.parquet"))
    assert len(whole) == 2
    build(job(corpus))
    assert not any(path.exists() for path in torn)
    assert all(path.exists() for path in [*others, *whole])


def test_a_living_build_that_shares_the_work_folder_keeps_its_half_a_shard(corpus: Path) -> None:
    write(corpus / "raw", [story_page(2, fetched_at=story_page(2).fetched_at + timedelta(days=1))], "run-2")
    torn = half_a_shard(corpus / ".build")
    beside = job(corpus, clean=corpus / "beside")
    with (
        locked(beside),
        pytest.raises(BusyError, match=r"another corpus is being built in this folder.*--work"),
    ):
        build(job(corpus))
    assert all(path.exists() for path in torn)
    assert list_versions(corpus / "clean") == [FIRST]
    assert build(beside).version == FIRST, "the other one has gone: now it may"
    assert build(job(corpus)).version == SECOND


def test_corpora_beside_each_other_have_work_folders_of_their_own_and_build_at_once(corpus: Path) -> None:
    a, b = (Folders(raw=corpus / "raw", clean=corpus / name, workers=1) for name in ("clean", "trial"))
    assert a.job(()).work == corpus / ".build/clean"
    assert b.job(()).work == corpus / ".build/trial"
    with locked(a.job(())):
        assert build(b.job(())).version == FIRST
    assert (latest(a.clean), latest(b.clean)) == (FIRST, FIRST)


def test_a_work_folder_that_is_named_is_that_folder(tmp_path: Path) -> None:
    assert Folders(clean=tmp_path / "clean", work=tmp_path / "w").job(()).work == tmp_path / "w"


def test_two_spellings_of_a_corpus_are_one(tmp_path: Path) -> None:
    (tmp_path / "disk/clean").mkdir(parents=True)
    (tmp_path / "link").symlink_to("disk/clean")
    by_link, outright = (Folders(clean=tmp_path / name).job(()) for name in ("link", "disk/clean"))
    assert by_link == outright
    with locked(by_link), pytest.raises(BusyError, match="another build is writing this corpus"):  # noqa: SIM117
        with locked(outright):
            pass


def copied(clean: Path, version: str) -> None:
    """A version like the first, under another name."""
    shutil.copytree(clean / FIRST, clean / version)
    write_manifest(clean / version, replace(read_manifest(clean / version), version=version))


def test_a_latest_that_a_killed_build_did_not_move_is_moved(corpus: Path) -> None:
    copied(corpus / "clean", SECOND)
    assert latest(corpus / "clean") == FIRST
    recover(job(corpus))
    assert latest(corpus / "clean") == SECOND
    inode = (corpus / "clean/latest").lstat().st_ino
    recover(job(corpus))
    assert (corpus / "clean/latest").lstat().st_ino == inode, "and left alone when it is right"


@pytest.mark.parametrize("lost", ["latest", "latest and its version"])
def test_a_latest_that_was_never_made_is_made(corpus: Path, lost: str) -> None:
    """Killed between the rename and the swap at the first publication, or pointing at what is gone."""
    (corpus / "clean/latest").unlink()
    if lost != "latest":
        (corpus / "clean/latest").symlink_to("2.9.0")
    recover(job(corpus))
    assert (corpus / "clean/latest").readlink().name == FIRST


@pytest.mark.parametrize(
    "wrong", ["another's manifest", "a missing file", "a changed file", "an empty manifest"]
)
def test_latest_is_put_onto_a_whole_version_only(
    corpus: Path, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    clean = corpus / "clean"
    copied(clean, SECOND)
    file = next((clean / SECOND / "articles").iterdir())
    if wrong == "another's manifest":
        shutil.copy(clean / FIRST / "manifest.json", clean / SECOND)
    elif wrong == "a missing file":
        file.unlink()
    elif wrong == "a changed file":
        file.write_bytes(file.read_bytes()[:-1] + b"?")
    else:
        (clean / SECOND / "manifest.json").write_text("")
    recover(job(corpus))
    assert latest(clean) == FIRST
    assert f"{SECOND}: not made the latest" in caplog.text
    (clean / "latest").unlink()
    recover(job(corpus))
    assert (clean / "latest").readlink().name == FIRST, "also where there was none"


def test_a_corpus_of_no_version_yet_has_nothing_to_mend(tmp_path: Path) -> None:
    recover(job(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_is_being_written_is_built_as_far_as_it_is_sealed(corpus: Path) -> None:
    from pipeline.archive.writer import Writer

    point_latest(corpus / "clean", FIRST, corpus / ".build")
    with Writer(corpus / "raw", "running"):
        assert build(job(corpus)).version == FIRST


@pytest.mark.parametrize("answer", [errno.EROFS, errno.EACCES])
def test_an_archive_that_nobody_can_write_to_is_built_from(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, answer: int
) -> None:
    write(corpus / "raw", [story_page(2, fetched_at=story_page(2).fetched_at + timedelta(days=1))], "run-2")
    real = os.open

    def read_only(path: str | Path, flags: int, *rest: Any, **options: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR) and str(path).startswith(str(corpus / "raw")):
            raise OSError(answer, os.strerror(answer), str(path))
        return real(path, flags, *rest, **options)

    monkeypatch.setattr(os, "open", read_only)
    assert build(job(corpus)).version == SECOND
