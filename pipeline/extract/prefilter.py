"""Which of many patterns may match a line, told from the pairs of characters that each of them needs.

As in RE2's FilteredRE2: one search for all pairs takes less than asking each pattern, and a pattern that no line needs
is never compiled, which takes a millisecond.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import chain, product

TOKEN = re.compile(
    r"\\u[0-9a-fA-F]{4}|\\.|\[\^?\]?(?:\\.|[^\]\\])*+\]?|\(\?(?:[:=!>]|<[=!]|P<\w{1,40}>)|\(\??|\{\d*(?:,\d*)?\}|.",
    re.S,
)
"""What is read of a pattern at once: an escape, a class, the beginning of a group, a quantifier, a character."""

GROUPS = frozenset(["(", "(?:", "(?>", "(?=", "(?<="])
"""Those that need what stands in them. So do groups with a name; of others nothing is known."""

WIDTHLESS = frozenset(["(?=", "(?!", "(?<=", "(?<!", "^", "$", "\\b", "\\B"])
QUANTIFIER = re.compile(r"[?*+]|\{(?:\d+(?:,\d*)?|,\d+)\}")
OPTIONAL = re.compile(r"[?*]|\{0?[,}]")
RANGE = re.compile(".-.")
FLAGS = re.compile(r"\(\?[a-zA-Z]+\)")
"""Flags for the whole pattern, such as letters in either case."""

FORMS = 8
"""Characters of a class that is looked for at most: all forms of one, or a few signs."""

PAIRS = 16
"""Pairs made of two classes at most."""

MOST = 150
"""Pairs and characters of one pattern at most: most texts have one of more."""

COMMON = frozenset(
    "的一是不了人在有我他这這中大来來上个個国國到说說们們为為爲子和你地出道也时時年得就那要下以生会會，。：、"
)
"""Characters that most lines have."""

_Needed = frozenset[str] | None


@cache
def needed(pattern: str) -> frozenset[str]:
    """Pairs of characters, and single ones, of which each text that a pattern matches has one; empty: not known.

    >>> sorted(needed("本?文(?:转载|来源)[:：]?"))
    ['来源', '转载']
    >>> sorted(needed("[点點]击.{0,9}$"))
    ['点击', '點击']
    >>> needed("(?:转载)?.{3}")
    frozenset()
    """
    found = _alternatives(TOKEN.findall(pattern)[::-1]) if not FLAGS.match(pattern) else None
    return found if found and len(found) <= MOST else frozenset()


def prefilter(patterns: Sequence[str]) -> Callable[[str], list[int]]:
    """A function that gives the numbers, from 0, of those of some patterns that may match in a text, ascending."""
    always: set[int] = set()
    having: dict[str, list[int]] = {}
    for number, pattern in enumerate(patterns):
        literals = needed(pattern)
        for literal in literals:
            having.setdefault(literal, []).append(number)
        if not literals:
            always.add(number)
    single = re.compile(_one_of(literal for literal in having if len(literal) == 1)).findall
    paired = re.compile(
        rf"(?=({_one_of(literal[0] for literal in having if len(literal) == 2)}.))", re.S
    ).findall

    def fitting(text: str) -> list[int]:
        found = [having[literal] for literal in chain(single(text), paired(text)) if literal in having]
        return sorted(always.union(*found))

    return fitting


def _one_of(characters: Iterable[str]) -> str:
    found = "".join(dict.fromkeys(characters))
    return f"[{re.escape(found)}]" if found else "(?!)"


def _alternatives(tokens: list[str]) -> _Needed:
    """What the alternatives up to the end of their group need; `tokens` are those of the rest, the next one last."""
    options: list[_Needed] = []
    best: _Needed = None
    before: _Needed = None
    while tokens and (token := tokens.pop()) != ")":
        if token == "|":
            options.append(best)
            best = before = None
            continue
        here: _Needed = None
        if token[0] == "(":
            inside = _alternatives(tokens)
            item = inside if token in GROUPS or token[-1] == ">" else None
        else:
            item = here = _characters(token)
        if tokens and QUANTIFIER.fullmatch(tokens[-1]):
            item = None if OPTIONAL.match(tokens.pop()) else item
            here = None
            if tokens and tokens[-1] in ("?", "+"):
                tokens.pop()
        if before and here and len(before) * len(here) <= PAIRS:
            item = frozenset(map("".join, product(before, here)))
        if token not in WIDTHLESS:
            before = here
        best = min((each for each in (best, item) if each), key=_frequency, default=None)
    options.append(best)
    return frozenset().union(*filter(None, options)) if all(options) else None


def _characters(token: str) -> _Needed:
    """The characters that a token stands for, if they are few."""
    if token[0] == "[":
        is_plain = token[1] != "^" and "\\" not in token and not RANGE.search(token[1:-1])
        return frozenset(token[1:-1]) if is_plain and len(token) - 2 <= FORMS else None
    if token[0] == "\\":
        written = chr(int(token[2:], 16)) if len(token) == 6 else token[1]
        return frozenset(written) if len(token) == 6 or not token[1].isalnum() else None
    return None if token in ".^$" else frozenset(token)


def _frequency(literals: frozenset[str]) -> int:
    """About how many texts have one of them."""
    return sum(1 if len(each) == 2 else 30 if each in COMMON or each.isascii() else 8 for each in literals)
