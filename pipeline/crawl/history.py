"""What the visits of a URL add up to: a pure fold of one visit after the other into its state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.archive.cdxj import Ref
from pipeline.records import Kind, Outcome
from pipeline.web import pace

LISTS = (Kind.FEED, Kind.SITEMAP, Kind.LISTING)
EVERY = 6 * 3600.0
"""Seconds between visits of a list when the source does not say; the default of `Source.every`."""
GONE_AFTER = timedelta(days=7)
"""404 or 410 twice, at least this far apart, means gone (ours)."""
RETRY_FIRST = timedelta(hours=1)
RETRY_LAST = timedelta(days=7)
"""A failed URL comes up again after an hour, doubling to a week (ours)."""
LASTING = frozenset(
    {
        Outcome.ROBOTS,
        Outcome.TOO_LARGE,
        Outcome.NOT_HTML,
        Outcome.ADDRESS_REFUSED,
        Outcome.REDIRECT_LOOP,
        Outcome.BAD_ENCODING,
    }
)
"""Outcomes that another try in an hour would only repeat: next in a week (ours)."""
AHEAD = timedelta(days=1)
"""What is remembered of more than a day later than now comes from a clock that ran ahead (ours)."""
MISSING = {Outcome.GONE, Outcome.SOFT_GONE}


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
    missing_since: datetime | None = None
    """The first of the visits in a row that found it gone."""
    gone: bool = False
    """Whether it is taken as gone for good."""
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


def is_ahead(state: UrlState, now: datetime) -> bool:
    """Whether a clock that ran ahead has left its times in what is remembered of a URL."""
    return (state.last_fetch or state.first_seen) > now + AHEAD


def set_back(state: UrlState, now: datetime) -> UrlState:
    """What is remembered of a URL without the times that a clock ahead of `now` left there."""
    if state.first_seen > now:
        state = replace(state, first_seen=now)
    if state.last_change is not None and state.last_change > now:
        state = replace(state, last_change=now)
    return replace(state, last_fetch=None, missing_since=None, gone=False)


def next_state(ref: Ref, old: UrlState | None, every: float | None, changed: bool | None) -> UrlState:
    """The URL's state after one more visit: a pure fold, so a rebuild ends where the live run did.

    `every` is the interval of a list in seconds (None: EVERY). `changed` is whether the visit showed something
    new; None judges by the payload digest.
    """
    at = ref.fetched_at
    known = old or UrlState(key=ref.url_key, url=ref.url, source=ref.source, kind=ref.kind, first_seen=at)
    state = replace(
        known,
        url=ref.url,
        source=ref.source,
        kind=ref.kind,
        via=known.via or ref.via,
        part_of=known.part_of or ref.part_of,
        first_seen=known.first_seen if known.looks else at,
        last_fetch=at,
        status=ref.status,
        outcome=ref.outcome,
        looks=known.looks + 1,
    )
    if ref.kind == Kind.TDMREP and known.missing_since is not None:
        changed = True  # it is back: what pages say of their use is other than without it
    if ref.outcome == Outcome.OK:
        changed = ref.digest != known.good_digest if changed is None else changed
        state = replace(
            state,
            etag=ref.etag,
            last_modified=ref.last_modified,
            # An imported file is no answer of a server: nothing for a revisit to point at.
            good_id=ref.id if ref.status else None,
            good_url=ref.final_url,
            good_at=at,
            good_digest=ref.digest,
            good_file=ref.file,
            good_offset=ref.offset,
            good_length=ref.length,
        )
    elif ref.outcome == Outcome.UNCHANGED:
        etag, last_modified = ref.etag or state.etag, ref.last_modified or state.last_modified
        state = replace(state, etag=etag, last_modified=last_modified)
    else:
        return _after_failure(ref, state)
    state = replace(state, last_ok=at, fails=0, missing_since=None, gone=False)
    if changed or state.last_change is None:
        state = replace(state, last_change=at)
    return _after_success(ref, state, every, bool(changed))


def _after_success(ref: Ref, state: UrlState, every: float | None, changed: bool) -> UrlState:
    at = ref.fetched_at
    if ref.kind in LISTS:
        every = every or EVERY
        wait = pace.list_interval(state.interval or every, changed, every)
        return replace(state, interval=wait, next_due=at + timedelta(seconds=wait))
    if ref.kind != Kind.PAGE or not ref.status:
        return replace(state, next_due=None)
    again = pace.page_interval(state.first_seen, state.looks, state.last_change, at)
    return replace(state, interval=again, next_due=None if again is None else at + timedelta(seconds=again))


def _after_failure(ref: Ref, state: UrlState) -> UrlState:
    at, fails = ref.fetched_at, state.fails + 1
    if ref.kind == Kind.TDMREP:  # asked for with the pages of its host
        missing = state.missing_since or at if ref.outcome in MISSING else None
        return replace(state, fails=fails, missing_since=missing, next_due=None)
    if ref.status in {404, 410} or ref.outcome in MISSING:
        missing = state.missing_since or at
        gone = at - missing >= GONE_AFTER
        due = None if gone else missing + GONE_AFTER
        return replace(state, fails=fails, missing_since=missing, gone=gone, next_due=due)
    wait = RETRY_LAST if ref.outcome in LASTING else min(RETRY_FIRST * 2 ** min(fails - 1, 8), RETRY_LAST)
    return replace(state, fails=fails, missing_since=None, next_due=at + wait)
