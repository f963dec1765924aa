"""One page, several articles; one article, several pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.extract.body import Reading
from pipeline.extract.container import Weights
from pipeline.extract.layout import Layout
from pipeline.nextpart import MAX_PARTS
from pipeline.records import Article, Page


def split_articles(first: Article, layout: Layout, weights: Weights, reading: Reading) -> tuple[Article, ...]:
    """The articles glued together in one body, in page order."""
    return (replace(first, extracted=reading.text, captions=reading.captions, method=reading.method),)


def join_parts(pages: Sequence[Page]) -> Page:
    """Parts of one article as one page: the first part's facts, the texts in order.

    A part whose body was seen before stops the joining (many sites serve the last part again), and
    at most MAX_PARTS are joined. A part that repeats all lines joined so far is the whole article
    (a view-all page) and replaces them. Parts without an article are left out.
    """
    usable = [page for page in pages[:MAX_PARTS] if page.articles]
    if not usable:
        return pages[0] if pages else Page(encoding="", encoding_from="", replacements=0, reason="empty")
    first = usable[0]
    lines: list[str] = []
    captions: list[str] = []
    seen: set[str] = set()
    for page in usable:
        article = page.articles[0]
        if article.extracted in seen:
            break
        seen.add(article.extracted)
        part = article.extracted.split("\n")
        lines = part if lines and set(lines) <= set(part) else lines + part
        captions.extend(c for c in article.captions if c not in captions)
    whole = replace(first.articles[0], extracted="\n".join(lines), captions=tuple(captions))
    replacements = sum(page.replacements for page in usable)
    return replace(first, articles=(whole, *first.articles[1:]), replacements=replacements, next_url=None)
