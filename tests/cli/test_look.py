"""`corpus report`: what became of the rows, each source's weeks, one source's life."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.cli.look import HELD, column_of
from pipeline.corpus.build import build
from pipeline.corpus.quality import RULES
from pipeline.records import Outcome, Reason
from tests.corpus.archives import failed_page, job, story_page, write

Capsys = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("look")
    write(folder / "raw", [story_page(0), story_page(1), failed_page(2, "gone", status=404)])
    build(job(folder))
    later = story_page(3).fetched_at + timedelta(days=21)
    write(folder / "raw", [story_page(3, fetched_at=later)], "run-2")
    build(job(folder))
    return folder / "clean"


def test_weeks_stand_as_bars_with_their_counts_and_rows_by_what_became_of_them(
    clean: Path, capsys: Capsys
) -> None:
    assert main(["report", f"--clean={clean}"]) == 0
    printed = capsys.readouterr()
    lines = [line.split() for line in printed.err.splitlines()]
    assert ["example", "3", "0", "0", "1"] in lines  # published, duplicates, unfit, visits
    assert ["example", "█··▄", "1", "2", "3", "4"] in lines  # last, most, in all, weeks
    assert ["gone", "1", "the", "site", "no", "longer", "has", "the", "page"] in lines
    assert json.loads(printed.out)["counts"] == {"example": {"articles": 3, "gone": 1}}


def test_one_source_is_told_week_by_week_the_newest_first(clean: Path, capsys: Capsys) -> None:
    assert main(["report", "example", f"--clean={clean}"]) == 0
    printed = capsys.readouterr()
    assert [json.loads(line) for line in printed.out.splitlines()] == [
        {"source": "example", "week": "2026-11-16", "documents": 1, "fit": 1},
        {"source": "example", "week": "2026-10-26", "documents": 2, "fit": 2},
    ]
    lines = [line.split() for line in printed.err.splitlines()]
    assert ["2026-11-16", "▄", "1", "1", "100%"] in lines
    assert main(["report", "exmple", f"--clean={clean}"]) == 2
    assert "no row of a source exmple; did you mean example?" in capsys.readouterr().err


def test_every_reason_has_a_column() -> None:
    assert column_of("articles") == "published"
    assert column_of("reserved") == "reserved"
    assert {column_of(each) for each in Outcome} == {"visits"}
    assert {column_of(rule.reason) for rule in RULES} == {"unfit"}
    assert {column_of(each) for each in Reason} <= HELD.keys()
