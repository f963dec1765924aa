"""Whether two pages show the same text, as far as a crawl can tell: letters outside links, and the title."""

from __future__ import annotations

import re

from pipeline.web.blocks import seen

ARTICLE = 200
"""Han characters outside links from which a page may be an article and teach something of URLs (ours)."""
GRAM = 8
"""Characters that are compared at once."""
ALIKE = 0.8
"""Share of the shorter page's pieces that the other has, if both print one article (ours)."""

_HAN = re.compile(r"[㐀-鿿]")


def is_article(body: bytes) -> bool:
    """Whether a page has as much text as an article."""
    return len(_HAN.findall(seen(body)[1])) >= ARTICLE


def are_alike(a: bytes, b: bytes) -> bool:
    """Whether two pages print the same text, however they are laid out."""
    (title, one), (other, two) = seen(a), seen(b)
    if not _share_a_title(title, other):
        return False
    first, second = _grams(one), _grams(two)
    least = min(len(first), len(second))
    return least > 0 and len(first & second) >= ALIKE * least


def _share_a_title(a: str, b: str) -> bool:
    """Whether the titles are one, or one goes on behind the other with the name of the site."""
    one, two = sorted((a, b), key=len)
    return two.startswith(one) and not two[len(one) : len(one) + 1].isalnum()


def _grams(text: str) -> set[str]:
    return {text[at : at + GRAM] for at in range(max(1, len(text) - GRAM + 1))} if text else set()
