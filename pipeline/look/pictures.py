"""Pictures made on the server: SVG of rectangles and words, coloured by the style sheet; a table stands behind each.

No picture says more than its table does, so each is an image with a label to those who hear pages. Attributes alone
place things: a `style` would be refused by the policy of guard.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

from pipeline.printable import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of a picture."""

    label: str
    value: float
    told: str
    """The value in words."""
    tone: str = ""
    """A class of the style sheet: good, bad or pale; "": as usual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A value marked in a histogram."""

    at: float
    label: str


def sparkline(numbers: Sequence[float | None], label: str, width: int = 96, height: int = 22) -> Markup:
    """Numbers as a row of thin bars, None a gap; the last one stands out."""
    top = max((n for n in numbers if n is not None), default=0) or 1
    step = width / max(len(numbers), 1)
    parts = []
    for place, value in enumerate(numbers):
        if value is None:
            continue
        tall = max(round(height * value / top, 1), 1.0)
        tone = "last" if place == len(numbers) - 1 else "bar"
        parts.append(_rect(place * step, height - tall, max(step - 2, 1), tall, tone))
    return _svg(width, height, f"{label}: {_listed(numbers)}", parts, "spark")


def columns(bars: Sequence[Bar], label: str, width: int = 640, height: int = 150) -> Markup:
    """Bars that stand side by side, as weeks do: values above, labels below where there is room."""
    top = max((bar.value for bar in bars), default=0) or 1
    foot, head = 20, 16
    step = width / max(len(bars), 1)
    every = max(1, round(64 / step))  # a label takes about 60 units
    parts = []
    for place, bar in enumerate(bars):
        tall = (height - foot - head) * bar.value / top
        left, bottom = place * step, height - foot
        parts.append(
            _rect(left + 2, bottom - tall, max(step - 4, 1), tall, bar.tone, f"{bar.label}: {bar.told}")
        )
        if step >= 26 and bar.value:
            parts.append(_word(left + step / 2, bottom - tall - 4, bar.told, "middle", "value"))
        if place % every == 0:
            parts.append(_word(left + 2, height - 5, bar.label, "start", "tick"))
    parts.append(_line(0, height - foot, width, height - foot))
    return _svg(width, height, label, parts)


def bars(rows: Sequence[Bar], label: str, width: int = 640) -> Markup:
    """Bars under each other, as reasons are: label, bar, value."""
    top = max((row.value for row in rows), default=0) or 1
    named, told, line = 170, 64, 24
    parts = []
    for place, row in enumerate(rows):
        long = (width - named - told) * row.value / top
        at = place * line
        parts += [
            _word(named - 10, at + 16, _short(row.label), "end", "label"),
            _rect(named, at + 4, max(long, 1), line - 8, row.tone, f"{row.label}: {row.told}"),
            _word(named + max(long, 1) + 8, at + 16, row.told, "start", "value"),
        ]
    return _svg(width, max(line * len(rows), 1), label, parts)


def funnel(stages: Sequence[Bar], label: str, width: int = 640) -> Markup:
    """Stages that let less and less through: bars about one middle, joined where each goes on into the next."""
    top = max((stage.value for stage in stages), default=0) or 1
    named, line, tall = 170, 48, 30
    middle, room = named + (width - named) / 2, width - named - 20
    parts: list[Markup] = []
    halves = [room * stage.value / top / 2 for stage in stages]
    for place, (half, after) in enumerate(pairwise(halves)):
        above, below = place * line + tall, (place + 1) * line
        corners = (
            (middle - half, above),
            (middle + half, above),
            (middle + after, below),
            (middle - after, below),
        )
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in corners)
        parts.append(Markup('<polygon class="flow" points="{}"/>').format(points))
    for place, (stage, half) in enumerate(zip(stages, halves, strict=True)):
        at = place * line
        parts.append(_word(named - 10, at + 20, _short(stage.label), "end", "label"))
        shown = max(half, 1)
        parts.append(_rect(middle - shown, at, 2 * shown, tall, stage.tone, f"{stage.label}: {stage.told}"))
        inside = half > 34
        where = middle if inside else middle + shown + 8
        parts.append(
            _word(
                where, at + 20, stage.told, "middle" if inside else "start", "within" if inside else "value"
            )
        )
    return _svg(width, max(line * len(stages) - (line - tall), 1), label, parts)


def histogram(
    counts: Sequence[int],
    edges: tuple[float, float],
    label: str,
    lines: Sequence[Line] = (),
    width: int = 320,
    height: int = 120,
) -> Markup:
    """How many values stand in each of equal steps between two edges, with values marked by lines."""
    low, high = edges
    top, foot, head = max(counts, default=0) or 1, 18, 18
    step = width / max(len(counts), 1)
    parts = []
    for place, count in enumerate(counts):
        tall = (height - foot - head) * count / top
        if count:
            tall = max(tall, 1.5)
        begin = low + (high - low) * place / len(counts)
        end = low + (high - low) * (place + 1) / len(counts)
        told = f"{begin:.3g} to {end:.3g}: {count}"
        parts.append(_rect(place * step, height - foot - tall, max(step - 1, 0.5), tall, "", told))
    parts.append(_line(0, height - foot, width, height - foot))
    parts.append(_word(0, height - 5, f"{low:.3g}", "start", "tick"))
    parts.append(_word(width, height - 5, f"{high:.3g}", "end", "tick"))
    for mark in lines:
        at = width * min(max((mark.at - low) / ((high - low) or 1), 0), 1)
        parts.append(
            Markup('<line class="limit" x1="{0}" y1="{1}" x2="{0}" y2="{2}"/>').format(
                _n(at), head - 6, height - foot
            )
        )
        side = "end" if at > width / 2 else "start"
        parts.append(_word(at + (-4 if side == "end" else 4), head - 5, mark.label, side, "limit"))
    return _svg(width, height, label, parts)


def _svg(width: float, height: float, label: str, parts: Sequence[Markup], kind: str = "picture") -> Markup:
    return Markup(
        '<svg class="{}" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">{}</svg>'
    ).format(kind, plain(label), _n(width), _n(height), _n(width), _n(height), Markup("").join(parts))


def _rect(x: float, y: float, wide: float, tall: float, tone: str, told: str = "") -> Markup:
    inside = Markup("<title>{}</title>").format(plain(told)) if told else ""
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}">{}</rect>').format(
        tone or "bar", _n(x), _n(y), _n(wide), _n(max(tall, 0)), inside
    )


def _word(x: float, y: float, text: str, anchor: str, kind: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(
        kind, _n(x), _n(y), anchor, escape(plain(text))
    )


def _line(x1: float, y1: float, x2: float, y2: float) -> Markup:
    return Markup('<line class="axis" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
        _n(x1), _n(y1), _n(x2), _n(y2)
    )


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _short(label: str, most: int = 22) -> str:
    return label if len(label) <= most else label[: most - 1] + "…"


def _listed(numbers: Sequence[float | None]) -> str:
    return ", ".join("none" if n is None else f"{n:g}" for n in numbers)
