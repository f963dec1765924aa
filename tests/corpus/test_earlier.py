"""What becomes of a corpus whose versions have an earlier schema: they open, and the next build is a full one."""

from __future__ import annotations

import shutil
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline import upkeep
from pipeline.archive.store import sha256_of
from pipeline.cli import main
from pipeline.corpus import plan, versions
from pipeline.corpus.build import build
from pipeline.corpus.publish import read_manifest, write_manifest
from pipeline.corpus.read import documents, list_versions, read
from pipeline.corpus.schema import READ, SCHEMA, SCHEMA_VERSION
from pipeline.records import Document
from pipeline.runs import Folders
from tests.corpus.archives import failed_page, job, story_page, write
from tests.corpus.earlier import as_schema_1

OLD, NEW = "1.1.0", f"{SCHEMA_VERSION}.2.0"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Document]]:
    """A corpus of one version of schema 1, and its published documents as they were before."""
    folder = tmp_path_factory.mktemp("earlier")
    write(folder / "raw", [story_page(0), failed_page(1, "timeout"), story_page(2)])
    build(job(folder))
    before = list(documents(folder / "clean"))
    as_schema_1(folder / "clean" / f"{SCHEMA_VERSION}.1.0")
    assert list_versions(folder / "clean") == [OLD]
    return folder, before


@pytest.fixture
def corpus(made: tuple[Path, list[Document]], tmp_path: Path) -> Path:
    shutil.copytree(made[0], tmp_path / "corpus", symlinks=True)
    return tmp_path / "corpus"


def told(document: Document) -> dict[str, object]:
    """A document with its measures as exact as schema 1 had them."""
    row = asdict(document)
    row["quality"] = {name: round(value, 3) for name, value in (row["quality"] or {}).items()}
    return row


def test_an_old_version_is_read_as_the_present_ones_are(made: tuple[Path, list[Document]]) -> None:
    folder, before = made
    assert [told(d) for d in documents(folder / "clean")] == [told(d) for d in before]
    assert isinstance(before[0].quality and before[0].quality.han, int)
    assert read(folder / "clean").schema == READ
    assert read(folder / "clean", table="dropped", columns=["quality"])["quality"].to_pylist() == [None]


def test_an_old_version_is_verified_by_the_schema_it_has(corpus: Path) -> None:
    folder = corpus / "clean" / OLD
    assert versions.verify(folder) == []
    (path,) = (folder / "articles").iterdir()
    pq.write_table(pq.read_table(path).drop_columns(["terms"]), path)
    files = tuple(replace(f, sha256=sha256_of(folder / f.file)) for f in read_manifest(folder).files)
    write_manifest(folder, replace(read_manifest(folder), files=files))
    (problem,) = versions.verify(folder)
    assert "its columns are not those of" in problem


def test_an_old_version_is_explained(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--clean", str(corpus / "clean"), "--raw", str(corpus / "raw")]
    assert main(["explain", story_page(0).url, *where]) == 0
    assert "measured   han=" in capsys.readouterr().err


def test_the_next_build_is_a_full_one_and_shares_no_row_with_the_old_schema(corpus: Path) -> None:
    report = build(job(corpus))
    assert (report.full, report.version) == (f"the schema changed (from 1 to {SCHEMA_VERSION})", NEW)
    assert report.extracted == 0, "the shards have the present schema"
    for path in (corpus / "clean" / NEW).rglob("*.parquet"):
        if path.parent.name in ("articles", "dropped"):
            assert path.stat().st_nlink == 1
            assert pq.read_schema(path) == SCHEMA
    assert versions.verify(corpus / "clean" / NEW) == []
    assert read_manifest(corpus / "clean" / NEW).parent == OLD
    assert versions.diff(corpus / "clean", OLD, NEW).num_rows == 0, "no text changed"
    assert [m.version for m in versions.manifests(corpus / "clean")] == [OLD, NEW]
    assert not build(job(corpus)).published, "and then there is nothing new"


def test_the_schema_alone_makes_a_build_full(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert plan.plan(job(corpus)).base is None
    monkeypatch.setattr(plan, "SCHEMA_VERSION", 1)
    assert plan.plan(job(corpus)).why_full is None, "the fingerprints agree: nothing but the number says it"


def test_an_increment_upon_the_new_schema_and_maintenance_go_on(corpus: Path) -> None:
    build(job(corpus))
    page = story_page(3)
    write(corpus / "raw", [story_page(3, fetched_at=page.fetched_at + timedelta(days=1))], "run-2")
    report = build(job(corpus))
    assert (report.full, report.version) == (None, f"{SCHEMA_VERSION}.3.0")
    (corpus / "sources").mkdir()
    kept = upkeep.maintain(Folders(raw=corpus / "raw", clean=corpus / "clean", sources=corpus / "sources"))
    assert set(kept.kept) <= set(list_versions(corpus / "clean"))
    assert kept.kept[report.version or ""] == "latest"
