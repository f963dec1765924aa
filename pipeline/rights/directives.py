"""Robots directives: `X-Robots-Tag` headers and `robots` meta elements.

Source: developers.google.com/search/docs/crawling-indexing/robots-meta-tag for the forms (several headers, comma lists,
a crawler's name before a colon, meta elements of a crawler's name, `none`); noai and noimageai came from DeviantArt in
2022, noml from noml.info. Directives for crawlers of other purposes than AI are not ours to keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from pipeline.records import Headers, Right
from pipeline.rules import table

MAX_CHARS = 10_000
"""Of one page's directives that are read."""

_SPLIT = re.compile(r"[,;]")
_NAMES = {
    "noai": "noai",
    "noml": "noai",
    "noimageai": "noimageai",
    "noindex": "noindex",
    "none": "noindex",
    "noarchive": "noarchive",
    "nocache": "noarchive",
}
"""Directive → the fact it is; nocache is Bing's word for noarchive."""
_PLAIN = frozenset({*_NAMES, "all", "index", "follow", "nofollow", "archive", "nosnippet", "noimageindex"})
"""Directives that take no value: one of these behind a colon means that a crawler's name stands before it."""


@cache
def agents() -> dict[str, str]:
    """Token of an AI crawler in lower case → as rules/ai-agents.tsv spells it."""
    return {token.lower(): token for token, *_ in table("ai-agents")}


def by_headers(headers: Headers) -> list[Right]:
    """What the X-Robots-Tag headers of an answer say, to all crawlers or to those for AI."""
    found: list[Right] = []
    left = MAX_CHARS
    for name, value in headers:
        if name.lower() == "x-robots-tag" and left > 0:
            found += _of_header(value[:left])
            left -= len(value)
    return found


def _of_header(value: str) -> list[Right]:
    """The directives of one header; a name before a colon holds up to the end of the header."""
    agent, found = "", list[Right]()
    for word in _SPLIT.split(value):
        name, colon, rest = (part.strip() for part in word.partition(":"))
        if colon and rest.lower() in _PLAIN:
            agent, name = name.lower(), rest
        elif colon:
            continue  # max-snippet: 50, unavailable_after: 25 Jun 2027 15:00:00 CET
        found += _right(name, agent, "header")
    return found


def by_meta(pairs: Iterable[tuple[str, str]]) -> list[Right]:
    """What the meta elements say, given as (name, content) in page order."""
    found: list[Right] = []
    left = MAX_CHARS
    for name, content in pairs:
        agent = name.strip().lower()
        if (agent == "robots" or agent in agents()) and left > 0:
            for word in _SPLIT.split(content[:left]):
                found += _right(word.strip(), "" if agent == "robots" else agent, "meta")
            left -= len(content)
    return found


def _right(word: str, agent: str, place: str) -> list[Right]:
    name = _NAMES.get(word.lower())
    if name is None:
        return []
    if not agent or agent == "*":
        return [Right(name=name, place=place, said=word)]
    # to one crawler alone: that it may not use the page is a word on AI, that it may not list it too
    token = agents().get(agent)
    return [Right(name="ai_barred", place=place, said=token)] if token and name in {"noai", "noindex"} else []
