"""Takedowns from end to end: gone everywhere, tombstones in its place, never back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import archive, runs, upkeep
from pipeline.archive import blocklist, index, takedowns
from pipeline.corpus import pins, publish, revision, tombstones, versions
from pipeline.corpus.export import export
from pipeline.corpus.job import Job, locked
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import documents, list_versions, read, read_changes, version_folder
from pipeline.corpus.schema import TABLES
from pipeline.dedupe.sorted_pairs import mapped
from pipeline.errors import BusyError, RefusedError, UsageError
from pipeline.locking import only_writer
from pipeline.records import BY_FEED, Kind, Manifest
from pipeline.takedown import carry_out
from pipeline.takedown.places import READ_AGAIN
from tests.archive.archive_cases import judge
from tests.corpus.archives import PLAIN, START, failed_page, html, story_page, write
from tests.corpus.earlier import as_schema_1
from tests.takedown.cases import (
    DAY,
    TICKET,
    add,
    copied,
    folders,
    ident,
    kept,
    page,
    record,
    take_down,
    titles,
    url,
)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three versions: page 1 is captured, seen again unchanged, and changed; to be copied."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "sources").mkdir()
    add(folder, [page(0), page(1), page(2)], "run-1")
    add(folder, [page(1, days=1), page(3, days=1)], "run-2")
    longer = html(PLAIN[1].title, [*PLAIN[1].body, "记者后来又去了一趟，看到河水已经退了下去。"])
    add(folder, [page(1, days=2, body=longer), page(4, days=2)], "run-3")
    return folder


@pytest.fixture
def corpus(made: Path, tmp_path: Path) -> Path:
    return copied(made, tmp_path / "corpus")


def whole(folder: Path) -> None:
    """The archive, every version, and that the versions were made from what is there."""
    assert upkeep.verify(folders(folder)) == []
    judge(folder / "raw")


def test_it_is_gone_from_the_archive_and_from_every_version_and_the_proof_finds_nothing(corpus: Path) -> None:
    captures = {ref.id for ref in index.find(corpus / "raw", url_keys=[url(1)])}
    report = take_down(corpus, url(1))
    assert report.done is not None
    assert (report.done.documents, set(report.done.captures)) == ((ident(1),), captures)
    assert list_versions(corpus / "clean") == ["2.1.1", "2.2.1", "2.3.1"]
    assert (corpus / "clean/latest").readlink() == Path("2.3.1")
    assert not captures & kept(corpus)
    for version in ("2.1", "2.2", "2.3"):
        for table in ("articles", "dropped"):
            assert ident(1) not in read(corpus / "clean", version=version, table=table)["id"].to_pylist()
        (stone,) = pq.read_table(corpus / "clean" / f"{version}.1" / "tombstones.parquet").to_pylist()
        assert stone == {"id": ident(1), "ticket": TICKET, "taken_down_on": report.done.on}
    whole(corpus)
    proof = runs.prove_takedown(folders(corpus), TICKET)
    assert (proof.findings, proof.wanted > 300) == ((), True)
    assert not (corpus / "clean/TAKEDOWN").exists()


def test_before_it_the_proof_finds_the_text_in_every_place(corpus: Path) -> None:
    copied(corpus, corpus.parent / "before")
    take_down(corpus, url(1))
    shutil.copytree(corpus / "raw/takedowns", corpus.parent / "before/raw/takedowns")
    found = {
        Path(each.file) for each in runs.prove_takedown(folders(corpus.parent / "before"), TICKET).failed
    }
    kinds = {path.name.partition("-")[0] + path.suffix for path in found} | {p.parent.name for p in found}
    assert {"corpus.gz", "articles", "dropped"} <= kinds
    assert {path.parent.name.partition("-")[0] for path in found} >= {"extract", "normalize"}


def test_files_that_did_not_hold_it_stay_hard_links_and_those_that_did_are_written_once(corpus: Path) -> None:
    before = {
        v: pq.read_table(corpus / "clean" / v / "articles").num_rows for v in list_versions(corpus / "clean")
    }
    others = (corpus / "clean/2.2.0/articles/2026-11-02-000.parquet").stat().st_ino
    take_down(corpus, url(1))
    clean = corpus / "clean"
    assert (clean / "2.2.1/articles/2026-11-02-000.parquet").stat().st_ino == others
    assert (clean / "2.1.1/articles/2026-11-01-000.parquet").samefile(
        clean / "2.2.1/articles/2026-11-01-000.parquet"
    )
    after = {v: pq.read_table(clean / v / "articles").num_rows for v in list_versions(clean)}
    assert list(after.values()) == [rows - 1 for rows in before.values()]
    for version in list_versions(clean):
        manifest = read_manifest(clean / version)
        assert (manifest.version, sum(c["articles"] for c in manifest.counts.values())) == (
            version,
            after[version],
        )


def test_where_a_capture_stood_a_record_says_that_it_was_removed_and_not_what_it_said(corpus: Path) -> None:
    before = {ref.id: archive.read_one(corpus / "raw", ref.place) for ref in index.find(corpus / "raw")}
    done = take_down(corpus, url(1)).done
    assert done is not None
    for file in done.warc:
        notes = [r for r in archive_records(corpus / "raw" / file.file) if "warc-refers-to" in r.headers]
        for note in notes:
            assert note.kind == "metadata"
            assert note.headers["warc-refers-to"].strip("<>") in done.captures
            assert TICKET.encode() in note.block
            assert url(1).encode() not in note.block
        assert len(notes) == file.removed
    for ref in index.find(corpus / "raw"):  # every other capture reads as it did, wherever it lies now
        now = archive.read_one(corpus / "raw", ref.place)
        assert replace(now, place=None) == replace(before[ref.id], place=None)


def archive_records(path: Path) -> list[archive.warc.Record]:
    return list(archive.warc.walk(path))


def test_no_address_title_or_text_stands_in_what_a_takedown_leaves(corpus: Path) -> None:
    take_down(corpus, url(1))
    left = [corpus / "raw/blocklist.tsv", *(corpus / "raw/takedowns").iterdir()]
    left += [
        path for v in list_versions(corpus / "clean") for path in (corpus / "clean" / v).rglob("*.parquet")
    ]
    title = PLAIN[1].title
    for path in left:
        if path.suffix == ".parquet":
            told = str(pq.read_table(path).to_pylist())
        else:
            told = path.read_bytes().decode("utf-8", "ignore")
        assert title not in told, path
        assert url(1) not in told, path
    changes = pq.read_table(corpus / "clean/2.1.1/changes.parquet").to_pylist()
    (mine,) = changes
    assert (mine["id"], mine["kind"], mine["cause"]) == (ident(1), "removed", "takedown")
    assert (mine["url"], mine["title"], bool(mine["old_text_hash"])) == (None, None, True)
    for since, until in (("2.1", "2.1"), ("2.1.0", "2.3"), ("2.2", None)):
        rows = read_changes(corpus / "clean", since=since, until=until).to_pylist()
        assert ("removed", "takedown") in {(r["kind"], r["cause"]) for r in rows if r["id"] == ident(1)}


def test_pins_and_links_go_on_and_a_pin_of_the_old_revision_moves_with_a_word(corpus: Path) -> None:
    (corpus / "clean/PINNED").write_text("2.1\n2.2.0  # Li\n", encoding="utf-8")
    take_down(corpus, url(1))
    assert pins.pinned(corpus / "clean") == {"2.1.1", "2.2.1"}
    assert (corpus / "clean/PINNED").read_text() == f"2.1\n2.2.1  # was 2.2.0: takedown {TICKET}; Li\n"
    assert version_folder(corpus / "clean", "2.2").name == "2.2.1"
    with pytest.raises(UsageError, match=r"no version 2\.2\.0; a takedown put 2\.2\.1 in its place"):
        version_folder(corpus / "clean", "2.2.0")


def test_it_never_comes_back_by_crawl_or_import_or_rebuild(corpus: Path, tmp_path: Path) -> None:
    take_down(corpus, ident(1))
    saved = tmp_path / "saved.html"
    saved.write_bytes(story_page(1).body)
    mapped = tmp_path / "map.tsv"
    mapped.write_text(f"saved.html\t{url(1)}\n")
    imported = runs.bring(folders(corpus), [saved], "attic", mapped)
    assert [file.skipped for file in imported.files] == [(("takedown", 1),)]
    # past all gates: the capture itself, and the text under another address with a word changed
    copied = html(PLAIN[1].title, [PLAIN[1].body[0] + "（转载）", *PLAIN[1].body[1:]])
    elsewhere = page(9, days=4, body=copied)
    add(corpus, [page(1, days=4), elsewhere, page(5, days=4)], "run-4")
    for rebuild in (False, True):
        if rebuild:
            runs.rebuild(folders(corpus))
        assert PLAIN[1].title not in titles(corpus)
        assert {PLAIN[0].title, PLAIN[5].title} <= titles(corpus)
        blocked = [d for d in documents(corpus / "clean", table="dropped") if d.reason == "takedown"]
        assert {d.id for d in blocked} == {ident(1), ident(9)}
        assert {(d.text, d.extracted, d.title, d.title_raw, d.url, d.url_key) for d in blocked} == {
            ("", "", None, None, "", "")
        }
        newest = version_folder(corpus / "clean")
        assert versions.verify(newest) == []
        assert pq.read_table(newest / "tombstones.parquet")["id"].to_pylist() == [ident(1)]
    # what came in past the gates is found, and told, and goes by a takedown of its own
    failed = runs.prove_takedown(folders(corpus), TICKET).failed
    assert {Path(each.file).suffix for each in failed} == {".gz", ".parquet"}
    take_down(corpus, url(1), url(9), ticket="T-2")
    assert runs.prove_takedown(folders(corpus), TICKET).findings == ()
    assert "takedown" not in {d.reason for d in documents(corpus / "clean", table="dropped")}
    whole(corpus)


def test_a_full_rebuild_afterwards_gives_the_same_rows_and_tombstones(corpus: Path) -> None:
    take_down(corpus, url(1))
    before = {d.id: d for d in documents(corpus / "clean")}
    shutil.rmtree(corpus / ".build")
    runs.rebuild(folders(corpus))
    assert {d.id: d for d in documents(corpus / "clean")} == before
    report = runs.build(folders(corpus))
    assert not report.published


def test_the_next_copy_is_published_in_the_place_of_a_representative(corpus: Path) -> None:
    copy = page(8, story=0, days=3, url="https://copy.example/8", url_key="https://copy.example/8")
    add(corpus, [replace(copy, final_url=copy.url)], "run-4")
    assert len([d for d in documents(corpus / "clean") if d.title == PLAIN[0].title]) == 1
    report = take_down(corpus, url(0))
    shown = [(place.what, place.then) for place in report.plan.places]
    assert ("copy, https://copy.example/8", "stays") in shown
    assert PLAIN[0].title not in titles(corpus)
    built = runs.build(folders(corpus))
    assert (built.version, built.changes) == ("2.5.0", {"added:dedupe": 1})
    (now,) = [d for d in documents(corpus / "clean") if d.title == PLAIN[0].title]
    assert (now.url, now.reason) == (copy.url, None)
    assert not runs.build(folders(corpus)).published
    whole(corpus)
    proof = runs.prove_takedown(folders(corpus), TICKET)
    assert proof.findings
    assert not proof.failed
    published = {d.id for d in documents(corpus / "clean")}
    runs.rebuild(folders(corpus))
    assert {d.id for d in documents(corpus / "clean")} == published


def test_the_next_build_decides_what_the_document_had_taught_as_if_it_had_never_been(
    tmp_path: Path,
) -> None:
    """Three pages told a paragraph as the frame of their site; without one of them it is the articles' own."""
    frame = "".join(PLAIN[7].body)
    bodies = {n: html(PLAIN[n].title, [*PLAIN[n].body, frame]) for n in range(3)}
    folder = tmp_path / "corpus"
    (folder / "sources").mkdir(parents=True)
    add(folder, [page(n, body=body) for n, body in bodies.items()], "run-1")
    add(folder, [page(5, days=1)], "run-2")
    take_down(folder, url(0))
    assert read_manifest(version_folder(folder / "clean")).unsettled
    report = runs.build(folders(folder))
    assert report.full is not None
    fresh = tmp_path / "fresh"
    shutil.copytree(folder / "raw", fresh / "raw")
    shutil.copytree(folder / "sources", fresh / "sources")
    runs.build(folders(fresh))
    for table in ("articles", "dropped"):
        there = {(d.capture, d.part): d for d in documents(folder / "clean", table=table)}
        assert there == {(d.capture, d.part): d for d in documents(fresh / "clean", table=table)}
    assert not read_manifest(version_folder(folder / "clean")).unsettled
    assert not runs.build(folders(folder)).published


def test_what_the_disk_did_not_keep_of_a_revision_is_refused(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = revision._describe

    def flipped(job: Job, staged: Path, folder: Path, manifest: Manifest) -> Manifest:
        described = real(job, staged, folder, manifest)
        (path,) = (p for p in (staged / "articles").glob("*.parquet") if p.stat().st_nlink == 1)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.chmod(0o644)
        path.write_bytes(data)
        return described

    with monkeypatch.context() as patched:
        patched.setattr(revision, "_describe", flipped)
        with pytest.raises(RefusedError, match=r"articles/.*parquet: other bytes than were written"):
            take_down(corpus, url(1))
    journal = record(corpus)
    assert not journal.done
    assert not any(now in list_versions(corpus / "clean") for _, now in journal.versions)
    assert PLAIN[1].title not in titles(corpus), "its readers see nothing of it meanwhile"
    runs.finish_takedowns(folders(corpus))
    assert record(corpus).done
    whole(corpus)


def test_a_revision_made_again_has_its_rows_and_is_told_in_words(corpus: Path) -> None:
    copy = page(8, story=1, days=3, url="https://copy.example/8", url_key="https://copy.example/8")
    take_down(corpus, url(1))
    add(corpus, [replace(copy, final_url=copy.url), page(5, days=3)], "run-4")
    found = upkeep.verify_rebuild(folders(corpus), "2.3.1")
    assert "a takedown removed rows from it after it was made" in found.causes
    assert found.first.startswith("no row")
    assert upkeep.verify_rebuild(folders(corpus), "2.4").other == ()


def test_copies_elsewhere_go_too_when_it_is_said(corpus: Path) -> None:
    copy = page(8, story=0, days=3, url="https://copy.example/8", url_key="https://copy.example/8")
    add(corpus, [replace(copy, final_url=copy.url)], "run-4")
    report = take_down(corpus, url(0), copies=True)
    assert report.done is not None
    assert len(report.done.documents) == 2
    assert not runs.build(folders(corpus)).published
    assert PLAIN[0].title not in titles(corpus)
    assert runs.prove_takedown(folders(corpus), TICKET).findings == ()
    whole(corpus)


def test_a_copy_can_go_while_the_representative_stays(corpus: Path) -> None:
    copy = page(8, story=0, days=3, url="https://copy.example/8", url_key="https://copy.example/8")
    add(corpus, [replace(copy, final_url=copy.url)], "run-4")
    take_down(corpus, copy.url)
    assert PLAIN[0].title in titles(corpus)
    settled = runs.build(folders(corpus))
    assert (settled.published, settled.changes) == (True, {})
    assert not runs.build(folders(corpus)).published
    assert not runs.prove_takedown(folders(corpus), TICKET).failed
    whole(corpus)


@pytest.mark.parametrize("named", ["first", "second"])
def test_with_one_part_of_an_article_all_its_parts_go(tmp_path: Path, named: str) -> None:
    (tmp_path / "sources").mkdir()
    key = url(0)
    second = page(6, url_key=key + "?p2", part_of=key, body=html(PLAIN[0].title, PLAIN[0].body[3:]))
    second = replace(second, url=key + "?p2", final_url=key + "?p2")
    add(tmp_path, [page(0, body=html(PLAIN[0].title, PLAIN[0].body[:3])), page(1), second], "run-1")
    done = take_down(tmp_path, key if named == "first" else second.url).done
    assert done is not None
    assert len(done.captures) == 2
    assert titles(tmp_path) == {PLAIN[1].title}
    assert runs.prove_takedown(folders(tmp_path), TICKET).findings == ()
    whole(tmp_path)


def test_redirects_to_a_page_and_feeds_that_print_its_text_go_too(corpus: Path) -> None:
    hop = page(
        0,
        kind=Kind.REDIRECT,
        url="https://news.example/old",
        url_key="https://news.example/old",
        body=b"moved",
    )
    hop = replace(hop, final_url=hop.url, via=url(1), status=301, outcome="redirect")
    feed = page(
        1, days=3, kind=Kind.FEED, url="https://news.example/rss.xml", url_key="https://news.example/rss.xml"
    )
    entries = "".join(f"<p>{line}</p>" for line in PLAIN[1].body)
    full = f"<rss><item><description><![CDATA[{entries}]]></description></item></rss>".encode()
    write(corpus / "raw", [hop, replace(feed, body=full)], "run-4")
    done = take_down(corpus, url(1)).done
    assert done is not None
    kinds = {ref.kind for ref in index.find(corpus / "raw")}
    assert kinds == {Kind.PAGE}
    assert runs.prove_takedown(folders(corpus), TICKET).findings == ()
    whole(corpus)


def test_texts_that_came_from_a_feed_which_goes_are_read_again_by_the_next_build(tmp_path: Path) -> None:
    """Not only where their pages lie in a file that is cut, or when somebody deletes what was made of it."""
    rss = "https://news.example/rss.xml"
    items = "".join(
        f"<item><title>{PLAIN[n].title}</title><link>{url(n)}</link><content:encoded><![CDATA["
        + "".join(f"<p>{line}</p>" for line in PLAIN[n].body)
        + "]]></content:encoded></item>"
        for n in (1, 2)
    )
    space = "http://purl.org/rss/1.0/modules/content/"
    body = f"<rss version='2.0' xmlns:content='{space}'><channel><title>小镇</title>{items}</channel></rss>".encode()
    feed = page(0, kind=Kind.FEED, url=rss, url_key=rss, final_url=rss, body=body, headers=())
    (tmp_path / "sources").mkdir()
    for number in (1, 2):
        cut = html(PLAIN[number].title, [PLAIN[number].body[0], "剩余70%内容需付费阅读"])
        came = [page(number, body=cut, via=rss, days=number)]
        add(tmp_path, [feed, page(0), *came] if number == 1 else came, f"run-{number}")
    before = {d.id: d for d in documents(tmp_path / "clean")}
    assert {before[ident(n)].method for n in (1, 2)} == {BY_FEED}
    report = take_down(tmp_path, url(1))
    assert [place.where for place in report.plan.places if place.then == READ_AGAIN] == [ident(2)]
    runs.build(folders(tmp_path))
    rows = {d.id: d for table in TABLES for d in documents(tmp_path / "clean", table=table)}
    assert rows[ident(2)].method != BY_FEED
    assert len(rows[ident(2)].extracted) < len(before[ident(2)].extracted)
    assert rows[ident(0)].text == before[ident(0)].text
    shutil.rmtree(tmp_path / ".build")
    assert not runs.build(folders(tmp_path), full=True).published, "the same from the archive alone"
    whole(tmp_path)


def test_a_feed_is_named_by_its_own_address(corpus: Path) -> None:
    rss = "https://news.example/rss.xml"
    entries = "".join(f"<p>{line}</p>" for line in PLAIN[6].body)
    body = f"<rss><item><description><![CDATA[{entries}]]></description></item></rss>".encode()
    feed = page(6, days=3, kind=Kind.FEED, url=rss, url_key=rss, final_url=rss, body=body)
    write(corpus / "raw", [feed], "run-4")
    before = titles(corpus)
    report = take_down(corpus, rss)
    assert report.done is not None
    assert [place.what for place in report.plan.places if place.then == "goes"] == ["1 captures"]
    assert {ref.kind for ref in index.find(corpus / "raw")} == {Kind.PAGE}
    assert blocklist.read(corpus / "raw").has_url(rss)
    assert titles(corpus) == before
    whole(corpus)


def test_what_another_corpus_made_of_the_archive_inside_the_work_folder_goes_too(corpus: Path) -> None:
    other = replace(folders(corpus), clean=corpus / "other", work=corpus / ".build/other")
    runs.build(other)
    inner = corpus / ".build/other/.lock"
    with only_writer(inner, "held"), pytest.raises(BusyError, match=r"\.build/other: another corpus"):
        take_down(corpus, url(1))
    take_down(corpus, url(1))
    proof = runs.prove_takedown(folders(corpus), TICKET)
    assert (proof.findings, proof.files > 0) == ((), True)
    assert not list((corpus / ".build/other").glob("extract-*/*run-1*"))


def test_a_row_of_a_document_with_a_tombstone_is_found_by_verify(corpus: Path) -> None:
    take_down(corpus, url(1))
    newest = version_folder(corpus / "clean")
    stones = pq.read_table(newest / "tombstones.parquet").to_pylist()
    (newest / "tombstones.parquet").unlink()
    tombstones.write(
        newest, pa.Table.from_pylist([*stones, {**stones[0], "id": ident(0)}], tombstones.SCHEMA)
    )
    files = publish.describe_files(newest, None, {})
    (newest / "manifest.json").rename(corpus / "old.json")
    shutil.copyfile(corpus / "old.json", newest / "manifest.json")
    (newest / "SHA256SUMS").unlink()
    publish.write_manifest(newest, replace(read_manifest(newest), files=files))
    assert versions.verify(newest) == ["1 rows are of documents that were taken down"]


def test_a_teaser_on_another_page_is_shown_and_stays(corpus: Path) -> None:
    teaser = html(PLAIN[6].title, [*PLAIN[6].body]).replace(
        b"</body>", f"<aside>{PLAIN[1].body[0]}</aside></body>".encode()
    )
    add(corpus, [page(6, days=3, body=teaser)], "run-4")
    report = take_down(corpus, url(1))
    (shown,) = [place for place in report.plan.places if place.then == "stays"]
    assert (shown.where, "prints" in shown.what) == (ident(6), True)
    assert PLAIN[6].title in titles(corpus)
    proof = runs.prove_takedown(folders(corpus), TICKET)
    assert proof.findings
    assert not proof.failed


def test_what_is_unknown_is_named_with_what_to_do_and_what_is_done_is_said(corpus: Path) -> None:
    with pytest.raises(UsageError, match=r"https://no\.example/, 0{32}: neither in .*`exclude`"):
        take_down(corpus, url(1), "https://no.example/", "0" * 32)
    assert takedowns.all_of(corpus / "raw") == []
    take_down(corpus, url(1))
    again = take_down(corpus, url(1), ident(1), ticket="T-2")
    assert (again.done, again.plan.already) == (None, (url(1), ident(1)))
    assert takedowns.read(corpus / "raw", "T-2") is None
    with pytest.raises(UsageError, match="ticket T-1 was carried out on"):
        take_down(corpus, url(2))
    with pytest.raises(UsageError, match="--ticket"):
        take_down(corpus, url(2), ticket="../T")


def test_a_dry_run_and_a_no_change_nothing(corpus: Path) -> None:
    before = {path: path.read_bytes() for path in corpus.rglob("*") if path.is_file()}
    plan = take_down(corpus, url(1), dry_run=True).plan
    assert {place.then for place in plan.places} == {
        "goes",
        "becomes 2.1.1",
        "becomes 2.2.1",
        "becomes 2.3.1",
    }
    assert {path: path.read_bytes() for path in corpus.rglob("*") if path.is_file()} == before
    assert take_down(corpus, url(1), approve=lambda plan: False).done is None
    assert list_versions(corpus / "clean") == ["2.1.0", "2.2.0", "2.3.0"]


def test_while_another_process_builds_or_crawls_it_is_busy(corpus: Path) -> None:
    with locked(folders(corpus).job(())), pytest.raises(BusyError, match="another build"):
        take_down(corpus, url(1))
    with archive.lock(corpus / "raw"), pytest.raises(BusyError, match="another run writes"):
        take_down(corpus, url(1))
    assert takedowns.all_of(corpus / "raw") == []


def test_a_damaged_record_beside_it_neither_stops_it_nor_is_healed(corpus: Path) -> None:
    (ref,) = index.find(corpus / "raw", url_keys=[url(0)])
    file = corpus / "raw" / ref.file
    data = bytearray(file.read_bytes())
    data[ref.offset + ref.length // 2] ^= 0xFF
    file.write_bytes(data)
    damaged = bytes(data[ref.offset : ref.offset + ref.length])
    take_down(corpus, url(1))
    (now,) = index.find(corpus / "raw", url_keys=[url(0)])
    assert file.read_bytes()[now.offset : now.offset + now.length] == damaged
    assert not index.find(corpus / "raw", url_keys=[url(1)])
    assert any(ref.file in problem for problem in archive.verify(corpus / "raw"))
    (failed,) = runs.prove_takedown(folders(corpus), TICKET).failed
    assert (failed.grams, "cannot be read" in failed.what) == (0, True)


def test_a_damaged_record_of_its_own_goes_too(corpus: Path) -> None:
    ref = index.find(corpus / "raw", url_keys=[url(1)])[0]
    file = corpus / "raw" / ref.file
    data = bytearray(file.read_bytes())
    data[ref.offset + ref.length // 2] ^= 0xFF
    file.write_bytes(data)
    take_down(corpus, url(1))
    whole(corpus)
    assert runs.prove_takedown(folders(corpus), TICKET).findings == ()


def test_a_damaged_file_of_a_version_is_refused_before_anything_is_touched(corpus: Path) -> None:
    path = corpus / "clean/2.1.0/changes.parquet"
    pq.write_table(pq.read_table(path), path, compression="none")  # readable, and not as it was published
    with pytest.raises(RefusedError, match=r"changes\.parquet: not as it was published"):
        take_down(corpus, url(1))
    assert takedowns.all_of(corpus / "raw") == []
    assert list_versions(corpus / "clean") == ["2.1.0", "2.2.0", "2.3.0"]


def test_a_file_of_which_nothing_is_left_goes_and_builds_go_on(corpus: Path) -> None:
    add(corpus, [page(7, days=3)], "run-4")
    done = take_down(corpus, url(7)).done
    assert done is not None
    assert done.warc[0].after is None
    assert not (corpus / "raw" / done.warc[0].file).exists()
    assert [f.file for f in read_manifest(version_folder(corpus / "clean")).inputs if "run_4" in f.file] == []
    whole(corpus)
    add(corpus, [page(8, days=4)], "run-5")
    assert PLAIN[8].title in titles(corpus)


def test_versions_of_an_earlier_schema_and_index_give_it_up_too(made: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree(made, corpus, symlinks=True)  # without hard links: one version is written over
    old = as_schema_1(corpus / "clean/2.3.0")
    for path in sorted((old / "clusters").glob("*.npy")):
        first, second = mapped(path)
        pq.write_table(pa.table({"key": first, "row": second}), path.with_suffix(".parquet"))
        path.unlink()
    publish.write_manifest(old, replace(read_manifest(old), files=publish.describe_files(old, None, {})))
    take_down(corpus, url(1))
    assert list_versions(corpus / "clean") == ["1.3.1", "2.1.1", "2.2.1"]
    assert upkeep.verify(folders(corpus)) == []
    assert runs.prove_takedown(folders(corpus), TICKET).findings == ()
    assert ident(1) not in read(corpus / "clean", version="1.3")["id"].to_pylist()


def test_a_second_takedown_keeps_the_tombstones_and_notes_of_the_first(corpus: Path) -> None:
    take_down(corpus, url(1))
    take_down(corpus, url(0), ticket="T-2")
    newest = version_folder(corpus / "clean")
    assert newest.name == "2.3.2"
    assert sorted(pq.read_table(newest / "tombstones.parquet")["id"].to_pylist()) == sorted(
        [ident(0), ident(1)]
    )
    notes = [
        r
        for f in (corpus / "raw/warc").rglob("*.gz")
        for r in archive_records(f)
        if "warc-refers-to" in r.headers
    ]
    assert len(notes) == len(record(corpus).captures) + len(record(corpus, "T-2").captures)
    whole(corpus)
    add(corpus, [page(5, days=5)], "run-5")
    newest = version_folder(corpus / "clean")
    assert sorted(pq.read_table(newest / "tombstones.parquet")["id"].to_pylist()) == sorted(
        [ident(0), ident(1)]
    )
    assert versions.verify(newest) == []


def opened(folder: Path, names: Sequence[str]) -> Counter[str]:
    """How often each WARC file is opened while documents are taken down, in a child."""
    here, there = os.pipe()
    if os.fork() == 0:
        files: Counter[str] = Counter()

        def watch(event: str, arguments: tuple[Any, ...]) -> None:
            if event == "open" and str(arguments[0]).endswith(".warc.gz"):
                files[Path(str(arguments[0])).name] += 1

        sys.addaudithook(watch)
        try:
            done = take_down(folder, *names).done
            said = files if done is not None and len(done.documents) == len(names) else {}
            os.write(there, json.dumps(said).encode())
        finally:
            os._exit(0)
    os.close(there)
    with os.fdopen(here) as pipe:
        return Counter(json.loads(pipe.read() or "{}"))


def test_a_thousand_are_as_many_passes_over_the_archive_as_ten(tmp_path: Path) -> None:
    """Most of them are visits without an answer, which are rows too and cost no extraction."""
    many = [page(n, days=n / 1000) for n in range(10)]
    for n in range(10, 1000):
        address = f"https://m.example/{n}"
        said = {"url": address, "url_key": address, "final_url": address}
        many.append(failed_page(0, "timeout", fetched_at=START + n * DAY / 1000, **said))
    (tmp_path / "of/sources").mkdir(parents=True)
    for run in range(3):
        write(tmp_path / "of/raw", [*many[run::3], page(11 + run, days=2)], f"run-{run}")
    runs.build(folders(tmp_path / "of"), confirm=True)
    few, all_of_them = (
        opened(copied(tmp_path / "of", tmp_path / f"{count}"), [each.url for each in many[:count]])
        for count in (10, 1000)
    )
    assert len(few) >= 3, "each file holds some of them"
    assert max(all_of_them.values()) <= max(few.values()) <= 4, "read, hashed, and copied without them"
    whole(tmp_path / "1000")
    assert titles(tmp_path / "1000") == {PLAIN[11 + run].title for run in range(3)}
    assert runs.prove_takedown(folders(tmp_path / "1000"), TICKET).findings == ()


def test_many_at_once_are_one_pass_over_each_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sources").mkdir()
    many = [
        page(
            n % 12,
            url=f"https://m.example/{n}",
            url_key=f"https://m.example/{n}",
            final_url=f"https://m.example/{n}",
        )
        for n in range(60)
    ]
    many = [replace(each, fetched_at=each.fetched_at + n * DAY / 1000) for n, each in enumerate(many)]
    write(tmp_path / "raw", [*many, page(13, days=1)])
    runs.build(folders(tmp_path), confirm=True)
    cuts: list[str] = []
    cut = carry_out.cut
    monkeypatch.setattr(carry_out, "cut", lambda raw, file, *more: cuts.append(file) or cut(raw, file, *more))
    done = take_down(tmp_path, *(each.url for each in many)).done
    assert done is not None
    assert (len(done.documents), cuts) == (60, [done.warc[0].file])
    assert titles(tmp_path) == {PLAIN[13].title}
    assert runs.prove_takedown(folders(tmp_path), TICKET).findings == ()
    whole(tmp_path)


def test_exports_are_shown_renewed_by_sync_and_wait_for_a_takedown_that_was_killed(
    corpus: Path, tmp_path: Path
) -> None:
    target = tmp_path / "elsewhere"
    export(corpus / "clean", str(target), "2.2", progress=runs.quiet)
    (corpus / "clean/TAKEDOWN").write_text(ident(1) + "\n")
    with pytest.raises(RefusedError, match="a takedown is at work"):
        export(corpus / "clean", str(target), "2.3", progress=runs.quiet)
    (corpus / "clean/TAKEDOWN").unlink()
    plan = take_down(corpus, url(1)).plan
    assert [(p.what, p.then) for p in plan.places if p.where == str(target)] == [
        ("version 2.2.0", "`corpus export --sync` renews it")
    ]
    done = export(corpus / "clean", str(target), "2.3", mirror=True, progress=runs.quiet)
    assert done.removed == ("2.2.0",)
    assert {path.name for path in target.iterdir() if path.is_dir() and not path.is_symlink()} == {
        "2.2.1",
        "2.3.1",
        "changes",
    }
    told = b"".join(path.read_bytes() for path in target.rglob("*.json"))
    assert b"2.2.0" not in (target / "2.2.1/datapackage.json").read_bytes()
    assert ident(1) not in read(target, version="2.2")["id"].to_pylist()
    assert url(1).encode() not in told


def test_the_files_of_an_old_revision_are_not_written_through_its_links(corpus: Path) -> None:
    before = copied(corpus / "clean/2.1.0", corpus / "before")
    subprocess.run(["cp", "-al", corpus / "clean/2.1.0", corpus / "linked"], check=True)
    take_down(corpus, url(1))
    for path in (p for p in before.rglob("*") if p.is_file()):
        assert (corpus / "linked" / path.relative_to(before)).read_bytes() == path.read_bytes(), path


def test_a_rollback_afterwards_brings_nothing_back_and_has_every_tombstone(corpus: Path) -> None:
    take_down(corpus, url(4))  # stands in 2.3 alone
    manifest = runs.rollback(folders(corpus), "2.1", "a test")
    assert pq.read_table(corpus / "clean" / manifest.version / "tombstones.parquet")["id"].to_pylist() == [
        ident(4)
    ]
    runs.release(folders(corpus))
    take_down(corpus, url(1), ticket="T-2")
    assert version_folder(corpus / "clean").name == "2.4.1"
    assert PLAIN[1].title not in titles(corpus)
    assert runs.build(folders(corpus)).published, "the revision of a rollback that was released is released"
    assert {PLAIN[1].title, PLAIN[4].title}.isdisjoint(titles(corpus))
    whole(corpus)
