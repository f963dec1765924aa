"""Brackets: full-width in Chinese context, both halves of a pair alike (W3C clreq)."""

from __future__ import annotations

import re

from pipeline.normalize.characters import FULL, HAN_CHARACTER, LETTER, SHIELD, after, before
from pipeline.rules.han import HAN

_BRACKET = re.compile("[()（）]")
_DEEPEST = 16
"""Brackets nested deeper are left: no text has them, and the search inside pairs stays linear."""
_CALL = re.compile(r"(?:[a-z_][A-Za-z0-9_.]{0,60}|(?<![A-Za-z0-9])[A-Za-z])\Z")
_CALL_LENGTH = 62
_SECTION = re.compile(r"[1-9][a-z]{0,5}\)")
"""Of the manual, after the name of a command that is set as code: `sshd`(8)."""
_ARGUMENTS = re.compile(r"[\x20-\x27\x2a-\x7e…]*\Z")
_BESIDE = re.compile(f"[{HAN}{FULL.replace('（', '').replace('）', '')}]")
"""Other brackets do not count: they may have been made full-width just before."""
_VARIABLE = re.compile(r"[a-z(]|[0-9](?![0-9]?[.、．)])")
"""Behind an empty pair, which is one of a formula whose letters were moved: 函数()f x."""
_OPERATORS = frozenset("√=+−×*/<>≤≥^∫∑")
"""Behind these a bracket without Han belongs to the formula: √(x-1)."""
_SAYS_SOMETHING = re.compile(f"[{LETTER}0-9?!…{SHIELD}]")


def brackets(line: str) -> str:
    """Brackets are full-width if Han is inside or beside them; both halves of a pair are alike.

    Call brackets (`f()`, `f(x)`), sections of the manual, list numbers `1)`, emoticons and all-Latin
    brackets in Latin text stay.

    >>> brackets("函数f(x)见(附录)")
    '函数f(x)见（附录）'
    """
    if "(" not in line and ")" not in line:
        return line
    characters = list(line)
    stack: list[int] = []
    for match in _BRACKET.finditer(line):
        at = match.start()
        if match[0] in "(（":
            stack.append(at)
            if len(stack) > _DEEPEST:
                return line
        elif stack:
            start = stack.pop()
            if (
                _is_wide_pair(line, start, at)
                or "".join(characters[max(0, start - 2) : start]).rstrip(" ")[-1:] == "）"
            ):
                characters[start], characters[at] = "（", "）"
        elif match[0] == ")" and _is_beside(line, at, at) and not _is_list_number(line, at):
            characters[at] = "）"
    for at in stack:
        if line[at] == "(" and _is_beside(line, at, at):
            characters[at] = "（"
    return "".join(characters)


def _is_wide_pair(line: str, start: int, end: int) -> bool:
    if line[start] == "（" or line[end] == "）" or HAN_CHARACTER.search(line, start + 1, end):
        return True
    if line[:start].rstrip('”"')[-1:] >= SHIELD[0] and _SECTION.match(line, start + 1):
        return False
    if _CALL.search(line[max(0, start - _CALL_LENGTH) : start]) and _ARGUMENTS.match(line, start + 1, end):
        return False
    if start + 1 == end and (line[end + 1 : end + 2] in {"[", "{", "<"} or _VARIABLE.match(line, end + 1)):
        return False
    if before(line, start) in _OPERATORS:
        return False
    if start + 1 < end and not _SAYS_SOMETHING.search(line, start + 1, end):
        return False
    return _is_beside(line, start, end)


def _is_beside(line: str, start: int, end: int) -> bool:
    """Whether the visible neighbour before `start` or after `end` is Han or a full-width mark."""
    left = before(line, start)
    if left and left in ",:;?!":
        left = before(line, line.rfind(left, 0, start))
    return _BESIDE.match(left) is not None or _BESIDE.match(after(line, end + 1)) is not None


def _is_list_number(line: str, at: int) -> bool:
    """Whether a closing bracket ends a number or letter that stands alone (`1)`, `a)`), or an emoticon."""
    start = at
    while start and at - start < 3 and line[start - 1].isascii() and line[start - 1].isalnum():
        start -= 1
    if start == at:
        return line[at - 1 : at] in {":", ";", "-"}
    return start == 0 or line[start - 1] in " ；;，,。" or line[start - 1] >= SHIELD[0]
