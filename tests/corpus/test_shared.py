"""A corpus made of an archive in which pages share a body is the one that whole pages give."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline import archive, runs, upkeep
from pipeline.archive import index
from pipeline.archive.cdxj import earlier_of, ref_of
from pipeline.archive.writer import Writer
from pipeline.corpus.identity import document_id
from pipeline.corpus.read import version_folder
from pipeline.corpus.schema import TABLES
from pipeline.records import Capture
from tests.archive.archive_cases import judge
from tests.corpus.archives import PLAIN, START, html, story_page
from tests.takedown.cases import TICKET, copied, folders, record, take_down

BODY = html(PLAIN[0].title, PLAIN[0].body)
TWINS = ("https://m.news.example/a/0.html", "https://news.example/a/0.html?wid=3")


def twin(url: str, number: int) -> Capture:
    at = START + timedelta(minutes=30 + number)
    return story_page(0, url=url, url_key=url, final_url=url, fetched_at=at)


def archived(folder: Path, *, is_shared: bool) -> Path:
    """Two stories; the first under three URLs, in another run."""
    (folder / "sources").mkdir(parents=True)
    with Writer(folder / "raw", "run-1", lambda: START) as writer:
        first, _ = writer.write(story_page(0)), writer.write(story_page(1))
    with Writer(folder / "raw", "run-2", lambda: START + timedelta(hours=1)) as writer:
        for number, url in enumerate(TWINS):
            kept = writer.write(twin(url, number), earlier=earlier_of(ref_of(first)) if is_shared else None)
            assert (kept.refers_to is not None) is is_shared
    runs.build(folders(folder))
    return folder


def rows(folder: Path) -> list[dict[str, Any]]:
    paths = [
        path for table in TABLES for path in (version_folder(folder / "clean") / table).glob("*.parquet")
    ]
    found = [row for path in paths for row in pq.read_table(path).to_pylist()]
    return sorted(found, key=lambda row: row["url"] or "")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archived(tmp_path_factory.mktemp("shared"), is_shared=True)


def test_each_page_has_its_row_as_if_it_had_its_own_body(corpus: Path, tmp_path: Path) -> None:
    found = rows(corpus)
    assert len(found) == 4
    assert {row["reason"] for row in found} == {None, "duplicate"}
    assert found == rows(archived(tmp_path, is_shared=False))


def urls(folder: Path) -> dict[str, str | None]:
    """URL → reason of what is left."""
    return {row["url"]: row["reason"] for row in rows(folder) if row["url"]}


def sound(folder: Path) -> None:
    assert upkeep.verify(folders(folder)) == []
    judge(folder / "raw")
    assert runs.prove_takedown(folders(folder), TICKET).failed == ()


def test_when_the_page_that_has_the_body_goes_the_others_stay_whole(corpus: Path, tmp_path: Path) -> None:
    folder = copied(corpus, tmp_path / "corpus")
    report = take_down(folder, story_page(0).url)
    told = {place.what: place.then for place in report.plan.places}
    assert told[f"page of {TWINS[0]} has its body from there"] == "stays, with its own"
    sound(folder)
    runs.build(folders(folder))
    left = urls(folder)
    assert story_page(0).url not in left
    assert sorted(map(str, (left[url] for url in TWINS))) == ["None", "duplicate"], (
        "one of them is published now"
    )
    bodies = [c.body for f in archive.sealed(folder / "raw") for c in archive.read(folder / "raw", f.file)]
    assert bodies.count(BODY) == 2
    shutil.rmtree(folder / ".build")
    published = urls(folder)
    runs.rebuild(folders(folder))
    assert urls(folder) == published
    sound(folder)


def test_with_its_copies_all_go_and_nothing_of_the_text_is_left(corpus: Path, tmp_path: Path) -> None:
    folder = copied(corpus, tmp_path / "corpus")
    take_down(folder, story_page(0).url, copies=True)
    assert set(urls(folder)) == {story_page(1).url}
    assert runs.prove_takedown(folders(folder), TICKET).findings == ()
    sound(folder)


def test_a_page_that_repeats_another_goes_alone(corpus: Path, tmp_path: Path) -> None:
    folder = copied(corpus, tmp_path / "corpus")
    take_down(folder, TWINS[0])
    assert set(urls(folder)) == {story_page(0).url, story_page(1).url, TWINS[1]}
    sound(folder)


def test_before_it_is_built_a_page_that_repeats_is_found_by_its_text(corpus: Path, tmp_path: Path) -> None:
    folder = copied(corpus, tmp_path / "corpus")
    url = "https://amp.news.example/a/0.html"
    first = next(ref for ref in index.find(folder / "raw") if ref.url == story_page(0).url)
    with Writer(folder / "raw", "run-3", lambda: START + timedelta(days=1)) as writer:
        kept = writer.write(twin(url, 9), earlier=earlier_of(first))
    assert kept.refers_to == first.id
    report = take_down(folder, story_page(0).url)
    assert any(url in place.what and "13-grams" in place.what for place in report.plan.places)
    assert document_id(url, 1) in record(folder).kept
    sound(folder)
