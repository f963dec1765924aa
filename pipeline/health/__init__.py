"""Whether a source is well, judged by its own past: pure arithmetic over what its days came to.

A source is held against its own trailing weeks, never against a setting (robust.py has the arithmetic and its
source). What is judged, and in which order, stands here and nowhere else; the first state that holds is the state
of the source. The numbers of ours were set so that 20 simulated sources with a weekend rhythm give at most one
false alarm in 60 quiet days, and each fault is told by the day after it can be seen (tests/health/test_sixty_days.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.health.documents import drifted
from pipeline.health.news import flooded, gap, shrunk, silent
from pipeline.health.past import Finding, Past, Told, pasts
from pipeline.health.visits import blocked, failing, gone

__all__ = ["NEW", "STATES", "WELL", "Finding", "Past", "judge", "pasts", "state_of"]

WELL, NEW = "well", "new"
"""No state of STATES holds; nothing was ever asked of it."""

STATES: tuple[tuple[str, Callable[[Past], Told], str], ...] = (
    ("blocked", blocked, "block and captcha pages come instead of the site's"),
    ("gone", gone, "its lists answer 404 or 410, or one of them has for a week"),
    ("failing", failing, "no usable answer from its lists, its pages or its robots.txt"),
    ("silent", silent, "nothing new for three times its usual gap"),
    ("flooded", flooded, "ten times as many new articles as usual"),
    ("shrunk", shrunk, "far fewer new articles than usual"),
    (
        "drifted",
        drifted,
        "bodies, titles, dates, authors, lengths or links are not what they were: a new layout, teasers",
    ),
    ("gap", gap, "a feed turned over between two visits: visit it more often, or add a list"),
)
"""State, its rule, and what it means; the gravest first."""


def judge(past: Past) -> tuple[Finding, ...]:
    """All that is not as usual with a source, the gravest first; empty when it is well or new."""
    told = ((state, rule(past)) for state, rule, _ in STATES)
    return tuple(Finding(state=state, since=found[0], told=found[1]) for state, found in told if found)


def state_of(past: Past, findings: Sequence[Finding]) -> str:
    """The state in a word: that of the gravest finding, WELL or NEW."""
    if findings:
        return findings[0].state
    return WELL if past.days else NEW
