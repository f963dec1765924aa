"""A title that the site cut short: told by its ellipsis, a longer heading on the page, or half a word at its end.

It is completed from the page itself or not at all: what a copy says in full is the copy's title.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from pipeline.extract.declared import Declared
from pipeline.extract.declaredtitle import CUT, SEPARATOR, SHORTEST, clean_title, letters
from pipeline.extract.heading import HEADINGS_READ, LONGEST, META_TITLES
from pipeline.extract.layout import HEADINGS, Layout
from pipeline.extract.title import Title
from pipeline.extract.variants import either_script
from pipeline.records import TITLE_CUT, Flag
from pipeline.rules import table

SURE = 6
"""Letters of a title from which a longer heading that begins with it is the same title."""

READ = 20_000
"""Code points of a body in which the whole of a half word is looked for."""

HALF_WORD = re.compile(r"(?<![A-Za-z])[A-Za-z]{3,12}$")
"""Latin letters that end a title, as 没人能复制Chat does."""

GOES_ON = re.compile(r"[-‐‑]?[A-Za-z0-9]")
SUBTITLE = either_script("|".join(pattern for pattern, _ in table("after-title")))
"""How what follows a whole title begins: a subtitle, the site's name, a heading about it."""


def completed(title: Title, layout: Layout, declared: Declared, text: str) -> tuple[Title, tuple[Flag, ...]]:
    """The title, whole where the page has it whole, and a flag with what the site shows where that is cut short."""
    shown = title.text
    if not shown:
        return title, ()
    stem = CUT.sub("", shown).strip()
    is_cut = stem != shown.strip() or _half_word(stem, text)
    if not is_cut and (heading := _cut_heading(stem, layout)):
        return title, (Flag(name=TITLE_CUT, text=heading),)
    whole = _whole(stem, _candidates(title, layout, declared if is_cut else None), is_cut=is_cut)
    if whole is None and not is_cut:
        return title, ()
    return replace(title, text=whole or shown), (Flag(name=TITLE_CUT, text=shown),)


def _cut_heading(title: str, layout: Layout) -> str | None:
    """The page's `h1` that is cut short of a title which was found whole elsewhere."""
    bare = letters(title)
    shown = [line.text for line in layout.lines if layout.boxes[line.box].tag == "h1"][:HEADINGS_READ]
    cut = (text for text in shown if CUT.search(text) and bare.startswith(letters(CUT.sub("", text)) or "\n"))
    return None if any(letters(text) == bare for text in shown) else next(cut, None)


def _half_word(title: str, text: str) -> bool:
    """Whether a title ends in Latin letters with which, in the text, only longer words begin."""
    word = HALF_WORD.search(title)
    if word is None:
        return False
    begun = [found.end() for found in re.finditer(rf"(?<![A-Za-z]){word[0]}", text[:READ])]
    return len(begun) > 1 and all(GOES_ON.match(text, end) for end in begun)


def _whole(stem: str, candidates: Iterator[str], *, is_cut: bool) -> str | None:
    """The longest of the texts that the stem begins; where it is cut for certain also one that holds it."""
    bare = letters(stem)
    if len(bare) < (SHORTEST if is_cut else SURE):
        return None
    found: str | None = None
    for text in candidates:
        said = letters(CUT.sub("", text))
        goes_on = said.startswith(bare) and (is_cut or not SUBTITLE.match(text[_end(text, bare) :]))
        fits = len(text) <= LONGEST and "。" not in text and len(said) > len(bare) and not CUT.search(text)
        if fits and (goes_on or (is_cut and bare in said)) and (found is None or len(text) > len(found)):
            found = text
    return found


def _end(text: str, bare: str) -> int:
    """One past the code point of a text at which as many letters as `bare` has are read."""
    left = len(bare)
    for at, sign in enumerate(text):
        left -= len(letters(sign))
        if left <= 0:
            return at + 1
    return len(text)


def _candidates(title: Title, layout: Layout, declared: Declared | None) -> Iterator[str]:
    """The other headings of the page that are no links, and the titles it declares, less the names of the site."""
    headings = [
        line
        for at, line in enumerate(layout.lines)
        if at != title.at and layout.boxes[line.box].tag in HEADINGS and line.linked * 2 <= len(line.text)
    ]
    for line in headings[:HEADINGS_READ]:
        yield SEPARATOR.split(line.text)[0].strip()
    if declared is None:
        return
    for said in (*(declared.meta.get(name, "") for name in META_TITLES), declared.title):
        yield clean_title(said)
    for said in (declared.ld.get("headline", ""), declared.items.get("headline", "")):
        yield clean_title(said)
