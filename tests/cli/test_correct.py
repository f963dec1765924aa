"""`corpus correct`: an entry with what stands now, written whole or not at all, and what became of those there are."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import main
from pipeline.corpus.build import build
from pipeline.corpus.read import documents
from pipeline.corrections import load
from pipeline.records import Document
from tests.corpus.archives import PLAIN, html, job, story_page, write
from tests.corpus.test_build import broken, die, full, killed_at
from tests.extract.test_pages import test_page_reads_as_expected as reads_as_expected

Capsys = pytest.CaptureFixture[str]
FOOTER = "镇上的渡轮公司今年又添了两条新船，票价和往年一样。"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write(folder / "raw", [story_page(0, body=html(PLAIN[0].title, [*PLAIN[0].body, FOOTER])), story_page(1)])
    build(job(folder))
    return folder


@pytest.fixture
def corpus(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "corpus", symlinks=True)
    return tmp_path / "corpus"


def where(folder: Path) -> list[str]:
    return [f"--{name}={folder / name}" for name in ("corrections", "raw", "clean")]


def correct(folder: Path, *words: str) -> int:
    return main(["correct", *words, *where(folder)])


def corpus_build(folder: Path) -> int:
    return main(["build", *where(folder), f"--work={folder / '.build'}", f"--sources={folder / 'sources'}"])


def first(folder: Path) -> Document:
    return min(documents(folder / "clean"), key=lambda row: row.url)


def told(capsys: Capsys) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_is_set_is_in_the_next_version_and_explained(corpus: Path, capsys: Capsys) -> None:
    (corpus / "sources").mkdir()
    before = first(corpus)
    says = ("--set", 'title=改过的"题目"', "--set", "drop=镇上的渡轮公司", "--set", "published_on=2026-10-01")
    assert correct(corpus, before.url, *says, "--why", "看过", "--by", "王芳") == 0
    (row,) = told(capsys)
    assert (row["line"], row["corrects"]) == (3, ["drop", "published_on", "title"])
    (said,) = load(corpus / "corrections")
    assert (said.page or "").startswith("sha1:")
    assert (said.id, said.text, said.why, said.by) == (before.id, before.extracted_hash, "看过", "王芳")
    assert correct(corpus, "--list") == 0
    assert told(capsys)[0]["state"] == "waits"
    assert corpus_build(corpus) == 0
    assert (first(corpus).title, first(corpus).extracted.split("\n")[-1]) == (
        '改过的"题目"',
        PLAIN[0].body[-1],
    )
    assert correct(corpus, "--list") == 0
    assert told(capsys)[0]["state"] == "holds"
    assert main(["explain", before.id, *where(corpus)]) == 0
    words = capsys.readouterr().err
    assert f"corrected  title: '{before.title}' → '改过的\"题目\"'" in words
    assert f"corrections/example.toml:3 (王芳, {said.on}): 看过" in words.replace("\n", "")


def test_the_template_says_what_stands_and_corrects_nothing_by_itself(corpus: Path, capsys: Capsys) -> None:
    row = first(corpus)
    assert correct(corpus, row.id) == 0
    text = capsys.readouterr().out
    assert f'# title = "{row.title}"\n' in text
    assert '# author = ""\n' in text
    assert f"#: + {FOOTER}\n" in text
    folder = corpus / "corrections"
    folder.mkdir()
    (folder / "example.toml").write_text(text)
    assert correct(corpus, "--check") == 2
    (folder / "example.toml").write_text(
        text.replace("# title = ", "title = ").replace('why = ""', 'why = "x"')
    )
    assert correct(corpus, "--check") == 0
    assert "1 corrections in 1 files" in capsys.readouterr().err


def in_a_terminal(corpus: Path, editor: str, document: str) -> str:
    """What the command says where $EDITOR is a shell command; stdin and stdout are a terminal."""
    controller, terminal = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "correct", document, *where(corpus)],
        stdin=terminal,
        stdout=terminal,
        stderr=subprocess.PIPE,
        env={**os.environ, "EDITOR": f"sh -c '{editor} \"$0\"'", "VISUAL": "", "TERM": "dumb"},
    )
    os.close(terminal)
    _, words = child.communicate(timeout=60)
    os.close(controller)
    return f"{child.returncode} {words.decode()}"


def test_an_editor_is_opened_on_a_terminal(corpus: Path) -> None:
    row = first(corpus)
    assert in_a_terminal(corpus, "true", row.id).startswith("0 Nothing was written")
    mend = 's/^# title = .*/title = \\"改\\"/; s/^why = .*/why = \\"x\\"/'
    assert in_a_terminal(corpus, f'sed -i "{mend}"', row.id).startswith("0 Written to")
    text = (corpus / "corrections/example.toml").read_text()
    assert "#:" not in text
    assert text.startswith(f"# {row.title}\n# {row.url}\n[[correct]]\n")
    (said,) = load(corpus / "corrections")
    assert said.does == {"title": "改"}
    assert in_a_terminal(corpus, "true", row.id).startswith("2 corpus correct: ")


def test_a_draft_that_is_not_right_is_kept_and_nothing_is_written(corpus: Path) -> None:
    words = in_a_terminal(corpus, 'sed -i "s/^# title/titel/"', first(corpus).id)
    assert words.startswith("2 Nothing was written. The draft is kept in ")
    assert "did you mean 'title'?" in words
    assert not (corpus / "corrections").exists()


FAULTS = {
    "an unknown key": (["--set", "titel=x"], "say KEY=VALUE, KEY one of title"),
    "no value": (["--set", "title"], "say KEY=VALUE"),
    "no day": (["--set", "published_on=yesterday"], "is not a day like 2026-11-01"),
    "no flag": (["--set", "join=yes"], "can only be true"),
    "no table": (["--set", "drop={from"], "no TOML table"),
    "a control sign": (
        ["--set", "title=a\x1bb", "--why", "x"],
        "title: must be one line without control signs",
    ),
    "a megabyte": (["--set", f"title={'长' * 1_000_000}", "--why", "x"], "title: has 1000000 characters"),
    "no reason": (["--set", "title=x"], "why: missing"),
}


@pytest.mark.parametrize(("words", "said"), FAULTS.values(), ids=FAULTS)
def test_hostile_values_are_refused_by_name(
    words: list[str], said: str, corpus: Path, capsys: Capsys
) -> None:
    assert correct(corpus, first(corpus).id, *words) == 2
    assert said in capsys.readouterr().err.replace("\n", "")
    assert not (corpus / "corrections").exists()


def test_unknown_documents_are_named(corpus: Path, capsys: Capsys) -> None:
    assert correct(corpus, "0" * 32, "--set", "title=x", "--why", "x") == 2
    assert f"{'0' * 32}: not in version 2.1.0" in capsys.readouterr().err
    assert correct(corpus) == 2


def test_a_correction_is_renewed_with_what_it_said(corpus: Path, capsys: Capsys) -> None:
    (corpus / "sources").mkdir()
    assert (
        correct(
            corpus,
            first(corpus).id,
            "--set",
            "title=改",
            "--set",
            "drop={words='请注明出处，'}",
            "--why",
            "x",
        )
        == 0
    )
    later = story_page(0).fetched_at + timedelta(days=1)
    body = html(PLAIN[0].title, [*PLAIN[0].body, FOOTER, "编者后来补充了一段话，说明此事又有了新的进展。"])
    write(corpus / "raw", [story_page(0, body=body, fetched_at=later)], "run-2")
    assert corpus_build(corpus) == 0
    assert "fell away, https://news.example/a/0.html says something else" in capsys.readouterr().err.replace(
        "\n", " "
    )
    assert correct(corpus, "--list") == 0
    assert [row["state"] for row in told(capsys)] == ["fell away"]
    assert correct(corpus, first(corpus).id) == 0
    with (corpus / "corrections/example.toml").open("a") as file:
        file.write("\n" + capsys.readouterr().out)
    old, new = load(corpus / "corrections")
    assert (new.does, new.why) == (old.does, "x")
    assert new.text != old.text
    assert corpus_build(corpus) == 0
    assert first(corpus).title == "改"


def test_a_corrected_page_becomes_a_golden_page(corpus: Path, capsys: Capsys) -> None:
    (corpus / "sources").mkdir()
    row = first(corpus)
    assert correct(corpus, row.id, "--to-case", str(corpus / "pages")) == 2
    assert "nothing of it is corrected" in capsys.readouterr().err
    assert correct(corpus, row.id, "--set", "title=改", "--set", "drop=镇上的渡", "--why", "x") == 0
    assert corpus_build(corpus) == 0
    assert correct(corpus, row.id, "--to-case", str(corpus / "pages")) == 0
    (path,) = (corpus / "pages").glob("*/*/expected.json")
    wanted = json.loads(path.read_text())
    assert wanted["articles"][0]["title"] == "改"
    assert wanted["articles"][0]["body"] == list(PLAIN[0].body)
    assert wanted["absent"] == [FOOTER]
    with pytest.raises(AssertionError):
        reads_as_expected(path)
    path.write_text(json.dumps({**wanted, "articles": [{**wanted["articles"][0], "title": PLAIN[0].title}]}))
    with pytest.raises(AssertionError, match=FOOTER[:8]):
        reads_as_expected(path)
    assert correct(corpus, row.id, "--to-case", str(corpus / "pages")) == 2, "never written over"


@pytest.mark.parametrize("fault", [die, full, broken])
def test_after_a_fault_at_any_write_an_entry_is_there_whole_or_not_at_all(
    corpus: Path, fault: Callable[[], None]
) -> None:
    one, two = documents(corpus / "clean")
    assert correct(corpus, one.id, "--set", "title=一", "--why", "x") == 0
    path = corpus / "corrections/example.toml"
    before = path.read_bytes()
    number, died = 0, True
    while died:
        number += 1
        path.write_bytes(before)
        died = killed_at(number, lambda: correct(corpus, two.id, "--set", "title=二", "--why", "x"), fault)
        assert [each.title for each in load(corpus / "corrections")] in (["一"], ["一", "二"])
        assert path.read_bytes().startswith(before)
    assert number > 2


def test_a_full_disk_leaves_what_stood(corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    one, two = documents(corpus / "clean")
    assert correct(corpus, one.id, "--set", "title=一", "--why", "x") == 0
    path = corpus / "corrections/example.toml"
    before = path.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.archive.store.write_all", full)
    assert correct(corpus, two.id, "--set", "title=二", "--why", "x") == 5
    assert path.read_bytes() == before
