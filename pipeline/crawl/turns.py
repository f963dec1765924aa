"""The turns of several processes at one site: whoever asks beside a crawl keeps its pace, and the crawl keeps theirs.

A file beside the ledger, which itself is written in batches and by one alone: when each lane (hosts.py) was last given
to somebody, and by what delay. It says nothing that is true for longer than that, and may be deleted at any time.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from pipeline.crawl.database import FILE as LEDGER

logger = logging.getLogger("pipeline.crawl")

FILE = "turns.sqlite"
"""Its name in the archive's folder."""

TABLE = (
    "CREATE TABLE IF NOT EXISTS turn"
    " (lane TEXT PRIMARY KEY, at REAL NOT NULL, delay REAL NOT NULL, owner TEXT NOT NULL)"
)
TAKE = "INSERT OR REPLACE INTO turn VALUES (?, ?, ?, ?)"
END = "UPDATE turn SET at = max(at, ?) WHERE lane = ?"

QUEUE = 8
"""So many delays ahead a turn may be given; one that lies further is of a time before this machine was started."""

SHORT = 0.05
"""Seconds for which what we wrote of a lane is not written again (ours): a crawl without a delay would spend a
fourteenth of its time on it. Who comes beside it waits from so much earlier on."""

PATIENCE = 5.0
"""Seconds another process is waited for, whose transaction takes far less than a thousandth of one."""


class Turns:
    """The open file of one archive; times are seconds of the machine's monotonic clock, one for all its processes.

    Where it cannot be read or written, each process is left to its own pace, and that is logged.
    """

    def __init__(self, raw: Path) -> None:
        """Where `raw` is no archive (no ledger lies there) nothing is made, and nothing shared."""
        self._db: sqlite3.Connection | None = None
        self._me = f"{os.getpid()}-{id(self)}"
        self._said: dict[str, float] = {}
        self._version = -1
        path = raw / FILE
        if not (raw / LEDGER).is_file():
            return
        try:
            try:
                self._db = _opened(path)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:  # not a database: a disk that was full, flipped bits
                path.unlink(missing_ok=True)
                self._db = _opened(path)
        except (sqlite3.Error, OSError) as error:
            self._give_up(error)

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def take(self, delays: Mapping[str, float], now: float) -> float:
        """Reserve the next turn in all of some lanes, each with its delay in seconds; the time when it comes.

        In each it comes the delay after the last turn; and the longer one of both, where another took that.
        """
        if self._db is None:
            return now
        try:
            if self._has_just_said(delays, now) and self._is_free(delays, now) and not self._is_changed():
                return now
            self._db.execute("BEGIN IMMEDIATE")
            turn = max((self._free(lane, delay, now) for lane, delay in delays.items()), default=now)
            self._db.executemany(TAKE, [(lane, turn, delay, self._me) for lane, delay in delays.items()])
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._give_up(error)
            return now
        self._said.update(dict.fromkeys(delays, turn))
        return turn

    def end(self, lanes: Collection[str], now: float) -> None:
        """A request in these lanes has ended: the next one waits from now on."""
        if self._db is None or self._has_just_said(lanes, now):
            return
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(END, [(now, lane) for lane in lanes])
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._give_up(error)
        self._said.update(dict.fromkeys(lanes, now))

    def _has_just_said(self, lanes: Iterable[str], now: float) -> bool:
        return all(abs(now - self._said.get(lane, -SHORT)) < SHORT for lane in lanes)

    def _is_free(self, delays: Mapping[str, float], now: float) -> bool:
        """Whether nothing that we said ourselves is to be waited for."""
        return all(now >= self._said[lane] + delay for lane, delay in delays.items())

    def _is_changed(self) -> bool:
        """Whether another process wrote since this was last asked."""
        assert self._db is not None
        before, self._version = self._version, self._db.execute("PRAGMA data_version").fetchone()[0]
        return before != self._version

    def _free(self, lane: str, delay: float, now: float) -> float:
        """When the next turn of a lane comes."""
        assert self._db is not None
        row = self._db.execute("SELECT at, delay, owner FROM turn WHERE lane = ?", (lane,)).fetchone()
        if row is None:
            return now
        at, wait = row[0], delay if row[2] == self._me else max(row[1], delay)
        return now if at > now + QUEUE * wait else max(now, at + wait)

    def _give_up(self, error: Exception) -> None:
        logger.warning(
            "%s: %s; whoever asks the same sites beside this run keeps a pace of its own", FILE, error
        )
        self.close()


def _opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, timeout=PATIENCE)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=OFF")
        db.execute(TABLE)
    except sqlite3.Error:
        db.close()
        raise
    return db
