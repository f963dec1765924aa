"""The corpus opens in every reader the README names, with nothing of ours in between."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.corpus import documents, list_versions, read
from pipeline.corpus.build import build
from pipeline.corpus.schema import SCHEMA
from pipeline.errors import UsageError
from tests.corpus.archives import PLAIN, failed_page, html, job, story_page, write


def sql(query: str) -> list[Any]:
    """The rows of a query, as DuckDB reads the files."""
    import duckdb

    found = duckdb.sql(query)
    assert found is not None
    rows: list[Any] = found.fetchall()
    return rows


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of two versions: the second has a changed and a new article."""
    folder = tmp_path_factory.mktemp("two")
    write(folder / "raw", [story_page(0), story_page(1), failed_page(2, "timeout")])
    build(job(folder))
    later = timedelta(days=1)
    changed = story_page(
        0, body=html(PLAIN[0].title, PLAIN[0].body[:-1]), fetched_at=story_page(0).fetched_at + later
    )
    write(folder / "raw", [changed, story_page(3, fetched_at=story_page(3).fetched_at + later)], "run-2")
    build(job(folder))
    assert list_versions(folder / "clean") == ["2.1.0", "2.2.0"]
    return folder / "clean"


TITLES = {"2.1.0": {0, 1}, "2.2.0": {0, 1, 3}}


def titles(version: str) -> list[str]:
    return sorted(PLAIN[n].title for n in TITLES[version])


@pytest.mark.parametrize("version", TITLES)
def test_pandas(clean: Path, version: str) -> None:
    import pandas

    frame = pandas.read_parquet(clean / version / "articles")
    assert sorted(frame["title"]) == titles(version)
    assert list(frame.columns) == SCHEMA.names


@pytest.mark.parametrize("version", TITLES)
def test_polars(clean: Path, version: str) -> None:
    import polars

    frame = polars.read_parquet(clean / version / "articles" / "*.parquet")
    assert sorted(frame["title"]) == titles(version)
    assert frame["first_seen"].dtype == polars.Datetime("us", "UTC")


@pytest.mark.parametrize("version", TITLES)
def test_duckdb(clean: Path, version: str) -> None:

    found = sql(f"select title from '{clean / version}/articles/*.parquet' order by title")
    assert [t for (t,) in found] == titles(version)


@pytest.mark.parametrize("version", TITLES)
def test_hugging_face_datasets(
    clean: Path, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    import datasets

    folder = str(clean / version / "articles")
    found = datasets.load_dataset("parquet", data_dir=folder, cache_dir=str(tmp_path), split="train")
    assert sorted(found["title"]) == titles(version)


def test_our_own_reader(clean: Path) -> None:
    assert sorted(read(clean, version="2.1")["title"].to_pylist()) == titles("2.1.0")
    assert sorted(d.title or "" for d in documents(clean)) == titles("2.2.0")
    assert read(clean, columns=["id", "title"]).column_names == ["id", "title"]
    assert sorted(d.reason or "" for d in documents(clean, table="dropped")) == ["superseded", "timeout"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"version": "2.9"}, "there is no version 2.9; there are 2.1.0, 2.2.0"),
        ({"table": "rows"}, "there is no table 'rows'"),
        ({"columns": ["titel"]}, "no column titel"),
    ],
)
def test_what_is_not_there_is_named(clean: Path, arguments: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read(clean, **arguments)  # type: ignore[arg-type]


def test_an_empty_folder_says_how_to_make_a_corpus(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="make one with `corpus refresh`"):
        read(tmp_path)


def few(clean: Path) -> list[str]:
    """Titles of the short articles of the latest version: some, not all."""
    found = sorted(d.title or "" for d in documents(clean) if d.quality and d.quality.han < 600)
    assert 0 < len(found) < len(titles("2.2.0"))
    return found


def test_measures_are_filtered_in_sql(clean: Path) -> None:

    files = f"'{clean}/latest/articles/*.parquet'"
    found = sql(f"select title from {files} where quality.han < 600 order by title")
    assert [t for (t,) in found] == few(clean)
    assert sql(f"select distinct typeof(quality.han_share) from {files}") == [("DOUBLE",)]


def test_measures_are_filtered_in_polars(clean: Path) -> None:
    import polars

    frame = polars.scan_parquet(clean / "latest/articles/*.parquet")
    found = frame.filter(polars.col("quality").struct.field("han") < 600).collect()
    assert sorted(found["title"]) == few(clean)
    assert frame.select(polars.col("quality").struct.unnest()).collect()["han_share"].dtype == polars.Float64


def test_measures_are_filtered_in_pandas(clean: Path) -> None:
    import pandas
    import pyarrow.compute as pc

    frame: Any = pandas.read_parquet(clean / "latest/articles")
    assert sorted(frame[frame["quality"].str["han"] < 600]["title"]) == few(clean)
    read_less = pandas.read_parquet(clean / "latest/articles", filters=pc.field("quality", "han") < 600)
    assert sorted(read_less["title"]) == few(clean)


def test_measures_are_filtered_in_hugging_face_datasets(
    clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    import datasets

    folder = str(clean / "latest/articles")
    rows = datasets.load_dataset("parquet", data_dir=folder, cache_dir=str(tmp_path), split="train")
    assert rows.features["quality"]["han_share"].dtype == "float64"
    assert sorted(rows.filter(lambda row: row["quality"]["han"] < 600)["title"]) == few(clean)


def test_a_row_that_was_never_measured_has_no_measures(clean: Path) -> None:

    files = f"'{clean}/latest/dropped/*.parquet'"
    found = sql(f"select reason, quality is null from {files} order by all")
    assert found == [("superseded", False), ("timeout", True)]
