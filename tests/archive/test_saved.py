"""Where saved pages were: by their saver's marks, their place in a mirror, or what they declare; never a path here."""

from __future__ import annotations

import email.message
import time
from datetime import UTC, datetime
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.archive import saved
from tests.archive.archive_cases import judge
from tests.archive.test_imports import PAGE, URL, bring, content
from tests.timing import TIME_LIMIT


def page(head: str = "", before: str = "") -> bytes:
    return before.encode() + PAGE.replace(b"<head>", b"<head>" + head.encode())


SINGLE = (
    "<!--\n Page saved with SingleFile \n url: https://news.example/a/1.html \n"
    " saved date: Fri Mar 01 2024 10:03:04 GMT+0800 (China Standard Time)\n-->"
)
CANONICAL = "<link rel='canonical' href='https://news.example/a/1.html'>"


@pytest.mark.parametrize(
    "body",
    [
        page(before=f"<!DOCTYPE html>{SINGLE}"),
        page(before="<!DOCTYPE html>\n<!-- saved from url=(0029)https://news.example/a/1.html -->\n"),
        page(CANONICAL),
        page('<meta content="https://news.example/a/1.html" property="og:url">'),
        page("<meta property=og:url content=https://news.example/b/2.html>" + CANONICAL),
        page(
            "<link href='https://news.example/' rel=canonical><meta name=og:url content=https://news.example/a/1.html>"
        ),
        page(CANONICAL.replace("a/1", "c/3"), before=SINGLE),
    ],
)
def test_a_page_tells_where_it_was(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "a.html").write_bytes(body)
    bring(tmp_path / "raw", tmp_path / "a.html")
    assert [each.url for each in content(tmp_path / "raw")] == [URL]


def test_singlefile_tells_when(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(page(before=SINGLE))
    bring(tmp_path / "raw", tmp_path / "a.html")
    (found,) = content(tmp_path / "raw")
    assert found.fetched_at == datetime(2024, 3, 1, 2, 3, 4, tzinfo=UTC)
    assert not any("date" in note for note in found.notes)


def test_httrack_leaves_the_scheme_out() -> None:
    body = page(before="<!-- Mirrored from news.example/a/1.html by HTTrack Website Copier/3.x -->")
    assert saved.marks(body).url == "http://news.example/a/1.html"


@pytest.mark.parametrize(
    ("base", "file", "url"),
    [
        ("https://", "news.example/a/1.html", URL),
        ("https://", "news.example/a/index.html", "https://news.example/a/"),
        ("https://", "news.example/a.php?id=7&p=2", "https://news.example/a.php?id=7&p=2"),
        ("https://", "news.example/a.php@id=7", "https://news.example/a.php?id=7"),
        ("https://news.example/a/", "1.html", URL),
        ("https://news.example/a/index.html", "1.html", URL),
        ("https://news.example", "新/1.html", "https://news.example/%E6%96%B0/1.html"),
    ],
)
def test_a_mirror_gives_its_files_their_addresses(tmp_path: Path, base: str, file: str, url: str) -> None:
    path = tmp_path / "mirror" / file
    path.parent.mkdir(parents=True)
    path.write_bytes(PAGE)
    report = bring(
        tmp_path / "raw", tmp_path / "mirror", base=base if base != "https://news.example" else base + "/"
    )
    assert report.captures == 1, report
    assert [each.url for each in content(tmp_path / "raw")] == [url]


def mhtml(**headers: str) -> bytes:
    message = MIMEMultipart("related")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    part: email.message.Message = MIMEText(PAGE.decode(), "html", "utf-8")
    part["Content-Location"] = URL
    message.attach(part)
    return message.as_bytes()


def test_the_page_of_an_mhtml_file(tmp_path: Path) -> None:
    (tmp_path / "a.mhtml").write_bytes(mhtml(Date="Fri, 1 Mar 2024 10:03:04 +0800"))
    (tmp_path / "b.mht").write_bytes(mhtml(Snapshot_Content_Location="https://news.example/b/2.html"))
    report = bring(tmp_path / "raw", tmp_path / "a.mhtml", tmp_path / "b.mht")
    assert [(each.captures, each.problem) for each in report.files] == [(1, None), (1, None)]
    a, b = content(tmp_path / "raw")
    assert (a.url, a.body, a.fetched_at) == (URL, PAGE, datetime(2024, 3, 1, 2, 3, 4, tzinfo=UTC))
    assert (b.url, b.header("content-type")) == ("https://news.example/b/2.html", "text/html; charset=utf-8")
    judge(tmp_path / "raw")


def test_what_nothing_tells_is_named_by_its_bytes_and_never_by_a_path(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(PAGE)
    (tmp_path / "b.html").write_bytes(page("<link rel=canonical href='file:///C:/a.html'>"))
    bring(tmp_path / "raw", tmp_path)
    for each in content(tmp_path / "raw"):
        assert each.url == each.final_url == saved.nameless(each.body)
        assert each.url.startswith("urn:sha1:")
    whole = b"".join(path.read_bytes() for path in (tmp_path / "raw").rglob("*.cdxj"))
    assert str(tmp_path).encode() not in whole
    judge(tmp_path / "raw")


@given(st.binary(max_size=400))
def test_no_bytes_raise(body: bytes) -> None:
    mail = b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x\n"
    for start in (b"", mail, b"<link rel=canonical "):
        saved.marks(start + body)
        saved.declared(start + body)
        saved.from_mhtml(start + body)


@pytest.mark.parametrize(
    "piece", [b"<link rel=", b"<meta a='", b"<!-- saved from url=(", b"<link a=b ", b'"']
)
def test_hostile_heads_are_read_in_bounded_time(piece: bytes) -> None:
    body = piece * (saved.HEAD // len(piece))
    began = time.process_time()
    saved.marks(body)
    saved.declared(body)
    assert time.process_time() - began < TIME_LIMIT
