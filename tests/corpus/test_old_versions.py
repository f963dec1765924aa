"""Versions that earlier releases wrote, kept as they wrote them: they open, are whole, and all is done with them.

Each archive in `versions/` is the corpus (raw and clean) that a commit of that schema made: 6dbf115 (schema 1), dd4fe58
(schema 2 without structure), b574eb4 (with it), b669362 (and with corrections), 8ccdece (and with rights and masks;
from here on with a rich page), 16bf5bd (and with people, origins, days, access), 5f0c0e5 (and with the copy by which
a flag stands). `keep_version.py` makes the next one, and says when.
"""

from __future__ import annotations

import tarfile
from dataclasses import astuple
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest

from pipeline.archive.store import sha256_of
from pipeline.cli import main
from pipeline.corpus import versions
from pipeline.corpus.build import build
from pipeline.corpus.export import export as export_version
from pipeline.corpus.read import documents, list_versions, read
from pipeline.corpus.schema import EXTRACTED, READ, RECORDS, SCHEMA
from pipeline.corpus.shards import STAGES
from pipeline.look.export import export as export_pages
from pipeline.records import Document
from pipeline.runs import Folders, quiet
from tests.corpus.archives import PLAIN, job
from tests.corpus.keep_version import RICH, SOURCE, TITLE
from tests.takedown.cases import take_down

KEPT = sorted(
    (Path(__file__).parent / "versions").glob("*.tar.xz"), key=lambda path: path.name.partition(".")[0]
)


@pytest.fixture(params=KEPT, ids=lambda path: path.name.removesuffix(".tar.xz"))
def corpus(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    with tarfile.open(request.param) as packed:
        packed.extractall(tmp_path, filter="data")
    return tmp_path


PAGED = "https://news.example/a/0.html"
"""A page kept with the line [下一页] in its text, which extraction has taken out since."""


def plain(corpus: Path) -> list[Document]:
    """The rows of the pages that every kept version has."""
    return [d for d in documents(corpus / "clean") if d.url != RICH]


def test_seven_schemas_are_kept() -> None:
    assert len(KEPT) >= 7


def test_an_old_version_opens_and_is_whole(corpus: Path) -> None:
    (version,) = list_versions(corpus / "clean")
    rows = plain(corpus)
    assert [d.title for d in rows] == [PLAIN[0].title, PLAIN[2].title]
    assert [(d.corrected, d.made_by, bool(d.quality and d.quality.han)) for d in rows] == [((), "", True)] * 2
    assert [(d.rights, d.license_url) for d in rows] == [((), None)] * 2
    assert [d.reason for d in documents(corpus / "clean", table="dropped")] == ["timeout"]
    assert read(corpus / "clean").schema == READ
    assert versions.verify(corpus / "clean" / version) == []


def test_a_rich_row_has_all_that_it_was_kept_with() -> None:
    """In the newest of the kept versions, so that every column that holds records is read from a file of before."""
    with tarfile.open(KEPT[-1]) as packed, TemporaryDirectory() as folder:
        packed.extractall(folder, filter="data")
        clean = Path(folder, "clean")
        (row,) = (d for d in documents(clean) if d.url == RICH)
        had = pq.read_schema(next(clean.glob("*/articles/*.parquet"))).names
    assert (row.title, row.corrected[0].column, row.rights[0].name) == (TITLE, "title", "noimageai")
    assert [span.kind for span in row.structure] == ["heading", "item", "item", "image", "masked"]
    assert "masked" in {flag.name for flag in row.flags}
    assert all(getattr(row, column) for column in RECORDS if column in had)
    assert all(None not in astuple(span) for span in row.structure)


def test_an_old_version_is_built_upon_and_compared(corpus: Path) -> None:
    (old,) = list_versions(corpus / "clean")
    is_of_before = pq.read_schema(next(corpus.glob("clean/*/articles/*.parquet"))) != SCHEMA
    report = build(job(corpus, SOURCE, corrections=()))
    assert report.full is not None or not is_of_before
    assert report.version is not None
    assert versions.verify(corpus / "clean" / report.version) == []
    assert [d.title for d in plain(corpus)] == [PLAIN[0].title, PLAIN[2].title]
    changes = versions.diff(corpus / "clean", old, report.version).to_pylist()
    others = [each for each in changes if each["url"] not in (RICH, PAGED)]
    assert others == [], "what a row lacked says nothing, so nothing changed"
    assert {each["cause"] for each in changes if each["url"] == PAGED} <= {"extract"}
    assert not build(job(corpus, SOURCE, corrections=())).published


def test_an_old_version_is_exported(corpus: Path, tmp_path: Path) -> None:
    (old,) = list_versions(corpus / "clean")
    export_version(corpus / "clean", str(tmp_path / "there"), progress=quiet)
    assert read(tmp_path / "there").equals(read(corpus / "clean"))
    assert versions.verify(tmp_path / "there" / old) == []


def test_an_old_version_is_looked_at_and_explained(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (corpus / "sources").mkdir()
    folders = Folders(raw=corpus / "raw", clean=corpus / "clean", sources=corpus / "sources")
    export_pages(folders, corpus / "pages", None, quiet)
    for row in documents(corpus / "clean"):
        page = (corpus / "pages" / "document" / f"{row.id}.html").read_text(encoding="utf-8")
        assert row.text.split("\n")[0][:20] in page
        assert main(["explain", row.id, "--clean", str(folders.clean), "--raw", str(folders.raw)]) == 0
        assert f"Published in version {list_versions(folders.clean)[0]}." in capsys.readouterr().err


def test_a_document_of_an_old_version_is_taken_down(corpus: Path) -> None:
    (old,) = list_versions(corpus / "clean")
    build(job(corpus, corrections=()))
    row = plain(corpus)[0]
    (corpus / "sources").mkdir()
    take_down(corpus, row.id)
    now = list_versions(corpus / "clean")
    assert now[0] == old.removesuffix(".0") + ".1"
    for version in now:
        ids = read(corpus / "clean", version=version, columns=["id"])["id"].to_pylist()
        assert (row.id in ids, len(ids) > 0) == (False, True)
        assert versions.verify(corpus / "clean" / version) == []


def test_shards_that_lack_a_column_are_made_anew(tmp_path: Path) -> None:
    """As if a column had come while the fingerprint said nothing of it: a build must not die of its own leavings."""
    with tarfile.open(KEPT[-1]) as packed:
        packed.extractall(tmp_path, filter="data")
    build(job(tmp_path, corrections=()))
    shards = [path for stage in STAGES for path in (tmp_path / ".build").glob(f"{stage}-*/*.parquet")]
    for path in shards:
        pq.write_table(pq.read_table(path).drop_columns(["title_from"]), path)
        path.with_suffix(".sha256").write_text(sha256_of(path))
    report = build(job(tmp_path, full=True, corrections=()))
    assert report.extracted == 3
    assert {len(pq.read_schema(path)) for path in shards} == {len(SCHEMA), len(EXTRACTED)}
    assert all("title_from" in pq.read_schema(path).names for path in shards)
