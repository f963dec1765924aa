"""Where a source went wrong: the first bad capture after the last good one, and the texts before and since."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.archive.withdrawn import withdraw
from pipeline.corpus.build import build
from pipeline.look import source
from pipeline.look.asked import Asked
from pipeline.look.source import SourcePage
from pipeline.records import Capture, Outcome
from pipeline.runs import Folders
from tests.corpus.archives import failed_page, job, story_page, write


def shown(folder: Path, name: str = "news") -> SourcePage:
    where = Folders(sources=folder / "sources", raw=folder / "raw", clean=folder / "clean")
    return source.read(Asked(folders=where, path={"name": name}))


def on_day(capture: Capture, day: int) -> Capture:
    return replace(capture, fetched_at=story_page(0).fetched_at + timedelta(days=day))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two good days, then three on which the site turns its visitors away."""
    for day in range(2):
        write(tmp_path / "raw", [on_day(story_page(day), day)], f"run-{day}")
    for day in range(2, 5):
        write(tmp_path / "raw", [on_day(failed_page(day, Outcome.BLOCKED), day)], f"run-{day}")
    build(job(tmp_path))
    return tmp_path


def test_the_first_bad_capture_stands_beside_the_last_good_one(folder: Path) -> None:
    page = shown(folder, story_page(0).source)
    assert page.good is not None
    assert page.bad is not None
    assert page.good.url == story_page(1).url
    assert (page.bad.url, page.bad.outcome) == (failed_page(2, Outcome.BLOCKED).url, "blocked")
    assert page.bad_since


def test_of_a_source_that_is_well_again_the_last_bad_one_is_shown(folder: Path) -> None:
    write(folder / "raw", [on_day(story_page(5), 5)], "run-5")
    page = shown(folder, story_page(0).source)
    assert page.good is not None
    assert page.bad is not None
    assert page.good.url == story_page(5).url
    assert page.bad.url == failed_page(4, Outcome.BLOCKED).url
    assert not page.bad_since


def test_what_was_withdrawn_is_no_capture_of_it(folder: Path) -> None:
    withdraw(folder / "raw", "run-2", "wrong site")
    page = shown(folder, story_page(0).source)
    assert page.bad is not None
    assert page.bad.url == failed_page(3, Outcome.BLOCKED).url


def test_its_last_fit_text_and_what_became_of_all(folder: Path) -> None:
    page = shown(folder, story_page(0).source)
    assert page.fit is not None
    assert page.fit.url == story_page(1).url
    assert dict(page.reasons) == {"articles": 2, "blocked": 3}
    assert page.status is None  # no file declares it
