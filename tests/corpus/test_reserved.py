"""Reserved pages in versions: kept out with their text, withdrawn and brought back by later captures, as archived."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.archive import index
from pipeline.archive.withdrawn import runs, withdraw
from pipeline.corpus import versions
from pipeline.corpus.build import build
from pipeline.corpus.read import documents
from pipeline.corpus.reserved import Rights, SiteFiles
from pipeline.explain import explain_lines
from pipeline.records import Capture, Document, Kind, Source
from tests.corpus.archives import PLAIN, START, html, job, story_page, write
from tests.corpus.rows import row

HOST = "https://news.example"
DAY = timedelta(days=1)
ALL = [{"location": "/", "tdm-reservation": 1, "tdm-policy": "https://news.example/policy.json"}]
RESERVED = (("Content-Type", "text/html"), ("TDM-Reservation", "1"))
SOURCE = Source(name="example", home=f"{HOST}/")


def host_file(kind: str, body: bytes, at: timedelta = timedelta(), **changes: Any) -> Capture:
    url = f"{HOST}/robots.txt" if kind == Kind.ROBOTS else f"{HOST}/.well-known/tdmrep.json"
    found = story_page(0, kind=kind, url=url, url_key=url, final_url=url, body=body, headers=(), **changes)
    return _at(found, at - timedelta(seconds=1))


def reserves(rules: object = ALL, at: timedelta = timedelta(), **changes: Any) -> Capture:
    return host_file(Kind.TDMREP, json.dumps(rules).encode(), at, **changes)


def page(number: int, at: timedelta = timedelta(), **changes: Any) -> Capture:
    return _at(story_page(number, **changes), at)


def _at(capture: Capture, after: timedelta) -> Capture:
    return replace(capture, fetched_at=capture.fetched_at + after)


def published(folder: Path) -> list[str]:
    return [d.url.rsplit("/", 1)[1] for d in documents(folder / "clean")]


def dropped(folder: Path) -> dict[tuple[str, int], Document]:
    """(page, minutes since START) → row."""
    rows = documents(folder / "clean", table="dropped")
    return {(d.url.rsplit("/", 1)[1], (d.captured_at - START) // timedelta(minutes=1)): d for d in rows}


def same_as_in_full(folder: Path, *sources: Source) -> None:
    """An increment gives what a full build gives, in all columns."""
    before = [list(documents(folder / "clean", table=table)) for table in ("articles", "dropped")]
    build(job(folder, *sources, full=True))
    after = [list(documents(folder / "clean", table=table)) for table in ("articles", "dropped")]
    key = lambda d: (d.capture, d.part)  # noqa: E731
    assert [sorted(rows, key=key) for rows in before] == [sorted(rows, key=key) for rows in after]


def test_a_reserved_page_leaves_its_facts_and_none_of_its_text(tmp_path: Path) -> None:
    write(tmp_path / "raw", [reserves([{"location": "/a/1", "tdm-reservation": 1}]), page(0), page(1)])
    build(job(tmp_path))
    assert published(tmp_path) == ["0.html"]
    row = dropped(tmp_path)["1.html", 1]
    assert (row.reason, row.rule, row.text, row.extracted) == ("reserved", "tdm_reserved:tdmrep.json", "", "")
    assert [(r.name, r.place, r.said) for r in row.rights] == [("tdm_reserved", "tdmrep.json", "1")]
    (version,) = versions.list_versions(tmp_path / "clean")
    assert versions.verify(tmp_path / "clean" / version) == []
    words = PLAIN[1].body[0][:12].encode()
    written = [p.read_bytes() for p in (tmp_path / "clean" / version).rglob("*") if p.is_file()]
    assert not any(words in each for each in written)
    told = "\n".join(explain_lines(row))
    assert "tdm_reserved in tdmrep.json: '1'" in told
    assert "reserved   by tdm_reserved in tdmrep.json" in told


@pytest.mark.parametrize(
    ("changes", "stands"),
    [
        ({"reserved": "publish"}, True),
        ({"reserved": "respect"}, False),
        ({"answer_to": ("GPTBot",)}, False),
    ],
)
def test_the_source_decides(tmp_path: Path, changes: dict[str, Any], stands: bool) -> None:
    robots = host_file(Kind.ROBOTS, b"User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /a/0\n")
    write(tmp_path / "raw", [robots, page(0), page(1, headers=RESERVED)])
    source = Source(name="example", home=f"{HOST}/", **changes)
    build(job(tmp_path, SOURCE))
    assert published(tmp_path) == ["0.html"]
    barred = next(documents(tmp_path / "clean")).rights
    assert [(r.name, r.said) for r in barred] == [("ai_barred", "GPTBot"), ("ai_barred", "CCBot")]
    report = build(job(tmp_path, source))
    assert report.extracted == 0, "what a source says of use is no part of a shard"
    assert (report.full is None) == (source == SOURCE)
    assert ("1.html" in published(tmp_path)) == stands
    assert ("0.html" in published(tmp_path)) == (not source.answer_to)


def test_what_a_page_said_when_it_was_captured_rules_until_a_later_capture(tmp_path: Path) -> None:
    write(tmp_path / "raw", [page(0), page(1), page(2)], "run-1")
    build(job(tmp_path))
    write(tmp_path / "raw", [reserves(at=DAY), page(1, DAY)], "run-2")
    report = build(job(tmp_path))
    assert report.full is None
    assert published(tmp_path) == ["0.html", "2.html"]
    assert dropped(tmp_path)["1.html", 1].reason == "superseded"
    assert dropped(tmp_path)["1.html", 1441].reason == "reserved"
    same_as_in_full(tmp_path)
    gone = reserves(at=3 * DAY, outcome="gone", status=404)
    write(tmp_path / "raw", [gone, page(1, 3 * DAY)], "run-3")
    build(job(tmp_path))
    assert sorted(published(tmp_path)) == ["0.html", "1.html", "2.html"]
    same_as_in_full(tmp_path)


def test_a_page_that_reserves_is_withdrawn_with_all_its_articles_and_bad_ones_too(tmp_path: Path) -> None:
    write(tmp_path / "raw", [page(0), page(1)], "run-1")
    build(job(tmp_path))
    short = html(PLAIN[0].title, ["只有一行。"])
    meta = short.replace(b"<head>", b"<head><meta name=robots content=noai>")
    write(tmp_path / "raw", [page(0, DAY, body=short), page(1, DAY, body=meta)], "run-2")
    build(job(tmp_path))
    assert published(tmp_path) == ["0.html"], "a short page takes nothing away, unless it says noai"
    assert dropped(tmp_path)["1.html", 1441].rule == "noai:meta"
    same_as_in_full(tmp_path)


def test_a_reservation_that_comes_late_takes_its_place(tmp_path: Path) -> None:
    write(tmp_path / "raw", [page(0), page(1), page(1, 4 * DAY, body=html("新", PLAIN[2].body))], "run-1")
    build(job(tmp_path))
    write(tmp_path / "raw", [page(0, DAY), page(1, DAY, headers=RESERVED)], "run-2")
    build(job(tmp_path))
    assert sorted(published(tmp_path)) == ["0.html", "1.html"], "a later capture put its text there again"
    same_as_in_full(tmp_path)
    write(tmp_path / "raw", [page(0, 2 * DAY, headers=RESERVED)], "run-3")
    build(job(tmp_path))
    write(tmp_path / "raw", [page(0, DAY + DAY / 2, body=html("旧", PLAIN[3].body))], "run-4")
    build(job(tmp_path))
    assert published(tmp_path) == ["1.html"], "it was captured before the reservation"
    same_as_in_full(tmp_path)


def test_a_copy_is_published_when_the_canonical_one_is_reserved(tmp_path: Path) -> None:
    copy: dict[str, Any] = {"url": "https://copy.example/1", "url_key": "https://copy.example/1"}
    write(tmp_path / "raw", [page(0), page(0, 2 * DAY, final_url="https://copy.example/1", **copy)], "run-1")
    build(job(tmp_path))
    assert published(tmp_path) == ["0.html"]
    write(tmp_path / "raw", [page(0, 3 * DAY, headers=RESERVED)], "run-2")
    build(job(tmp_path))
    assert published(tmp_path) == ["1"]


@pytest.mark.parametrize(
    ("file", "stands"),
    [
        (reserves(at=-timedelta(hours=24)), False),
        (reserves(at=-timedelta(hours=26)), True),
        (reserves(at=timedelta(hours=1)), True),
        (reserves(outcome="http_error", status=503), True),
        (host_file(Kind.TDMREP, b"<html>no such page</html>"), True),
    ],
    ids=["a day before", "longer before", "after", "an error", "a page in its place"],
)
def test_a_host_file_counts_for_the_day_after_it_was_read(
    tmp_path: Path, file: Capture, stands: bool
) -> None:
    captures = sorted([file, page(0)], key=lambda capture: capture.fetched_at)
    write(tmp_path / "raw", captures)
    build(job(tmp_path))
    rows = [*documents(tmp_path / "clean"), *documents(tmp_path / "clean", table="dropped")]
    assert [row.reason is None for row in rows] == [stands]


def test_the_host_that_a_redirect_led_to_counts(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"url": "https://old.example/a/0.html", "url_key": "https://old.example/a/0.html"}
    write(tmp_path / "raw", [reserves(), page(0, **asked), page(1)])
    assert len(index.moved(tmp_path / "raw", START.date())) == 1
    build(job(tmp_path))
    rows = list(documents(tmp_path / "clean", table="dropped"))
    assert [row.reason for row in rows] == ["reserved", "reserved"]


def test_host_files_are_found_where_the_index_is_lost(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"url": "https://old.example/a/0.html", "url_key": "https://old.example/a/0.html"}
    write(tmp_path / "raw", [reserves(), page(0, **asked), page(1)])
    shutil.rmtree(tmp_path / "raw/index")
    rows = [replace(row(0, url=asked["url"], capture=ref.id), captured_at=ref.fetched_at, encoding="utf-8")
        for ref in index.lost(tmp_path / "raw") if ref.url == asked["url"]]  # fmt: skip
    rights = Rights(files=SiteFiles(tmp_path / "raw"), sources={})
    assert [each.reason for each in rights.apply(rows)] == ["reserved"]


def test_a_file_that_is_unchanged_still_holds_and_one_taken_back_does_not(tmp_path: Path) -> None:
    write(tmp_path / "raw", [reserves()], "run-1")
    write(tmp_path / "raw", [page(0)], "run-2")
    build(job(tmp_path))
    assert [row.reason for row in documents(tmp_path / "clean", table="dropped")] == ["reserved"]
    raw = tmp_path / "raw"
    withdraw(raw, min(run.run for run in runs(raw)), "its clock was wrong")
    build(job(tmp_path, confirm=True))
    assert published(tmp_path) == ["0.html"]


def test_another_licence_of_the_same_text_is_told(tmp_path: Path) -> None:
    def licensed(kind: str) -> bytes:
        body = html(PLAIN[0].title, PLAIN[0].body).decode()
        return body.replace("</body>", f"<footer>本文采用 CC {kind} 4.0 许可协议</footer></body>").encode()

    write(tmp_path / "raw", [page(0, body=licensed("BY-NC"))], "run-1")
    build(job(tmp_path, Source(name="example", home=HOST, terms="CC BY 4.0")))
    (row,) = documents(tmp_path / "clean")
    assert row.license_url == "https://creativecommons.org/licenses/by-nc/4.0/"
    assert [(f.name, f.text) for f in row.flags] == [("terms_differ", row.license_url)]
    write(tmp_path / "raw", [page(0, DAY, body=licensed("BY"))], "run-2")
    build(job(tmp_path, Source(name="example", home=HOST, terms="CC BY 4.0")))
    (row,) = documents(tmp_path / "clean")
    assert (row.license_url, row.flags) == ("https://creativecommons.org/licenses/by/4.0/", ())
