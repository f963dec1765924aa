"""The SQLite file of the ledger: its tables, and how it is opened by its one writer and by any reader."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from pipeline.crawl import backlog, daily, twinmemory
from pipeline.crawl.hostmemory import TABLE as HOSTS
from pipeline.errors import BusyError, CorpusError

FILE = "ledger.sqlite"
"""Its name in the archive's folder."""

WAIT = 30.0
"""Seconds that a lock of another process is waited for (ours)."""

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


_HELD = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
"""What SQLite says where another process has the file (https://www.sqlite.org/rescode.html)."""
_OUTSIDE = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}
"""What it says where disk, memory or rights fail: nothing of what stands in the file."""


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
        db = sqlite3.connect(":memory:" if read_only else path, isolation_level=None, timeout=WAIT)
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
        raise refusal(path, error) from error
    return db


def refusal(path: Path, error: sqlite3.DatabaseError) -> CorpusError:
    """What SQLite says of a ledger, with the way out: LedgerError only where the file itself is damaged.

    BusyError where another process has it, CorpusError where the machine does not give it: then nobody may take it
    for damaged and make it anew.
    """
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code & 0xFF in _HELD:
        return BusyError(f"{path}: {error}; another process has it, try again when that has ended")
    if code & 0xFF in _OUTSIDE and code != sqlite3.SQLITE_IOERR_SHORT_READ:
        return CorpusError(
            f"{path}: {error}; the file is left as it is. If the machine cannot give it any more, move it away and"
            " `corpus ledger rebuild` makes it anew from the archive"
        )
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


def stamp(raw: Path) -> tuple[int, ...] | None:
    """What is another one whenever the ledger's file was written, another put in its place, or its writer came or
    went; None: there is none."""
    path = raw / FILE
    try:
        told = path.stat()
    except FileNotFoundError:
        return None
    return told.st_ino, told.st_mtime_ns, *(each.is_file() for each in _beside(path))


def _beside(path: Path) -> tuple[Path, Path]:
    """The two files of write-ahead logging: the log, and its index."""
    return Path(f"{path}-wal"), Path(f"{path}-shm")


def _connected(path: Path) -> sqlite3.Connection:
    """A ledger that others may be writing, open for reading; its folder is left as it is.

    Opened in the plain way, SQLite makes the two files of write-ahead logging even for a reader
    (https://www.sqlite.org/wal.html#read_only_databases), so each state needs its own way in:

    log and index   a writer is at work, or was killed: read both, under its locks
    log alone       a copy of a folder: nobody writes, an index is made in memory
    neither         closed in order; `immutable`, and read again if a writer came in meanwhile
    """
    log, log_index = _beside(path)
    if not log.is_file():
        way = "immutable=1"
    else:
        way = "readonly_shm=1" if log_index.is_file() else "vfs=unix-none"
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro&{way}", uri=True, isolation_level=None, timeout=WAIT
    )
    if way == "vfs=unix-none":
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
    return db


def _copy(path: Path, into: sqlite3.Connection) -> None:
    """Copies a ledger that others may be writing, and leaves its folder as it is.

    A writer that comes or goes on the way takes from under the reader what it was about to open: then again.
    """
    while True:
        before = stamp(path.parent)
        try:
            with closing(_connected(path)) as source:
                source.backup(into)
        except sqlite3.DatabaseError:
            if stamp(path.parent) == before:
                raise
            continue
        if stamp(path.parent) == before:
            return
