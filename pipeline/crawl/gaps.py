"""What the archive lacks: captures at hand for a span of days, URLs never captured, and what fetching them costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from pipeline.archive import index
from pipeline.archive.withdrawn import standing_refs
from pipeline.crawl.ledger import EVER, Ledger
from pipeline.crawl.scope import by_source, scope_of, unwanted
from pipeline.records import USABLE, Kind, Source
from pipeline.web.urls import url_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What a backfill finds for one source."""

    source: str
    """Name of the source."""
    captures: int
    """Page captures at hand in the span of capture days."""
    good: int
    """Of these, with a usable page."""
    empty_days: tuple[date, ...]
    """Days of the span without any capture."""
    missing: tuple[str, ...]
    """URLs known or asked for that have no usable capture on any day."""
    requests: int
    """Requests needed to fetch what is missing."""
    hours: float
    """Hours they take at the source's polite rate."""


def find_gaps(
    sources: Sequence[Source],
    raw: Path,
    *,
    since: date | None = None,
    until: date | None = None,
    urls: Sequence[str] = (),
) -> tuple[Gap, ...]:
    """What is at hand for a span of capture days, and which URLs are missing altogether; fetches nothing.

    The days choose what is counted as at hand. Missing are URLs that were never captured usably, on no day:
    those of `urls`, or all that are known. UsageError for a URL of no source.
    """
    asked = by_source(sources, urls)
    refs = [r for r in standing_refs(raw, index.find(raw)) if r.kind == Kind.PAGE]
    good_ever = {r.url_key for r in refs if r.outcome in USABLE}
    gaps = []
    with Ledger(raw, read_only=True) as ledger:
        for source in sources:
            own = [r for r in refs if r.source == source.name and _within(r.fetched_at.date(), since, until)]
            days = {r.fetched_at.date() for r in own}
            span = _days(since or min(days, default=None), until or max(days, default=None))
            known = asked[source.name] if urls else _known_urls(ledger, source)
            missing = tuple(u for u in known if url_key(u) not in good_ever)
            gaps.append(
                Gap(
                    source=source.name,
                    captures=len(own),
                    good=sum(r.outcome in USABLE for r in own),
                    empty_days=tuple(d for d in span if d not in days),
                    missing=missing,
                    requests=len(missing),
                    hours=len(missing) * source.delay / 3600,
                )
            )
    return tuple(gaps)


def _within(day: date, since: date | None, until: date | None) -> bool:
    return (since is None or since <= day) and (until is None or day <= until)


def _days(first: date | None, last: date | None) -> list[date]:
    if first is None or last is None:
        return []
    return [first + timedelta(n) for n in range((last - first).days + 1)]


def _known_urls(ledger: Ledger, source: Source) -> list[str]:
    """The article URLs a source's file names, and those the ledger knows of it and its patterns still want."""
    known = {url_key(url): url for url in source.urls}
    scope = scope_of(source)
    due = ledger.due(source.name, EVER, (Kind.PAGE,))
    known |= {each.url_key: each.url for each in due if unwanted(scope, each.url) is None}
    return list(known.values())
