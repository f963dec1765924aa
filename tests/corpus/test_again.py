"""A version made again from its inputs: the same bytes, or what differs first and why."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline import upkeep
from pipeline.cli import main
from pipeline.corpus import environment as environments
from pipeline.corpus.build import build
from pipeline.corpus.environment import changed, environment, environment_of
from pipeline.corpus.publish import ENVIRONMENT, read_manifest, write_json, write_manifest
from pipeline.corpus.read import list_versions
from pipeline.errors import CorpusError, RefusedError, UsageError
from pipeline.runs import Folders
from tests.corpus.archives import failed_page, job, story_page, write
from tests.corpus.test_sums import flip_values

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("again")
    (folder / "sources").mkdir()
    write(folder / "raw", [story_page(0), story_page(1), failed_page(2, "timeout")])
    build(job(folder))
    write(folder / "raw", [story_page(n, fetched_at=story_page(n).fetched_at + DAY) for n in (3, 4)], "run-2")
    build(job(folder))
    return folder


@pytest.fixture
def corpus(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "corpus", symlinks=True)
    return tmp_path / "corpus"


def where(corpus: Path) -> Folders:
    return Folders(
        sources=corpus / "sources",
        raw=corpus / "raw",
        clean=corpus / "clean",
        work=corpus / ".build",
        workers=1,
    )


@pytest.mark.parametrize("version", ["2.1", "2.2"])
def test_a_version_comes_out_byte_for_byte(corpus: Path, version: str) -> None:
    before = {p: p.stat().st_ino for p in (corpus / "clean").rglob("*")}
    found = upkeep.verify_rebuild(where(corpus), version)
    assert (found.other, found.first, found.causes) == ((), "", ())
    assert "articles/2026-11-01-000.parquet" in found.same
    assert {p: p.stat().st_ino for p in (corpus / "clean").rglob("*")} == before
    assert not list((corpus / ".build").glob("rebuilt-*"))


def test_another_declaration_of_a_source_is_told_with_the_row(corpus: Path) -> None:
    (corpus / "sources/example.toml").write_text(
        'home = "https://news.example/"\nurls = ["https://news.example/a/0.html"]\nterms = "CC BY 4.0"\n'
    )
    found = upkeep.verify_rebuild(where(corpus), "2.1")
    assert ", terms: '' then, 'CC BY 4.0' now" in found.first
    assert found.causes == ("source example declares something else",)


def test_another_library_and_other_rules_are_told_first(corpus: Path) -> None:
    folder = corpus / "clean/2.1.0"
    manifest = read_manifest(folder)
    then = {**environment_of(folder), "library/opencc": "1.0", "code/rules/closings.tsv": "0"}
    for path in folder.glob("*.json"):
        path.chmod(0o644)
    (folder / "SHA256SUMS").chmod(0o644)
    files = tuple(replace(f, sha256="0" * 64) if f.file.startswith("articles") else f for f in manifest.files)
    write_json(folder / ENVIRONMENT, then)
    write_manifest(folder, replace(manifest, files=files))
    found = upkeep.verify_rebuild(where(corpus), "2.1")
    assert found.causes[0].startswith("library opencc: 1.0 then, ")
    assert any(cause.startswith("rules rules/closings.tsv") for cause in found.causes)


def test_inputs_that_are_gone_are_named(corpus: Path) -> None:
    min((corpus / "raw").rglob("*.warc.gz")).unlink()
    with pytest.raises(
        RefusedError, match=r"1 of the 1 files that version 2\.1\.0 was made of are not there"
    ):
        upkeep.verify_rebuild(where(corpus), "2.1")


def test_without_its_parent_its_rows_are_compared(corpus: Path) -> None:
    shutil.rmtree(corpus / "clean/2.1.0")
    found = upkeep.verify_rebuild(where(corpus), "2.2")
    assert not any(name.startswith(("articles", "dropped")) for name in found.other)
    assert found.first.startswith("no row: ")
    assert "its parent is gone" in found.causes[-1]


def test_rows_that_do_not_read_are_named_with_their_file(corpus: Path) -> None:
    shutil.rmtree(corpus / "clean" / list_versions(corpus / "clean")[0])
    newest = corpus / "clean" / list_versions(corpus / "clean")[-1]
    path = next((newest / "articles").iterdir())
    path.chmod(0o644)
    flip_values(path)
    with pytest.raises(CorpusError, match=rf"{path}: damaged \(.*`corpus repair` puts it right"):
        upkeep.verify_rebuild(where(corpus), newest.name)


def test_the_command_says_so_and_its_code_tells(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = [f"--{name}={corpus / name}" for name in ("raw", "clean", "sources")] + [
        f"--work={corpus / '.build'}"
    ]
    assert main(["verify", "--rebuild", "2.2", "--workers=1", *line]) == 0
    assert "are the same, byte for byte" in capsys.readouterr().err
    assert main(["verify", "--env", str(corpus / "env"), *line]) == UsageError.exit_code
    assert list_versions(corpus / "clean") == ["2.1.0", "2.2.0"]


def test_the_environment_names_all_that_rows_depend_on() -> None:
    said = environment()
    assert {"python", "library/trafilatura", "library/lxml", "library/pyarrow"} <= said.keys()
    assert "library/lxml-html-clean" in said  # trafilatura → justext → lxml[html_clean]
    assert {"code/corpus/build.py", "code/extract/__init__.py"} <= said.keys()
    assert any(key.startswith("code/rules/") and key.endswith(".tsv") for key in said)
    assert changed(said, said) == []
    assert changed({"library/x": "1"}, {"library/x": "2", "commit": "a"}) == ["library x: 1 then, 2 now"]


def test_an_environment_is_asked_of_pip_with_each_pin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="does not say"):
        environments.build_environment(tmp_path / "none", {})
    # pip is there already, of this version alone: nothing is fetched
    monkeypatch.setattr(environments, "_with_needs", lambda _: {"pip": "0"})
    then = {"library/pip": environments.version("pip"), "python": "3"}
    assert environments.build_environment(tmp_path / "env", then).is_file()
