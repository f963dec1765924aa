"""What a body is, judged by its bytes first and its label second."""

from __future__ import annotations

import re

from pipeline.rules.signatures import NO_PAGE

_HEAD = 2048
_TAIL = 1024
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_MARKUP = re.compile(
    rb"<(?:!doctype|!--|html|head|title|meta|body|div|table|script|p|br|a|h1)\b", re.IGNORECASE
)
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_OPEN_TYPES = frozenset({"", "text/plain", "application/octet-stream", "application/xml", "text/xml"})
_FEED = re.compile(rb"<(?:rss|feed|urlset|sitemapindex|rdf:RDF)\b")


def is_html(body: bytes, content_type: str) -> bool:
    """Whether a body can be read as an HTML page.

    A PDF sent as text/html is none; markup sent as application/octet-stream, text/plain or without a type
    is. Signatures as in the WHATWG MIME Sniffing standard, §6 and §7.1.
    """
    head = body[:_HEAD]
    essence = content_type.partition(";")[0].strip().lower()
    if head.startswith(NO_PAGE) or (head.count(b"\0") > len(head) // 10 and not head.startswith(_UTF16)):
        return False
    if essence in _HTML_TYPES:
        return True
    if essence not in _OPEN_TYPES or _FEED.search(head):
        return False
    return bool(_MARKUP.search(head))


def lacks_end(body: bytes) -> bool:
    """Whether an HTML body stops before `</html>`: the only sign of a cut when the server named no length."""
    tail = body[-_TAIL:].lower()
    return b"</html" not in tail and b"</body" not in tail


def without_spans(text: str, start: str, end: str) -> str:
    """Text without the spans from `start` to `end`; an unclosed span reaches to the end. Linear."""
    folded = text.lower()
    kept = []
    position = 0
    while (opening := folded.find(start, position)) >= 0:
        kept.append(text[position:opening])
        closing = folded.find(end, opening + len(start))
        if closing < 0:
            return "".join(kept)
        position = closing + len(end)
    return "".join(kept) + text[position:]
