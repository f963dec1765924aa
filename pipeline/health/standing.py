"""How the declared sources of some folders stand, and the note that a state is known."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from pipeline import archive
from pipeline.errors import UsageError
from pipeline.folders import Folders, load_sources
from pipeline.health import NEW, WELL
from pipeline.health.acks import Ack, read_acks, write_acks
from pipeline.health.status import SourceStatus, read_status


def status(
    folders: Folders, names: Iterable[str] = (), today: date | None = None, now: datetime | None = None
) -> tuple[SourceStatus, ...]:
    """How each declared source stands (or those named); UsageError for bad source files or an unknown name."""
    chosen = load_sources(folders.sources, names)
    acks = read_acks(folders.sources)
    return read_status(chosen, folders.raw, folders.clean, acks, now or archive.utcnow(), today)


def acknowledge(folders: Folders, name: str, until: date, why: str) -> Ack:
    """Note that the present state of a source is known, until a day is over; UsageError when it is well."""
    (now,) = status(folders, [name])
    if now.state in (WELL, NEW):
        raise UsageError(f"{name} is {now.state}: there is nothing to acknowledge")
    if not why.strip():
        raise UsageError("say why, for whoever reads it next: --why '…'")
    ack = Ack(source=name, state=now.state, until=until, why=why)
    write_acks(folders.sources, {**read_acks(folders.sources), name: ack})
    return ack
