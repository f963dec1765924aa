"""The blocklist: a line an entry, odd lines refused by number, hashes alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipeline.archive import blocklist
from pipeline.archive.blocklist import Blocklist, Entry, url_hash
from pipeline.errors import RefusedError

ON = date(2026, 11, 20)
URL, ID, NEAR = "a" * 64, "b" * 32, "00000000000000ff,0000000000000100"


def entry(kind: str, value: str, ticket: str = "T-1") -> Entry:
    return Entry(ticket=ticket, on=ON, kind=kind, value=value)


def test_what_is_added_is_read_and_nothing_is_added_twice(tmp_path: Path) -> None:
    assert blocklist.read(tmp_path) == Blocklist()
    blocklist.add(tmp_path, [entry("url", URL), entry("id", ID), entry("near", NEAR)])
    before = (tmp_path / "blocklist.tsv").read_bytes()
    blocklist.add(tmp_path, [entry("id", ID), entry("url", URL)])
    assert (tmp_path / "blocklist.tsv").read_bytes() == before
    blocklist.add(tmp_path, [entry("kept", "c" * 32, "T-2"), entry("text", URL)])
    found = blocklist.read(tmp_path)
    assert found == Blocklist(
        urls=frozenset({URL}),
        ids=frozenset({ID}),
        texts=frozenset({URL}),
        near=((255, 256),),
        kept=frozenset({"c" * 32}),
    )
    assert (tmp_path / "blocklist.tsv").read_bytes().startswith(before)


def test_comments_empty_lines_and_a_missing_last_line_end_are_fine(tmp_path: Path) -> None:
    (tmp_path / "blocklist.tsv").write_text(f"# why\n\nT-1\t2026-11-20\tid\t{ID}")
    blocklist.add(tmp_path, [entry("url", URL)])
    assert blocklist.entries(tmp_path) == [entry("id", ID), entry("url", URL)]


@pytest.mark.parametrize(
    "line",
    [
        f"T-1 2026-11-20 id {ID}",
        f"T-1\t2026-11-20\tid\t{ID}\tmore",
        f"T-1\t20.11.2026\tid\t{ID}",
        f"T-1\t2026-11-20\tname\t{ID}",
        f"T-1\t2026-11-20\turl\t{ID}",
        "T-1\t2026-11-20\turl\thttps://news.example/1.html",
        f"../T\t2026-11-20\tid\t{ID}",
        "<<<<<<< HEAD",
    ],
)
def test_a_line_nobody_understands_stops_everything_by_its_number(tmp_path: Path, line: str) -> None:
    (tmp_path / "blocklist.tsv").write_text(f"# head\n{line}\n")
    with pytest.raises(RefusedError, match="line 2: no entry"):
        blocklist.read(tmp_path)
    with pytest.raises(RefusedError, match="line 2: no entry"):
        blocklist.add(tmp_path, [entry("id", ID)])


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "blocklist.tsv").write_bytes(b"T-1\t\xff")
    with pytest.raises(RefusedError, match="not UTF-8 at byte 4"):
        blocklist.read(tmp_path)


def test_an_address_is_known_by_its_hash() -> None:
    blocked = Blocklist(urls=frozenset({url_hash("https://news.example/1.html")}))
    assert blocked.has_url("https://news.example/1.html")
    assert not blocked.has_url("https://news.example/2.html")
    assert not Blocklist().has_url("https://news.example/1.html")
