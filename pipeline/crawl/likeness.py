"""Whether two pages show the same text, as far as a crawl can tell: letters outside links, and the title."""

from __future__ import annotations

import re

from pipeline.web.blocks import prints_han, seen

ARTICLE = 200
"""Han characters outside links from which a page may be an article and teach something of URLs (ours)."""
GRAM = 8
"""Characters that are compared at once."""
ALIKE = 0.8
"""Share of the shorter page's pieces that the other has, if both print one article (ours)."""

NOTICE = 6
"""Han characters that a notice has at least (ours)."""
NEARLY = 0.9
"""Share of the longer notice's pieces that the other has (ours): they may tell the time."""
SHAPE = 0.8
"""Share of its bytes that the shorter of two notices has at least (ours)."""

_FILLED = (b"avascript", "加载".encode(), "加載".encode(), "加载".encode("gbk"), "載入".encode())
"""Words of a page that a script fills."""
_TAG = re.compile(rb"<([a-zA-Z][a-zA-Z0-9]{0,20})")
_ASCII = re.compile(r"[\x00-\x7f]+")
_HAN = re.compile(r"[㐀-鿿]")


def is_article(body: bytes) -> bool:
    """Whether a page has as much text as an article."""
    return prints_han(body, ARTICLE)


def are_alike(a: bytes, b: bytes) -> bool:
    """Whether two pages print the same text, however they are laid out."""
    (title, one), (other, two) = seen(a), seen(b)
    if not _share_a_title(title, other):
        return False
    first, second = _grams(one), _grams(two)
    least = min(len(first), len(second))
    return least > 0 and len(first & second) >= ALIKE * least


def are_one_notice(a: bytes, b: bytes) -> bool:
    """Whether two pages are one notice in shape and text, but for the address that each may name.

    A page that a script fills says the same of every address, and is none; nor is one that brings more bytes.
    """
    if not a or not b or not SHAPE <= len(a) / len(b) <= 1 / SHAPE or _tags(a) != _tags(b):
        return False
    (title, one), (other, two) = ((_ASCII.sub("", text) for text in seen(body)) for body in (a, b))
    if title != other or len(_HAN.findall(title + one)) < NOTICE or any(word in a for word in _FILLED):
        return False
    first, second = _grams(one), _grams(two)
    return len(first & second) >= NEARLY * max(len(first), len(second))


def _tags(body: bytes) -> list[bytes]:
    return _TAG.findall(body)


def _share_a_title(a: str, b: str) -> bool:
    """Whether the titles are one, or one goes on behind the other with the name of the site."""
    one, two = sorted((a, b), key=len)
    return two.startswith(one) and not two[len(one) : len(one) + 1].isalnum()


def _grams(text: str) -> set[str]:
    return {text[at : at + GRAM] for at in range(max(1, len(text) - GRAM + 1))} if text else set()
