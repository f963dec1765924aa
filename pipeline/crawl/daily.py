"""What the visits of a source came to, day by day: the counts that the ledger keeps of it.

A pure count of one visit after the other, so a rebuilt ledger counts as the live one did; only `due` is not in the
archive and is lost with the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

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
ADD = "INSERT INTO day VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"
SET = "INSERT OR REPLACE INTO day VALUES (?, ?, ?, ?)"

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
    found: dict[tuple[str, str], dict[str, int]] = {}
    for source, day, what, n in rows:
        found.setdefault((source, day), {})[what] = n
    return [
        DayCounts(
            source=source,
            day=date.fromisoformat(day),
            lists=_under(told, LIST),
            pages=_under(told, PAGE),
            robots=_under(told, ROBOTS),
            due=told.get(DUE, 0),
            links=told.get(LINKS),
            new=told.get(NEW, 0),
            brought=told.get(BROUGHT, 0),
            gaps=told.get(GAPS, 0),
        )
        for (source, day), told in sorted(found.items())
    ]


def _under(told: dict[str, int], group: str) -> dict[str, int]:
    return {what.removeprefix(group): n for what, n in sorted(told.items()) if what.startswith(group)}
