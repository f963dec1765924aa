"""What the visits of a source came to, day by day: the counts that the ledger keeps of it.

A pure count of one visit after the other, so a rebuilt ledger counts as the live one did; only `due` is not in the
archive and is lost with the ledger.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from pipeline.archive.cdxj import Ref
from pipeline.archive.store import writer_name
from pipeline.archive.withdrawn import run_of
from pipeline.crawl.urlstate import LISTS, UrlState
from pipeline.records import USABLE, Kind

TABLE = """
CREATE TABLE IF NOT EXISTS day (
  source TEXT NOT NULL, day TEXT NOT NULL, what TEXT NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (source, day, what)) WITHOUT ROWID;
"""
_ADD = "INSERT INTO day VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"
_SET = "INSERT OR REPLACE INTO day VALUES (?, ?, ?, ?)"

DUE, LINKS, NEW, BROUGHT, GAPS = "due", "links", "new", "brought", "gaps"
LIST, PAGE, ROBOTS = "list:", "page:", "robots:"
"""What an outcome is counted under."""

BACKFILL = "backfill-"
"""How the name of a run begins that fetches what somebody asked for, and not what its lists brought."""

BY_HAND = (writer_name(BACKFILL), writer_name("import-"))
"""How the names of runs begin, at the end of their files' names, that no schedule makes: what they bring says nothing
of what a source brings by itself."""

_GROUPS: dict[str, str] = {**dict.fromkeys(LISTS, LIST), Kind.PAGE: PAGE, Kind.ROBOTS: ROBOTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCounts:
    """The visits of one source on one day (UTC)."""

    source: str
    day: date
    lists: Mapping[str, int] = field(default_factory=dict)
    """Outcome → visits of feeds, sitemaps and listings."""
    pages: Mapping[str, int] = field(default_factory=dict)
    """Outcome → visits of pages, further parts included."""
    robots: Mapping[str, int] = field(default_factory=dict)
    """Outcome → visits of robots.txt."""
    due: int = 0
    """Pages whose time had come, over all runs of the day."""
    links: int | None = None
    """Links that the lists held when they were last read anew; None: they were not."""
    new: int = 0
    """Pages that the schedule brought for the first time, further parts not counted."""
    brought: int = 0
    """The same of pages that an import or a backfill brought."""
    gaps: int = 0
    """Feeds in which nothing known was left."""


class Days:
    """The counts of one open ledger; `write` puts a statement into its transaction."""

    def __init__(self, db: sqlite3.Connection, write: Callable[[str, Iterable[object]], object]) -> None:
        self._db = db
        self._write = write
        self._counted: Counter[tuple[str, str, str]] = Counter()
        """What is to be added before they are read or kept."""

    def count(self, source: str, at: datetime, what: str, number: int = 1) -> None:
        """Add to one of the counts of a source's day."""
        self._counted[source, _day(at), what] += number

    def set_links(self, source: str, at: datetime, links: int) -> None:
        """How many links the lists of a source held on a day."""
        self._write(_SET, (source, _day(at), LINKS, links))

    def keep(self) -> None:
        """Write what was counted."""
        counted, self._counted = self._counted, Counter()
        for (source, day, what), number in counted.items():
            self._write(_ADD, (source, day, what, number))

    def of(self, since: date | None = None, source: str | None = None) -> list[DayCounts]:
        """What the visits of each source (or of one) came to, by source and day, from a day on."""
        self.keep()
        found = self._db.execute(
            "SELECT * FROM day WHERE day >= :since AND (:source IS NULL OR source = :source)",
            {"since": (since or date.min).isoformat(), "source": source},
        )
        return counts((row["source"], row["day"], row["what"], row["n"]) for row in found)

    def asked_on(self) -> list[date]:
        """The days (UTC) on which anything was asked, the first one first."""
        self.keep()
        found = self._db.execute("SELECT DISTINCT day FROM day ORDER BY day")
        return [date.fromisoformat(day) for (day,) in found]

    def last(self, source: str | None = None) -> date | None:
        """The last day on which anything (or a source) was asked; None: none was."""
        self.keep()
        query = "SELECT max(day) FROM day WHERE :source IS NULL OR source = :source"
        (last,) = self._db.execute(query, {"source": source}).fetchone()
        return date.fromisoformat(last) if last else None


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()


def words_of(ref: Ref, old: UrlState | None) -> list[str]:
    """What one visit adds one to, given the state of its URL before; an imported file is no visit."""
    group = _GROUPS.get(ref.kind)
    is_imported = ref.outcome in USABLE and not ref.status
    if group is None or is_imported:
        return []
    first = ref.outcome in USABLE and (old is None or old.last_ok is None)
    is_new = first and ref.kind == Kind.PAGE and ref.part_of is None
    new = BROUGHT if run_of(ref.file).startswith(BY_HAND) else NEW
    return [f"{group}{ref.outcome}", *([new] if is_new else []), *([GAPS] if ref.gap else [])]


def counts(rows: Iterable[tuple[str, str, str, int]]) -> list[DayCounts]:
    """The rows of the table as records, by source and day."""
    found: dict[tuple[str, str], dict[str, dict[str, int]]] = {}
    for source, day, what, n in rows:
        group, colon, outcome = what.partition(":")
        groups = found.setdefault((source, day), {LIST: {}, PAGE: {}, ROBOTS: {}, "": {}})
        groups[group + colon if colon else ""][outcome if colon else what] = n
    return [
        DayCounts(
            source=source,
            day=date.fromisoformat(day),
            lists=dict(sorted(groups[LIST].items())),
            pages=dict(sorted(groups[PAGE].items())),
            robots=dict(sorted(groups[ROBOTS].items())),
            due=groups[""].get(DUE, 0),
            links=groups[""].get(LINKS),
            new=groups[""].get(NEW, 0),
            brought=groups[""].get(BROUGHT, 0),
            gaps=groups[""].get(GAPS, 0),
        )
        for (source, day), groups in sorted(found.items())
    ]
