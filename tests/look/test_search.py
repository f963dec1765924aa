"""Search finds what the rows say, goes on where it stopped, and looks for no longer than it may."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pipeline.corpus.build import build
from pipeline.corpus.read import documents
from pipeline.look import search
from pipeline.look.app import make_app
from pipeline.look.asked import Asked
from pipeline.look.search import Found
from pipeline.records import Document
from pipeline.runs import Folders
from tests.corpus.archives import job, story_page, write


def found(where: Folders, /, **query: str) -> Found:
    return search.read(Asked(folders=where, query=query)).found


def ids(where: Folders, /, **query: str) -> list[str]:
    return [hit.id for hit in found(where, **query).hits]


@pytest.fixture(scope="session")
def rows(demo: Folders) -> list[Document]:
    return list(documents(demo.clean))


@pytest.fixture(scope="session")
def dropped(demo: Folders) -> list[Document]:
    return list(documents(demo.clean, table="dropped"))


@pytest.mark.parametrize("phrase", ["天气", "預報", "卫星", "机器人", "OPENAI", "没有这样的话"])
def test_a_phrase_is_found_in_title_and_text(demo: Folders, rows: list[Document], phrase: str) -> None:
    form = {"預報": "预报"}.get(phrase, phrase).lower()
    wanted = {row.id for row in rows if form in f"{row.title}\n{row.text}".lower()}
    assert set(ids(demo, q=phrase)) == wanted


def test_phrases_are_all_asked_for_and_quotes_hold_spaces_together(
    demo: Folders, rows: list[Document]
) -> None:
    both = {row.id for row in rows if "天气" in row.text and "预报" in row.text}
    assert set(ids(demo, q="天气 预报")) == both != set()
    assert ids(demo, q='"天气 预报"') == []
    assert search.terms(Asked(folders=demo, query={"q": '一 “二 三” "四"'})) == ["一", "二 三", "四"]


def test_flags_and_methods_are_lists_with_the_number_of_their_rows(
    demo: Folders, rows: list[Document], dropped: list[Document], client: TestClient
) -> None:
    page = search.read(Asked(folders=demo, query={"table": "all"}))
    every = [*rows, *dropped]
    flags = Counter(name for row in every for name in {flag.name for flag in row.flags})
    assert dict(page.flags) == flags
    assert dict(page.methods) == Counter(row.method for row in every if row.method)
    assert [number for _, number in page.flags] == sorted(flags.values(), reverse=True)
    name, number = page.methods[0]
    assert f'<option value="{name}">{name} ({number})</option>' in client.get("/search?table=all").text
    assert '<option value="&lt;x&gt;" selected>&lt;x&gt; (0)</option>' in client.get("/search?flag=<x>").text


def test_filters_narrow(demo: Folders, rows: list[Document], dropped: list[Document]) -> None:
    title = next(row.title for row in rows if row.title and row.title not in row.text)
    assert title is not None
    assert ids(demo, q=title, where="title") == [row.id for row in rows if row.title == title]
    assert set(ids(demo, source="gov")) == {row.id for row in rows if row.source == "gov"}
    assert set(ids(demo, reason="duplicate")) == {row.id for row in dropped if row.reason == "duplicate"}
    day = sorted(row.published_on for row in rows if row.published_on)[10].isoformat()
    dated = {row.id for row in rows if row.published_on and row.published_on.isoformat() == day}
    assert set(ids(demo, since=day, until=day)) == dated != set()
    method = rows[0].method
    assert method is not None
    assert set(ids(demo, method=method)) <= {row.id for row in rows if row.method == method}
    flagged = {flag.name for row in (*rows, *dropped) for flag in row.flags}
    for name in flagged:
        wanted = {row.id for row in (*rows, *dropped) if name in {flag.name for flag in row.flags}}
        assert set(ids(demo, flag=name, table="all")) == wanted


def pages(where: Folders, /, **query: str) -> Iterator[Found]:
    """All pages of a search, one after the other."""
    page = found(where, **query)
    yield page
    while page.next:
        page = found(where, **query, after=page.next)
        yield page


@pytest.mark.parametrize("size", [1, 7, 30])
@pytest.mark.parametrize("table", ["articles", "dropped", "all"])
def test_pages_give_every_row_once(
    demo: Folders,
    rows: list[Document],
    dropped: list[Document],
    size: int,
    table: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "PAGE", size)
    keys = [hit.key for page in pages(demo, table=table) for hit in page.hits]
    wanted = {"articles": len(rows), "dropped": len(dropped), "all": len(rows) + len(dropped)}[table]
    assert len(keys) == len(set(keys)) == wanted


@pytest.fixture(scope="module")
def many_days(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """A version whose rows stand in files of several days."""
    folder = tmp_path_factory.mktemp("days")
    for day in range(9):
        page = story_page(day)
        write(
            folder / "raw", [story_page(day, fetched_at=page.fetched_at + timedelta(days=day))], f"run-{day}"
        )
    build(job(folder))
    return Folders(raw=folder / "raw", clean=folder / "clean")


def test_a_search_whose_time_is_over_says_so_and_goes_on_from_there(
    many_days: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ids(many_days)
    monkeypatch.setattr(search, "FIRST", 1)
    monkeypatch.setattr(search, "QUICK", 0.0)
    monkeypatch.setattr(search, "SECONDS", 0.0)
    monkeypatch.setattr(search, "AT_LEAST", 0.0)
    (first, *others) = pages(many_days)
    assert (first.stopped, first.looked, len(first.hits)) == (True, 1, 1)
    assert first.files == len(whole) > 3
    assert [hit.id for page in (first, *others) for hit in page.hits] == whole


def test_a_query_that_takes_too_long_is_broken_off(
    many_days: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = "(select count(*) from range(3000000) a, range(3000) b where a.range % 7 = b.range % 5) >= 0"
    monkeypatch.setattr(search, "_where", lambda asked, folder: (slow, {}))
    monkeypatch.setattr(search, "LATEST", 0.3)
    page = found(many_days)
    assert (page.stopped, page.hits, page.looked) == (True, (), 0)
    assert page.next


def test_the_newest_day_comes_first(many_days: Folders) -> None:
    days = [hit.key.partition("/")[2][:10] for hit in found(many_days).hits]
    assert days == sorted(days, reverse=True)


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday",
        "table=secrets",
        "after=../../../etc/passwd:1",
        "after=articles/../manifest.json:1",
        "after=articles/no-such.parquet:1",
        "after=x",
        "q=" + "字" * 201,
        "q=" + "+".join("一二三四五六七八九"),
        "version=../raw",
    ],
)
@pytest.mark.parametrize("path", ["/search", "/search.jsonl"])
def test_what_cannot_be_asked_is_said_plainly(client: TestClient, path: str, query: str) -> None:
    if path == "/search.jsonl" and query.startswith("after"):
        return  # it gives all
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("said", ["' or 1=1 --", "$files", "%", "_", "\\", "')", "天\x00气", "{{7*7}}"])
def test_a_phrase_is_no_query(client: TestClient, said: str) -> None:
    answer = client.get("/search", params={"q": said, "source": said, "flag": said, "method": said})
    assert answer.status_code == 200
    assert "Nothing found" in answer.text
    assert "\x00" not in answer.text


def test_all_of_it_is_given_as_json_lines(client: TestClient, demo: Folders, dropped: list[Document]) -> None:
    answer = client.get("/search.jsonl?reason=duplicate")
    assert answer.headers["content-disposition"] == 'attachment; filename="corpus-2.2.0.jsonl"'
    said = [json.loads(line) for line in answer.text.splitlines()]
    assert {row["id"] for row in said} == {row.id for row in dropped if row.reason == "duplicate"}
    assert set(said[0]) == set(Document.__dataclass_fields__)


def test_what_is_being_taken_down_is_not_found(demo: Folders, rows: list[Document], tmp_path: Path) -> None:
    clean = tmp_path / "clean"
    clean.mkdir()
    (clean / "2.2.0").symlink_to(demo.clean / "2.2.0")
    (clean / "LATEST").write_text("2.2.0")
    (clean / "TAKEDOWN").write_text(rows[0].id + "\n")
    where = Folders(raw=demo.raw, clean=clean, sources=demo.sources)
    assert rows[0].id not in ids(where, source=rows[0].source)
    client = TestClient(make_app(where), base_url="http://127.0.0.1")
    assert rows[0].id not in client.get(f"/search.jsonl?source={rows[0].source}").text


def test_the_phrase_is_marked_where_it_stands(client: TestClient) -> None:
    text = client.get("/search", params={"q": "天气"}).text
    assert re.search(r"…?[^<]*<mark>天气</mark>", text)
