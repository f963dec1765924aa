"""Boards of plain text: which lines of a post's page are pushes, signatures, quotes and further posts.

Told by the signs that their software prints, two dashes and a ※, whatever the elements are called.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from pipeline.extract.layout import Layout, Line, Piece, collapse, with_lines
from pipeline.extract.variants import either_script

SIGNATURE = 12
"""Lines of the longest signature below a line of two dashes."""

BBS_HEAD = either_script(
    r"(?:发信人|寄信人|寄件人|作者)\s?[:：].{1,60}?(?:信区|看板|板名|讨论区|版面)\s?[:：]"
)
BBS_END = either_script(r"(?:--|- -|——)$|※\s?(?:来源|发信站|修改|转载|转寄|文章网址|编辑|引述|Origin|From)")
BBS_SIGN = re.compile("--|- -|——|※")
BBS_QUOTE = either_script(
    r"(?:【|\[)\s?在\s.{1,60}的(?:大作|文章)中(?:提到|写道)\s?[:：]?|※\s?引述《.{1,60}》"
)
PUSH = either_script(r"(?:推|嘘|噓|→)\s{0,3}[A-Za-z][A-Za-z0-9]{1,13}\s{0,12}[:：]")
FIRST_SIGNS = frozenset("发發寄作-—※推嘘噓→")
"""What a head, a push or an end begins with: few lines do, and only these are asked further."""


def in_rows(layout: Layout) -> Layout:
    """The page with text that only a style sheet shows in rows as rows: two dashes or a ※ on one of them tell."""
    if not BBS_SIGN.search("\n".join([line.text for line in layout.lines])):
        return layout
    rows = [_rows(line) if BBS_SIGN.search(line.text) else [line] for line in layout.lines]
    if all(len(row) == 1 for row in rows):
        return layout
    return with_lines(layout, [line for row in rows for line in row], [0, *accumulate(map(len, rows))])


def _rows(line: Line) -> list[Line]:
    """The rows of a line of a bulletin board; the line alone where it is none."""
    if not any("\n" in piece.text for piece in line.pieces):
        return [line]
    rows: list[list[Piece]] = [[]]
    for piece in line.pieces:
        first, *further = piece.text.split("\n")
        rows[-1].append(replace(piece, text=first))
        rows += [[replace(piece, text=text)] for text in further]
    texts = [collapse("".join(piece.text for piece in row)) for row in rows]
    if not any(BBS_END.match(text[:20]) for text in texts):
        return [line]
    return [
        replace(
            line,
            text=text,
            linked=sum(len(p.text.strip()) for p in row if p.href),
            pieces=row,
            preformatted=True,
        )
        for text, row in zip(texts, rows, strict=True)
        if text
    ]


def bulletin(lines: Sequence[Line], dropped: set[int]) -> set[int]:
    """Boards of plain text: further posts under their own header, pushes, quotes and the signature."""
    found: set[int] = set()
    signed = [(i, line.text) for i, line in enumerate(lines) if line.text[0] in FIRST_SIGNS]
    heads = [i for i, text in signed if BBS_HEAD.match(text[:140])]
    pushes = [i for i, text in signed if PUSH.match(text[:40])]
    if len(pushes) >= 2:
        found.update(pushes)
    ends = [i for i, text in signed if BBS_END.match(text[:20])]
    if not heads and not any(lines[i].text[0] == "※" for i in ends):
        return found
    stop = heads[1] if len(heads) > 1 else len(lines)
    found.update(range(stop, len(lines)))
    quoting = False
    for index in range(heads[0] if heads else 0, stop):
        text = lines[index].text
        starts = BBS_QUOTE.match(text[:100]) is not None
        quoting = starts or (quoting and text[0] in ":：>")
        if quoting or (text[0] == "※" and BBS_END.match(text[:20])):
            found.add(index)
    last = next((i for i in ends if i < stop and i not in dropped and lines[i].text[0] != "※"), None)
    if last is not None:
        tail = [i for i in range(last, stop) if i not in found and i not in dropped]
        if len(tail) <= SIGNATURE:
            found.update(tail)
    return found
