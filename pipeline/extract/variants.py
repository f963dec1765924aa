"""Rules in both scripts: a pattern written in one form of a character matches its other forms too."""

from __future__ import annotations

import re
from functools import cache

from pipeline.rules import table


def either_script(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """The pattern compiled with 发布 meaning 发布, 發布 and 發佈 alike; lengths stay, so lookbehind does too.

    >>> either_script("发布[:：]").pattern
    '[发發][布佈][:：]'
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
    return re.compile("".join(out), flags)


@cache
def _groups() -> dict[str, str]:
    """Character → all its forms."""
    return {character: group for row in table("variants") for group in row[0].split() for character in group}
