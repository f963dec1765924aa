"""What the pages say, asked without a browser."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pipeline.corpus.read import documents, read_changes
from pipeline.folders import Folders
from pipeline.health import standing

PAGES = (
    "/",
    "/search",
    "/search?q=天气&table=all",
    "/versions",
    "/version/2.2.0",
    "/version/2.1",
    "/diff/2.1/2.2",
    "/diff/2.2/2.1",
    "/ahead",
    "/try/tech",
    "/try/tech?kind=drop&rule=p",
    "/try/tech?kind=drop&rule=]",
)
"""A page of each kind that needs no id."""


def text_of(client: TestClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole(client: TestClient, path: str) -> None:
    text = text_of(client, path)
    assert text.count("<h1") == 1
    assert text.rstrip().endswith("</html>")
    assert "style=" not in text  # the policy would refuse it
    assert re.search(r"\son\w+=", text) is None


@pytest.mark.parametrize(
    "path",
    [
        "/no-such-page",
        "/version/9.9",
        "/version/..%2f..",
        "/version/%2e%2e",
        "/diff/2.1/9",
        "/change/2.1/2.2/0123",
        "/change/2.1/2.2/..%2f..%2fetc",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/?version=../../etc",
    ],
)
def test_what_is_not_there_is_a_plain_page(client: TestClient, path: str) -> None:
    answer = client.get(path)
    if path.startswith("/?"):  # home shows no version
        assert answer.status_code == 200
        return
    assert answer.status_code == 404
    assert "Traceback" not in answer.text
    assert "Not here" in answer.text


def test_what_is_said_of_nothing_is_escaped(client: TestClient) -> None:
    answer = client.get("/version/<script>alert(1)<%2fscript>%1b[2J%E2%80%AE")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", answer.text)


def test_home_names_every_source_and_version(client: TestClient, demo: Folders) -> None:
    text = text_of(client, "/")
    for status in standing.status(demo):
        assert f">{status.source}</a>" in text
    assert ">2.2.0</a>" in text
    assert ">2.1.0</a>" in text


def test_without_a_corpus_home_says_how_to_make_one(tmp_path: Path) -> None:
    from pipeline.look.app import make_app

    (tmp_path / "raw").mkdir()
    where = Folders(sources=tmp_path / "sources", raw=tmp_path / "raw", clean=tmp_path / "clean")
    empty = TestClient(make_app(where), base_url="http://127.0.0.1")
    assert "corpus build" in text_of(empty, "/")
    assert empty.get("/version/1.0").status_code == 404


def test_a_version_shows_what_it_changed(client: TestClient, demo: Folders) -> None:
    changes = read_changes(demo.clean, since="2.1").to_pylist()
    text = text_of(client, "/version/2.2.0")
    assert {change["kind"] for change in changes} == {"added", "changed"}
    for change in changes:
        assert f'id="change-{change["id"]}"' in text
    assert "<del>" in text
    assert text.count('<svg class="picture"') >= 12


def test_a_diff_the_other_way_takes_away_what_was_added(client: TestClient) -> None:
    forth, back = text_of(client, "/diff/2.1/2.2"), text_of(client, "/diff/2.2/2.1")
    assert "added by capture" in forth
    assert "removed by" in back
    assert "Nothing differs" in text_of(client, "/diff/2.2/2.2")


def test_a_diff_is_narrowed_and_paged_by_id(client: TestClient, demo: Folders) -> None:
    changes = sorted(change["id"] for change in read_changes(demo.clean, since="2.1").to_pylist())
    assert changes[0] in text_of(client, "/diff/2.1/2.2")
    after = text_of(client, f"/diff/2.1/2.2?after={changes[0]}")
    assert changes[0] not in after
    assert changes[1] in after
    assert "None." in text_of(client, "/diff/2.1/2.2?source=nobody")


def test_a_change_has_a_page_of_its_own(client: TestClient, demo: Folders) -> None:
    ident = next(c["id"] for c in read_changes(demo.clean, since="2.1").to_pylist() if c["kind"] == "changed")
    before = next(row for row in documents(demo.clean, version="2.1") if row.id == ident)
    text = text_of(client, f"/change/2.1/2.2/{ident}")
    assert before.title is not None
    assert before.title in text
    assert "<ins>" in text


def test_the_form_leads_to_the_comparison(client: TestClient) -> None:
    answer = client.get("/compare?old=2.1.0&new=2.2.0")
    assert (answer.status_code, answer.headers["location"]) == (303, "/diff/2.1.0/2.2.0")
    assert client.get("/compare?old=//evil.example&new=").headers["location"] == "/diff/%2F%2Fevil.example/"


def test_nothing_is_written(client: TestClient, demo: Folders) -> None:
    folder = demo.raw.parent
    before = fingerprint(folder)
    for path in PAGES:
        text_of(client, path)
    assert fingerprint(folder) == before


def fingerprint(folder: Path) -> dict[str, tuple[str, int]]:
    """Every file below a folder with the hash of its bytes and the time it was changed."""
    return {
        path.relative_to(folder).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_source_shows_its_weeks_its_file_and_what_became_of_it(client: TestClient, demo: Folders) -> None:
    text = text_of(client, "/source/news")
    rows = list(documents(demo.clean))
    assert f"<td>{sum(row.source == 'news' for row in rows)}" not in text  # numbers stand to the right
    assert re.search(rf'published</a></td><td class="n">{sum(row.source == "news" for row in rows)}<', text)
    assert "expect_links = 5" in text
    assert text.count('aria-label="New pages of news, a week"') == 1
    assert "soft_gone" in text


def test_a_source_without_a_file_is_shown_by_its_rows(demo: Folders, tmp_path: Path) -> None:
    from pipeline.look.app import make_app

    (tmp_path / "sources").mkdir()
    where = Folders(sources=tmp_path / "sources", raw=demo.raw, clean=demo.clean)
    client = TestClient(make_app(where), base_url="http://127.0.0.1")
    assert "No source file declares it" in text_of(client, "/source/gov")
    assert client.get("/source/nobody").status_code == 404
    assert client.get("/source/..%2f..%2fetc%2fpasswd").status_code == 404
    assert client.get("/source/%2e%2e").status_code == 404
