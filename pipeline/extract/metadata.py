"""Title, author, day and source of an article, from what the page prints before what it declares."""

from __future__ import annotations

from pipeline.extract.body import Reading
from pipeline.extract.declared import Declared
from pipeline.extract.layout import Layout
from pipeline.records import Article


def read_metadata(layout: Layout, declared: Declared, reading: Reading, url: str) -> Article:
    """The facts of the article whose body is `reading`; what the page does not say stays None."""
    return Article(title=declared.title or None)
