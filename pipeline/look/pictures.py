"""Pictures made on the server: SVG of rectangles and words, coloured by the style sheet; a table stands behind each.

Places and lengths from left to right are shares of the width there is, so that a picture is as wide as the page and
its words keep their size; heights are pixels. Attributes alone place things: a `style` would be refused by the policy
of guard.py. No picture says more than its table does, and each has a label for those who hear pages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from markupsafe import Markup

from pipeline.printable import plain

NARROW = 340
"""Pixels that a picture has on a small screen: so much room is reckoned with for words."""

NAMES, TOLD = 36.0, 14.0
"""Per cent of the width for the names of bars, and for their values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of a picture."""

    label: str
    value: float
    told: str
    """The value in words."""
    tone: str = "bar"
    """A class of the style sheet: bar, good, bad or pale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A value marked in a histogram."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point of a time line."""

    day: date | None
    """None: it is not known, and drawn at the beginning."""
    label: str
    told: str
    """What stands there, in words."""
    tone: str = "bar"


def sparkline(numbers: Sequence[float | None], label: str, width: int = 96, height: int = 22) -> Markup:
    """Numbers as a row of thin bars, None a gap; the last one stands out."""
    top = max((n for n in numbers if n is not None), default=0) or 1
    step = 100 / max(len(numbers), 1)
    parts = []
    for place, value in enumerate(numbers):
        if value is not None:
            tall = max(height * value / top, 1.0)
            tone = "last" if place == len(numbers) - 1 else "bar"
            parts.append(_rect(place * step, height - tall, step * 0.8, tall, tone, f"{value:g}"))
    told = ", ".join("none" if n is None else f"{n:g}" for n in numbers)
    return _svg(height, f"{label}: {told}", parts, "spark", str(width))


def columns(bars: Sequence[Bar], label: str, height: int = 150) -> Markup:
    """Bars that stand side by side, as weeks do: values above where there is room, some labels below."""
    top = max((bar.value for bar in bars), default=0) or 1
    foot, head = 20, 16
    step = 100 / max(len(bars), 1)
    room = NARROW / max(len(bars), 1)
    every = max(1, round(60 / room))
    parts = []
    for place, bar in enumerate(bars):
        tall = (height - foot - head) * bar.value / top
        left, above = place * step, height - foot - tall
        parts.append(
            _rect(left + step * 0.08, above, step * 0.84, tall, bar.tone, f"{bar.label}: {bar.told}")
        )
        if bar.value and 7 * len(bar.told) < room:
            parts.append(_word(left + step / 2, above - 4, bar.told, "value", "middle"))
        if place % every == 0:
            parts.append(_word(left + step * 0.08, height - 5, bar.label, "tick"))
    parts.append(_axis(height - foot))
    return _svg(height, label, parts)


def bars(rows: Sequence[Bar], label: str) -> Markup:
    """Bars under each other, as reasons are: name, bar, value."""
    top = max((row.value for row in rows), default=0) or 1
    line = 24
    parts = []
    for place, row in enumerate(rows):
        long, at = (100 - NAMES - TOLD) * row.value / top, place * line
        parts += [
            _word(NAMES - 2, at + 16, _short(row.label), "label", "end"),
            _rect(NAMES, at + 4, max(long, 0.2), line - 8, row.tone, f"{row.label}: {row.told}"),
            _word(NAMES + max(long, 0.2) + 1, at + 16, row.told, "value"),
        ]
    return _svg(max(line * len(rows), 1), label, parts)


def funnel(stages: Sequence[Bar], label: str) -> Markup:
    """Stages that let less and less through: bars about one middle, joined where each goes on into the next."""
    top = max((stage.value for stage in stages), default=0) or 1
    line, tall = 52, 30
    halves = [50 * stage.value / top for stage in stages]
    flows = [
        Markup('<polygon class="flow" points="{}"/>').format(
            " ".join(
                f"{_n(x)},{y}"
                for x, y in (
                    (50 - half, place * line + tall),
                    (50 + half, place * line + tall),
                    (50 + after, (place + 1) * line),
                    (50 - after, (place + 1) * line),
                )
            )
        )
        for place, (half, after) in enumerate(pairwise(halves))
    ]
    height = max(line * len(stages) - (line - tall), 1)
    room = 100 - NAMES
    parts = [
        Markup(
            '<svg x="{}%" width="{}%" height="{}" viewBox="0 0 100 {}" preserveAspectRatio="none">{}</svg>'
        ).format(_n(NAMES), _n(room), height, height, Markup("").join(flows))
    ]
    middle = NAMES + room / 2
    for place, (stage, half) in enumerate(zip(stages, halves, strict=True)):
        at, wide = place * line, max(room * half / 100, 0.3)
        parts.append(_word(NAMES - 2, at + 20, _short(stage.label), "label", "end"))
        parts.append(_rect(middle - wide, at, 2 * wide, tall, stage.tone, f"{stage.label}: {stage.told}"))
        if 2 * wide * NARROW / 100 > 8 * len(stage.told) + 12:
            parts.append(_word(middle, at + 20, stage.told, "within", "middle"))
        else:
            parts.append(_word(middle + wide + 1.5, at + 20, stage.told, "value"))
    return _svg(height, label, parts)


def histogram(
    counts: Sequence[int],
    edges: tuple[float, float],
    label: str,
    lines: Sequence[Line] = (),
    height: int = 124,
    *,
    written: Callable[[float], str] = "{:.3g}".format,
) -> Markup:
    """How many values stand in each of equal steps between two edges, with values marked by lines.

    `written` gives a value in words, where the steps are of something else than what is told.
    """
    low, high = edges
    top, foot, head = max(counts, default=0) or 1, 18, 30
    step = 100 / max(len(counts), 1)
    parts = []
    for place, count in enumerate(counts):
        tall = (height - foot - head) * count / top
        begin, end = (low + (high - low) * (place + n) / len(counts) for n in (0, 1))
        told = f"{written(begin)} to {written(end)}: {count}"
        parts.append(
            _rect(place * step, height - foot - max(tall, 1.5), step * 0.88, max(tall, 1.5), "bar", told)
            if count
            else Markup("")
        )
    parts += [_axis(height - foot), _word(0, height - 5, written(low), "tick")]
    parts.append(_word(100, height - 5, written(high), "tick", "end"))
    last = -100.0
    for mark in sorted(lines, key=lambda mark: mark.at):
        at = 100 * min(max((mark.at - low) / ((high - low) or 1), 0), 1)
        above = 10 if at - last < 30 else 22  # the words of two lines that stand close
        last = at if above == 22 else -100.0
        parts.append(
            Markup('<line class="limit" x1="{0}%" y1="{1}" x2="{0}%" y2="{2}"/>').format(
                _n(at), above - 8, height - foot
            )
        )
        side = "end" if at > 50 else "start"
        parts.append(_word(at + (-1.5 if side == "end" else 1.5), above, mark.label, "limit", side))
    return _svg(height, label, parts)


def timeline(points: Sequence[Point], label: str) -> Markup:
    """Points on a line of days, each on a row of its own."""
    days = [point.day for point in points if point.day is not None]
    first, last = (min(days), max(days)) if days else (None, None)
    span = (last - first).days if first is not None and last is not None else 0
    line, foot = 24, 22
    height = line * len(points) + foot
    room = 100 - NAMES - 4
    parts = []
    for place, point in enumerate(points):
        after = (point.day - first).days if point.day is not None and first is not None else 0
        at = NAMES + 2 + room * (after / span if span else 0)
        told = f"{point.label}, {point.day or 'day not known'}: {point.told}"
        parts += [
            _word(NAMES - 2, place * line + 16, _short(point.label), "label", "end"),
            Markup('<line class="axis" x1="{0}%" y1="{2}" x2="{1}%" y2="{2}"/>').format(
                _n(NAMES), 100, place * line + 12
            ),
            Markup('<circle class="{}" cx="{}%" cy="{}" r="6"><title>{}</title></circle>').format(
                point.tone, _n(at), place * line + 12, plain(told)
            ),
        ]
    if first is not None:
        parts.append(_word(NAMES, height - 5, str(first), "tick"))
    if span:
        parts.append(_word(100, height - 5, str(last), "tick", "end"))
    return _svg(height, label, parts)


def _svg(
    height: float, label: str, parts: Sequence[Markup], kind: str = "picture", width: str = "100%"
) -> Markup:
    return Markup('<svg class="{}" role="img" aria-label="{}" width="{}" height="{}">{}</svg>').format(
        kind, plain(label), width, _n(height), Markup("").join(parts)
    )


def _rect(x: float, y: float, wide: float, tall: float, tone: str, told: str) -> Markup:
    return Markup('<rect class="{}" x="{}%" y="{}" width="{}%" height="{}"><title>{}</title></rect>').format(
        tone, _n(x), _n(y), _n(wide), _n(tall), plain(told)
    )


def _word(x: float, y: float, text: str, kind: str, anchor: str = "start") -> Markup:
    return Markup('<text class="{}" x="{}%" y="{}" text-anchor="{}">{}</text>').format(
        kind, _n(x), _n(y), anchor, plain(text)
    )


def _axis(y: float) -> Markup:
    return Markup('<line class="axis" x1="0" y1="{0}" x2="100%" y2="{0}"/>').format(_n(y))


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _short(label: str, most: int = 20) -> str:
    return label if len(label) <= most else label[: most - 1] + "…"
