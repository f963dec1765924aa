"""What a page is that shows no article: a check of visitors, a deletion notice, a log-in, pictures, a list.

Asked only where hardly a sentence was read besides: an article about a deleted post is an article.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from selectolax.lexbor import LexborHTMLParser

from pipeline.extract.container import Weights, is_linked_title
from pipeline.extract.layout import Layout
from pipeline.extract.variants import either_script
from pipeline.records import Reason
from pipeline.rules import table

NOTICE_LINE = 60
"""Code points of the longest line that is a notice."""

SENTENCES = 60
"""Weight (container.py) of what was read besides from which the page has an article; the shortest of 124 real bodies
has 71 letters and three marks, which weigh 107."""

CAPTIONS = 60
"""Code points of all that was read on a page of pictures: short lines may be a poem."""

PICTURES = 8
"""Images from which a page without text is one of pictures; a menu has some too."""

TEASERS = 4
"""Linked titles with a text below from which a page is a list."""

PLAYER = "video, audio, iframe[src*=player], iframe[src*=video], [class*=video-player], object, embed"


def no_article(
    tree: LexborHTMLParser, layout: Layout, weights: Weights, kept: Iterable[int] = ()
) -> Reason | None:
    """Why the page has no article, or None where the lines `kept` may be one or nothing is known."""
    read = list(kept)
    rest = [i for i in read if _notice(layout.lines[i].text) is None]
    if sum(weights.line[i] for i in rest) < SENTENCES:
        notices = ((i, _notice(line.text)) for i, line in enumerate(layout.lines))
        shown = (why for i, why in notices if why and (i in read or not _is_hidden(layout, i)))
        everywhere = range(len(layout.lines))
        listed = Reason.LIST_PAGE if len(_teasers(layout, weights, everywhere)) >= TEASERS else None
        return next(shown, None) or listed or _pictures(tree, layout, rest)
    teasers = _teasers(layout, weights, rest)
    only = len(teasers) == sum(weights.plain[i] > 0 for i in rest)
    return Reason.LIST_PAGE if len(teasers) >= TEASERS and only else None


def _notice(text: str) -> Reason | None:
    """The kind of page that a line speaks of."""
    if len(text) > NOTICE_LINE:
        return None
    return next((kind for kind, pattern in _notices() if pattern.match(text)), None)


def _is_hidden(layout: Layout, line: int) -> bool:
    return any(layout.boxes[box].hidden for box in layout.up(layout.lines[line].box))


def _pictures(tree: LexborHTMLParser, layout: Layout, read: list[int]) -> Reason | None:
    """Pictures or a film, and hardly a word."""
    if sum(len(layout.lines[i].text) for i in read) >= CAPTIONS:
        return None
    shows = len(tree.css("img")) >= PICTURES or tree.css_first(PLAYER) is not None
    return Reason.GALLERY if shows else None


def _teasers(layout: Layout, weights: Weights, lines: Iterable[int]) -> list[int]:
    """Those of the lines that read like a sentence and stand below the linked title of another page."""
    titled = [is_linked_title(line) for line in layout.lines]
    return [i for i in lines if weights.plain[i] and any(titled[max(0, i - 2) : i])]


@cache
def _notices() -> list[tuple[Reason, re.Pattern[str]]]:
    return [(Reason(kind), either_script(pattern)) for kind, pattern, _reason in table("notices")]
