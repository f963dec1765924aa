"""Captures out of a WARC file: a whole file in order, or the one at a place."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from pipeline.archive import warc
from pipeline.archive.exchange import captures
from pipeline.archive.sealing import sidecar
from pipeline.archive.store import WARC, path_of
from pipeline.archive.warc import Damaged
from pipeline.records import Capture, Place
from pipeline.web.urls import site


def read(raw: Path, file: str, offset: int = 0, count: int | None = None) -> Iterator[Capture]:
    """The captures of one WARC file in file order, from a record's offset on, at most `count`.

    A visit that got no answer is a metadata record alone and comes back as a capture too. Raises
    FileNotFoundError, and Damaged where the file does not read as written or is not as long as when
    it was sealed.
    """
    path = path_of(raw, file)
    if path.name.endswith(WARC) and path.stat().st_size != sidecar(raw, file).size:
        raise Damaged(f"{file}: not as long as when it was sealed")
    return islice(captures(warc.scan(path, offset), file), count)


def read_one(raw: Path, place: Place) -> Capture:
    """The capture at a place; raises Damaged when there is none."""
    for capture in read(raw, place.file, place.offset, 1):
        return capture
    raise Damaged(f"{place.file}: no capture at {place.offset}")


def site_of(capture: Capture) -> str:
    """The site a capture's body came from: host name without `www.`, "" for what did not come by HTTP."""
    return site(capture.final_url)
