from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corpus.quality import RULES, judge, measure
from pipeline.records import Measures, Span
from pipeline.rules.han import IDEOGRAPHS

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases/quality.jsonl").read_text(encoding="utf-8").splitlines()
]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["id"])
def test_cases(case: dict[str, str]) -> None:
    assert judge(measure(case["text"] * int(case.get("times", 1)))) == case["reason"]


def test_every_rule_has_a_case_and_a_source() -> None:
    assert {r.reason for r in RULES} <= {c["reason"] for c in CASES}
    assert all(r.source for r in RULES)


@given(st.text(max_size=500))
def test_any_text_is_measured_and_shares_are_shares(text: str) -> None:
    found = measure(text)
    for name in ("han_share", "kana_share", "long_share", "repeated_lines", "top_gram", "broken", "keywords"):
        assert 0 <= getattr(found, name) <= 1, name
    judge(found)


def plainly(text: str) -> Measures:
    """The measures as they are defined, one search after the other."""
    classes = {
        "han": f"[{IDEOGRAPHS}]",
        "kana": r"[\u3041-\u30ff]",
        "letters": r"[^\W\d_]",
        "stops": "[。！？；…]",
        "marks": "[，。！？；：、…“”（）《》]",
    }

    def count(name: str, part: str = text) -> int:
        return len(re.findall(classes[name], part))

    def is_code(line: str) -> bool:
        return 2 * count("han", line) < count("letters", line)

    lines = [line for line in text.split("\n") if line.strip()]
    keys = [re.sub(r"[\W_]+", "", line) for line in lines]
    prose = [x for x in lines if count("stops", x) or (len(x) >= 30 and count("marks", x))]
    repeated = [
        len(line)
        for n, line in enumerate(lines)
        if len(keys[n]) >= 8 and keys[n] in keys[:n] and not is_code(line)
    ]
    letters = "".join(key for line, key in zip(lines, keys, strict=True) if not is_code(line))[:20_000]
    ((gram, times),) = Counter(letters[n : n + 10] for n in range(len(letters) - 9)).most_common(1) or [
        ("", 0)
    ]
    covered = times if len(set(gram)) == 1 else 10 * times
    of_terms = [
        len(line)
        for line in lines
        for terms in [[t for t in re.split("[,，、|｜/ ]", line) if t]]
        if not count("stops", line) and not is_code(line)
        if len(terms) >= 6 and sum(map(len, terms)) / len(terms) <= 10
    ]
    size, han = max(len(text), 1), max(count("han"), 1)
    return Measures(
        han=count("han"),
        letters=count("letters"),
        han_share=count("han") / max(count("letters"), 1),
        kana_share=count("kana") / max(count("letters"), 1),
        sentences=count("stops"),
        marks_share=count("marks") / han,
        long_share=sum(count("han", line) for line in prose) / han,
        repeated_lines=sum(repeated) / size,
        top_gram=min(covered / len(letters), 1.0) if times >= 3 else 0.0,
        broken=len(re.findall("[\ufffd\ue000-\uf8ff]+", text)) / size,
        keywords=sum(of_terms) / size,
    )


LINES = st.one_of(
    st.text(
        alphabet="中文甲乙，。！？ \xa0\u3000abAB12_²½、|/かな\ufffd\ue000\U00020000\ud800\r\u2028",
        max_size=60,
    ),
    st.sampled_from(
        ["哈" * 30, "责任编辑：王小五六七八九", "def f(): return 1", "甲 乙 丙 丁 戊 己 庚", "\xa0 " * 9]
    ),
)


@given(st.lists(LINES, max_size=8).map("\n".join), st.integers(1, 4))
def test_the_one_look_finds_what_searches_find(text: str, times: int) -> None:
    text = "\n".join([text] * times)
    assert measure(text) == plainly(text)


def test_a_megabyte_of_one_character_is_measured() -> None:
    assert judge(measure("哈" * 1_000_000)) == "repetitive"


def test_a_table_of_short_cells_is_no_list_of_keywords() -> None:
    row = "村名 | 户数 | 水井 | 水渠 | 桥 | 学校"
    text = "\n".join([row] * 3 + ["水渠修好了。"])
    rows = [
        Span(kind="row", level=0, start=n * (len(row) + 1), end=n * (len(row) + 1) + len(row))
        for n in range(3)
    ]
    assert measure(text).keywords > 0.5
    assert measure(text, rows).keywords == 0
