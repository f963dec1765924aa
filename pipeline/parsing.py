"""Pages made safe to parse: what takes a parser quadratic time is taken out first, in linear time.

Both halves of the project parse pages that nobody vouches for: crawl for their links, on the event loop, extract
for their articles.
"""

from __future__ import annotations

import re
from collections import defaultdict

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
_NAME = r"[A-Za-z][A-Za-z0-9]{0,15}\b"
_RAW = "|".join(
    rf"(?i:{name})\b[^<]*+(?:<(?!/(?i:{name})\b)[^<]*+)*+(?:</(?i:{name}))?"
    for name in ("script", "style", "textarea", "title", "xmp")
)
_NO_MARKUP = rf"(?=[sStTxX])(?:{_RAW})|!--[^-]*+(?:-(?!->)[^-]*+)*+(?:-->)?"
"""Elements and comments whose content is no markup, to their end or the page's, behind their `<`."""

TITLE_WITHIN = 100_000
"""Code points in which the start of a title is looked for; 0.5 to 2.5 MB of scripts stand behind it, never before."""

_TITLE = re.compile(r"<title\b[^<>]{0,500}>[^<]*+", re.I)
_TITLE_OR_NEXT = re.compile(r"<(?:(/title)\b|/head\b|body\b)", re.I)

_NAMES = re.compile(rf"<(?:{_NO_MARKUP}|(/?{_NAME}))")
_TAG = re.compile(rf"<(?:{_NO_MARKUP}|(/?)({_NAME})[^<>]{{0,20000}}>?)")

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
_REOPENS = frozenset(["p", "/p", "li", "/li", "td", "/td", "th", "/th", "dt", "dd", "option"])
_FORMATTING = frozenset(
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"]
)
"""Elements that a parser opens again in each block as long as they are not closed (HTML, "the list of active
formatting elements")."""
_FORMATTING_TAG = re.compile(rf"</?(?:{'|'.join(sorted(_FORMATTING))})\b[^<>]{{0,20000}}>", re.I)

MAX_REOPENED = 200_000
"""Formatting elements of a page that are opened again; real pages stay below a thousand. A page of 85 KB, 500 `<b>`
above 20,000 `<p>`, took 43 s."""

_SELF_CLOSED = re.compile(r"""/>(?<=[\s"']/>)(?![^<>]{1,400}</[aA]>)""")
"""The end of `<a href="#" />`, as XHTML closes it, unless a text and an end tag follow. To a parser the link is open,
and all down to the next link is its text."""
_LINK = re.compile(r"<[aA]\s[^<>]*+")

MANY_CELLS = 1000
"""End tags of a page's tables from which text between its cells is kept apart."""
_BETWEEN_CELLS = re.compile(r"(</t[dh]\s{0,9}>)(?=\s{0,99}[^<\s])", re.I)
"""Text there is put before the table and joined to what was put there before, which is copied each time: 7.8 MB of
cells took 15 s. An element that shows nothing keeps them apart."""

_NOT_COUNTED = frozenset(["", *_NEVER_DEEP, *(f"/{name}" for name in _NEVER_DEEP)])


def tamed(html: str) -> str:
    """The page without the attributes of tags that have thousands, and without tags nested beyond MAX_DEPTH.

    Of one with more than MAX_TAGS tags, what stands before these; one that opens its formatting elements again and
    again is read without them. A title that is never closed ends at the first tag: else all of the page is title. A
    link that closes itself is closed. Text between the cells of large tables is kept apart.

    >>> tamed("<p>正文</p><a href='#' />")
    "<p>正文</p><a href='#' ></a>"
    >>> tamed("<p>正文</p>")
    '<p>正文</p>'
    >>> tamed("<div>" * 600 + "正文").count("<div>")
    512
    >>> tamed("<title>正<body>文")
    '<title>正</title><body>文'
    """
    html = _title_closed(html)
    if _has_long_tag(html):
        html = _LONG_TAG.sub(_bare, html)
    html = _links_closed(html)
    if html.count("</t") + html.count("</T") > MANY_CELLS:
        html = _BETWEEN_CELLS.sub(r"\1<wbr>", html)
    is_deep, is_reopened = _asked(html)
    if is_reopened:
        html = _FORMATTING_TAG.sub("", html)
    return _flat(html) if is_deep else html


def _title_closed(html: str) -> str:
    """The page with its title closed, if neither head nor body waits for it: a stray byte in `</title>` is enough."""
    title = _TITLE.search(html, 0, TITLE_WITHIN)
    if title is None or html.startswith("</title>", title.end()):
        return html
    behind = _TITLE_OR_NEXT.search(html, title.end())
    if behind is not None and behind[1]:
        return html
    return f"{html[: title.end()]}</title>{html[title.end() :]}"


def _links_closed(html: str) -> str:
    """The page with an end tag behind each link that closes itself."""
    pieces, kept = [], 0
    for found in _SELF_CLOSED.finditer(html):
        slash = found.start()
        start = html.rfind("<", max(kept, slash - MAX_TAG), slash)
        if start >= 0 and (link := _LINK.match(html, start)) and link.end() == slash + 1:
            pieces += [html[kept:slash], "></a>"]
            kept = found.end()
    return "".join([*pieces, html[kept:]]) if pieces else html


def _has_long_tag(html: str) -> bool:
    """Whether more than MAX_TAG code points stand somewhere between a `<` and the next `>`."""
    at = 0
    while len(html) - at > MAX_TAG:
        end = html.rfind(">", at, at + MAX_TAG + 1) + 1
        if not end:
            end = html.find(">", at) + 1
            if not end:
                return False
            start = html.rfind("<", at, end)
            if start >= 0 and end - start > MAX_TAG:
                return True
        at = end
    return False


def _bare(tag: re.Match[str]) -> str:
    return f"<{tag[1]}>" if len(tag[2].split()) > MAX_ATTRIBUTES else tag[0]


def _asked(html: str) -> tuple[bool, bool]:
    """Whether `_flat` would change the page, and whether formatting elements are opened again too often.

    The same count as in `_flat`, on the names alone, in half the time.
    """
    tags = _NAMES.findall(html)
    opened: defaultdict[str, int] = defaultdict(int)
    depth = standing = reopened = 0
    is_deep = len(tags) > MAX_TAGS
    for tag in map(str.lower, tags):
        if tag in _NOT_COUNTED:
            if standing and tag in _REOPENS:
                reopened += standing
        elif tag[0] != "/":
            opened[tag] += 1
            depth += 1
            is_deep = is_deep or depth > MAX_DEPTH
            if tag in _FORMATTING:
                standing += 1
        elif opened[name := tag[1:]]:
            opened[name] -= 1
            depth -= 1
            if name in _FORMATTING:
                standing -= 1
    return is_deep, reopened > MAX_REOPENED


def _flat(html: str) -> str:
    """The page without start tags beyond the depth. An end tag counts only where such an element is open."""
    opened: defaultdict[str, int] = defaultdict(int)
    depth = kept = 0
    pieces: list[str] = []
    for seen, tag in enumerate(_TAG.finditer(html)):
        if seen == MAX_TAGS:
            return "".join([*pieces, html[kept : tag.start()]])
        name = (tag[2] or "").lower()
        if not name or name in _NEVER_DEEP:
            continue
        if tag[1]:
            depth -= opened[name] > 0
            opened[name] -= opened[name] > 0
        elif depth < MAX_DEPTH:
            opened[name] += 1
            depth += 1
        else:
            pieces.append(html[kept : tag.start()])
            kept = tag.end()
    return "".join([*pieces, html[kept:]]) if pieces else html
