"""Rules written in one script hold in the other."""

from __future__ import annotations

import pytest

from pipeline.extract.variants import either_script


@pytest.mark.parametrize("text", ["发布", "發布", "發佈", "发佈"])
def test_each_form_of_a_character_is_meant(text: str) -> None:
    assert either_script("发布$").fullmatch(text)
    assert either_script("[发][布]").fullmatch(text)


def test_what_is_no_variant_stays_as_it_is() -> None:
    assert either_script(r"\[发\](?<![来])[^\]发]").pattern == r"\[[发發]\](?<![来來])[^\]发發]"
    assert either_script(r"\d{4}年").pattern == r"\d{4}年"
    assert not either_script("编辑").match("編集")
