"""The differences a fix made, place by place, for people to read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

_CONTEXT = 6
_COMPARED = 2000
"""Longest pair of lines (in characters) that is compared in detail; the comparison is quadratic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place that one fix changed."""

    fix: str
    """Name of the fix."""
    before: str
    """The place before, with a few characters round it."""
    after: str
    """The same place after."""
    line: str
    """The whole line before, of a longer place its first one."""
    at: int
    """Offset of the change in that line."""


def differences(fix: str, before: str, after: str) -> Iterator[Difference]:
    """The places where two texts differ, in order; neighbouring ones are one place."""
    old, new = before.split("\n"), after.split("\n")
    if len(old) == len(new):
        for one, two in zip(old, new, strict=True):
            if one != two:
                yield from _within(fix, one, two)
    else:
        yield from _within(fix, before, after)


def edits(before: str, after: str) -> Iterator[tuple[bool, int, int, int, int]]:
    """(whether it stays, its start and end before, and after) of each stretch of a text, in order, also empty ones.

    What is longer than is compared in detail is one change.
    """
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    last, new_last = len(before) - tail, len(after) - tail
    middle, changed = before[head:last], after[head:new_last]
    yield True, 0, head, 0, head
    if len(middle) + len(changed) > _COMPARED:
        yield False, head, last, head, new_last
    else:
        for tag, a, b, c, d in SequenceMatcher(None, middle, changed, autojunk=False).get_opcodes():
            yield tag == "equal", head + a, head + b, head + c, head + d
    yield True, last, len(before), new_last, len(after)


def _within(fix: str, before: str, after: str) -> Iterator[Difference]:
    places = _joined([place for stays, *place in edits(before, after) if not stays])
    for first, last, new_first, new_last in places:
        left, right = before[max(0, first - _CONTEXT) : first], before[last : last + _CONTEXT]
        opens = before.rfind("\n", 0, first) + 1
        yield Difference(
            fix=fix,
            before=left + before[first:last] + right,
            after=left + after[new_first:new_last] + right,
            line=before[opens:].split("\n", 1)[0],
            at=first - opens,
        )


def _joined(places: list[list[int]]) -> list[list[int]]:
    """Places closer than the context between them are shown as one."""
    joined: list[list[int]] = []
    for place in places:
        if joined and place[0] - joined[-1][1] <= _CONTEXT:
            joined[-1] = [joined[-1][0], place[1], joined[-1][2], place[3]]
        else:
            joined.append(place)
    return joined


def _common(one: str, two: str) -> int:
    """Length of the common beginning."""
    length = 0
    for a, b in zip(one, two, strict=False):
        if a != b:
            break
        length += 1
    return length
