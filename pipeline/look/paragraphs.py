"""The published text, a paragraph at a time: what changed in it, its flags in place, where it stands on the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.look.alongside import Told
from pipeline.look.changed import Piece
from pipeline.records import Document, Flag, Span

OUTER = ("heading", "item", "row", "quote", "code")
"""Kinds of parts that a whole line can be, in the order in which one is shown as it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A stretch of a paragraph with one history and at most one flag."""

    piece: Piece
    flag: Flag | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A line of the published text."""

    shown: tuple[Shown, ...]
    at: Told | None
    """The line of an archived page that it was made of; None: it stands on none."""
    kind: str = ""
    """heading, item, row, quote or code; "": a paragraph."""
    level: int = 0


def paragraphs(
    document: Document, told: Sequence[Sequence[Piece]], of_page: Sequence[Told | None]
) -> Iterable[Paragraph]:
    """The lines of the text with what changed in them, their flags in place, and where they stand on the page."""
    flags = sorted((f for f in document.flags if f.start is not None), key=lambda f: f.start or 0)
    at = 0
    for number, line in enumerate(told):
        length = sum(len(piece.after) for piece in line)
        kind, level = _shape(document.structure, at, at + length)
        inside = [f for f in flags if (f.start or 0) < at + length and (f.end or 0) > at]
        yield Paragraph(
            shown=tuple(_flagged(line, inside, at)),
            at=of_page[number] if number < len(of_page) else None,
            kind=kind,
            level=level,
        )
        at += length + 1


def _shape(structure: Sequence[Span], start: int, end: int) -> tuple[str, int]:
    """What a line is as a whole."""
    around = [span for span in structure if span.start <= start and end <= span.end and span.start < span.end]
    found = {span.kind: span.level for span in around}
    return next(((kind, found[kind]) for kind in OUTER if kind in found), ("", 0))


def _flagged(line: Sequence[Piece], flags: Sequence[Flag], at: int) -> Iterable[Shown]:
    """The stretches of a line, cut where a flag begins or ends; what was changed stays whole."""
    for piece in line:
        end = at + len(piece.after)
        here = [f for f in flags if (f.start or 0) < end and (f.end or 0) > at]
        if piece.fixes or not here:
            yield Shown(piece=piece, flag=here[0] if here else None)
        else:
            cuts = sorted({at, end, *(min(max(p or 0, at), end) for f in here for p in (f.start, f.end))})
            for first, last in pairwise(cuts):
                said = piece.after[first - at : last - at]
                flag = next((f for f in here if (f.start or 0) <= first and last <= (f.end or 0)), None)
                yield Shown(piece=Piece(before=said, after=said), flag=flag)
        at = end
