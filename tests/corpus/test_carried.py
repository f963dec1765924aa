"""What a version takes over from its parent is still what was published, or nothing is."""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.corpus import carried
from pipeline.corpus.build import build
from pipeline.corpus.publish import describe_files
from pipeline.corpus.read import list_versions
from pipeline.errors import CorpusError
from pipeline.records import Manifest
from tests.corpus.archives import job, story_page, write
from tests.corpus.test_sums import flip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions, and in the archive a page of a third day, which touches no file of the first."""
    folder = tmp_path_factory.mktemp("carried")
    for day in range(3):
        page = story_page(day)
        write(folder / "raw", [replace(page, fetched_at=page.fetched_at + timedelta(days=day))], f"run-{day}")
        if day < 2:
            build(job(folder))
    return folder


@pytest.fixture
def corpus(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "corpus", symlinks=True)
    return tmp_path / "corpus"


def first_day(corpus: Path) -> Path:
    return min((corpus / "clean/2.2.0/articles").iterdir())


def test_damage_in_a_file_that_nobody_opens_is_not_taken_over(corpus: Path) -> None:
    flip(first_day(corpus), 0.5)
    with pytest.raises(CorpusError, match=rf"{first_day(corpus).name}: not as it was .*corpus repair"):
        build(job(corpus))
    assert list_versions(corpus / "clean") == ["2.1.0", "2.2.0"]


def test_where_files_are_copied_damage_gets_no_fresh_sum(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    flip(first_day(corpus), 0.5)
    with pytest.raises(CorpusError, match=rf"{first_day(corpus).name}: missing, or not as it was"):
        build(job(corpus))
    assert list_versions(corpus / "clean") == ["2.1.0", "2.2.0"]


def version(folder: Path, parent: Path | None, new: dict[str, bytes]) -> Manifest:
    """A version of links to its parent's files, and files of its own."""
    folder.mkdir()
    known = {}
    if parent is not None:
        known = {each.file: each for each in describe_files(parent, None, {})}
        for path in parent.iterdir():
            os.link(path, folder / path.name)
    for name, data in new.items():
        (folder / name).write_bytes(data)
    return Manifest(
        version=folder.name,
        parent=parent.name if parent is not None else None,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        fingerprints={},
        inputs=(),
        files=describe_files(folder, parent, known),
        counts={},
    )


def test_what_is_large_is_looked_at_in_turns_and_what_was_written_to_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    real = carried.sha256_of
    monkeypatch.setattr(carried, "sha256_of", lambda path: looked.append(path.name) or real(path))
    monkeypatch.setattr(carried, "BUDGET", 20)
    memory, parent = tmp_path / "whole", tmp_path / "0"
    first = version(parent, None, {name: name.encode() * 10 for name in "abcd"})
    carried.check(parent, first, None, memory)
    assert looked == [], "what was written was read back already"
    for number, turn in ((1, "ab"), (2, "cd"), (3, "ab")):
        manifest = version(tmp_path / str(number), parent, {str(number): b"new"})
        looked.clear()
        carried.check(tmp_path / str(number), manifest, parent, memory)
        assert "".join(looked) == turn
        parent = tmp_path / str(number)
    manifest = version(tmp_path / "4", parent, {})
    os.utime(tmp_path / "4/c", ns=(0, 7))
    looked.clear()
    carried.check(tmp_path / "4", manifest, parent, memory)
    assert looked[0] == "c", "its time of writing is another"
    memory.write_text("no such line\n")
    looked.clear()
    carried.check(tmp_path / "4", manifest, parent, memory)
    assert sorted(looked) == sorted(["a", "b", "c", "d", "1", "2", "3"]), "nothing is remembered"
