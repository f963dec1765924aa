"""Versions that earlier releases wrote, kept as they wrote them: they open, are whole, and are built upon.

Each archive in `versions/` is the corpus (raw and clean) that a commit of that schema made of the same three captures:
6dbf115 (schema 1), dd4fe58 (schema 2 without structure), b574eb4 (schema 2 with it), b669362 (and with corrections). A
commit that changes the schema adds one of its own: write, build, `tar -cJf`.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.archive.store import sha256_of
from pipeline.corpus import versions
from pipeline.corpus.build import build
from pipeline.corpus.read import documents, list_versions, read
from pipeline.corpus.schema import SCHEMA
from pipeline.corpus.shards import STAGES
from tests.corpus.archives import PLAIN, job

KEPT = sorted((Path(__file__).parent / "versions").glob("*.tar.xz"))


@pytest.fixture(params=KEPT, ids=lambda path: path.name.removesuffix(".tar.xz"))
def corpus(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    with tarfile.open(request.param) as packed:
        packed.extractall(tmp_path, filter="data")
    return tmp_path


def test_four_schemas_are_kept() -> None:
    assert len(KEPT) >= 4


def test_an_old_version_opens_and_is_whole(corpus: Path) -> None:
    (version,) = list_versions(corpus / "clean")
    rows = list(documents(corpus / "clean"))
    assert [d.title for d in rows] == [PLAIN[0].title, PLAIN[2].title]
    assert [(d.corrected, d.made_by, bool(d.quality and d.quality.han)) for d in rows] == [((), "", True)] * 2
    assert [(d.rights, d.license_url) for d in rows] == [((), None)] * 2
    assert [d.reason for d in documents(corpus / "clean", table="dropped")] == ["timeout"]
    assert read(corpus / "clean").schema == SCHEMA
    assert versions.verify(corpus / "clean" / version) == []


def test_an_old_version_is_built_upon(corpus: Path) -> None:
    (old,) = list_versions(corpus / "clean")
    report = build(job(corpus))
    assert report.full is not None
    assert report.version is not None
    assert versions.verify(corpus / "clean" / report.version) == []
    assert {d.title for d in documents(corpus / "clean")} == {PLAIN[0].title, PLAIN[2].title}
    assert versions.diff(corpus / "clean", old, report.version) is not None
    assert not build(job(corpus)).published


def test_shards_that_lack_a_column_are_made_anew(tmp_path: Path) -> None:
    """As if a column had come while the fingerprint said nothing of it: a build must not die of its own leavings."""
    with tarfile.open(KEPT[-1]) as packed:
        packed.extractall(tmp_path, filter="data")
    build(job(tmp_path))
    shards = [path for stage in STAGES for path in (tmp_path / ".build").glob(f"{stage}-*/*.parquet")]
    for path in shards:
        pq.write_table(pq.read_table(path).drop_columns(["title_from"]), path)
        path.with_suffix(".sha256").write_text(sha256_of(path))
    report = build(job(tmp_path, full=True))
    assert report.extracted == 2
    assert all(pq.read_schema(path) == SCHEMA for path in shards)
