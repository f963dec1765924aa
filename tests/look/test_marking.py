"""Two texts beside each other: nothing is lost, what differs is marked, and long ones take no time."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from pipeline.look import marking
from pipeline.look.marking import Pair, Piece
from tests.timing import TIME_LIMIT

TEXT = st.text(alphabet="天气预报，。\nab ", max_size=60)


def side(pairs: list[Pair], name: str) -> str:
    lines = [getattr(pair, name) for pair in pairs]
    return "\n".join("".join(piece.text for piece in line) for line in lines if line)


@given(TEXT, TEXT)
def test_both_texts_stand_in_the_pairs(before: str, after: str) -> None:
    found = marking.pairs(before, after)
    # an empty line has no pieces
    assert side(found, "before").replace("\n", "") == before.replace("\n", "")
    assert side(found, "after").replace("\n", "") == after.replace("\n", "")


def test_what_differs_in_a_line_is_marked() -> None:
    (pair,) = marking.pairs("它提前一小时报准了二次", "它提前一小时报准了三次")
    assert pair.before == (Piece(text="它提前一小时报准了"), Piece(text="二", changed=True), Piece(text="次"))
    assert [piece.text for piece in pair.after if piece.changed] == ["三"]


def test_only_changed_lines_and_their_neighbours_are_shown() -> None:
    before = "\n".join(f"第{n}行" for n in range(20))
    found = marking.changes_of(before, before.replace("第10行", "第十行"))
    assert [pair.left_out for pair in found] == [9, 0, 0, 0, 8]
    assert [pair.same for pair in found[1:4]] == [True, False, True]


def test_of_equal_texts_nothing_is_shown() -> None:
    assert [pair.left_out for pair in marking.changes_of("一\n二", "一\n二")] == [2]


def test_long_and_alike_texts_take_no_time() -> None:
    began = time.process_time()
    marking.pairs("天气" * 200_000, "气天" * 200_000)
    marking.pairs("\n".join("甲乙" * 3 for _ in range(50_000)), "\n".join("乙甲" * 3 for _ in range(50_000)))
    assert time.process_time() - began < TIME_LIMIT
