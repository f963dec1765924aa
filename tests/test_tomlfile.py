from __future__ import annotations

import tomllib
from datetime import date
from typing import Any

import pytest

from pipeline.tomlfile import written


@pytest.mark.parametrize(
    "value",
    [
        "城北“晚报”",
        'a "quoted" \\ path\twith\nlines\x7f\x00',
        True,
        False,
        date(2026, 11, 29),
        [],
        ["a", "b"],
        {"from": "甲", "to": "乙"},
        [{"words": "甲"}, "乙"],
    ],
)
def test_what_is_written_reads_as_it_was(value: Any) -> None:
    assert tomllib.loads(f"it = {written(value)}") == {"it": value}


def test_anything_else_is_a_string() -> None:
    assert written(3) == '"3"'
