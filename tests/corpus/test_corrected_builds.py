"""Corrections from the file to the published row: what they touch, what they outlive, and when they fall away."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline.archive import index
from pipeline.corpus import expectations, versions
from pipeline.corpus.build import build
from pipeline.corpus.identity import document_id
from pipeline.corpus.job import BuildReport
from pipeline.corpus.plan import plan
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import documents, list_versions, version_folder
from pipeline.corrections import Correction, Cut, Split
from pipeline.errors import RefusedError
from pipeline.records import Capture, Corrected, Document
from tests.corpus.archives import PLAIN, failed_page, html, job, story_page, write
from tests.corpus.test_build import LATER, broken, changed_rules, die, full, killed_at, sums

FOOTER = "镇上的渡轮公司今年又添了两条新船，票价和往年一样。"
NOISY = html(PLAIN[0].title, [*PLAIN[0].body, FOOTER])


def ident(number: int) -> str:
    return document_id(story_page(number).url_key, 1)


def correction(row: Document, **says: Any) -> Correction:
    """A correction of a row as it stands, for its text alone unless told otherwise."""
    said: dict[str, Any] = {
        "id": row.id,
        "file": "corrections/example.toml",
        "line": 1,
        "why": "seen",
        **says,
    }
    if "page" not in said:
        said.setdefault("text", row.extracted_hash)
    return Correction(**said)


def rows(folder: Path, table: str = "articles") -> dict[str, Document]:
    return {d.id: d for d in documents(folder / "clean", table=table)}


def again(folder: Path, *corrections: Correction, **changes: Any) -> BuildReport:
    return build(job(folder, corrections=corrections, **changes))


@pytest.fixture(scope="session")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of four pages, the first of which has a line too many."""
    folder = tmp_path_factory.mktemp("printed")
    pages = [story_page(0, body=NOISY), story_page(1), failed_page(2, "timeout"), story_page(3)]
    write(folder / "raw", pages)
    assert build(job(folder)).version == "2.1.0"
    return folder


@pytest.fixture
def corpus(printed: Path, tmp_path: Path) -> Path:
    shutil.copytree(printed, tmp_path / "corpus", symlinks=True)
    return tmp_path / "corpus"


def same_as_from_the_start(folder: Path, *corrections: Correction) -> bool:
    """Whether a build from nothing gives the rows that stand."""
    work = folder.parent / "from-the-start"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(folder / "raw", work / "raw")
    shutil.copytree(folder / ".build", work / ".build")
    again(work, *corrections)
    return ordered(work) == ordered(folder)


def ordered(folder: Path) -> list[Document]:
    """All rows of the latest version: how they are cut into files follows from the builds."""
    found = (row for table in ("articles", "dropped") for row in documents(folder / "clean", table=table))
    return sorted(found, key=lambda row: (row.id, row.capture))


def test_a_correction_changes_its_row_and_no_other_and_reads_no_page_again(corpus: Path) -> None:
    before = rows(corpus)
    first = before[ident(0)]
    assert first.extracted.endswith(FOOTER)
    said = correction(
        first, title="改过的题目", published_on=date(2026, 10, 1), drop=(Cut(first="镇上的渡轮公司"),)
    )
    report = again(corpus, said)
    assert (report.version, report.full, report.extracted, report.normalized) == ("2.2.0", None, 0, 0)
    assert report.changes == {"changed:correction": 1}
    after = rows(corpus)
    row = after.pop(ident(0))
    assert (row.title, row.title_from, row.title_raw) == ("改过的题目", "correction", first.title_raw)
    assert (row.published_on, row.published_from) == (date(2026, 10, 1), "correction")
    assert row.extracted == first.extracted.removesuffix("\n" + FOOTER)
    assert row.text == first.text.removesuffix("\n" + FOOTER)
    assert row.corrected == (
        Corrected(column="extracted", was=first.extracted_hash),
        Corrected(column="title", was=first.title),
        Corrected(column="published_on", was=None),
    )
    del before[ident(0)]
    assert after == before
    assert versions.verify(corpus / "clean/2.2.0") == []
    assert read_manifest(corpus / "clean/2.2.0").corrections.keys() == {ident(0)}
    assert not again(corpus, said).published, "once is enough"
    assert same_as_from_the_start(corpus, said)


def test_without_its_correction_a_row_is_as_it_was(corpus: Path) -> None:
    before = ordered(corpus)
    again(corpus, correction(rows(corpus)[ident(0)], title="改"))
    report = again(corpus)
    assert (report.version, report.changes) == ("2.3.0", {"changed:correction": 1})
    assert ordered(corpus) == before
    assert read_manifest(corpus / "clean/2.3.0").corrections == {}


def test_a_lost_folder_of_corrections_takes_none_back(corpus: Path) -> None:
    first = next(documents(corpus / "clean"))
    again(corpus, correction(first, title="改"))
    with pytest.raises(
        RefusedError, match=r"2\.2\.0 was made with corrections of 1 documents.*--corrections"
    ):
        build(job(corpus))
    assert build(job(corpus, confirm=True)).version == "2.3.0"


def test_other_words_about_a_correction_make_no_version(corpus: Path) -> None:
    said = correction(next(documents(corpus / "clean")), title="改")
    again(corpus, said)
    assert not again(corpus, replace(said, why="seen twice", file="corrections/b.toml", line=9)).published


def test_a_correction_that_says_what_stands_makes_no_version(corpus: Path) -> None:
    first = next(documents(corpus / "clean"))
    assert not again(corpus, correction(first, title=first.title)).published


@pytest.mark.parametrize("stage", ["extract", "normalize", "corpus"])
def test_a_correction_outlives_every_rule_change(
    corpus: Path, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = rows(corpus)[ident(0)]
    said = correction(first, title="改", drop=(Cut(first="本站"),))
    again(corpus, said)
    before = rows(corpus)[ident(0)]
    changed_rules(monkeypatch, stage)
    assert again(corpus, said).full
    assert rows(corpus)[ident(0)] == before


def test_it_holds_for_its_page_also_when_extraction_reads_it_otherwise(corpus: Path) -> None:
    first = rows(corpus)[ident(0)]
    ref = next(ref for ref in index.find(corpus / "raw") if ref.id == first.capture)
    said = correction(first, page=ref.digest, text="0" * 32, title="改")
    assert again(corpus, said).corrections == ()
    assert rows(corpus)[ident(0)].title == "改"
    other = replace(said, page="sha1:" + "A" * 32)
    report = again(corpus, other)
    assert rows(corpus)[ident(0)].title == first.title
    assert "fell away" in report.corrections[0]


def revised(body: bytes, **changes: Any) -> Capture:
    return story_page(0, body=body, fetched_at=story_page(0).fetched_at + LATER, **changes)


def test_it_holds_for_its_text_in_another_frame(corpus: Path) -> None:
    said = correction(rows(corpus)[ident(0)], title="改", author="王芳")
    again(corpus, said)
    framed = revised(NOISY.replace(b"<body>", b"<body><!-- another frame -->"))
    write(corpus / "raw", [framed, story_page(4, fetched_at=framed.fetched_at)], "run-2")
    assert again(corpus, said).corrections == ()
    assert rows(corpus)[ident(0)].title == "改"
    assert same_as_from_the_start(corpus, said)


def test_it_falls_away_with_a_message_when_the_page_says_something_else(corpus: Path) -> None:
    said = correction(rows(corpus)[ident(0)], title="改")
    again(corpus, said)
    body = html(PLAIN[0].title, [*PLAIN[0].body, "编者后来补充了一段话，说明此事又有了新的进展。"])
    write(corpus / "raw", [revised(body)], "run-2")
    report = again(corpus, said)
    (told,) = report.corrections
    assert told.startswith(
        "corrections/example.toml:1 fell away, https://news.example/a/0.html says something else"
    )
    assert f"`corpus correct {ident(0)}` renews it" in told
    row = rows(corpus)[ident(0)]
    assert (row.title, row.corrected) == (PLAIN[0].title, ())
    past = [d for d in documents(corpus / "clean", table="dropped") if d.reason == "superseded"]
    assert [d.title for d in past] == ["改"], "the earlier text stays corrected"
    assert same_as_from_the_start(corpus, said)
    report = again(corpus, said, replace(said, text=row.extracted_hash, title="又改"))
    assert (report.corrections, rows(corpus)[ident(0)].title) == ((), "又改")


def test_not_an_article_leaves_with_all_its_earlier_texts(corpus: Path) -> None:
    body = html(PLAIN[0].title, PLAIN[0].body[:-1])
    write(corpus / "raw", [revised(body)], "run-2")
    again(corpus)
    said = correction(rows(corpus)[ident(0)], not_an_article=True)
    report = again(corpus, said)
    assert report.changes == {"removed:correction": 1}
    assert ident(0) not in rows(corpus)
    gone = {d.reason for d in documents(corpus / "clean", table="dropped") if d.id == ident(0)}
    assert gone == {"not_an_article", "superseded"}
    assert versions.verify(version_folder(corpus / "clean")) == []
    assert same_as_from_the_start(corpus, said)
    again(corpus)
    assert ident(0) in rows(corpus)


def test_an_unknown_document_is_told_and_stops_nothing(corpus: Path) -> None:
    said = replace(correction(rows(corpus)[ident(0)], title="改"), id="0" * 32)
    report = again(corpus, said)
    assert not report.published
    assert report.corrections == (
        f"corrections/example.toml:1: there is no article {'0' * 32} in the corpus",
    )


def copies(folder: Path) -> tuple[Document, Document]:
    """Two pages that print one text; the row published and the one withheld."""
    copy = story_page(0, url_key="https://copy.example/1", final_url="https://copy.example/1")
    write(folder / "raw", [story_page(0), replace(copy, fetched_at=copy.fetched_at + LATER)])
    build(job(folder))
    (kept,) = documents(folder / "clean")
    (withheld,) = documents(folder / "clean", table="dropped")
    assert withheld.reason == "duplicate"
    return kept, withheld


@pytest.mark.parametrize("said_of", [0, 1])
def test_documents_that_are_no_copies_are_both_published(tmp_path: Path, said_of: int) -> None:
    pair = copies(tmp_path)
    said = correction(pair[said_of], not_a_copy_of=(pair[1 - said_of].id,))
    assert again(tmp_path, said).changes["added:dedupe"] == 1
    found = rows(tmp_path)
    assert {d.relation for d in found.values()} == {"new"}
    assert found.keys() == {d.id for d in pair}
    assert versions.verify(version_folder(tmp_path / "clean")) == []
    assert same_as_from_the_start(tmp_path, said)
    again(tmp_path)
    assert rows(tmp_path).keys() == {pair[0].id}


def test_a_third_copy_does_not_bring_together_what_must_stay_apart(tmp_path: Path) -> None:
    pair = copies(tmp_path)
    said = correction(pair[0], not_a_copy_of=(pair[1].id,))
    again(tmp_path, said)
    third = story_page(0, url_key="https://third.example/1", final_url="https://third.example/1")
    body = html(PLAIN[0].title, [*PLAIN[0].body, "（完）"])
    write(tmp_path / "raw", [replace(third, body=body, fetched_at=third.fetched_at + 2 * LATER)], "run-3")
    again(tmp_path, said)
    assert rows(tmp_path).keys() == {d.id for d in pair}
    assert versions.verify(version_folder(tmp_path / "clean")) == []


def test_what_stood_apart_comes_together_when_the_reason_is_gone(tmp_path: Path) -> None:
    kept, withheld = copies(tmp_path)
    third = story_page(0, url_key="https://third.example/1", final_url="https://third.example/1")
    third = replace(third, fetched_at=third.fetched_at + 2 * LATER)
    write(tmp_path / "raw", [third], "run-2")
    said = correction(withheld, not_a_copy_of=(document_id(third.url_key, 1),))
    again(tmp_path, said)
    assert rows(tmp_path).keys() == {kept.id, document_id(third.url_key, 1)}
    other = html(PLAIN[1].title, PLAIN[1].body)
    url = "https://copy.example/1"
    revised = story_page(0, url_key=url, final_url=url, body=other, fetched_at=third.fetched_at + LATER)
    write(tmp_path / "raw", [revised], "run-3")
    again(tmp_path, said)
    assert rows(tmp_path).keys() == {kept.id, withheld.id}
    assert same_as_from_the_start(tmp_path, said)


def test_an_article_glued_to_another_is_split_off(tmp_path: Path) -> None:
    write(tmp_path / "raw", [story_page(0, body=html(PLAIN[0].title, [*PLAIN[0].body, *PLAIN[1].body]))])
    build(job(tmp_path))
    (row,) = documents(tmp_path / "clean")
    said = correction(row, split=(Split(at=PLAIN[1].body[0][:12], title=PLAIN[1].title),))
    again(tmp_path, said)
    one, two = sorted(documents(tmp_path / "clean"), key=lambda d: d.part)
    assert (one.title, one.extracted.split("\n")) == (PLAIN[0].title, list(PLAIN[0].body))
    assert (two.title, two.extracted.split("\n")) == (PLAIN[1].title, list(PLAIN[1].body))
    assert (two.id, two.corrected) == (document_id(row.url_key, 2), (Corrected(column="part", was="1"),))
    assert versions.verify(version_folder(tmp_path / "clean")) == []
    assert same_as_from_the_start(tmp_path, said)
    again(tmp_path)
    assert list(documents(tmp_path / "clean")) == [row]


def test_a_broken_shard_is_made_anew_for_the_page_that_is_corrected(corpus: Path) -> None:
    shutil.rmtree(corpus / ".build")
    said = correction(rows(corpus)[ident(0)], title="改")
    assert again(corpus, said).version == "2.2.0"
    assert same_as_from_the_start(corpus, said)


def test_held_rows_of_a_corrected_page_go_on_waiting(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(corpus / "raw", [story_page(4, fetched_at=story_page(4).fetched_at + LATER)], "run-2")
    monkeypatch.setattr(expectations, "failing", lambda *_: {"example": "too little"})
    again(corpus)
    write(
        corpus / "raw",
        [story_page(5, source="other", fetched_at=story_page(5).fetched_at + 2 * LATER)],
        "run-3",
    )
    again(corpus)
    (waiting,) = [d for d in documents(corpus / "clean", table="dropped") if d.reason == "held"]
    again(corpus, correction(waiting, title="改"))
    write(
        corpus / "raw",
        [story_page(6, source="other", fetched_at=story_page(6).fetched_at + 3 * LATER)],
        "run-4",
    )
    again(corpus, correction(waiting, title="改"))
    assert ident(4) not in rows(corpus)
    monkeypatch.undo()
    again(corpus, correction(waiting, title="改"), confirm=True)
    assert rows(corpus)[ident(4)].title == "改"
    assert versions.verify(version_folder(corpus / "clean")) == []


EVERY = 5
"""So many writes are between two at which a build of corrections is killed: tests/corpus/test_build.py has them all."""


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "every"), [(die, EVERY), (full, 4 * EVERY), (broken, 4 * EVERY)])
def test_after_a_fault_at_a_write_the_next_run_ends_in_the_same_bytes(
    corpus: Path, tmp_path: Path, fault: Callable[[], None], every: int
) -> None:
    said = correction(rows(corpus)[ident(0)], title="改", drop=(Cut(first="本站"),))
    calm = tmp_path / "calm"
    shutil.copytree(corpus, calm, symlinks=True)
    again(calm, said)
    number, died = 1, True
    while died:
        number += every
        folder = tmp_path / f"fault-{number}"
        shutil.copytree(corpus, folder, symlinks=True)
        died = killed_at(number, lambda folder=folder: again(folder, said), fault)  # type: ignore[misc]
        for version in list_versions(folder / "clean"):
            assert versions.verify(folder / "clean" / version) == [], f"after a fault at write {number}"
        again(folder, said)
        assert sums(folder / "clean") == sums(calm / "clean"), f"after a fault at write {number}"
        shutil.rmtree(folder)
    assert number > 20


def test_corrections_of_many_pages_come_in_batches(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.corpus.intake.PAGES_AT_ONCE", 1)
    said: Sequence[Correction] = [
        correction(row, title=f"改{n}") for n, row in enumerate(rows(corpus).values())
    ]
    assert again(corpus, *said).changes == {"changed:correction": 3}
    assert same_as_from_the_start(corpus, *said)


def test_what_is_compared_as_before_keeps_its_place_among_its_copies(tmp_path: Path) -> None:
    kept, withheld = copies(tmp_path)
    said = correction(kept, author="王芳"), correction(withheld, author="李明")
    again(tmp_path, *said)
    (row,) = documents(tmp_path / "clean")
    (copy,) = documents(tmp_path / "clean", table="dropped")
    assert (row.author, row.relation, row.cluster) == ("王芳", kept.relation, kept.cluster)
    assert (copy.author, copy.relation, copy.related_to) == ("李明", "duplicate", (kept.id,))
    assert same_as_from_the_start(tmp_path, *said)


def two_articles() -> bytes:
    """A page of two articles, one below the other, each with its title and day."""
    frames = (f"<h1>{PLAIN[n].title}</h1><p>2026-10-0{n + 1} 来源：晨报</p>" for n in (0, 1))
    bodies = ("".join(f"<p>{line}</p>" for line in PLAIN[n].body) for n in (0, 1))
    both = "".join(map(str.__add__, frames, bodies))
    return (
        f"<html><head><meta charset=utf-8></head><body><div class=article>{both}</div></body></html>".encode()
    )


def test_the_other_articles_of_a_page_stay_as_they_are(tmp_path: Path) -> None:
    write(tmp_path / "raw", [story_page(0, body=two_articles()), story_page(3)])
    build(job(tmp_path))
    before = rows(tmp_path)
    assert sorted(d.part for d in before.values() if d.url_key == story_page(0).url_key) == [1, 2]
    second = before.pop(document_id(story_page(0).url_key, 2))
    said = correction(second, title="改")
    again(tmp_path, said)
    after = rows(tmp_path)
    assert after.pop(second.id).title == "改"
    assert after == before
    assert same_as_from_the_start(tmp_path, said)


def test_two_articles_of_a_page_are_joined(tmp_path: Path) -> None:
    write(tmp_path / "raw", [story_page(0, body=two_articles())])
    build(job(tmp_path))
    before = rows(tmp_path)
    second = before[document_id(story_page(0).url_key, 2)]
    said = correction(second, join=True)
    report = again(tmp_path, said)
    assert report.changes == {"changed:correction": 1, "removed:withdrawn": 1}
    (whole,) = documents(tmp_path / "clean")
    assert whole.extracted == f"{before[ident(0)].extracted}\n{second.extracted}"
    assert versions.verify(version_folder(tmp_path / "clean")) == []
    assert same_as_from_the_start(tmp_path, said)
    again(tmp_path)
    assert rows(tmp_path) == before


def test_with_a_part_that_is_joined_its_earlier_text_goes_too(tmp_path: Path) -> None:
    first = two_articles()
    assert first is not None
    write(tmp_path / "raw", [story_page(0, body=first)])
    build(job(tmp_path))
    earlier = rows(tmp_path)[document_id(story_page(0).url_key, 2)]
    last = earlier.extracted.splitlines()[-1]
    changed = first.replace(last.encode(), f"{last}后来的事，谁也没有再提起过，只有河水还在流。".encode())
    assert changed != first
    write(tmp_path / "raw", [revised(changed)], "run-2")
    again(tmp_path)
    second = rows(tmp_path)[earlier.id]
    assert second.extracted != earlier.extracted
    said = correction(second, join=True)
    again(tmp_path, said)
    (whole,) = documents(tmp_path / "clean")
    assert whole.extracted.endswith(second.extracted)
    gone = {d.reason for d in documents(tmp_path / "clean", table="dropped") if d.id == earlier.id}
    assert gone == {"part_of", "superseded"}, "none of its texts is published"
    assert versions.verify(version_folder(tmp_path / "clean")) == []
    assert same_as_from_the_start(tmp_path, said)


def test_a_correction_of_a_row_that_is_withheld_makes_a_version_and_is_not_done_again(tmp_path: Path) -> None:
    copy = story_page(
        1, body=html(PLAIN[0].title, PLAIN[0].body), fetched_at=story_page(0).fetched_at + LATER
    )
    write(tmp_path / "raw", [story_page(0), copy])
    build(job(tmp_path))
    (withheld,) = documents(tmp_path / "clean", table="dropped")
    said = correction(withheld, author="某某")
    report = again(tmp_path, said)
    assert (report.version, report.published, report.changes) == ("2.2.0", True, {})
    (after,) = documents(tmp_path / "clean", table="dropped")
    assert (after.author, after.reason) == ("某某", withheld.reason)
    assert read_manifest(version_folder(tmp_path / "clean")).corrections.keys() == {withheld.id}
    assert not again(tmp_path, said).published
    assert plan(job(tmp_path, corrections=(said,))).recorrected == (), "it is done, and is not done again"
    assert same_as_from_the_start(tmp_path, said)


def test_an_excerpt_that_is_none_is_published_beside_its_text(tmp_path: Path) -> None:
    part = story_page(
        1, body=html(PLAIN[0].title, PLAIN[0].body[:6]), fetched_at=story_page(0).fetched_at + LATER
    )
    write(tmp_path / "raw", [story_page(0), part])
    build(job(tmp_path))
    (withheld,) = documents(tmp_path / "clean", table="dropped")
    assert withheld.relation in {"contained_in", "duplicate"}
    said = correction(withheld, not_a_copy_of=(ident(0),))
    again(tmp_path, said)
    assert rows(tmp_path).keys() == {ident(0), ident(1)}
    assert versions.verify(version_folder(tmp_path / "clean")) == []
    assert same_as_from_the_start(tmp_path, said)


def test_a_correction_finds_a_copy_that_the_page_hid(tmp_path: Path) -> None:
    hidden = story_page(
        4, body=html(PLAIN[0].title, [*PLAIN[1].body, *PLAIN[2].body, *PLAIN[3].body, *PLAIN[0].body])
    )
    write(tmp_path / "raw", [story_page(0), replace(hidden, fetched_at=hidden.fetched_at + LATER)])
    build(job(tmp_path))
    row = next(
        d for t in ("articles", "dropped") for d in documents(tmp_path / "clean", table=t) if d.id == ident(4)
    )
    foreign = (Cut(first=PLAIN[1].body[0], last=PLAIN[3].body[-1]),)
    said = correction(row, drop=foreign)
    again(tmp_path, said)
    (withheld,) = [d for d in documents(tmp_path / "clean", table="dropped") if d.id == ident(4)]
    assert (withheld.relation, withheld.related_to, withheld.extracted.split("\n")) == (
        "duplicate",
        (ident(0),),
        list(PLAIN[0].body),
    )
    assert versions.verify(version_folder(tmp_path / "clean")) == []
