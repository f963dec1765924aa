from __future__ import annotations

import errno
import os
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.corpus import edition as module
from pipeline.corpus.edition import Edit, Edition, link_tree
from pipeline.corpus.schema import from_table, read_parquet
from pipeline.records import Document
from tests.corpus.rows import row


def stored(folder: Path) -> list[Document]:
    return list(from_table(read_parquet(sorted(folder.rglob("*.parquet")))))


def test_every_row_put_in_stands_in_the_table_of_its_reason(tmp_path: Path) -> None:
    edition = Edition(tmp_path / "new", None)
    edition.apply([Edit(after=row(1)), Edit(after=row(2, reason="too_short"))])
    assert [d.url for d in stored(tmp_path / "new/articles")] == [row(1).url]
    assert [d.reason for d in stored(tmp_path / "new/dropped")] == ["too_short"]
    assert edition.counts == {"example": Counter({"articles": 1, "too_short": 1})}


def test_a_day_is_cut_into_files_of_bounded_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS_PER_FILE", 10)
    edition = Edition(tmp_path / "new", None)
    edition.apply([Edit(after=row(n)) for n in range(25)])
    edition.apply([Edit(after=row(n)) for n in range(25, 28)])
    names = sorted(p.name for p in (tmp_path / "new/articles").iterdir())
    assert names == [f"2026-11-01-00{n}.parquet" for n in range(3)]
    assert len(stored(tmp_path / "new/articles")) == 28


def test_untouched_files_stay_the_same_inode_and_touched_ones_leave_the_parent_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS_PER_FILE", 10)
    Edition(tmp_path / "old", None).apply([Edit(after=row(n)) for n in range(25)])
    before = {p.name: p.read_bytes() for p in (tmp_path / "old/articles").iterdir()}
    edition = Edition(tmp_path / "new", tmp_path / "old")
    placed = edition.find([row(3).id])[row(3).id]
    edition.apply([Edit(before=placed, after=replace(placed.document, title="改过的标题"))])
    assert {p.name: p.read_bytes() for p in (tmp_path / "old/articles").iterdir()} == before
    same = [
        p.name
        for p in (tmp_path / "new/articles").iterdir()
        if p.samefile(tmp_path / "old/articles" / p.name)
    ]
    assert sorted(same) == ["2026-11-01-001.parquet", "2026-11-01-002.parquet"]
    assert edition.touched == {"articles/2026-11-01-000.parquet"}


def test_a_row_moves_between_the_tables_and_is_found_where_it_is(tmp_path: Path) -> None:
    edition = Edition(tmp_path / "new", None)
    edition.apply([Edit(after=row(1)), Edit(after=row(2))])
    placed = edition.find([row(1).id])[row(1).id]
    withheld = replace(placed.document, reason="duplicate", relation="duplicate")
    edition.apply([Edit(before=placed, after=withheld)])
    assert edition.find([row(1).id])[row(1).id].document == withheld
    assert edition.texts([row(1).id, "unknown"]) == {row(1).id: (row(1).text, "duplicate")}
    assert edition.counts["example"] == Counter({"articles": 1, "duplicate": 1})


def test_history_is_not_the_current_row(tmp_path: Path) -> None:
    edition = Edition(tmp_path / "new", None)
    edition.apply([Edit(after=row(1, reason="superseded")), Edit(after=row(2, reason="too_short"))])
    assert edition.find([row(1).id, row(2).id]) == {}


def test_the_order_of_the_edits_does_not_change_the_bytes(tmp_path: Path) -> None:
    edits = [Edit(after=row(n)) for n in range(40)]
    Edition(tmp_path / "a", None).apply(edits)
    Edition(tmp_path / "b", None).apply(edits[::-1])
    (a,), (b,) = ((tmp_path / x / "articles").iterdir() for x in "ab")
    assert a.read_bytes() == b.read_bytes()


def test_a_file_that_loses_its_last_row_goes(tmp_path: Path) -> None:
    edition = Edition(tmp_path / "new", None)
    edition.apply([Edit(after=row(1))])
    edition.apply([Edit(before=edition.find([row(1).id])[row(1).id])])
    assert list((tmp_path / "new/articles").iterdir()) == []


def test_link_tree_copies_where_links_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old/x").write_text("text")

    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    link_tree(tmp_path / "old", tmp_path / "new")
    assert (tmp_path / "new/x").read_text() == "text"


def test_compact_joins_what_rows_have_left_and_keeps_every_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS_PER_FILE", 10)
    edition = Edition(tmp_path / "new", None)
    later = row(99, first_seen=row(99).first_seen + timedelta(days=module.YOUNG_DAYS))
    edition.apply([Edit(after=row(n)) for n in range(30)] + [Edit(after=later)])
    leaving = edition.find([row(n).id for n in range(0, 30, 2)])
    edition.apply([Edit(before=p) for p in leaving.values()])
    assert edition.compact() == 1
    names = sorted(p.name for p in (tmp_path / "new/articles").iterdir())
    assert names == ["2026-11-01-000.parquet", "2026-11-01-001.parquet", "2026-11-04-000.parquet"]
    assert sorted(d.url for d in stored(tmp_path / "new")) == sorted(
        row(n).url for n in [*range(1, 30, 2), 99]
    )
    assert edition.compact() == 0


def test_files_more_than_half_full_are_not_written_again_where_files_may_hold_more(tmp_path: Path) -> None:
    """Else a corpus that grows would write its largest days again with each maintenance, to save one file of each."""
    edition = Edition(tmp_path / "new", None)
    later = row(99, first_seen=row(99).first_seen + timedelta(days=module.YOUNG_DAYS))
    edition._most_new = 10
    edition.apply([Edit(after=row(n)) for n in range(30)] + [Edit(after=later)])
    edition._most = 15
    assert edition.compact() == 0
    edition._most = 20
    assert edition.compact() == 1
    held = [pq.read_metadata(path).num_rows for path in sorted((tmp_path / "new/articles").iterdir())]
    assert held == [15, 15, 1], "as many in each"


def test_rows_that_come_are_put_beside_the_files_of_their_day_until_it_is_old(tmp_path: Path) -> None:
    Edition(tmp_path / "0", None).apply([Edit(after=row(n)) for n in range(5)])
    for number in (1, 2):
        edition = Edition(tmp_path / str(number), tmp_path / str(number - 1))
        edition.apply([Edit(after=row(10 * number + n)) for n in range(module.SMALLEST + 1)])
        edition.apply([Edit(after=row(90 + number))])
    names = sorted(p.name for p in (tmp_path / "2/articles").iterdir())
    assert names == [f"2026-11-01-00{n}.parquet" for n in range(5)]
    same = [n for n in names[:3] if (tmp_path / "2/articles" / n).samefile(tmp_path / "1/articles" / n)]
    assert same == names[:3], "written once"
    assert edition.compact() == 0, "its pages still change"
    later = row(99, first_seen=row(99).first_seen + timedelta(days=module.YOUNG_DAYS))
    edition.apply([Edit(after=later)])
    assert edition.compact() == 4
    assert len(stored(tmp_path / "2")) == 5 + 2 * (module.SMALLEST + 2) + 1


@pytest.mark.parametrize(("rows", "most"), [(0, 64), (20_000, 156), (2_000_000, 512)])
def test_files_are_a_part_of_the_corpus(
    tmp_path: Path, rows: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    monkeypatch.setattr(Edition, "_write", lambda self, file, table: written.append(table.num_rows))
    Edition(tmp_path / "new", None, rows=rows).apply([Edit(after=row(n % 60, part=n)) for n in range(4_100)])
    assert written[0] == most
