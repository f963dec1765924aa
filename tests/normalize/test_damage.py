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
        ("公司决定allinAGI，不再观望", "glued_words", "allinAGI"),
        ("他们AllintheAI赛道", "glued_words", "AllintheAI"),
        ("这是fromthePC时代", "glued_words", "fromthePC"),
        ("因？yàn）樗资源短缺", "cut_reading", "？yàn）"),
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
        "做toB业务的openAI和freeRADIUS、oldestXID、toCEO的信",
        "见https://a.example/allinAI和all_inAI",
        "allinone套餐",
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


def test_a_half_width_mark_that_is_left_in_a_line_of_another_language_is_flagged() -> None:
    text = "Use the command bash_completion of the package to get 命令行自动补全,然后 continue as before.\n完了。"
    (flag,) = (flag for flag in normalize(text).flags if flag.name == "half_width_mark")
    assert flag.text == "令行自动补全,然后 con"
    assert "half_width_mark" not in names(
        "This is explained in our 背景. All logos are there, see 评价, too."
    )


LOST = "他走到河边看见一只船。" * 120


@pytest.mark.parametrize(
    ("line", "span"),
    [
        ("他想深入解这件事", "深入解"),
        ("大家解情况以后", "大家解"),
        ("他实在受不，就走", "受不"),
        ("忘不的人", "忘不"),
        ("这不过是说笑罢。", "不过是说笑罢"),
        ("她真不起！", "真不起"),
    ],
)
def test_where_a_particle_is_lost_is_told_of_a_text_that_lost_them(line: str, span: str) -> None:
    result = normalize(f"{LOST}{line}")
    (flag,) = (flag for flag in result.flags if flag.name == "lost_le")
    assert result.text[flag.start : flag.end] == span
    assert "lost_le" not in names(line), "a short text may be without"
    assert "lost_le" not in names(f"{LOST}{line}" + "好了。" * 5), "this one has lost none"


@pytest.mark.parametrize(
    "line",
    [
        "大家解决问题，进一步解释，深入解析",
        "你能接受不？只好作罢。不过他也罢。",
        "买不起的车，对不起的人",
        "没有解药，希望解除",
        "只解燃眉之急",
    ],
)
def test_where_none_belongs_none_is_lost(line: str) -> None:
    assert names(f"{LOST}{line}") == {"no_le"}


def names(text: str) -> set[str]:
    return {flag.name for flag in normalize(text).flags}
