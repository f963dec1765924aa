"""Captures out of a WARC file: a whole file in order, or the one at a place.

A page whose body is that of another URL's response (a revisit across URLs) comes with that body.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path

from pipeline.archive import index, warc
from pipeline.archive.cdxj import Ref
from pipeline.archive.exchange import captures
from pipeline.archive.sealing import sidecar
from pipeline.archive.store import OPEN, WARC, path_of
from pipeline.archive.warc import Damaged
from pipeline.archive.withdrawn import standing_refs
from pipeline.records import Capture, Outcome, Place
from pipeline.web.urls import site


def read(raw: Path, file: str, offset: int = 0, count: int | None = None) -> Iterator[Capture]:
    """The captures of one WARC file in file order, from a record's offset on, at most `count`.

    A visit that got no answer is a metadata record alone and comes back as a capture too. One that repeats another
    URL's response has the outcome `damaged` where that is gone, withdrawn or damaged. Raises FileNotFoundError, and
    Damaged where the file does not read as written or is not as long as when it was sealed (as its sidecar says;
    where that is lost, nothing does).
    """
    path = path_of(raw, file)
    told = sidecar(raw, file) if path.name.endswith(WARC) else None
    if told is not None and path.stat().st_size != told.size:
        raise Damaged(f"{file}: not as long as when it was sealed")
    return map(partial(_with_body, raw), islice(captures(warc.scan(path, offset), file), count))


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
    path = path_of(raw, capture.place.file)
    record = next(warc.scan(path, capture.place.offset))
    at = warc.moment(record.headers.get("warc-refers-to-date", ""))
    ref = _located(raw, capture.refers_to, at.date()) if at else None
    if ref is None and path.name.endswith(OPEN):  # what is still being written is in no index yet
        return next(
            (c for c in captures(warc.scan(path), capture.place.file) if c.id == capture.refers_to), None
        )
    if ref is None or not standing_refs(raw, [ref]):
        return None
    whole = read_one(raw, ref.place)
    return None if whole.outcome == Outcome.DAMAGED else whole


def _located(raw: Path, id: str, day: date) -> Ref | None:
    """Where a capture stands; looked up once for the many that repeat it, and again where it was written anew."""
    for _ in range(2):
        try:
            ref = _known(raw, id, day)
            if next(warc.scan(path_of(raw, ref.file), ref.offset)).id == id:
                return ref
        except LookupError:
            return None
        except (FileNotFoundError, Damaged, StopIteration):
            pass
        _known.cache_clear()
    return None


@lru_cache(maxsize=1_000)
def _known(raw: Path, id: str, day: date) -> Ref:
    ref = index.find_one(raw, id, day)
    if ref is None:
        raise LookupError(id)  # that it is not there is not remembered
    return ref


def _with_body(raw: Path, capture: Capture) -> Capture:
    """A capture of a page of its own with its body, be it kept under another URL."""
    if capture.refers_to is None or capture.outcome != Outcome.OK:
        return capture
    try:
        whole = original(raw, capture)
    except (FileNotFoundError, Damaged):
        whole = None
    if whole is None:
        why = f"the response it repeats, {capture.refers_to}, cannot be read"
        return replace(capture, outcome=Outcome.DAMAGED, notes=(*capture.notes, why))
    return replace(capture, body=whole.body)


def site_of(capture: Capture) -> str:
    """The site a capture's body came from: host name without `www.`, "" for what did not come by HTTP."""
    return site(capture.final_url)
