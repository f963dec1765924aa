"""Time is not trusted: what a capture claims to be of later than its file is kept, flagged, and rules nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.archive.plausible import begun_on, believed, is_plausible
from pipeline.archive.writer import Writer
from pipeline.corpus import versions
from pipeline.corpus.build import build
from pipeline.corpus.read import documents, version_folder
from pipeline.records import Capture, Document, Source
from tests.corpus.archives import PLAIN, START, job, story_page, write

DAY = timedelta(days=1)
LIE = datetime(2999, 1, 1, tzinfo=UTC)


def imported(raw: Path, at: datetime, *captures: Capture) -> None:
    """Captures of whatever time, taken in at another."""
    with Writer(raw, "import-example", clock=lambda: at) as writer:
        for capture in captures:
            writer.write(capture)


def published_on(clean: Path) -> list[str]:
    return [f"{m.created_at:%Y-%m-%d}" for m in versions.manifests(clean)]


def of(clean: Path, number: int) -> Document:
    (found,) = [d for d in documents(clean) if d.url.endswith(f"/{number}.html")]
    return found


def test_a_file_says_when_it_was_begun() -> None:
    file = "warc/2026/11/01/corpus-x.warc.gz"
    begun = datetime(2026, 11, 1, tzinfo=UTC)
    assert begun_on(file) == begun
    assert is_plausible(file, datetime(1999, 1, 1, tzinfo=UTC)), "foreign archives are old"
    assert is_plausible(file, begun + 2 * DAY - timedelta(seconds=1))
    assert not is_plausible(file, begun + 2 * DAY)
    assert (believed(file, LIE), believed(file, START)) == (begun, START)
    for odd in ("warc/x.warc.gz", "warc/2026/13/01/x.warc.gz", "x"):
        assert begun_on(odd) is None
        assert believed(odd, LIE) == LIE


def test_one_import_of_2999_is_kept_flagged_and_no_version_is_of_2999(tmp_path: Path) -> None:
    write(tmp_path / "raw", [story_page(0)])
    imported(
        tmp_path / "raw", START + DAY, story_page(1, fetched_at=LIE), story_page(2, fetched_at=START + DAY)
    )
    build(job(tmp_path))
    for day in (2, 3):
        write(tmp_path / "raw", [story_page(day + 1, fetched_at=START + day * DAY)], f"run-{day}")
        build(job(tmp_path))
    assert published_on(tmp_path / "clean") == ["2026-11-02", "2026-11-03", "2026-11-04"]
    row = of(tmp_path / "clean", 1)
    assert row.captured_at == LIE, "as it says"
    assert [(f.name, f.text) for f in row.flags] == [("implausible_date", "2999-01-01")]
    assert not any(
        f.name == "implausible_date" for n in (0, 2, 3, 4) for f in of(tmp_path / "clean", n).flags
    )
    assert versions.verify(version_folder(tmp_path / "clean")) == []


def test_a_visit_replaces_what_claims_to_be_of_2999_and_not_the_other_way_round(tmp_path: Path) -> None:
    write(tmp_path / "raw", [story_page(0)])
    lies = [story_page(n, body=story_page(20 + n).body, fetched_at=LIE) for n in (0, 1)]
    imported(tmp_path / "raw", START + DAY, *lies)
    build(job(tmp_path))
    assert of(tmp_path / "clean", 0).title == PLAIN[0].title, "what was seen stands"
    assert of(tmp_path / "clean", 1).title == PLAIN[21].title
    seen = story_page(1, fetched_at=START + 2 * DAY)
    write(tmp_path / "raw", [seen], "run-2")
    build(job(tmp_path))
    row = of(tmp_path / "clean", 1)
    assert (row.title, row.first_seen) == (PLAIN[1].title, seen.fetched_at)
    rows = documents(tmp_path / "clean", table="dropped")
    assert {d.captured_at for d in rows if d.reason == "superseded"} == {LIE}


def test_one_crawl_under_a_clock_ahead_dates_its_own_version_alone(tmp_path: Path) -> None:
    write(tmp_path / "raw", [story_page(0)])
    build(job(tmp_path))
    write(tmp_path / "raw", [story_page(1, fetched_at=START + 400 * DAY)], "run-ahead")
    build(job(tmp_path))
    for day in range(1, 5):
        write(tmp_path / "raw", [story_page(day + 1, fetched_at=START + day * DAY)], f"run-{day}")
        build(job(tmp_path))
    days = ["2026-11-01", "2027-12-06", "2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05"]
    assert published_on(tmp_path / "clean") == days
    plan = versions.plan_gc(tmp_path / "clean")
    assert all(k.why for k in plan[2:]), "none of the new ones is taken for an old one"
    build(job(tmp_path, full=True, confirm=True))
    assert published_on(tmp_path / "clean")[-1] == "2026-11-05"


def test_a_version_to_which_no_file_came_keeps_the_time_of_its_parent(tmp_path: Path) -> None:
    write(tmp_path / "raw", [story_page(0, fetched_at=START + 400 * DAY)], "run-ahead")
    build(job(tmp_path))
    write(tmp_path / "raw", [story_page(1)], "run-2")
    build(job(tmp_path))
    licensed = Source(name="example", home="https://news.example/", terms="CC BY 4.0")
    assert build(job(tmp_path, licensed)).published
    assert published_on(tmp_path / "clean") == ["2027-12-06", "2026-11-01", "2026-11-01"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_same_archive_bears_the_same_time(tmp_path: Path, order: tuple[int, int]) -> None:
    for number in order:
        write(tmp_path / "raw", [story_page(number, fetched_at=START + number * DAY)], f"run-{number}")
    build(job(tmp_path))
    assert published_on(tmp_path / "clean") == ["2026-11-02"]
