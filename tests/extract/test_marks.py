"""Class and id names: what each says of its element, and names that only look like it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.extract.marks import kinds
from pipeline.rules import table

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases" / "marks.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["names"] or "no name")
def test_what_a_name_says(case: dict[str, object]) -> None:
    assert sorted(kinds(str(case["names"]))) == case["kinds"]


def test_every_mark_has_four_fields_and_is_there_once() -> None:
    rows = table("marks")
    assert all(row[0] in {"junk", "layer", "head", "caption", "body", "none"} for row in rows)
    assert all(row[1] in {"whole", "word", "has"} and row[3].strip() for row in rows)
    assert len({row[:3] for row in rows}) == len(rows)


def test_every_part_is_found_wherever_it_stands_in_a_name() -> None:
    for kind, match, value, _reason in table("marks"):
        if match == "has" and kind != "none":
            assert kind in kinds(f"xq{value}xq"), value
            assert kind in kinds(value), value
