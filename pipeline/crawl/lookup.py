"""The ledger read where it lies, for those who look at a few of its rows: a copy costs what all of them do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from pipeline.crawl.database import FILE, refusal, stamp
from pipeline.crawl.hostmemory import Host
from pipeline.crawl.ledger import Ledger
from pipeline.errors import CorpusError

T = TypeVar("T")


def host_of(raw: Path, host: str) -> Host:
    """How an archive's crawls stand with a host, for whoever asks it beside them; where its files lie is left out."""
    found = looked_up(raw, lambda ledger: ledger.host(host)) if (raw / FILE).is_file() else Host(host=host)
    return replace(found, robots=None, robots_until=None)


def looked_up(raw: Path, ask: Callable[[Ledger], T]) -> T:
    """What `ask` finds in the ledger of an archive; it only reads, and may be asked again.

    A ledger that is closed in order is read without locks (database.py). Where a writer came in meanwhile the answer
    may be of two minds, or none at all, and is asked for anew. LedgerError when the file is no ledger.
    """
    while True:
        before = stamp(raw)
        try:
            with closing(Ledger(raw, read_only=True, in_place=True)) as ledger:
                found = ask(ledger)
        except (CorpusError, sqlite3.DatabaseError) as error:
            if stamp(raw) != before:
                continue
            if isinstance(error, sqlite3.DatabaseError):
                raise refusal(raw / FILE, error) from error
            raise
        if stamp(raw) == before:
            return found
