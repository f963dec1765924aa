"""A text and its structure as Markdown, as another reader of Markdown takes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from pipeline.markdown import to_markdown
from pipeline.records import Span

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent / "cases/markdown.jsonl").read_text(encoding="utf-8").splitlines()
]
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
SIGNS = st.text(st.sampled_from("甲乙a1 \\`*_[]()<>&;#+-=~|!.:$\"'"), min_size=1, max_size=30)


def spans(case: dict[str, Any]) -> list[Span]:
    """The spans of a case; a span's text is its first in the text from `from` on."""
    found = []
    for kind, level, part, *rest in case["spans"]:
        start = case["text"].index(part)
        label, target = (*rest, "", "")[:2]
        end = start if kind == "image" else start + len(part)
        found.append(Span(kind=kind, level=level, start=start, end=end, label=label, target=target))
    return sorted(found, key=lambda s: (s.start, -s.end))


def seen(markdown: str) -> list[tuple[str, str]]:
    """(where, text) of each line of text that a reader of Markdown shows."""
    found = []
    for token in flat(READER.parse(markdown)):
        if token.type in ("fence", "code_block"):
            found.append(("code", token.content.removesuffix("\n")))
        elif token.type == "inline":
            found.append(("text", "".join(shown(child) for child in token.children or ())))
    return found


def shown(token: Token) -> str:
    return "\n" if token.type == "softbreak" else token.content


def flat(tokens: list[Token]) -> list[Token]:
    return [token for token in tokens if token.type in ("fence", "code_block", "inline")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_cases(case: dict[str, Any]) -> None:
    assert to_markdown(case["text"], spans(case), case.get("title")).split("\n")[:-1] == case["markdown"]


@given(st.lists(SIGNS, min_size=1, max_size=4))
def test_a_reader_of_markdown_sees_the_text(lines: list[str]) -> None:
    lines = [" ".join(line.split()) for line in lines]
    text = "\n".join(line for line in lines if line)
    assert [line for _, line in seen(to_markdown(text))] == text.split("\n") * bool(text)


@given(st.lists(SIGNS, min_size=1, max_size=3), st.sampled_from(["heading", "item", "quote", "code"]))
def test_and_in_every_holder(lines: list[str], kind: str) -> None:
    lines = [line for line in (" ".join(line.split()) for line in lines) if line]
    text = "\n".join(["首", *lines, "尾"])
    at, found = 2, []
    for line in lines:
        found.append(
            Span(kind=kind, level=1, start=at, end=at + len(line), label="-" if kind == "item" else "")
        )
        at += len(line) + 1
    told = seen(to_markdown(text, found))
    assert [line for _, line in told] == text.split("\n")
    assert [where for where, _ in told[1:-1]] == ["code" if kind == "code" else "text"] * len(lines)


@given(st.lists(st.lists(SIGNS, min_size=2, max_size=3), min_size=2, max_size=3))
def test_and_in_every_cell(rows: list[list[str]]) -> None:
    cells = [[" ".join(cell.replace("|", "").split()) or "空" for cell in row] for row in rows]
    lines = [" | ".join(row) for row in cells]
    text = "\n".join(lines)
    found = [Span(kind="table", level=0, start=0, end=len(text))]
    width = max(map(len, cells))
    told = [line for _, line in seen(to_markdown(text, found))]
    assert told == [cell for row in cells for cell in [*row, *[""] * (width - len(row))]]


def test_an_empty_text_is_an_empty_page() -> None:
    assert to_markdown("") == ""
