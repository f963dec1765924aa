"""What is remembered of a URL: one row of the ledger, and how a clock that ran ahead is taken out of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.records import Kind

LISTS = (Kind.FEED, Kind.SITEMAP, Kind.LISTING)
AHEAD = timedelta(days=1)
"""What is remembered of more than a day later than now comes from a clock that ran ahead (ours)."""

GONE_AFTER = timedelta(days=7)
"""404 or 410 twice, at least this far apart, means gone (ours)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlState:
    """What is remembered of a URL: one row of the ledger, a field a column. Times are aware UTC."""

    key: str
    """Identity."""
    url: str
    """Fetch form, as last asked for."""
    source: str
    """Name of the source it was last found or visited for."""
    kind: str
    """A word of Kind."""
    via: str | None = None
    """Where it was found."""
    part_of: str | None = None
    """url_key of part 1."""
    first_seen: datetime
    """The first visit; before there is one, when it was found."""
    last_fetch: datetime | None = None
    last_ok: datetime | None = None
    """The last visit with a usable page, be it an unchanged one."""
    last_change: datetime | None = None
    """The last visit that showed something new."""
    status: int | None = None
    outcome: str | None = None
    """Of the last visit."""
    looks: int = 0
    """Visits so far."""
    fails: int = 0
    """Visits in a row that gave no usable page."""
    failing_since: datetime | None = None
    """The first of these visits; None: the last one was usable."""
    missing_since: datetime | None = None
    """The first of the visits in a row that found it gone."""
    gone: bool = False
    """Whether it is taken as gone."""
    interval: float | None = None
    """Seconds from the last usable visit to the next."""
    next_due: datetime | None = None
    """When to look again; None: never."""
    etag: str | None = None
    last_modified: str | None = None
    """Validators of the last good response, verbatim."""
    good_id: str | None = None
    """The last good response, which a revisit points to; None: there is none to point to."""
    good_url: str | None = None
    good_at: datetime | None = None
    good_digest: str | None = None
    good_file: str | None = None
    good_offset: int | None = None
    good_length: int | None = None
    full_at: datetime | None = None
    """The last visit that a body came with, be it the one we had: not a 304."""
    twin_of: str | None = None
    """URL key of the page it is another URL of: it is not asked for; None: it is."""
    twin_rule: str | None = None
    """The rule that says so (crawl/twins.py); None: its body, or what it declares."""


def is_ahead(state: UrlState, now: datetime) -> bool:
    """Whether a clock that ran ahead has left its times in what is remembered of a URL."""
    return (state.last_fetch or state.first_seen) > now + AHEAD


def set_back(state: UrlState, now: datetime) -> UrlState:
    """What is remembered of a URL without the times that a clock ahead of `now` left there."""
    if state.first_seen > now:
        state = replace(state, first_seen=now)
    if state.last_change is not None and state.last_change > now:
        state = replace(state, last_change=now)
    if state.failing_since is not None and state.failing_since > now:
        state = replace(state, failing_since=None)
    if state.missing_since is not None and state.missing_since > now:
        state = replace(state, missing_since=None)
    since = state.missing_since
    is_gone = state.gone and since is not None and now - since >= GONE_AFTER
    return replace(state, last_fetch=None, gone=is_gone)
