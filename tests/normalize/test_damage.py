"""Damage is flagged with its span and never repaired."""

from __future__ import annotations

import pytest

from pipeline.normalize import normalize


@pytest.mark.parametrize(
    ("text", "name", "span"),
    [
        ("正如周鸿t当年所说", "lone_latin", "t"),
        ("短胡须的削l脸庞", "lone_latin", "l"),
        ("H100和【【微信】】芯片", "censor_mark", "【【微信】】"),
        ("ChatGPT的APl接口", "l_for_i", "APl"),
        ("针对文宇进行分析", "wrong_word", "文宇"),
        ("坏\ufffd\ufffd字", "replacement_character", "\ufffd\ufffd"),
        ("他说“好。", "unbalanced_quotes", "“"),
    ],
)
def test_flagged(text: str, name: str, span: str) -> None:
    result = normalize(text)
    assert result.text == text
    flags = [flag for flag in result.flags if flag.name == name]
    assert len(flags) == 1
    assert result.text[flags[0].start : flags[0].end] == span
    assert span in flags[0].text


@pytest.mark.parametrize(
    "text",
    [
        "买k线图和h股的人用x轴",
        "设x为变量，取y值",
        "大v发言，小s主持",
        "HTML和API、Intel与All",
        "“第一段。\n\n“第二段。”",
        "【微信】通知",
    ],
)
def test_not_flagged(text: str) -> None:
    assert normalize(text).flags == ()


def test_offsets_are_into_the_result() -> None:
    result = normalize("<b>价格</b> , 见 周鸿t当年")
    flag = next(flag for flag in result.flags if flag.name == "lone_latin")
    assert result.text[flag.start : flag.end] == "t"


def test_private_use_is_removed_and_flagged() -> None:
    result = normalize("坏\ue123字")
    assert result.text == "坏字"
    assert [flag.name for flag in result.flags] == ["private_use"]


def test_lost_particle() -> None:
    text = "他走到河边看见一只船。" * 120
    assert [flag.name for flag in normalize(text).flags] == ["no_le"]
    assert normalize(text + "他走了。" * 10).flags == ()


def test_pseudo_traditional_is_flagged() -> None:
    result = normalize("大傢都說隻要註重方麵就好。")
    assert result.script == "pseudo-Hant"
    assert [flag.name for flag in result.flags] == ["pseudo_traditional"]
