"""What a backfill found and has not fetched, with the days it may be of, and how far back it has read the lists.

Kept in the ledger, beside what the schedule knows: a page found here waits for a backfill that asks for its day, and
no refresh fetches it. It is the ledger's alone: a rebuild keeps it, and where it is lost the lists are read again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from pipeline.archive import warc
from pipeline.crawl.urldates import Days

if TYPE_CHECKING:
    from pipeline.crawl.discover import ListedUrl

TABLES = """
CREATE TABLE IF NOT EXISTS backlog (
  key TEXT PRIMARY KEY, url TEXT NOT NULL, source TEXT NOT NULL, via TEXT, first TEXT, last TEXT, told_by TEXT NOT NULL)
  WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS backlog_source ON backlog (source);
CREATE TABLE IF NOT EXISTS walked (
  source TEXT NOT NULL, span TEXT NOT NULL, key TEXT NOT NULL, older TEXT, at TEXT NOT NULL,
  PRIMARY KEY (source, span, key)) WITHOUT ROWID;
"""

_PUT = """
INSERT INTO backlog VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
  first = coalesce(excluded.first, first), last = coalesce(excluded.last, last), told_by = excluded.told_by
  WHERE told_by <> 'page' AND (excluded.told_by <> '' OR told_by = '')
"""
_GET = "SELECT * FROM backlog WHERE source = ? ORDER BY key"
_WALKED = "SELECT key, older, at FROM walked WHERE source = ? AND span = ?"
_PUT_WALKED = "INSERT OR REPLACE INTO walked VALUES (?, ?, ?, ?, ?)"

CHINA = timedelta(hours=8)
"""Days are those of China, as pages print them."""

BY_LIST, BY_PAGE = "list", "page"
"""Who told the day: a feed or sitemap, or the page itself, whose word is last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The days of publication that a backfill is for, both included; None: no bound on that side."""

    since: date | None = None
    until: date | None = None

    def __str__(self) -> str:
        """It as the ledger names it."""
        return f"{self.since or ''}..{self.until or ''}"

    @property
    def is_bounded(self) -> bool:
        """Whether it leaves anything out."""
        return self.since is not None or self.until is not None

    def holds(self, days: Days) -> bool:
        """Whether all of some days are in it."""
        since, until = self.since or date.min, self.until or date.max
        return since <= days[0] and days[1] <= until

    def is_before(self, days: Days) -> bool:
        """Whether some days are all before it."""
        return self.since is not None and days[1] < self.since

    def is_after(self, days: Days) -> bool:
        """Whether some days are all after it."""
        return self.until is not None and days[0] > self.until

    def meets(self, days: Days) -> bool:
        """Whether some day is in it."""
        return not self.is_before(days) and not self.is_after(days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page that is known and may not have been fetched."""

    key: str
    """Identity."""
    url: str
    """Fetch form."""
    source: str
    via: str | None = None
    """The list it stands in."""
    first: date | None = None
    last: date | None = None
    """The days it may have been published on; None: no bound is known."""
    told_by: str = ""
    """BY_LIST, BY_PAGE; empty: nobody told a day."""

    @property
    def days(self) -> Days | None:
        """The days it may be of; None: any."""
        return (self.first or date.min, self.last or date.max) if self.first or self.last else None


def found_in_list(link: ListedUrl, source: str, via: str) -> Found:
    """A link as its list tells of it: of the day it was published, or no later than it was last changed."""
    published, changed = link.published, link.published or link.at
    return Found(
        key=link.key,
        url=link.url,
        source=source,
        via=via,
        first=in_china(published) if published else None,
        last=in_china(changed) if changed else None,
        told_by=BY_LIST if changed else "",
    )


def in_china(at: datetime) -> date:
    """The day in China at a time (aware)."""
    try:
        return (at + CHINA).date()
    except OverflowError:
        return date.max


def to_rows(found: Iterable[Found]) -> list[tuple[str | None, ...]]:
    """Pages as rows of the table."""
    return [
        (
            each.key,
            each.url,
            each.source,
            each.via,
            each.first.isoformat() if each.first else None,
            each.last.isoformat() if each.last else None,
            each.told_by,
        )
        for each in found
    ]


def from_row(row: sqlite3.Row) -> Found:
    """A row of the table as a page."""
    days = {name: date.fromisoformat(row[name]) if row[name] else None for name in ("first", "last")}
    return Found(
        key=row["key"], url=row["url"], source=row["source"], via=row["via"], told_by=row["told_by"], **days
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """A list, or a page of one, that a backfill has read and whose links it has dealt with."""

    key: str
    """Its URL key."""
    older: str | None
    """URL of the page after it; None: it was the last that mattered."""
    at: datetime
    """When it was read."""


class Backlog:
    """What one open ledger knows of it; `write` puts a statement into its transaction."""

    def __init__(self, db: sqlite3.Connection, write: Callable[[str, Iterable[object]], object]) -> None:
        self._db = db
        self._write = write

    def note(self, found: Iterable[Found]) -> None:
        """Remember pages, and what is new about their days."""
        for row in to_rows(found):
            self._write(_PUT, row)

    def of(self, source: str) -> list[Found]:
        """The pages of a source that a backfill knows of."""
        return [from_row(row) for row in self._db.execute(_GET, (source,))]

    def note_walked(self, source: str, span: Span, walked: Walked) -> None:
        """Remember that a backfill has done with a list."""
        values = (source, str(span), walked.key, walked.older, warc.iso(walked.at))
        self._write(_PUT_WALKED, values)

    def walked(self, source: str, span: Span) -> dict[str, Walked]:
        """The lists of a source that backfills for a span have done with, by URL key."""
        found = self._db.execute(_WALKED, (source, str(span)))
        return {row["key"]: walked_from_row(row) for row in found}


def walked_from_row(row: sqlite3.Row) -> Walked:
    """A row of the table as a record."""
    return Walked(key=row["key"], older=row["older"], at=warc.moment(row["at"]) or datetime.min)
