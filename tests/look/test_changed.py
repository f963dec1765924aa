"""What normalization changed, stretch by stretch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import normalize
from pipeline.corpus import documents
from pipeline.look.changed import IN_CONTEXT, Piece, of_line, pieces
from pipeline.runs import Folders

LINES = st.text(st.sampled_from("甲會麼乾後裡ab12,.:;\"'()（「」 　。…-&nbsp;<b>"), max_size=60)


def changed(line: str) -> list[tuple[str, str, tuple[str, ...]]]:
    told = of_line(line, normalize.normalize_text(line))
    return [(piece.before, piece.after, piece.fixes) for piece in told if piece.fixes]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("沒有變", [("沒", "没", ("script",)), ("變", "变", ("script",))]),
        ("他说:好,", [(":", "：", ("marks",)), (",", "，", ("marks",))]),
        ("买 了 三 斤 米", [(" ", "", ("letter_spacing",))] * 4),
        ("用GPT 写", [(" ", "", ("latin_spaces",))]),
        ("没有什么", []),
    ],
)
def test_a_change_bears_the_name_of_its_fix(line: str, told: list[tuple[str, str, tuple[str, ...]]]) -> None:
    assert changed(line) == told


def test_what_two_fixes_did_bears_both_names() -> None:
    assert changed("&#x88e1;面") == [("&#x88e1;", "里", ("entities", "script"))]


def test_a_change_in_sight_of_the_whole_text_says_so() -> None:
    told = of_line('"甲', "“甲")
    assert (told[0].before, told[0].after) == ('"', "“")
    assert of_line("甲", "乙") == [Piece(before="甲", after="乙", fixes=(IN_CONTEXT,))]


@given(LINES, LINES)
def test_stretches_make_up_both_texts(extracted: str, other: str) -> None:
    for published in (normalize.normalize_text(extracted).replace("\n", ""), other):
        told = of_line(extracted, published)
        assert "".join(piece.before for piece in told) == extracted
        assert "".join(piece.after for piece in told) == published
        assert all(piece.before == piece.after for piece in told if not piece.fixes)


def test_every_fix_of_a_row_is_found_in_its_text_and_no_other(demo: Folders) -> None:
    seen = set()
    for document in documents(demo.clean):
        told = {name for line in pieces(document) for piece in line for name in piece.fixes}
        assert told == set(document.fixes), document.url
        seen |= told
    assert {"script", "marks", "quotes", "entities", "letter_spacing"} <= seen
