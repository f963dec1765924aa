"""The record of a takedown: read as written, refused where it is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.archive import takedowns
from pipeline.archive.takedowns import Changed, Takedown
from pipeline.errors import CorpusError

AT = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    wanted = Takedown(
        ticket="T-1",
        at=AT,
        clean="../clean",
        documents=("a", "b"),
        blocked=(("id", "a"), ("url", "c")),
        warc=(Changed(file="warc/x", before="1", removed=2, pages=1),),
        files=(Changed(file="2.1.0/articles/x", before="1", after="2"),),
        versions=(("2.1.0", "2.1.1"),),
    )
    takedowns.write(tmp_path, wanted)
    assert takedowns.read(tmp_path, "T-1") == wanted
    assert takedowns.read(tmp_path, "T-2") is None
    assert wanted.on.isoformat() == "2026-11-20"


def test_all_are_told_the_oldest_first(tmp_path: Path) -> None:
    for ticket, hours in (("A", 2), ("B", 1)):
        takedowns.write(tmp_path, Takedown(ticket=ticket, at=AT + timedelta(hours=hours)))
    assert [each.ticket for each in takedowns.all_of(tmp_path)] == ["B", "A"]
    assert takedowns.all_of(tmp_path / "none") == []


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"ticket": "T-1"}', '{"ticket": "T-1", "at": "now", "odd": 1}']
)
def test_what_is_no_record_is_never_passed_over(tmp_path: Path, text: str) -> None:
    takedowns.write(tmp_path, Takedown(ticket="T-1", at=AT))
    takedowns.path(tmp_path, "T-1").write_text(text)
    with pytest.raises(CorpusError, match=r"T-1\.json: no record of a takedown"):
        takedowns.all_of(tmp_path)
