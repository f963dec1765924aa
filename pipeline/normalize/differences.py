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


def _within(fix: str, before: str, after: str) -> Iterator[Difference]:
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    middle, changed = before[start : len(before) - end], after[start : len(after) - end]
    if len(middle) + len(changed) > _COMPARED:
        places = [(start, len(before) - end, start, len(after) - end)]
    else:
        blocks = SequenceMatcher(None, middle, changed, autojunk=False).get_opcodes()
        places = _joined(
            [(start + a, start + b, start + c, start + d) for tag, a, b, c, d in blocks if tag != "equal"]
        )
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


def _joined(places: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Places closer than the context between them are shown as one."""
    joined: list[tuple[int, int, int, int]] = []
    for place in places:
        if joined and place[0] - joined[-1][1] <= _CONTEXT:
            joined[-1] = (joined[-1][0], place[1], joined[-1][2], place[3])
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
