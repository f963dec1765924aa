"""Pins: a version a line, odd lines refused by number."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.corpus.pins import pin, pinned, unpin
from pipeline.errors import RefusedError, UsageError


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


@pytest.mark.parametrize("line", ["v1.4.0", "1.4,1.6", "1.4.0 2.5.0", "9.9", "2.5.1", "1", "latest"])
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
