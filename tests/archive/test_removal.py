"""Captures cut out of WARC files: the others stay as they were, other people's tools go on reading."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline import archive
from pipeline.archive import cdxj, index, warc
from pipeline.archive.removal import cut, is_note
from pipeline.archive.writer import Writer
from pipeline.records import Kind
from tests.archive.archive_cases import clock, earlier, failure, judge, page, warc_files, write

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def files(raw: Path) -> dict[str, bytes]:
    return {p.relative_to(raw).as_posix(): p.read_bytes() for p in sorted(raw.rglob("*")) if p.is_file()}


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    write(tmp_path, [page(1), failure(2), page(3), page(4)])
    return tmp_path


def name_in(raw: Path) -> str:
    (path,) = warc_files(raw)
    return path.relative_to(raw).as_posix()


def test_what_is_cut_is_gone_and_all_else_reads_as_it_did(raw: Path) -> None:
    before = list(archive.read(raw, name_in(raw)))
    gone = [before[0].id, before[2].id]
    done = cut(raw, name_in(raw), gone, "T-1", AT)
    assert done is not None
    assert (done.captures, done.pages) == (2, 2)
    after = list(archive.read(raw, name_in(raw)))
    assert [replace(each, place=None) for each in after] == [replace(before[n], place=None) for n in (1, 3)]
    assert [ref.id for ref in index.find(raw)] == [before[1].id, before[3].id]
    assert page(1).url.encode() not in b"".join(record.block for record in warc.walk(raw / name_in(raw)))
    assert archive.verify(raw) == []
    judge(raw)


def test_a_page_as_rendered_goes_with_its_page_and_with_no_other(tmp_path: Path) -> None:
    write(
        tmp_path, [page(1, rendered="<p>渲染之后</p>".encode()), page(2), page(3, rendered=b"<p>other</p>")]
    )
    first, *others = archive.read(tmp_path, name_in(tmp_path))
    assert first.rendered == "<p>渲染之后</p>".encode()
    cut(tmp_path, name_in(tmp_path), [first.id], "T-1", AT)
    left = [record.block for record in warc.walk(tmp_path / name_in(tmp_path))]
    assert not any("渲染之后".encode() in block for block in left)
    assert [each.rendered for each in archive.read(tmp_path, name_in(tmp_path))] == [
        e.rendered for e in others
    ]
    assert [each.rendered for each in others] == [b"", b"<p>other</p>"]
    assert archive.verify(tmp_path) == []
    judge(tmp_path)


def test_done_again_it_changes_nothing(raw: Path) -> None:
    first = next(archive.read(raw, name_in(raw)))
    cut(raw, name_in(raw), [first.id], "T-1", AT)
    before = files(raw)
    cut(raw, name_in(raw), [first.id], "T-1", AT)
    assert files(raw) == before


@pytest.mark.parametrize("done", [0, 1, 2])
def test_killed_before_its_sidecars_it_is_brought_to_the_same_end(raw: Path, done: int) -> None:
    first = next(archive.read(raw, name_in(raw)))
    old = files(raw)
    cut(raw, name_in(raw), [first.id], "T-1", AT)
    wanted = files(raw)
    for name in wanted:  # as before the cut, but for the file itself and what was made anew before the kill
        if name.endswith((".cdxj", ".sha256", ".parquet")[done:]):
            (raw / name).write_bytes(old[name])
            os.utime(raw / name, ns=(0, 0))
    cut(raw, name_in(raw), [first.id], "T-1", AT)
    assert files(raw) == wanted


def test_the_notes_of_an_earlier_takedown_stay(raw: Path) -> None:
    captures = list(archive.read(raw, name_in(raw)))
    cut(raw, name_in(raw), [captures[1].id], "T-1", AT)
    cut(raw, name_in(raw), [captures[0].id], "T-2", AT)
    notes = [record for record in warc.walk(raw / name_in(raw)) if is_note(record)]
    assert [note.headers["warc-refers-to"].strip("<>") for note in notes] == [captures[0].id, captures[1].id]
    assert [dict(warc.parse_fields(note.block))["takedown"] for note in notes] == ["T-2", "T-1"]
    assert archive.verify(raw) == []
    judge(raw)


def test_a_file_with_nothing_else_goes_with_its_sidecars(raw: Path) -> None:
    name = name_in(raw)
    assert cut(raw, name, [each.id for each in archive.read(raw, name)], "T-1", AT) is None
    assert not [path for path in files(raw) if path != ".lock"]
    assert cut(raw, name, ["whatever"], "T-1", AT) is None
    assert archive.verify(raw) == []


def test_all_that_belongs_to_a_page_is_found(tmp_path: Path) -> None:
    first = page(1)
    with Writer(tmp_path, "run", clock) as writer:
        kept = writer.write(first)
        hop = replace(page(9, kind=Kind.REDIRECT), via=first.url)
        writer.write(hop)
        writer.write(replace(first, fetched_at=page(2).fetched_at), earlier=earlier(kept))
        writer.write(page(3, part_of=first.url_key))
        writer.write(page(4, final_url=first.url))
        writer.write(page(5))
        writer.write(page(6, final_url=first.url, outcome="soft_gone"))
    found = [(ref.kind, ref.url.rpartition("/")[2]) for ref in index.about(tmp_path, [first.url_key])]
    wanted = [
        ("page", "1.html"),
        ("redirect", "9.html"),
        ("page", "1.html"),
        ("page", "3.html"),
        ("page", "4.html"),
    ]
    assert found == wanted
    # a further part names the whole article
    assert len(index.about(tmp_path, [page(3).url_key])) == 5
    for path in (tmp_path / "index").rglob("*.parquet"):
        path.unlink()
    assert [
        (ref.kind, ref.url.rpartition("/")[2]) for ref in index.about(tmp_path, [first.url_key])
    ] == wanted


def test_an_index_that_was_lost_is_made_anew_by_a_cut(raw: Path) -> None:
    first = next(archive.read(raw, name_in(raw)))
    for path in (raw / "index").rglob("*.parquet"):
        path.unlink()
    cut(raw, name_in(raw), [first.id], "T-1", AT)
    assert index.rows(raw, name_in(raw)) == cdxj.rows(raw, name_in(raw))
