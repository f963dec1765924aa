from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.corpus import remembered, versions
from pipeline.corpus.build import build
from pipeline.corpus.publish import describe_files, next_version, point_latest, read_manifest, write_manifest
from pipeline.corpus.read import documents, latest, list_versions, version_folder
from pipeline.corpus.schema import SCHEMA, TABLES
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
    data[len(data) // 8] ^= 1
    path.write_bytes(data)
    (told,) = versions.verify(clean / "2.1.0")
    assert told.startswith(f"{path}: its bytes have changed since it was published; ")
    assert "unreadable: rows 0 to 0" in told or "none of its rows can be read" in told


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
    from pipeline.archive.store import sha256_of

    sums.write_text("\n".join([*kept, f"{sha256_of(manifest)}  manifest.json"]) + "\n")
    assert versions.verify(clean / "2.1.0") == ["3 captures went in, rows of 2 came out"]


def retold(version: Path, table: str, **said: object) -> None:
    """Set columns of every row of a table of a version to a value, its sums made anew."""
    for path in (version / "clusters").glob(f"{table}-?????.parquet"):
        rows = pq.read_table(path)
        for name, value in said.items():
            column = pa.array([value] * rows.num_rows, rows.schema.field(name).type)
            rows = rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), column)
        path.unlink()  # not the parent's
        pq.write_table(rows, path)
    write_manifest(version, replace(read_manifest(version), files=describe_files(version, None, {})))


def rewritten(version: Path, change: Callable[[pa.Table], pa.Table], **said: Any) -> None:
    """Change the tables of rows of a version, their sums made anew; `said` are fields of its manifest."""
    for path in (p for table in TABLES for p in (version / table).glob("*.parquet")):
        rows = change(pq.read_table(path))
        path.unlink()
        pq.write_table(rows, path)
    files = describe_files(version, None, {})
    write_manifest(version, replace(read_manifest(version), files=files, **said))


def test_a_version_made_before_a_column_came_is_whole(clean: Path) -> None:
    rewritten(clean / "2.1.0", lambda rows: rows.drop_columns(["structure", "structure_raw"]), columns={})
    assert versions.verify(clean / "2.1.0") == []
    assert {d.structure for d in documents(clean, version="2.1.0")} == {()}


def test_a_version_is_judged_by_the_columns_that_it_says_it_has(clean: Path) -> None:
    columns = read_manifest(clean / "2.1.0").columns
    assert (columns["captions"], columns["captured_at"]) == ("[string]", "timestamp[us, tz=UTC]")
    assert columns["flags"] == "[{name: string, start: int64, end: int64, text: string, of: string}]"
    later = columns | {"said_later": "string"}
    rewritten(clean / "2.1.0", lambda rows: rows.append_column("said_later", rows["url"]), columns=later)
    assert versions.verify(clean / "2.1.0") == [], "made by code that knows more than this"
    rewritten(clean / "2.1.0", lambda rows: rows.drop_columns(["terms"]), columns=later)
    assert all("its columns are not those of" in problem for problem in versions.verify(clean / "2.1.0"))
    assert versions.verify(clean / "2.1.0")


def test_a_column_of_another_type_is_found(clean: Path) -> None:
    at = SCHEMA.get_field_index("han")
    rewritten(clean / "2.1.0", lambda rows: rows.set_column(at, "han", rows["han"].cast(pa.string())))
    assert all("its columns are not those of" in problem for problem in versions.verify(clean / "2.1.0"))
    assert versions.verify(clean / "2.1.0")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"cluster": "another"}, "cluster 'another', the row says '{id}'"),
        ({"relation": "same_form"}, "relation 'same_form', the row says 'new'"),
        ({"published": False, "reason": "duplicate"}, "reason 'duplicate', the row says None"),
        (
            {"published": False, "relation": "glued"},
            "relation 'glued', the row says 'new'; reason 'glued', …",
        ),
        ({"relation": "duplicate"}, "relation 'canonical', the row says 'new'"),
        ({"title": "旧题"}, "title '旧题', the row says '{title}'"),
        ({"size": 7}, "size 7, the row says {size}"),
        ({"size": 7, "spans": [[0, 3]]}, "size 7, the row says {size}"),
        ({"title": "旧题", "size": 7}, "title '旧题', the row says '{title}'; size 7, the row says {size}"),
    ],
)
def test_what_index_and_row_say_of_a_document_is_compared(
    clean: Path, said: dict[str, object], words: str
) -> None:
    version = clean / "2.1.0"
    (row,) = documents(clean)
    retold(version, "members", **said)
    words = words.format(id=row.id, title=row.title, size=len(row.text)).removesuffix("…")
    (problem,) = versions.verify(version)
    assert problem.startswith(f"{version / 'clusters'}: document {row.id}: the index says {words}")


def test_of_a_page_that_was_cut_the_index_remembers_the_whole(clean: Path) -> None:
    retold(clean / "2.1.0", "members", size=100_000, spans=[[0, 3]])
    assert versions.verify(clean / "2.1.0") == []


def test_documents_that_only_row_or_index_know_are_named(clean: Path) -> None:
    version = clean / "2.1.0"
    (row,) = documents(clean)
    retold(version, "members", id="unheard-of")
    assert versions.verify(version) == [
        f"{version / 'clusters'}: document {row.id} has a row, and the index does not know it",
        f"{version / 'clusters'}: the index knows document unheard-of, and it has no row",
    ]
    retold(version, "members", removed=True)
    assert versions.verify(version) == [
        f"{version / 'clusters'}: document {row.id} has a row, and the index does not know it"
    ]


def test_the_first_disagreements_are_named_and_all_are_counted(
    clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "SHOWN", 1)
    retold(clean / "2.1.0", "members", id="unheard-of")
    assert len(problems := versions.verify(clean / "2.1.0")) == 2
    assert problems[1].endswith("2 documents in all disagree with their rows")


def test_a_version_without_an_index_is_named(clean: Path) -> None:
    version = clean / "2.1.0"
    shutil.rmtree(version / "clusters")
    write_manifest(version, replace(read_manifest(version), files=describe_files(version, None, {})))
    (problem,) = versions.verify(version)
    assert problem.startswith(f"{version / 'clusters'}: no members-*.parquet here")


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


def test_versions_that_a_wrong_clock_dated_are_not_taken_for_one_days(clean: Path, tmp_path: Path) -> None:
    """Four versions of 2999, made before times were doubted, and two of the days after."""
    for n in range(2, 6):
        dated(clean, f"2.{n}.0", datetime(2999, 1, 1, n, tzinfo=UTC))
    point_latest(clean, "2.5.0", tmp_path)
    assert [k.version for k in versions.plan_gc(clean) if k.why is None] == ["2.2.0", "2.3.0", "2.4.0"]
    for n in (6, 7):
        dated(clean, f"2.{n}.0", datetime(2026, 11, n, 12, tzinfo=UTC))
    point_latest(clean, "2.7.0", tmp_path)
    assert [k.why for k in versions.plan_gc(clean)] == [*["daily"] * 6, "latest"]
