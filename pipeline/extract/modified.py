"""The day of the last change, apart from the day of publication: 更新于 2024-05-15, article:modified_time."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.extract.dayline import Dated, day_ago, days_of
from pipeline.extract.evidence import HEADER_LINES, Evidence
from pipeline.extract.published import ABOVE_AGO, BARE_LONGEST, declared_day

FOOT_LONGEST = 2 * BARE_LONGEST
"""Code points of a line below the body that tells of a change and of little else."""

META_CHANGED = (
    "article:modified_time",
    "og:updated_time",
    "og:article:modified_time",
    "article:updated_time",
    "bytedance:updated_time",
    "datemodified",
    "date.modified",
    "modifieddate",
    "modified_time",
    "dc.date.modified",
    "dcterms.modified",
    "lastmodifieddate",
    "updatetime",
    "update_time",
    "apub:update_time",
    "dateupdate",
    "lastmod",
    "revised",
)
"""Names of meta elements; `last-modified` is not among them: it is the server's file's."""


def _printed(page: Evidence) -> Dated | None:
    own = [line for line in page.printed.own if len(line) <= FOOT_LONGEST]
    for line in (*page.printed.head, *reversed(page.printed.above), page.printed.last[:FOOT_LONGEST], *own):
        for said in days_of(line, page):
            if said.said == "changed":
                return said.dated("printed")
    return None


def _ago(page: Evidence) -> Dated | None:
    for line in (*page.printed.head[:HEADER_LINES], *page.printed.above[-ABOVE_AGO:]):
        said = day_ago(line, page)
        if said is not None and said.said == "changed":
            return said.dated("ago")
    return None


CHANGES: tuple[tuple[str, Callable[[Evidence], Dated | None], str], ...] = (
    ("printed", _printed, "更新于 2024-05-15, 2024-05-15 修改 in the header or below the body"),
    ("meta", lambda page: declared_day(page, page.declared.meta, META_CHANGED, "meta:"), "a meta element"),
    ("json-ld", lambda page: declared_day(page, page.declared.ld, ("dateModified",), "json-ld"), "JSON-LD"),
    (
        "item",
        lambda page: declared_day(page, page.declared.items, ("dateModified",), "item"),
        "microdata or RDFa dateModified",
    ),
    ("ago", _ago, "3小时前更新 in the header"),
)
"""Name, function and what it believes of every reader, in order."""


def find_modified(page: Evidence) -> Dated | None:
    """The day of the last change that the page tells, or None."""
    return next((found for _, read, _ in CHANGES if (found := read(page)) is not None), None)
