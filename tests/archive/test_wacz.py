"""WACZ files, alone, in one another, and named by a list."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from tests.archive.archive_cases import judge
from tests.archive.test_imports import NOTE, PAGE, URL, bring, content, response

OTHER = "https://news.example/b/2.html"
FRAME = "https://ads.example/frame.html"


def packed(pages: list[dict[str, str]] | None, *records: bytes, compress: int = zipfile.ZIP_STORED) -> bytes:
    """A WACZ file as its specification sets it out."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compress) as file:
        file.writestr("archive/data.warc.gz", b"".join(map(gzip.compress, records)))
        head = {"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}
        if pages is not None:
            lines = "\n".join(json.dumps(each, ensure_ascii=False) for each in (head, *pages))
            file.writestr("pages/pages.jsonl", lines + "\n")
        file.writestr("datapackage.json", json.dumps({"profile": "data-package", "wacz_version": "1.1.1"}))
    return out.getvalue()


RECORDS = (response(URL), response(FRAME, PAGE.replace("河".encode(), "海".encode())))
LISTED = [
    {"id": "1", "url": URL, "ts": "2024-03-01T02:03:04Z", "title": "河岸", "text": NOTE},
    {"id": "2", "url": OTHER, "ts": "2024-03-02T02:03:04Z", "title": "又一篇", "text": NOTE},
]


def test_the_pages_of_its_list_and_the_text_of_those_without_a_record(tmp_path: Path) -> None:
    (tmp_path / "a.wacz").write_bytes(packed(LISTED, *RECORDS))
    (file,) = bring(tmp_path / "raw", tmp_path / "a.wacz").files
    assert (file.captures, file.skipped, file.problem) == (2, (("not_listed", 1),), None)
    first, second = content(tmp_path / "raw")
    assert (first.url, first.body, first.notes[0]) == (URL, PAGE, "imported from a.wacz/archive/data.warc.gz")
    assert (second.url, second.body.decode(), second.status) == (OTHER, NOTE, 0)
    assert second.fetched_at == datetime(2024, 3, 2, 2, 3, 4, tzinfo=UTC)
    judge(tmp_path / "raw")
    assert bring(tmp_path / "raw", tmp_path / "a.wacz").captures == 0


def test_without_a_page_list_every_page_comes(tmp_path: Path) -> None:
    (tmp_path / "a.wacz").write_bytes(packed(None, *RECORDS))
    assert bring(tmp_path / "raw", tmp_path).captures == 2


def test_wacz_files_in_one_another(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.wacz", "w") as file:
        file.writestr("a.wacz", packed(LISTED[:1], RECORDS[0]))
        file.writestr("b.wacz", packed([{"url": FRAME}], RECORDS[1]))
        file.writestr("datapackage.json", json.dumps({"profile": "multi-wacz-package"}))
    bring(tmp_path / "raw", tmp_path / "all.wacz")
    assert [each.url for each in content(tmp_path / "raw")] == [URL, FRAME]


def test_a_list_of_wacz_files_names_those_beside_it_alone(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "outside.wacz").write_bytes(packed(None, *RECORDS))
    (tmp_path / "in/a.wacz").write_bytes(packed(LISTED[:1], RECORDS[0]))
    names = ["a.wacz", "../outside.wacz", "https://elsewhere.example/b.wacz"]
    told = {"profile": "multi-wacz-package", "resources": [{"name": n, "path": n} for n in names]}
    (tmp_path / "in/datapackage.json").write_text(json.dumps(told))
    files = bring(tmp_path / "raw", tmp_path / "in/datapackage.json").files
    assert [(each.captures, bool(each.problem)) for each in files] == [(1, False), (0, True), (0, True)]


def test_a_broken_one_and_a_bomb_are_told(tmp_path: Path) -> None:
    whole = packed(LISTED, *RECORDS)
    (tmp_path / "bad.wacz").write_bytes(whole.replace(b"\x1f\x8b", b"\x1f\x8c", 1))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("archive/data.warc", b"0" * (8 << 20))
    (tmp_path / "bomb.wacz").write_bytes(out.getvalue())
    files = bring(tmp_path / "raw", tmp_path / "bad.wacz", tmp_path / "bomb.wacz").files
    assert all(each.problem for each in files)
    assert "unpacks to 8388608 bytes" in (files[1].problem or "")
