"""A damaged file of the parent or of a shard never comes out of a build under a fresh sum."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarks import damage
from pipeline.corpus import versions
from pipeline.corpus.build import build
from pipeline.corpus.read import documents, latest
from pipeline.errors import CorpusError
from tests.corpus.archives import PLAIN, html, job, story_page, write

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of pages published as two versions, a page of the first day waiting in the archive."""
    folder = tmp_path_factory.mktemp("sums")
    write(folder / "raw", [story_page(0), story_page(1)])
    build(job(folder))
    write(folder / "raw", [story_page(2, fetched_at=story_page(2).fetched_at + DAY)], "run-2")
    build(job(folder))
    write(folder / "raw", [story_page(3)], "run-3")
    return folder


@pytest.fixture
def corpus(made: Path, tmp_path: Path) -> Path:
    """A copy, its files no links to those of other tests."""
    shutil.copytree(made, tmp_path / "corpus", symlinks=True)
    return tmp_path / "corpus"


def flip(path: Path, share: float) -> None:
    """Turn a bit at some share of a file, its name, size and times as before."""
    before = path.stat()
    data = bytearray(path.read_bytes())
    data[int(share * (len(data) - 1))] ^= 0x10
    path.chmod(0o644)
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def flip_values(path: Path) -> None:
    """Turn a bit in the values of the largest column of a Parquet file, wherever its frame lies."""
    group = pq.read_metadata(path).row_group(0)
    column = max((group.column(n) for n in range(group.num_columns)), key=lambda c: c.total_compressed_size)
    first = column.dictionary_page_offset or column.data_page_offset
    flip(path, (first + column.total_compressed_size * 3 // 4) / (path.stat().st_size - 1))


def first_day(corpus: Path) -> Path:
    (path,) = (corpus / "clean/2.2.0/articles").glob("2026-11-01-*.parquet")
    return path


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0])
def test_an_increment_upon_a_damaged_file_is_refused_by_its_name(corpus: Path, share: float) -> None:
    path = first_day(corpus)
    flip(path, share)
    edited = html(PLAIN[0].title, PLAIN[0].body[:-1])  # new rows go into files of their own
    write(corpus / "raw", [story_page(0, fetched_at=story_page(0).fetched_at + DAY, body=edited)], "run-4")
    with pytest.raises(CorpusError, match=rf"{path.name}: .*not as it was published.*corpus rebuild"):
        build(job(corpus))
    assert latest(corpus / "clean") == "2.2.0"


def test_so_is_one_upon_a_missing_file(corpus: Path) -> None:
    (other,) = (corpus / "clean/2.2.0/articles").glob("2026-11-02-*.parquet")
    other.unlink()  # not a file that the new rows go into
    with pytest.raises(CorpusError, match=rf"{other.name}: missing"):
        build(job(corpus))


def test_so_is_one_upon_a_damaged_index(corpus: Path) -> None:
    for path in sorted((corpus / "clean/2.2.0/clusters").iterdir()):
        kept = path.read_bytes()
        flip(path, 0.5)
        with pytest.raises(CorpusError, match=rf"{path.name}: "):
            build(job(corpus))
        path.write_bytes(kept)
    assert build(job(corpus)).version == "2.3.0"


def test_what_rows_are_found_by_is_checked(corpus: Path) -> None:
    flip(sorted((corpus / "clean/2.2.0/ids").iterdir())[0], 0.9)
    with pytest.raises(CorpusError, match=r"ids-00003.npy: .*as it was published"):
        build(job(corpus))


def test_a_rebuild_mends_it_and_takes_nothing_over(corpus: Path) -> None:
    flip(first_day(corpus), 0.5)
    report = build(job(corpus, full=True))
    assert report.version == "2.3.0"
    assert versions.verify(corpus / "clean/2.3.0") == []
    assert len(list(documents(corpus / "clean"))) == 4


@pytest.mark.parametrize("stage", ["extract", "normalize"])
def test_a_damaged_shard_is_made_anew(corpus: Path, stage: str) -> None:
    truth = [d.text for d in documents(corpus / "clean")]
    for shard in (corpus / ".build").glob(f"{stage}-*/*.parquet"):
        flip(shard, 0.4)
    if stage == "extract":  # else nobody asks for it
        for shard in (corpus / ".build").glob("normalize-*/*.parquet"):
            shard.unlink()
    report = build(job(corpus, full=True))
    assert report.normalized == 4
    assert report.extracted == (4 if stage == "extract" else 1)
    assert set(truth) <= {d.text for d in documents(corpus / "clean")}
    assert versions.verify(corpus / "clean" / latest(corpus / "clean")) == []


def test_no_bit_flipped_in_a_shard_or_in_the_parent_comes_out_as_a_wrong_row(tmp_path: Path) -> None:
    """A sample of what `python -m benchmarks.damage` asks 70 times."""
    damage.prepare(tmp_path / "made")
    came = list(damage.rounds(tmp_path / "made", tmp_path, shards=4, parents=5, seed=13))
    assert [each for each in came if each[2] == damage.WRONG] == []
    assert [said for what, _, said in came if what == "shard"] == [damage.WHOLE] * 4, "made anew"
    assert damage.REFUSED in [said for what, _, said in came if what == "parent"]
    other = damage.rows_of(tmp_path / "made/clean/2.2.0")
    assert damage.outcome(tmp_path / "made", other) == damage.WRONG, (
        "rows that are not those meant are noticed"
    )
