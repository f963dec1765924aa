"""A version is read back before it is published; what is not as it was meant is refused, and nothing stands."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pipeline.corpus import build as building
from pipeline.corpus import versions
from pipeline.corpus.build import build
from pipeline.corpus.card import LASTING
from pipeline.corpus.publish import describe_files
from pipeline.corpus.read import list_versions
from pipeline.corpus.schema import write_parquet
from pipeline.errors import RefusedError
from pipeline.records import Manifest
from tests.corpus.archives import PLAIN, failed_page, html, job, story_page, write
from tests.corpus.test_sums import flip_values

DAY = timedelta(days=1)
Tamper = Callable[[Path], None]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version, and in the archive a page of the next day, a copy of a page, and one that was not got."""
    folder = tmp_path_factory.mktemp("staged")
    write(folder / "raw", [story_page(n) for n in range(3)])
    build(job(folder))
    again = html(PLAIN[0].title, PLAIN[0].body)
    later = [story_page(4), story_page(5, body=again), failed_page(6, "timeout")]
    write(folder / "raw", [replace(c, fetched_at=c.fetched_at + DAY) for c in later], "run-2")
    return folder


@pytest.fixture
def corpus(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "corpus", symlinks=True)
    return tmp_path / "corpus"


def tampering(monkeypatch: pytest.MonkeyPatch, tamper: Tamper, *, summed: bool) -> None:
    """Change the staged version right before it is looked at; `summed`: before its sums are taken."""
    real = building.check_staged

    def check(folder: Path, manifest: Manifest, parent: Path | None, base: Manifest | None) -> None:
        tamper(folder)
        if summed:
            known = {f.file: f for f in base.files} if base is not None else {}
            manifest = replace(manifest, files=describe_files(folder, parent, known))
        real(folder, manifest, parent, base)

    monkeypatch.setattr(building, "check_staged", check)


def newest(folder: Path, table: str) -> Path:
    """The last file that is no link to the parent's."""
    return max(path for path in (folder / table).glob("*.parquet") if path.stat().st_nlink == 1)


def without_a_row(folder: Path) -> None:
    path = newest(folder, "dropped")
    write_parquet(pq.read_table(path).slice(1), path)


def with_a_row_twice(folder: Path) -> None:
    path = newest(folder, "articles")
    rows = pq.read_table(path)
    write_parquet(rows.take([0, 0]), path)


def with_a_row_of_the_other_table(folder: Path) -> None:
    shutil.copyfile(newest(folder, "dropped"), newest(folder, "articles"))


def with_another_title(folder: Path) -> None:
    path = newest(folder, "articles")
    rows = pq.read_table(path)
    at = rows.schema.get_field_index("title")
    write_parquet(rows.set_column(at, "title", pc.binary_join_element_wise(rows["title"], "！", "")), path)


def with_a_row_under_another_reason(folder: Path) -> None:
    path = newest(folder, "dropped")
    rows = pq.read_table(path)
    at = rows.schema.get_field_index("reason")
    write_parquet(
        rows.set_column(at, "reason", pc.replace_substring(rows["reason"], "timeout", "gone")), path
    )


def without_the_new_segment(folder: Path) -> None:
    sorted((folder / "clusters").glob("members-*.parquet"))[-1].unlink()


@pytest.mark.parametrize(
    ("tamper", "told"),
    [
        (without_a_row, "3 captures went in, rows of 2 came out"),
        (with_a_row_twice, "rows stand twice"),
        (with_a_row_of_the_other_table, "wrong table for their reason"),
        (with_another_title, "the row says"),
        (with_a_row_under_another_reason, "1 more rows under timeout are counted, 0 came"),
        (without_the_new_segment, "the index does not know it"),
    ],
)
def test_rows_that_are_not_what_the_build_said_are_refused(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, tamper: Tamper, told: str
) -> None:
    tampering(monkeypatch, tamper, summed=True)
    with pytest.raises(RefusedError, match=told):
        build(job(corpus))
    assert list_versions(corpus / "clean") == ["2.1.0"]
    monkeypatch.undo()
    assert build(job(corpus)).version == "2.2.0"


@pytest.mark.parametrize(
    ("table", "summed"),
    [("articles", False), ("dropped", False), ("clusters", False), ("articles", True), ("dropped", True)],
)
def test_a_bit_that_flips_on_its_way_to_the_disk_is_found(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, table: str, summed: bool
) -> None:
    tampering(monkeypatch, lambda folder: flip_values(newest(folder, table)), summed=summed)
    with pytest.raises(RefusedError, match=r"(Nothing was published|other bytes than were written)"):
        build(job(corpus))
    assert list_versions(corpus / "clean") == ["2.1.0"]


def test_so_is_one_in_a_build_from_the_start(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(corpus / "clean")
    tampering(monkeypatch, without_a_row, summed=True)
    with pytest.raises(RefusedError, match="6 captures went in, rows of 5 came out"):
        build(job(corpus))


def test_what_was_not_written_is_not_read(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cost follows the new work: the old day's files and segments may hold anything by then."""
    touched: list[Path] = []

    def garble(folder: Path) -> None:
        for path in folder.rglob("*"):
            if path.is_file() and path.stat().st_nlink > 1:
                touched.append(path.relative_to(folder))
                path.write_bytes(b"anything")

    tampering(monkeypatch, garble, summed=False)
    monkeypatch.setattr(building.carried, "check", lambda *_: None)  # which would find them, by their time
    assert build(job(corpus)).version == "2.2.0"
    assert {path.parts[0] for path in touched} == {"articles", "clusters", "life", *LASTING}


@pytest.mark.parametrize("name", LASTING)
def test_what_every_version_says_alike_is_one_file_but_a_damaged_one_is_written_anew(
    name: str, corpus: Path
) -> None:
    folder = corpus / "clean"
    assert build(job(corpus)).version == "2.2.0"
    first, second = (folder / version / name for version in ("2.1.0", "2.2.0"))
    assert first.samefile(second)
    data = first.read_bytes()
    first.chmod(0o644)
    first.write_bytes(data[:-2] + b"x\n")
    write(corpus / "raw", [replace(story_page(7), fetched_at=story_page(7).fetched_at + 2 * DAY)], "run-3")
    assert build(job(corpus)).version == "2.3.0"
    assert (folder / "2.3.0" / name).read_bytes() == data
    assert versions.verify(folder / "2.3.0") == []


def test_the_files_of_a_version_cannot_be_written_to(corpus: Path) -> None:
    build(job(corpus))
    files = [p for p in (corpus / "clean/2.2.0").rglob("*") if p.is_file()]
    assert {p.stat().st_mode & 0o777 for p in files} == {0o444}
    assert versions.verify(corpus / "clean/2.2.0") == []
    assert build(job(corpus, full=True)).version is not None, "they are replaced and linked all the same"
