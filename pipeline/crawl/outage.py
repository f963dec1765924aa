"""Whose fault it is that no server answers: a site's, or the network of this machine.

A visit without an answer waits here until some server answers, or the run ends. Then it is known: where sites that
were well fall silent all at once, it is the machine that is cut off, and what waits is forgotten, neither archived nor
counted, since the web has said nothing. Otherwise each is archived and counts against its site.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pipeline.records import UNREACHED, Capture
from pipeline.web.fetched import Fetched

LEAST = 2
"""Sites that fall silent at once, from which it is the machine (ours); of one alone it cannot be known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubted:
    """A visit that no server answered."""

    capture: Capture
    """What is archived of it if it counts."""
    fetched: Fetched
    """How it was asked."""
    site: str
    """Whom it was meant for."""
    was_well: bool
    """Whether the site answered when it was last asked, or was never asked: one that is down is no evidence."""
    every: float | None = None
    changed: bool | None = None
    """What the ledger is told with it."""


def is_doubtful(outcome: str, status: int) -> bool:
    """Whether a visit may have failed for the machine's own fault."""
    return outcome in UNREACHED and not status


def is_outage(doubted: Iterable[Doubted], answered: Collection[str], *, ended: bool) -> bool:
    """Whether the machine was cut off, by what no server answered since one last did.

    `answered` are the sites that did before, in this run. Without any it is only known when the run has ended: until
    then the first may be about to. With some, those of them that fall silent together are the evidence.
    """
    silent = {each.site for each in doubted if each.was_well}
    if not answered:
        return ended and len(silent) >= LEAST
    return len(silent.intersection(answered)) >= LEAST
