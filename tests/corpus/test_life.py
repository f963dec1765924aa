"""What visits say of published rows: verified, gone, revised; whatever builds took them in, and at what cost."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.archive.writer import Writer
from pipeline.cli import main
from pipeline.corpus import life, life_files, versions
from pipeline.corpus.build import build
from pipeline.corpus.edition import Edit, Edition
from pipeline.corpus.identity import document_id
from pipeline.corpus.publish import describe_files, read_manifest, write_manifest
from pipeline.corpus.queries import connected
from pipeline.corpus.read import documents, read, version_folder
from pipeline.corpus.schema import LIFE, READ, SCHEMA, write_parquet
from pipeline.corpus.yields import gone_in
from pipeline.explain import verdict
from pipeline.records import Capture, Document
from tests.corpus.archives import PLAIN, START, failed_page, html, job, story_page, write
from tests.corpus.rows import row
from tests.corpus.served import web
from tests.corpus.test_metadata import MANIFEST
from tests.takedown.cases import copied, take_down

DAY = timedelta(days=1)

DELETED = html("提示信息", ["该文章已被作者删除"])


def visit(said: str, day: int, number: int = 0) -> Capture:
    """A visit of a page: its text (a, b), the same again by 304, another page, gone in three ways, or no answer."""
    at = START + day * DAY
    body = {"a": PLAIN[number].body, "b": [*PLAIN[number].body, "第二天补写了一段，说明后来的情形。"]}
    if said in body:
        return story_page(number, fetched_at=at, body=html(PLAIN[number].title, body[said]))
    if said == "another":
        return story_page(number, fetched_at=at, body=html("首页", []))
    if said == "deleted":
        return story_page(number, fetched_at=at, body=DELETED)
    return failed_page(number, "unchanged" if said == "304" else said, fetched_at=at)


def on(day: int | None) -> date | None:
    return None if day is None else (START + day * DAY).date()


def lives(clean: Path, version: str | None = None) -> dict[str, tuple[object, ...]]:
    """Page → (last verified, gone since, revised)."""
    rows = read(clean, version=version, columns=["url", *LIFE]).to_pylist()
    return {row["url"].rsplit("/", 1)[1].removesuffix(".html"): tuple(row[n] for n in LIFE) for row in rows}


CASES: dict[str, tuple[list[str], int | None, int | None, int]] = {
    "seen once": (["a"], 0, None, 0),
    "the same text again": (["a", "a", "a"], 2, None, 0),
    "not modified": (["a", "304", "304"], 2, None, 0),
    "no answer says nothing": (["a", "304", "timeout", "blocked"], 1, None, 0),
    "revised": (["a", "b"], 1, None, 1),
    "revised and back": (["a", "b", "a"], 2, None, 2),
    "gone": (["a", "304", "gone", "gone"], 1, 2, 0),
    "gone softly": (["a", "soft_gone"], 0, 1, 0),
    "a page that says it is deleted": (["a", "deleted", "timeout"], 0, 1, 0),
    "gone and back": (["a", "gone", "a"], 2, None, 0),
    "gone and back by 304": (["a", "gone", "304"], 2, None, 0),
    "gone twice, since the second time": (["a", "gone", "a", "gone"], 2, 3, 0),
    "another page stands there": (["a", "another"], 0, None, 0),
    "not modified, but it is another page": (["a", "another", "304"], 0, None, 0),
    "gone after another page": (["a", "another", "gone"], 0, 2, 0),
    "gone, then another page": (["a", "gone", "another"], 0, None, 0),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All cases in one corpus, a page each, in an archive file a day."""
    folder = tmp_path_factory.mktemp("life")
    for day, captures in enumerate(by_day()):
        write(folder / "raw", captures, f"run-{day}")
    build(job(folder))
    return folder


def by_day() -> list[list[Capture]]:
    """The visits of all cases, page n is that of the n-th; and a new page on the last day."""
    days: list[list[Capture]] = [[], [], [], []]
    for number, (visits, *_) in enumerate(CASES.values()):
        for day, said in enumerate(visits):
            days[day].append(visit(said, day, number))
    days[-1].append(visit("a", 3, 30))  # visits that bring nothing new make no version of their own
    return days


@pytest.mark.parametrize("case", CASES)
def test_visits_say_how_an_article_stands(built: Path, case: str) -> None:
    _, verified, gone, revised = CASES[case]
    found = lives(built / "clean")
    assert found[str(list(CASES).index(case))] == (on(verified), on(gone), revised)


def test_the_lives_follow_from_the_archive_not_from_the_builds(built: Path, tmp_path: Path) -> None:
    for day, captures in enumerate(by_day()):
        write(tmp_path / "raw", captures, f"run-{day}")
        build(job(tmp_path))
    last = version_folder(tmp_path / "clean")
    assert last.name != version_folder(built / "clean").name
    assert lives(tmp_path / "clean") == lives(built / "clean")
    assert versions.verify(last) == []


def test_a_time_that_is_not_believed_verifies_nothing(tmp_path: Path) -> None:
    write(tmp_path / "raw", [visit("a", 0)])
    late = [visit("304", 400), visit("gone", 401), story_page(1, fetched_at=START + 402 * DAY)]
    with_clock_of(tmp_path / "raw", START + DAY, late)
    build(job(tmp_path))
    assert lives(tmp_path / "clean") == {"0": (on(0), None, 0), "1": (None, None, 0)}


def with_clock_of(raw: Path, at: datetime, captures: Sequence[Capture]) -> None:
    with Writer(raw, "run-late", clock=lambda: at) as writer:
        for capture in captures:
            writer.write(capture)


def test_the_second_article_of_a_page_lives_by_its_own_text_and_the_pages_answers(tmp_path: Path) -> None:
    first = row(1)
    second = replace(row(2), id=document_id(first.url_key, 2), url_key=first.url_key, part=2)
    quiet = replace(row(3), id=first.id, reason="unchanged", captured_at=START + DAY)
    same = replace(quiet, capture="s", encoding="utf-8", captured_at=START + 2 * DAY)
    gone = replace(quiet, capture="g", reason="gone", captured_at=START + 3 * DAY)
    edition = Edition(tmp_path / "v", None)
    edition.apply([Edit(after=each) for each in (first, second, quiet, same, gone)])
    life_files.write(tmp_path / "v", None)
    (path,) = life.files(tmp_path / "v")
    found = {each.pop("id"): each for each in pq.read_table(path).to_pylist()}
    assert found[first.id] == {"last_verified": on(2), "gone_since": on(3), "revised": 0}
    assert found[second.id] == {"last_verified": on(1), "gone_since": on(3), "revised": 0}


def staged(folder: Path, parent: Path | None, rows: Sequence[Document]) -> Path:
    """A version folder with some rows more than its parent, as a build stages it."""
    edition = Edition(folder, parent)
    edition.apply([Edit(after=each) for each in rows])
    life_files.write(folder, parent, edition.moved, edition.id_index)
    write_manifest(folder, replace(MANIFEST, files=describe_files(folder, None, {})))
    return folder


def test_a_later_visit_moves_all_articles_of_its_page_and_only_their_files_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, other, last = (replace(row(n), first_seen=START + n * DAY) for n in (1, 3, 5))
    second = replace(
        row(2),
        id=document_id(first.url_key, 2),
        url_key=first.url_key,
        part=2,
        first_seen=START + 2 * DAY,
        text_hash="2",
    )
    parent = staged(tmp_path / "1", None, [first, second, other, last])
    read_from: list[str] = []

    class Watched:
        def __init__(self) -> None:
            self.db = connected()

        def __enter__(self) -> Watched:
            return self

        def __exit__(self, *_: object) -> None:
            self.db.close()

        def execute(self, query: str, said: dict[str, Any] | None = None) -> None:
            read_from.extend(Path(file).name for file in (said or {}).get("files", ()))
            self.db.execute(query, said)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.db, name)

    monkeypatch.setattr(life_files, "connected", Watched)
    looked_into: set[str] = set()
    not_first = life_files._not_first

    def looked(path: Path) -> list[tuple[str, str]]:
        looked_into.add(path.name)
        return not_first(path)

    monkeypatch.setattr(life_files, "_not_first", looked)
    gone = replace(
        row(4),
        id=first.id,
        url_key=first.url_key,
        reason="gone",
        captured_at=START + 9 * DAY,
        first_seen=START,
    )
    version = staged(tmp_path / "2", parent, [gone])
    days = [f"{START + n * DAY:%Y-%m-%d}-000.parquet" for n in (1, 2, 9)]
    assert sorted(read_from) == days, "none of the pages that nobody looked at"
    assert looked_into == set(days[:2]), "nor what stands at their end"
    lines = {
        each["id"]: each for path in life.files(version)[::-1] for each in pq.read_table(path).to_pylist()
    }
    assert {lines[each.id]["gone_since"] for each in (first, second)} == {on(9)}
    assert {lines[each.id]["gone_since"] for each in (other, last)} == {None}


def test_a_version_writes_the_lives_that_visits_moved_and_no_row(tmp_path: Path) -> None:
    write(tmp_path / "raw", [visit("a", 0, n) for n in range(8)])
    build(job(tmp_path))
    write(tmp_path / "raw", [visit("304", 2, 1), visit("a", 2, 9)], "run-2")
    build(job(tmp_path))
    old, new = (tmp_path / "clean" / f"2.{n}.0" for n in (1, 2))
    assert (old / "articles/2026-11-01-000.parquet").samefile(new / "articles/2026-11-01-000.parquet")
    assert (old / "life/00000.parquet").samefile(new / "life/00000.parquet")
    assert pq.read_metadata(new / "life/00001.parquet").num_rows == 2
    assert versions.diff(tmp_path / "clean", "2.1.0", "2.2.0").num_rows == 1, "a visit changes no document"
    before, after = lives(tmp_path / "clean", "2.1.0"), lives(tmp_path / "clean")
    assert after == {**before, "1": (on(2), None, 0), "9": (on(2), None, 0)}


def test_a_file_joins_the_one_before_it_that_is_not_twice_its_size(tmp_path: Path) -> None:
    sizes = []
    for day in range(5):
        write(
            tmp_path / "raw",
            [visit("a", day, n) for n in range(8 * (not day))] + [visit("a", day, 10 + day)],
            f"r{day}",
        )
        build(job(tmp_path))
        newest = life.files(version_folder(tmp_path / "clean"))
        sizes.append([pq.read_metadata(path).num_rows for path in newest[::-1]])
    assert sizes == [[9], [9, 1], [9, 2], [9, 2, 1], [9, 4]]
    assert {said[2] for said in lives(tmp_path / "clean").values()} == {0}, "each has a line"


def test_lives_of_a_damaged_parent_are_written_anew(tmp_path: Path) -> None:
    write(tmp_path / "raw", [visit("a", 0), visit("a", 0, 1)])
    build(job(tmp_path))
    path = tmp_path / "clean/2.1.0/life/00000.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    write(tmp_path / "raw", [visit("304", 1), visit("a", 1, 2)], "run-2")
    build(job(tmp_path))
    assert versions.verify(version_folder(tmp_path / "clean")) == []
    assert lives(tmp_path / "clean") == {"0": (on(1), None, 0), "1": (on(0), None, 0), "2": (on(1), None, 0)}


def test_what_is_taken_down_leaves_no_line(built: Path, tmp_path: Path) -> None:
    folder = copied(built, tmp_path / "corpus")
    (folder / "sources").mkdir()
    row = next(documents(folder / "clean"))
    take_down(folder, row.id)
    last = version_folder(folder / "clean")
    assert row.id not in {i for path in life.files(last) for i in pq.read_table(path)["id"].to_pylist()}
    left = {k: v for k, v in lives(built / "clean").items() if not row.url.endswith(f"/{k}.html")}
    assert lives(folder / "clean") == left
    assert versions.verify(last) == []


def test_readers_join_the_lives(built: Path) -> None:
    clean = built / "clean"
    assert read(clean).schema == READ
    assert read(clean, table="dropped").schema == SCHEMA
    assert read(clean, columns=["gone_since", "title"]).column_names == ["gone_since", "title"]
    assert set(read(clean, columns=["revised"])["revised"].to_pylist()) == {0, 1, 2}
    told = {d.id: (d.last_verified, d.gone_since, d.revised) for d in documents(clean)}
    rows = read(clean, columns=["id", *LIFE]).to_pylist()
    assert told == {row["id"]: tuple(row[name] for name in LIFE) for row in rows}
    with web(clean) as server:
        assert read(server.url).equals(read(clean))
        assert read(server.url, columns=["revised"]).equals(read(clean, columns=["revised"]))


def test_it_is_told_where_a_person_looks(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--clean", str(built / "clean"), "--raw", str(built / "raw")]
    number = list(CASES).index("gone twice, since the second time")
    assert main(["explain", f"https://news.example/a/{number}.html", *where]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "Its page is gone since 2026-11-04; the row stays. Its page last said so on 2026-11-03." in said
    number = list(CASES).index("revised and back")
    assert main(["explain", f"https://news.example/a/{number}.html", *where]) == 0
    assert "It was revised 2 times." in capsys.readouterr().err
    assert main(["report", *where]) == 0
    assert "Pages gone, example: of 5 articles, which stay." in capsys.readouterr().err
    assert gone_in(version_folder(built / "clean")) == {"example": 5}


def test_a_row_of_which_no_life_is_told_says_nothing_of_it() -> None:
    assert verdict(row(1), "2.1.0") == ["Published in version 2.1.0."]


def test_a_row_without_a_life_is_found(built: Path, tmp_path: Path) -> None:
    clean = shutil.copytree(built / "clean", tmp_path / "clean", symlinks=True)
    folder = version_folder(clean)
    (path,) = life.files(folder)
    lines = pq.read_table(path)
    path.unlink()
    write_parquet(lines.slice(1), path)
    write_manifest(folder, replace(read_manifest(folder), files=describe_files(folder, None, {})))
    assert [told.rpartition(": ")[2] for told in versions.verify(folder)] == ["1 published rows have no line"]
