"""Rows on their way into a version, held against what their site says beside the page and what their source says.

What a page said when it was captured rules. To that belong the robots.txt and the tdmrep.json of its host, which the
crawl reads once a day at most before a page: those visits of them count that lie within REACH before the capture. A
later capture of the page that reserves it withdraws what stood (revisions.py); one that reserves it no more brings it
back. A reserved row keeps its facts and none of its text: the archive has that, as evidence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.archive import index
from pipeline.archive.cdxj import Ref
from pipeline.archive.reader import original, read_one
from pipeline.archive.warc import Damaged
from pipeline.archive.withdrawn import standing_refs
from pipeline.records import (
    PUBLISH,
    TERMS_DIFFER,
    USABLE,
    Document,
    Flag,
    Kind,
    Outcome,
    Reason,
    Right,
    Source,
)
from pipeline.rights import licences, robotstxt, tdmrep
from pipeline.rights.effects import reservation
from pipeline.rights.facts import ordered

REACH = timedelta(hours=25)
"""How long before a page its host's files may have been read: their day (RFC 9309 §2.4), and a slow fetch."""

HOST_FILES = (Kind.ROBOTS, Kind.TDMREP)
"""Kinds of captures that speak for all pages of their host."""

_GONE = frozenset({Outcome.GONE, Outcome.SOFT_GONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    """What a day's index says."""

    visits: Mapping[tuple[str, str], Sequence[Ref]]
    """(Kind, host) → visits of that file."""
    moved: Mapping[str, str]
    """Capture → where redirects led it."""


@dataclass(eq=False, slots=True)
class SiteFiles:
    """What the archive holds of robots.txt and tdmrep.json, looked up a day at a time."""

    raw: Path
    """The archive."""
    _days: dict[date, _Day] = field(default_factory=dict)
    _lost: list[Ref] | None = None
    _bodies: dict[str, bytes] = field(default_factory=dict)

    def rights(self, document: Document) -> tuple[Right, ...]:
        """What the files of the host that a page came from said of it when it was captured."""
        at = document.captured_at
        url = self._of_day(at.astimezone(UTC).date()).moved.get(document.capture, document.url)
        host = urlsplit(url).netloc
        robots = self._body(Kind.ROBOTS, host, at)
        file = self._body(Kind.TDMREP, host, at)
        return (
            *(robotstxt.barred(robots, url) if robots else ()),
            *(tdmrep.reserved_by_file(file, url) if file else ()),
        )

    def _body(self, kind: str, host: str, at: datetime) -> bytes:
        """The file as it was last read; b"" where it was not there, or was not asked for."""
        days = {(at - REACH).astimezone(UTC).date(), at.astimezone(UTC).date()}
        visits = [ref for day in sorted(days) for ref in self._of_day(day).visits.get((kind, host), ())]
        for ref in sorted(visits, key=lambda ref: ref.fetched_at, reverse=True):
            if at - REACH <= ref.fetched_at <= at:
                if ref.outcome in _GONE:
                    return b""
                if ref.outcome in USABLE:
                    return self._read(ref)
        return b""

    def _of_day(self, day: date) -> _Day:
        if day not in self._days:
            while len(self._days) > 3:  # a build goes through the archive in the order of its days
                self._days.pop(next(iter(self._days)))
            self._days[day] = self._look_up(day)
        return self._days[day]

    def _look_up(self, day: date) -> _Day:
        if self._lost is None:
            self._lost = index.lost(self.raw)
        unknown = [ref for ref in self._lost if index.day_of(ref) == day]
        refs = index.of_kinds(self.raw, day, HOST_FILES) + [r for r in unknown if r.kind in HOST_FILES]
        visits: dict[tuple[str, str], list[Ref]] = defaultdict(list)
        for ref in standing_refs(self.raw, refs):
            visits[ref.kind, urlsplit(ref.url).netloc].append(ref)
        moved = index.moved(self.raw, day) | {r.id: r.final_url for r in unknown} if visits else {}
        return _Day(visits=visits, moved=moved)

    def _read(self, ref: Ref) -> bytes:
        if ref.id not in self._bodies:
            while len(self._bodies) > 200:
                self._bodies.pop(next(iter(self._bodies)))
            self._bodies[ref.id] = _body_of(self.raw, ref)
        return self._bodies[ref.id]


def _body_of(raw: Path, ref: Ref) -> bytes:
    """The body of a visit, that of the response it repeats; b"" where the archive has it no more."""
    try:
        capture = read_one(raw, ref.place)
        whole = original(raw, capture) if ref.refers_to else capture
    except (FileNotFoundError, Damaged):
        return b""
    return whole.body if whole is not None else b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What is asked of rows before they go into a version."""

    files: SiteFiles
    sources: Mapping[str, Source]

    def apply(self, documents: Sequence[Document]) -> list[Document]:
        """Rows with what their sites said of them, judged: those of reserved pages without their text."""
        return [self._row(document) for document in documents]

    def _row(self, document: Document) -> Document:
        if not document.encoding:  # no page was opened
            return document
        source = self.sources.get(document.source)
        own = [right for right in document.rights if right.place not in ("robots.txt", "tdmrep.json")]
        rights = ordered((*self.files.rights(document), *own))
        document = replace(document, rights=rights, flags=_flags(document))
        by = reservation(rights, source.answer_to if source else ())
        if by is None or (source is not None and source.reserved == PUBLISH):
            return document
        return bare(document, by)


def bare(document: Document, by: Right) -> Document:
    """The row of a page that is reserved: nothing of its text, and the fact that reserves it as `rule`."""
    return replace(
        document,
        extracted="",
        text="",
        structure=(),
        structure_raw=(),
        captions=(),
        text_hash="",
        extracted_hash="",
        flags=tuple(flag for flag in document.flags if flag.start is None),
        reason=Reason.RESERVED,
        rule=f"{by.name}:{by.place}",
    )


def _flags(document: Document) -> tuple[Flag, ...]:
    """The row's flags with the doubt about its terms first: the last ones must be those of normalization."""
    others = tuple(flag for flag in document.flags if flag.name != TERMS_DIFFER)
    said = document.license_url
    if said is None or not document.terms or not _contradict(document.terms, said):
        return others
    return (Flag(name=TERMS_DIFFER, text=said), *others)


@lru_cache(maxsize=1_000)
def _contradict(terms: str, licence: str) -> bool:
    return licences.contradict(terms, licence)
