"""What an index of somebody else's archive names: read record by record, from a folder, a web server and an S3.

The WARC files are warcio's, the CDXJ cdxj-indexer's, the Parquet file has the columns of Common Crawl's.
"""

from __future__ import annotations

import gzip
import io
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cdxj_indexer.main import write_cdx_index
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipeline import archive
from pipeline.archive.imports import ImportReport
from pipeline.archive.withdrawn import runs, withdraw
from pipeline.cli import main
from pipeline.crawl.indexed import IndexPlan, IndexWish, import_indexed, plan_indexed
from pipeline.crawl.ranges import COMMON_CRAWL
from pipeline.errors import UsageError
from pipeline.records import Capture, Source
from tests.archive.archive_cases import clock, judge
from tests.archive.test_cdx import zipnum
from tests.archive.test_imports import PAGE
from tests.corpus.served import BUCKET, Served, s3
from tests.corpus.served import web as serving
from tests.web.loopback import Page, Site

HOME = "https://news.example/"
FIRST = datetime(2020, 1, 1, 2, 3, 4, tzinfo=UTC)
SOURCE = Source(name="old", home=HOME, exclude=("*/ad/*",), allow_private=True)
WARC = "crawl/segments/1/warc/data.warc.gz"

PAGES = [
    *[
        (f"{HOME}a/{n}.html", PAGE.replace(b"<title>", b"<title>%d" % n), FIRST + timedelta(n))
        for n in range(6)
    ],
    (f"{HOME}a/0.html", PAGE.replace(b"<title>", b"<title>0"), FIRST + timedelta(40)),  # the same again
    (f"{HOME}ad/1.html", PAGE, FIRST),
    ("https://elsewhere.example/1.html", PAGE, FIRST),
]


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder with a WARC file of theirs, and its index in CDXJ beside it."""
    folder = tmp_path / "theirs"
    (folder / WARC).parent.mkdir(parents=True)
    with (folder / WARC).open("wb") as out:
        writer = WARCWriter(out, gzip=True)
        for url, body, at in PAGES:
            http = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            writer.write_record(
                writer.create_warc_record(
                    url,
                    "response",
                    payload=io.BytesIO(body),
                    length=len(body),
                    http_headers=http,
                    warc_headers_dict={"WARC-Date": f"{at:%Y-%m-%dT%H:%M:%SZ}"},
                )
            )
    with (folder / "index.cdxj").open("w") as out:
        write_cdx_index(out, [str(folder / WARC)], {"sort": True, "dir_root": str(folder)})
    return folder


def told(folder: Path) -> list[dict[str, Any]]:
    """The lines of the CDXJ, whose form is that of the Common Crawl index server."""
    rows = []
    for line in (folder / "index.cdxj").read_text().splitlines():
        key, stamp, rest = line.split(" ", 2)
        rows.append({"urlkey": key, "timestamp": stamp} | json.loads(rest) | {"filename": WARC})
    return rows


def as_cdx(rows: list[dict[str, Any]]) -> str:
    names = ("urlkey", "timestamp", "url", "mime", "status", "digest", "length", "offset", "filename")
    lines = [
        " ".join([*(str(row[name]) for name in names[:6]), "-", "-", *(str(row[n]) for n in names[6:])])
        for row in rows
    ]
    return "\n".join([" CDX N b a m s k r M S V g", *lines]) + "\n"


def as_parquet(rows: list[dict[str, Any]], path: Path) -> None:
    pq.write_table(
        pa.table(
            {
                "url": [row["url"] for row in rows],
                "url_host_registered_domain": [row["url"].split("/")[2] for row in rows],
                "fetch_time": pa.array(
                    [datetime.strptime(row["timestamp"], "%Y%m%d%H%M%S").replace(tzinfo=UTC) for row in rows],
                    pa.timestamp("ms", "UTC"),
                ),
                "fetch_status": pa.array([int(row["status"]) for row in rows], pa.int16()),
                "content_mime_detected": [row["mime"] for row in rows],
                "content_digest": [row["digest"].removeprefix("sha1:") for row in rows],
                "warc_filename": [row["filename"] for row in rows],
                "warc_record_offset": pa.array([int(row["offset"]) for row in rows], pa.int32()),
                "warc_record_length": pa.array([int(row["length"]) for row in rows], pa.int32()),
            }
        ),
        path,
    )


def agent(address: str) -> str:
    return "old-corpus/1 (+https://old.example.cn/)"


def wish(index: Path | str, base: Path | str | None = None, **more: Any) -> IndexWish:
    base = None if base is None else str(base)
    asked = IndexWish(index=str(index), base=base, source="old", declared=SOURCE, delay=0.0)
    return replace(asked, **more)


def bring(raw: Path, asked: IndexWish, **more: Any) -> ImportReport:
    return import_indexed(asked, raw, agent, clock=clock, **more)


def content(raw: Path) -> list[Capture]:
    return [each for file in archive.sealed(raw) for each in archive.read(raw, file.file)]


def days(raw: Path) -> list[date]:
    return sorted(each.fetched_at.date() for each in content(raw))


FORMS = ("cdxj", "cdx", "cdx.gz", "jsonl", "parquet", "table", "cluster.idx")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_an_index_brings_the_records_it_names(theirs: Path, tmp_path: Path, form: str) -> None:
    rows, path = told(theirs), theirs / f"one.{form}"
    if form == "parquet":
        as_parquet(rows, path)
    elif form == "table":
        (path / "crawl=CC-MAIN-2020-05/subset=warc").mkdir(parents=True)
        as_parquet(rows, path / "crawl=CC-MAIN-2020-05/subset=warc/part-0.parquet")
    elif form == "cluster.idx":
        path = zipnum(theirs, rows)
    elif form == "cdxj":
        path = theirs / "index.cdxj"
    elif form == "cdx.gz":
        path.write_bytes(gzip.compress(as_cdx(rows).encode()))
    else:
        path.write_text(as_cdx(rows) if form == "cdx" else "\n".join(map(json.dumps, rows)))
    raw = tmp_path / "raw"
    (file,) = bring(raw, wish(path, theirs)).files
    assert (file.captures, file.problem) == (6, None)
    found = content(raw)
    assert sorted((each.url, each.body, each.fetched_at) for each in found) == sorted(PAGES[:6])
    assert {each.source for each in found} == {"old"}
    judge(raw)


def test_lines_that_name_no_capture_are_told_and_cost_nothing(
    theirs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = as_cdx(told(theirs)).splitlines()
    path = theirs / "one.cdx"
    path.write_text("\n".join([*lines[:4], "no line", *lines[4:], *["neither"] * 30]))
    plan = plan_indexed(wish(path, theirs), tmp_path / "raw", agent)
    assert (plan.chosen, plan.left_out["unreadable"], len(plan.odd)) == (6, 31, 20)
    assert plan.odd[0] == "line 5: 2 fields under 11 columns"
    report = bring(tmp_path / "raw", wish(path, theirs))
    assert (report.captures, report.odd) == (6, plan.odd)
    assert main(["import", f"--cdx={path}", "--source=old", f"--raw={tmp_path / 'other'}"]) == 0
    assert "Not read of the index: line 5: 2 fields under 11 columns." in capsys.readouterr().err


def test_captures_that_say_no_digest_are_not_taken_for_the_same(theirs: Path, tmp_path: Path) -> None:
    rows = [{**row, "digest": "-"} for row in told(theirs)]
    (theirs / "one.cdx").write_text(as_cdx(rows))
    plan = plan_indexed(wish(theirs / "one.cdx", theirs), tmp_path / "raw", agent)
    assert (plan.chosen, plan.left_out) == (7, {"excluded": 1})


def test_a_plan_reads_no_record_and_days_and_source_choose(theirs: Path, tmp_path: Path) -> None:
    asked = wish(theirs / "index.cdxj", theirs, since=date(2020, 1, 2), until=date(2020, 1, 4))
    plan = plan_indexed(asked, tmp_path / "raw", agent)
    assert (plan.rows, plan.chosen, plan.known, plan.months, plan.files) == (3, 3, 0, {"2020-01": 3}, 1)
    assert not (tmp_path / "raw").exists()
    whole = plan_indexed(wish(theirs / "index.cdxj", theirs), tmp_path / "raw", agent)
    assert (whole.chosen, whole.left_out) == (6, {"excluded": 1, "same": 1})
    assert 0 < whole.bytes < (theirs / WARC).stat().st_size
    bring(tmp_path / "raw", asked)
    assert days(tmp_path / "raw") == [date(2020, 1, n) for n in (2, 3, 4)]
    after: IndexPlan = plan_indexed(asked, tmp_path / "raw", agent)
    assert (after.chosen, after.known) == (0, 3)


@pytest.fixture
def web(theirs: Path) -> Iterator[Served]:
    with serving(theirs) as server:
        yield server


def test_a_web_server_is_asked_for_these_bytes_alone(theirs: Path, tmp_path: Path, web: Served) -> None:
    asked = wish(theirs / "index.cdxj", web.url, since=date(2020, 1, 2), until=date(2020, 1, 3))
    plan = plan_indexed(asked, tmp_path / "raw", agent)
    assert bring(tmp_path / "raw", asked).captures == plan.requests == 2
    assert web.sent(".warc.gz") == plan.bytes
    assert [path for _, path, _ in web.log] == ["/robots.txt", f"/{WARC}", f"/{WARC}"]
    web.log.clear()
    assert bring(tmp_path / "raw", asked).files == ()
    assert web.log == [], "what is here is not read again"


def test_a_server_without_ranges_gives_the_whole_file_and_still_the_record(
    theirs: Path, tmp_path: Path, web: Served
) -> None:
    web.ranges = False
    assert bring(tmp_path / "raw", wish(theirs / "index.cdxj", web.url)).captures == 6


def test_an_index_on_a_server_is_read_too(theirs: Path, tmp_path: Path, web: Served) -> None:
    asked = wish(f"{web.url}/index.cdxj")
    assert bring(tmp_path / "raw", asked).captures == 6


def test_robots_keep_us_out_and_the_guard_lets_no_private_address_in(
    theirs: Path, tmp_path: Path, web: Served
) -> None:
    (theirs / "robots.txt").write_text("User-agent: *\nDisallow: /crawl/\n")
    (file,) = bring(tmp_path / "raw", wish(theirs / "index.cdxj", web.url)).files
    assert (file.captures, file.skipped) == (0, (("left", 6),))
    assert "robots.txt" in (file.problem or "")
    assert web.sent(".warc.gz") == 0
    web.log.clear()
    guarded = wish(theirs / "index.cdxj", web.url, declared=replace(SOURCE, allow_private=False))
    assert bring(tmp_path / "raw", guarded).captures == 0
    assert web.log == []


def test_requests_keep_their_distance(theirs: Path, tmp_path: Path, web: Served) -> None:
    stop = threading.Event()
    asked = wish(theirs / "index.cdxj", web.url, delay=0.3)
    began = time.monotonic()
    bring(
        tmp_path / "raw", asked, on_progress=lambda done, total: stop.set() if done == 3 else None, stop=stop
    )
    assert time.monotonic() - began >= 3 * 0.3
    assert len(content(tmp_path / "raw")) == 3


def test_a_stopped_import_goes_on_where_it_was(theirs: Path, tmp_path: Path, web: Served) -> None:
    stop = threading.Event()
    asked = wish(theirs / "index.cdxj", web.url)
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        if done == 2:
            stop.set()

    (file,) = bring(tmp_path / "raw", asked, on_progress=progress, stop=stop).files
    assert (file.captures, file.skipped, told) == (2, (("left", 4),), [(1, 6), (2, 6)])
    web.log.clear()
    assert bring(tmp_path / "raw", asked).captures == 4
    assert sum(path.endswith(".warc.gz") for _, path, _ in web.log) == 4
    assert len(content(tmp_path / "raw")) == 6


def test_a_server_that_wants_to_be_left_alone_is(theirs: Path, tmp_path: Path, web: Served) -> None:
    web.answer[".warc.gz"] = lambda data: 403
    (file,) = bring(tmp_path / "raw", wish(theirs / "index.cdxj", web.url)).files
    assert file.skipped == (("left", 6),)
    assert sum(path.endswith(".warc.gz") for _, path, _ in web.log) == 1


def test_an_object_store(theirs: Path, tmp_path: Path) -> None:
    with s3():
        fsspec.filesystem("s3").put_file(str(theirs / WARC), f"{BUCKET}/{WARC}")
        report = bring(tmp_path / "raw", wish(theirs / "index.cdxj", f"s3://{BUCKET}"))
    assert report.captures == 6, report


def test_the_wayback_machine_gives_pages_as_they_were(site: Site, tmp_path: Path) -> None:
    stamp, url = "20200102030405", f"{HOME}a/1.html"
    rows = [
        ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"],
        ["example,news)/a/1.html", stamp, url, "text/html", "200", "X" * 32, "900"],
        ["example,news)/a/2.html", stamp, f"{HOME}a/2.html", "image/png", "200", "Y" * 32, "900"],
    ]
    lines = ",\n".join(json.dumps(row) for row in rows)
    site.pages["/cdx"] = Page(f"[{lines}]\n".encode(), "application/json")
    was = (("X-Archive-Orig-Content-Type", "text/html; charset=utf-8"), ("X-Archive-Orig-ETag", '"7"'))
    site.pages[f"/web/{stamp}id_/{url}"] = Page(PAGE, headers=was)
    report = bring(tmp_path / "raw", wish(site.base + "/cdx", site.base + "/web/"))
    assert report.captures == 1, report
    (found,) = content(tmp_path / "raw")
    assert (found.url, found.body, found.fetched_at) == (url, PAGE, datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert found.header("etag") == '"7"'


@pytest.mark.parametrize("wrong", ["offset", "length", "filename", "url"])
def test_an_index_that_is_wrong_brings_nothing_that_is_not_there(
    theirs: Path, tmp_path: Path, wrong: str
) -> None:
    change = {"offset": "77", "length": "40", "filename": "../../etc/passwd", "url": f"{HOME}a/other.html"}
    rows = [{**row, wrong: change[wrong]} for row in told(theirs) if row["url"] == f"{HOME}a/1.html"]
    (theirs / "bad.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (file,) = bring(tmp_path / "raw", wish(theirs / "bad.jsonl", theirs)).files
    assert file.captures == 0
    assert dict(file.skipped) == {"other_page" if wrong == "url" else "unreadable": 1}


@pytest.mark.parametrize("body", [b"PAR1 no parquet", b"\x1f\x8b broken"])
def test_what_is_no_index_is_usage(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "index").write_bytes(body)
    with pytest.raises(UsageError, match=r"index: .*(Parquet|unreadable)"):
        bring(tmp_path / "raw", wish(tmp_path / "index"))
    with pytest.raises(UsageError, match="no such index file"):
        bring(tmp_path / "raw", wish(tmp_path / "none"))


def test_common_crawls_files_are_at_common_crawls_place(theirs: Path, tmp_path: Path) -> None:
    rows = [{**row, "filename": f"crawl-data/{WARC}"} for row in told(theirs)]
    (theirs / "cc.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert plan_indexed(wish(theirs / "cc.jsonl"), tmp_path / "raw", agent).base == COMMON_CRAWL


def test_it_can_be_taken_back_and_brings_nothing_twice(theirs: Path, tmp_path: Path) -> None:
    asked = wish(theirs / "index.cdxj", theirs)
    bring(tmp_path / "raw", asked)
    (run,) = runs(tmp_path / "raw")
    assert run.run.startswith("import_old_")
    withdraw(tmp_path / "raw", run.run, "the wrong source")
    assert archive.withdrawn.standing(tmp_path / "raw") == []
    assert bring(tmp_path / "raw", asked).captures == 0


def test_what_came_is_read_by_others(theirs: Path, tmp_path: Path) -> None:
    bring(tmp_path / "raw", wish(theirs / "index.cdxj", theirs))
    with (tmp_path / "raw" / archive.sealed(tmp_path / "raw")[0].file).open("rb") as stream:
        urls = [r.rec_headers["WARC-Target-URI"] for r in ArchiveIterator(stream) if r.rec_type == "response"]
    assert sorted(urls) == sorted(url for url, _, _ in PAGES[:6])
