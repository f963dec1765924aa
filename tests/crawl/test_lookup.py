"""The ledger read where it lies: nothing is copied, nothing written, and what a writer does meanwhile is noticed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from pipeline.crawl.database import FILE, LedgerError
from pipeline.crawl.ledger import Ledger
from pipeline.crawl.lookup import looked_up
from tests.corpus.archives import START


def count(raw: Path, source: str) -> None:
    with Ledger(raw) as ledger:
        ledger.daily.count(source, START, "due", 3)
        ledger.commit()


def sources(ledger: Ledger) -> list[str]:
    return [each.source for each in ledger.daily.of()]


def where(ledger: Ledger) -> str:
    (_, _, file) = ledger._db.execute("PRAGMA database_list").fetchone()
    return str(file)


def test_it_is_read_in_its_place(tmp_path: Path) -> None:
    count(tmp_path, "a")
    assert looked_up(tmp_path, sources) == ["a"]
    assert looked_up(tmp_path, where) == str(tmp_path / FILE)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_a_writer_at_work_is_read_with_what_it_has_committed(tmp_path: Path) -> None:
    count(tmp_path, "a")
    with Ledger(tmp_path) as writer:
        writer.daily.count("b", START, "due")
        assert looked_up(tmp_path, sources) == ["a"]
        writer.commit()
        assert looked_up(tmp_path, sources) == ["a", "b"]


def test_it_is_asked_again_where_a_writer_came_in_meanwhile(tmp_path: Path) -> None:
    count(tmp_path, "a")
    asked: list[list[str]] = []

    def slowly(ledger: Ledger) -> list[str]:
        first = sources(ledger)
        if not asked:
            count(tmp_path, "b")
        asked.append(first)
        return sources(ledger)

    assert looked_up(tmp_path, slowly) == ["a", "b"]
    assert len(asked) == 2


def test_one_of_before_a_column_is_read_as_a_copy_that_has_it(tmp_path: Path) -> None:
    count(tmp_path, "a")
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("DROP INDEX url_failing")
        db.execute("ALTER TABLE url DROP COLUMN failing_since")
    before = (tmp_path / FILE).read_bytes()
    assert looked_up(tmp_path, where) == ""
    assert looked_up(tmp_path, sources) == ["a"]
    assert (tmp_path / FILE).read_bytes() == before


def test_where_there_is_none_nothing_is_known(tmp_path: Path) -> None:
    assert looked_up(tmp_path / "nowhere", sources) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [0, 4096])
def test_a_broken_one_says_how_to_make_it_anew(tmp_path: Path, damage: int) -> None:
    count(tmp_path, "a")
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[:damage] + b"\x07" * (len(whole) - damage))
    with pytest.raises(LedgerError, match="corpus ledger rebuild"):
        looked_up(tmp_path, sources)
