"""Rows on their way from the shards into an edition: terms, corrections, rights, what must wait; and once more.

A page of which the corrections say something else now is taken out of the edition with all its rows, and in again
from its shards, so that a correction costs its page and no full build.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path

from pipeline import archive
from pipeline.archive import index as captures
from pipeline.corpus.assemble import Assembled, assemble
from pipeline.corpus.blocked import Blocked
from pipeline.corpus.correcting import Corrector
from pipeline.corpus.edition import Edit, Edition
from pipeline.corpus.held import hold
from pipeline.corpus.reserved import Rights
from pipeline.corpus.shards import read_shard
from pipeline.corrections import Correction, by_document
from pipeline.dedupe.ahead import NOTHING_AHEAD, Ahead
from pipeline.dedupe.index import DedupeIndex
from pipeline.records import Document, Reason

PAGES_AT_ONCE = 500
"""Corrected documents made anew in one go: bounds the memory as the batches of a build do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Where rows go, and what they meet on the way."""

    edition: Edition
    """The version under construction."""
    index: DedupeIndex
    """What deduplication remembers."""
    corrector: Corrector
    """The corrections."""
    blocked: Blocked
    """What was taken down, and must not come back."""
    terms: dict[str, str]
    """Source → its terms: no part of a shard, so that another licence extracts no page again."""
    rights: Rights
    """What sites and sources say of use: no part of a shard either."""
    waiting: frozenset[str]
    """Captures to hold back."""
    made_by: str = ""
    """What rows that are made now are marked with."""
    ahead: Ahead = NOTHING_AHEAD
    """What workers found out about the texts."""

    def rows(self, documents: Sequence[Document]) -> list[Document]:
        """Rows of shards as they go into the edition."""
        named = [replace(d, terms=self.terms.get(d.source, "")) for d in documents]
        judged = self.rights.apply(self.corrector.correct(named))
        held = (hold(d, self.waiting) for d in judged)
        return [self.blocked.withhold(d) for d in held]

    def put(self, rows: Sequence[Document], back: Sequence[Document] = ()) -> Assembled:
        """Put them in; `back` are the rows of the same pages that were taken out."""
        return assemble(rows, self.edition, self.index, back=back, ahead=self.ahead)

    def told(self, ids: Iterable[str]) -> tuple[str, ...]:
        """What became of the corrections that is worth a look; `ids` are the documents looked for."""

        def current(names: Iterable[str]) -> dict[str, Document]:
            return {name: placed.document for name, placed in self.edition.find(names).items()}

        corrector = self.corrector
        return (*corrector.notes, *corrector.fallen(current), *corrector.unknown(ids))


def intake(
    raw: Path,
    corrections: Sequence[Correction],
    edition: Edition,
    index: DedupeIndex,
    *,
    blocked: Blocked,
    terms: dict[str, str],
    rights: Rights,
    waiting: frozenset[str],
    made_by: str = "",
    ahead: Ahead = NOTHING_AHEAD,
) -> Intake:
    """The way into an edition under some corrections; `raw` is the archive they are compared with."""

    def page_of(row: Document) -> str | None:
        ref = captures.find_one(raw, row.capture, row.captured_at.astimezone(UTC).date())
        return ref.digest if ref is not None else None

    return Intake(
        edition=edition,
        index=index,
        corrector=Corrector(by_document(corrections), page_of),
        blocked=blocked,
        terms=terms,
        rights=rights,
        waiting=waiting,
        made_by=made_by,
        ahead=ahead,
    )


def retake(
    into: Intake,
    ids: Sequence[str],
    files: Callable[[Sequence[Document]], Iterable[Path]],
    held: Iterable[str],
) -> list[Assembled]:
    """Take out the pages of some documents and take them in again.

    `files` gives the shards of rows, oldest first; of the sources `held` the rows that wait go on waiting.
    """
    done = []
    for start in range(0, len(ids), PAGES_AT_ONCE):
        placed = into.edition.pages(ids[start : start + PAGES_AT_ONCE])
        if not placed:
            continue
        back = [each.document for each in placed]
        before = {row.capture: row for row in back}
        shards = (read_shard(path, made_by=into.made_by) for path in files(back))
        again = [row for shard in shards for part in shard for row in part if row.capture in before]
        into.edition.apply([Edit(before=each) for each in placed])
        wait = {row.capture for row in back if row.reason == Reason.HELD and row.source in set(held)}
        # a source that is no longer declared changes no row that stands
        terms = {row.source: row.terms for row in back} | into.terms
        rows = replace(into, terms=terms, waiting=into.waiting | wait).rows(again)
        made, stands = into.put(rows, back), into.edition.pages([row.id for row in back])
        # also where nothing of it is published: a version says so, or each build would do it again
        is_other = {_key(row): row for row in back} != {_key(each.document): each.document for each in stands}
        done.append(replace(made, loud=made.loud or is_other))
    return done


def _key(row: Document) -> tuple[str, int]:
    return row.capture, row.part


def captured_in(
    raw: Path, files: Sequence[archive.SealedFile], rows: Sequence[Document]
) -> list[archive.SealedFile]:
    """The archive files that hold the captures of some rows; of the index the days of these alone are read."""
    keys = {row.url_key for row in rows}
    ids = {row.capture for row in rows}
    days = {row.captured_at.astimezone(UTC).date() for row in rows}
    names = {
        ref.file
        for day in sorted(days)
        for ref in captures.find(raw, day, day, url_keys=keys)
        if ref.id in ids
    }
    return [file for file in files if file.file in names]
