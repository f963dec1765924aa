"""The visits of the feed in which a page was found: what the feed itself printed of the article lies there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from pipeline.archive import index
from pipeline.archive.cdxj import Ref
from pipeline.archive.reader import original, read_one
from pipeline.archive.warc import Damaged
from pipeline.archive.withdrawn import run_of, standing_refs
from pipeline.records import USABLE, Capture, Kind
from pipeline.web.urls import fetch_form, url_key

REACH = timedelta(days=31)
"""How long before a page its feed is looked for (ours): the last look at an article comes 30 days after the first."""


def feeds_before(raw: Path, page: Capture) -> Iterator[Capture]:
    """The feed that a page was found in, with its body, as it was read before the page; the last reading first.

    None where the page was found elsewhere. What was withdrawn or can no longer be read is left out.
    """
    if page.via is None or page.place is None:
        return
    readings = _readings(raw, url_key(page.via), page.place.file, page.fetched_at)
    for ref in reversed(standing_refs(raw, readings)):
        if (found := _whole(raw, ref)) is not None:
            yield found


def runs_behind(raw: Path, pages: Iterable[Ref]) -> set[str]:
    """The runs whose feeds some pages may have their text from."""
    found = {(url_key(ref.via), ref.file, ref.fetched_at) for ref in pages if ref.via}
    return {run_of(ref.file) for each in found for ref in _readings(raw, *each)}


def identity(link: str, feed: Capture) -> str:
    """Identity of the address that a feed links to; "" where it is none that can be asked for."""
    address = fetch_form(link, feed.final_url)
    return url_key(address) if address else ""


def _readings(raw: Path, key: str, file: str, until: datetime) -> list[Ref]:
    """The readings of a feed that lie within REACH before a time, in their order."""
    since = until - REACH
    found = _of_feed(raw, key, file, since.astimezone(UTC).date(), until.astimezone(UTC).date())
    return [ref for ref in found if since <= ref.fetched_at <= until]


@lru_cache(maxsize=50)
def _of_feed(raw: Path, key: str, _file: str, since: date, until: date) -> list[Ref]:
    """The readings of a feed on some days; once for the pages of a file, for what was read before is all there then."""
    found = index.find(raw, since, until, url_keys={key})
    usable = (ref for ref in found if ref.kind == Kind.FEED and ref.outcome in USABLE)
    return sorted(usable, key=lambda ref: (ref.fetched_at, ref.file, ref.offset))


@lru_cache(maxsize=4)
def _whole(raw: Path, ref: Ref) -> Capture | None:
    try:
        capture = read_one(raw, ref.place)
        whole = original(raw, capture) if ref.refers_to else capture
    except (FileNotFoundError, Damaged):
        return None
    return whole if capture.id == ref.id else None
