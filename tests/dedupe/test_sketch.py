from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dedupe import sketch
from tests.corpus.articles import article

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "cases" / "dedupe_keys.jsonl").read_text("utf-8").splitlines()
]


def key(text: str) -> str:
    return sketch.text_key(text).tobytes().decode("utf-32-le")


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_key(case: dict[str, str]) -> None:
    assert key(case["text"]) == case["key"]


@given(st.text())
def test_a_key_of_a_key_is_itself_and_every_character_has_its_place(text: str) -> None:
    assert key(key(text)) == key(text)
    positions = sketch.key_positions(text)
    assert len(positions) == len(sketch.text_key(text))
    assert list(positions) == sorted(positions)
    assert all(key(text[at]) for at in positions)


def test_the_hash_is_pinned_because_stored_sketches_depend_on_it() -> None:
    shingled = sketch.shingles(sketch.text_key("今天天气很好，我们去公园散步。"))
    assert int(shingled.grams[0]) == 1501771251798022804
    assert sketch.text_hash(sketch.text_key("今天天气很好")) == 13122859176699566514


@pytest.mark.parametrize(
    ("text", "grams"), [("", 0), ("好", 1), ("今天天", 1), ("今天天气好", 1), ("今天天气很好", 2)]
)
def test_short_texts_have_one_gram_of_their_own(text: str, grams: int) -> None:
    assert len(sketch.shingles(sketch.text_key(text)).grams) == grams


def test_one_character_texts_differ() -> None:
    one, other = (sketch.shingles(sketch.text_key(text)).grams[0] for text in "好坏")
    assert one != other


def test_a_sketch_grows_with_the_text() -> None:
    sizes = [len(sketch.sketch(sketch.shingles(sketch.text_key(article(1, n))))) for n in (2, 14, 140, 1400)]
    assert sizes[0] == sketch.MINIMUM
    assert sizes[2:] == [pytest.approx(size * 31 / sketch.SCALE, rel=0.15) for size in (140, 1400)]


def test_a_part_shares_its_sketch_with_the_whole() -> None:
    whole = sketch.sketch(sketch.shingles(sketch.text_key(article(1, 60))))
    part = sketch.sketch(sketch.shingles(sketch.text_key(article(1, 60)[:600])))
    assert np.isin(part, whole).mean() > 0.9


def test_only_the_head_of_a_huge_text_is_shingled_but_all_of_it_is_hashed() -> None:
    long = sketch.text_key("啊" * (sketch.LONGEST + 50))
    assert len(sketch.shingles(long).codes) == sketch.LONGEST
    assert sketch.text_hash(long) != sketch.text_hash(long[:-1])


def test_the_sketch_of_a_long_text_covers_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    text = sketch.text_key("".join(article(number) for number in range(20)))
    whole = sketch.shingles(text)
    monkeypatch.setattr(sketch, "LONGEST", len(text) // 5)
    cut = sketch.shingles(text)
    assert len(cut.codes) == len(text) // 5
    assert list(sketch.sketch(cut)) == list(sketch.sketch(whole))
    deep = sketch.deep_sketch(cut)
    assert list(deep[: len(sketch.sketch(cut))]) == list(sketch.sketch(cut))
