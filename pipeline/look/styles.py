"""Style sheets of others without what asks for an address: the look of a page stays, nothing is fetched.

Escapes go first, since `u\\72l(` is `url(` to a browser; a comment becomes a space, since `u/**/rl(` is not one. The
rest is defused by its name, so that the browser drops the declaration or the rule as one it does not know (CSS Syntax
Level 3, "error handling"). One pass each, no nesting to follow: linear, and nothing to be misled about.
"""

from __future__ import annotations

import re

MAX_STYLE = 500_000
"""Code points read of one style sheet in a page; real ones stay below 100,000."""

_ESCAPE = re.compile(r"\\(?:[0-9A-Fa-f]{1,6}\s?)?")
_COMMENT = re.compile(r"/\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/)?")
_FETCHES = re.compile(
    r"(?:url(?:-prefix)?|src|image|(?:-webkit-)?image-set|(?:-webkit-)?cross-fade|element|paint|expression)(?=\s*+\()"
    r"|-moz-binding|behavior",
    re.I,
)
"""Functions that take an address, and what browsers long gone ran."""
_RULE = re.compile(r"@(?:import|font-face|namespace|charset|property|document|-moz-document)\b", re.I)


def harmless(css: str) -> str:
    """A style sheet, or the value of a `style` attribute, in which nothing names an address.

    >>> harmless("p{color:red;background:u\\\\72l(//a.example/x)}")
    'p{color:red;background:u l(//a.example/x)}'
    >>> harmless("@import '//a.example/x.css'; b{background:URL(x)}")
    "@x-import-out '//a.example/x.css'; b{background:x-out(x)}"
    """
    css = _COMMENT.sub(" ", _ESCAPE.sub(" ", css[:MAX_STYLE]))
    css = _RULE.sub("@x-import-out", _FETCHES.sub("x-out", css))
    return css.replace("<", " ")
