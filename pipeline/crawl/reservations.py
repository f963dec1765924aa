"""When a host is asked for its tdmrep.json, and when a page must be archived in full again for what it now says.

The build judges a page by what held when it was archived in full. So a visit that brings the same body is archived in
full too where its host's tdmrep.json, or the headers that speak of its use, are others than then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.crawl.history import MISSING
from pipeline.crawl.urlstate import UrlState
from pipeline.records import USABLE, Headers, Right
from pipeline.rights import directives, tdmrep
from pipeline.rights.facts import ordered

DAY = timedelta(days=1)
"""How long an answer holds, as that of a robots.txt (RFC 9309 §2.4)."""

HOUR = timedelta(hours=1)
"""How long a failure holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is known of a host's tdmrep.json."""

    until: datetime | None = None
    """Until when it need not be asked for again; None: it never was."""
    changed: datetime | None = None
    """When it last came, changed or went; None: it was never there."""


def state_of(known: UrlState | None) -> State:
    """What the visits of the file add up to."""
    if known is None or known.last_fetch is None:
        return State()
    settled = known.outcome in USABLE | MISSING or 200 <= (known.status or 0) < 500
    changed = None if known.last_change is None else known.missing_since or known.last_change
    return State(until=known.last_fetch + (DAY if settled else HOUR), changed=changed)


def said(headers: Headers) -> tuple[Right, ...]:
    """What the headers of an answer say of the use of its page."""
    return ordered((*tdmrep.reserved_by_headers(headers), *directives.by_headers(headers)))
