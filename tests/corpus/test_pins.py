"""Pins: a version a line, odd lines refused by number."""

from __future__ import annotations

import errno
import json
import os
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.corpus.build import build
from pipeline.corpus.pins import pin, pinned, pins, unpin
from pipeline.corpus.read import list_versions
from pipeline.errors import RefusedError, UsageError
from tests.corpus.archives import START, job, story_page, write
from tests.corpus.test_build import killed_at


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    for version in ("1.4.0", "1.4.1", "1.40.0", "2.5.0"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "manifest.json").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", set()),
        ("2.5.0\n", {"2.5.0"}),
        ("\ufeff1.4\r\n\n", {"1.4.0", "1.4.1"}),
        ("# for the paper\n2.5.0  # Li\n 1.4.1\n", {"2.5.0", "1.4.1"}),
    ],
)
def test_a_line_is_a_version(clean: Path, text: str, found: set[str]) -> None:
    (clean / "PINNED").write_text(text, encoding="utf-8", newline="")
    assert pinned(clean) == found


@pytest.mark.parametrize(
    "line",
    [
        "v1.4.0",
        "1.4,1.6",
        "1.4.0 2.5.0",
        "9.9",
        "2.5.1",
        "1",
        "latest",
        "1.4 owner=",
        "1.4 Owner=li",
        "1.4 until=soon",
    ],
)
def test_an_odd_line_is_refused_by_its_number(clean: Path, line: str) -> None:
    (clean / "PINNED").write_text(f"2.5\n{line}\n", encoding="utf-8")
    with pytest.raises(RefusedError, match=r"line 2: .*there are 1.4.0, 1.4.1, 1.40.0, 2.5.0"):
        pinned(clean)


def test_pin_and_unpin(clean: Path) -> None:
    assert (pin(clean, "1.4"), pin(clean, "1.4.1"), pin(clean, "2.5")) == ("1.4.1", "1.4.1", "2.5.0")
    assert (clean / "PINNED").read_text(encoding="utf-8") == "1.4.1\n2.5.0\n"
    assert unpin(clean, "1.4") == "1.4.1"
    assert pinned(clean) == {"2.5.0"}
    with pytest.raises(RefusedError, match=r"1.4.0 is not pinned"):
        unpin(clean, "1.4.0")
    with pytest.raises(UsageError, match=r"no version 3.0"):
        pin(clean, "3.0")


def test_a_comment_stays(clean: Path) -> None:
    (clean / "PINNED").write_text("# ours\n2.5  # Li\n", encoding="utf-8")
    pin(clean, "1.4.0")
    assert (clean / "PINNED").read_text(encoding="utf-8") == "# ours\n2.5  # Li\n1.4.0\n"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three versions of 2026-11-01, -02 and -03."""
    folder = tmp_path_factory.mktemp("published")
    for day in range(3):
        page = story_page(day, fetched_at=START + timedelta(days=day))
        write(folder / "raw", [page], f"run-{day}")
        build(job(folder))
    return folder / "clean"


@pytest.fixture
def corpus(published: Path) -> Path:
    (published / "PINNED").unlink(missing_ok=True)
    return published


def test_a_pin_has_an_owner_a_last_day_and_a_reason(corpus: Path) -> None:
    pin(corpus, "2.1", "li@example.cn", date(2026, 11, 3), "for the\npaper")
    pin(corpus, "2.1", "wang")
    pin(corpus, "2.1", "li@example.cn", date(2027, 3, 1), "for the paper")
    assert (corpus / "PINNED").read_text(encoding="utf-8") == (
        "2.1.0 owner=li@example.cn until=2027-03-01  # for the paper\n2.1.0 owner=wang\n"
    )
    assert [p.words for p in pins(corpus)] == [
        "pinned by li@example.cn until 2027-03-01: for the paper",
        "pinned by wang",
    ]
    assert pin(corpus, "2.1") == "2.1.0"
    assert len(pins(corpus)) == 2, "it is pinned already"
    with pytest.raises(RefusedError, match=r"pinned by li@example\.cn, wang; say whose"):
        unpin(corpus, "2.1")
    with pytest.raises(RefusedError, match="not pinned by zhao"):
        unpin(corpus, "2.1", "zhao")
    unpin(corpus, "2.1", "wang")
    assert unpin(corpus, "2.1") == "2.1.0"
    assert pinned(corpus) == set()
    with pytest.raises(UsageError, match="no owner"):
        pin(corpus, "2.1", "Li Wei")
    with pytest.raises(UsageError, match="2026-11-02 has passed: by the newest version it is 2026-11-03"):
        pin(corpus, "2.1", until=date(2026, 11, 2))


def test_a_pin_holds_through_its_last_day_of_the_corpus_and_no_longer(corpus: Path) -> None:
    (corpus / "PINNED").write_text("2.1 until=2026-11-03\n2.2 until=2026-11-02\n2.0 until=2026-11-02\n")
    assert pinned(corpus) == {"2.1.0"}
    assert [(p.said, p.versions, p.expired) for p in pins(corpus)] == [
        ("2.1", ("2.1.0",), False),
        ("2.2", ("2.2.0",), True),
        ("2.0", (), True),
    ]


def test_the_command_shows_pins_and_tells_of_expired_ones(
    corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--clean", str(corpus)]
    assert main(["pin", "2.2", "--owner", "li", "--until", "2027-03-01", "--why", "the paper", *at]) == 0
    with (corpus / "PINNED").open("a") as stream:
        stream.write("2.1 until=2026-11-01 owner=wang\n")
    capsys.readouterr()
    assert main(["versions", *at]) == 0
    shown = capsys.readouterr()
    assert "pinned by li until 2027-03-01: the paper" in shown.err
    assert "2.1: pinned by wang, expired 2026-11-01; it no longer holds" in " ".join(shown.err.split())
    rows = [json.loads(line) for line in shown.out.splitlines()]
    assert [row["pinned"] for row in rows] == [False, True, False]
    assert [p["owner"] for row in rows for p in row["pins"]] == ["wang", "li"]
    assert main(["unpin", "2.2", "--owner", "li", *at]) == 0
    assert list_versions(corpus) == ["2.1.0", "2.2.0", "2.3.0"]


@pytest.mark.parametrize("fault", ["kill", "full"])
def test_a_pin_is_written_whole_or_not_at_all(
    corpus: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin(corpus, "2.1")
    before = (corpus / "PINNED").read_bytes()
    if fault == "full":

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device", "x")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            pin(corpus, "2.2")
        assert (corpus / "PINNED").read_bytes() == before
        return
    number = 1
    while killed_at(number, lambda: pin(corpus, "2.2")):
        assert (corpus / "PINNED").read_bytes() in (before, before + b"2.2.0\n")
        (corpus / "PINNED").write_bytes(before)
        number += 1
    assert number == 4
    assert pinned(corpus) == {"2.1.0", "2.2.0"}
