"""The stage as a whole: what it records, explains and promises."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pipeline.normalize import (
    FIXES,
    Fix,
    explain,
    fixes_table,
    normalize,
    normalize_lines,
    normalize_text,
    normalize_title,
    steps,
)

TEXT = "由於單位 IT 部門原因,會議改期(見 https://example.com/a,b )。\n\n\n「好」"
RESULT = "由于单位IT部门原因，会议改期（见 https://example.com/a,b）。\n\n“好”"


def test_records_what_changed() -> None:
    result = normalize(TEXT)
    assert result.text == RESULT
    assert result.fixes == (
        "quotes",
        "brackets",
        "marks",
        "mark_spaces",
        "latin_spaces",
        "script",
        "blank_lines",
    )
    assert result.script == "Hant"


def test_clean_text_has_no_fixes() -> None:
    result = normalize(RESULT)
    assert (result.text, result.fixes, result.flags) == (RESULT, (), ())


def test_explain_shows_each_change() -> None:
    changes = explain(TEXT)
    assert {change.fix for change in changes} == set(normalize(TEXT).fixes)
    assert all(change.before != change.after for change in changes)
    assert any(
        "會議" in change.before and "会议" in change.after for change in changes if change.fix == "script"
    )
    assert all(character < "\U000f0000" for change in changes for character in change.before + change.after)


def test_fixes_are_named_once_and_described() -> None:
    names = [fix.name for fix in FIXES]
    assert len(names) == len(set(names))
    table = fixes_table()
    assert all(f"`{name}`" in table for name in names)
    assert len(table.splitlines()) == len(FIXES) + 2


@pytest.mark.parametrize("fix", FIXES, ids=lambda fix: fix.name)
def test_each_fix_is_a_function_of_the_text(fix: Fix) -> None:
    for text in ("", "中文", "plain text", "由于单位IT部门原因，会议改期。\n\n“好”"):
        assert fix.function(text) == text


def test_spacing_can_be_kept() -> None:
    assert normalize("使用 AI 模型,很好", spacing="keep").text == "使用 AI 模型，很好"


def test_title_is_one_line() -> None:
    assert normalize_title("  標題<br>副標題 \n") == "标题 副标题"


def test_lines_stream_by_paragraph() -> None:
    lines = ["第一段,\n", "第二行.\r\n", "\n", "\n", "第三段!"]
    assert list(normalize_lines(lines)) == ["第一段，", "第二行。", "", "第三段！"]


CODE = "如下:\nprint('會議',  1)  # 說明,好\n就這樣,好."


def test_verbatim_places_stay_as_they_are() -> None:
    start, end = CODE.index("print"), CODE.index("\n就")
    result = normalize(CODE, verbatim=[(start, end)])
    assert result.text == f"如下：\n{CODE[start:end]}\n就这样，好。"
    assert CODE[start:end] not in normalize(CODE).text
    assert all("print" not in change.before for change in explain(CODE, verbatim=[(start, end)]))


def test_the_encoding_of_verbatim_places_is_repaired() -> None:
    text = "見下,好\na\u200b\U000f0000 =  1\n完,"
    result = normalize(text, verbatim=[(text.index("a"), text.index("\n完"))])
    assert result.text == "见下，好\na =  1\n完，"


def test_places_that_overlap_or_are_empty_are_passed_over() -> None:
    assert normalize("甲,乙,丙", verbatim=[(1, 3), (2, 4), (5, 5)]).text == "甲,乙，丙"


def test_each_step_of_a_line_begins_with_what_the_one_before_left() -> None:
    line = "　　他說:「見 http://a.cn/x,y 」...&nbsp;３０％"
    trail = steps(line)
    assert [name for name, _, _ in trail][:2] == ["width", "odd_spaces"]
    assert trail[0][1] == line
    assert all(before[2] == after[1] for before, after in pairwise(trail))
    assert trail[-1][2] == normalize_text(line)
