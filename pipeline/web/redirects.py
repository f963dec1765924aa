"""Where an answer sends us next: a Location header, a meta refresh, a script that only moves on."""

from __future__ import annotations

import html
import re
from urllib.parse import quote_from_bytes

from pipeline.web.media import without_spans
from pipeline.web.urls import fetch_form

STATUSES = frozenset({301, 302, 303, 307, 308})
MAX_REFRESH_DELAY = 5.0
"""Seconds (ours); a slower refresh is a page that reloads itself, not a redirect."""

_HEAD = 16 * 1024
_SCRIPT_PAGE = 2 * 1024
_SAFE = bytes(range(0x21, 0x7F))
_META = re.compile(r"<meta\s[^>]{0,2000}>", re.IGNORECASE)
_BASE = re.compile(r"<base\s[^>]{0,2000}>", re.IGNORECASE)
_HREF = re.compile(r"\bhref\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
_IS_REFRESH = re.compile(r"http-equiv\s{0,9}=\s{0,9}[\"']?\s{0,9}refresh\b", re.IGNORECASE)
_CONTENT = re.compile(r"\bcontent\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
_REFRESH = re.compile(
    r"\s{0,99}([0-9]{1,9})(?:\.[0-9]{0,9})?\s{0,99}[;,]\s{0,99}(?:url\s{0,99}=)?(.*)",
    re.IGNORECASE | re.DOTALL,
)
_SCRIPT_MOVE = re.compile(
    r"\blocation(?:\.href)?\s{0,9}(?:=|\.replace\(|\.assign\()\s{0,9}[\"']([^\"'\s]{1,2000})[\"'](?=\s{0,9}[);<}\r\n])"
)
_TAG = re.compile(r"<[^<>]*>")


def location_of(value: str, url: str) -> str | None:
    """The fetch form of a Location header (latin-1 decoded) against the URL that sent it; None if unusable.

    Raw bytes beyond ASCII are percent-encoded as they are: servers send UTF-8 and GBK alike, and only the
    same bytes lead to the page.
    """
    raw = value.encode("latin-1", "replace").strip(b" \t")
    return fetch_form(quote_from_bytes(raw, _SAFE), url) if raw else None


def refresh_of(body: bytes, url: str) -> str | None:
    """The target of a `<meta http-equiv=refresh>` of at most MAX_REFRESH_DELAY seconds, or None.

    Only the first 16 KiB count; comments and `<noscript>` (meant for other browsers) do not. It is read against the
    page's `<base>`, if there is one.
    """
    if b"refresh" not in body[:_HEAD].lower():
        return None
    head = body[:_HEAD].decode("latin-1")
    head = without_spans(without_spans(head, "<!--", "-->"), "<noscript", "</noscript")
    for meta in _META.findall(head):
        content = _CONTENT.search(meta) if _IS_REFRESH.search(meta) else None
        if content is None:
            continue
        found = _REFRESH.match(html.unescape(content[1] or content[2] or content[3] or ""))
        if found and float(found[1]) <= MAX_REFRESH_DELAY:
            target = found[2].strip().strip("\"'").strip()
            return location_of(target, _base_of(head, url)) if target and _is_latin1(target) else None
    return None


def _base_of(head: str, url: str) -> str:
    """The address that the page's relative addresses are read against (HTML, "document base URL")."""
    for base in _BASE.findall(head):
        if (href := _HREF.search(base)) is not None:
            value = html.unescape(href[1] or href[2] or href[3] or "").strip()
            return (location_of(value, url) if _is_latin1(value) else None) or url
    return url


def script_move_of(body: bytes, url: str) -> str | None:
    """The literal target of a page that is nothing but `location = "…"` in a script, or None.

    A page with words outside the script, or larger than 2 KiB, is taken as a page.
    """
    if len(body) > _SCRIPT_PAGE:
        return None
    text = body.decode("latin-1")
    moves = set(_SCRIPT_MOVE.findall(text))
    visible = _TAG.sub("", without_spans(without_spans(text, "<script", "</script"), "<title", "</title"))
    if len(moves) != 1 or visible.strip("> \t\r\n"):
        return None
    return location_of(moves.pop(), url)


def _is_latin1(text: str) -> bool:
    return all(ord(character) < 256 for character in text)
