"""What normalization changed in a paragraph, character by character, with the names of the fixes that did it.

The fixes are run on the paragraph alone, and each step is laid upon the ones before it. What they do only in the whole
text (quotes that open in one paragraph and close in another) has no name of its own: those places bear IN_CONTEXT.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline import normalize
from pipeline.normalize.differences import edits
from pipeline.records import Document
from pipeline.spans import line_numbers, verbatim

IN_CONTEXT = "context"
"""Name of a change that a fix makes in sight of the whole text alone."""

LONGEST = 20_000
"""Code points of a paragraph whose changes are told; a longer one is one change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of a published paragraph, and what stood there on the page."""

    before: str
    after: str
    fixes: tuple[str, ...] = ()
    """The fixes that changed it, in the order they ran; empty where nothing did."""


def pieces(document: Document) -> list[list[Piece]]:
    """Of each line of `text` its stretches in order; their `after` joined is the line."""
    old, new = document.extracted.split("\n"), document.text.split("\n")
    place = line_numbers(new, old)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line) + 1)
    still = verbatim(document.structure_raw)
    told = []
    for number, line in enumerate(new):
        at = place[number]
        if at is None:
            told.append([Piece(before="", after=line, fixes=(IN_CONTEXT,))])
            continue
        inside = [
            (max(start - starts[at], 0), min(end - starts[at], len(old[at])))
            for start, end in still
            if start < starts[at] + len(old[at]) and end > starts[at]
        ]
        told.append(of_line(old[at], line, inside))
    return told


def of_line(extracted: str, published: str, still: Sequence[tuple[int, int]] = ()) -> list[Piece]:
    """The stretches of one line, as it stood on the page and as it is published.

    >>> [(p.before, p.after, p.fixes) for p in of_line("他说:OK", "他说：OK")]
    [('他说', '他说', ()), (':', '：', ('marks',)), ('OK', 'OK', ())]
    """
    if extracted == published:
        return [Piece(before=published, after=published)] if published else []
    if max(len(extracted), len(published)) > LONGEST:
        return [Piece(before=extracted, after=published, fixes=(IN_CONTEXT,))]
    now, text = [Piece(before=extracted, after=extracted)], extracted
    for fix, before, after in () if still else normalize.steps(extracted):
        if before == text:
            now, text = _laid(now, fix, before, after), after
    return _laid(now, IN_CONTEXT, text, published) if text != published else now


def _laid(now: Sequence[Piece], fix: str, before: str, after: str) -> list[Piece]:
    """The stretches after one more fix."""
    made: list[Piece] = []
    left = list(now)
    for is_same, start, end, new_start, new_end in edits(before, after):
        taken, left = _taken(left, end - start)
        if is_same:
            made += taken
            continue
        names = tuple(dict.fromkeys([*(name for piece in taken for name in piece.fixes), fix]))
        made.append(
            Piece(
                before="".join(piece.before for piece in taken), after=after[new_start:new_end], fixes=names
            )
        )
    return made


def _taken(pieces: list[Piece], length: int) -> tuple[list[Piece], list[Piece]]:
    """The stretches that make up the next code points, and those after them.

    Of one that is cut and was changed before, what stood on the page goes with its first half.
    """
    taken: list[Piece] = []
    for at, piece in enumerate(pieces):
        if length == 0 and piece.after:
            return taken, pieces[at:]
        if len(piece.after) <= length:
            length -= len(piece.after)
            taken.append(piece)
            continue
        first, rest = piece.after[:length], piece.after[length:]
        was = (piece.before[:length], piece.before[length:]) if not piece.fixes else (piece.before, "")
        taken.append(Piece(before=was[0], after=first, fixes=piece.fixes))
        return taken, [Piece(before=was[1], after=rest, fixes=piece.fixes), *pieces[at + 1 :]]
    return taken, []
