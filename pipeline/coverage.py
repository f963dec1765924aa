"""By which day of publication a corpus has its pages, and how one page tells its own: what a backfill is bounded by."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pipeline.corpus.read import list_versions, tables
from pipeline.corpus.schema import TABLES
from pipeline.crawl.bounds import DateOf
from pipeline.records import Source


def days_told(clean: Path) -> dict[str, date]:
    """URL key → the day of publication that the page tells, of every page in the newest version; reads no text."""
    if not list_versions(clean):
        return {}
    found: dict[str, date] = {}
    for table in TABLES:
        for part in tables(clean, table=table, columns=["url_key", "published_on"]):
            pairs = zip(part["url_key"].to_pylist(), part["published_on"].to_pylist(), strict=True)
            found |= {key: day for key, day in pairs if day is not None}
    return found


def date_of(source: Source) -> DateOf:
    """How the pages of a source tell their day of publication: as extraction reads it."""
    from pipeline.extract import extract_page  # no other command of the runs needs it

    def read(body: bytes, content_type: str, url: str) -> date | None:
        page = extract_page(body, url=url, content_type=content_type, source=source)
        return next((each.published_on for each in page.articles if each.published_on), None)

    return read
