"""What is remembered of a URL as a row of the ledger, and back: SQLite keeps no types, and a disk may flip bits."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from pipeline.archive import warc
from pipeline.crawl.database import unreadable
from pipeline.crawl.urlstate import UrlState

COLUMNS = tuple(field.name for field in fields(UrlState))

_TIMES = tuple(field.name for field in fields(UrlState) if "datetime" in str(field.type))
_STORED: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "datetime": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (int,),
    "None": (type(None),),
}
"""Type of a field → what SQLite gives for it."""
_TYPES = {
    field.name: tuple(kind for word in str(field.type).split(" | ") for kind in _STORED[word])
    for field in fields(UrlState)
}
_VALUES = attrgetter(*COLUMNS)

GET = f"SELECT {', '.join(COLUMNS)} FROM url"
PUT = f"INSERT OR REPLACE INTO url ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"


def to_row(state: UrlState) -> Sequence[object]:
    """A record as the values of PUT."""
    told: dict[int, str] = {}  # most of its times are one object
    return [
        (told.get(id(each)) or told.setdefault(id(each), warc.iso(each)))
        if isinstance(each, datetime)
        else each
        for each in _VALUES(state)
    ]


def from_row(row: sqlite3.Row) -> UrlState:
    """A row of GET as a record; LedgerError where a value is none that was ever written.

    SQLite sees few of flipped bits.
    """
    told: dict[str, Any] = dict(zip(COLUMNS, row, strict=True))
    times = {
        name: warc.moment(text) if isinstance(text, str) else None
        for name in _TIMES
        if (text := told[name]) is not None
    }
    is_strange = not all(map(isinstance, told.values(), _TYPES.values())) or None in times.values()
    if is_strange:
        strange = [name for name, value in told.items() if not isinstance(value, _TYPES[name])]
        strange += [name for name, at in times.items() if at is None]
        raise unreadable(f"{', '.join(strange)} of {told['key']!s:.200}")
    return UrlState(**{**told, **times, "gone": bool(told["gone"])})
