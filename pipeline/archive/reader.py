"""Captures out of a WARC file: a whole file in order, or the one at a place."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from pipeline.archive import index, warc
from pipeline.archive.exchange import captures
from pipeline.archive.sealing import sidecar
from pipeline.archive.store import WARC, path_of
from pipeline.archive.warc import Damaged
from pipeline.archive.withdrawn import standing_refs
from pipeline.records import Capture, Outcome, Place
from pipeline.web.urls import site


def read(raw: Path, file: str, offset: int = 0, count: int | None = None) -> Iterator[Capture]:
    """The captures of one WARC file in file order, from a record's offset on, at most `count`.

    A visit that got no answer is a metadata record alone and comes back as a capture too. Raises
    FileNotFoundError, and Damaged where the file does not read as written or is not as long as when
    it was sealed (as its sidecar says; where that is lost, nothing does).
    """
    path = path_of(raw, file)
    told = sidecar(raw, file) if path.name.endswith(WARC) else None
    if told is not None and path.stat().st_size != told.size:
        raise Damaged(f"{file}: not as long as when it was sealed")
    return islice(captures(warc.scan(path, offset), file), count)


def read_one(raw: Path, place: Place) -> Capture:
    """The capture at a place; raises Damaged when there is none."""
    for capture in read(raw, place.file, place.offset, 1):
        return capture
    raise Damaged(f"{place.file}: no capture at {place.offset}")


def original(raw: Path, capture: Capture) -> Capture | None:
    """The response that an archived revisit repeats; None: it is no revisit, or that is gone, withdrawn or damaged.

    The revisit's own record says when the response was fetched, so that one day of the index is looked into.
    """
    if capture.refers_to is None or capture.place is None:
        return None
    record = next(warc.scan(path_of(raw, capture.place.file), capture.place.offset))
    at = warc.moment(record.headers.get("warc-refers-to-date", ""))
    ref = index.find_one(raw, capture.refers_to, at.date()) if at else None
    if ref is None or ref.outcome == Outcome.DAMAGED or not standing_refs(raw, [ref]):
        return None
    return read_one(raw, ref.place)


def site_of(capture: Capture) -> str:
    """The site a capture's body came from: host name without `www.`, "" for what did not come by HTTP."""
    return site(capture.final_url)
