"""Pages made safe to parse: what takes a parser quadratic time is taken out first, in linear time.

Both halves of the project parse pages that nobody vouches for: crawl for their links, on the event loop, extract
for their articles.
"""

from __future__ import annotations

import re
from collections import Counter

MAX_TAG = 20_000
"""Code points of a start tag beyond which its attributes are counted: real tags stay far below."""

MAX_ATTRIBUTES = 500
"""Attributes of one start tag; Lexbor looks each up among those before it."""

MAX_DEPTH = 512
"""Open elements beyond which further ones are no elements: browsers flatten there too (Chromium's
kMaximumHTMLParserDOMTreeDepth). Lexbor looks through all that are open at each tag: 50,000 nested took 3.4 s."""

MAX_TAGS = 150_000
"""Tags of a page that are looked at; what stands behind is cut off. Real pages of many MB have some 50,000."""

_LONG_TAG = re.compile(rf"<([A-Za-z][A-Za-z0-9]{{0,15}})([^<>]{{{MAX_TAG},}})>")
_TAG = re.compile(r"<(?:(/?)([A-Za-z][A-Za-z0-9]{0,15})\b[^<>]{0,20000}>?|!--)")
_NO_MARKUP = {
    name: re.compile(rf"</{name}\b", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "xmp")
}
"""Elements whose content is no markup, and how they end."""

_NEVER_DEEP = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "dt",
        "dd",
        "td",
        "th",
        "tr",
        "tbody",
        "thead",
        "tfoot",
        "option",
        "optgroup",
        "colgroup",
        "caption",
    ]
)
"""Elements without content, and those that the next of their kind closes: they do not pile up by themselves."""


def tamed(html: str) -> str:
    """The page without the attributes of tags that have thousands, and without tags nested beyond MAX_DEPTH.

    Of one with more than MAX_TAGS tags, what stands before these.

    >>> tamed("<p>正文</p>")
    '<p>正文</p>'
    >>> tamed("<div>" * 600 + "正文").count("<div>")
    512
    """
    if len(html) > MAX_TAG and max(map(len, html.split(">"))) > MAX_TAG:
        html = _LONG_TAG.sub(_bare, html)
    return _flat(html) if html.count("<") > MAX_DEPTH else html


def _bare(tag: re.Match[str]) -> str:
    return f"<{tag[1]}>" if len(tag[2].split()) > MAX_ATTRIBUTES else tag[0]


def _flat(html: str) -> str:
    """The page without start tags beyond the depth. An end tag counts only where such an element is open."""
    opened: Counter[str] = Counter()
    depth = at = kept = seen = 0
    pieces: list[str] = []
    while tag := _TAG.search(html, at):
        seen += 1
        if seen > MAX_TAGS:
            return "".join([*pieces, html[kept : tag.start()]])
        at, name = tag.end(), (tag[2] or "").lower()
        if not name or (name in _NO_MARKUP and not tag[1]):
            at = _behind(html, at, name)
        elif name in _NEVER_DEEP:
            continue
        elif tag[1]:
            depth -= opened[name] > 0
            opened[name] -= opened[name] > 0
        elif depth < MAX_DEPTH:
            opened[name] += 1
            depth += 1
        else:
            pieces.append(html[kept : tag.start()])
            kept = at
    return "".join([*pieces, html[kept:]]) if pieces else html


def _behind(html: str, at: int, name: str) -> int:
    """Where a comment ("") or an element whose content is no markup ends: at the page's end if nowhere."""
    if not name:
        end = html.find("-->", at)
        return end if end >= 0 else len(html)
    found = _NO_MARKUP[name].search(html, at)
    return found.end() if found else len(html)
