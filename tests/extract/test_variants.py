"""Rules written in one script hold in the other."""

from __future__ import annotations

from pathlib import Path

import opencc
import pytest

import pipeline.extract
from pipeline.extract.variants import _begins, either_script
from pipeline.rules import table

TABLES = (
    "access after-title block-patterns boilerplate editor-roles form-titles frame-words labels marks no-names notices "
    "rights-lines shell-lines"
)


@pytest.mark.parametrize("text", ["发布", "發布", "發佈", "发佈"])
def test_each_form_of_a_character_is_meant(text: str) -> None:
    assert either_script("发布$").fullmatch(text)
    assert either_script("[发][布]").fullmatch(text)


def test_what_is_no_variant_stays_as_it_is() -> None:
    assert either_script(r"\[发\](?<![来])[^\]发]").pattern == r"\[[发發]\](?<![来來])[^\]发發]"
    assert either_script(r"\d{4}年").pattern == r"\d{4}年"
    assert not either_script("编辑").match("編集")


@pytest.mark.parametrize(
    ("pattern", "first"),
    [
        ("发布|更新", "发更"),
        ("(?:登录|(?:注册|加入))后看|[Ll]ogin|(?:更新)", "登注加Ll更"),
        ("[|]看|查[看|]|a(b|c)|d", ""),
        ("查[看|]|a(b|c)|d", "查ad"),
        (r"a\|b|c", "ac"),
    ],
)
def test_what_alternatives_begin_with_is_looked_for_first(pattern: str, first: str) -> None:
    assert _begins(pattern) == first


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "发布",
            "发布|",
            "|发布",
            "发?布|更新",
            "发{0,2}布|更新",
            "(?:请)?发布|更新",
            "(?:请|敬请){0,2}发布|更新",
        ),
        *(
            r"\d年|月",
            ".看|更新",
            "^发布|更新",
            "(?=看)看|更新",
            "(发布)|更新",
            "[^发]布|更新",
            "[a-z]布|更新",
        ),
    ],
)
def test_a_pattern_whose_beginnings_are_not_that_simple_stays_as_it_is(pattern: str) -> None:
    assert _begins(pattern) == ""


def test_every_character_of_the_rules_has_its_traditional_form() -> None:
    written = {character for name in TABLES.split() for row in table(name) for character in "".join(row[:-1])}
    for module in Path(pipeline.extract.__file__).parent.glob("*.py"):
        written.update(module.read_text("utf-8"))
    known = {character for row in table("variants") for group in row for character in group}
    converters = [opencc.OpenCC("s2t"), opencc.OpenCC("s2tw")]
    assert {
        character
        for character in written - known
        if "\u4e00" <= character <= "\u9fff"
        and any(converter.convert(character) != character for converter in converters)
    } == set()
