"""Two articles on one page: told from a full text and its excerpt, and cut where they meet."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.dedupe.overlap import Side

REMAINDER = 200
"""A remainder of a glued page shorter than this, in code points, is no article."""

HEADING, NEAR = 40, 3
"""A heading is one line of so many code points that does not end a sentence, so many lines from the text it heads."""

SEAM = 0.2
"""Share of the smaller of two parts of a page that both may have: the words at the seam, and what any text has."""

BESIDE = 0.1
"""Share of what two texts have in common that may be elsewhere: a version that was cut and moved has more."""

_ENDS = "。！？!?.”’」』）)】"
_CUT = ("…", "...", "全文", "未完待续", "完整内容", "原文", "阅读更多", "更多内容")


def glued(page: str, span: tuple[int, int], part: str, title: str) -> bool:
    """Whether a text found at a span of a longer page is one of two articles there, not an excerpt of it.

    It is when its title stands above it in the midst of the page, or when it ends as an article does and
    the only heading of the page stands at the seam. A page with headings of its own is taken for a full text:
    published whole it loses nothing.
    """
    start, end = span
    above = page[:start].splitlines()[-NEAR:]
    # A match may begin within the title, whose words the other article uses too.
    around = page[max(0, start - 2 * HEADING) : start + HEADING]
    if start >= REMAINDER and len(title) > 2 and title in around:
        return True
    below = page[end:].splitlines()[: NEAR + 1]
    seam = _headings(below if len(page) - end >= start else above)
    inside = page.splitlines()[NEAR:-NEAR]
    return _whole(part) and bool(seam) and set(_headings(inside)) <= set(seam)


def remainder(length: int, held: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The spans of a text that the held articles leave, each long enough to be an article."""
    spans, at = [], 0
    for start, end in [*sorted(held), (length, length)]:
        if start - at >= REMAINDER:
            spans.append((at, start))
        at = max(at, end)
    return tuple(spans)


def disjoint(spans: Sequence[tuple[int, int]]) -> bool:
    """Whether at least two of the spans stand apart, but for a few words at the seam: two articles."""
    ordered = sorted(spans, key=lambda span: span[1])
    return any(later[0] + HEADING >= ordered[0][1] for later in ordered[1:])


def stand_apart(one: Side, other: Side) -> bool:
    """Whether the stretches of a page in which two texts stand are two articles' parts of it."""
    a, b = _stretch(one), _stretch(other)
    least = min(a[1] - a[0], b[1] - b[0])
    return least >= REMAINDER and min(a[1], b[1]) - max(a[0], b[0]) <= SEAM * least


def _stretch(side: Side) -> tuple[int, int]:
    """Where in a page all of another text stands that it has; nowhere, if that is here and there."""
    start, end = side.extent or (0, 0)
    beside = sum(to - at for at, to in side.runs if to <= start or at >= end)
    return (start, end) if beside <= BESIDE * side.coverage * side.length else (0, 0)


def _whole(part: str) -> bool:
    last = part.rstrip()[-HEADING:]
    return last.endswith(tuple(_ENDS)) and not any(cut in last for cut in _CUT)


def _headings(lines: Sequence[str]) -> list[str]:
    stripped = (line.strip() for line in lines)
    return [
        line for line in stripped if 2 < len(line) <= HEADING and not line.endswith((*_ENDS, "，", ",", "；"))
    ]
