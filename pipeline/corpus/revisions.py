"""A page's captures, one after the other → the row of each of its articles, and the rows that are history.

Only the captures and their times decide, not the build that read them: when one comes that is not later than those
known, the page is gone through again from its first capture on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby

from pipeline.corpus.identity import part_ids, short_hash
from pipeline.corpus.texts import whole_text
from pipeline.records import BY_FEED, IMPLAUSIBLE_DATE, WITHHELD, AccessState, Document, Flag, Outcome, Reason

SPEAKING = frozenset({None, Reason.RESERVED})
"""Reasons of the rows that say what stands of their page: fit ones put a text there, reserved ones take it away."""


_NO_LONGER = frozenset({Reason.NOT_AN_ARTICLE, Reason.PART_OF})
"""Reasons by which a person says that there is no such article (any more)."""


@dataclass(slots=True)
class Revisions:
    """What stands of one page, capture after capture."""

    now: dict[str, Document] = field(default_factory=dict)
    """The row that stands of each article, by document id."""
    aside: list[Document] = field(default_factory=list)
    """The rows that stand for nothing: visits without a page, texts that are no longer or again the same."""

    def take(self, rows: Iterable[Document]) -> None:
        """Take the rows of later captures, in any order."""
        for capture in _captures(rows):
            self._take(capture)

    def _take(self, rows: list[Document]) -> None:
        fit = [row for row in rows if row.reason is None]
        self.aside += [row for row in rows if row.reason is not None]
        if any(row.reason == Reason.RESERVED for row in rows):  # the page withdraws all that it printed
            for ident in part_ids(rows[0].url_key):
                if ident in self.now:
                    self.aside.append(past(self.now.pop(ident)))
        # a person says that it is no article of its own: its earlier text does not stay either
        for row in rows:
            if row.corrected and row.reason in _NO_LONGER and row.id in self.now:
                self.aside.append(past(self.now.pop(row.id)))
        for document in fit:
            current = self.now.get(document.id)
            if current is None:
                self.now[document.id] = document
            elif _same_page(current, document):
                if document.first_seen < current.first_seen:  # the time of the first is not believed
                    self.now[document.id] = replace(current, first_seen=document.first_seen)
                self.aside.append(replace(document, reason=Outcome.UNCHANGED, related_to=(document.id,)))
            elif _gives_less(current, document):
                self.aside.append(replace(document, reason=Reason.LESS, related_to=(document.id,)))
            else:
                self.aside.append(past(current))
                self.now[document.id] = replace(
                    document, first_seen=min(current.first_seen, document.first_seen)
                )
        if fit:
            # What stands there but is not fit any more has not vanished: its earlier text stays.
            printed = {row.id for row in rows}
            for ident in part_ids(fit[0].url_key)[1:]:
                if ident in self.now and ident not in printed:
                    self.aside.append(past(self.now.pop(ident)))


def later(rows: Iterable[Document], known: datetime | None) -> bool:
    """Whether all rows that say what stands are of captures later than the last one known of their page."""
    return known is None or all(_when(row) > known for row in rows if row.reason in SPEAKING)


def past(document: Document) -> Document:
    """A row whose document has another text now: history, related to nothing but its document."""
    return replace(_bare(document), reason=Reason.SUPERSEDED, related_to=(document.id,))


def as_captured(document: Document) -> Document:
    """A row of a version as its capture gave it, before it was compared with anything."""
    stood = document.reason in {None, Reason.SUPERSEDED, *WITHHELD}
    if not stood and not (document.reason in (Outcome.UNCHANGED, Reason.LESS) and document.extracted):
        return document
    return replace(_bare(document), reason=None, first_seen=document.captured_at)


def _bare(document: Document) -> Document:
    """A row with all of its text and nothing of what deduplication said."""
    text, structure = whole_text(document)
    return replace(
        document,
        text=text,
        structure=structure,
        text_hash=short_hash(text),
        related_to=(),
        cluster=None,
        relation=None,
        score=None,
        rule=None,
        form_id=None,
        flags=own_flags(document),
    )


def own_flags(document: Document) -> tuple[Flag, ...]:
    """The flags that a row has by its page alone, without those that another document shows."""
    return tuple(flag for flag in document.flags if not flag.of)


def _when(row: Document) -> datetime:
    """When a row was captured, for what is newer; one whose time is not believed yields to any other."""
    is_doubted = any(flag.name == IMPLAUSIBLE_DATE for flag in row.flags)
    return datetime.min.replace(tzinfo=UTC) if is_doubted else row.captured_at


def _captures(rows: Iterable[Document]) -> Iterator[list[Document]]:
    """The rows of each capture, in the order of the captures."""
    ordered = sorted(rows, key=lambda row: (_when(row), row.captured_at, row.capture, row.part))
    for _, capture in groupby(ordered, key=lambda row: row.capture):
        yield list(capture)


def _gives_less(current: Document, later: Document) -> bool:
    """Whether a later capture has a shorter text because its page keeps the article by now, not by an edit."""
    return _openness(later) < _openness(current) and len(later.extracted) < len(current.extracted)


def _openness(row: Document) -> int:
    """2: the page itself gives its article; 1: its feed does; 0: a part of it is kept."""
    if row.method == BY_FEED:
        return 1
    return 2 if row.access in (None, AccessState.WHOLE) else 0


def _same_page(a: Document, b: Document) -> bool:
    """Whether two captures of one document say the same."""
    return _tells(a) == _tells(b)


def _tells(row: Document) -> tuple[str | None, ...]:
    """What a capture says of its document. 3小时前 and 昨天 are one day told twice, the first time best."""
    day = "ago" if row.published_from == "ago" else row.published_raw
    return (
        row.extracted_hash,
        row.title_raw,
        day,
        row.author,
        row.origin_name,
        row.license_url,
        row.access,
    )
