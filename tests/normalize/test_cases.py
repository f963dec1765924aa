"""The cases of tests/cases/normalize: input, expected text, and why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.normalize import normalize_text

FOLDER = Path(__file__).parents[1] / "cases" / "normalize"


def _cases(*, failing: bool) -> list[object]:
    params: list[object] = []
    for file in sorted(FOLDER.glob("*.jsonl")):
        if (file.stem == "known-failures") != failing:
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").rstrip("\n").split("\n"), 1):
            case = json.loads(line)
            params.append(pytest.param(case["input"], case["expected"], id=f"{file.stem}-{number}"))
    return params


@pytest.mark.parametrize(("text", "expected"), _cases(failing=False))
def test_case(text: str, expected: str) -> None:
    assert normalize_text(text) == expected


@pytest.mark.parametrize(("text", "expected"), _cases(failing=False))
def test_expected_text_is_left_alone(text: str, expected: str) -> None:
    assert normalize_text(expected) == expected


@pytest.mark.xfail(strict=True, reason="known failure; the case says why")
@pytest.mark.parametrize(("text", "expected"), _cases(failing=True))
def test_known_failure(text: str, expected: str) -> None:
    assert normalize_text(text) == expected
