"""The thresholds drawn are those of the rules, and the figures those of the rows."""

from __future__ import annotations

from statistics import median

import pytest

from pipeline.corpus.quality import RULES, judge
from pipeline.corpus.read import documents, version_folder
from pipeline.look.measures import DOUBTFUL, SOUND, limits, spreads
from pipeline.runs import Folders


@pytest.mark.parametrize(
    ("measure", "reason", "at"),
    [
        ("han", "too_short", 50),
        ("han", "not_chinese", 300),
        ("han_share", "not_chinese", 0.3),
        ("kana_share", "not_chinese", 0.1),
        ("broken", "broken_text", 0.01),
        ("keywords", "keyword_spam", 0.5),
        ("repeated_lines", "repetitive", 0.3),
        ("top_gram", "repetitive", 0.2),
        ("marks_share", "no_sentences", 0.01),
        ("long_share", "link_list", 0.15),
        ("sentences", "link_list", 3),
    ],
)
def test_a_threshold_is_found_by_asking_its_rule(measure: str, reason: str, at: float) -> None:
    assert (reason, at) in [(limit.reason, limit.at) for limit in limits()[measure]]


def test_every_rule_with_a_threshold_is_drawn() -> None:
    drawn = {limit.reason for of_measure in limits().values() for limit in of_measure}
    assert drawn == {rule.reason for rule in RULES} - {"no_text"}
    assert judge(SOUND) is None
    assert judge(DOUBTFUL) is not None


def test_the_figures_are_those_of_the_rows(demo: Folders) -> None:
    rows = [*documents(demo.clean), *documents(demo.clean, table="dropped")]
    shares = sorted(row.quality.marks_share for row in rows if row.quality is not None)
    spread = next(each for each in spreads(version_folder(demo.clean), "") if each.name == "marks_share")
    assert (spread.measured, spread.low, spread.high) == (len(shares), shares[0], shares[-1])
    assert spread.median == pytest.approx(median(shares), rel=0.05)
