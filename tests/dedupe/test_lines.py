from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pipeline.dedupe.lines import LISTED, Lines, is_furniture, line_key
from pipeline.dedupe.run import DedupeIndex, dedupe, remove
from pipeline.dedupe.tables import keys_of
from tests.corpus.articles import article, item, sentences, stored

FOOT = "版权所有 某某新闻网 2023 未经授权禁止转载"
NONE = np.zeros(0, np.uint64)


def strangers(one: str, other: str) -> float:
    """Two articles in a frame that is small."""
    return 0.1


@pytest.mark.parametrize(("documents", "expected"), [("", None), ("ab", None), ("abc", True), ("abcd", True)])
def test_a_line_on_three_articles_is_furniture(documents: str, expected: bool | None) -> None:
    assert is_furniture(documents, strangers) is expected


def test_two_articles_are_enough_for_a_frame_longer_than_they_are() -> None:
    assert is_furniture("ab", lambda one, other: 0.5) is True
    assert is_furniture("a", lambda one, other: 0.5) is None


def test_an_article_in_many_versions_counts_once() -> None:
    def shared(one: str, other: str) -> float | None:
        return None if one in "abcd" and other in "abcd" else 0.1

    assert is_furniture("abcde", shared) is None
    assert is_furniture("abcdef", shared) is True


def test_lines_are_found_on_disk_and_in_memory_first_ones_first(tmp_path: Path) -> None:
    lines = Lines(None)
    lines.add([7, 9], 3)
    lines.add([7], 2)
    lines.write(tmp_path / "1", NONE)
    lines = Lines(tmp_path / "1")
    lines.add([7], 1)
    assert lines.first([7, 8, 9]) == lines.all([7, 8, 9]) == {7: [1, 2, 3], 8: [], 9: [3]}
    for document in range(10, 10 + LISTED):
        lines.add([7], document)
    assert len(lines.first([7])[7]) == LISTED
    assert len(lines.all([7])[7]) == LISTED + 3
    lines.write(tmp_path / "2", np.array([2], np.uint64))
    assert Lines(tmp_path / "2").first([7])[7][:3] == [1, 3, 10]


def test_a_line_of_another_site_is_another_line() -> None:
    assert line_key("s", FOOT) != line_key("t", FOOT)


def test_what_is_edited_or_removed_teaches_no_more() -> None:
    pages = [item(f"p{n}", f"{article(n)}\n{FOOT}", site="s") for n in range(3)]
    for change in ("edit", "remove"):
        index = DedupeIndex.open(None)
        dedupe(pages, index, stored(pages))
        assert len(index.repeated_lines("s")) == 1
        if change == "edit":
            dedupe([item("p1", article(1), site="s")], index, stored(pages))
        else:
            remove(["p1"], index, stored(pages))
        assert index.repeated_lines("s") == frozenset()
        assert {m.length for m in index.all_members() if m.id != "p1"} != {
            m.size for m in index.all_members()
        }


def test_a_line_that_many_have_is_looked_at_again_only_where_it_counts() -> None:
    """The documents first by the hash of their ids decide; one more behind them costs no comparison."""
    pages = [item(f"p{n:03d}", f"{''.join(sentences(n, 8))}\n{FOOT}", site="s") for n in range(LISTED + 40)]
    index = DedupeIndex.open(None)
    dedupe(pages, index, stored(pages))
    names = [f"q{n}" for n in range(200)]
    ranks = keys_of([*(page.id for page in pages), *names])
    last = names[int(np.argmax(ranks[len(pages) :]))]
    asked: list[str] = []

    def texts(wanted: Sequence[str]) -> dict[str, str]:
        asked.extend(wanted)
        return {}

    dedupe([item(last, f"{article(999)}\n{FOOT}", site="s")], index, texts)
    assert asked == []


def test_a_page_that_is_all_frame_hides_no_furniture() -> None:
    """It is a version of every page, and may stand first."""

    def shared(one: str, other: str) -> float | None:
        return None if "frame" in (one, other) else 0.9

    assert is_furniture(["frame", "a", "b"], shared)
    assert is_furniture(["frame", "a"], shared) is None
