from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline import rules
from pipeline.corpus import plan as module
from pipeline.corpus.build import build
from pipeline.corpus.plan import FORCED, MADE_BY, TOLD, plan
from pipeline.errors import RefusedError, UsageError
from pipeline.records import Selector, Source
from tests.corpus.archives import job, story_page, write

EXAMPLE = Source(name="example", home="https://news.example/")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("code") / "pipeline"
    shutil.copytree(rules.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


CHANGED = {
    "records.py": "extract",
    "extract/body.py": "extract",
    "corpus/pages.py": "extract",
    "corpus/schema.py": "extract",
    "rules/surnames.tsv": "extract",
    "rules/variants.tsv": "extract",
    "normalize/quotes.py": "normalize",
    "corpus/quality.py": "normalize",
    "corpus/texts.py": "normalize",
    "rules/script.tsv": "normalize",
    "dedupe/relate.py": "dedupe",
    "corpus/assemble.py": "corpus",
    "corpus/correcting.py": "corpus",
    "corpus/intake.py": "corpus",
    "corrections.py": "corpus",
    "corpus/edition.py": "corpus",
    "corpus/expectations.py": "corpus",
    "corpus/changes.py": "corpus",
    "corpus/card.py": "corpus",
    "corpus/publish.py": "corpus",
    "corpus/shards.py": "corpus",
    "corpus/versions.py": None,
    "archive/writer.py": "corpus",
    "crawl/visit.py": None,
    "cli/look.py": None,
    "corpus/upgrade.py": None,
    "rates.py": None,
    "demo/pages.py": None,
    "runs.py": None,
    "report.py": None,
}
"""File → the first stage whose rows it may change, as the message names it; None: no row."""


@pytest.mark.parametrize(("file", "stage"), CHANGED.items(), ids=CHANGED)
def test_a_changed_file_makes_everything_anew_from_its_stage_on(
    file: str, stage: str | None, package: Path
) -> None:
    fingerprint = rules.fingerprint.__wrapped__
    before = {each: fingerprint(maker, package) for each, maker in MADE_BY.items()}
    was = (package / file).read_bytes()
    (package / file).write_bytes(was + b"\n")
    try:
        after = {each: fingerprint(maker, package) for each, maker in MADE_BY.items()}
    finally:
        (package / file).write_bytes(was)
    changed = [each for each in MADE_BY if before[each] != after[each]]
    assert changed[:1] == ([stage] if stage else [])
    assert not changed or changed[-1] == "corpus"


def test_every_stage_has_its_words() -> None:
    assert list(TOLD) == list(MADE_BY)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planned")
    write(folder / "raw", [story_page(0)])
    build(job(folder, EXAMPLE))
    write(folder / "raw", [story_page(1)], "run-2")
    return folder


OTHER = replace(EXAMPLE, name="other")
BODY = (Selector(css="div.article"),)
SOURCES: dict[str, tuple[tuple[Source, ...], str | None]] = {
    "the same": ((EXAMPLE,), None),
    "none": ((), None),
    "other pace": ((replace(EXAMPLE, delay=9.0, every=60.0, expect_kept=0.5, expect_links=3),), None),
    "other addresses": ((replace(EXAMPLE, urls=("https://news.example/b",), include=("*",)),), None),
    "a new source": ((EXAMPLE, replace(OTHER, body=BODY)), None),
    "body": (
        (replace(EXAMPLE, body=BODY),),
        "source example has another body, drop, charset, extractor, mask or terms",
    ),
    "drop": ((replace(EXAMPLE, drop=BODY),), "source example has another"),
    "charset": ((replace(EXAMPLE, charset="gbk"),), "source example has another"),
    "extractor": ((replace(EXAMPLE, extractor="container"),), "source example has another"),
    "terms": ((replace(EXAMPLE, terms="CC0"),), "source example has another"),
}


@pytest.mark.parametrize(("sources", "why"), SOURCES.values(), ids=SOURCES)
def test_what_a_source_says_makes_a_build_full_only_where_it_changes_rows(
    corpus: Path, sources: tuple[Source, ...], why: str | None
) -> None:
    found = plan(job(corpus, *sources))
    assert (found.why_full or "").startswith(why or "")
    assert (found.why_full is None, found.base is None) == (why is None, why is not None)
    assert len(found.new) == 1, "whatever is read again, one file is new"
    assert len(found.fresh) == (1 if why is None else 2)
    assert len(found.files) == 2


def test_the_first_build_has_no_reason_to_be_full(corpus: Path, tmp_path: Path) -> None:
    found = plan(job(corpus, EXAMPLE, clean=tmp_path / "clean"))
    assert (found.parent, found.base, found.why_full, len(found.fresh), len(found.new)) == (
        None,
        None,
        None,
        2,
        2,
    )


def test_a_full_build_may_be_asked_for(corpus: Path) -> None:
    found = plan(job(corpus, EXAMPLE, full=True))
    assert (found.why_full, found.base, len(found.fresh), len(found.new)) == (FORCED, None, 2, 1)
    assert found.parent is not None


@pytest.mark.parametrize("stage", MADE_BY)
def test_a_stage_made_by_other_code_is_named_in_words(
    corpus: Path, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fingerprint(name: str) -> str:
        return "another" if name == MADE_BY[stage] else rules.fingerprint(name)

    monkeypatch.setattr(module, "fingerprint", fingerprint)
    assert plan(job(corpus, EXAMPLE)).why_full == TOLD[stage]


def test_a_stage_there_was_and_is_no_more_is_named(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MADE_BY", {k: v for k, v in MADE_BY.items() if k != "dedupe"})
    assert plan(job(corpus, EXAMPLE)).why_full == TOLD["dedupe"]
    monkeypatch.setattr(module, "TOLD", {})
    assert plan(job(corpus, EXAMPLE)).why_full == "the rules changed (dedupe)"


def copied(corpus: Path, folder: Path) -> Path:
    shutil.copytree(corpus, folder, symlinks=True)
    return folder


def first_file(folder: Path) -> Path:
    """The archive file that the version was made of."""
    name = plan(job(folder, EXAMPLE)).files[0].file
    return folder / "raw" / name


def test_lost_archive_files_are_refused_unless_confirmed(corpus: Path, tmp_path: Path) -> None:
    folder = copied(corpus, tmp_path / "lost")
    path = first_file(folder)
    for file in path.parent.glob(path.name.removesuffix(".warc.gz") + "*"):
        file.unlink()
    with pytest.raises(RefusedError, match=r"1 archive files of version 2\.1\.0 are not there, .*--confirm"):
        plan(job(folder, EXAMPLE))
    found = plan(job(folder, EXAMPLE, confirm=True))
    assert (found.why_full or "").startswith("the archive changed (")
    assert len(found.fresh) == 1


def test_an_archive_file_of_other_bytes_makes_a_build_full(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = plan(job(corpus, EXAMPLE)).files
    changed = [replace(files[0], sha256="0" * 64), *files[1:]]
    monkeypatch.setattr(module.archive, "standing", lambda raw: changed)
    assert plan(job(corpus, EXAMPLE)).why_full == f"the archive changed ({files[0].file})"


def test_no_archive_is_named(tmp_path: Path) -> None:
    arguments: dict[str, Any] = {"raw": tmp_path / "rwa"}
    with pytest.raises(UsageError, match="rwa: no such archive folder"):
        plan(job(tmp_path, **arguments))
