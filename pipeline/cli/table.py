"""A table as lines of text, as wide as there is room: what fits stays whole, what does not is left out by name.

Pure text, without a library: widths are terminal columns, of which a Han character takes two.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from unicodedata import combining, east_asian_width

GAP = 2
"""Columns between two."""

WHOLE = 28
"""A cell of the first column (a name) is not folded up to this width, so that it can be found with the eye."""

SHORT = 16
"""Nor is a column of cells up to this width, such as a day with its time."""

FLOOR = 20
"""A column of longer words is never folded narrower, unless its words are shorter."""

_PIECE = re.compile(r"[⺀-\uffef]|[^\s⺀-\uffef]+|\s+")


_WORD = re.compile(r"[⺀-\uffef][，。、；：？！”’）》」』]*\s*|[^\s⺀-\uffef]+\s*|\s+")
"""What a line may be broken after: a Han character or its marks, a word of other writing, with the spaces behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A table drawn."""

    lines: list[str]
    """Its lines, the title the first."""
    left: tuple[str, ...] = ()
    """Columns that were left out."""


def cells(text: str) -> int:
    """Columns of a terminal that a line takes: two a Han character, none a mark over another."""
    return sum(0 if combining(sign) else 1 + (east_asian_width(sign) in "WF") for sign in text)


def wrapped(line: str, columns: int, hang: int = 0) -> list[str]:
    """A line cut after words, as lines of so many columns; those after the first stand `hang` columns further in.

    A word that is longer than a line, such as an address, is left whole: the terminal folds it, and it can be copied.
    """
    lines, hang = [""], min(hang or len(line) - len(line.lstrip()), columns // 2)
    for word in _WORD.findall(line):
        taken = cells(lines[-1])
        if taken > hang and lines[-1].strip() and taken + cells(word.rstrip()) > columns:
            lines[-1] = lines[-1].rstrip()
            lines.append(" " * hang)
        lines[-1] += word
    return [*lines[:-1], lines[-1].rstrip()]


def numbers(count: int, rows: Sequence[Sequence[Any]]) -> list[bool]:
    """Which of so many columns hold numbers (or nothing) alone."""
    return [
        any(row[n] is not None for row in rows)
        and all(row[n] is None or (isinstance(row[n], int | float)) for row in rows)
        for n in range(count)
    ]


def draw(
    title: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    numeric: Sequence[bool],
    *,
    spare: Sequence[str] = (),
    columns: int,
) -> Drawn:
    """A table of cells without control signs; see `screen.show`."""
    shown = [n for n, head in enumerate(heads) if head or any(row[n] for row in rows)]
    least = [_least(n, heads[n], [row[n] for row in rows], numeric[n]) for n in range(len(heads))]
    left: list[str] = []
    for name in spare:
        if _sum(least, shown) <= columns:
            break
        shown.remove(heads.index(name))
        left.append(name)
    title_lines = wrapped(title, columns)
    if _sum(least, shown) > columns:
        shown = [n for n, head in enumerate(heads) if head or any(row[n] for row in rows)]
        return Drawn(lines=[*title_lines, *_as_lists(heads, rows, shown, columns)])
    widths = _widths(heads, rows, shown, least, columns)
    lines = _row([heads[n] for n in shown], [numeric[n] for n in shown], widths, at_foot=True)
    lines.append((" " * GAP).join("─" * each for each in widths))
    for row in rows:
        lines += _row([row[n] for n in shown], [numeric[n] for n in shown], widths)
    return Drawn(lines=[*title_lines, *lines], left=tuple(left))


def _sum(widths: Sequence[int], shown: Sequence[int]) -> int:
    return sum(widths[n] for n in shown) + GAP * (len(shown) - 1)


def _least(place: int, head: str, column: Sequence[str], is_number: bool) -> int:
    """The least width in which no number is cut and words can be read."""
    whole = max((cells(cell) for cell in column), default=0)
    longest = max((cells(word) for cell in column for word in cell.split()), default=0)
    heading = max((cells(word) for word in head.split()), default=0)
    if is_number or whole <= SHORT or (place == 0 and whole <= WHOLE):
        return max(whole, heading)
    return max(min(longest, FLOOR), SHORT, heading)


def _widths(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    shown: Sequence[int],
    least: Sequence[int],
    columns: int,
) -> list[int]:
    """The widths: what room is left goes to the columns that want it, first to those that want little."""
    wanted = {n: max(cells(cell) for cell in (heads[n], *(row[n] for row in rows))) for n in shown}
    widths = {n: least[n] for n in shown}
    room = columns - _sum(least, shown)
    hungry = sorted((n for n in shown if wanted[n] > widths[n]), key=lambda n: wanted[n] - widths[n])
    for place, n in enumerate(hungry):
        more = min(wanted[n] - widths[n], room // (len(hungry) - place))
        widths[n] += more
        room -= more
    return [widths[n] for n in shown]


def _row(
    row: Sequence[str], numeric: Sequence[bool], widths: Sequence[int], *, at_foot: bool = False
) -> list[str]:
    folded = [_fold(cell, wide) for cell, wide in zip(row, widths, strict=True)]
    height = max(map(len, folded))
    lines = []
    for n in range(height):
        parts = []
        for cell, wide, is_number in zip(folded, widths, numeric, strict=True):
            place = n - (height - len(cell)) if at_foot else n
            text = cell[place] if 0 <= place < len(cell) else ""
            room = " " * (wide - cells(text))
            parts.append(room + text if is_number else text + room)
        lines.append((" " * GAP).join(parts).rstrip())
    return lines


def _fold(cell: str, wide: int) -> list[str]:
    """A cell as lines of a width, cut after words; a word that is longer, in itself."""
    lines = [""]
    for piece in _PIECE.findall(cell.replace("\n", " ")):
        while piece:
            room = wide - cells(lines[-1])
            if cells(piece) <= room:
                lines[-1] += piece
                break
            if not lines[-1].strip():
                taken = _prefix(piece, wide)
                lines[-1], piece = piece[:taken], piece[taken:].lstrip()
            if piece:
                piece = piece.lstrip()
                lines.append("")
    return [line.rstrip() for line in lines if line.strip()] or [""]


def _prefix(text: str, wide: int) -> int:
    """How many signs of a text fit into a width; one at least."""
    taken = 0
    for number, sign in enumerate(text):
        taken += cells(sign)
        if taken > wide:
            return max(1, number)
    return len(text)


def _as_lists(
    heads: Sequence[str], rows: Sequence[Sequence[str]], shown: Sequence[int], columns: int
) -> list[str]:
    """Each row as a heading, its first cell, and a line a column below."""
    wide = max(cells(heads[n]) for n in shown)
    lines = []
    for row in rows:
        lines += wrapped(row[shown[0]], columns)
        for n in shown[1:]:
            if row[n]:
                head = heads[n] + " " * (wide - cells(heads[n]))
                lines += wrapped(f"  {head}  {row[n]}", columns, wide + 4)
    return lines
