"""Mojibake that decoding again cures is cured, and nothing else."""

from __future__ import annotations

import pytest

from pipeline.normalize import normalize, normalize_text

SENTENCE = "他们在学校里学习中文和数学，大家都说很好"


@pytest.mark.parametrize(
    ("right", "wrong"), [("utf-8", "gb18030"), ("utf-8", "latin-1"), ("gb18030", "latin-1")]
)
def test_cured(right: str, wrong: str) -> None:
    result = normalize(SENTENCE.encode(right).decode(wrong))
    assert result.text == SENTENCE
    assert "mojibake" in result.fixes


@pytest.mark.parametrize(
    "text", [SENTENCE, "涓涓细流汇入大海", "Café déjà vu à la façon", "锛刀与浜水", "王闂与李闂"]
)
def test_left_alone(text: str) -> None:
    assert normalize_text(text) == text


def test_what_cannot_be_cured_is_flagged() -> None:
    broken = SENTENCE.encode().decode("gb18030")[:-3] + "鍙?"
    result = normalize(broken)
    assert "mojibake" in {flag.name for flag in result.flags}
