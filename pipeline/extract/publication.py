"""Which day of publication holds, of those that the readers of published.py give, and how sure it is.

A label decides alone. Of what is read without one, two voices that agree (the page's print, its declarations,
its address, the days its text tells of) win over one that stands earlier in the table. A day later than the capture
is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from pipeline.extract.clock import Clock
from pipeline.extract.dayline import Dated
from pipeline.extract.evidence import LABEL, Evidence, settle
from pipeline.extract.published import DAYS, tells_of
from pipeline.records import HIGH, LOW, MEDIUM

WEAK = frozenset({"above", "ago", "beside", "shown", "url", "bare", "closing", "modified"})
"""Readers that find a day where another's may stand, or reckon it."""

APART = timedelta(days=1)
"""Days of two voices that are no farther apart do not contradict each other: a zone or the hour of print parts them."""

TEXT = "text"
"""The voice of the days that the body tells of; it gives none of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What a page says of the day of publication."""

    found: Dated | None = None
    confidence: str | None = None
    """high: a label says so, or two voices the same; medium: one voice; low: a reader of WEAK that no other bears out,
    or one that another contradicts."""
    clock: Clock | None = None
    """The time of that day, from the first reader that has the day and a time."""
    clock_from: str | None = None
    """Where that stood."""
    refused: Dated | None = None
    """The day that would have been it, if it were not later than the capture."""


def find_published(page: Evidence) -> Publication:
    """The day of publication; no day is better than one out of the text or a teaser, so neither is searched."""
    found = _search(replace(page, latest=None))
    if found.found is None or page.may_be(found.found.day):
        return found
    return replace(_search(page), refused=found.found)


def _search(page: Evidence) -> Publication:
    answers = [(name, voice, found) for name, voice, read, _ in DAYS if (found := read(page)) is not None]
    if not answers:
        return Publication()
    if answers[0][1] == LABEL:
        chosen = answers[0]
    else:
        strong = (each for name, _, each in answers if name not in WEAK)
        told = [(TEXT, TEXT, each) for each in strong if tells_of(page, each.day)]
        chosen = settle([*answers, *told], key=lambda answer: answer.day)
    found = chosen[2]
    same = [each for _, _, each in answers if each.day == found.day]
    timed = next((each for each in same if each.clock), None)
    clock = _zoned(timed.clock, same) if timed and timed.clock else None
    return Publication(
        found=found,
        confidence=_confidence(chosen, answers, is_told=tells_of(page, found.day)),
        clock=clock,
        clock_from=timed.where if timed else None,
    )


def _zoned(clock: Clock, same: Sequence[Dated]) -> Clock:
    """The time with the offset of another value that shows the same time of the same day."""
    offsets = (o.clock.offset for o in same if o.clock and o.clock.time[:5] == clock.time[:5])
    return clock if clock.offset else replace(clock, offset=next(filter(None, offsets), ""))


def _confidence(
    chosen: tuple[str, str, Dated], answers: Sequence[tuple[str, str, Dated]], *, is_told: bool
) -> str:
    name, voice, found = chosen
    others = [(other, said.day) for other, kind, said in answers if kind != voice]
    agreed = is_told or any(day == found.day for _, day in others)
    if voice == LABEL or (agreed and name not in WEAK):
        return HIGH
    if name in WEAK:
        return MEDIUM if agreed else LOW
    differ = any(abs(day - found.day) > APART for other, day in others if other not in WEAK)
    return LOW if differ else MEDIUM
