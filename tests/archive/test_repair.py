from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
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
