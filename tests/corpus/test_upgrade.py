"""After an upgrade: what is foreseen, new rows beside rows of other rules, and a rebuild that lets others publish."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import runs
from pipeline.archive.withdrawn import withdraw
from pipeline.cli import main
from pipeline.corpus import build as building
from pipeline.corpus import shards, versions
from pipeline.corpus.build import build
from pipeline.corpus.job import making_shards
from pipeline.corpus.plan import MADE_BY, TOLD
from pipeline.corpus.publish import read_manifest, write_manifest
from pipeline.corpus.read import documents, list_versions
from pipeline.corpus.upgrade import foresee
from pipeline.errors import BusyError, RefusedError
from pipeline.records import Source
from pipeline.report import headline, upgrade_words
from pipeline.rules import fingerprint
from pipeline.runs import Folders, RunReport
from tests.corpus.archives import job, story_page, write
from tests.corpus.test_build import sums

LATER = timedelta(days=1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version, and an archive file that came after it."""
    folder = tmp_path_factory.mktemp("made")
    write(folder / "raw", [story_page(0), story_page(1)])
    build(job(folder))
    write(folder / "raw", [story_page(2, fetched_at=story_page(2).fetched_at + LATER)], "run-2")
    return folder


@pytest.fixture
def corpus(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "corpus", symlinks=True)
    return tmp_path / "corpus"


def changed_rules(monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    """As if a module of one stage had changed, and of no other: with it changes what composes all of them."""
    changed = {MADE_BY[stage], MADE_BY["corpus"]}
    for module in (shards, sys.modules["pipeline.corpus.plan"]):
        monkeypatch.setattr(
            module, "fingerprint", lambda name: "another" if name in changed else fingerprint(name)
        )


def marks(folder: Path) -> list[str]:
    return [d.made_by for d in documents(folder / "clean")]


@pytest.mark.parametrize(
    ("stage", "extract", "normalize"),
    [("extract", 3, 0), ("normalize", 1, 2), ("dedupe", 1, 0), ("corpus", 1, 0)],
)
def test_what_will_be_made_anew_is_what_is_made_anew(
    corpus: Path, stage: str, extract: int, normalize: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed_rules(monkeypatch, stage)
    before = sums(corpus / "clean")
    seen = foresee(job(corpus))
    assert (seen.full, seen.files, seen.extract, seen.normalize, seen.compare) == (
        TOLD[stage],
        2,
        extract,
        normalize,
        3,
    )
    assert sums(corpus / "clean") == before
    report = build(job(corpus))
    assert (report.full, report.extracted, report.normalized) == (seen.full, extract, extract + normalize)


def test_without_an_upgrade_only_what_is_new_is_foreseen(corpus: Path) -> None:
    seen = foresee(job(corpus))
    assert (seen.full, seen.files, seen.extract, seen.compare, seen.not_later) == (None, 1, 1, 1, None)
    assert upgrade_words(seen, 1.0) == []


@pytest.mark.parametrize("stage", ["extract", "normalize", "corpus"])
def test_new_rows_stand_marked_beside_rows_of_other_rules(
    corpus: Path, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_manifest(corpus / "clean/2.1.0").fingerprints
    changed_rules(monkeypatch, stage)
    report = build(job(corpus, later=True))
    assert (report.version, report.full, report.later) == ("2.2.0", None, TOLD[stage])
    assert report.extracted == 1, "what stands is not read again"
    manifest = read_manifest(corpus / "clean/2.2.0")
    assert manifest.fingerprints == before
    ((mark, rules),) = manifest.made_by.items()
    assert rules[stage] == "another"
    assert marks(corpus) == ["", "", mark]
    assert "rows with a `made_by` were made by later rules" in (corpus / "clean/2.2.0/README.md").read_text()
    assert versions.verify(corpus / "clean/2.2.0") == []
    assert not build(job(corpus, later=True)).published

    report = build(job(corpus))
    assert (report.version, report.full, report.later) == ("2.3.0", TOLD[stage], None)
    manifest = read_manifest(corpus / "clean/2.3.0")
    assert (manifest.fingerprints, manifest.made_by) == (rules, {})
    assert marks(corpus) == ["", "", ""]


def test_when_the_upgrade_is_taken_back_the_marked_rows_are_made_anew(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed_rules(monkeypatch, "normalize")
    build(job(corpus, later=True))
    monkeypatch.undo()
    assert build(job(corpus)).full == "some of its rows were made by later rules than the others"
    assert set(marks(corpus)) == {""}


def test_later_without_an_upgrade_is_an_ordinary_build(corpus: Path) -> None:
    report = build(job(corpus, later=True))
    assert (report.version, report.later, marks(corpus)) == ("2.2.0", None, ["", "", ""])


def test_rows_compared_by_other_rules_do_not_go_together(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed_rules(monkeypatch, "dedupe")
    with pytest.raises(
        RefusedError,
        match=r"beside those of before: the documents of version 2\.1\.0 were compared by other rules",
    ):
        build(job(corpus, later=True))
    assert list_versions(corpus / "clean") == ["2.1.0"]
    (_, words) = upgrade_words(foresee(job(corpus)), 1.0)
    assert (
        words
        == "New pages cannot be published before: the documents of version 2.1.0 were compared by other rules."
    )


def test_rows_of_other_columns_do_not_go_together(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = (corpus / "clean/2.1.0/articles").glob("*.parquet")
    path.chmod(0o644)
    pq.write_table(pq.read_table(path).drop_columns(["made_by"]), path)
    changed_rules(monkeypatch, "normalize")
    with pytest.raises(RefusedError, match=r"the rows of version 2\.1\.0 have other columns"):
        build(job(corpus, later=True))


def test_a_text_that_was_cut_keeps_the_form_it_was_cut_in(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = (corpus / "clean/2.1.0/articles").glob("*.parquet")
    rows = pq.read_table(path)
    cut = pa.array(["new", "split_from"], pa.string())
    path.chmod(0o644)
    pq.write_table(rows.set_column(rows.schema.get_field_index("relation"), "relation", cut), path)
    changed_rules(monkeypatch, "normalize")
    with pytest.raises(RefusedError, match="has texts cut out of others, and normalization is another"):
        build(job(corpus, later=True))
    changed_rules(monkeypatch, "extract")
    assert foresee(job(corpus)).not_later is None


def test_a_source_that_is_read_otherwise_now(corpus: Path) -> None:
    """Its own settings are rules as well."""
    other = Source(name="example", home="https://news.example/", extractor="container")
    report = build(job(corpus, other, later=True))
    assert (report.full, (report.later or "")[:29]) == (None, "source example has another bo")
    assert [bool(mark) for mark in marks(corpus)] == [False, False, True]


def test_a_lost_archive_file_is_no_upgrade(corpus: Path) -> None:
    manifest = read_manifest(corpus / "clean/2.1.0")
    inputs = tuple(replace(f, sha256="0" * 64) for f in manifest.inputs)
    write_manifest(corpus / "clean/2.1.0", replace(manifest, inputs=inputs))
    with pytest.raises(RefusedError, match="beside those of before: the archive changed"):
        build(job(corpus, later=True))


def folders(corpus: Path) -> Folders:
    (corpus / "sources").mkdir(exist_ok=True)
    return Folders(
        sources=corpus / "sources",
        raw=corpus / "raw",
        clean=corpus / "clean",
        work=corpus / ".build",
        workers=1,
    )


def test_while_a_rebuild_makes_its_shards_others_publish(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed_rules(monkeypatch, "normalize")
    real = building.make_extracted
    published: list[str | None] = []

    def meanwhile(*arguments: Any) -> Any:
        made = real(*arguments)
        if not published:
            published.append("")
            torn = shards.stage_folders(corpus / ".build")[0] / "x.1.part"
            torn.write_bytes(b"PAR1")
            published[0] = build(job(corpus, later=True)).version
            assert torn.exists(), "half a shard of the rebuild stays"
        return made

    monkeypatch.setattr(building, "make_extracted", meanwhile)
    report = runs.rebuild(folders(corpus)).build
    assert published == ["2.2.0"]
    assert report is not None
    assert (report.version, report.normalized, report.extracted) == ("2.3.0", 2, 0), (
        "the other's shard is used"
    )
    assert set(marks(corpus)) == {""}
    assert versions.verify(corpus / "clean/2.3.0") == []


def test_two_rebuilds_at_once_the_second_is_busy(corpus: Path) -> None:
    with making_shards(job(corpus)), pytest.raises(BusyError, match="another rebuild makes its shards"):
        runs.rebuild(folders(corpus))


def test_the_command_says_what_it_will_do_and_how_long(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    where = folders(corpus)
    line = [
        "build",
        *(f"--{n}={getattr(where, n)}" for n in ("sources", "raw", "clean", "work")),
        "--workers=1",
    ]
    assert main([*line, "--plan"]) == 0
    assert "1 new archive files, 1 pages." in capsys.readouterr().err
    changed_rules(monkeypatch, "extract")
    assert main([*line, "--plan"]) == 0
    words = capsys.readouterr().err.replace("\n", " ")
    assert (
        "the rules of extraction changed. 3 pages to extract, 3 pages to compare; how long it takes is not"
        in words
    )
    assert list_versions(corpus / "clean") == ["2.1.0"]
    (corpus / ".build/rates.json").write_text('{"extract": 0.0005, "compare": 10}')
    assert main([*line, "--plan"]) == 0
    assert "about 1 h 40 min" in capsys.readouterr().err
    assert main([*line, "--later"]) == 0
    assert (
        "New rows stand beside rows of other rules (the rules of extraction changed)"
        in capsys.readouterr().err
    )


def test_a_build_is_measured(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.rates.FEWEST", 1)
    shutil.rmtree(corpus / "clean")
    runs.build(folders(corpus))
    seen, seconds = runs.foresee(folders(corpus))
    assert (seen.extract, seconds) == (0, 0)
    shutil.rmtree(corpus / "clean")
    for folder in shards.stage_folders(corpus / ".build"):
        shutil.rmtree(folder)
    seen, seconds = runs.foresee(folders(corpus))
    assert seen.extract == 3
    assert seconds is not None
    assert 0 < seconds < 60


def test_a_schedule_adds_new_pages_and_leaves_the_rest_to_a_rebuild(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed_rules(monkeypatch, "normalize")
    where = folders(corpus)
    report = runs.build_and_look(where, RunReport(), auto_rebuild=False)
    assert report.build is not None
    assert (report.build.version, report.build.later) == ("2.2.0", TOLD["normalize"])
    assert [bool(mark) for mark in marks(corpus)] == [False, False, True]
    assert headline(report) == (
        "version 2.2.0: 1 added by capture; rules changed: rebuild waits for you"
        f" (preview: `corpus rebuild --preview`): {TOLD['normalize']}"
    )
    report = runs.build_and_look(where, RunReport())
    assert set(marks(corpus)) == {""}, "with auto_rebuild everything is made anew"


def test_a_schedule_still_does_what_is_no_change_of_the_rules(corpus: Path) -> None:
    withdraw(corpus / "raw", "run-1", "a wrong source")
    assert runs.other_rules(folders(corpus)) is None
    report = runs.build_and_look(folders(corpus), RunReport(), confirm=True, auto_rebuild=False).build
    assert report is not None
    assert (report.full, report.later) == ("the run run_1 was withdrawn: a wrong source", None)
