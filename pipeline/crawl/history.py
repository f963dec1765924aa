"""What the visits of a URL add up to: a pure fold of one visit after the other into its state."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

from pipeline.archive.cdxj import Ref
from pipeline.crawl.states import GONE_AGAIN, next_due
from pipeline.crawl.urlstate import GONE_AFTER, LISTS, UrlState
from pipeline.records import USABLE, Kind, Outcome
from pipeline.web import pace

EVERY = 6 * 3600.0
"""Seconds between visits of a list when the source does not say; the default of `Source.every`."""
MISSING = {Outcome.GONE, Outcome.SOFT_GONE}


def next_state(
    ref: Ref, old: UrlState | None, every: float | None, changed: bool | None, stretch: float = 1.0
) -> UrlState:
    """The URL's state after one more visit: a pure fold, so a rebuild ends where the live run did.

    `every` is the interval of a list in seconds (None: EVERY). `changed` is whether the visit showed something
    new; None judges by the payload digest. `stretch` is that of the site's articles (pace.page_interval).
    """
    at = ref.fetched_at
    known = old or UrlState(key=ref.url_key, url=ref.url, source=ref.source, kind=ref.kind, first_seen=at)
    new: dict[str, object] = {
        "url": ref.url,
        "source": ref.source,
        "kind": ref.kind,
        "via": known.via or ref.via,
        "part_of": known.part_of or ref.part_of,
        "first_seen": known.first_seen if known.looks else at,
        "last_fetch": at,
        "status": ref.status,
        "outcome": ref.outcome,
        "looks": known.looks + 1,
    }
    if ref.outcome not in USABLE:
        state = _after_failure(ref, replace(known, **new), known.last_fetch)  # type: ignore[arg-type]
        return replace(state, next_due=next_due(state))
    if ref.kind == Kind.TDMREP and known.missing_since is not None:
        changed = True  # it is back: what pages say of their use is other than without it
    if ref.outcome == Outcome.OK:
        changed = ref.digest != known.good_digest if changed is None else changed
        new |= {
            "etag": ref.etag,
            "last_modified": ref.last_modified,
            # An imported file is no answer of a server: nothing for a revisit to point at.
            "good_id": ref.id if ref.status else None,
            "good_url": ref.final_url,
            "good_at": at,
            "good_digest": ref.digest,
            "good_file": ref.file,
            "good_offset": ref.offset,
            "good_length": ref.length,
        }
    else:
        new |= {"etag": ref.etag or known.etag, "last_modified": ref.last_modified or known.last_modified}
    if ref.status != HTTPStatus.NOT_MODIFIED:
        new |= {"full_at": at}
    if changed or known.last_change is None:
        new |= {"last_change": at}
    new |= {"last_ok": at, "fails": 0, "failing_since": None, "missing_since": None, "gone": False}
    new |= {"interval": _interval(ref, known, every, bool(changed), stretch)}
    state = replace(known, **new)  # type: ignore[arg-type]
    return replace(state, next_due=next_due(state))


def _interval(ref: Ref, known: UrlState, every: float | None, changed: bool, stretch: float) -> float | None:
    """Seconds from a usable visit to the next; a file that was imported has no next one."""
    if ref.kind in LISTS:
        every = every or EVERY
        return pace.list_interval(known.interval or every, changed, every)
    if ref.kind != Kind.PAGE or not ref.status:
        return known.interval
    first_seen = known.first_seen if known.looks else ref.fetched_at
    last_change = ref.fetched_at if changed or known.last_change is None else known.last_change
    return pace.page_interval(first_seen, last_change, ref.fetched_at, stretch)


def _after_failure(ref: Ref, state: UrlState, before: datetime | None) -> UrlState:
    at = ref.fetched_at
    state = replace(state, fails=state.fails + 1, failing_since=state.failing_since or at)
    if ref.status in {404, 410} or ref.outcome in MISSING:
        # Longer than anything waits: a clock that jumped, or a long pause, in which it may have been there.
        is_unwatched = before is not None and at - before > 2 * GONE_AGAIN and not state.gone
        missing = at if is_unwatched or state.missing_since is None else state.missing_since
        return replace(state, missing_since=missing, gone=at - missing >= GONE_AFTER)
    # another failure proves nothing of what is gone, and begins the week anew of what may be
    return state if state.gone else replace(state, missing_since=None)
