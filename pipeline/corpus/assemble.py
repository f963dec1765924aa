"""A batch of fresh rows → edits of the edition: revisions, copies, and what each does to earlier rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pipeline.corpus.edition import Edit, Edition, Placed, table_of
from pipeline.corpus.identity import document_id, short_hash
from pipeline.corpus.schema import ARTICLES
from pipeline.corpus.texts import whole_text
from pipeline.dedupe.index import DedupeIndex
from pipeline.dedupe.records import DUPLICATE, SPLIT_FROM, Alarm, Apart, Decision, Item
from pipeline.dedupe.run import dedupe, remove
from pipeline.records import IMPLAUSIBLE_DATE, WITHHELD, Document, Outcome, Reason
from pipeline.spans import within

CANONICAL = "canonical"
"""Relation of the copy that is published: `related_to` names the one it was compared with."""

PARTS_LOOKED_UP = 8
"""How many parts of a page are looked for when it is captured again; extraction splits no further."""

DECIDED = (
    "text",
    "structure",
    "text_hash",
    "cluster",
    "relation",
    "related_to",
    "score",
    "rule",
    "form_id",
    "reason",
)
"""What deduplication writes into a row."""

MINOR_FLAGS = frozenset({"no_date", "no_title", "unbalanced_quotes", IMPLAUSIBLE_DATE})
"""Flags that say nothing against choosing a text as the canonical copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """What a batch brought."""

    loud: bool
    """Whether anything that is or was published changed, or a document came that was compared."""
    alarms: tuple[Alarm, ...]
    """What deduplication wants confirmed."""


def assemble(
    documents: Sequence[Document],
    edition: Edition,
    index: DedupeIndex,
    *,
    back: Sequence[Document] = (),
) -> Assembled:
    """Put a batch of rows, in capture order, into the edition.

    Every row given stands in the edition afterwards, in `articles` or with its reason in `dropped`. `back` are the
    rows of the same pages that were taken out of the edition to be made anew.
    """
    draft = _Draft(edition, documents)
    for document in documents:
        draft.take(document)
    draft.keep_decisions(back, index.apart)
    vanished = draft.drop_vanished_parts() + draft.gone(back)
    if vanished:
        draft.revise(remove(vanished, index, draft.texts, purge=False))
    deduped = dedupe([_item(d) for d in draft.candidates()], index, draft.texts)
    draft.decide(deduped.decisions)
    draft.revise(deduped.revised)
    if back:
        draft.loud = draft.differs(back)
    draft.commit()
    return Assembled(loud=draft.loud, alarms=deduped.alarms)


class _Draft:
    """The edits of one batch while they are being worked out."""

    def __init__(self, edition: Edition, documents: Sequence[Document]) -> None:
        self.edition = edition
        self.loud = False
        looked_up = {d.id for d in documents}
        for document in documents:
            if document.reason is None:
                parts = range(1, PARTS_LOOKED_UP + 1)
                looked_up.update(document_id(document.url_key, n) for n in parts)
        self._before: dict[str, Placed] = edition.find(looked_up)
        self._now: dict[str, Document] = {k: p.document for k, p in self._before.items()}
        self._fresh: dict[str, None] = {}
        self._set_aside: list[Document] = []
        self._withdrawn: list[str] = []
        self._newest: dict[str, str] = {}
        self._printed: dict[str, set[str]] = {}

    def take(self, document: Document) -> None:
        """Decide what a fresh row is to the row its document has now."""
        self._printed.setdefault(document.capture, set()).add(document.id)
        current = self._now.get(document.id)
        if document.reason is not None:
            self._set_aside.append(document)
            no_more = document.reason == Reason.NOT_AN_ARTICLE
            if no_more and current is not None and _when(document) >= _when(current):
                self._withdraw(current)
            return
        if current is None:
            self.loud = True
            self._now[document.id] = document
            self._fresh[document.id] = None
        elif _same_page(current, document):
            first = min(current.first_seen, document.first_seen)
            self._now[document.id] = replace(current, first_seen=first)
            self._set_aside.append(replace(document, reason=Outcome.UNCHANGED, related_to=(document.id,)))
        elif _when(document) < _when(current):
            # a backfilled older capture: history, but it tells when the document was first seen
            self._now[document.id] = replace(current, first_seen=min(current.first_seen, document.first_seen))
            self._set_aside.append(_past(document))
        else:
            self.loud = True
            self._set_aside.append(_past(current))
            self._now[document.id] = replace(
                document, first_seen=min(current.first_seen, document.first_seen)
            )
            self._fresh[document.id] = None
        if _when(document) >= _when(self._now[document.id]):
            self._newest[document.url_key] = document.capture

    def _withdraw(self, current: Document) -> None:
        """A document of which a person says that it is no article any more: its earlier text does not stay either."""
        self.loud = True
        self._set_aside.append(_past(current))
        del self._now[current.id]
        self._fresh.pop(current.id, None)
        self._withdrawn.append(current.id)

    def keep_decisions(self, back: Sequence[Document], apart: Apart) -> None:
        """Give fresh rows that compare as they did before what was decided of them then."""
        for old in back:
            new = self._now.get(old.id)
            told_apart = old.id in apart or any(each.column == "relation" for each in old.corrected)
            if new is None or old.id not in self._fresh or told_apart or not _is_current(old):
                continue
            if _item(replace(old, text=whole_text(old)[0])) == _item(new):
                decided = {name: getattr(old, name) for name in DECIDED}
                self._now[old.id] = replace(new, **decided)
                del self._fresh[old.id]

    def gone(self, back: Sequence[Document]) -> list[str]:
        """The documents that deduplication knows and that stand no more."""
        known = [old.id for old in back if _is_current(old) and old.id not in self._now]
        return list(dict.fromkeys([*self._withdrawn, *known]))

    def differs(self, back: Sequence[Document]) -> bool:
        """Whether what is published of the pages taken back is something else than before."""
        before = {row.id: row for row in back if row.reason is None}
        after = {
            ident: row
            for ident, row in self._now.items()
            if row.reason is None and (ident in before or ident not in self._before)
        }
        return before != after

    def drop_vanished_parts(self) -> list[str]:
        """Set aside articles that stood on a page before and do not in its newest capture; their ids.

        One that stands there but is not fit any more has not vanished: its earlier text stays.
        """
        vanished = []
        for url_key, capture in self._newest.items():
            for n in range(2, PARTS_LOOKED_UP + 1):
                ident = document_id(url_key, n)
                current = self._now.get(ident)
                if current is not None and ident not in self._printed[capture]:
                    self._now[ident] = _past(current)
                    self._fresh.pop(ident, None)
                    vanished.append(ident)
        return vanished

    def candidates(self) -> list[Document]:
        """The rows to compare, in the order they were first taken."""
        return [self._now[ident] for ident in self._fresh]

    def texts(self, ids: Sequence[str]) -> dict[str, str]:
        """Texts of earlier documents, for the comparison: whole, as they were compared when they came."""
        stored = self.edition.texts(ids)
        cut = [ident for ident, (_, relation) in stored.items() if relation == SPLIT_FROM]
        whole = {ident: whole_text(placed.document)[0] for ident, placed in self.edition.find(cut).items()}
        return {ident: text for ident, (text, _) in stored.items()} | whole

    def decide(self, decisions: Sequence[Decision]) -> None:
        """Write the decisions about the fresh rows into them."""
        for decision in decisions:
            self._now[decision.id] = _with_decision(self._now[decision.id], decision)

    def revise(self, decisions: Sequence[Decision]) -> None:
        """Write the decisions about earlier rows into them."""
        missing = [d.id for d in decisions if d.id not in self._now]
        for ident, placed in self.edition.find(missing).items():
            self._before[ident] = placed
            self._now[ident] = placed.document
        for decision in decisions:
            if decision.id in self._now:
                self._now[decision.id] = _with_decision(self._now[decision.id], decision)

    def commit(self) -> None:
        """Hand the edits to the edition."""
        edits = [Edit(after=d) for d in self._set_aside]
        edits += [Edit(before=placed) for ident, placed in self._before.items() if ident not in self._now]
        for ident, document in self._now.items():
            before = self._before.get(ident)
            if before is None:
                edits.append(Edit(after=document))
            elif before.document != document:
                edits.append(Edit(before=before, after=document))
                self.loud = self.loud or ARTICLES in (table_of(before.document), table_of(document))
        self.edition.apply(edits)


def _is_current(document: Document) -> bool:
    """Whether a row is the present text of its document, published or withheld."""
    return document.reason is None or document.reason in WITHHELD


def _when(document: Document) -> datetime:
    """When a row was captured, for what is newer; one whose time is not believed yields to any other."""
    is_doubted = any(flag.name == IMPLAUSIBLE_DATE for flag in document.flags)
    return datetime.min.replace(tzinfo=UTC) if is_doubted else document.captured_at


def _past(document: Document) -> Document:
    """A row whose document has another text now: history, related to nothing but its document."""
    return replace(
        document,
        reason=Reason.SUPERSEDED,
        related_to=(document.id,),
        cluster=None,
        relation=None,
        score=None,
        rule=None,
        form_id=None,
    )


def _same_page(a: Document, b: Document) -> bool:
    """Whether two captures of one document say the same."""
    return (a.extracted_hash, a.title_raw, a.published_raw, a.author, a.origin_name) == (
        b.extracted_hash,
        b.title_raw,
        b.published_raw,
        b.author,
        b.origin_name,
    )


def _item(document: Document) -> Item:
    flaws = {f.name for f in document.flags} - MINOR_FLAGS
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
    )


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
        reason=None if decision.published else decision.reason or decision.relation,
    )


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    """A piece of a text without the line ends round it."""
    piece = text[start:end]
    first = start + len(piece) - len(piece.lstrip("\n"))
    return first, max(first, start + len(piece.rstrip("\n")))
