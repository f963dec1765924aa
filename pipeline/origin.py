"""What the page said where a published text says something: places of `text` mapped to places of `extracted`.

Apart from `spans`, which every stage imports, so that a change in the table of folded characters builds none anew.
"""

from __future__ import annotations

from pipeline.records import Document
from pipeline.rules import table
from pipeline.spans import places

_HALF = dict(zip("，：；？！（）“”‘’「」『』。\u3000\u00a0", ",:;?!()\"\"''\"\"''.  ", strict=True))
_WIDE = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_FOLDED = str.maketrans({c: kept for kept, folded, _ in table("fold") for c in folded} | _HALF | _WIDE)
"""What normalization makes of single characters, so that a text and what it became are alike when compared."""


def original(document: Document, start: int, end: int) -> tuple[int, int]:
    """The place [start, end) in `extracted` of what stands at [start, end) of `text`: what the page said.

    Recomputed from the two texts, line by line, so nothing is stored. A place where the fixes left a character is
    exact; one inside what a fix rewrote (…… for three dots) is the nearest place of it. An empty place stays empty.
    """
    if not 0 <= start <= end <= len(document.text):
        raise ValueError(f"[{start}, {end}) is no place of a text of {len(document.text)} code points")
    place = places(document.text, document.extracted, _FOLDED)
    first = place(start, False)
    if start == end:
        return first, first
    last = max(first, place(end, True))
    said = document.extracted[first:last]
    if not document.text[start].isspace():
        first += len(said) - len(said.lstrip())
    if not document.text[end - 1].isspace():
        last -= len(said) - len(said.rstrip())
    return first, max(first, last)
