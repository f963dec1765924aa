from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.corpus import versions
from pipeline.corpus.build import build
from pipeline.corpus.publish import next_version, point_latest, read_manifest
from pipeline.corpus.read import latest, list_versions, version_folder
from pipeline.errors import CorpusError
from tests.corpus.archives import failed_page, job, story_page, write


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    write(folder / "raw", [story_page(0), failed_page(1, "timeout")])
    build(job(folder))
    return folder / "clean"


@pytest.fixture
def clean(published: Path, tmp_path: Path) -> Path:
    shutil.copytree(published, tmp_path / "clean", symlinks=True)
    return tmp_path / "clean"


def test_a_whole_version_has_no_problems(clean: Path) -> None:
    assert versions.verify(clean / "2.1.0") == []


def test_a_flipped_byte_is_found(clean: Path) -> None:
    path = next((clean / "2.1.0/articles").iterdir())
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert versions.verify(clean / "2.1.0") == [f"{path}: its bytes have changed since it was published"]


def test_missing_and_foreign_files_are_found(clean: Path) -> None:
    path = next((clean / "2.1.0/dropped").iterdir())
    path.rename(path.with_name("other.parquet"))
    problems = versions.verify(clean / "2.1.0")
    assert any("missing" in p for p in problems)
    assert any("not listed" in p for p in problems)


def test_a_lost_capture_is_found(clean: Path) -> None:
    manifest = clean / "2.1.0/manifest.json"
    row = json.loads(manifest.read_text())
    row["inputs"][0]["captures"] += 1
    manifest.write_text(json.dumps(row))
    sums = clean / "2.1.0/SHA256SUMS"
    kept = [line for line in sums.read_text().splitlines() if not line.endswith("manifest.json")]
    from pipeline.corpus.publish import sha256_of

    sums.write_text("\n".join([*kept, f"{sha256_of(manifest)}  manifest.json"]) + "\n")
    assert versions.verify(clean / "2.1.0") == ["3 captures went in, rows of 2 came out"]


def test_a_folder_that_is_no_version_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="not a readable manifest"):
        read_manifest(tmp_path)


def test_release_numbers_never_repeat() -> None:
    assert next_version([]) == "2.1.0"
    assert next_version(["2.9.0", "2.10.2"]) == "2.11.0"


def test_a_version_is_found_by_release_and_by_latest(clean: Path) -> None:
    for revision in ("2.1.1", "2.2.0"):
        shutil.copytree(clean / "2.1.0", clean / revision)
    assert list_versions(clean) == ["2.1.0", "2.1.1", "2.2.0"]
    assert version_folder(clean, "2.1").name == "2.1.1"
    assert version_folder(clean).name == "2.1.0", "latest is where it points, not the newest folder"
    point_latest(clean, "2.2.0", clean.parent)
    assert latest(clean) == "2.2.0"


def test_where_links_cannot_be_a_text_file_points(clean: Path) -> None:
    (clean / "latest").unlink()
    (clean / "LATEST").write_text("2.1.0\n")
    assert latest(clean) == "2.1.0"


def dated(clean: Path, version: str, moment: datetime) -> None:
    shutil.copytree(clean / "2.1.0", clean / version)
    path = clean / version / "manifest.json"
    row = json.loads(path.read_text())
    path.write_text(json.dumps({**row, "version": version, "created_at": moment.isoformat()}))


def test_gc_keeps_days_weeks_months_pins_and_the_latest(clean: Path, tmp_path: Path) -> None:
    start = datetime(2026, 1, 1, 12, tzinfo=UTC)
    for n in range(2, 102):
        dated(clean, f"2.{n}.0", start + timedelta(days=n))
    (clean / "PINNED").write_text("2.5\n")
    point_latest(clean, "2.101.0", tmp_path)
    plan = {k.version: k.why for k in versions.plan_gc(clean)}
    assert plan["2.101.0"] == "latest"
    assert plan["2.5.0"] == "pinned"
    assert [plan[f"2.{n}.0"] for n in (95, 100)] == ["daily", "daily"]
    assert plan["2.6.0"] is None
    kept = [v for v, why in plan.items() if why]
    versions.collect(clean, tmp_path / "work")
    assert list_versions(clean) == kept
    assert not any((tmp_path / "work").iterdir())
