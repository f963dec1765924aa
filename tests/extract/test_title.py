"""The title: each reader decides a page, and what only stands beside a title is none of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pipeline.corpus.card import column_docs
from pipeline.extract.declaredtitle import clean_title
from pipeline.extract.title import TITLES
from tests.extract.facts import article, cases

CASES = cases("titles")
NAMES = [name for name, *_ in TITLES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_title_and_the_reader_that_found_it(case: dict[str, Any]) -> None:
    found = article(case)
    assert (found.title, found.title_from) == (case["is"], case["from"])
    assert case.get("kept", "") in found.extracted


def test_every_reader_decides_a_case_and_is_told_in_the_columns() -> None:
    assert {case["from"] for case in CASES} == {*NAMES, None}
    told = re.search(r": ([\w, -]+) \(", column_docs()["title_from"][1])
    assert told
    assert told[1].split(", ") == NAMES


@pytest.mark.parametrize(
    ("declared", "title"),
    [
        ("旧磨坊又转了起来_城北新闻网", "旧磨坊又转了起来"),
        ("城北新闻网_旧磨坊又转了起来_乡村", "旧磨坊又转了起来"),
        ("乡村 | 旧磨坊又转了起来 - 城北新闻网", "旧磨坊又转了起来"),
        ("正文 - 旧磨坊又转了起来", "旧磨坊又转了起来"),
        ("旧磨坊又转了起来 · 城北论坛", "旧磨坊又转了起来"),
        ("舊磨坊又轉了起來－城北日報", "舊磨坊又轉了起來"),
        ("我和城北日报 - 石桥", "我和城北日报"),
        ("_城北新闻网", "城北新闻网"),
        ("磨坊", "磨坊"),
        ("|", "|"),
    ],
)
def test_a_declared_title_loses_the_names_round_it(declared: str, title: str) -> None:
    assert clean_title(declared) == title
