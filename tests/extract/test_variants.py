"""Rules written in one script hold in the other."""

from __future__ import annotations

import ast
from pathlib import Path

import opencc
import pytest

import pipeline.extract
from pipeline.extract.variants import either_script
from pipeline.rules import table

TABLES = (
    "access",
    "after-title",
    "boilerplate",
    "editor-roles",
    "form-titles",
    "no-names",
    "notices",
    "rights-lines",
    "shell-lines",
)
"""Those whose words extraction compiles in both scripts."""


@pytest.mark.parametrize("text", ["发布", "發布", "發佈", "发佈"])
def test_each_form_of_a_character_is_meant(text: str) -> None:
    assert either_script("发布$").fullmatch(text)
    assert either_script("[发][布]").fullmatch(text)


def test_what_is_no_variant_stays_as_it_is() -> None:
    assert either_script(r"\[发\](?<![来])[^\]发]").pattern == r"\[[发發]\](?<![来來])[^\]发發]"
    assert either_script(r"\d{4}年").pattern == r"\d{4}年"
    assert not either_script("编辑").match("編集")


def test_each_character_of_a_rule_has_its_other_form() -> None:
    """Without it a rule holds in one script only: 剩余解锁 is no 剩餘解鎖."""
    words = [cell for name in TABLES for row in table(name) for cell in row[:-1]]
    for module in Path(*pipeline.extract.__path__).glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "either_script":
                words += [
                    str(each.value)
                    for each in ast.walk(node)
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                ]
    known = {character for row in table("variants") for character in row[0]}
    script = opencc.OpenCC("s2t")
    unknown = {each for each in set("".join(words)) - known if script.convert(each) != each}
    assert len(words) > 500
    assert unknown == set()
