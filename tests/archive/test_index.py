from __future__ import annotations

import json
import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline import archive
from pipeline.archive import cdxj, index
from pipeline.archive.writer import Writer
from pipeline.records import Capture
from tests.archive.archive_cases import START, clock, earlier, failure, page, warc_files, write


def three_days(raw: Path) -> list[Capture]:
    """Two files: an article and a failure on day 1, a repeat on day 2, another source on day 3."""
    with Writer(raw, "one", clock) as writer:
        first = writer.write(page(1, via="https://news.example/", part_of="https://news.example/a/0.html"))
        second = writer.write(failure(2))
    with Writer(raw, "two", lambda: START + timedelta(days=2)) as writer:
        later = page(1, fetched_at=START + timedelta(days=1), status=304, body=b"")
        third = writer.write(later, earlier=earlier(first))
        fourth = writer.write(page(3, source="other", fetched_at=START + timedelta(days=2)))
    return [first, second, third, fourth]


def test_a_ref_is_its_capture_without_the_body(tmp_path: Path) -> None:
    written = three_days(tmp_path)
    files = [each.file for each in archive.sealed(tmp_path)]
    found = [ref for file in files for ref in cdxj.refs(tmp_path, file)]
    assert found == [cdxj.ref_of(each) for each in written]
    assert (found[0].etag, found[0].mime, found[0].via) == ('W/"1"', "text/html", "https://news.example/")
    assert [ref.mime for ref in found[1:3]] == ["warc/metadata", "warc/revisit"]
    assert archive.read_one(tmp_path, found[3].place) == written[3]


def test_refs_of_a_missing_stale_or_broken_cdxj_come_from_the_warc(tmp_path: Path) -> None:
    three_days(tmp_path)
    path = warc_files(tmp_path)[0]
    file = path.relative_to(tmp_path).as_posix()
    beside = path.with_name(path.name.replace(".warc.gz", ".cdxj"))
    before, known = beside.read_bytes(), cdxj.refs(tmp_path, file)
    for broken in (
        b"",
        b"not an index\n",
        b'a) 2026 {"capture": {}}\n',
        before.replace(b'"offset"', b'"off"'),
    ):
        beside.write_bytes(broken)
        if not broken:
            beside.unlink()
        assert cdxj.refs(tmp_path, file) == known
    beside.write_bytes(before.replace(b'"ok"', b'"no"'))
    os.utime(beside, (0, 0))
    assert cdxj.refs(tmp_path, file) == known


def test_find_by_day_source_and_url(tmp_path: Path) -> None:
    written = three_days(tmp_path)
    day = date(2026, 11, 1)

    def found(**wanted: object) -> list[str]:
        return [ref.id for ref in index.find(tmp_path, **wanted)]  # type: ignore[arg-type]

    ids = [each.id for each in written]
    assert found() == ids
    assert found(until=day) == ids[:2]
    assert found(since=day + timedelta(days=1)) == ids[2:]
    assert found(since=day + timedelta(days=1), until=day + timedelta(days=1)) == ids[2:3]
    assert found(since=day + timedelta(days=9)) == []
    assert found(sources=("other",)) == ids[3:]
    assert found(url_keys=(written[0].url_key,)) == [ids[0], ids[2]]
    assert found(sources=("other",), url_keys=(written[0].url_key,)) == []


def test_a_lost_index_is_done_without_and_made_again_by_a_writer(tmp_path: Path) -> None:
    written = three_days(tmp_path)
    files = sorted((tmp_path / "index").rglob("*.parquet"))
    assert [path.parent.name for path in files] == ["date=2026-11-01", "date=2026-11-02", "date=2026-11-03"]
    before = [path.read_bytes() for path in files]
    whole, names = index.find(tmp_path), [each.file for each in archive.sealed(tmp_path)]
    days = list(index.by_day(tmp_path, names))
    day = date(2026, 11, 2)
    chosen = {"until": day, "sources": ("example",), "url_keys": (written[0].url_key,)}
    some = index.find(tmp_path, **chosen)  # type: ignore[arg-type]
    for path in files:
        path.unlink()
    assert index.find(tmp_path) == whole
    assert index.find(tmp_path, **chosen) == some  # type: ignore[arg-type]
    assert index.find(tmp_path, since=day) == [ref for ref in whole if index.day_of(ref) >= day]
    assert list(index.by_day(tmp_path, names)) == days
    assert [ref for day in index.by_day(tmp_path, names[1:]) for ref in day] == whole[2:]
    assert index.find_one(tmp_path, written[2].id, day) == whole[2]
    archive.repair(tmp_path)
    assert [path.read_bytes() for path in files] == before


def test_one_capture_is_found_by_its_day_in_the_files_of_that_day_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Writer(tmp_path, "first", clock) as writer:
        first, other = writer.write(page(1)), writer.write(page(2))
    for number in range(3, 9):
        later = START + timedelta(days=number)
        write(tmp_path, [page(number, fetched_at=later)], f"run-{number}")
    with Writer(tmp_path, "again", clock) as writer:
        repeat = page(1, fetched_at=START + timedelta(days=9), status=304, body=b"")
        repeat = writer.write(repeat, earlier=earlier(first))
    opened: list[Path] = []
    real = pq.ParquetFile

    def noted(path: Path, **rest: Any) -> Any:
        opened.append(path)
        return real(path, **rest)

    monkeypatch.setattr(pq, "ParquetFile", noted)
    assert archive.original(tmp_path, repeat) == first
    assert [path.parent.name for path in opened] == ["date=2026-11-01"]
    assert archive.original(tmp_path, first) is None
    assert index.find_one(tmp_path, other.id, START.date()) == cdxj.ref_of(other)
    assert index.find_one(tmp_path, "urn:uuid:none", START.date()) is None
    assert first.place is not None
    (tmp_path / first.place.file).unlink()
    next((tmp_path / "index/date=2026-11-01").iterdir()).unlink()
    assert archive.original(tmp_path, repeat) is None


def test_the_daily_index_is_plain_parquet_with_one_schema(tmp_path: Path) -> None:
    three_days(tmp_path)
    for path in (tmp_path / "index").rglob("*.parquet"):
        assert pq.read_schema(path).equals(index.SCHEMA)


@pytest.mark.parametrize(
    "url",
    [
        "https://news.example/a b",
        'https://news.example/"{}"',
        "https://news.example/路径",
        "https://news.example/%E8%B7%AF",
        "not a url {",
        "",
        "file:///pages/a%20b.html",
    ],
)
def test_no_url_breaks_a_row(tmp_path: Path, url: str) -> None:
    (done,) = write(tmp_path, [page(1, url=url, url_key=url)])
    (file,) = archive.sealed(tmp_path)
    assert cdxj.refs(tmp_path, file.file) == [cdxj.ref_of(done)]
    path = warc_files(tmp_path)[0]
    (line,) = path.with_name(path.name.replace(".warc.gz", ".cdxj")).read_text("ascii").splitlines()
    assert json.loads(line.split(" ", 2)[2])["capture"]["url"] == url
