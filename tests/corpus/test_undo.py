"""Runs taken back: a build, the ledger and a backfill see the archive as if they had never been, and redo undoes it."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline import archive
from pipeline.archive import withdrawn
from pipeline.archive.exchange import Earlier
from pipeline.archive.imports import import_paths
from pipeline.archive.withdrawn import restore, runs, withdraw
from pipeline.archive.writer import Writer
from pipeline.cli import main
from pipeline.corpus.build import build
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import documents
from pipeline.crawl.gaps import find_gaps
from pipeline.crawl.ledger import Ledger, rebuild
from pipeline.errors import BusyError, RefusedError, UsageError
from pipeline.records import Capture, Document, Source
from pipeline.runs import Folders
from pipeline.upkeep import verify
from tests.corpus.archives import PLAIN, START, html, job, story_page, write
from tests.corpus.test_build import broken, die, full, killed_at

DAY = timedelta(days=1)
NEWS = Source(name="example", home="https://news.example/")


def edited(number: int, story: int, day: int) -> Capture:
    body = html(PLAIN[story].title, PLAIN[story].body)
    return story_page(number, body=body, fetched_at=START + day * DAY)


def copy(number: int, story: int, day: int) -> Capture:
    url = f"https://news.example/a/{number}.html"
    return replace(edited(0, story, day), url=url, url_key=url, final_url=url)


RUNS: dict[str, Sequence[Capture]] = {
    "crawl-1": [story_page(0), story_page(1), story_page(2)],
    # bad: another text of a page, a copy seen before its original, a new page
    "crawl-2": [edited(0, 20, 1), copy(40, 3, 1), story_page(4, fetched_at=START + DAY)],
    "crawl-3": [story_page(3, fetched_at=START + 2 * DAY), edited(0, 0, 2)],
}


def archived(folder: Path, *names: str) -> None:
    for name in names:
        write(folder / "raw", RUNS[name], name)


def rows(folder: Path) -> dict[str, dict[str, Document]]:
    return {
        table: {d.capture + str(d.part): d for d in documents(folder / "clean", table=table)}
        for table in ("articles", "dropped")
    }


def said(found: dict[str, dict[str, Document]]) -> dict[str, Any]:
    """Where each capture stands and what it says, but for the names of clusters, which depend on their history."""
    return {key: (t, d.text_hash, d.reason) for t, of_table in found.items() for key, d in of_table.items()}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    for name in RUNS:
        archived(folder, name)
        build(job(folder))
    return folder


@pytest.fixture
def corpus(published: Path, tmp_path: Path) -> Path:
    shutil.copytree(published, tmp_path / "corpus", symlinks=True)
    return tmp_path / "corpus"


def test_a_build_is_as_if_the_run_had_never_been_and_redo_takes_it_back(corpus: Path, tmp_path: Path) -> None:
    before = rows(corpus)
    withdraw(corpus / "raw", "crawl-2", "a wrong clock")
    report = build(job(corpus))
    assert (report.version, report.full) == ("2.4.0", "the run crawl_2 was withdrawn: a wrong clock")
    assert (report.extracted, report.normalized) == (0, 0), "the shards of the others stand"
    archived(tmp_path / "never", "crawl-1", "crawl-3")
    build(job(tmp_path / "never"))
    assert rows(corpus) == rows(tmp_path / "never")
    manifest = read_manifest(corpus / "clean/2.4.0")
    assert manifest.withdrawn == {"crawl_2": 3}
    assert len(manifest.inputs) == 2
    where = Folders(raw=corpus / "raw", clean=corpus / "clean")
    assert verify(where) == []
    assert not build(job(corpus)).published
    restore(corpus / "raw", "crawl-2")
    report = build(job(corpus))
    assert (report.version, report.full) == ("2.5.0", "the run crawl_2 counts again")
    assert said(rows(corpus)) == said(before)
    assert verify(where) == []


def test_a_run_that_no_version_holds_yet_costs_no_full_build(corpus: Path) -> None:
    write(corpus / "raw", [story_page(5, fetched_at=START + 3 * DAY)], "crawl-4")
    write(corpus / "raw", [story_page(6, fetched_at=START + 4 * DAY)], "crawl-5")
    withdraw(corpus / "raw", "crawl-4", "mistaken")
    report = build(job(corpus))
    assert (report.version, report.full, report.files) == ("2.4.0", None, 1)
    assert PLAIN[5].title not in {d.title for d in documents(corpus / "clean")}


def test_what_is_gone_for_another_reason_still_refuses_the_build(corpus: Path) -> None:
    withdraw(corpus / "raw", "crawl-2", "mistaken")
    next(p for p in (corpus / "raw/warc").rglob("*.gz") if "crawl_1" in p.name).unlink()
    with pytest.raises(RefusedError, match=r"1 archive files of version 2\.3\.0 are not there.*crawl_1"):
        build(job(corpus))


def test_the_ledger_is_as_if_the_run_had_never_been(corpus: Path, tmp_path: Path) -> None:
    def told(raw: Path) -> list[Any]:
        with Ledger(raw) as ledger:
            return [tuple(row) for row in ledger._db.execute("SELECT * FROM url ORDER BY key")]

    before = told(corpus / "raw")
    archived(tmp_path / "never", "crawl-1", "crawl-3")
    withdraw(corpus / "raw", "crawl-2", "mistaken")
    assert told(corpus / "raw") == told(tmp_path / "never/raw") != before
    rebuild(corpus / "raw")
    assert told(corpus / "raw") == told(tmp_path / "never/raw")
    restore(corpus / "raw", "crawl-2")
    assert {row[0] for row in told(corpus / "raw")} == {row[0] for row in before}
    with Ledger(corpus / "raw") as ledger:  # what a live run has told it without a file being read yet
        ledger.add_links("example", [("https://news.example/x", "https://news.example/x")], None, START)
        ledger.commit()
    withdraw(corpus / "raw", "crawl-3", "mistaken")
    with Ledger(corpus / "raw") as ledger:
        assert ledger.seen(["https://news.example/x"]) == set()


def test_a_visit_that_repeats_a_withdrawn_one_is_made_again(tmp_path: Path) -> None:
    """304 upon what is withdrawn: its validators are not those of the text that stands."""
    etag = (("Content-Type", "text/html"), ("ETag", '"b"'))
    write(tmp_path / "raw", [story_page(0)], "crawl-1")
    with Writer(tmp_path / "raw", "crawl-2", lambda: START + DAY) as writer:
        bad = writer.write(replace(edited(0, 20, 1), headers=etag))
    assert bad.place is not None
    said: dict[str, Any] = {"id": bad.id, "url": bad.final_url, "url_key": bad.url_key, "digest": bad.digest}
    earlier = Earlier(**said, fetched_at=bad.fetched_at, place=bad.place, etag='"b"')
    with Writer(tmp_path / "raw", "crawl-3", lambda: START + 2 * DAY) as writer:
        again = replace(edited(0, 20, 2), status=304, body=b"", headers=etag)
        assert writer.write(again, earlier=earlier).refers_to == bad.id
    with Ledger(tmp_path / "raw") as ledger:
        assert ledger.validators(bad.url_key) is not None
        assert ledger.due("example", START + 2 * DAY) == []
    withdraw(tmp_path / "raw", "crawl-2", "mistaken")
    with Ledger(tmp_path / "raw") as ledger:
        assert ledger.validators(bad.url_key) is None
        assert [each.url for each in ledger.due("example", START + 2 * DAY)] == [bad.url]
    build(job(tmp_path))
    (row,) = documents(tmp_path / "clean")
    assert row.title == PLAIN[0].title
    capture = archive.read_one(tmp_path / "raw", next(r.place for r in refs(tmp_path) if r.refers_to))
    assert archive.original(tmp_path / "raw", capture) is None
    restore(tmp_path / "raw", "crawl-2")
    assert archive.original(tmp_path / "raw", capture) is not None


def refs(folder: Path) -> list[Any]:
    from pipeline.archive import index

    return index.find(folder / "raw")


def test_a_joined_part_does_not_keep_the_text_of_a_withdrawn_run(tmp_path: Path) -> None:
    """The second part was not changed since a visit that is taken back: no shard may remember its text."""
    key, second = story_page(0).url_key, story_page(0).url_key + "?p2"
    part = story_page(2, url=second, url_key=second, final_url=second, part_of=key)
    with Writer(tmp_path / "raw", "crawl-1", lambda: START) as writer:
        old = writer.write(replace(part, body=html(PLAIN[0].title, PLAIN[0].body[3:])))
    assert old.place is not None
    earlier = Earlier(
        id=old.id, url=second, url_key=second, digest=old.digest, fetched_at=old.fetched_at, place=old.place
    )
    with Writer(tmp_path / "raw", "crawl-2", lambda: START + DAY) as writer:
        writer.write(story_page(0, body=html(PLAIN[0].title, PLAIN[0].body[:3]), fetched_at=START + DAY))
        writer.write(replace(part, status=304, body=b"", fetched_at=START + DAY), earlier=earlier)
    build(job(tmp_path))
    assert next(d for d in documents(tmp_path / "clean")).extracted.split("\n") == list(PLAIN[0].body)
    withdraw(tmp_path / "raw", "crawl-1", "mistaken")
    build(job(tmp_path))
    assert next(d for d in documents(tmp_path / "clean")).extracted.split("\n") == list(PLAIN[0].body[:3])


def test_a_backfill_and_a_look_at_everything_leave_withdrawn_pages_out(corpus: Path) -> None:
    withdraw(corpus / "raw", "crawl-2", "mistaken")
    (gap,) = find_gaps([NEWS], corpus / "raw")
    assert gap.captures == 4


def test_an_import_of_what_was_taken_back_says_so_and_adds_nothing(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(story_page(0).body)
    assert import_paths([page], tmp_path / "raw", "attic").captures == 1
    (run,) = runs(tmp_path / "raw")
    assert run.run.startswith("import_attic_2")
    withdraw(tmp_path / "raw", run.run, "wrong source")
    (file,) = import_paths([page], tmp_path / "raw", "attic").files
    assert (file.captures, file.known, file.skipped) == (0, 0, (("withdrawn", 1),))
    assert import_paths([page], tmp_path / "raw", "news").captures == 1, "under another source it is another"
    assert [bool(r.withdrawn) for r in runs(tmp_path / "raw")] == [True, False]


def test_runs_are_named_by_their_files(corpus: Path) -> None:
    assert withdrawn.run_of("warc/2026/11/01/corpus-20261101080000000-00000-crawl_x.warc.gz") == "crawl_x"
    assert withdrawn.run_of("warc/2026/11/01/theirs.warc.gz") == "theirs"
    found = runs(corpus / "raw")
    assert [(r.run, r.files, r.captures, r.pages) for r in found] == [
        ("crawl_1", 1, 3, 3),
        ("crawl_2", 1, 3, 3),
        ("crawl_3", 1, 2, 2),
    ]
    assert withdrawn.sources_of(corpus / "raw", ["crawl_1"]) == {"crawl_1": ("example",)}


def test_what_cannot_be_taken_back_is_said(corpus: Path) -> None:
    raw = corpus / "raw"
    with pytest.raises(UsageError, match=r"no run crawl-9; the newest are crawl_1, crawl_2, crawl_3"):
        withdraw(raw, "crawl-9", "x")
    with pytest.raises(UsageError, match="say why"):
        withdraw(raw, "crawl-2", " \n")
    with pytest.raises(RefusedError, match="crawl_2 is not withdrawn"):
        restore(raw, "crawl-2")
    with Writer(raw, "running"), pytest.raises(BusyError):
        withdraw(raw, "crawl-2", "x")
    (raw / "withdrawn.tsv").write_text("# a comment\ncrawl_2 mistaken\n")
    with pytest.raises(RefusedError, match="line 2: wanted a run, a tab and why"):
        build(job(corpus))
    assert any("line 2" in problem for problem in archive.verify(raw))
    (raw / "withdrawn.tsv").write_text("crawl_9\tmistaken\n")
    assert archive.verify(raw) == [f"{raw / 'withdrawn.tsv'}: no file of the run crawl_9 is there"]


def test_the_command_lists_undoes_and_redoes(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw, clean = ["--raw", str(corpus / "raw")], ["--clean", str(corpus / "clean")]
    assert main(["crawl", "--undo", "crawl-2", *raw]) == 2
    assert main(["import", "--undo", "crawl-2", "--why", "x", *raw]) == 2
    assert main(["import", *raw]) == 2
    capsys.readouterr()
    assert main(["crawl", "--undo", "crawl-2", "--why", "a wrong\tclock", "--json", *raw]) == 0
    shown = capsys.readouterr()
    assert "its 3 captures (3 pages, 2026-11-02 08:00 to" in shown.err
    assert json.loads(shown.out)["run"] == "crawl_2"
    assert main(["runs", "--last", "2", *raw]) == 0
    shown = capsys.readouterr()
    listed = [json.loads(line) for line in shown.out.splitlines()]
    assert [(r["run"], r["withdrawn"]) for r in listed] == [("crawl_2", "a wrong clock"), ("crawl_3", None)]
    assert "Runs (2 of 3)" in shown.err
    assert main(["verify", *raw, *clean]) == 0
    assert (
        "Withdrawn, in the archive and in no new version: crawl_2 (a wrong clock)" in capsys.readouterr().err
    )
    assert main(["build", "--workers", "1", "--sources", str(corpus), *raw, *clean]) == 0
    assert main(["report", *clean]) == 0
    assert "Withdrawn, crawl_2: its 3 pages" in capsys.readouterr().err
    assert "**Withdrawn:** the 3 pages of the run `crawl_2`" in (corpus / "clean/2.4.0/README.md").read_text()
    assert main(["explain", "https://news.example/a/4.html", *raw, *clean]) == 0
    told = " ".join(capsys.readouterr().err.split())
    assert "withdrawn: a wrong clock" in told
    assert "in withdrawn runs alone" in told
    assert main(["crawl", "--redo", "crawl_2", *raw]) == 0
    assert withdrawn.withdrawn(corpus / "raw") == {}


@pytest.mark.parametrize("fault", [die, full, broken])
@pytest.mark.parametrize("back", [False, True])
def test_after_a_fault_at_any_write_a_run_is_withdrawn_or_not(
    corpus: Path, tmp_path: Path, back: bool, monkeypatch: pytest.MonkeyPatch, fault: Callable[[], None]
) -> None:
    if back:
        withdraw(corpus / "raw", "crawl-2", "mistaken")
    before = withdrawn.withdrawn(corpus / "raw")

    def work(raw: Path) -> None:
        if back:
            restore(raw, "crawl-2")
        else:
            withdraw(raw, "crawl-2", "mistaken")

    def command(raw: Path) -> int:
        said = ["--redo", "crawl-2"] if back else ["--undo", "crawl-2", "--why", "mistaken"]
        return main(["crawl", *said, f"--raw={raw}"])

    number, died = 0, True
    while died:
        number += 1
        folder = tmp_path / str(number)
        shutil.copytree(corpus / "raw", folder)
        died = killed_at(number, lambda folder=folder: command(folder), fault)  # type: ignore[misc]
        now = withdrawn.withdrawn(folder)
        assert now in (before, {} if back else {"crawl_2": "mistaken"})
        archive.repair(folder)
        assert not list(folder.glob("*.tmp"))
        assert archive.verify(folder) == []
        shutil.rmtree(folder)
    assert number > 3
    fsync = os.fsync

    def full(handle: int) -> None:
        if Path(f"/proc/self/fd/{handle}").readlink().name.startswith("withdrawn"):
            raise OSError(errno.ENOSPC, "No space left on device", "x")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        work(corpus / "raw")
    assert withdrawn.withdrawn(corpus / "raw") == before


def test_killed_between_the_undo_and_the_ledger_the_next_run_forgets(corpus: Path) -> None:
    """Nothing but the list is written: who comes next sees it, also a ledger of a killed process."""
    with Ledger(corpus / "raw") as ledger:
        assert ledger.seen([story_page(4).url_key])
    withdraw(corpus / "raw", "crawl-2", "mistaken")
    number = 1
    while killed_at(number, lambda: rebuild(corpus / "raw")):
        number += 1
    with Ledger(corpus / "raw") as ledger:
        assert not ledger.seen([story_page(4).url_key])
