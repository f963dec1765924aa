"""Archive, ledger and versions put right together: what is lost is told, and the build goes on with the rest."""

from __future__ import annotations

import errno
import os
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline import repairs, runs, upkeep
from pipeline.archive import cdxj, damage, salvage
from pipeline.cli import main
from pipeline.corpus import restore, versions
from pipeline.corpus.build import build
from pipeline.corpus.read import documents, list_versions, read
from pipeline.crawl import ledger
from pipeline.errors import CorpusError, RefusedError, UsageError
from pipeline.records import Document
from pipeline.report import repair_lines
from pipeline.runs import Folders
from tests.corpus.archives import failed_page, job, story_page, write
from tests.corpus.test_build import killed_at
from tests.corpus.test_sums import flip, flip_values

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of pages in three versions, with a ledger."""
    folder = tmp_path_factory.mktemp("repairs")
    for day, numbers in enumerate([(0, 1, 2), (3, 4), (5, 6)]):
        pages = [story_page(n, fetched_at=story_page(n).fetched_at + day * DAY) for n in numbers]
        if day == 2:
            pages += [failed_page(7, "timeout", fetched_at=pages[-1].fetched_at)]
        write(folder / "raw", pages, f"run-{day}")
        build(job(folder))
    ledger.rebuild(folder / "raw")
    return folder


@pytest.fixture
def corpus(made: Path, tmp_path: Path) -> Path:
    """A copy whose versions share their files as the first did."""
    target = tmp_path / "corpus"
    shutil.copytree(made, target, symlinks=True)
    again: dict[int, Path] = {}
    for path in sorted(p for p in (made / "clean").rglob("*") if p.is_file() and not p.is_symlink()):
        inode, copy = path.stat().st_ino, target / path.relative_to(made)
        if inode in again:
            copy.unlink()
            os.link(again[inode], copy)
        again.setdefault(inode, copy)
    return target


def where(corpus: Path) -> Folders:
    return Folders(
        sources=corpus / "sources",
        raw=corpus / "raw",
        clean=corpus / "clean",
        work=corpus / ".build",
        workers=1,
    )


@pytest.fixture(autouse=True)
def no_sources(corpus: Path) -> None:
    (corpus / "sources").mkdir()


def warc_of(corpus: Path, day: int) -> Path:
    return sorted((corpus / "raw").rglob("*.warc.gz"))[day]


def spoil_page(corpus: Path, day: int, number: int) -> str:
    """Flip a byte in the response of a page; its URL."""
    path = warc_of(corpus, day)
    ref = cdxj.refs(corpus / "raw", path.relative_to(corpus / "raw").as_posix())[number]
    flip(path, (ref.offset + ref.length // 2) / (path.stat().st_size - 1))
    return ref.url


def rows(corpus: Path) -> dict[str, Document]:
    return {d.capture: d for t in ("articles", "dropped") for d in documents(corpus / "clean", table=t)}


def test_a_lost_page_is_told_and_the_build_goes_on_with_the_rest(corpus: Path) -> None:
    before = rows(corpus)
    url = spoil_page(corpus, 1, 0)
    assert any("does not read" in told and url in told for told in upkeep.verify(where(corpus)))
    done = upkeep.repair(where(corpus))
    assert [lost.url for each in done.files for lost in each.lost] == [url]
    report = build(job(corpus))
    assert report.full is not None
    assert report.full.startswith("the archive changed")
    after = rows(corpus)
    assert after.keys() == before.keys(), "captures in = rows out"
    assert {d.url: d.reason for d in after.values() if before[d.capture].reason != d.reason} == {
        url: "damaged"
    }
    assert upkeep.verify(where(corpus)) == []
    (told,) = repairs.open_losses(corpus / "raw", corpus / "clean")
    assert url in told
    assert repairs.acknowledge(job(corpus), "known") == 1
    assert repairs.open_losses(corpus / "raw", corpus / "clean") == []
    with pytest.raises(UsageError, match="no loss"):
        repairs.acknowledge(job(corpus), "known")


def test_the_crawl_asks_again_for_what_was_lost_and_with_no_place_that_moved(corpus: Path) -> None:
    url = spoil_page(corpus, 1, 0)
    upkeep.repair(where(corpus))
    with ledger.Ledger(corpus / "raw") as memory:
        assert memory.validators(url) is None
        assert memory.validators(story_page(4).url_key) is None, "it lies elsewhere in its file now"
        assert memory.validators(story_page(0).url_key) is not None


def test_a_damaged_ledger_is_made_anew(corpus: Path) -> None:
    path = corpus / "raw/ledger.sqlite"
    data = bytearray(path.read_bytes())
    data[4096:12288] = b"\xff" * 8192
    path.write_bytes(data)
    assert not ledger.is_whole(corpus / "raw")
    assert upkeep.repair(where(corpus)).ledger
    with closing(ledger.Ledger(corpus / "raw", read_only=True)) as memory:
        assert memory.validators(story_page(0).url_key) is not None


def damage_of(corpus: Path, pattern: str, version: str) -> Path:
    path = min((corpus / "clean" / version).glob(pattern))
    flip(path, 0.5)
    return path


def whole_bytes(corpus: Path) -> dict[str, bytes]:
    clean = corpus / "clean"
    return {p.relative_to(clean).as_posix(): p.read_bytes() for p in clean.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("pattern", "version"),
    [
        ("articles/2026-11-01-*", "2.2.0"),
        ("articles/2026-11-03-*", "2.3.0"),
        ("dropped/*", "2.3.0"),
        ("clusters/members-*.parquet", "2.3.0"),
        ("clusters/*.npy", "2.2.0"),
        ("changes.parquet", "2.2.0"),
        ("README.md", "2.3.0"),
        ("croissant.json", "2.2.0"),
        ("SHA256SUMS", "2.2.0"),
    ],
)
def test_a_version_that_rots_stands_again_byte_for_byte(corpus: Path, pattern: str, version: str) -> None:
    before = whole_bytes(corpus)
    path = damage_of(corpus, pattern, version)
    spoilt = path.read_bytes()
    assert upkeep.verify(where(corpus))
    done = upkeep.repair(where(corpus))
    assert {(each.version, each.file) for each in done.restored} >= {
        (version, path.relative_to(corpus / "clean" / version).as_posix())
    }
    assert (done.stays, done.version) == ((), None)
    assert whole_bytes(corpus) == before
    assert path.stat().st_mode & 0o777 == 0o444
    kept = [
        p for p in restore.quarantine(corpus / "clean").rglob("*") if p.is_file() and p.suffix != ".jsonl"
    ]
    assert spoilt in {p.read_bytes() for p in kept}
    assert upkeep.verify(where(corpus)) == []
    assert upkeep.repair(where(corpus)).is_empty


def test_so_does_one_whose_file_is_missing(corpus: Path) -> None:
    before = whole_bytes(corpus)
    min((corpus / "clean/2.1.0/articles").iterdir()).unlink()
    (done,) = upkeep.repair(where(corpus)).restored
    assert done.restored == "version 2.2.0"
    assert whole_bytes(corpus) == before


def test_what_cannot_be_restored_is_named_and_the_next_version_is_made_from_the_archive(corpus: Path) -> None:
    truth = {d.id: d.text for d in documents(corpus / "clean")}
    spoil_page(corpus, 2, 1)  # so that its inputs are no longer as they were
    path = damage_of(corpus, "articles/2026-11-03-*", "2.3.0")
    with pytest.raises(CorpusError, match=rf"{path.name}: damaged.*corpus verify.*corpus repair"):
        read(corpus / "clean")
    done = upkeep.repair(where(corpus))
    (stays,) = done.stays
    assert (stays.version, stays.file) == ("2.3.0", f"articles/{path.name}")
    assert "not there as they were" in stays.why
    assert done.version == "2.4.0"
    left = {d.id: d.text for d in documents(corpus / "clean")}
    assert len(left) == len(truth) - 1
    assert left.items() <= truth.items()
    told = repairs.open_losses(corpus / "raw", corpus / "clean")
    assert len(told) == 2
    assert any(path.name in line for line in upkeep.verify(where(corpus)))
    repairs.acknowledge(job(corpus), "both known")
    assert upkeep.verify(where(corpus)) == []


def test_verify_names_the_rows_that_do_not_read(corpus: Path) -> None:
    path = min((corpus / "clean/2.1.0").glob("articles/2026-11-01-*"))
    flip_values(path)
    told = [line for line in upkeep.verify(where(corpus), "2.1.0") if path.name in line]
    assert "rows 0 to 2 (documents " in told[0]


def test_verify_and_reading_change_nothing(corpus: Path) -> None:
    spoil_page(corpus, 0, 1)
    damage_of(corpus, "articles/2026-11-01-*", "2.1.0")
    (corpus / "clean/2.2.0/SHA256SUMS").unlink()
    next((corpus / "raw").rglob("*.cdxj")).unlink()
    before = {p: p.stat() for p in corpus.rglob("*")}
    upkeep.verify(where(corpus))
    repairs.open_losses(corpus / "raw", corpus / "clean")
    assert {p: (s.st_mtime_ns, s.st_ino) for p, s in before.items()} == {
        p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in corpus.rglob("*")
    }


def test_maintain_mends_what_loses_nothing_and_says_so(corpus: Path) -> None:
    before = whole_bytes(corpus)
    damage_of(corpus, "articles/2026-11-01-*", "2.3.0")
    done = upkeep.maintain(where(corpus))
    assert {each.version for each in done.restored} == {"2.1.0", "2.2.0", "2.3.0"}
    kept = whole_bytes(corpus)
    assert {name: data for name, data in before.items() if name in kept} == {
        name: kept[name] for name in before if name in kept
    }


def test_maintain_gives_nothing_up_by_itself(corpus: Path) -> None:
    spoil_page(corpus, 1, 0)
    before = warc_of(corpus, 1).read_bytes()
    with pytest.raises(RefusedError, match=r"does not read(.|\n)*corpus repair"):
        upkeep.maintain(where(corpus))
    assert warc_of(corpus, 1).read_bytes() == before


def test_old_versions_are_verified_in_turn(tmp_path: Path) -> None:
    names = [f"2.{n}.0" for n in range(1, 11)]
    seen: Counter[str] = Counter()
    for _ in range(versions.ROUNDS):
        due = versions.next_round(tmp_path, names)
        versions.note_round(tmp_path, due)
        seen.update(due)
    assert set(seen) == set(names)
    assert max(seen.values()) <= 2
    assert versions.next_round(tmp_path, []) == []


def test_maintain_finds_an_old_version_that_rots(corpus: Path) -> None:
    damage_of(corpus, "changes.parquet", "2.1.0")
    assert [each.file for each in upkeep.maintain(where(corpus)).restored] == ["changes.parquet"]


def test_rows_of_a_version_tell_what_a_file_without_index_lost(corpus: Path) -> None:
    url = spoil_page(corpus, 0, 1)
    path = warc_of(corpus, 0)
    stem = path.name.removesuffix(".warc.gz")
    for lost in [*corpus.rglob(f"{stem}.cdxj"), *(corpus / "raw").rglob(f"{stem}.parquet")]:
        lost.unlink()
    # its metadata record too, which would tell
    raw = corpus / "raw"
    record = next(piece for piece in salvage.pieces(path, []) if piece.record is None)
    flip(path, (record.offset + record.length + 60) / (path.stat().st_size - 1))
    done = upkeep.repair(where(corpus))
    assert [lost.url for each in done.files for lost in each.lost] == [url]
    assert damage.losses(raw)[0].kept == 2


def spoilt(corpus: Path) -> None:
    """Damage of every kind."""
    spoil_page(corpus, 1, 0)
    damage_of(corpus, "articles/2026-11-01-*", "2.1.0")
    damage_of(corpus, "changes.parquet", "2.1.0")
    damage_of(corpus, "croissant.json", "2.3.0")


KEPT = (".gz", ".cdxj", ".sha256", ".parquet", ".damaged")


def outcome(corpus: Path) -> dict[str, bytes]:
    """All that a repair must leave the same, however often it was broken off."""
    raw = corpus / "raw"
    kept = {
        p.relative_to(raw).as_posix(): p.read_bytes()
        for p in raw.rglob("*")
        if p.is_file() and p.suffix in KEPT
    }
    return {**whole_bytes(corpus), **kept}


def unlike(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """Where they differ, but for the file that stands in for the link `latest` where that could not be swapped."""
    return sorted(
        name for name in (one.keys() | other.keys()) - {"LATEST"} if one.get(name) != other.get(name)
    )


@pytest.mark.slow
def test_killed_at_any_write_the_next_repair_ends_in_the_same_bytes(corpus: Path, tmp_path: Path) -> None:
    spoilt(corpus)
    calm = tmp_path / "calm"
    copy(corpus, calm)
    upkeep.repair(where(calm))
    expected = outcome(calm)
    number, died = 0, True
    while died:
        number += 1 if number < 12 else 7
        folder = tmp_path / f"killed-{number}"
        copy(corpus, folder)
        died = killed_at(number, lambda folder=folder: upkeep.repair(where(folder)))  # type: ignore[misc]
        upkeep.repair(where(folder))
        assert unlike(outcome(folder), expected) == [], f"after a kill at write {number}"
        assert not list((folder / ".build").glob("rem*")), "no scratch is left"
        shutil.rmtree(folder)
    assert number > 30


def copy(corpus: Path, target: Path) -> None:
    shutil.copytree(corpus, target, symlinks=True)


@pytest.mark.slow
@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO])
def test_a_write_that_fails_leaves_what_the_next_repair_ends(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    spoilt(corpus)
    calm = tmp_path / "calm"
    copy(corpus, calm)
    upkeep.repair(where(calm))
    expected = outcome(calm)
    number, failed = 0, True
    while failed:
        number += 1 if number < 6 else 12
        folder = tmp_path / f"failed-{number}"
        copy(corpus, folder)
        with monkeypatch.context() as patch:
            calls = failing(patch, number, fault)
            with suppress(CorpusError, OSError):
                upkeep.repair(where(folder))
        failed = calls() >= number
        upkeep.repair(where(folder))
        assert unlike(outcome(folder), expected) == [], f"after a fault at write {number}"
        shutil.rmtree(folder)
    assert number > 20


def failing(patch: pytest.MonkeyPatch, number: int, fault: int) -> Callable[[], int]:
    from tests.archive.test_damage import failing as make

    return make(patch, number, fault)


def test_what_was_corrected_is_restored_made_again_and_maintained_with_its_corrections(
    corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = next(iter(documents(corpus / "clean")))
    beside = [f"--{name}={corpus / name}" for name in ("raw", "clean", "corrections")]
    folders = [*beside, f"--sources={corpus / 'sources'}", f"--work={corpus / '.build'}"]
    (corpus / "corrections").mkdir()
    assert main(["correct", row.id, "--set", "title=另一个题目", "--why", "印的是这个", *beside]) == 0
    assert main(["build", *folders]) == 0
    newest = corpus / "clean" / list_versions(corpus / "clean")[-1]
    assert main(["verify", "--rebuild", newest.name, *folders]) == 0
    assert (
        main(["verify", "--rebuild", newest.name, *[each for each in folders if "corrections" not in each]])
        == 3
    )
    assert "made with corrections of 1 documents, and there is no folder of them here" in " ".join(
        capsys.readouterr().err.split()
    )
    path = next(
        each
        for each in sorted((newest / "articles").iterdir())
        if "另一个题目" in pq.read_table(each)["title"].to_pylist()
    )
    whole = path.read_bytes()
    path.chmod(0o644)
    flip_values(path)
    assert main(["repair", *folders]) == 0
    assert path.read_bytes() == whole
    assert main(["maintain", *folders]) == 0
    assert "另一个题目" in read(corpus / "clean")["title"].to_pylist()


def test_a_repair_under_a_rollback_says_why_nothing_stands_in_the_place_of_what_it_cannot_restore(
    corpus: Path,
) -> None:
    there = where(corpus)
    runs.rollback(there, list_versions(corpus / "clean")[0], "wrong")
    newest = corpus / "clean" / list_versions(corpus / "clean")[-1]
    for path in (corpus / "clean").glob("*/articles/*.parquet"):
        path.chmod(0o644)
        flip_values(path)
    for path in (corpus / "raw").rglob("*.warc.gz"):
        path.unlink()
    done = upkeep.repair(there)
    assert any(each.version == newest.name for each in done.stays)
    assert done.version is None
    assert "until `corpus rollback --release`" in " ".join(repair_lines(done))
