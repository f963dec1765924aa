"""Gaps that mean something and stay: between columns, after options and lettered keys, indents of inner lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate, groupby

from pipeline.normalize.characters import FULL
from pipeline.rules.han import HAN

Range = tuple[int, int]

_LEAST_TABS = 2
_GAP = re.compile(" +")
_FIELD = f"(?:[\\-+]?[0-9][0-9.:%]{{0,12}}|[^\\s{FULL}.,:;!?()\"'-]{{1,30}})"
_SPACED_ROW = re.compile(f"{_FIELD}(?: {{1,20}}{_FIELD}){{2,9}}\\Z")
_NUMBER_BETWEEN = re.compile(" [\\-+]?[0-9][0-9.:%]{0,12} ")
_FIGURE = re.compile("[\\-+]?[0-9][0-9.,:%]{0,12}")
_ENTRY = re.compile(f"[{HAN}]{{1,12}}(?P<gap> {{1,8}})[A-Za-z' ]{{1,60}}\\Z")
_LEAST_ENTRIES = 5
"""Lines of a word and how it is read or what it is in English."""
_ENTRY_LINE = f"[{HAN}]{{1,12}}+ {{1,8}}[A-Za-z' ]{{1,60}}"
_ENTRIES = re.compile(f"\n{_ENTRY_LINE}(?:\n{_ENTRY_LINE}){{{_LEAST_ENTRIES - 2}}}")
_LEAST_SPACED = 3
"""Rows whose fields stand between spaces, with numbers in the same field of each: a dictionary (靓妆 5 n)."""
_OPTION = re.compile(
    f"^[ ]{{0,8}}(?:--?[A-Za-z?][^{HAN}\n]{{0,60}}?[^{HAN}\\s](?P<gap>[ ]{{2,40}})"
    f"|[A-Za-z][^{HAN}\n]{{0,40}}?[^{HAN}\\s](?P<wide>[ ]{{3,40}}))(?=[{HAN}（(])",
    re.MULTILINE,
)
"""What a command can be given, and what it does: two spaces after an option, three after a word."""
_LETTER_LINE = re.compile(f"([A-Z])(?P<gap> {{1,3}})[{HAN}]")
_LETTER_LINES = re.compile(f"\n[A-Z] {{1,3}}[{HAN}]")
_COLUMN = re.compile("(?<=\\S) *\t[ \t]*(?=\\S)")
_ITEM = re.compile("([ \t]*)(?:[\\-*+•]|\\d{1,3}[.)])[ \t]+\\S")
_NESTED = re.compile("\n[ \t]+(?:[\\-*+•]|\\d{1,3}[.)])[ \t]")


def gaps(text: str) -> list[Range]:
    """The places [start, end) of the gaps of a text, in order, none over another."""
    found: list[Range] = []
    if "\t" in text:
        found += _between_columns(text)
    if _NESTED.search(text):
        found += _inner_indents(text)
    if "  " in text:
        found += _after_options(text)
    if _NUMBER_BETWEEN.search(text):
        found += _between_fields(text)
    if _ENTRIES.search(text):
        found += _of_entries(text)
    if _LETTER_LINES.search(text):
        found += _after_letters(text)
    apart: list[Range] = []
    for gap in sorted(found):
        if not apart or gap[0] >= apart[-1][1]:
            apart.append(gap)
    return apart


def _between_columns(text: str) -> Iterator[Range]:
    """Tabs inside of neighbouring lines, or of a line that has two of them."""
    lines = text.split("\n")
    starts = accumulate((len(line) + 1 for line in lines), initial=0)
    tabs = [
        [(start + tab.start(), start + tab.end()) for tab in _COLUMN.finditer(line)]
        for start, line in zip(starts, lines, strict=False)
    ]
    for has_tabs, run in groupby(tabs, key=bool):
        of_rows = [tab for row in run for tab in row]
        if has_tabs and len(of_rows) >= _LEAST_TABS:
            yield from of_rows


def _between_fields(text: str) -> Iterator[Range]:
    """The spaces of neighbouring rows of equally many fields, an inner one of which is a number in all of them."""
    rows: list[tuple[int, str]] = []
    at = 0
    for line in [*text.split("\n"), ""]:
        is_row = _SPACED_ROW.match(line) is not None
        if rows and not (is_row and len(line.split()) == len(rows[0][1].split())):
            inner = zip(*(row.split()[1:-1] for _, row in rows), strict=True)
            if len(rows) >= _LEAST_SPACED and any(all(map(_FIGURE.fullmatch, column)) for column in inner):
                yield from (
                    (start + gap.start(), start + gap.end())
                    for start, row in rows
                    for gap in _GAP.finditer(row)
                )
            rows = []
        if is_row:
            rows.append((at, line))
        at += len(line) + 1


def _after_options(text: str) -> Iterator[Range]:
    """The spaces after options, and after words where two lines have them."""
    options = list(_OPTION.finditer(text))
    has_words = sum(option["wide"] is not None for option in options) > 1
    for option in options:
        if option["gap"] is not None:
            yield option.span("gap")
        elif has_words:
            yield option.span("wide")


def _after_letters(text: str) -> Iterator[Range]:
    """The space after the letter that begins a line, where two neighbours begin with different ones: C 修改, E 结束."""
    run: list[tuple[str, Range]] = []
    at = 0
    for line in [*text.split("\n"), ""]:
        letter = _LETTER_LINE.match(line)
        if letter:
            run.append((letter[1], (at + letter.start("gap"), at + letter.end("gap"))))
        else:
            if len({one for one, _ in run}) == len(run) > 1:
                yield from (gap for _, gap in run)
            run = []
        at += len(line) + 1


def _of_entries(text: str) -> Iterator[Range]:
    """The space between a word and its Latin reading, in five neighbouring lines at least."""
    run: list[Range] = []
    at = 0
    for line in [*text.split("\n"), ""]:
        entry = _ENTRY.match(line)
        if entry:
            run.append((at + entry.start("gap"), at + entry.end("gap")))
        else:
            if len(run) >= _LEAST_ENTRIES:
                yield from run
            run = []
        at += len(line) + 1


def _inner_indents(text: str) -> Iterator[Range]:
    """The indent of an item under one with less, up to a paragraph of its own."""
    at = 0
    outer: list[int] = []
    is_after_blank = False
    for line in text.split("\n"):
        item = _ITEM.match(line)
        if item:
            indent = len(item[1].expandtabs(4))
            outer = [one for one in outer if one < indent]
            if outer:
                yield at, at + item.end(1)
            outer.append(indent)
        elif is_after_blank and line.strip():
            outer = []
        is_after_blank = not line.strip()
        at += len(line) + 1
