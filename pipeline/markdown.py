"""A text and its structure as Markdown: CommonMark, with the tables and footnote marks of GitHub's.

What the text says is never taken for markup: signs that would be are escaped, so that a reader of Markdown gets the
text back. Formulas stand between dollar signs, as most of these readers know them.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.records import BAR, Span

HOLDERS = ("quote", "item")
INLINE = ("code", "formula", "note")

_SIGNS = re.compile(
    r"[\\`*$]|#$|(?<![^\W_])_|_(?![^\W_])|<(?=[A-Za-z/!?])|&(?=#?\w{1,31};)|~(?=~)|(?<=~)~|!(?=\[)|[\[\]]"
)
"""What would be markup within a line; an underline inside a word is none. Fixed width, so linear."""
_OPENING = re.compile(r"^(#{1,6}(?=\s|$)|>|[-+](?=\s|$)|[-=]{2,}|~{3,}|\d{1,9}(?=[.)](?:\s|$)))")
"""What would be markup at the beginning of a line."""
_BARE = re.compile(r"[^\s()<>\x00-\x20\x7f]+")
"""The address of a picture that needs no angle brackets."""
_POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", "[]［］〔〕【】()（） ")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """Some lines of Markdown and what they stand in, outermost first."""

    lines: tuple[str, ...]
    holders: tuple[Span, ...]
    start: int


def to_markdown(text: str, structure: Sequence[Span] = (), title: str | None = None) -> str:
    """A text as Markdown, ending with a line end; the title as its first heading.

    >>> to_markdown("要点\\n其一*", [Span(kind="heading", level=2, start=0, end=2)])
    '## 要点\\n\\n其一\\\\*\\n'
    """
    out: list[str] = []
    if title:
        out += [f"# {_line(title)}", ""]
    blocks = list(_blocks(text, structure))
    for before, block in pairwise([None, *blocks]):
        if block is None:
            continue
        if before is not None and not _is_next_item(before, block):
            shared = [h for h in block.holders if h in before.holders]
            out.append(_prefix(shared, first=False, start=-1).rstrip())
        for number, line in enumerate(block.lines):
            out.append((_prefix(block.holders, first=not number, start=block.start) + line).rstrip(" "))
    return "\n".join(out) + "\n" if out else ""


def as_line(text: str) -> str:
    """Plain text as one line of Markdown that says just that.

    >>> as_line("<b>1</b>\\n[a](b)")
    '\\\\<b>1\\\\</b> \\\\[a\\\\](b)'
    """
    return _line(" ".join(text.splitlines()))


def _blocks(text: str, structure: Sequence[Span]) -> Iterator[_Block]:
    """The paragraphs, headings, tables, pictures and blocks of code of a text, in order."""
    at = 0
    images = deque(span for span in structure if span.kind == "image")
    whole = {span.start: span for span in structure if span.kind == "table" or _is_block(span, text)}
    headings = {span.start: span for span in structure if span.kind == "heading"}
    waiting = [span for span in reversed(structure) if span.kind in HOLDERS]
    inline = deque(span for span in structure if span.kind in INLINE and span.start not in whole)
    around: tuple[Span, ...] = ()
    while at < len(text):
        while waiting and waiting[-1].start <= at:
            around = (*around, waiting.pop())
        around = tuple(span for span in around if at < span.end)
        while images and images[0].start <= at:
            image = images.popleft()
            yield _Block(lines=(_picture(image),), holders=tuple(h for h in around if h.start < at), start=-1)
        end = whole[at].end if at in whole else text.find("\n", at)
        end = end if end >= 0 else len(text)
        piece = text[at:end]
        if at in whole and whole[at].kind == "table":
            lines = tuple(_table(text, whole[at], structure))
        elif at in whole:
            lines = tuple(_fenced(piece, whole[at].label))
        elif piece.strip():
            level = headings[at].level if at in headings else 0
            inside = []
            while inline and inline[0].start < end:
                inside.append(inline.popleft())
            lines = ("#" * level + " " * bool(level) + _line(piece, at, inside),)
        else:
            lines = ()
        if lines:
            yield _Block(lines=lines, holders=around, start=at)
        at = end + 1
    for image in images:
        yield _Block(lines=(_picture(image),), holders=(), start=-1)


def _is_block(span: Span, text: str) -> bool:
    """Whether code stands on lines of its own."""
    if span.kind != "code":
        return False
    return text[span.start - 1 : span.start] in ("", "\n") and text[span.end : span.end + 1] in ("", "\n")


def _is_next_item(before: _Block, block: _Block) -> bool:
    """Whether a block opens an item right below another one: lists are set without empty lines."""
    last = block.holders[-1] if block.holders else None
    items = [h for h in before.holders if h.kind == "item"]
    return last is not None and last.kind == "item" and last.start == block.start and bool(items)


def _prefix(holders: Sequence[Span], *, first: bool, start: int) -> str:
    """What stands before a line for what it stands in: `> ` for quotes, the mark of an item or its width."""
    marks = (
        ("> ", "> ") if h.kind == "quote" else (f"{h.label or '-'} ", " " * (len(h.label or "-") + 1))
        for h in holders
    )
    opens = (h.kind == "quote" or (first and h.start == start) for h in holders)
    return "".join(mark if opening else blank for (mark, blank), opening in zip(marks, opens, strict=True))


def _line(text: str, start: int = 0, inline: Sequence[Span] = ()) -> str:
    """A line with its signs escaped, its code, formulas and footnote marks as such."""
    out: list[str] = []
    at = 0
    for span in inline:
        first, last = span.start - start, span.end - start
        if at <= first < last <= len(text):
            out += [_escaped(text[at:first]), _inline(span.kind, text[first:last])]
            at = last
    return _OPENING.sub(_escape_opening, "".join([*out, _escaped(text[at:])]))


def _escape_opening(found: re.Match[str]) -> str:
    return found[0] + "\\" if found[0].isdigit() else "\\" + found[0]


def _escaped(text: str) -> str:
    return _SIGNS.sub(r"\\\g<0>", text)


def _inline(kind: str, text: str) -> str:
    if kind == "note":
        return f"[^{text.translate(_POWERS) or '*'}]"
    if kind == "formula":
        return text
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    space = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def _fenced(text: str, language: str) -> Iterator[str]:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    yield fence + language
    yield from text.split("\n")
    yield fence


def _table(text: str, table: Span, structure: Sequence[Span]) -> Iterator[str]:
    """The lines of a table; one that is no row has one cell. The first is the head, since Markdown asks for one."""
    inline = [s for s in structure if s.kind in INLINE and table.start <= s.start and s.end <= table.end]
    rows = []
    at = table.start
    for line in text[table.start : table.end].split("\n"):
        rows.append(_cells(line, at, inline))
        at += len(line) + 1
    width = max(len(row) for row in rows)
    for number, row in enumerate(rows):
        yield "| " + " | ".join([*row, *[""] * (width - len(row))]) + " |"
        if not number:
            yield "|" + " --- |" * width


def _cells(line: str, start: int, inline: Sequence[Span]) -> list[str]:
    cells = []
    for cell in line.split(BAR.strip()):
        bare = cell.strip()
        at = start + len(cell) - len(cell.lstrip())
        cells.append(_line(bare, at, inline))
        start += len(cell) + 1
    return cells


def _picture(image: Span) -> str:
    target = image.target.replace("<", "%3C").replace(">", "%3E").replace("\n", "")
    return f"![{_escaped(image.label)}]({target if _BARE.fullmatch(target) else f'<{target}>'})"
