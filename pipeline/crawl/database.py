"""The SQLite file of the ledger: its tables, and how it is opened by its one writer and by any reader."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from pipeline.crawl import backlog, daily
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
  good_file TEXT, good_offset INTEGER, good_length INTEGER);
CREATE INDEX IF NOT EXISTS url_due ON url (source, next_due) WHERE next_due IS NOT NULL;
CREATE INDEX IF NOT EXISTS url_ok ON url (source, last_ok) WHERE last_ok IS NOT NULL;
CREATE TABLE IF NOT EXISTS owed (article TEXT PRIMARY KEY, part TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS file (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS withdrawn (run TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS told (source TEXT PRIMARY KEY, state TEXT NOT NULL);
{HOSTS}
{daily.TABLE}
{backlog.TABLES}
"""

INDEX = (
    "CREATE INDEX IF NOT EXISTS url_failing ON url (source, failing_since) WHERE failing_since IS NOT NULL"
)
"""Made last: the column came later than the table."""


class LedgerError(CorpusError):
    """The ledger cannot be read; it can be made again from the archive."""


def opened(raw: Path, *, read_only: bool) -> sqlite3.Connection:
    """The ledger of an archive with all its tables; with `read_only` a copy in memory, empty where there is none.

    LedgerError when the file is no ledger.
    """
    path = raw / FILE
    if not read_only:
        raw.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(":memory:" if read_only else path, isolation_level=None, timeout=30)
    db.row_factory = sqlite3.Row
    try:
        if read_only and path.is_file():
            _copy(path, db)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.executescript(TABLES)
        if "failing_since" not in {row["name"] for row in db.execute("PRAGMA table_info(url)")}:
            db.execute("ALTER TABLE url ADD COLUMN failing_since TEXT")
        db.execute(INDEX)
    except sqlite3.DatabaseError as error:
        db.close()
        raise LedgerError(f"{path}: {error}; `corpus ledger rebuild` makes it anew") from error
    return db


def _copy(path: Path, into: sqlite3.Connection) -> None:
    """Copies a ledger that others may be writing, and leaves its folder as it is.

    Opened in the plain way, SQLite makes the two files of write-ahead logging even for a reader
    (https://www.sqlite.org/wal.html#read_only_databases), so each state needs its own way in:

    log and index   a writer is at work, or was killed: read both, under its locks
    log alone       a copy of a folder: nobody writes, an index is made in memory
    neither         closed in order; `immutable`, and done again if a writer came in meanwhile
    """
    log, log_index = Path(f"{path}-wal"), Path(f"{path}-shm")
    before = None
    while before != (before := path.stat().st_mtime_ns):
        if not log.is_file():
            way = "immutable=1"
        else:
            way = "readonly_shm=1" if log_index.is_file() else "vfs=unix-none"
        address = f"{path.absolute().as_uri()}?mode=ro&{way}"
        with closing(sqlite3.connect(address, uri=True, timeout=30)) as source:
            if way == "vfs=unix-none":
                source.execute("PRAGMA locking_mode=EXCLUSIVE")
            source.backup(into)
