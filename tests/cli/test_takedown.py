"""`corpus takedown` as a person meets it: what is shown, what is asked, exit codes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from pipeline import archive
from pipeline.cli import main
from pipeline.corpus.read import list_versions
from tests.takedown.cases import TICKET, add, copied, ident, page, url

Capsys = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    (folder / "sources").mkdir()
    add(folder, [page(0), page(1)], "run-1")
    return folder


@pytest.fixture
def corpus(made: Path, tmp_path: Path) -> Path:
    return copied(made, tmp_path / "corpus")


def corpus_takedown(folder: Path, *words: str) -> int:
    where = [f"--{name}={folder / name}" for name in ("sources", "raw", "clean")]
    return main(["takedown", *words, *where, f"--work={folder / '.build'}"])


def test_it_shows_every_place_first_and_is_refused_where_nobody_can_be_asked(
    corpus: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert corpus_takedown(corpus, url(1), "--ticket", TICKET) == 3
    shown = capsys.readouterr().err
    assert all(
        word in shown for word in ("run_1.warc.gz", "version 2.1.0", "becomes 2.1.1", "--confirm does it")
    )
    assert list_versions(corpus / "clean") == ["2.1.0"]
    assert corpus_takedown(corpus, url(1), "--ticket", TICKET, "--dry-run", "--json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["then"] for line in lines} == {"goes", "becomes 2.1.1"}
    assert list_versions(corpus / "clean") == ["2.1.0"]


class Terminal(io.StringIO):
    """A person who types."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "code", "version"), [("yes\n", 3, "2.1.0"), (f"{TICKET}\n", 0, "2.1.1")])
def test_a_person_types_the_ticket(
    corpus: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch, typed: str, code: int, version: str
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    assert corpus_takedown(corpus, url(1), "--ticket", TICKET) == code
    assert f"Type {TICKET} to carry it out" in capsys.readouterr().err
    assert list_versions(corpus / "clean") == [version]


def test_a_list_is_taken_down_proven_explained_and_done_once(
    corpus: Path, capsys: Capsys, tmp_path: Path
) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f"# the case\n{ident(1)}\n\n{url(1)}\n", encoding="utf-8-sig")
    assert corpus_takedown(corpus, "--file", str(listed), "--ticket", TICKET, "--confirm", "--json") == 0
    printed = capsys.readouterr()
    done = json.loads(printed.out.splitlines()[-1])
    assert (done["done"], done["documents"], done["versions"]) == (True, [ident(1)], [["2.1.0", "2.1.1"]])
    assert all(file["before"] != file["after"] for file in done["warc"] + done["files"])
    assert "version 2.1.0 is now 2.1.1" in printed.err
    assert corpus_takedown(corpus, "--verify", TICKET) == 0
    assert "nothing is left" in capsys.readouterr().err
    clean, raw = f"--clean={corpus / 'clean'}", f"--raw={corpus / 'raw'}"
    for what in (url(1), ident(1)):
        assert main(["explain", what, clean, raw]) == 0
        assert f"taken down on {done['at'][:10]}, ticket {TICKET}" in capsys.readouterr().err
    assert corpus_takedown(corpus, url(1), "--ticket", "T-2", "--confirm") == 0
    assert "taken down before" in capsys.readouterr().err


def test_while_it_is_under_way_nothing_of_the_document_is_shown(corpus: Path, capsys: Capsys) -> None:
    add(corpus, [page(2, days=1)], "run-2")
    (corpus / "clean/TAKEDOWN").write_text(f"{ident(1)}\n{ident(2)}\n")
    clean, raw = f"--clean={corpus / 'clean'}", f"--raw={corpus / 'raw'}"
    assert main(["explain", url(1), clean, raw]) == 0
    assert main(["diff", "2.1", "2.2", clean]) == 0
    assert main(["read", clean]) == 0
    printed = capsys.readouterr()
    assert "a takedown is at work on it" in printed.err
    assert [json.loads(line)["id"] for line in printed.out.splitlines()] == [ident(0)]
    assert url(2) not in printed.out + printed.err


def test_what_the_proof_finds_is_refused_by_name(corpus: Path, capsys: Capsys) -> None:
    body = page(1).body
    assert corpus_takedown(corpus, url(1), "--ticket", TICKET, "--confirm") == 0
    (corpus / ".build/notes.txt").write_bytes(body)
    assert corpus_takedown(corpus, "--verify", TICKET) == 3
    told = capsys.readouterr().err
    assert "notes.txt" in told
    assert "1 places must not be" in told


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--ticket", TICKET], 2, "nothing named"),
        (["x", "--ticket", "a/b"], 2, "--ticket 'a/b'"),
        ([url(1)], 2, "--ticket T is needed"),
        (["https://no.example/1", "--ticket", TICKET], 2, "neither in"),
        (["--file", "nowhere.txt", "--ticket", TICKET], 2, "nowhere.txt"),
        (["--verify", "T-9"], 2, "no takedown T-9; there are none"),
    ],
)
def test_what_is_wrong_is_named(corpus: Path, capsys: Capsys, words: list[str], code: int, told: str) -> None:
    assert corpus_takedown(corpus, *words) == code
    assert told in capsys.readouterr().err


def test_busy_is_4(corpus: Path, capsys: Capsys) -> None:
    with archive.lock(corpus / "raw"):
        assert corpus_takedown(corpus, url(1), "--ticket", TICKET, "--confirm") == 4
    assert "another run writes" in capsys.readouterr().err
