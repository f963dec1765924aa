"""What the words of an element's class and id mark it as: junk, layer, header line, caption, article body.

The words are data (`rules/marks.tsv`); this module knows only how a name is cut into words.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache, lru_cache

from pipeline.rules import table

WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
BEGINNING = 3
"""Letters by which a part is looked up; none is shorter."""

NOTHING: frozenset[str] = frozenset()


@lru_cache(maxsize=20_000)
def kinds(names: str) -> frozenset[str]:
    """Which of junk, layer, head, caption, body the class and id of an element mark it as; a layer is junk too.

    A name of the kind `none` says nothing, whatever else its words would say: `commentary` is no comment.
    """
    found: set[str] = set()
    for name in names.split():
        said = _of_name(name)
        if "none" not in said:
            found |= said
    return frozenset(found) if found else NOTHING


@lru_cache(maxsize=20_000)
def words_of(names: str) -> frozenset[str]:
    """The words of a class and id, lower case."""
    return frozenset(word.lower() for word in WORD.findall(names))


def _of_name(name: str) -> set[str]:
    """The kinds of one name: by its whole, by its words, by a part of its letters."""
    wholes, words, parts = _table()
    found = set(wholes.get(name.lower().replace("_", "-"), ()))
    cut = WORD.findall(name)
    for word in cut:
        found.update(words.get(word.lower(), ()))
    joined = "".join(cut).lower()
    for at in range(len(joined)):
        for part, kind in parts.get(joined[at : at + BEGINNING], ()):
            if joined.startswith(part, at):
                found.add(kind)
    return found


@cache
def _table() -> tuple[dict[str, set[str]], dict[str, set[str]], dict[str, list[tuple[str, str]]]]:
    """(kinds of a whole name, kinds of a word, parts and their kind by their first letters)."""
    wholes: dict[str, set[str]] = defaultdict(set)
    words: dict[str, set[str]] = defaultdict(set)
    parts: dict[str, list[tuple[str, str]]] = defaultdict(list)
    said = [(kind, *row) for kind, *row in table("marks")]
    for kind, match, value, _reason in [*said, *(("junk", *row) for kind, *row in said if kind == "layer")]:
        if match == "has":
            parts[value[:BEGINNING]].append((value, kind))
        else:
            (wholes if match == "whole" else words)[value].add(kind)
    return wholes, words, parts
