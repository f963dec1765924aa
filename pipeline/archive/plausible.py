"""Which times of captures are believed: none that is later than the day after its own file was begun.

No clock is asked, so that the same archive always says the same: the folder of a file (`warc/2026/11/01/`) says when
its writer was at work, and a file ends with its day. What claims to be of later (a foreign archive that lies, a file
from a machine whose clock ran ahead) is kept as it says and is no measure for anything else.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

SLACK = timedelta(days=2)
"""From the beginning of a file's day to the first time that is not believed: that day and the next."""


def begun_on(file: str) -> datetime | None:
    """Midnight UTC of the day on which a WARC file was begun; None where its folder does not say."""
    try:
        year, month, day = (int(part) for part in file.split("/")[-4:-1])
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None


def is_plausible(file: str, at: datetime) -> bool:
    """Whether a capture in that file can be of that time."""
    begun = begun_on(file)
    return begun is None or at < begun + SLACK


def believed(file: str, at: datetime) -> datetime:
    """The time of a capture, or where that cannot be the day of its file."""
    begun = begun_on(file)
    return at if begun is None or is_plausible(file, at) else begun
