"""The change feed read over the network: what the folder says, by the files between two versions alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.corpus import feed, feed_files, read_changes
from pipeline.corpus.build import build
from pipeline.corpus.publish import read_manifest, write_manifest
from pipeline.errors import CorpusError, UsageError
from tests.corpus.archives import job, story_page, write
from tests.corpus.served import Served, web
from tests.corpus.test_feed import one


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four releases, the third with a revision beside it; the first two were collected."""
    folder = tmp_path_factory.mktemp("feed")
    for number in range(4):
        page = story_page(number, fetched_at=story_page(0).fetched_at + timedelta(days=number))
        write(folder / "raw", [page], f"run-{number}")
        build(job(folder))
    clean = folder / "clean"
    revised = shutil.copytree(clean / "2.3.0", clean / "2.3.1")
    write_manifest(revised, replace(read_manifest(revised), version="2.3.1"))
    gone = one("removed", "takedown", {"x": ("x", "x")}, {})
    feed_files.put_in_place(feed_files.stage(gone, "2.3.0", "2.3.1", folder / ".build"), clean, "2.3.1")
    for version in ("2.1.0", "2.2.0"):
        shutil.rmtree(clean / version)
    return clean


@pytest.fixture
def served(clean: Path) -> Iterator[Served]:
    with web(clean.parent) as running:
        running.url += "/clean"
        yield running


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2.1", None),
        ("2.1.0", "2.3.0"),
        ("2.3", None),
        ("2.3", "2.3"),
        ("2.3.1", "2.4"),
        ("2.4", "2.1.0"),
        ("2.4", None),
    ],
)
def test_it_says_what_the_folder_says(clean: Path, served: Served, since: str, until: str | None) -> None:
    here = read_changes(clean, since=since, until=until)
    assert read_changes(served.url, since=since, until=until).equals(here)


def test_only_the_files_between_are_fetched(served: Served) -> None:
    read_changes(served.url, since="2.2", until="2.4.0")
    assert [path.rpartition("/")[2] for _, path, size in served.log if size] == [
        "2.4.0.parquet",
        "2.3.0.parquet",
    ]


def test_the_command_reads_a_url(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["changes", "--clean", served.url, "--since", "2.2"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("2.0", None, "nothing is known|not known|missing"),
        ("two", None, "'two' is no version; say 2.37"),
        ("2.1", "2.9.0", "changes/2.9.0.parquet: missing"),
        ("2.1", "2.9", "there is no version 2.9"),
    ],
)
def test_what_is_not_there_is_named(served: Served, since: str, until: str | None, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_changes(served.url, since=since, until=until)


def test_a_corpus_without_a_feed_says_how_to_get_one(served: Served) -> None:
    served.answer[".parquet"] = lambda data: 404
    with pytest.raises(UsageError, match="nothing there; `corpus export` brings the feed"):
        read_changes(served.url, since="2.3")


def test_a_hub_has_none() -> None:
    with pytest.raises(UsageError, match="no feed"):
        read_changes("hf://datasets/name/zh", since="2.1")


def test_damage_names_the_file(served: Served) -> None:
    served.answer["2.3.0.parquet"] = lambda data: data[:-40]
    with pytest.raises(CorpusError, match=r"2\.3\.0\.parquet: damaged"):
        read_changes(served.url, since="2.1")
    served.answer["2.3.0.parquet"] = lambda data: 404
    with pytest.raises(UsageError, match=feed.name_of("2.3.0")):
        read_changes(served.url, since="2.1")
