from __future__ import annotations

import pytest

from pipeline.health.robust import is_low_count, is_low_share, is_outlier_below, quantile, spread


def test_a_few_bad_days_move_neither_centre_nor_spread() -> None:
    usual = [10, 11, 9, 10, 12, 8, 10]
    assert spread(usual) == spread([*usual, 10, 0]) == pytest.approx(1.4826)
    assert is_outlier_below(4, [*usual, 0, 0], 1.0)


@pytest.mark.parametrize(
    ("value", "usual", "low"),
    [
        (0, [20] * 4, True),
        (0, [20] * 3, False),  # too little is known
        (6, [20] * 8, False),  # chance: the root of 20 is 4.5
        (4, [20] * 8, True),
        (0, [5] * 8, False),
        (400, [1000, 400, 1200, 700, 900, 1100], False),  # it varies as much by itself
        (60, [100] * 8, False),  # far by chance's measure, but not half
    ],
)
def test_counts(value: int, usual: list[int], low: bool) -> None:
    assert is_low_count(value, usual) is low


@pytest.mark.parametrize(
    ("have", "of", "usual", "low"),
    [
        (0, 5, [(19, 20)] * 8, True),
        (1, 5, [(19, 20)] * 8, False),  # one in 30,000 by chance
        (3, 10, [(19, 20)] * 8, True),
        (0, 5, [(12, 20)] * 8, False),
        (0, 15, [(12, 20)] * 8, True),
        (80, 100, [(100, 100)] * 8, False),  # a fall of a fifth
        (0, 5, [(5, 5)] * 3, False),
        (
            2,
            10,
            [(10, 10), (2, 10), (9, 10), (1, 10), (10, 10), (3, 10)],
            False,
        ),  # it varies as much by itself
    ],
)
def test_shares(have: int, of: int, usual: list[tuple[int, int]], low: bool) -> None:
    assert is_low_share(have, of, usual, 0.25) is low


def test_a_quantile_is_one_of_the_values() -> None:
    assert [quantile([3, 1, 1, 1, 1, 1, 1, 1, 1, 1], share) for share in (0.0, 0.5, 0.9)] == [1, 1, 3]
