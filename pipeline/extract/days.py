"""The days of an article put together: published, changed, refused, with time, zone, certainty and place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from pipeline.extract.clock import PAGE, moment, offset_of
from pipeline.extract.dayline import Dated
from pipeline.extract.declared import NOTHING
from pipeline.extract.evidence import Evidence
from pipeline.extract.modified import find_modified
from pipeline.extract.printed import SILENT
from pipeline.extract.publication import Publication, find_published
from pipeline.records import DATE_AFTER_CAPTURE, Article, Flag

FIRST_ZONE = timedelta(hours=14)
"""The zone in which each day begins first (UTC+14, Kiribati)."""


def last_day(captured_at: datetime | None) -> date | None:
    """The last day that had begun anywhere when a page was captured; None: not known."""
    return (captured_at + FIRST_ZONE).date() if captured_at else None


def with_days(article: Article, page: Evidence, lines: Sequence[str]) -> Article:
    """The article with all that the page says of its days; `lines` are all of the page's.

    A time without an offset gets that of the country, where the host or the registration tells it; else it has none.
    Day and time always name the same day. A day later than the capture stays in `published_raw` and in a flag.
    """
    said = find_published(page)
    changed = _changed(page, said)
    clocks = [clock for clock in (said.clock, changed.clock if changed else None) if clock]
    offset, zone_from = offset_of(page.url, lines) if clocks else ("", None)
    shown = said.found or said.refused
    return replace(
        article,
        published_on=said.found.day if said.found else None,
        published_raw=shown.raw if shown else None,
        published_from=shown.where if shown else None,
        published_at=moment(said.found.day, said.clock, offset) if said.found and said.clock else None,
        published_at_from=said.clock_from,
        published_confidence=said.confidence,
        modified_on=changed.day if changed else None,
        modified_at=moment(changed.day, changed.clock, offset) if changed and changed.clock else None,
        modified_raw=changed.raw if changed else None,
        modified_from=changed.where if changed else None,
        zone_from=PAGE if clocks and clocks[0].offset else zone_from,
        flags=(*article.flags, *(Flag(name=DATE_AFTER_CAPTURE, text=r.raw) for r in [said.refused] if r)),
    )


def _changed(page: Evidence, said: Publication) -> Dated | None:
    """The change, where it is later than the publication, or says an hour that this does not."""
    changed, found = find_modified(page), said.found
    if changed is None or found is None or found.where == "modified" or changed.day > found.day:
        return changed
    if changed.day < found.day or changed.clock is None:
        return None
    return changed if said.clock is None or changed.clock.time[:5] > said.clock.time[:5] else None


def part_days(
    article: Article, head: Sequence[str], lines: Sequence[str], url: str, captured_at: datetime | None
) -> Article:
    """The same of an article glued below another one: `head` are the lines between its title and its text.

    Declarations, address and foot are of the page and its first article, and say nothing here.
    """
    page = Evidence(
        printed=replace(SILENT, head=tuple(head)),
        declared=NOTHING,
        url=urlsplit(url)._replace(path="/", query="", fragment="").geturl(),
        title=article.title,
        text=article.extracted,
        captured_at=captured_at,
        latest=last_day(captured_at),
    )
    return with_days(article, page, lines)
