"""Tables and lines of words as wide as the terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli import screen, table

Capsys = pytest.CaptureFixture[str]

HEADS = ("source", "found", "fetched", "address")
ROWS = [
    ("magazine", 1_234_567, 3, "https://www.example.cn/a/rather/long/path.html"),
    ("news", 5, None, "河西村" * 20),
]


def shown(columns: int, monkeypatch: pytest.MonkeyPatch, capsys: Capsys, **more: object) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    screen.show("A table", HEADS, ROWS, **more)  # type: ignore[arg-type]
    return capsys.readouterr().err.splitlines()


def test_words_are_folded_and_numbers_stay_whole_to_the_right(
    monkeypatch: pytest.MonkeyPatch, capsys: Capsys
) -> None:
    assert shown(60, monkeypatch, capsys) == [
        "",
        "A table",
        "source      found  fetched  address",
        "────────  ───────  ───────  ────────────────────────────────",
        "magazine  1234567        3  https://www.example.cn/a/rather/",
        "                            long/path.html",
        "news            5           河西村河西村河西村河西村河西村河",
        "                            西村河西村河西村河西村河西村河西",
        "                            村河西村河西村河西村河西村河西村",
        "                            河西村河西村河西村河西村",
    ]


def test_columns_that_can_be_spared_go_first_and_are_named_and_what_is_shown_is_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: Capsys
) -> None:
    means = {"found": "new", "fetched": "came", "address": "where"}
    lines = shown(45, monkeypatch, capsys, spare=("address", "fetched"), means=means)
    assert lines[2:4] == ["source      found  fetched", "────────  ───────  ───────"]
    assert lines[-2:] == ["found: new; fetched: came.", "Left out, for want of room: address."]


def test_where_nothing_can_be_spared_a_row_is_a_list(monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    lines = shown(40, monkeypatch, capsys)
    assert lines[2:6] == [
        "magazine",
        "  found    1234567",
        "  fetched  3",
        "  address  https://www.example.cn/a/rather/long/path.html",
    ]


TEXTS = st.text(alphabet="ab 文，1…—\u0301", max_size=60)


@given(TEXTS, st.integers(12, 60), st.integers(0, 20))
def test_cutting_a_line_loses_no_word_and_makes_none_too_wide(line: str, columns: int, hang: int) -> None:
    parts = table.wrapped(line, columns, hang)
    assert "".join("".join(parts).split()) == "".join(line.split())
    assert all(table.cells(part) <= columns or len(part.split()) == 1 for part in parts)


@given(
    st.lists(st.tuples(TEXTS, st.integers(0, 10**9), TEXTS), min_size=1, max_size=4),
    st.integers(40, 120),
)
def test_no_table_is_too_wide_and_every_number_is_in_it(
    rows: list[tuple[str, int, str]], columns: int
) -> None:
    cells = [[str(value) for value in row] for row in rows]
    drawn = table.draw("t", ("name", "number", "text"), cells, [False, True, False], columns=columns)
    assert all(table.cells(line) <= columns or len(line.split()) == 1 for line in drawn.lines)
    assert all(any(str(number) in line for line in drawn.lines) for _, number, _ in rows)


def test_nobody_watching_gets_lines_as_they_are(monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    screen.say("a " * 200)
    assert capsys.readouterr().err == "a " * 200 + "\n"
    monkeypatch.setenv("COLUMNS", "nonsense")
    assert screen.width() is None
    monkeypatch.setenv("COLUMNS", "3")
    assert screen.width() == screen.NARROWEST
