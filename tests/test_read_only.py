"""Reading never writes: whatever was lost beside the archive's files, who reads leaves every byte, name and time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline import archive
from pipeline.archive import cdxj, index
from pipeline.archive.writer import Writer
from pipeline.cli import main
from pipeline.corpus.build import build
from pipeline.crawl.gaps import find_gaps
from pipeline.crawl.ledger import Ledger
from pipeline.records import Source
from tests.corpus.archives import START, failed_page, job, story_page, write

FOUND = "https://news.example/a/found.html"
NAMED = "https://news.example/%E6%96%B0/1.html"
NEWS = Source(name="example", home="https://news.example/", urls=(NAMED,))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of three days with its ledger, and two versions of a corpus made of it."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "sources").mkdir()
    (folder / "sources/example.toml").write_text('urls = ["https://news.example/新/1.html"]\n')
    write(folder / "raw", [story_page(0), failed_page(1, "timeout")])
    build(job(folder))
    write(folder / "raw", [story_page(n, fetched_at=START + timedelta(days=n)) for n in (2, 3)], "run-2")
    build(job(folder))
    with Ledger(folder / "raw") as ledger:
        ledger.add_links("example", [(FOUND, FOUND)], None, START)
        ledger.commit()
    return folder


def lose(*patterns: str) -> Callable[[Path], None]:
    def losing(raw: Path) -> None:
        found = [path for pattern in patterns for path in raw.rglob(pattern)]
        assert found
        for path in found:
            path.unlink()

    return losing


def spoil(pattern: str) -> Callable[[Path], None]:
    def spoiling(raw: Path) -> None:
        for path in raw.rglob(pattern):
            path.write_bytes(b"spoilt\n")

    return spoiling


def age_cdxj(raw: Path) -> None:
    for path in raw.rglob("*.cdxj"):
        os.utime(path, (0, 0))


def fall_behind(raw: Path) -> None:
    write(raw, [failed_page(4, "timeout", fetched_at=START + timedelta(days=4))], "run-3")


def kill_a_writer_of_the_ledger(raw: Path) -> None:
    code = "import sys, os; from pathlib import Path; from pipeline.crawl.ledger import *; "
    code += "one = Ledger(Path(sys.argv[1])); one._write('DELETE FROM host'); one.commit(); os._exit(9)"
    subprocess.run([sys.executable, "-c", code, str(raw)], check=False)
    assert (raw / "ledger.sqlite-wal").stat().st_size > 0


def copy_without_the_shared_memory(raw: Path) -> None:
    kill_a_writer_of_the_ledger(raw)
    (raw / "ledger.sqlite-shm").unlink()


LOSSES: dict[str, Callable[[Path], None]] = {
    "nothing": lambda raw: None,
    "CDXJ": lose("*.cdxj"),
    "CDXJ out of date": age_cdxj,
    "CDXJ spoilt": spoil("*.cdxj"),
    "checksum": lose("*.sha256"),
    "checksum spoilt": spoil("*.sha256"),
    "index": lose("*.parquet"),
    "a file of the index": lose("date=2026-11-03/*.parquet"),
    "everything beside": lose("*.cdxj", "*.sha256", "*.parquet"),
    "ledger": lose("ledger.sqlite"),
    "ledger behind": fall_behind,
    "ledger's writer killed": kill_a_writer_of_the_ledger,
    "ledger copied with its log alone": copy_without_the_shared_memory,
}


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Name → time of change and bytes (of a folder: none) of all there is."""
    return {
        path.relative_to(folder).as_posix(): (
            path.lstat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in (folder, *folder.rglob("*"))
    }


def look_at_everything(folder: Path) -> dict[str, Any]:
    """Every function that reads the archive, and what it found."""
    raw = folder / "raw"
    files = archive.sealed(raw)
    refs = [ref for each in files for ref in cdxj.refs(raw, each.file)]
    return {
        "sealed": files,
        "refs": refs,
        "read": [list(archive.read(raw, each.file)) for each in files],
        "read_one": [archive.read_one(raw, ref.place) for ref in refs],
        "find": index.find(raw),
        "find_one": [index.find_one(raw, ref.id, index.day_of(ref)) for ref in refs],
        "by_day": list(index.by_day(raw, [each.file for each in files])),
        "missing": find_gaps([NEWS], raw)[0].missing,
    }


def run_every_command(folder: Path) -> dict[str, int]:
    """Every command that reads, and its exit code."""
    raw, clean, sources = (f"--{name}={folder / name}" for name in ("raw", "clean", "sources"))
    lines = [
        ["read", clean],
        ["read", clean, "--table=dropped"],
        ["versions", clean],
        ["diff", "2.1", "2.2", clean],
        ["report", clean],
        ["explain", "https://news.example/a/0.html", clean, raw],
        ["source", "check", sources],
        ["source", "list", sources],
        ["backfill", "--plan", raw, clean, sources],
        ["verify", raw, clean],
        ["maintain", "--verify-only", raw, clean, sources],
    ]
    return {line[0]: main(line) for line in lines}


@pytest.mark.parametrize("loss", LOSSES.keys())
def test_who_reads_changes_nothing_and_finds_all(whole: Path, tmp_path: Path, loss: str) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "copy", symlinks=True))
    if loss == "ledger behind":
        fall_behind(folder / "raw")  # what is there, not what the ledger says, is the truth to find
    wanted = look_at_everything(Path(shutil.copytree(folder, tmp_path / "undisturbed", symlinks=True)))
    if loss != "ledger behind":
        LOSSES[loss](folder / "raw")
    before = tree(folder)
    found = look_at_everything(folder)
    codes = run_every_command(folder)
    told = archive.verify(folder / "raw")
    assert tree(folder) == before
    if loss == "ledger":
        wanted["missing"] = tuple(url for url in wanted["missing"] if url != FOUND)
    assert found == wanted
    lost_beside = not ("ledger" in loss or loss in {"nothing", "CDXJ out of date"})
    assert bool(told) is lost_beside
    assert archive.verify(folder / "raw") == told
    assert {codes.pop("verify"), codes.pop("maintain")} == {3 if lost_beside else 0}
    assert set(codes.values()) == {0}


def test_a_plan_tells_what_failed_and_what_was_found_also_from_a_ledger_that_is_behind(
    whole: Path, tmp_path: Path
) -> None:
    raw = Path(shutil.copytree(whole / "raw", tmp_path / "raw"))
    failed = [story_page(n).url for n in (1, 4)]
    assert set(find_gaps([NEWS], raw)[0].missing) == {NAMED, FOUND, failed[0]}
    fall_behind(raw)
    assert set(find_gaps([NEWS], raw)[0].missing) == {NAMED, FOUND, *failed}
    (raw / "ledger.sqlite").unlink()
    assert set(find_gaps([NEWS], raw)[0].missing) == {NAMED, *failed}
    assert find_gaps([NEWS], tmp_path / "nowhere")[0].missing == (NAMED,)
    assert not (tmp_path / "nowhere").exists()


def test_a_plan_beside_a_crawl_sees_what_it_committed_and_no_more(whole: Path, tmp_path: Path) -> None:
    raw = Path(shutil.copytree(whole / "raw", tmp_path / "raw"))
    urls = [f"https://news.example/a/live-{n}.html" for n in range(2)]
    with Writer(raw, "live", lambda: START), Ledger(raw) as ledger:
        ledger.add_links("example", [(urls[0], urls[0])], None, START)
        ledger.commit()
        ledger.add_links("example", [(urls[1], urls[1])], None, START)
        missing = find_gaps([NEWS], raw)[0].missing
    assert urls[0] in missing
    assert urls[1] not in missing


@pytest.mark.parametrize("loss", LOSSES.keys())
def test_a_folder_nobody_may_write_to_is_read(whole: Path, tmp_path: Path, loss: str) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "copy", symlinks=True))
    LOSSES[loss](folder / "raw")
    wanted = look_at_everything(folder)
    paths = [path for path in (folder, *folder.rglob("*")) if not path.is_symlink()]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        if os.access(folder / "raw", os.W_OK):
            pytest.skip("root may write anywhere")
        assert look_at_everything(folder) == wanted
        assert set(run_every_command(folder).values()) <= {0, 3}
    finally:
        for path in paths:
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_maintain_makes_anew_what_was_lost_beside_whole_files_and_says_so(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "copy", symlinks=True))
    raw, clean, sources = (f"--{name}={folder / name}" for name in ("raw", "clean", "sources"))
    before = tree(folder / "raw")
    for losses in (("checksum",), ("CDXJ spoilt", "a file of the index")):
        for loss in losses:
            LOSSES[loss](folder / "raw")
        assert main(["maintain", raw, clean, sources]) == 0
    told = capsys.readouterr().err
    assert all(f"made anew: the {what} of warc/" in told for what in ("checksum", "CDXJ", "index"))
    after = tree(folder / "raw")
    assert {name: bytes for name, (_, bytes) in after.items()}.items() >= {
        name: bytes for name, (_, bytes) in before.items()
    }.items()
    LOSSES["everything beside"](folder / "raw")
    assert main(["maintain", raw, clean, sources]) == 3
    assert "its checksum is lost" in capsys.readouterr().err
