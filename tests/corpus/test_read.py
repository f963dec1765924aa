"""Reading while others publish and collect, and by hash."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.corpus.build import build
from pipeline.corpus.publish import point_latest
from pipeline.corpus.read import documents, hash_of, read, tables, version_folder
from pipeline.errors import CorpusError, UsageError
from pipeline.records import Document
from tests.corpus.archives import START, job, story_page, write


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions, of one and two days; the second changed the row of the first day."""
    folder = tmp_path_factory.mktemp("published")
    write(folder / "raw", [story_page(0), story_page(1, fetched_at=START + timedelta(days=1))])
    build(job(folder))
    later = [
        story_page(0, body=story_page(20).body, fetched_at=START + timedelta(days=2)),
        story_page(2, fetched_at=START + timedelta(days=2)),
    ]
    write(folder / "raw", later, "run-2")
    build(job(folder))
    return folder / "clean"


@pytest.fixture
def clean(published: Path, tmp_path: Path) -> Path:
    shutil.copytree(published, tmp_path / "clean", symlinks=True)
    return tmp_path / "clean"


def texts(rows: Iterator[Document]) -> list[str]:
    return [d.text_hash for d in rows]


def test_a_publication_between_two_files_of_a_version_gives_old_rows_only(
    clean: Path, tmp_path: Path
) -> None:
    point_latest(clean, "2.1.0", tmp_path)
    rows = documents(clean)
    first = next(rows)
    point_latest(clean, "2.2.0", tmp_path)
    assert [first.text_hash, *texts(rows)] == texts(documents(clean, version="2.1"))
    assert texts(documents(clean)) == texts(documents(clean, version="2.2"))


def collected(clean: Path, version: str) -> None:
    (clean / version).rename(clean.parent / "collected")


@pytest.mark.parametrize("seen", [0, 1, 2])
def test_a_reader_whose_version_is_collected_meanwhile_is_told(clean: Path, seen: int) -> None:
    parts = tables(clean, version="2.1")
    for _ in range(seen):
        next(parts)
    if seen == 0:  # between finding the version and listing it
        next(parts)
    collected(clean, "2.1.0")
    with pytest.raises(CorpusError, match=r"2\.1\.0 was collected while it was read.*`corpus pin VERSION`"):
        list(parts)


def test_a_file_that_is_missing_from_a_version_is_another_matter(clean: Path) -> None:
    parts = tables(clean, version="2.1")
    next(parts)
    next(parts)
    (clean / "2.1.0/articles/2026-11-02-000.parquet").unlink()
    with pytest.raises(FileNotFoundError, match="2026-11-02"):
        list(parts)


def test_a_version_is_asked_for_by_hash(clean: Path) -> None:
    digest = hashlib.sha256((clean / "2.1.0/SHA256SUMS").read_bytes()).hexdigest()
    for said in (f"2.1 sha256:{digest}", f"2.1.0 sha256:{digest[:16].upper()}", f"news@2.1 sha256:{digest}"):
        assert version_folder(clean, said).name == "2.1.0"
        assert read(clean, version=said).num_rows == 2
    assert version_folder(clean, "news@2.1").name == "2.1.0"
    newest = f"latest sha256:{hash_of(clean / '2.2.0')}"
    assert version_folder(clean, newest).name == "2.2.0"
    with pytest.raises(
        CorpusError, match=rf"not the version of hash {digest}, but {hash_of(clean / '2.2.0')}"
    ):
        read(clean, version=f"2.2 sha256:{digest}")
    for odd in ("sha256:abc", "sha256:", f"sha256:{digest}0"):
        with pytest.raises(UsageError, match="a hash is 16 to 64 hex digits"):
            read(clean, version=f"2.1 {odd}")


def test_a_hash_finds_its_revision(clean: Path) -> None:
    digest = hash_of(clean / "2.1.0")
    shutil.copytree(clean / "2.1.0", clean / "2.1.1")
    with (clean / "2.1.1/SHA256SUMS").open("a") as sums:
        sums.write("0  x\n")
    assert version_folder(clean, "2.1").name == "2.1.1"
    assert version_folder(clean, f"2.1 sha256:{digest}").name == "2.1.0"
    shutil.rmtree(clean / "2.1.0")
    with pytest.raises(CorpusError, match="a revision after a takedown"):
        version_folder(clean, f"2.1 sha256:{digest}")


def test_what_is_read_by_hash_is_checked_file_by_file(clean: Path) -> None:
    said = f"2.1 sha256:{hash_of(clean / '2.1.0')}"
    shutil.copy(
        clean / "2.2.0/articles/2026-11-01-000.parquet", clean / "2.1.0/articles/2026-11-01-000.parquet"
    )
    assert read(clean, version="2.1").num_rows == 2
    with pytest.raises(CorpusError, match=r"2026-11-01-000\.parquet: not as it was published"):
        read(clean, version=said)


def test_the_command_shows_the_hash_and_reads_by_it(clean: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["versions", "--clean", str(clean)]) == 0
    shown = capsys.readouterr()
    row = json.loads(shown.out.splitlines()[0])
    assert row["sha256"] == hash_of(clean / "2.1.0")
    assert row["sha256"][:16] in shown.err
    assert main(["read", "--clean", str(clean), "--version", f"2.1 sha256:{row['sha256'][:16]}"]) == 0
    assert main(["read", "--clean", str(clean), "--version", f"2.2 sha256:{row['sha256']}"]) == 1
    assert "not the version of hash" in capsys.readouterr().err
