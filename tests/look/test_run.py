"""A run told from archive and version: the counts are those of the captures and rows themselves."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pipeline.archive import index, withdrawn
from pipeline.archive.withdrawn import run_of
from pipeline.corpus.build import build
from pipeline.corpus.publish import read_manifest, write_manifest
from pipeline.corpus.read import documents, list_versions
from pipeline.errors import UsageError
from pipeline.look import run
from pipeline.look.app import make_app
from pipeline.look.asked import Asked
from pipeline.look.run import RunPage
from pipeline.records import Kind, Manifest, Outcome
from pipeline.runs import Folders
from tests.corpus.archives import failed_page, job, story_page, write


def shown(where: Folders, name: str) -> RunPage:
    return run.read(Asked(folders=where, path={"name": name}))


@pytest.fixture(scope="session")
def names(demo: Folders) -> list[str]:
    return [each.run for each in sorted(withdrawn.runs(demo.raw), key=lambda each: each.first)]


@pytest.mark.parametrize("number", [0, 1])
def test_the_counts_are_those_of_captures_and_rows(demo: Folders, names: list[str], number: int) -> None:
    page = shown(demo, names[number])
    refs = [ref for ref in index.find(demo.raw) if run_of(ref.file) == names[number]]
    pages = [ref for ref in refs if ref.kind == Kind.PAGE]
    captures = {ref.id for ref in refs}
    rows = [*documents(demo.clean), *documents(demo.clean, table="dropped")]
    of_run = [row for row in rows if row.capture in captures]
    assert page.total.asked == len(pages)
    assert page.total.fetched == sum(ref.outcome == Outcome.OK for ref in pages)
    assert page.total.unchanged == sum(ref.outcome == Outcome.UNCHANGED for ref in pages)
    assert page.total.articles == sum(bool(row.extracted) for row in of_run)
    assert page.total.published == sum(row.reason is None for row in of_run)
    assert dict(page.told.reasons) == Counter(row.reason or "published" for row in of_run)
    assert sum(n for *_, n in page.told.outcomes) == sum(ref.kind != Kind.DISCOVERY for ref in refs)
    assert page.taken_in == f"2.{number + 1}.0"


def test_only_what_was_never_seen_before_is_new(demo: Folders, names: list[str]) -> None:
    second = shown(demo, names[1])
    assert (second.total.published, second.total.new) == (2, 1)


def test_each_stage_says_how_long_it_took(demo: Folders, names: list[str], client: TestClient) -> None:
    page = shown(demo, names[0])
    assert [each.name for each in page.stages] == [
        "discover", "fetch", "extract", "normalize", "deduplicate", "publish"
    ]  # fmt: skip
    assert page.is_timed
    pages = [
        ref.fetched_at for ref in index.find(demo.raw)
        if run_of(ref.file) == names[0] and ref.kind == Kind.PAGE
    ]  # fmt: skip
    assert page.stages[1].lasted == max(pages) - min(pages)
    assert all(each.lasted.total_seconds() > 0 for each in page.stages)
    assert "in the build of 2.1.0" in client.get(f"/run/{names[0]}").text


def test_runs_are_listed_a_page_at_a_time(
    demo: Folders, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PAGE", 1)
    first = run.read_list(Asked(folders=demo))
    assert [each.run for each in first.runs] == [names[1]]
    assert "news" in first.runs[0].sources
    assert first.next is not None
    last = run.read_list(Asked(folders=demo, query={"after": first.next}))
    assert [each.run for each in last.runs] == [names[0]]
    assert last.next is None
    with pytest.raises(UsageError, match="no run of this name"):
        run.read_list(Asked(folders=demo, query={"after": "nobody"}))


def test_a_run_that_no_version_took_in_says_so(tmp_path: Path) -> None:
    write(tmp_path / "raw", [story_page(0)])
    build(job(tmp_path))
    write(tmp_path / "raw", [story_page(1), failed_page(2, Outcome.TIMEOUT)], "run-2")
    where = Folders(raw=tmp_path / "raw", clean=tmp_path / "clean", sources=tmp_path / "sources")
    page = next(
        page for each in withdrawn.runs(where.raw) if (page := shown(where, each.run)).taken_in is None
    )
    assert (page.total.asked, page.total.fetched, page.total.articles) == (2, 1, 0)
    assert page.told.reasons == ()
    assert not page.is_timed
    client = TestClient(make_app(where), base_url="http://127.0.0.1")
    assert "no version has taken it in" in client.get(f"/run/{page.run.run}").text


def test_captures_that_the_index_lost_are_told_of(tmp_path: Path) -> None:
    write(tmp_path / "raw", [story_page(0)])
    (path,) = (tmp_path / "raw/index").glob("date=*/*.parquet")
    path.unlink()
    where = Folders(raw=tmp_path / "raw", clean=tmp_path / "clean", sources=tmp_path / "sources")
    page = shown(where, withdrawn.runs(where.raw)[0].run)
    assert (page.unindexed, page.total.asked) == (1, 0)


def test_a_withdrawn_run_says_why(tmp_path: Path) -> None:
    write(tmp_path / "raw", [story_page(0)], "run-1")
    gone = withdrawn.withdraw(tmp_path / "raw", "run-1", "it was <b>another</b> site")
    where = Folders(raw=tmp_path / "raw", clean=tmp_path / "clean", sources=tmp_path / "sources")
    client = TestClient(make_app(where), base_url="http://127.0.0.1")
    assert "it was &lt;b&gt;another&lt;/b&gt; site" in client.get(f"/run/{gone.run}").text
    assert "withdrawn" in client.get("/runs").text


@pytest.mark.parametrize("name", ["no-such-run", "..%2f..", "%2e%2e", "%00"])
def test_a_run_that_is_not_there_is_a_plain_page(client: TestClient, name: str) -> None:
    assert client.get(f"/run/{name}").status_code == 404


def test_the_version_that_took_a_run_in_is_found_by_few_manifests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "raw", [story_page(0)])
    build(job(tmp_path))
    manifest = read_manifest(tmp_path / "clean/2.1.0")
    (file,) = manifest.inputs
    for number in range(2, 65):
        inputs = tuple(replace(file, file=f"warc/{n}.warc.gz") for n in range(number))
        folder = tmp_path / f"clean/2.{number}.0"
        folder.mkdir()
        write_manifest(folder, replace(manifest, version=folder.name, inputs=inputs, files=()))
    asked: list[str] = []

    def noted(folder: Path) -> Manifest:
        asked.append(folder.name)
        return read_manifest(folder)

    monkeypatch.setattr(run, "read_manifest", noted)
    have = list_versions(tmp_path / "clean")
    for number in (0, 1, 40, 63, 99):
        asked.clear()
        took = run._taken_in(tmp_path / "clean", have, {f"warc/{number}.warc.gz"}, is_withdrawn=False)
        assert took is None or took.version == f"2.{max(2, number + 1)}.0"
        assert (took is None, len(asked) <= 8) == (number == 99, True)
