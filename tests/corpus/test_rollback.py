"""An older version published again: a release like any other, which holds builds until it is released."""

from __future__ import annotations

import errno
import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.archive.withdrawn import withdraw
from pipeline.cli import main
from pipeline.corpus import versions
from pipeline.corpus.build import build
from pipeline.corpus.holds import on_hold
from pipeline.corpus.job import locked
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import documents, latest, list_versions, read_changes
from pipeline.corpus.rollback import release, rollback
from pipeline.errors import BusyError, CorpusError, NoSpaceError, RefusedError, UsageError
from pipeline.records import Document
from pipeline.runs import Folders
from pipeline.upkeep import maintain, verify
from tests.corpus.archives import PLAIN, START, html, job, story_page, write
from tests.corpus.test_build import killed_at, sums

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three versions; the third changed a page and brought one."""
    folder = tmp_path_factory.mktemp("published")
    write(folder / "raw", [story_page(0), story_page(1)], "crawl-1")
    build(job(folder))
    write(folder / "raw", [story_page(2, fetched_at=START + DAY)], "crawl-2")
    build(job(folder))
    bad = story_page(0, body=html(PLAIN[20].title, PLAIN[20].body), fetched_at=START + 2 * DAY)
    write(folder / "raw", [bad, story_page(3, fetched_at=START + 2 * DAY)], "crawl-3")
    build(job(folder))
    return folder


@pytest.fixture
def corpus(published: Path, tmp_path: Path) -> Path:
    shutil.copytree(published, tmp_path / "corpus", symlinks=True)
    return tmp_path / "corpus"


def rows(corpus: Path, version: str) -> list[Document]:
    return [d for t in ("articles", "dropped") for d in documents(corpus / "clean", version=version, table=t)]


def crawled(corpus: Path, number: int, day: int) -> None:
    write(corpus / "raw", [story_page(number, fetched_at=START + day * DAY)], f"crawl-{number}")


def test_a_rollback_is_a_new_release_equal_to_the_old_one(corpus: Path) -> None:
    clean = corpus / "clean"
    manifest = rollback(job(corpus), "2.2", "page 0 was\novertaken")
    assert (manifest.version, manifest.parent, manifest.equal_to) == ("2.4.0", "2.3.0", "2.2.0")
    assert read_manifest(clean / "2.4.0") == manifest
    assert (latest(clean), list_versions(clean)[-1]) == ("2.4.0", "2.4.0")
    assert rows(corpus, "2.4") == rows(corpus, "2.2")
    for path in (clean / "2.2.0").glob("*/*"):
        assert path.samefile(clean / "2.4.0" / path.relative_to(clean / "2.2.0")), "it costs no second copy"
    assert manifest.why == "page 0 was overtaken"
    assert "**Rolled back:** equal to 2.2.0, published again: page 0 was overtaken." in (
        clean / "2.4.0/README.md"
    ).read_text(encoding="utf-8")
    assert manifest.changes == {"changed:rollback": 1, "removed:rollback": 1}
    assert read_changes(clean, since="2.2").num_rows == 0, "who has 2.2 has nothing to do"
    assert {r["cause"] for r in read_changes(clean, since="2.3").to_pylist()} == {"rollback"}
    assert verify(Folders(raw=corpus / "raw", clean=clean)) == []


def test_nothing_is_published_until_it_is_released_and_the_archive_grows(corpus: Path) -> None:
    rollback(job(corpus), "2.2", "overtaken")
    crawled(corpus, 4, 3)
    for options in ({}, {"full": True}, {"confirm": True}, {"compact": True}):
        report = build(job(corpus, **options))
        assert (report.published, report.version) == (False, "2.4.0")
        assert "2.4.0 went back to 2.2.0 (overtaken)" in (report.on_hold or "")
    preview = build(job(corpus, preview=True))
    assert (preview.on_hold, preview.changes) == (None, {"added:capture": 2, "changed:capture": 1})
    where = Folders(raw=corpus / "raw", clean=corpus / "clean", work=corpus / ".build", workers=1)
    assert maintain(where).kept["2.4.0"] == "latest", "maintenance goes on"
    withdraw(corpus / "raw", "crawl-3", "overtaken")
    assert build(job(corpus)).on_hold, "only the word releases it"
    assert release(job(corpus)).version == "2.4.0"
    assert on_hold(corpus / "clean") is None
    report = build(job(corpus))
    assert (report.version, report.full) == ("2.5.0", None)
    titles = {d.title for d in documents(corpus / "clean")}
    assert titles == {PLAIN[n].title for n in (0, 1, 2, 4)}
    assert read_manifest(corpus / "clean/2.5.0").equal_to is None
    assert versions.verify(corpus / "clean/2.5.0") == []
    with pytest.raises(RefusedError, match="no rollback holds it"):
        release(job(corpus))


def test_released_without_more_the_next_build_takes_in_what_was_left_out(corpus: Path) -> None:
    rollback(job(corpus), "2.2", "overtaken")
    release(job(corpus))
    assert build(job(corpus)).version == "2.5.0"
    assert {d.text_hash for d in rows(corpus, "2.5")} == {d.text_hash for d in rows(corpus, "2.3")}
    rollback(job(corpus), "2.4", "again")
    held = on_hold(corpus / "clean")
    assert held is not None, "a word of before releases no later rollback"
    assert held.equal_to == "2.4.0"


def test_what_cannot_be_brought_back_is_said(corpus: Path) -> None:
    clean = corpus / "clean"
    with pytest.raises(UsageError, match="is the newest version"):
        rollback(job(corpus), "2.3", "x")
    with pytest.raises(UsageError, match=r"there is no version 2\.9"):
        rollback(job(corpus), "2.9", "x")
    with pytest.raises(UsageError, match="say --why"):
        rollback(job(corpus), "2.2", " ")
    shutil.copytree(clean / "2.2.0", clean / "1.2.0")
    with pytest.raises(UsageError, match="earlier schema"):
        rollback(job(corpus), "1.2", "x")
    with locked(job(corpus)), pytest.raises(BusyError):
        rollback(job(corpus), "2.2", "x")
    path = next((clean / "2.2.0/articles").iterdir())
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[:-1] + b"?")
    with pytest.raises(CorpusError, match="missing, or not as it was published"):
        rollback(job(corpus), "2.2", "x")
    assert latest(clean) == "2.3.0"
    assert on_hold(clean) is None


def test_the_command_rolls_back_tells_and_releases(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (corpus / "sources").mkdir()
    where = [f"--{name}={corpus / name}" for name in ("clean", "raw", "sources")] + [
        f"--work={corpus / '.build'}"
    ]
    assert main(["rollback", *where]) == 2
    assert main(["rollback", "2.2", *where]) == 2
    assert main(["rollback", "2.2", "--release", *where]) == 2
    assert main(["rollback", "2.2", "--why", "overtaken", "--json", *where]) == 0
    shown = capsys.readouterr()
    assert "Published 2.4.0, equal to 2.2.0." in shown.err
    assert json.loads(shown.out) == {
        "version": "2.4.0",
        "equal_to": "2.2.0",
        "changes": {"changed:rollback": 1, "removed:rollback": 1},
    }
    assert main(["build", *where]) == 0
    assert "Nothing was published: 2.4.0 went back to 2.2.0 (overtaken)" in " ".join(
        capsys.readouterr().err.split()
    )
    assert main(["versions", where[0]]) == 0
    told = " ".join(capsys.readouterr().err.split())
    assert "back to 2.2.0: overtaken" in told
    assert "Nothing is published: 2.4.0 went back to 2.2.0" in told
    assert main(["rollback", "--release", *where]) == 0
    assert "the next one goes on from 2.4.0" in capsys.readouterr().err


@pytest.mark.slow
def test_killed_at_any_write_the_rollback_is_there_whole_or_not(corpus: Path, tmp_path: Path) -> None:
    calm = tmp_path / "calm"
    shutil.copytree(corpus, calm, symlinks=True)
    rollback(job(calm), "2.2", "overtaken")
    number, died, seen = 0, True, set()
    while died:
        number += 1
        folder = tmp_path / f"killed-{number}"
        shutil.copytree(corpus, folder, symlinks=True)
        died = killed_at(number, lambda folder=folder: rollback(job(folder), "2.2", "overtaken"))  # type: ignore[misc]
        newest = list_versions(folder / "clean")[-1]
        seen.add(newest)
        assert versions.verify(folder / "clean" / newest) == []
        assert (on_hold(folder / "clean") is not None) is (newest == "2.4.0"), (
            "held exactly where it was published"
        )
        if newest == "2.3.0":
            rollback(job(folder), "2.2", "overtaken")
        assert build(job(folder)).on_hold
        assert sums(folder / "clean") == sums(calm / "clean"), f"after a kill at write {number}"
        assert {p.name for p in (folder / "clean/changes").iterdir()} == {
            f"2.{n}.0.parquet" for n in range(1, 5)
        }
        shutil.rmtree(folder)
    assert seen == {"2.3.0", "2.4.0"}
    number = 0
    while killed_at(number := number + 1, lambda: release(job(calm))):
        assert (on_hold(calm / "clean") is None) is (calm / "clean/RELEASED").exists()
        (calm / "clean/RELEASED").unlink(missing_ok=True)
    assert on_hold(calm / "clean") is None
    assert number > 2


@pytest.mark.parametrize("at", ["write_parquet", "write_card", "write_text"])
def test_a_full_disk_leaves_what_stood(corpus: Path, at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.corpus import rollback as module

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "x")

    before = sums(corpus / "clean")
    with monkeypatch.context() as patched:
        patched.setattr(Path if at == "write_text" else module, at, full)
        with pytest.raises(NoSpaceError):
            rollback(job(corpus), "2.2", "overtaken")
    assert sums(corpus / "clean") == before
    assert on_hold(corpus / "clean") is None
    assert not (corpus / ".build/staging-clean").exists()
    assert rollback(job(corpus), "2.2", "overtaken").version == "2.4.0"
