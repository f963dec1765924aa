from __future__ import annotations

import gzip
import os
import zlib
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipeline import archive
from pipeline.archive.imports import ImportReport, MapError, import_paths
from pipeline.archive.saved import nameless
from pipeline.archive.writer import Writer
from pipeline.errors import BusyError
from pipeline.records import Capture
from tests.archive.archive_cases import clock, judge

PAGE = (
    "<html><head><title>河岸</title></head><body><p>"
    + "秋天的河岸上，芦苇都白了。" * 30
    + "</p></body></html>"
).encode()
CAPTCHA = "<html><head><title>安全验证</title></head><body>请完成安全验证后继续访问</body></html>".encode()
URL = "https://news.example/a/1.html"
DATE = "2024-03-01T02:03:04Z"


def response(url: str = URL, body: bytes = PAGE, status: str = "200 OK", **headers: str) -> bytes:
    """One WARC record as warcio writes it, not compressed."""
    out = BytesIO()
    writer = WARCWriter(out, gzip=False)
    named = [
        (name.replace("_", "-"), value) for name, value in ({"Content_Type": "text/html"} | headers).items()
    ]
    http = StatusAndHeaders(status, named, protocol="HTTP/1.1")
    record = writer.create_warc_record(
        url, "response", payload=BytesIO(body), length=len(body), http_headers=http,
        warc_headers_dict={"WARC-Date": DATE},
    )  # fmt: skip
    writer.write_record(record)
    return out.getvalue()


def chunked(body: bytes) -> bytes:
    parts = [body[start : start + 100] for start in range(0, len(body), 100)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def bring(raw: Path, *paths: Path, **options: Any) -> ImportReport:
    return import_paths(paths, raw, "old", clock=clock, **options)


def content(raw: Path) -> list[Capture]:
    return [each for file in archive.sealed(raw) for each in archive.read(raw, file.file)]


def arc(body: bytes) -> bytes:
    """An ARC 1 file with one page."""
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
    version = b"1 0 test\nURL IP-address Archive-date Content-type Archive-length\n"
    first = b"filedesc://test.arc 0.0.0.0 20240301020304 text/plain %d\n" % len(version) + version + b"\n"
    return first + b"%s 127.0.0.1 20240301020304 text/html %d\n" % (URL.encode(), len(block)) + block + b"\n"


FILES = {
    "plain.warc": response(),
    "members.warc.gz": gzip.compress(response("https://news.example/a/0.html", b""))
    + gzip.compress(response()),
    "one-member.warc.gz": gzip.compress(response("https://news.example/a/0.html", b"") + response()),
    "page.warc.zst": zstandard.compress(response()),
    "page.arc": arc(PAGE),
    "big.arc.gz": gzip.compress(arc(PAGE * 200)),
    "page.arc.gz": gzip.compress(arc(PAGE)),
    "no-name": response(),
}


@pytest.mark.parametrize("name", FILES)
def test_any_kind_of_archive_file_gives_the_page_its_url_and_its_time(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name])
    report = bring(tmp_path / "raw", path)
    assert [(each.captures, each.problem) for each in report.files] == [(1, None)]
    (found,) = content(tmp_path / "raw")
    assert (found.url, found.source, found.kind, found.status, found.outcome) == (
        URL,
        "old",
        "page",
        200,
        "ok",
    )
    assert found.fetched_at == datetime(2024, 3, 1, 2, 3, 4, tzinfo=UTC)
    assert found.body == PAGE * (200 if name == "big.arc.gz" else 1)
    assert found.notes[0] == f"imported from {name}"
    judge(tmp_path / "raw")


CODINGS = {
    "gzip": (gzip.compress(PAGE), {"Content_Encoding": "gzip"}),
    "br": (brotli.compress(PAGE), {"Content_Encoding": "br"}),
    "deflate, bare": (zlib.compress(PAGE)[2:-4], {"Content_Encoding": "deflate"}),
    "chunked": (chunked(PAGE), {"Transfer_Encoding": "chunked"}),
    "chunked gzip": (
        chunked(gzip.compress(PAGE)),
        {"Transfer_Encoding": "chunked", "Content_Encoding": "gzip"},
    ),
    "said gzip, stored plain": (PAGE, {"Content_Encoding": "gzip"}),
    "said chunked, stored plain": (PAGE, {"Transfer_Encoding": "chunked"}),
    "masked": (PAGE, {"X_Crawler_Content_Encoding": "gzip", "X_Crawler_Transfer_Encoding": "chunked"}),
}


@pytest.mark.parametrize("coding", CODINGS)
def test_bodies_are_unpacked_where_they_are_packed(tmp_path: Path, coding: str) -> None:
    body, headers = CODINGS[coding]
    path = tmp_path / "a.warc"
    path.write_bytes(response(body=body, **headers))
    bring(tmp_path / "raw", path)
    (found,) = content(tmp_path / "raw")
    assert found.body == PAGE
    for name, value in headers.items():
        assert (name.replace("_", "-").removeprefix("X-Crawler-"), value) in found.headers
    judge(tmp_path / "raw")


def test_what_is_no_page_is_left_out_with_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "mixed.warc"
    path.write_bytes(
        response()
        + response("https://news.example/b", CAPTCHA)
        + response("https://news.example/c", b"", "301 Moved", Location="/d")
        + response("https://news.example/e", PAGE, "404 Not Found")
        + response("https://news.example/f", b"\x89PNG\r\n", Content_Type="image/png")
        + response("https://news.example/g", b" ")
        + response("https://news.example/h", gzip.compress(b"0" * (20 << 20)), Content_Encoding="gzip")
        + response("dns:news.example", PAGE)
        + response("https://news.example/i", b"<p>" + b"x" * (9 << 20))
    )
    (file,) = bring(tmp_path / "raw", path).files
    assert file.captures == 2
    assert dict(file.skipped) == {
        "redirect": 1, "http_error": 1, "not_html": 1, "empty": 1, "too_large": 2, "not_http": 1,
    }  # fmt: skip
    assert [(each.url, each.outcome) for each in content(tmp_path / "raw")] == [
        (URL, "ok"),
        ("https://news.example/b", "blocked"),
    ]


def test_a_folder_of_pages_keeps_their_names_and_times(tmp_path: Path) -> None:
    folder = tmp_path / "页面"
    (folder / "sub").mkdir(parents=True)
    (folder / "b.html").write_bytes(PAGE)
    (folder / "sub" / "a b.htm").write_bytes(PAGE.replace("河".encode(), "海".encode()))
    (folder / "style.css").write_bytes(b"<p>")
    for path in folder.rglob("*.htm*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    report = bring(tmp_path / "raw", folder)
    assert report.captures == 2
    found = content(tmp_path / "raw")
    assert [each.notes[0] for each in found] == ["imported from b.html", "imported from a b.htm"]
    assert [each.url for each in found] == [nameless(each.body) for each in found]
    assert {each.fetched_at.timestamp() for each in found} == {1_700_000_000}
    assert found[0].body == PAGE
    assert found[0].headers == (("Content-Type", "text/html"),)
    judge(tmp_path / "raw")
    assert archive.verify(tmp_path / "raw") == []


def test_a_map_gives_pages_their_addresses(tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "1.html").write_bytes(PAGE)
    mapping = tmp_path / "urls.tsv"
    mapping.write_text(f"# path\tURL\n\npages/1.html\t{URL}#top\n")
    bring(tmp_path / "raw", folder, url_map=mapping)
    assert [each.url for each in content(tmp_path / "raw")] == [URL]
    judge(tmp_path / "raw")
    mapping.write_text(f"pages/2.html\t{URL}")
    unused = bring(tmp_path / "raw", folder, url_map=mapping).files[-1]
    assert (unused.path, unused.problem) == (
        str(folder / "2.html"),
        "in the URL map, but not among the paths",
    )
    for wrong in ("pages/1.html", "pages/1.html\tnot a url", "pages/1.html\tfile:///etc/passwd"):
        mapping.write_text(wrong)
        with pytest.raises(MapError, match=r"urls\.tsv:1"):
            bring(tmp_path / "raw", folder, url_map=mapping)
    with pytest.raises(MapError):
        bring(tmp_path / "raw", folder, url_map=tmp_path / "none.tsv")


def test_importing_twice_doubles_nothing(tmp_path: Path) -> None:
    warc_file, page_file = tmp_path / "a.warc", tmp_path / "p.html"
    warc_file.write_bytes(response() + response())
    page_file.write_bytes(PAGE)
    first = bring(tmp_path / "raw", warc_file, page_file)
    assert [(each.captures, each.known) for each in first.files] == [(1, 1), (1, 0)]
    before = archive.sealed(tmp_path / "raw")
    again = bring(tmp_path / "raw", page_file, warc_file)
    assert [(each.captures, each.known) for each in again.files] == [(0, 1), (0, 2)]
    assert archive.sealed(tmp_path / "raw") == before
    copy = tmp_path / "copy.warc.gz"
    copy.write_bytes(gzip.compress(response()))
    assert bring(tmp_path / "raw", copy).captures == 0


def test_every_bad_path_has_a_reason_and_the_good_ones_come_in(tmp_path: Path) -> None:
    (tmp_path / "good.html").write_bytes(PAGE)
    (tmp_path / "empty").mkdir()
    (tmp_path / "css-only").mkdir()
    (tmp_path / "css-only" / "a.css").write_bytes(b"a{}")
    (tmp_path / "garbage.bin").write_bytes(bytes(range(256)) * 9)
    (tmp_path / "garbage.warc.gz").write_bytes(b"\x1f\x8b" + b"garbage" * 99)
    (tmp_path / "zero.html").write_bytes(b"")
    (tmp_path / "huge.html").write_bytes(b"<html>" + b" x" * (5 << 20))
    (tmp_path / "pdf.html").write_bytes(b"%PDF-1.4 ...")
    folder = tmp_path / "links"
    folder.mkdir()
    (folder / "link.html").symlink_to(tmp_path / "good.html")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.html")
    names = [
        "missing",
        "empty",
        "css-only",
        "garbage.bin",
        "garbage.warc.gz",
        "zero.html",
        "huge.html",
        "pdf.html",
    ]
    report = bring(tmp_path / "raw", *(tmp_path / name for name in names), folder, tmp_path / "good.html")
    assert [each.problem for each in report.files] == [
        "No such file or directory",
        "no HTML page, text or WARC file in it",
        "no HTML page, text or WARC file in it",
        "neither an HTML page, a text nor a WARC file: binary",
        "neither an HTML page, a text nor a WARC file: binary",
        "empty",
        "larger than 8 MiB",
        "neither an HTML page, a text nor a WARC file: binary",
        "a symbolic link",
        "a symbolic link",
        "not a regular file",
        None,
    ]
    assert report.captures == 1
    assert report.files[2].skipped == (("other_files", 1),)


NOTE = "河岸的秋天\n\n" + "秋天的河岸上，芦苇都白了。" * 10
CRLF = "\r\n"


def test_text_files_become_resource_records_of_plain_text(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    texts = {
        "a.txt": NOTE.encode(),
        "b.md": f"# 河岸\n\n{NOTE} a<br>b".encode(),
        "c.TXT": NOTE.encode("gb18030"),
        "d.text": NOTE.encode("big5", "ignore"),
        "e.markdown": b"\xff\xfe" + NOTE.encode("utf-16-le"),
        "f.txt": b"\xef\xbb\xbf" + NOTE.replace("\n", CRLF).encode(),
    }
    for name, body in texts.items():
        (folder / name).write_bytes(body)
    (folder / "g.txt").write_bytes(PAGE)
    (folder / "h.txt").write_bytes("河岸<p>一</p><p>二</p><div>三</div>".encode())
    (folder / "i.csv").write_bytes(NOTE.encode())
    report = bring(tmp_path / "raw", folder)
    found = {each.notes[0].removeprefix("imported from "): each for each in content(tmp_path / "raw")}
    assert {name: found[name].body for name in texts} == texts
    kinds = {name: each.header("content-type") for name, each in found.items()}
    assert kinds == dict.fromkeys(texts, "text/plain") | {"g.txt": "text/html", "h.txt": "text/html"}
    assert report.files[-1].skipped == (("other_files", 1),)
    with gzip.open(tmp_path / "raw" / archive.sealed(tmp_path / "raw")[0].file) as stream:
        record = stream.read().partition(b"WARC-Type: resource")[2].partition(b"\r\n\r\n")[0]
    assert b"Content-Type: text/plain" in record
    judge(tmp_path / "raw")
    assert archive.verify(tmp_path / "raw") == []
    assert bring(tmp_path / "raw", folder).captures == 0


def test_what_is_no_text_is_refused_with_what_it_is(tmp_path: Path) -> None:
    files = {
        "binary.txt": bytes(range(256)) * 9,
        "pdf.txt": b"%PDF-1.4 ...",
        "table.txt": "名称,数量,单价\n芦苇,3,5\n河灯,8,2\n".encode(),
        "code.md": 'import os\n\ndef river():\n    return os.name  # 河岸\n\nprint("河")\n'.encode(),
        "data.txt": '{"河岸": ["芦苇"]}'.encode(),
        "log.txt": ("2024-03-01 02:03:04 河岸水位正常\n" * 5).encode(),
        "english.txt": b"The reeds by the river turn white.\n" * 5,
        "blank.txt": b" \n\n",
        "table.csv": "名称,数量,单价\n芦苇,3,5\n河灯,8,2\n".encode(),
        "notes.log": NOTE.encode(),
    }
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)
    report = bring(tmp_path / "raw", *(tmp_path / name for name in files))
    neither = "neither an HTML page, a text nor a WARC file: "
    assert [each.problem for each in report.files] == [
        *(neither + kind for kind in ("binary", "binary", "table", "code", "data", "log", "not_chinese")),
        "empty",
        neither + "table",
        "a text, but its name does not end in .txt or .md",
    ]
    assert report.captures == 0


def test_answers_of_plain_text_in_a_warc_file_are_pages(tmp_path: Path) -> None:
    path = tmp_path / "mixed.warc"
    plain = {"Content_Type": "text/plain; charset=gbk"}
    path.write_bytes(
        response(body=NOTE.encode("gbk"), **plain)
        + response("https://news.example/b", PAGE, **plain)
        + response("https://news.example/robots.txt", b"User-agent: *\nDisallow: /a/\nAllow: /\n", **plain)
        + response("https://news.example/c.csv", "甲,乙,丙\n一,二,三\n四,五,六\n".encode("gbk"), **plain)
        + response("https://news.example/d.css", "/* 河 */ a{}".encode(), Content_Type="text/css")
    )
    (file,) = bring(tmp_path / "raw", path).files
    assert file.captures == 2
    assert dict(file.skipped) == {"code": 1, "not_html": 1, "table": 1}


def test_a_cut_file_gives_what_stands_before_the_cut(tmp_path: Path) -> None:
    whole = [gzip.compress(response(f"https://news.example/a/{number}", PAGE)) for number in range(3)]
    path = tmp_path / "cut.warc.gz"
    path.write_bytes(whole[0] + whole[1] + whole[2][:200])
    (file,) = bring(tmp_path / "raw", path).files
    assert file.captures == 2
    assert file.problem
    path.write_bytes(whole[0] + b"garbage" * 50 + whole[2])
    assert bring(tmp_path / "raw", path).files[0].known == 1


def test_a_bad_date_is_replaced_by_the_files_and_said_so(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(response().replace(DATE.encode(), b"last Tuesday, noon!!"))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    bring(tmp_path / "raw", path)
    (found,) = content(tmp_path / "raw")
    assert found.fetched_at.timestamp() == 1_700_000_000
    assert "its date is the file's" in found.notes


def test_an_import_waits_for_nobody(tmp_path: Path) -> None:
    (tmp_path / "good.html").write_bytes(PAGE)
    with Writer(tmp_path / "raw", "run", clock), pytest.raises(BusyError):
        bring(tmp_path / "raw", tmp_path / "good.html")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_makes_an_import_raise(tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(FILES)))
    damaged = bytearray(FILES[name])
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(damaged)))
        damaged[start : start + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=40))
    path = tmp_path / name
    path.write_bytes(damaged)
    (file,) = bring(tmp_path / "raw", path).files
    assert file.captures + file.known <= 2


@pytest.mark.parametrize("claimed", [4_000, 9_999_999, 999_999_999_999])
@pytest.mark.parametrize("packed", [False, True])
def test_a_record_that_claims_what_is_not_its_own_swallows_no_other(
    tmp_path: Path, claimed: int, packed: bool
) -> None:
    records = [response(f"https://news.example/a/{n}.html") for n in range(4)]
    size = next(line for line in records[1].split(b"\r\n") if line.startswith(b"Content-Length"))
    records[1] = records[1].replace(size, b"Content-Length: %d" % claimed, 1)
    file = tmp_path / ("a.warc.gz" if packed else "a.warc")
    file.write_bytes(b"".join(map(gzip.compress, records) if packed else records))
    (done,) = bring(tmp_path / "raw", file).files
    assert [c.url[-6] for c in content(tmp_path / "raw")] == ["0", "2", "3"]
    assert done.skipped == (("damaged", 1),)
    assert done.problem is None


def test_a_page_that_holds_a_record_is_no_such_claim(tmp_path: Path) -> None:
    inner = response("https://inner.example/")
    page = b"<html><title>x</title><pre>\r\n\r\n" + inner + b"</pre>" + PAGE
    file = tmp_path / "a.warc"
    file.write_bytes(response(body=page) + response("https://news.example/a/2.html"))
    bring(tmp_path / "raw", file)
    assert [c.url for c in content(tmp_path / "raw")] == [URL, "https://news.example/a/2.html"]
