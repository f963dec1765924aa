"""What is remembered of a host between runs, one row of the ledger, and how long one that fails is left alone."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.archive import warc
from pipeline.records import UNREACHED, Outcome, Place

TABLE = """
CREATE TABLE IF NOT EXISTS host (
  host TEXT PRIMARY KEY, not_before TEXT, delay REAL, fails INTEGER NOT NULL DEFAULT 0,
  robots_file TEXT, robots_offset INTEGER, robots_length INTEGER, robots_until TEXT,
  lies INTEGER NOT NULL DEFAULT 0);
"""
GET = "SELECT * FROM host WHERE host = ?"
PUT = (
    "INSERT OR REPLACE INTO host (host, not_before, delay, fails, robots_file, robots_offset, robots_length,"
    " robots_until, lies) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)

FAILURES = UNREACHED | {Outcome.HTTP_ERROR, Outcome.INCOMPLETE, Outcome.BAD_PROTOCOL, Outcome.BLOCKED}
"""Outcomes that are the site's and not the single page's."""
MAX_FAILURES = 5
"""Failures in a row after which a site is left alone (ours)."""
FIRST_REST = timedelta(minutes=15)
LONGEST_REST = timedelta(hours=24)
"""How long it is then left alone: doubled with every further failure, less a little by chance (ours)."""
FURTHEST = LONGEST_REST + timedelta(hours=1)
"""Neither a rest, nor a Retry-After, nor what a robots.txt says lasts longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What has to be remembered of a host between runs."""

    host: str
    """Name, with :port when not the default."""
    not_before: datetime | None = None
    """No request before this time (Retry-After)."""
    delay: float | None = None
    """Seconds between requests that the host last bore."""
    fails: int = 0
    """Failures in a row."""
    robots: Place | None = None
    """Where its last robots.txt lies."""
    robots_until: datetime | None = None
    """Until when that answer holds."""
    lies: bool = False
    """Whether it said "not modified" of a list that had changed: it is asked without validators from then on."""


def from_row(host: str, row: sqlite3.Row | None) -> Host:
    """A row as a record; an empty one when nothing is remembered."""
    if row is None:
        return Host(host=host)
    place = None
    if row["robots_file"] is not None:
        place = Place(file=row["robots_file"], offset=row["robots_offset"], length=row["robots_length"])
    return Host(
        host=host,
        not_before=warc.moment(row["not_before"] or ""),
        delay=row["delay"],
        fails=row["fails"],
        robots=place,
        robots_until=warc.moment(row["robots_until"] or ""),
        lies=bool(row["lies"]),
    )


def to_row(state: Host) -> tuple[object, ...]:
    """A record as the values of PUT."""
    place = state.robots
    return (
        state.host,
        warc.iso(state.not_before) if state.not_before else None,
        state.delay,
        state.fails,
        place.file if place else None,
        place.offset if place else None,
        place.length if place else None,
        warc.iso(state.robots_until) if state.robots_until else None,
        int(state.lies),
    )
