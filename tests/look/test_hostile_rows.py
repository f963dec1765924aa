"""Titles, addresses and texts that try to be markup or to steer stand on every page as words."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pipeline.archive import withdrawn
from pipeline.corpus.build import build
from pipeline.corpus.read import documents, list_versions, read_changes, version_folder
from pipeline.corpus.schema import from_table, read_parquet, to_table, write_parquet
from pipeline.look.app import make_app
from pipeline.records import Document
from pipeline.runs import Folders
from tests.corpus.archives import failed_page, job, story_page, write
from tests.look.test_pages import fingerprint

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><svg onload=alert(3)>{{7*7}}"
STEERS = "\x1b[2J\u202e\x07\x9b"
TITLE = f"标题{MARKUP}{STEERS}"
URL = f"https://news.example/a/0.html?q={MARKUP}{STEERS}"

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """Two versions, with the rows of the second as no extraction would let them through."""
    folder = tmp_path_factory.mktemp("hostile")
    write(folder / "raw", [story_page(0), story_page(1), failed_page(2, "timeout")])
    build(job(folder))
    later = story_page(4).fetched_at + timedelta(days=1)
    copy = "https://copy.example/1.html"
    copied = story_page(1, fetched_at=later, url=copy, url_key=copy, final_url=copy)
    write(folder / "raw", [story_page(3, fetched_at=later), copied], "run-2")
    build(job(folder))
    version = version_folder(folder / "clean")
    for path in sorted(version.glob("*/*.parquet")):
        if path.parent.name in ("articles", "dropped"):
            rows = list(documents_in(path))
            path.unlink()  # it may be a link to the parent's
            write_parquet(to_table([spoilt(row) for row in rows]), path)
    (folder / "sources").mkdir()
    return Folders(raw=folder / "raw", clean=folder / "clean", sources=folder / "sources")


def documents_in(path: Path) -> list[Document]:
    return list(from_table(read_parquet([path])))


def spoilt(row: Document) -> Document:
    return replace(row, title=TITLE, url=URL, text=f"{MARKUP}{STEERS}\n{row.text}", method=MARKUP)


def test_nothing_in_a_row_acts_on_any_page(hostile: Folders) -> None:
    client = TestClient(make_app(hostile), base_url="http://127.0.0.1")
    before = fingerprint(hostile.raw.parent)
    row = next(documents(hostile.clean))
    new, old = reversed(list_versions(hostile.clean))
    changed = read_changes(hostile.clean, since=old)["id"][0].as_py()
    (run, *_) = withdrawn.runs(hostile.raw)
    paths = [
        "/",
        f"/source/{row.source}",
        f"/run/{run.run}",
        f"/version/{new}",
        f"/diff/{old}/{new}",
        f"/diff/{new}/{old}",
        f"/change/{old}/{new}/{changed}",
        f"/cluster/{row.cluster}",
        "/search",
        "/search?q=标题",
        "/search?table=all",
    ]
    shown = 0
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200, path
        shown += "标题" in answer.text
        for active in ("<script>alert", "<img", "<svg onload", "标题49"):
            assert active not in answer.text, f"{path}: {active}"
        assert CONTROL.search(answer.text) is None, path
    assert shown >= 5, "the titles were not shown at all"
    assert fingerprint(hostile.raw.parent) == before


def test_nothing_a_filter_says_acts(hostile: Folders) -> None:
    client = TestClient(make_app(hostile), base_url="http://127.0.0.1")
    for name in ("q", "source", "reason", "flag", "method", "where", "version", "table", "after", "since"):
        answer = client.get("/search", params={name: f"{MARKUP}{STEERS}"})
        assert answer.status_code in (200, 404), name
        assert "<script>alert" not in answer.text, name
        assert "<img" not in answer.text, name
        assert CONTROL.search(answer.text) is None, name
