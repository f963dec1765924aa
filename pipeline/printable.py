"""Text of others made safe to show: what would steer a terminal, or turn the direction of writing, is written out."""

from __future__ import annotations

import re

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""C0 and C1 signs but for tab and line end, and those that turn the direction of writing."""


def plain(text: str) -> str:
    """The text with control signs written out: an address of a foreign archive must not steer the terminal."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def in_json(text: str) -> str:
    r"""JSON with such signs as \uXXXX: the same to whoever reads it, and harmless in a terminal behind any pipe."""
    return CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
