"""What the words of an element's class and id mark it as: junk, header line, caption, article body.

The words are data (`rules/marks.tsv`); this module knows only how a name is cut into words.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache, lru_cache

from pipeline.rules import table

WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
NOTHING: frozenset[str] = frozenset()


@lru_cache(maxsize=20_000)
def kinds(names: str) -> frozenset[str]:
    """Which of junk, head, caption, body the class and id of an element mark it as."""
    if not names:
        return NOTHING
    words, parts = _table()
    found: set[str] = set()
    for name in names.split():
        for word in WORD.findall(name):
            found.update(words.get(word.lower(), ()))
        joined = "".join(WORD.findall(name)).lower()
        found.update(kind for part, kind in parts if part in joined)
    return frozenset(found)


@cache
def _table() -> tuple[dict[str, set[str]], list[tuple[str, str]]]:
    words: dict[str, set[str]] = defaultdict(set)
    parts: list[tuple[str, str]] = []
    for kind, match, value, _reason in table("marks"):
        if match == "word":
            words[value].add(kind)
        else:
            parts.append((value, kind))
    return words, parts
