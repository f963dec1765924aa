"""Blocks of lines that are no prose and stay: fenced and indented code, `<pre>`, JSON, lines of keys and values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby

from pipeline.normalize.characters import HAN_CHARACTER, is_code

Range = tuple[int, int]

_HINT = re.compile('```|~~~|<pre|(?:\n|\\A)(?:    |\t|[a-z][A-Za-z0-9_.\\-]{0,40} ?[:=]|[{\\["])')
_FENCE = re.compile(r" {0,3}(`{3,12}|~{3,12})([^`\n]{0,100})\Z")
_PRE = re.compile("<pre(?: [^<>\n]{0,200})?>", re.IGNORECASE)
_END_OF_PRE = re.compile("</pre>", re.IGNORECASE)
_INDENTED = re.compile("(?: {4}|\t)[ \t]*\\S")
_KEY = re.compile("(?:- )?[a-z][A-Za-z0-9_.\\-]{0,40} ?[:=] ?\\S(?<!:/)")
_JSON = re.compile(
    '[ \t]*[{\\[]?[ ]?"[^"\n]{1,60}"[ ]?:[ ]?(?:["\\[{0-9\\-]|true|false|null).*["\\]}0-9el],?[ ]?\\Z|[ \t]*[{\\[]"'
)
_LEAST_KEYS = 2
"""Lines of keys that stand together; a single one may be prose (ps: 我…)."""


def ranges(text: str) -> list[Range]:
    """The places [start, end) of the blocks of a text, in order, none over another."""
    if not _HINT.search(text):
        return []
    lines = text.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    found: list[Range] = []
    for first, last in sorted([*_fenced(lines), *_preformatted(lines), *_indented(lines), *_of_keys(lines)]):
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
    """Lines that are indented by four and of which some are code, and half at least code or without Han."""
    for is_indented, run in groupby(enumerate(lines), key=lambda item: _INDENTED.match(item[1]) is not None):
        block = list(run)
        code = [is_code(line) for _, line in block] if is_indented else []
        plain = sum(
            is_one or not HAN_CHARACTER.search(line) for is_one, (_, line) in zip(code, block, strict=False)
        )
        if any(code) and plain * 2 >= len(block):
            yield block[0][0], block[-1][0] + 1


def _of_keys(lines: Sequence[str]) -> Iterator[Range]:
    """Lines of JSON, and two lines or more of keys and values."""
    for kind, run in groupby(enumerate(lines), key=lambda item: _kind(item[1])):
        numbers = [number for number, _ in run]
        if kind == "json" or (kind == "key" and len(numbers) >= _LEAST_KEYS):
            yield numbers[0], numbers[-1] + 1


def _kind(line: str) -> str:
    if _JSON.match(line):
        return "json"
    return "key" if _KEY.match(line) else ""
