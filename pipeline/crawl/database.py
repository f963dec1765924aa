"""The SQLite file of the ledger: its tables, and how it is opened by its one writer and by any reader."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from pipeline.crawl import backlog, daily, twinmemory
from pipeline.crawl.hostmemory import TABLE as HOSTS
from pipeline.errors import CorpusError

FILE = "ledger.sqlite"
"""Its name in the archive's folder."""

TABLES = f"""
CREATE TABLE IF NOT EXISTS url (
  key TEXT PRIMARY KEY, url TEXT NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL, via TEXT, part_of TEXT,
  first_seen TEXT, last_fetch TEXT, last_ok TEXT, last_change TEXT, status INTEGER, outcome TEXT,
  looks INTEGER NOT NULL DEFAULT 0, fails INTEGER NOT NULL DEFAULT 0, failing_since TEXT, missing_since TEXT,
  gone INTEGER NOT NULL DEFAULT 0, interval REAL, next_due TEXT,
  etag TEXT, last_modified TEXT, good_id TEXT, good_url TEXT, good_at TEXT, good_digest TEXT,
  good_file TEXT, good_offset INTEGER, good_length INTEGER, full_at TEXT, twin_of TEXT, twin_rule TEXT);
CREATE INDEX IF NOT EXISTS url_due ON url (source, next_due) WHERE next_due IS NOT NULL;
CREATE INDEX IF NOT EXISTS url_ok ON url (source, last_ok) WHERE last_ok IS NOT NULL;
CREATE INDEX IF NOT EXISTS url_body ON url (good_digest) WHERE good_digest IS NOT NULL;
CREATE TABLE IF NOT EXISTS owed (article TEXT PRIMARY KEY, part TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS file (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS withdrawn (run TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS shown (
  list TEXT NOT NULL, key TEXT NOT NULL, fresh INTEGER NOT NULL, PRIMARY KEY (list, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS told (source TEXT PRIMARY KEY, state TEXT NOT NULL);
{HOSTS}
{daily.TABLE}
{backlog.TABLES}
{twinmemory.TABLES}
"""

LATER = (
    ("url", "failing_since", "TEXT"),
    ("url", "full_at", "TEXT"),
    ("host", "lies", "INTEGER NOT NULL DEFAULT 0"),
    ("url", "twin_of", "TEXT"),
    ("url", "twin_rule", "TEXT"),
)
"""Columns that came later than their tables: table, name, type."""

INDEX = """
CREATE INDEX IF NOT EXISTS url_failing ON url (source, failing_since) WHERE failing_since IS NOT NULL;
CREATE INDEX IF NOT EXISTS url_twin ON url (twin_of) WHERE twin_of IS NOT NULL;
CREATE INDEX IF NOT EXISTS url_spared ON url (twin_rule) WHERE twin_rule IS NOT NULL;
"""
"""Made last: their columns came later than the table."""


class LedgerError(CorpusError):
    """The ledger cannot be read; it can be made again from the archive."""


def unreadable(what: str) -> LedgerError:
    """That something in the ledger cannot be what was written, and the way out."""
    return LedgerError(f"{FILE}: {what} cannot be read; `corpus ledger rebuild` makes it anew")


def opened(raw: Path, *, read_only: bool, in_place: bool = False) -> sqlite3.Connection:
    """The ledger of an archive with all its tables; with `read_only` a copy in memory, empty where there is none.

    With `in_place` too, the file itself where it has all that a ledger has now: see `lookup.looked_up`. LedgerError
    when the file is no ledger.
    """
    path = raw / FILE
    if not read_only:
        raw.mkdir(parents=True, exist_ok=True)
    db = None
    try:
        if in_place and path.is_file() and (there := _in_place(path)) is not None:
            return there
        db = sqlite3.connect(":memory:" if read_only else path, isolation_level=None, timeout=30)
        db.row_factory = sqlite3.Row
        if read_only and path.is_file():
            _copy(path, db)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.executescript(TABLES)
        for table, column, kind in LATER:
            if column not in {row["name"] for row in db.execute(f"PRAGMA table_info({table})")}:
                db.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
        db.executescript(INDEX)
    except sqlite3.DatabaseError as error:
        if db is not None:
            db.close()
        raise damaged(path, error) from error
    return db


def damaged(path: Path, error: sqlite3.DatabaseError) -> LedgerError:
    """What SQLite says of a ledger, with the way out."""
    return LedgerError(f"{path}: {error}; `corpus ledger rebuild` makes it anew")


def _in_place(path: Path) -> sqlite3.Connection | None:
    """The file, open for reading; None where it was made before a table or column that there is now."""
    db = _connected(path)
    try:
        with closing(sqlite3.connect(":memory:")) as now:
            now.executescript(f"{TABLES};{INDEX}")
            if _parts(now) <= _parts(db):
                db.row_factory = sqlite3.Row
                return db
    except sqlite3.DatabaseError:
        db.close()
        raise
    db.close()
    return None


def _parts(db: sqlite3.Connection) -> set[tuple[str, str]]:
    """The tables, indexes and columns of a database."""
    found = db.execute(
        "SELECT m.name, coalesce(c.name, '') FROM sqlite_master m LEFT JOIN pragma_table_info(m.name) c"
    )
    return {(table, column) for table, column in found}


def stamp(raw: Path) -> tuple[int, int] | None:
    """What is another one whenever the ledger's file was written or another put in its place; None: there is none."""
    try:
        told = (raw / FILE).stat()
    except FileNotFoundError:
        return None
    return told.st_ino, told.st_mtime_ns


def _connected(path: Path) -> sqlite3.Connection:
    """A ledger that others may be writing, open for reading; its folder is left as it is.

    Opened in the plain way, SQLite makes the two files of write-ahead logging even for a reader
    (https://www.sqlite.org/wal.html#read_only_databases), so each state needs its own way in:

    log and index   a writer is at work, or was killed: read both, under its locks
    log alone       a copy of a folder: nobody writes, an index is made in memory
    neither         closed in order; `immutable`, and read again if a writer came in meanwhile
    """
    log, log_index = Path(f"{path}-wal"), Path(f"{path}-shm")
    if not log.is_file():
        way = "immutable=1"
    else:
        way = "readonly_shm=1" if log_index.is_file() else "vfs=unix-none"
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro&{way}", uri=True, isolation_level=None, timeout=30
    )
    if way == "vfs=unix-none":
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
    return db


def _copy(path: Path, into: sqlite3.Connection) -> None:
    """Copies a ledger that others may be writing, and leaves its folder as it is."""
    before = None
    while before != (before := stamp(path.parent)):
        with closing(_connected(path)) as source:
            source.backup(into)
