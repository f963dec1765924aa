"""*Capture*: one visit of one address, whatever came of it: a page without a document, a list, a feed, an error.

And the archived page itself, as it stands in the frame of this page and of *Document*.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.archive.withdrawn import run_of, withdrawn
from pipeline.corpus.read import list_versions
from pipeline.extract.encoding import decode
from pipeline.look import rows
from pipeline.look.alongside import Told, alongside, capture_at
from pipeline.look.asked import Asked
from pipeline.look.document import day_of, source_of
from pipeline.look.replay import as_source, marked
from pipeline.look.words import why
from pipeline.records import USABLE, Capture, Document, Kind

LISTED = 300
"""Lines of a page that are listed with what became of them."""

SOURCE = 200_000
"""Bytes shown of what is no page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturePage:
    """What the page shows."""

    capture: Capture
    """With the body of the visit that it repeats, if it is a revisit."""
    day: str
    run: str
    """The crawl or import it came by."""
    withdrawn: str
    """Why that run was taken back; "": it was not."""
    why: str
    """Why it brought no page; "": it did."""
    documents: tuple[Document, ...]
    """The rows of the newest version that were made of it."""
    told: tuple[Told, ...]
    """The lines of the page and what became of each; empty for what is no page."""
    more: int
    """Lines that are not listed."""


def read(asked: Asked) -> CapturePage:
    """A capture by its day (UTC) and id; UsageError where the archive has none."""
    raw = asked.folders.raw
    capture = capture_at(raw, asked.path["id"], day_of(asked.path["day"]))
    told = alongside(capture, source_of(asked, capture.source)).told if is_page(capture) else ()
    run = run_of(capture.place.file) if capture.place else ""
    made = (
        rows.documents(asked.version, "capture", [capture.id]) if list_versions(asked.folders.clean) else []
    )
    return CapturePage(
        capture=capture,
        day=asked.path["day"],
        run=run,
        withdrawn=withdrawn(raw).get(run, ""),
        why="" if capture.outcome in USABLE else why(capture.outcome),
        documents=tuple(made),
        told=told[:LISTED],
        more=max(0, len(told) - LISTED),
    )


def is_page(capture: Capture) -> bool:
    """Whether what came is shown as a page, and not as the text that it is."""
    head = capture.body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    is_markup = head.startswith(b"<") and not head.startswith((b"<?xml", b"<rss", b"<feed", b"<urlset"))
    is_xhtml = head.startswith(b"<?xml") and b"<html" in capture.body[:4096].lower()
    return (
        capture.kind in (Kind.PAGE, Kind.LISTING) and bool(head) and (is_markup or is_xhtml or b"<p" in head)
    )


def archived(asked: Asked) -> str:
    """The archived page as HTML that is harmless, its lines marked, or with `marks=no` as it was."""
    capture = capture_at(asked.folders.raw, asked.path["id"], day_of(asked.path["day"]))
    if not is_page(capture):
        read = decode(capture.body[:SOURCE], content_type=capture.header("content-type"))
        return as_source(read.text, max(0, len(capture.body) - SOURCE))
    beside = alongside(capture, source_of(asked, capture.source))
    return marked(beside.page, {} if asked.text("marks") == "no" else beside.marks)
