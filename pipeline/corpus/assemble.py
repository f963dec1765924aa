"""A batch of fresh rows → edits of the edition: revisions, copies, and what each does to earlier rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from pipeline.corpus.edition import Edit, Edition, Placed, table_of
from pipeline.corpus.identity import part_ids, short_hash
from pipeline.corpus.revisions import SPEAKING, Revisions, as_captured, later, own_flags
from pipeline.corpus.schema import ARTICLES
from pipeline.corpus.texts import whole_text
from pipeline.dedupe.ahead import NOTHING_AHEAD, Ahead
from pipeline.dedupe.index import DedupeIndex
from pipeline.dedupe.records import DUPLICATE, SPLIT_FROM, Decision, Item
from pipeline.dedupe.run import dedupe
from pipeline.records import (
    DATE_AFTER_CAPTURE,
    IMPLAUSIBLE_DATE,
    LICENSES_DIFFER,
    TERMS_DIFFER,
    TITLE_CUT,
    WITHHELD,
    Document,
    Flag,
)
from pipeline.spans import within

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

CANONICAL = "canonical"
"""Relation of the copy that is published: `related_to` names the one it was compared with."""

MINOR_FLAGS = frozenset(
    {
        "no_date",
        "no_title",
        "unbalanced_quotes",
        DATE_AFTER_CAPTURE,
        IMPLAUSIBLE_DATE,
        LICENSES_DIFFER,
        TERMS_DIFFER,
    }
)
"""Flags that say nothing against choosing a text as the canonical copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """What a batch brought."""

    loud: bool
    """Whether anything that is or was published changed, or a document came that was compared."""
    decisions: tuple[Decision, ...]
    """What deduplication said of the documents compared."""
    left: int = 0
    """Documents that should have been compared again and were too many (dedupe/neighbours.py)."""
    partly: Mapping[str, str] = field(default_factory=dict)
    """Id of each document that was compared in part only → the rule that bounds it (dedupe/comparison.py)."""
    by_heads: tuple[str, ...] = ()
    """Ids of the clusters of which only some copies decide which one is published (dedupe/index.py)."""


def assemble(
    documents: Sequence[Document],
    edition: Edition,
    index: DedupeIndex,
    *,
    back: Sequence[Document] = (),
    ahead: Ahead = NOTHING_AHEAD,
) -> Assembled:
    """Put a batch of rows, in any order, into the edition.

    Every row given stands in the edition afterwards, in `articles` or with its reason in `dropped`. What stands
    follows from all rows given so far, not from the batches they came in. `back` are the rows of the same pages
    that were taken out of the edition to be made anew; `ahead` is what workers found out about the texts.
    """
    draft = _Draft(documents, edition, back)
    deduped = dedupe(draft.items(), index, draft.texts, gone=draft.gone(), ahead=ahead)
    draft.decide((*deduped.decisions, *deduped.revised))
    draft.commit()
    return Assembled(
        loud=draft.loud,
        decisions=deduped.decisions,
        left=deduped.left,
        partly=deduped.partly,
        by_heads=deduped.by_heads,
    )


class _Draft:
    """The edits of one batch while they are being worked out."""

    def __init__(
        self, documents: Sequence[Document], edition: Edition, back: Sequence[Document] = ()
    ) -> None:
        self._edition = edition
        self._back = {row.id: row for row in back if row.reason is None or row.reason in WITHHELD}
        pages: dict[str, list[Document]] = defaultdict(list)
        for document in documents:
            pages[document.url_key].append(document)
        opened = {
            key: part_ids(key) for key, rows in pages.items() if any(row.reason in SPEAKING for row in rows)
        }
        self._before, newest = edition.known(ident for ids in opened.values() for ident in ids)
        again = {
            key
            for key, ids in opened.items()
            if not later(pages[key], max((newest[ident] for ident in ids if ident in newest), default=None))
        }
        self._withdrawn = edition.history(ident for key in again for ident in opened[key])
        for placed in self._withdrawn:
            pages[placed.document.url_key].append(as_captured(placed.document))
        self._now: dict[str, Document] = {}
        self._aside: list[Document] = []
        for key, rows in pages.items():
            known = [self._before[ident] for ident in opened.get(key, ()) if ident in self._before]
            page = Revisions({} if key in again else {p.document.id: p.document for p in known})
            page.take(rows)
            self._now |= page.now
            self._aside += page.aside
        fresh = (ident for ident in self._now if self._is_new(ident))
        self._fresh = sorted(fresh, key=lambda ident: (self._now[ident].captured_at, ident))
        self.loud = bool(self._fresh or self.gone())

    def _is_new(self, ident: str) -> bool:
        before = self._before.get(ident)
        return before is None or before.document is not self._now[ident]

    def items(self) -> list[Item]:
        """The texts to compare, in the order of their captures."""
        return [item_of(self._now[ident]) for ident in self._fresh]

    def gone(self) -> list[str]:
        """The documents that their pages no longer have."""
        return sorted((self._before.keys() | self._back.keys()) - self._now.keys())

    def texts(self, ids: Sequence[str]) -> dict[str, str]:
        """Texts of earlier documents, for the comparison: whole, as they were compared when they came."""
        stored = self._edition.texts(ids)
        cut = [ident for ident, (_, relation) in stored.items() if relation == SPLIT_FROM]
        whole = {ident: whole_text(placed.document)[0] for ident, placed in self._edition.find(cut).items()}
        return {ident: text for ident, (text, _) in stored.items()} | whole

    def decide(self, decisions: Sequence[Decision]) -> None:
        """Write what was decided into the rows it is about, fresh and earlier ones."""
        missing = [d.id for d in decisions if d.id not in self._now]
        for ident, placed in self._edition.find(missing).items():
            self._before[ident] = placed
            self._now[ident] = placed.document
        for decision in decisions:
            if decision.id in self._now:
                self._now[decision.id] = _with_decision(self._now[decision.id], decision)

    def commit(self) -> None:
        """Hand the edits to the edition."""
        edits = [Edit(after=d) for d in self._aside]
        # The current rows of a page that is gone through again are edited as all others are.
        edits += [Edit(before=placed) for placed in self._withdrawn if not self._current(placed)]
        for ident in sorted(self._before.keys() | self._now.keys()):
            before, after = self._before.get(ident), self._now.get(ident)
            if before is None or before.document != after:
                edits.append(Edit(before=before, after=after))
        published = (row for e in edits for row in (e.before and e.before.document, e.after) if row)
        self.loud = self.loud or any(table_of(row) == ARTICLES for row in published)
        if self._back:
            stood = {ident: row for ident, row in self._back.items() if row.reason is None}
            self.loud = stood != {ident: row for ident, row in self._now.items() if row.reason is None}
        self._edition.apply(edits)

    def _current(self, placed: Placed) -> bool:
        before = self._before.get(placed.document.id)
        return before is not None and before.file == placed.file and before.document == placed.document


def item_of(document: Document) -> Item:
    """A row as deduplication compares it."""
    flaws = {f.name for f in own_flags(document)} - MINOR_FLAGS
    return Item(
        id=document.id,
        site=document.site,
        url=document.url,
        title=document.title or "",
        text=document.text,
        published_on=document.published_on,
        fetched_at=document.first_seen,
        origin_name=document.origin_name,
        site_name=document.site_name,
        native=document.script != "pseudo-Hant",
        flaws=len(flaws),
        order=order_of(document.captured_at),
    )


def order_of(captured_at: datetime) -> int:
    """Place in the order of decisions of a text that was captured then."""
    return (captured_at - _EPOCH) // timedelta(microseconds=1)


def _with_decision(document: Document, decision: Decision) -> Document:
    # the whole: a row that was cut before is not cut twice, and one withdrawn is whole again
    text, structure = whole_text(document)
    if decision.spans and decision.published:
        pieces = [_bare(text, start, end) for start, end in decision.spans]
        text, structure = "\n".join(text[start:end] for start, end in pieces), within(structure, pieces)
    return replace(
        document,
        text=text,
        structure=structure,
        text_hash=short_hash(text),
        cluster=decision.cluster,
        relation=CANONICAL if decision.published and decision.relation == DUPLICATE else decision.relation,
        related_to=decision.of,
        score=decision.score,
        rule=decision.rule,
        form_id=decision.form_id,
        flags=(*_cut_title(document, decision.whole_title), *own_flags(document)),
        reason=None if decision.published else decision.reason or decision.relation,
    )


def _cut_title(document: Document, whole: str | None) -> tuple[Flag, ...]:
    """The flag of a title that a copy shows to be cut short; of one that a person set nobody shows that."""
    is_set = any(each.column == "title" for each in document.corrected)
    return (Flag(name=TITLE_CUT, text=document.title or "", of=whole),) if whole and not is_set else ()


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    """A piece of a text without the line ends round it."""
    piece = text[start:end]
    first = start + len(piece) - len(piece.lstrip("\n"))
    return first, max(first, start + len(piece.rstrip("\n")))
