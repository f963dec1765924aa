from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.dedupe.file import dedupe_file
from tests.corpus.articles import article, sentences


def line(name: str, text: str, **more: object) -> str:
    return json.dumps({"id": name, "site": "s.example", "url": "", "title": "", "text": text, **more})


LINES = [
    line("a", article(1)),
    line("b", article(1).replace("，", ",")),
    line("c", "".join(sentences(1)[2:8])),
    line("d", article(2), published_on="2023-05-06", fetched_at="2023-05-06T08:00:00+08:00"),
]


@pytest.mark.parametrize("batch", [None, 1, 3])
@pytest.mark.parametrize("on_disk", [False, True])
def test_a_row_a_document_in_input_order(tmp_path: Path, batch: int | None, on_disk: bool) -> None:
    rows = list(dedupe_file(LINES, batch=batch, work=tmp_path / "work" if on_disk else None))
    assert [list(row) for row in rows] == [["id", "cluster", "relation", "of", "score", "rule"]] * 4
    assert [(row["id"], row["cluster"], row["relation"], row["of"]) for row in rows] == [
        ("a", "a", "new", []),
        ("b", "a", "duplicate", ["a"]),
        ("c", "c", "contained_in", ["a"]),
        ("d", "d", "new", []),
    ]


def test_a_row_says_in_words_what_was_not_compared() -> None:
    long = "".join(sentences(1, 12_000))
    rows = {row["id"]: row for row in dedupe_file([line("long", long), line("d", article(2))])}
    assert rows["long"]["note"] == (
        "only its first 200,000 letters and digits were compared: what is copied from behind them is not found"
    )
    assert "note" not in rows["d"]


def test_blank_lines_are_passed_over() -> None:
    assert [row["id"] for row in dedupe_file(["\n", LINES[0], "  \n"])] == ["a"]


def test_nothing_gives_nothing() -> None:
    assert list(dedupe_file([])) == []


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("{not json", "line 2: not valid JSON"),
        ("[" * 100_000, "line 2: not valid JSON"),
        ("[1]", "line 2: not a JSON object"),
        ('{"text": "x"}', "line 2: 'id' is not a string"),
        ('{"id": 7, "text": "x"}', "line 2: 'id' is not a string"),
        ('{"id": "z"}', "line 2: 'text' is not a string"),
        (line("z", "x", published_on="gestern"), "line 2: "),
        (line("z", "x", published_on=20230101), "line 2: "),
        (line("z", "x", fetched_at="12"), "line 2: "),
        (LINES[0], "line 2: id 'a' was given on line 1"),
    ],
)
@pytest.mark.parametrize("batch", [None, 1])
def test_a_bad_line_is_named(bad: str, message: str, batch: int | None) -> None:
    with pytest.raises(ValueError, match=message):
        list(dedupe_file([LINES[0], bad], batch=batch))
