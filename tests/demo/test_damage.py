"""Each named damage does something, and only what it says."""

from __future__ import annotations

import html

import pytest

from pipeline.demo.damage import MARKUP, TEXT


@pytest.mark.parametrize("name", [*TEXT, *MARKUP])
def test_each_damage_damages(name: str) -> None:
    sample = "他说：“2026年的事……”——真的（？）。"
    change = TEXT.get(name) or MARKUP[name]
    assert change(sample) != sample
    assert change("没有可改之处") == "没有可改之处"


def test_markup_damage_is_only_another_spelling() -> None:
    sample = "“的”——"
    assert html.unescape(MARKUP["entities"](sample)) == sample
