"""Rows are found by their ids in the files where they stand, and no other file is opened."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from pipeline.cli.look import find_rows, reasons_of
from pipeline.corpus import edition as module
from pipeline.corpus import versions
from pipeline.corpus.build import build
from pipeline.corpus.edition import Edit, Edition
from pipeline.corpus.id_index import FOLDER, IdIndex
from pipeline.corpus.publish import describe_files, read_manifest, write_manifest
from pipeline.corpus.read import documents
from pipeline.dedupe.sorted_pairs import mapped, write_pairs
from tests.corpus.archives import failed_page, job, story_page, write
from tests.corpus.rows import row

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions: a page of the first day says something else on the second, and a new one came."""
    folder = tmp_path_factory.mktemp("ids")
    write(folder / "raw", [story_page(0), story_page(1), failed_page(4, "timeout")])
    build(job(folder))
    later = story_page(0).fetched_at + DAY
    edited = replace(story_page(2), url=story_page(0).url, url_key=story_page(0).url_key, fetched_at=later)
    write(folder / "raw", [edited, story_page(3, fetched_at=later)], "run-2")
    build(job(folder))
    return folder


def test_every_row_is_found_where_it_stands(corpus: Path) -> None:
    for version in ("2.1.0", "2.2.0"):
        folder = corpus / "clean" / version
        index = IdIndex(folder)
        for path in sorted(folder.glob("*/20*.parquet")):
            name = f"{path.parent.name}/{path.name}"
            for ident in module.read_parquet([path], ["id"])["id"].to_pylist():
                assert ident in index.files([ident])[name]
        assert versions.verify(folder) == []


def test_a_version_adds_the_pairs_of_rows_that_came(corpus: Path) -> None:
    old, new = (corpus / f"clean/{version}/{FOLDER}" for version in ("2.1.0", "2.2.0"))
    assert [mapped(path).shape[1] for path in old.iterdir()] == [3]
    assert [mapped(path).shape[1] for path in new.iterdir()] == [6], "so few stand in one file"


def test_rows_are_told_by_url_and_by_id(corpus: Path) -> None:
    folder = corpus / "clean/2.2.0"
    found = find_rows(folder, story_page(0).url)
    assert [each.reason for each in found] == [None, "superseded"]
    assert find_rows(folder, found[0].id) == found
    assert find_rows(folder, "https://news.example/a/99.html") == []
    keys = [story_page(0).url_key, story_page(3).url_key, failed_page(4, "timeout").url_key, "unknown"]
    assert reasons_of(folder, keys) == {None: 2, "timeout": 1}


def test_a_look_up_opens_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS_PER_FILE", 10)
    Edition(tmp_path / "old", None).apply([Edit(after=row(n)) for n in range(25)])
    opened: list[str] = []
    edition = Edition(tmp_path / "new", tmp_path / "old")
    reading = module.read_parquet
    monkeypatch.setattr(
        module, "read_parquet", lambda paths, *rest: opened.append(paths[0].name) or reading(paths, *rest)
    )
    assert edition.find([row(13).id])[row(13).id].document == row(13)
    assert set(opened) == {"2026-11-01-001.parquet"}


def test_a_row_that_is_joined_into_another_file_is_found_there(tmp_path: Path) -> None:
    first = Edition(tmp_path / "old", None)
    for n in range(3):
        first.apply([Edit(after=row(10 * n + m)) for m in range(10)])
    first.apply([Edit(after=row(9_000))])
    first.id_index.write(tmp_path / "old")
    second = Edition(tmp_path / "new", tmp_path / "old")
    second._most = 64
    second.compact()
    second.id_index.write(tmp_path / "new")
    third = Edition(tmp_path / "third", tmp_path / "new")
    assert third.find([row(n).id for n in range(30)]).keys() == {row(n).id for n in range(30)}


def test_a_version_of_before_is_read_through_and_the_next_has_the_whole_index(
    corpus: Path, tmp_path: Path
) -> None:
    shutil.copytree(corpus, tmp_path / "corpus", symlinks=True)
    folder = tmp_path / "corpus/clean/2.2.0"
    shutil.rmtree(folder / FOLDER)
    write_manifest(folder, replace(read_manifest(folder), files=describe_files(folder, None, {})))
    assert [each.reason for each in find_rows(folder, story_page(0).url)] == [None, "superseded"]
    write(tmp_path / "corpus/raw", [story_page(5, fetched_at=story_page(5).fetched_at + 2 * DAY)], "run-3")
    assert build(job(tmp_path / "corpus")).version == "2.3.0"
    new = tmp_path / "corpus/clean/2.3.0"
    assert versions.verify(new) == []
    for document in documents(tmp_path / "corpus/clean"):
        assert find_rows(new, document.id)


def test_a_row_that_is_not_found_by_its_id_is_told(corpus: Path, tmp_path: Path) -> None:
    shutil.copytree(corpus / "clean", tmp_path / "clean", symlinks=True)
    folder = tmp_path / "clean/2.1.0"
    (path,) = (folder / FOLDER).iterdir()
    pairs = np.array(mapped(path))[:, 1:]
    path.unlink()
    write_pairs(path, *pairs)
    write_manifest(folder, replace(read_manifest(folder), files=describe_files(folder, None, {})))
    (told,) = versions.verify(folder)
    assert "1 documents of" in told
