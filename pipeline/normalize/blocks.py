"""What is no prose and stays: fenced and indented code, `<pre>`, JSON, keys and values, rows of data, drawn tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby

from pipeline.normalize.characters import HAN_CHARACTER, is_code

Range = tuple[int, int]

_FENCES = ("```", "~~~", "<pre")
_BEGINNING = re.compile(
    "\n(?:    |\t|[ ]{0,3}(?:(?:- )?[a-z][A-Za-z0-9_.\\-]{0,40} ?[:=]|[{\\[\"']|\\+[\\-=+]|[─-╿]))"
)
_COMMAS = re.compile(",[^,\n]{0,30},[^,\n]{0,30},")
_FENCE = re.compile(r" {0,3}(`{3,12}|~{3,12})([^`\n]{0,100})\Z")
_PRE = re.compile("<pre(?: [^<>\n]{0,200})?>", re.IGNORECASE)
_END_OF_PRE = re.compile("</pre>", re.IGNORECASE)
_INDENTED = re.compile("(?: {4}|\t)[ \t]*\\S")
_ITEM = re.compile("[ \t]*(?:[\\-*+•]|\\d{1,3}[.)])[ \t]")
_KEY = re.compile("[ \t]{0,24}(?:- )?[a-z][A-Za-z0-9_.\\-]{0,40} ?[:=](?: ?\\S(?<!:/)|\\Z)")
_STRINGS = re.compile(
    "[ \t]*(?:\"[^\"\n]{0,300}\"|'[^'\n]{0,300}')"
    "(?:,[ ]?(?:\"[^\"\n]{0,300}\"|'[^'\n]{0,300}')){0,40}(,?)[ ]?\\Z"
)
"""Strings of an array; a comma tells that it goes on in the next line."""
_OPENS_ARRAY = re.compile("(?:[\\[{]|\\A[\t -~]{0,200}\\()[ ]?\\Z")
"""A round bracket only where no Han stands, beside which it becomes full-width."""
_DRAWN_EDGE = re.compile("[ \t]*(?:\\+[\\-=+]{3,300}\\+|[┌├└╔╠╚╭╰╞┏┣┗][─-╿]{3,300})[ ]*\\Z")
_DRAWN_ROW = re.compile("[ \t]*[|+─-╿].*[|+─-╿][ ]*\\Z")
_JSON = re.compile(
    '[ \t]*[{\\[]?[ ]?"[^"\n]{1,60}"[ ]?:[ ]?'
    '(?:[0-9\\[{]|(?:["\\[{0-9\\-]|true|false|null).*["\\]}0-9el]),?[ ]?\\Z|[ \t]*[{\\[]"'
)
_CELL = re.compile("[^ ,，。；！？\"'][^,，。；！？]{0,30}|")
_NUMBER = re.compile("[\\-+0-9.:/ %eE]{0,30}")
_LEAST_COMMAS, _COMMAS_ALONE, _NUMBERS = 3, 8, 0.4
"""Rows of data: cells with no space after the comma, four tenths of them numbers or empty, but for a row of names; a
line alone has nine cells."""
_LEAST_ROWS = 2
_STATEMENT = re.compile(
    "[A-Za-z_][A-Za-z0-9_.]{0,60} ?[+\\-*/]?= ?[A-Za-z0-9_({\\[\"'-]"
    "|return [\"'\\[({]|(?:return|import|from|elif|if|for|while|with|def) [ -~]{1,80}:?\\Z|(?:else|try|finally):\\Z"
    "|[A-Za-z_][A-Za-z0-9_.]{0,60}\\(.{0,120}\\)[;:]?\\Z|# |>> |[|&] (?:/\\*|['\"])"
)
"""What lines of indented code are, besides what `is_code` tells of any line."""
_BRANCH = re.compile("[ \t]*[├└│].*[A-Za-z/]")
"""Of the tree of a folder."""
_ENTRY = re.compile("(?:[!-~]{1,8}[ \t]{1,4})?\\S\\Z")
_ONE_ENTRY = "\n(?:[!-~]{1,8}[ \t]{1,4})?[^\\s!-~]"
_ENTRIES = re.compile(f"{_ONE_ENTRY}(?:{_ONE_ENTRY}){{18}}")
_LEAST_ENTRIES = 20
"""Lines of one character, hardly one twice, perhaps after the keys that type it: a list of characters."""
_LEAST_KEYS = 2
"""Lines of keys that stand together; a single one may be prose (ps: 我…)."""


def ranges(text: str) -> list[Range]:
    """The places [start, end) of the blocks of a text, in order, none over another."""
    if not (
        any(fence in text for fence in _FENCES)
        or _BEGINNING.search("\n" + text)
        or _COMMAS.search(text)
        or _ENTRIES.search(text)
    ):
        return []
    lines = text.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    found: list[Range] = []
    for first, last in sorted(
        [
            *_fenced(lines),
            *_preformatted(lines),
            *_indented(lines),
            *_of_keys(lines),
            *_of_strings(lines),
            *_of_rows(lines),
            *_drawn(lines),
            *_trees(lines),
            *_of_entries(lines, text),
        ]
    ):
        if not found or starts[first] > found[-1][1]:
            found.append((starts[first], starts[last] - 1))
    return found


def _fenced(lines: Sequence[str]) -> Iterator[Range]:
    """Fences at line starts, closed by one at least as long (CommonMark 4.5); what nothing closes is no fence."""
    marks = [(n, match[1], match[2]) for n, line in enumerate(lines) if (match := _FENCE.match(line))]
    unclosed = {"`": 99, "~": 99}
    at = 0
    while at < len(marks):
        first, mark, _ = marks[at]
        if len(mark) < unclosed[mark[0]]:
            closing = (
                number
                for number in range(at + 1, len(marks))
                if marks[number][1].startswith(mark) and not marks[number][2].strip()
            )
            end = next(closing, None)
            if end is None:
                unclosed[mark[0]] = len(mark)
            else:
                yield first, marks[end][0] + 1
                at = end
        at += 1


def _preformatted(lines: Sequence[str]) -> Iterator[Range]:
    """From a line with <pre> to the one with </pre>."""
    first = None
    for number, line in enumerate(lines):
        if first is None and _PRE.search(line):
            first = number
        if first is not None and _END_OF_PRE.search(line):
            yield first, number + 1
            first = None


def _indented(lines: Sequence[str]) -> Iterator[Range]:
    """Paragraphs indented by four of which a line is code, and half at least code or without Han.

    After such a one also those indented deeper, but for items of a list, and all up to where a docstring ends. Each is
    told by itself and by what it follows alone, so that a second reading tells the same.
    """
    first, base, is_quoted = None, None, False
    for number, line in enumerate([*lines, "."]):
        if _INDENTED.match(line):
            first = number if first is None else first
            continue
        if first is not None:
            block = lines[first:number]
            indent = min(len(one.expandtabs(4)) - len(one.expandtabs(4).lstrip()) for one in block)
            if is_quoted or _has_code(block):
                base = indent if base is None else min(base, indent)
            elif base is None or indent <= base or _ITEM.match(block[0]):
                base = None
            if base is not None:
                yield first, number
                is_quoted ^= "\n".join(block).count('"""') % 2 == 1
        first = None
        if line.strip():
            base, is_quoted = None, False


def _has_code(block: Sequence[str]) -> bool:
    stripped = [line.strip() for line in block]
    code = [is_code(line) or _STATEMENT.match(line) is not None for line in stripped]
    plain = sum(one or not HAN_CHARACTER.search(line) for one, line in zip(code, stripped, strict=True))
    return any(code) and plain * 2 >= len(stripped)


def _of_rows(lines: Sequence[str]) -> Iterator[Range]:
    """Lines of values set apart by commas, equally many in each."""
    for commas, run in groupby(enumerate(lines), key=lambda item: item[1].count(",")):
        if commas < _LEAST_COMMAS:
            continue
        rows = list(run)
        if not all(map(_CELL.fullmatch, rows[0][1].strip().split(","))):
            continue
        cells = [line.strip().split(",") for _, line in rows]
        numbers = [sum(_NUMBER.fullmatch(cell) is not None for cell in row) for row in cells]
        is_data = sum(numbers) >= _NUMBERS * (commas + 1) * (len(rows) - numbers.count(0)) > 0
        is_data = is_data and all(_CELL.fullmatch(cell) for row in cells for cell in row)
        if is_data and (len(rows) >= _LEAST_ROWS or commas >= _COMMAS_ALONE):
            yield rows[0][0], rows[-1][0] + 1


def _of_keys(lines: Sequence[str]) -> Iterator[Range]:
    """Lines of JSON, and two lines or more of keys and values."""
    for kind, run in groupby(enumerate(lines), key=lambda item: _kind(item[1])):
        numbers = [number for number, _ in run]
        if kind == "json" or (kind == "key" and len(numbers) >= _LEAST_KEYS):
            yield numbers[0], numbers[-1] + 1


def _of_strings(lines: Sequence[str]) -> Iterator[Range]:
    """Lines of an array's strings: each but the last ends in a comma, or the line before opens it."""
    first = None
    for number, line in enumerate(lines):
        strings = _STRINGS.match(line)
        if strings and first is None:
            first = number
        if first is not None and not (strings and strings[1]):
            last = number + 1 if strings else number
            if last - first > 1 or (first > 0 and _OPENS_ARRAY.search(lines[first - 1])):
                yield first, last
            first = None
    if first is not None and len(lines) - first > 1:
        yield first, len(lines)


def _trees(lines: Sequence[str]) -> Iterator[Range]:
    """Trees of files, two branches at least, with what is said of each."""
    for is_branch, run in groupby(
        range(len(lines)), key=lambda number: _BRANCH.match(lines[number]) is not None
    ):
        numbers = list(run)
        if is_branch and len(numbers) > 1:
            yield numbers[0], numbers[-1] + 1


def _drawn(lines: Sequence[str]) -> Iterator[Range]:
    """Tables drawn with + - and |, or with the lines Unicode has for it."""
    for is_drawn, run in groupby(
        range(len(lines)), key=lambda number: _DRAWN_ROW.match(lines[number]) is not None
    ):
        numbers = list(run)
        if is_drawn and any(_DRAWN_EDGE.match(lines[number]) for number in numbers):
            yield numbers[0], numbers[-1] + 1


def _of_entries(lines: Sequence[str], text: str) -> Iterator[Range]:
    """Lists of characters, one a line, and what types them."""
    if not _ENTRIES.search(text):
        return
    for is_entry, run in groupby(
        range(len(lines)), key=lambda number: _ENTRY.match(lines[number]) is not None
    ):
        numbers = list(run)
        if is_entry and len({lines[number] for number in numbers}) >= max(_LEAST_ENTRIES, 0.9 * len(numbers)):
            yield numbers[0], numbers[-1] + 1


def _kind(line: str) -> str:
    if _JSON.match(line):
        return "json"
    return "key" if _KEY.match(line) else ""
