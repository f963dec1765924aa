"""Spans over a text, moved with it: into a longer text, through normalization, through a cut.

What a part of a text was on its page (`records.Span`) stays right however the text is changed later.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import accumulate

from pipeline.records import Span

COMPARED = 2_000
"""Code points of the longest changed stretch of a line that is compared in detail; the comparison is quadratic."""

LINES_COMPARED = 3_000
"""The same in lines of a text whose number of lines changed."""

VERBATIM = frozenset({"code", "formula"})
"""Kinds of spans that are no prose."""


def verbatim(spans: Iterable[Span]) -> list[tuple[int, int]]:
    """The places of a text that no fix of prose may touch, [start, end) each, in order."""
    return [(span.start, span.end) for span in spans if span.kind in VERBATIM]


def moved_by(distance: int, spans: Iterable[Span]) -> tuple[Span, ...]:
    """The spans of a text that now begins later.

    >>> moved_by(3, [Span(kind="quote", level=1, start=0, end=2)])
    (Span(kind='quote', level=1, start=3, end=5, label='', target=''),)
    """
    return tuple(replace(span, start=span.start + distance, end=span.end + distance) for span in spans)


def within(spans: Iterable[Span], pieces: Sequence[tuple[int, int]]) -> tuple[Span, ...]:
    """The spans of a text of which pieces remain, [start, end) each, joined by one line end.

    Of a span that is cut the rest remains; images stay where a piece holds their place.
    """
    left: list[Span] = []
    offset = 0
    spans = tuple(spans)
    for start, end in pieces:
        for span in spans:
            first, last = max(span.start, start), min(span.end, end)
            if first < last or (span.start == span.end and start <= span.start <= end):
                left.append(replace(span, start=first - start + offset, end=last - start + offset))
        offset += end - start + 1
    return _sorted(left)


def carried(spans: Sequence[Span], before: str, after: str) -> tuple[Span, ...]:
    """The spans of a text over what became of it, line by line; a span that nothing is left of is gone."""
    if not spans or before == after:
        return tuple(spans)
    place = places(before, after)
    moved = [replace(span, start=place(span.start, False), end=place(span.end, True)) for span in spans]
    pairs = zip(spans, moved, strict=True)
    return _sorted(new for old, new in pairs if new.start < new.end or old.start == old.end)


def _sorted(spans: Iterable[Span]) -> tuple[Span, ...]:
    return tuple(sorted(spans, key=lambda span: (span.start, -span.end)))


def places(before: str, after: str, alike: Mapping[int, str] | None = None) -> Callable[[int, bool], int]:
    """Where a place of one text is in the other; a place that is an end is asked for as one.

    `alike` makes one character of what counts as the same, as `str.translate` takes it.
    """
    old, new = before.split("\n"), after.split("\n")
    starts, ends = _starts(old), _starts(new)
    line_of = line_numbers(old, new)

    def place(at: int, is_end: bool) -> int:
        number = bisect_right(starts, at) - 1
        if (
            line_of[number] is None
        ):  # gone: a span begins with the next line that is there, and ends with the last
            steps = range(number - 1, -1, -1) if is_end else range(number + 1, len(old))
            there = next((line_of[step] for step in steps if line_of[step] is not None), None)
            if there is None:
                return 0 if is_end else len(after)
            return ends[there] + (len(new[there]) if is_end else 0)
        to = line_of[number] or 0
        return ends[to] + _column(old[number], new[to], at - starts[number], is_end, alike or {})

    return place


def _starts(lines: Sequence[str]) -> list[int]:
    return [0, *accumulate(len(line) + 1 for line in lines)][:-1]


def line_numbers(old: Sequence[str], new: Sequence[str]) -> list[int | None]:
    """Each line's number among those that they became; None for one that is gone."""
    if len(old) == len(new):
        return list(range(len(old)))
    found: list[int | None] = [None] * len(old)
    written, kept = ([n for n, line in enumerate(lines) if line.strip()] for lines in (old, new))
    if len(written) == len(kept):  # only blank lines came or went
        for number, there in zip(written, kept, strict=True):
            found[number] = there
        return found
    if len(old) + len(new) > LINES_COMPARED:
        return found
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal" or b - a == d - c:
            found[a:b] = range(c, d)
        elif tag == "replace":
            found[a:b] = [min(c + step, d - 1) for step in range(b - a)]
    return found


def _column(old: str, new: str, at: int, is_end: bool, alike: Mapping[int, str]) -> int:
    """Where a column of a line is in the line it became: of an end, one past where its last character is."""
    if at <= 0 and (is_end or not old):
        return 0
    if at >= len(old):
        return len(new)
    one, other = old.translate(alike), new.translate(alike)
    head = 0
    while head < min(len(one), len(other)) and one[head] == other[head]:
        head += 1
    tail = 0
    while tail < min(len(one), len(other)) - head and one[-1 - tail] == other[-1 - tail]:
        tail += 1
    if at < head or (is_end and at == head):
        return at
    if at >= len(old) - tail:
        return at + len(new) - len(old)
    middle, became = one[head : len(old) - tail], other[head : len(new) - tail]
    if len(middle) + len(became) <= COMPARED:
        column = at - head - is_end
        for _, a, b, c, d in SequenceMatcher(None, middle, became, autojunk=False).get_opcodes():
            if a <= column < b:
                inside = min(c + column - a + is_end, d)
                return head + (d if is_end and column == b - 1 else inside)
    return head + (at - head) * len(became) // max(1, len(middle))
