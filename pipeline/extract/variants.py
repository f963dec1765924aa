"""Rules in both scripts: a pattern written in one form of a character matches its other forms too."""

from __future__ import annotations

import re
from functools import cache

from pipeline.rules import table

BEGINNING = re.compile(r"(\w|\[\w+\])(?![?*{])")
"""What an alternative begins with: a character, or one of some, that cannot be left out."""

TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*+\]?|.", re.S)
"""What is read of a pattern at once: an escape, a class, a character."""


def either_script(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """The pattern compiled with 发布 meaning 发布, 發布 and 發佈 alike; lengths stay, so lookbehind does too."""
    return re.compile(in_either_script(pattern), flags)


def in_either_script(pattern: str) -> str:
    """The pattern so, not yet compiled.

    The first characters of alternatives are looked for together, and each alternative only where one stands: a fourth
    of the time of a search. `re` does that itself only for characters of one form.

    >>> in_either_script("发布[:：]")
    '[发發][布佈][:：]'
    >>> in_either_script("发布|更新")
    '(?=[发發更])(?:[发發][布佈]|更新)'
    """
    groups = _groups()
    out: list[str] = []
    in_class = escaped = False
    for character in pattern:
        group = groups.get(character, character)
        out.append(group if in_class or len(group) == 1 else f"[{group}]")
        if not escaped and character in "[]":
            in_class = character == "["
        escaped = character == "\\" and not escaped
    written = "".join(out)
    forms = (groups.get(character, character) for character in _begins(pattern))
    if first := "".join(dict.fromkeys("".join(forms))):
        written = f"(?=[{first}])(?:{written})"
    return written


def _begins(pattern: str) -> str:
    """The characters with which the alternatives of a pattern begin; "" where one begins otherwise, or there is one."""
    found: dict[str, None] = {}
    at = depth = leading = alternatives = 0
    is_next = True
    while at < len(pattern):
        if is_next and pattern.startswith("(?:", at):
            depth += 1
            leading = depth
            at += 3
        elif is_next:
            begin = BEGINNING.match(pattern, at)
            if begin is None:
                return ""
            found |= dict.fromkeys(begin[1].strip("[]"))
            alternatives += 1
            is_next = False
            at = begin.end()
        else:
            token = TOKEN.match(pattern, at)
            sign = token[0] if token else ""
            at += max(len(sign), 1)
            if sign == ")" and depth == leading:
                leading -= 1
                if pattern[at : at + 1] in ("?", "*", "{"):
                    return ""
            depth += (sign == "(") - (sign == ")")
            is_next = sign == "|" and depth == leading
    return "".join(found) if alternatives > 1 and not is_next else ""


@cache
def _groups() -> dict[str, str]:
    """Character → all its forms."""
    return {character: group for row in table("variants") for group in row[0].split() for character in group}
