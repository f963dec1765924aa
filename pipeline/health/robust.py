"""What is usual, and what is far from it: medians and median absolute deviations.

The centre is the median; the spread is the median absolute deviation (MAD), scaled by 1.4826 to the standard
deviation of a normal distribution; a value more than 3.5 of these away is an outlier (Iglewicz and Hoaglin, "How to
Detect and Handle Outliers", 1993). A few bad days move neither. What chance alone does is no outlier either: the
spread of a count is at least its root (Poisson), and a share of a few documents must be one that a binomial draw gives
once in RARE.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, sqrt
from statistics import median

LEAST = 4
"""Observations below which nothing is usual (ours)."""

OUTLIER = 3.5

RARE = 1e-5
"""So seldom must chance alone give a share: a hundred sources with six shares and a group a day are asked 200,000
times a year (ours)."""

HALF = 0.5
"""What a number must fall below, of what is usual, to be worth telling (ours)."""


def spread(values: Sequence[float]) -> float:
    """The scaled MAD of some values, at least one."""
    middle = median(values)
    return 1.4826 * median(abs(value - middle) for value in values)


def is_outlier_below(value: float, usual: Sequence[float], least_spread: float) -> bool:
    """Whether a value lies far below what is usual; never with fewer than LEAST values."""
    if len(usual) < LEAST:
        return False
    return value - median(usual) <= -OUTLIER * max(spread(usual), least_spread)


def is_low_count(value: int, usual: Sequence[int]) -> bool:
    """Whether a count is an outlier below what is usual, and less than half of it."""
    if len(usual) < LEAST:
        return False
    middle = median(usual)
    return value < HALF * middle and is_outlier_below(value, usual, max(sqrt(middle), 1.0))


def is_low_share(have: int, of: int, usual: Sequence[tuple[int, int]], least_drop: float) -> bool:
    """Whether a share, as (how many, of how many), is an outlier below the usual ones, by at least `least_drop`."""
    if len(usual) < LEAST:
        return False
    shares = [each / total for each, total in usual]
    pooled = sum(each for each, _ in usual) / sum(total for _, total in usual)
    is_far = median(shares) - have / of >= least_drop and is_outlier_below(have / of, shares, 0.05)
    return is_far and _at_most(have, of, pooled) < RARE


def _at_most(have: int, of: int, share: float) -> float:
    """The probability of at most so many of so many, each with this probability."""
    return sum(comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(have + 1))


def quantile(values: Sequence[int], share: float) -> int:
    """The value below which a share of some values lies, one of them."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
