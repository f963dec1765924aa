"""What lies in the archive without its WARC file, and what is none of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import archive
from tests.corpus.archives import story_page, write


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    write(tmp_path, [story_page(0)])
    write(tmp_path, [story_page(1)], "run-2")
    assert archive.verify(tmp_path) == []
    return tmp_path


@pytest.mark.parametrize("left", [".sha256", ".cdxj", ".parquet"])
def test_a_file_that_is_gone_is_told_by_whatever_is_left_of_it(raw: Path, left: str) -> None:
    gone = min(raw.rglob("*.warc.gz"))
    for path in [*raw.rglob(f"{gone.name.removesuffix('.warc.gz')}*")]:
        if path.suffix != left:
            path.unlink()
    (problem,) = archive.verify(raw)
    assert problem.startswith(f"{gone.name}: missing; ")
    assert problem.endswith(f"{left} tells of it")


@pytest.mark.parametrize("place", ["warc/notes.txt", "warc/2026/11/01/other.warc", "index/date=2026-11-01/x"])
def test_a_stranger_is_named(raw: Path, place: str) -> None:
    (raw / place).parent.mkdir(parents=True, exist_ok=True)
    (raw / place).write_text("anything")
    assert archive.verify(raw) == [f"{place}: not a file of the archive"]


@pytest.mark.parametrize("ending", [".warc.gz.open", ".sha256.tmp"])
def test_what_a_run_writes_now_is_no_stranger(raw: Path, ending: str) -> None:
    (raw / f"warc/2026/11/01/running{ending}").parent.mkdir(parents=True, exist_ok=True)
    (raw / f"warc/2026/11/01/running{ending}").touch()
    assert archive.verify(raw) == []
