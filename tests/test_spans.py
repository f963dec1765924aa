"""Spans stay over what they were over, however the text is changed."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import normalize, spans
from pipeline.origin import original
from pipeline.records import Span
from pipeline.spans import carried, moved_by, verbatim, within
from tests.corpus.rows import row
from tests.normalize.composed import compose

TEXTS = st.text(st.sampled_from("甲乙丙會ab,.。 \n"), max_size=40)


def span(text: str, part: str, kind: str = "quote") -> Span:
    start = text.index(part)
    return Span(kind=kind, level=1, start=start, end=start + len(part))


def over(text: str, found: tuple[Span, ...]) -> list[str]:
    return [text[s.start : s.end] for s in found]


@pytest.mark.parametrize(
    ("before", "after", "parts", "left"),
    [
        ("甲,乙。", "甲，乙。", ["甲,", "乙。"], ["甲，", "乙。"]),
        ("甲 a 乙", "甲a乙", ["a", "乙"], ["a", "乙"]),
        ("一行\n二 行\n三行", "一行\n二行\n三行", ["二 行", "三行"], ["二行", "三行"]),
        ("一行\n\n\n三行", "一行\n\n三行", ["一行", "三行"], ["一行", "三行"]),
        ("一行\n二行\n三行", "一行\n三行", ["二行", "三行"], ["三行"]),
        ("一行\n二行\n三行", "一行\n三行", ["一行\n二行", "二行\n三行"], ["一行", "三行"]),
        ("一行,\n二行", "一行，\n二\n行", ["一行,"], ["一行，"]),
        ("甲[1]乙，...丙[2]", "甲[1]乙，……丙[2]", ["[1]", "[2]"], ["[1]", "[2]"]),
        ("a  b  c", "a b c", ["b"], ["b"]),
        ("一行", "", ["一行"], []),
    ],
)
def test_a_span_is_over_what_became_of_it(before: str, after: str, parts: list[str], left: list[str]) -> None:
    found = tuple(span(before, part) for part in parts)
    assert over(after, carried(found, before, after)) == left


def test_a_picture_stays_between_its_lines() -> None:
    before, after = "一行,\n二行。\n三行", "一行，\n二行。\n三行"
    places = (4, len(before))
    found = tuple(Span(kind="image", level=0, start=at, end=at) for at in places)
    assert [s.start for s in carried(found, before, after)] == [4, len(after)]


@given(TEXTS, TEXTS, st.integers(0, 40), st.integers(0, 40))
def test_a_span_never_leaves_the_text(before: str, after: str, a: int, b: int) -> None:
    start, end = sorted((min(a, len(before)), min(b, len(before))))
    found = carried((Span(kind="code", level=0, start=start, end=end),), before, after)
    assert all(0 <= s.start <= s.end <= len(after) for s in found)


@given(TEXTS)
def test_every_line_is_carried_through_normalization(text: str) -> None:
    done = normalize.normalize(text).text
    before, after = text.split("\n"), done.split("\n")
    if len(before) == len(after):
        starts = [sum(len(x) + 1 for x in before[:n]) for n in range(len(before))]
        found = tuple(
            Span(kind="row", level=0, start=at, end=at + len(line))
            for at, line in zip(starts, before, strict=True)
            if line
        )
        kept = [y for x, y in zip(before, after, strict=True) if x and y]
        assert over(done, carried(found, text, done)) == kept


def test_a_text_of_many_changed_lines_loses_its_spans_and_not_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spans, "LINES_COMPARED", 3)
    assert carried((span("甲\n乙\n丙", "乙"),), "甲\n乙\n丙", "甲\n乙") == ()


def test_a_long_changed_stretch_is_measured_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spans, "COMPARED", 4)
    (found,) = carried((span("首abcdef尾", "cd"),), "首abcdef尾", "首ABCDEF尾")
    assert (found.start, found.end) == (3, 5)


def test_what_a_cut_leaves() -> None:
    text = "甲甲\n乙乙\n丙丙\n丁丁"
    found = (
        span(text, "甲甲\n乙乙"),
        span(text, "丙丙"),
        span(text, "丁丁"),
        Span(kind="image", level=0, start=3, end=3),
        Span(kind="image", level=0, start=9, end=9),
    )
    left = within(found, [(0, 2), (9, 11)])
    assert [(s.kind, "甲甲\n丁丁"[s.start : s.end], s.start) for s in left] == [
        ("quote", "甲甲", 0),
        ("quote", "丁丁", 3),
        ("image", "", 3),
    ]


def test_moved_and_verbatim() -> None:
    found = (span("甲a乙b", "a", "code"), span("甲a乙b", "b", "formula"), span("甲a乙b", "甲"))
    assert verbatim(moved_by(2, found)) == [(3, 4), (5, 6)]


PAGE = """　　會議於10:30開始,主席說:「好的...我們開始」。

<b>由於</b>&nbsp;單位部門原因 , 會議改期 .


第三行：ＡＩ模型（GPT-4 , Claude）與 Python 。"""


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("会议", "會議"),
        ("10:30", "10:30"),
        ("，主席说", ",主席說"),
        ("“", "「"),
        ("……", "..."),
        ("由于", "由於"),
        ("会议改期", "會議改期"),
        ("AI模型", "ＡＩ模型"),
        ("与Python", "與 Python"),
        ("开始”。\n\n由于", "開始」。\n\n<b>由於"),
    ],
)
def test_what_the_page_said(written: str, said: str) -> None:
    text = normalize.normalize(PAGE).text
    document = row(1, text=text, extracted=PAGE)
    start, end = original(document, text.index(written), text.index(written) + len(written))
    assert PAGE[start:end] == said


def test_a_place_outside_the_text_is_refused() -> None:
    with pytest.raises(ValueError, match="no place"):
        original(row(1, text="甲", extracted="甲"), 0, 2)


@given(st.randoms(use_true_random=False))
def test_what_is_still_there_is_found_where_it_stood(rng: random.Random) -> None:
    """A word that stands once on the page and in the text is found exactly, where no line came or went."""
    page = compose(rng)
    text = normalize.normalize(page).text
    for word in ("苹果", "北京", "系统", "公司"):
        if text.count(word) == page.count(word) == 1 and page.count("\n") == text.count("\n"):
            start, end = original(
                row(1, text=text, extracted=page), text.index(word), text.index(word) + len(word)
            )
            assert page[start:end] == word
