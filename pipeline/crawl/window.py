"""Whether a list turns over faster than it is read: what it showed last, and how much of that it still shows.

A feed or listing shows its last items, and nobody says how fast they pass, nor of most when each came. What had just
come when it was last read is the measure: all of it is still there, or a part, or nothing any more, and then others may
have come and gone unseen in between.
"""

from __future__ import annotations

from collections.abc import Collection

from pipeline.crawl.ledger import Due, Ledger
from pipeline.crawl.urlstate import UrlState
from pipeline.records import Kind, Source
from pipeline.web.pace import window_interval

MAX_SHOWN = 2_000
"""Links of the longest list that is watched so (ours): a longer one does not turn over in hours."""
LEAST_FRESH = 5
"""Links from which those that just came are a measure by themselves; fewer stand with those before them (ours)."""


def left_of(ledger: Ledger, due: Due, links: Collection[str]) -> float | None:
    """The share 0..1 of what a list had just got when it was last read that it still shows; None: not known.

    `links` are the keys it shows now, which are remembered. A sitemap loses nothing, an empty
    list tells nothing.
    """
    if due.kind == Kind.SITEMAP or not 0 < len(links) <= MAX_SHOWN:
        return 1.0
    before = ledger.shown(due.url_key)
    fresh = {key for key, just_came in before.items() if just_came}
    came = set(links) - before.keys()
    now_fresh = came if len(came) >= LEAST_FRESH or not before else came | fresh
    ledger.set_shown(due.url_key, {key: key in now_fresh for key in dict.fromkeys(links)})
    if not before or not fresh:
        return None
    return len(fresh.intersection(links)) / len(fresh) if came else 1.0


def read_again(ledger: Ledger, source: Source, due: Due, before: UrlState | None, left: float | None) -> None:
    """Have a list that was just read come again before what it shows has passed; never later than by itself.

    `before` is what was known of it before this visit.
    """
    after = ledger.state(due.url_key)
    if due.kind == Kind.SITEMAP or after is None or after.last_fetch is None or after.source != source.name:
        return
    previous = before.interval if before is not None and before.interval else source.every
    last = before.last_fetch if before is not None else None
    elapsed = (after.last_fetch - last).total_seconds() if last is not None else 0.0
    wait = window_interval(elapsed, previous, left, source.every)
    if wait < source.every:
        ledger.hasten(due.url_key, wait)
