from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline import archive
from pipeline.archive import index
from pipeline.archive.repair import RepairReport
from pipeline.archive.warc import member
from pipeline.archive.writer import Writer
from pipeline.crawl.ledger import Ledger, rebuild
from pipeline.records import Capture
from tests.archive.archive_cases import clock, judge, page, warc_files, write
from tests.archive.killed_runs import captures, write_job


def run_killed(job: str, folder: Path) -> list[Path]:
    """The folders of all attempts, the undisturbed one last."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.archive.killed_runs", job, str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return sorted((path for path in folder.iterdir() if path.name.isdigit()), key=lambda path: int(path.name))


@pytest.fixture(scope="module")
def attempts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """What the write job left behind, killed at each of its calls; copy before changing anything."""
    return run_killed("write", tmp_path_factory.mktemp("killed"))


def content(raw: Path) -> list[Capture]:
    """Every capture of the finished files, in the order written."""
    files = sorted(each.file for each in archive.sealed(raw))
    return [capture for file in files for capture in archive.read(raw, file)]


def url_rows(raw: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(raw / "ledger.sqlite") as db:
        return db.execute("SELECT * FROM url ORDER BY key").fetchall()


@pytest.mark.slow
def test_killed_at_every_write_nothing_committed_is_lost_and_nothing_doubled(
    tmp_path: Path, attempts: list[Path]
) -> None:
    *killed, undisturbed = [Path(shutil.copytree(raw, tmp_path / raw.name)) for raw in attempts]
    whole = content(undisturbed)
    assert len(killed) > 40
    assert len(whole) == 7
    assert whole[-1].refers_to == whole[0].id
    assert {path.name for path in undisturbed.rglob("*.warc.gz")} == {
        path.name for path in warc_files(undisturbed)
    }
    shapes: dict[bytes, Path] = {}
    for raw in killed:
        committed = (raw / "committed").read_text().split() if (raw / "committed").exists() else []
        archive.repair(raw)
        found = content(raw)
        assert found == whole[: len(found)], raw.name
        assert set(committed) <= {each.id for each in found}, raw.name
        assert archive.verify(raw) == [], raw.name
        with Ledger(raw):
            live = url_rows(raw)
        rebuild(raw)
        assert url_rows(raw) == live, raw.name
        shapes.setdefault(b"".join(path.read_bytes() for path in warc_files(raw)), raw)
    assert len(shapes) > 7
    judge(*shapes.values())


def test_the_next_run_fetches_what_is_missing_and_only_that(tmp_path: Path, attempts: list[Path]) -> None:
    for left in attempts[::6]:
        raw = Path(shutil.copytree(left, tmp_path / left.name))
        with Writer(raw, "next", clock) as writer, Ledger(raw) as ledger:
            for capture in captures():
                if not ledger.seen([capture.url_key]):
                    ledger.record(writer.write(capture))
            writer.flush()
            ledger.commit()
        pages = [each.url_key for each in content(raw) if not each.refers_to]
        assert sorted(pages) == sorted(each.url_key for each in captures())
        assert archive.verify(raw) == []


@pytest.mark.slow
def test_a_repair_that_is_killed_itself_ends_in_the_same_bytes(tmp_path: Path, attempts: list[Path]) -> None:
    torn = max((raw for raw in attempts if _open_bytes(raw)), key=_open_bytes)
    shutil.copytree(torn, tmp_path / "repair" / "torn")
    with next((tmp_path / "repair").rglob("*.open")).open("ab") as stream:
        stream.write(member(b"WARC/1.1 torn")[:-9])
    *killed, undisturbed = run_killed("repair", tmp_path / "repair")
    assert len(killed) > 8
    assert next((undisturbed / "quarantine").iterdir()).stat().st_size > 0
    for raw in killed:
        archive.repair(raw)
        assert _tree(raw) == _tree(undisturbed), raw.name
    judge(undisturbed)


def _open_bytes(raw: Path) -> int:
    return sum(path.stat().st_size for path in raw.rglob("*.warc.gz.open"))


def _tree(raw: Path) -> dict[str, bytes]:
    kept = ("warc", "index", "quarantine")
    return {
        path.relative_to(raw).as_posix(): path.read_bytes()
        for top in kept
        for path in (raw / top).rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("cut", [1, 8, 50, 200])
def test_a_torn_tail_goes_to_quarantine_and_the_rest_is_sealed(tmp_path: Path, cut: int) -> None:
    written = write(tmp_path, [page(1), page(2)])
    path = warc_files(tmp_path)[0]
    data = path.read_bytes()
    path.unlink()
    torn = path.with_name(path.name + ".open")
    torn.write_bytes(data[:-cut])
    report = archive.repair(tmp_path)
    assert report.sealed == (written[0].place.file,)  # type: ignore[union-attr]
    (kept,) = (tmp_path / "quarantine").iterdir()
    assert path.read_bytes() + kept.read_bytes() == data[:-cut]
    assert content(tmp_path) == written[:1]
    assert archive.repair(tmp_path) == RepairReport()
    judge(tmp_path)


def test_an_open_file_without_a_capture_goes(tmp_path: Path) -> None:
    write(tmp_path, [page(1)])
    path = warc_files(tmp_path)[0]
    empty = path.with_name("corpus-x.warc.gz.open")
    empty.write_bytes(b"\x1f\x8bnothing")
    report = archive.repair(tmp_path)
    assert report.empty == (empty.relative_to(tmp_path).as_posix().removesuffix(".open"),)
    assert not empty.exists()
    assert next((tmp_path / "quarantine").iterdir()).read_bytes() == b"\x1f\x8bnothing"
    assert len(index.find(tmp_path)) == 1


def test_the_write_job_itself_is_what_it_claims(tmp_path: Path) -> None:
    write_job(tmp_path)
    assert len(archive.sealed(tmp_path)) > 1
    judge(tmp_path)


def beside(raw: Path) -> dict[Path, bytes]:
    """What stands beside the finished files: CDXJ, checksums, daily index."""
    return {path: path.read_bytes() for path in raw.rglob("*") if path.suffix in _BESIDE}


_BESIDE = {".sha256": "checksum", ".cdxj": "CDXJ", ".parquet": "index"}


@pytest.mark.parametrize(
    "lost", [("cdxj",), ("sha256",), ("parquet",), ("cdxj", "sha256"), ("cdxj", "parquet")]
)
def test_what_was_lost_beside_a_whole_file_is_made_anew_by_a_writer(
    tmp_path: Path, lost: tuple[str, ...]
) -> None:
    write(tmp_path, [page(1), page(2)])
    write(tmp_path, [page(3)], "other")
    before, file = beside(tmp_path), archive.sealed(tmp_path)[0].file
    assert archive.repair(tmp_path) == RepairReport()
    gone = [path for path in before if path.suffix[1:] in lost and "other" not in path.name]
    for path in gone:
        path.unlink()
    told = archive.verify(tmp_path)
    assert len(told) == len(lost)
    assert archive.verify(tmp_path) == told
    report = archive.repair(tmp_path)
    assert set(report.remade) == {(file, _BESIDE[path.suffix]) for path in gone}
    assert report.unproven == ()
    assert beside(tmp_path) == before
    assert archive.verify(tmp_path) == []
    assert archive.repair(tmp_path) == RepairReport()


def test_a_stale_cdxj_is_made_anew(tmp_path: Path) -> None:
    write(tmp_path, [page(1)])
    before = beside(tmp_path)
    (cdxj,) = tmp_path.rglob("*.cdxj")
    os.utime(cdxj, (0, 0))
    assert [what for _, what in archive.repair(tmp_path).remade] == ["CDXJ"]
    assert beside(tmp_path) == before
    assert archive.repair(tmp_path) == RepairReport()


def test_a_day_lost_of_a_file_with_others_is_made_anew(tmp_path: Path) -> None:
    write(tmp_path, [page(1), page(2, fetched_at=page(2).fetched_at + timedelta(days=1))])
    whole = index.find(tmp_path)
    before = beside(tmp_path)
    for path in (path for path in before if path.suffix == ".parquet"):
        path.unlink()
        assert [what for _, what in archive.repair(tmp_path).remade] == ["index"]
        assert beside(tmp_path) == before
    assert index.find(tmp_path) == whole


@pytest.mark.parametrize("spoilt", _BESIDE)
def test_only_a_thorough_repair_finds_what_is_there_and_tells_something_else(
    tmp_path: Path, spoilt: str
) -> None:
    write(tmp_path, [page(1)])
    before = beside(tmp_path)
    (path,) = tmp_path.rglob(f"*{spoilt}")
    path.write_bytes(b"spoilt\n")
    assert archive.verify(tmp_path)
    if spoilt != ".sha256":  # that one is read by every repair
        assert archive.repair(tmp_path) == RepairReport()
    assert [what for _, what in archive.repair(tmp_path, thorough=True).remade] == [_BESIDE[spoilt]]
    assert beside(tmp_path) == before


def test_rows_under_a_day_of_no_capture_go(tmp_path: Path) -> None:
    write(tmp_path, [page(1)])
    before = beside(tmp_path)
    (path,) = tmp_path.rglob("*.parquet")
    stray = path.parent.with_name("date=2026-01-01") / path.name
    shutil.copytree(path.parent, stray.parent)
    assert archive.verify(tmp_path)
    archive.repair(tmp_path, thorough=True)
    assert beside(tmp_path) == before


@pytest.mark.parametrize(
    ("damage", "lost", "why"),
    [
        ("cut between two captures", ("sha256",), "neither CDXJ nor daily index"),
        ("cut between two captures", ("sha256", "cdxj"), "neither CDXJ nor daily index"),
        ("cut between two captures", ("cdxj",), "not the bytes"),
        ("cut in a capture", ("sha256",), "is cut off"),
        ("a byte of a digest", ("sha256",), "its payload digest is wrong"),
        ("none", ("sha256", "cdxj", "parquet"), "neither CDXJ nor daily index"),
    ],
)
def test_nothing_is_made_anew_for_a_file_that_nothing_shows_to_be_what_was_sealed(
    tmp_path: Path, damage: str, lost: tuple[str, ...], why: str
) -> None:
    written = write(tmp_path, [page(1), page(2)])
    (path,) = warc_files(tmp_path)
    data, times = path.read_bytes(), path.stat()
    second = written[1].place.offset  # type: ignore[union-attr]
    if damage == "a byte of a digest":
        end = second + written[1].place.length  # type: ignore[union-attr]
        record = gzip.decompress(data[second:end]).replace(b"Digest: sha1:", b"Digest: sha1:A", 1)
        data = data[:second] + member(record) + data[end:]
    elif damage != "none":
        data = data[: second + (0 if damage == "cut between two captures" else 9)]
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    for ending in lost:
        next(tmp_path.rglob(f"*.{ending}")).unlink()
    before = beside(tmp_path)
    report = archive.repair(tmp_path)
    ((file, reason),) = report.unproven
    assert (file, report.remade) == (path.relative_to(tmp_path).as_posix(), ())
    assert why in reason
    assert beside(tmp_path) == before
    assert archive.verify(tmp_path)
    with Writer(tmp_path, "next", clock) as writer:
        writer.write(page(3))
    assert before.items() <= beside(tmp_path).items()
