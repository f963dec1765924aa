"""Reference marks in a text ([3]) whose list is not in it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.extract.variants import either_script
from pipeline.records import Flag, Span

REFERENCES_MISSING = "references_missing"

MARK = re.compile(
    r"(?<=[\u3400-\u9fff，。、；：？！”’）》)％%])[\[［〔](\d{1,3}(?:\s?[-–—,，、~]\s?\d{1,3}){0,5})[\]］〕]"
)
"""[3], [1-3], ［2］ behind Chinese; a[3] is code."""

ENTRY = re.compile(r"\s{0,4}(?:[\[［〔【(（]?\s?(\d{1,3})\s?[\]］〕】)）]|(\d{1,3})[.．、])")
"""How a line of a list of references begins."""

HEADING = either_script(
    r"\W{0,3}(?:参考(?:文献|资料|来源|书目)|注释|注解|尾注|脚注|引用(?:文献|来源)?|References?|Notes?)\W{0,3}.{0,12}"
)
DIGITS = re.compile(r"\d{1,3}")

SHOWN = 8
"""Marks that the flag shows."""

YEARS = range(1, 400)
"""Numbers of references."""


def missing_references(text: str, structure: Sequence[Span]) -> tuple[Flag, ...]:
    """A flag with the marks of a text that point at a list it does not have; none where a line begins as an entry."""
    code = [(span.start, span.end) for span in structure if span.kind in ("code", "formula")]
    marks = [
        found
        for found in MARK.finditer(text)
        if not any(start <= found.start() < end for start, end in code)
        and all(int(number) in YEARS for number in DIGITS.findall(found[0]))
    ]
    if not marks:
        return ()
    lines = text.split("\n")
    if any(HEADING.fullmatch(line) for line in lines):
        return ()
    wanted = {int(number) for mark in marks for number in DIGITS.findall(mark[1])}
    entries = {int(found[1] or found[2]) for line in lines if (found := ENTRY.match(line))}
    if wanted & entries:
        return ()
    told = dict.fromkeys(mark[0] for mark in marks)
    return (Flag(name=REFERENCES_MISSING, text=" ".join([*told][:SHOWN])),)
