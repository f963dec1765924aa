from __future__ import annotations

import errno
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.corpus import shards, versions
from pipeline.corpus.build import build
from pipeline.corpus.edition import Edition
from pipeline.corpus.job import locked
from pipeline.corpus.plan import MADE_BY, rules
from pipeline.corpus.publish import describe_files, point_latest, read_manifest, write_manifest
from pipeline.corpus.read import documents, latest, list_versions, version_folder
from pipeline.dedupe import index, segments
from pipeline.dedupe.sorted_pairs import mapped
from pipeline.errors import BusyError, CorpusError, NoSpaceError, RefusedError, UsageError
from pipeline.records import Capture, Source
from pipeline.rules import fingerprint
from tests.corpus.archives import PLAIN, failed_page, html, job, story_page, write

LATER = timedelta(days=1)


def sums(clean: Path) -> dict[str, str]:
    """version → its SHA256SUMS, and where latest points: a link, or a file where a disk took no link."""
    found = {v: (clean / v / "SHA256SUMS").read_text() for v in list_versions(clean)}
    return {**found, "latest": latest(clean)}


def breaks(*_: Any) -> None:
    """Stands in for extraction that fails on every page."""
    raise RuntimeError("a fault of ours")


def first_corpus(folder: Path) -> None:
    write(folder / "raw", [story_page(0), story_page(1), failed_page(2, "timeout"), story_page(3)])
    assert build(job(folder)).version == "2.1.0"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A first version with its archive and shards, to be copied, not changed."""
    folder = tmp_path_factory.mktemp("built")
    first_corpus(folder)
    return folder


@pytest.fixture
def corpus(built: Path, tmp_path: Path) -> Path:
    shutil.copytree(built, tmp_path / "corpus", symlinks=True)
    return tmp_path / "corpus"


def test_captures_in_are_rows_out(corpus: Path) -> None:
    published = list(documents(corpus / "clean"))
    dropped = list(documents(corpus / "clean", table="dropped"))
    assert [d.title for d in published] == [PLAIN[n].title for n in (0, 1, 3)]
    assert [(d.url, d.reason) for d in dropped] == [("https://news.example/a/2.html", "timeout")]
    assert versions.verify(corpus / "clean" / "2.1.0") == []


def test_every_row_says_where_its_text_came_from(corpus: Path) -> None:
    document = next(documents(corpus / "clean"))
    assert document.capture.startswith("urn:uuid:")
    assert document.extracted.split("\n")[0] == PLAIN[0].body[0]
    assert (document.encoding, document.relation, document.reason) == ("utf-8", "new", None)


def test_nothing_new_gives_no_version(corpus: Path) -> None:
    report = build(job(corpus))
    assert (report.published, report.version) == (False, "2.1.0")
    assert list_versions(corpus / "clean") == ["2.1.0"]


def test_an_unchanged_page_gives_no_version_and_is_not_lost(corpus: Path) -> None:
    again = story_page(0, fetched_at=story_page(0).fetched_at + LATER)
    write(corpus / "raw", [again], "run-2")
    assert not build(job(corpus)).published
    write(corpus / "raw", [story_page(4, fetched_at=again.fetched_at + LATER)], "run-3")
    assert build(job(corpus)).version == "2.2.0"
    reasons = Counter(d.reason for d in documents(corpus / "clean", table="dropped"))
    assert reasons == {"timeout": 1, "unchanged": 1}
    assert versions.verify(corpus / "clean" / "2.2.0") == []


def test_a_changed_page_is_a_revision_of_its_document(corpus: Path) -> None:
    before = next(documents(corpus / "clean"))
    body = html(PLAIN[0].title, [*PLAIN[0].body, "编者后来补充了一段话，说明此事又有了新的进展。"])
    changed = story_page(0, body=body, fetched_at=story_page(0).fetched_at + LATER)
    write(corpus / "raw", [changed], "run-2")
    report = build(job(corpus))
    assert report.changes == {"changed:capture": 1}
    after = next(d for d in documents(corpus / "clean") if d.id == before.id)
    assert after.text.endswith("说明此事又有了新的进展。")
    assert (after.first_seen, after.captured_at) == (before.first_seen, changed.fetched_at)
    (old,) = [d for d in documents(corpus / "clean", table="dropped") if d.reason == "superseded"]
    assert (old.id, old.text, old.related_to) == (before.id, before.text, (before.id,))
    assert versions.verify(corpus / "clean" / "2.2.0") == []


def test_an_older_capture_that_arrives_late_is_history(corpus: Path) -> None:
    older = story_page(0, body=html("旧题", PLAIN[0].body[:-1]), fetched_at=story_page(0).fetched_at - LATER)
    write(corpus / "raw", [older, story_page(4, fetched_at=story_page(4).fetched_at + LATER)], "run-0")
    build(job(corpus))
    document = next(d for d in documents(corpus / "clean") if d.url.endswith("/0.html"))
    assert (document.title, document.first_seen) == (PLAIN[0].title, older.fetched_at)
    assert versions.verify(corpus / "clean" / "2.2.0") == []


def test_a_vanished_page_never_replaces_the_good_one(corpus: Path) -> None:
    gone = failed_page(0, "gone", status=404, fetched_at=story_page(0).fetched_at + LATER)
    write(corpus / "raw", [gone, story_page(4, fetched_at=gone.fetched_at)], "run-2")
    build(job(corpus))
    assert PLAIN[0].title in {d.title for d in documents(corpus / "clean")}
    assert versions.verify(corpus / "clean" / "2.2.0") == []


def test_a_copy_is_withheld_with_its_partner_named(corpus: Path) -> None:
    copy = story_page(
        0,
        url="https://copy.example/1",
        url_key="https://copy.example/1",
        final_url="https://copy.example/1",
        fetched_at=story_page(0).fetched_at + LATER,
    )
    write(corpus / "raw", [copy], "run-2")
    build(job(corpus))
    (row,) = [d for d in documents(corpus / "clean", table="dropped") if d.relation == "duplicate"]
    original = next(d for d in documents(corpus / "clean") if d.url.endswith("/a/0.html"))
    assert (row.reason, row.related_to, row.cluster) == ("duplicate", (original.id,), original.cluster)


def test_a_cluster_that_only_its_first_copies_settle_is_told_by_its_id(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(index, "HEADS", 1)
    urls = [f"https://copy{n}.example/1" for n in range(2)]
    copies = [
        story_page(0, url=u, url_key=u, final_url=u, fetched_at=story_page(0).fetched_at + LATER)
        for u in urls
    ]
    write(corpus / "raw", copies[:1], "run-2")
    build(job(corpus))
    assert "clusters" not in caplog.text
    write(corpus / "raw", copies[1:], "run-3")
    build(job(corpus))
    (original,) = [d for d in documents(corpus / "clean") if d.url.endswith("/a/0.html")]
    assert f"clusters {original.cluster}: of so many copies" in caplog.text


def test_the_same_archive_gives_the_same_bytes(corpus: Path, tmp_path: Path) -> None:
    shutil.copytree(corpus / "raw", tmp_path / "again/raw")
    build(job(tmp_path / "again", workers=2))
    assert sums(tmp_path / "again/clean") == sums(corpus / "clean")


def test_increments_publish_what_one_build_would(corpus: Path, tmp_path: Path) -> None:
    later = [story_page(n, fetched_at=story_page(n).fetched_at + LATER) for n in (4, 5)]
    write(corpus / "raw", later, "run-2")
    build(job(corpus))
    shutil.copytree(corpus / "raw", tmp_path / "again/raw")
    build(job(tmp_path / "again"))
    for table in ("articles", "dropped"):
        one = {d.capture: d for d in documents(corpus / "clean", table=table)}
        assert one == {d.capture: d for d in documents(tmp_path / "again/clean", table=table)}


def changed_rules(monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    """As if a module of the stage had changed: what imports it has another fingerprint too."""
    order = list(MADE_BY)
    changed = {MADE_BY[each] for each in order[order.index(stage) :]}
    for module in (shards, sys.modules["pipeline.corpus.plan"]):
        monkeypatch.setattr(
            module, "fingerprint", lambda name: "another" if name in changed else fingerprint(name)
        )


def test_a_changed_normalize_rule_extracts_nothing_again(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed_rules(monkeypatch, "normalize")
    preview = build(job(corpus, preview=True))
    assert (preview.extracted, preview.normalized, preview.published) == (0, 3, False)
    assert list_versions(corpus / "clean") == ["2.1.0"]
    report = build(job(corpus))
    assert (report.full, report.version) == ("the rules of normalization or quality changed", "2.2.0")
    assert versions.verify(corpus / "clean" / "2.2.0") == []
    first, second = (corpus / "clean" / v / "articles/2026-11-01-000.parquet" for v in ("2.1.0", "2.2.0"))
    assert first.samefile(second), "a rebuild that changes nothing keeps the files"


def test_a_changed_extract_rule_does_both_again(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed_rules(monkeypatch, "extract")
    report = build(job(corpus))
    assert (report.extracted, report.normalized, report.version) == (3, 3, "2.2.0")


def test_changed_code_of_publishing_extracts_and_normalizes_nothing_again(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed_rules(monkeypatch, "corpus")
    report = build(job(corpus))
    assert (report.full, report.version) == ("the code that assembles and publishes changed", "2.2.0")
    assert (report.files, report.extracted, report.normalized) == (1, 0, 0)
    assert not build(job(corpus)).published, "once is enough"


def test_other_terms_of_a_source_stand_in_every_row_and_extract_nothing_again(corpus: Path) -> None:
    licensed = Source(name="example", home="https://news.example/", terms="CC BY 4.0")
    report = build(job(corpus, licensed))
    assert (report.full, report.extracted) == (
        "source example has another body, drop, charset, extractor, mask, terms, reserved or answer_to",
        0,
    )
    for table in ("articles", "dropped"):
        assert {d.terms for d in documents(corpus / "clean", table=table)} == {"CC BY 4.0"}
    page = story_page(4, fetched_at=story_page(4).fetched_at + LATER)
    write(corpus / "raw", [page], "run-2")
    assert build(job(corpus)).full is None, "a source that is no longer declared changes no row that stands"
    assert [d.terms for d in documents(corpus / "clean")] == ["CC BY 4.0"] * 3 + [""]


def test_a_source_that_yields_too_little_is_held_back_and_the_others_publish(corpus: Path) -> None:
    poor = [
        story_page(
            n, source="poor", body=html("导航", ["首页", "关于"]), fetched_at=story_page(n).fetched_at + LATER
        )
        for n in (5, 6, 9, 10)
    ]
    good = story_page(7, source="poor", fetched_at=story_page(7).fetched_at + LATER)
    write(corpus / "raw", [*poor, good, story_page(4, fetched_at=good.fetched_at + LATER)], "run-2")
    expecting = Source(name="poor", home="https://news.example/", expect_kept=0.6)
    report = build(job(corpus, expecting))
    assert list(report.held) == ["poor"]
    assert PLAIN[4].title in {d.title for d in documents(corpus / "clean")}
    assert PLAIN[7].title in {
        d.title for d in documents(corpus / "clean", table="dropped") if d.reason == "held"
    }
    assert not build(job(corpus, expecting)).published, "held rows wait for new evidence"
    well = [story_page(n, source="poor", fetched_at=good.fetched_at + 2 * LATER) for n in (8, 11, 12, 13, 14)]
    write(corpus / "raw", well, "run-3")
    report = build(job(corpus, expecting))
    assert report.held == {}
    assert {PLAIN[7].title, PLAIN[8].title} <= {d.title for d in documents(corpus / "clean")}
    assert versions.verify(version_folder(corpus / "clean")) == []


def test_a_missing_archive_publishes_nothing(corpus: Path) -> None:
    with pytest.raises(UsageError, match="no such archive folder"):
        build(job(corpus, raw=corpus / "rwa"))
    (corpus / "empty").mkdir()
    with pytest.raises(RefusedError, match=r"1 archive files of version 2\.1\.0 are not there"):
        build(job(corpus, raw=corpus / "empty"))
    assert list_versions(corpus / "clean") == ["2.1.0"]


def test_held_rows_wait_also_when_the_source_file_is_gone_and_through_a_rebuild(corpus: Path) -> None:
    poor = [
        story_page(
            n, source="poor", body=html("导航", ["首页", "关于"]), fetched_at=story_page(n).fetched_at + LATER
        )
        for n in range(4, 9)
    ]
    good = story_page(9, source="poor", fetched_at=story_page(9).fetched_at + LATER)
    write(corpus / "raw", [*poor, good], "run-2")
    write(corpus / "raw", [story_page(10, fetched_at=good.fetched_at + LATER)], "run-3")
    assert list(
        build(job(corpus, Source(name="poor", home="https://news.example/", expect_kept=1.0))).held
    ) == ["poor"]
    write(corpus / "raw", [story_page(11, fetched_at=good.fetched_at + 2 * LATER)], "run-4")
    assert list(build(job(corpus)).held) == ["poor"]
    build(job(corpus, full=True))
    assert PLAIN[9].title not in {d.title for d in documents(corpus / "clean")}
    build(job(corpus, full=True, confirm=True))
    assert PLAIN[9].title in {d.title for d in documents(corpus / "clean")}
    assert versions.verify(version_folder(corpus / "clean")) == []


def test_a_page_that_stays_unfit_makes_no_version(corpus: Path) -> None:
    for day in range(1, 4):
        spam = story_page(0, url_key="https://x.example/", body=html("短", [f"第{day}天，没有什么。"]))
        write(corpus / "raw", [replace(spam, fetched_at=spam.fetched_at + day * LATER)], f"run-{day}")
        assert not build(job(corpus)).published


def test_pages_that_break_their_workers_are_not_published_in_silence(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = [story_page(n % 12, url_key=f"https://b.example/{n}") for n in range(25)]
    write(corpus / "raw", [replace(c, fetched_at=c.fetched_at + LATER) for c in later], "run-2")
    monkeypatch.setattr(shards, "extract_batch", breaks)
    for _ in range(2):
        with pytest.raises(RefusedError, match="25 captures broke their worker"):
            build(job(corpus))
    assert list_versions(corpus / "clean") == ["2.1.0"]


def test_two_builds_at_once_the_second_is_busy(corpus: Path) -> None:
    with locked(job(corpus)), pytest.raises(BusyError, match="another build"):
        build(job(corpus))


def test_a_full_disk_leaves_what_stood(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(corpus / "raw", [story_page(4, fetched_at=story_page(4).fetched_at + LATER)], "run-2")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "x")

    before = sums(corpus / "clean")
    monkeypatch.setattr(Edition, "apply", full)
    with pytest.raises(NoSpaceError):
        build(job(corpus))
    assert sums(corpus / "clean") == before
    assert not (corpus / ".build/staging-clean").exists()


EVENTS = ("open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "os.truncate")


def die() -> None:
    os._exit(9)


def full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def broken() -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def killed_at(number: int, work: Callable[[], Any], fault: Callable[[], None] = die) -> bool:
    """Run `work` in a child that dies at its n-th write to the file system, or whose write fails; whether one did.

    A fault may come out as an error a person can act on, and as no other.
    """
    child = os.fork()
    if child == 0:
        left = number

        def watch(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal left
            writes = event in EVENTS and (
                event != "open" or (isinstance(arguments[2], int) and arguments[2] & 3)
            )
            if writes:
                left -= 1
                if left == 0:
                    fault()

        sys.addaudithook(watch)
        code = 1
        try:
            with suppress(CorpusError):
                work()
            code = 9 if left <= 0 else 0
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9), f"a traceback after a fault at write {number}"
    return code == 9


def copy_of(number: int, story: int, days: int) -> Capture:
    """A page that prints the text of another story, some days later."""
    body = html(PLAIN[story].title, PLAIN[story].body)
    return story_page(number, body=body, fetched_at=story_page(0).fetched_at + days * LATER)


def test_joined_segments_remember_the_newest_text_of_a_page(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "MOST_SEGMENTS", 1)
    revised = [copy_of(0, 20, days=1), copy_of(1, 21, days=1)]  # enough to be joined with the first segment
    for run, pages in enumerate([revised, [copy_of(30, 20, days=2)]], 2):
        write(corpus / "raw", pages, f"run-{run}")
        assert build(job(corpus)).version == f"2.{run}.0"
        assert versions.verify(corpus / "clean" / f"2.{run}.0") == []
    text = [d.url for d in documents(corpus / "clean") if d.title == PLAIN[20].title]
    assert text == ["https://news.example/a/0.html"], "its copy is not published beside it"
    assert not build(job(corpus, full=True)).published, "a build from the start says the same"


def test_a_version_with_an_index_of_an_older_form_is_verified_and_built_on_in_full(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = corpus / "clean" / "2.1.0"
    for path in sorted((version / "clusters").glob("*.npy")):
        pairs = mapped(path)
        pq.write_table(pa.table({"key": pairs[0], "row": pairs[1]}), path.with_suffix(".parquet"))
        path.unlink()
    old = {**read_manifest(version).fingerprints, "dedupe": "of the older release"}
    files = describe_files(version, None, {})
    write_manifest(version, replace(read_manifest(version), files=files, fingerprints=old))
    assert versions.verify(version) == []
    write(corpus / "raw", [copy_of(30, 0, days=1)], "run-2")
    report = build(job(corpus))
    assert (report.version, report.full) == ("2.2.0", "the rules of deduplication changed")
    assert versions.verify(corpus / "clean" / "2.2.0") == []
    assert not list((corpus / "clean" / "2.2.0" / "clusters").glob("*-keys.parquet"))
    kinds = {Path(f.file).suffix: f.rows for f in read_manifest(corpus / "clean" / "2.2.0").files}
    assert kinds[".npy"] is None
    # the same version as a parent whose rules are said to be ours is refused, not read as an empty index
    write_manifest(version, replace(read_manifest(version), fingerprints=rules(())))
    shutil.rmtree(corpus / "clean" / "2.2.0")
    point_latest(corpus / "clean", "2.1.0", corpus)
    with pytest.raises(CorpusError, match=r"no sketches-\*.npy here.*corpus rebuild"):
        build(job(corpus))
    shutil.rmtree(version)
    assert build(job(corpus)).version == "2.3.0", "a number that others may have pulled is not given again"
    assert versions.verify(corpus / "clean" / "2.3.0") == []


@pytest.mark.slow
def test_killed_at_any_write_the_next_run_ends_in_the_same_bytes(corpus: Path, tmp_path: Path) -> None:
    new = [story_page(n, fetched_at=story_page(n).fetched_at + LATER) for n in (0, 4)]
    changed = replace(new[0], body=html(PLAIN[0].title, PLAIN[0].body[:-1]))
    write(corpus / "raw", [changed, new[1]], "run-2")
    calm = tmp_path / "calm"
    shutil.copytree(corpus, calm, symlinks=True)
    build(job(calm))
    # the shards stand already, so that every kill falls into the making of the version
    shutil.copytree(calm / ".build", corpus / ".build", dirs_exist_ok=True)
    number, died = 0, True
    while died:
        number += 1
        folder = tmp_path / f"killed-{number}"
        shutil.copytree(corpus, folder, symlinks=True)
        died = killed_at(number, lambda folder=folder: build(job(folder)))  # type: ignore[misc]
        for version in list_versions(folder / "clean"):
            assert versions.verify(folder / "clean" / version) == [], f"after a kill at write {number}"
        build(job(folder))
        assert sums(folder / "clean") == sums(calm / "clean"), f"after a kill at write {number}"
        shutil.rmtree(folder)
    assert number > 20


@pytest.mark.slow
def test_killed_while_shards_are_made_the_next_run_ends_in_the_same_bytes(
    corpus: Path, tmp_path: Path
) -> None:
    shutil.rmtree(corpus / ".build")
    expected = sums(corpus / "clean")
    shutil.rmtree(corpus / "clean")
    for number in (1, 2, 3, 5, 8, 13):
        folder = tmp_path / f"killed-{number}"
        shutil.copytree(corpus, folder, symlinks=True)
        killed_at(number, lambda folder=folder: build(job(folder)))  # type: ignore[misc]
        build(job(folder))
        assert sums(folder / "clean") == expected


def test_the_parts_of_an_article_are_joined_wherever_they_lie(tmp_path: Path) -> None:
    first, second = PLAIN[0].body[:3], PLAIN[0].body[3:]
    key = story_page(0).url_key
    pages = [
        story_page(0, body=html(PLAIN[0].title, first)),
        story_page(1),
        story_page(2, url_key=key + "?p2", part_of=key, body=html(PLAIN[0].title, second)),
    ]
    write(tmp_path / "raw", pages)
    build(job(tmp_path))
    joined = next(d for d in documents(tmp_path / "clean") if d.url_key == key)
    assert joined.extracted.split("\n") == list(PLAIN[0].body)
    (part,) = documents(tmp_path / "clean", table="dropped")
    assert part.reason == "part_of"
    assert versions.verify(tmp_path / "clean" / "2.1.0") == []


def test_the_original_is_published_also_when_its_copy_was_seen_first(tmp_path: Path) -> None:
    copy = story_page(0, url_key="https://copy.example/1", final_url="https://copy.example/1")
    original = story_page(
        0,
        body=html(PLAIN[0].title, ["2026-03-01 09:00 来源：晨报", *PLAIN[0].body]),
        fetched_at=copy.fetched_at + LATER,
    )
    write(tmp_path / "raw", [copy])
    build(job(tmp_path))
    write(tmp_path / "raw", [original], "run-2")
    build(job(tmp_path))
    (kept,) = documents(tmp_path / "clean")
    (dropped,) = documents(tmp_path / "clean", table="dropped")
    assert {kept.relation, dropped.relation} == {"canonical", "duplicate"}
    assert dropped.related_to == (kept.id,)
    assert kept.cluster == dropped.cluster
    assert versions.verify(tmp_path / "clean" / "2.2.0") == []
