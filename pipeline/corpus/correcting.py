"""Rows as the stages made them → rows as a person corrected them: the last of a row's making.

What the body says is corrected as it stood on the page and then normalized, measured and judged like any other, so
that a correction neither knows nor blocks a rule. Deduplication sees the corrected rows alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import Any

from pipeline.corpus.identity import document_id, short_hash
from pipeline.corpus.quality import RULES
from pipeline.corpus.texts import normalize_body, normalize_document
from pipeline.corrections import FACTS, Correction, Cut, Line, Split
from pipeline.records import HIGH, Corrected, Document, Reason, Span
from pipeline.spans import carried, moved_by

BY_HAND = "correction"
"""The rule that found a corrected title, author, day or source, and the method of a body split off."""

_JUDGED = frozenset({None, *(rule.reason for rule in RULES)})
_FOUND_BY = {
    "title": "title_from",
    "author": "author_from",
    "published_on": "published_from",
    "origin_name": "origin_from",
}


class Corrector:
    """The corrections of a build, and what came of them so far."""

    def __init__(
        self, corrections: Mapping[str, Sequence[Correction]], page_of: Callable[[Document], str | None]
    ) -> None:
        """`page_of` gives the payload digest of a row's capture; it is asked where the text is another one."""
        self._corrections = corrections
        self._page_of = page_of
        self.notes: list[str] = []
        """What could not be done of a correction that holds, with its place."""
        self._newest: dict[str, tuple[Document, bool]] = {}

    def correct(self, rows: Sequence[Document]) -> list[Document]:
        """The rows of whole captures, corrected; a row that came corrected stays as it is."""
        if not self._corrections:
            return list(rows)
        done: list[Document] = []
        for _, page in groupby(rows, key=lambda row: row.capture):
            done += self._page(list(page))
        return done

    def fallen(self, current: Callable[[Iterable[str]], Mapping[str, Document]]) -> list[str]:
        """The corrections whose page says something else now, in words; `current` gives rows as they now stand."""
        missed = {name: row for name, (row, held) in self._newest.items() if not held}
        stands = current(missed)
        return [
            f"{each.place} fell away, {row.url} says something else since {row.captured_at:%Y-%m-%d %H:%M} UTC"
            f" ({each.why}); `corpus correct {name}` renews it"
            for name, row in sorted(missed.items())
            if name not in stands or not stands[name].corrected
            for each in self._corrections[name][-1:]
        ]

    def unknown(self, ids: Iterable[str]) -> list[str]:
        """Those of some documents' corrections for which there was no article, in words."""
        return [
            f"{each.place}: there is no article {name} in the corpus"
            for name in ids
            if name not in self._newest
            for each in self._corrections.get(name, ())[:1]
        ]

    def _page(self, rows: list[Document]) -> list[Document]:
        """The rows of one capture, corrected each, then split and joined."""
        last = max(row.part for row in rows)
        done: list[Document] = []
        for row in rows:
            said = self._holding(row)
            if said is None:
                done.append(row)
                continue
            corrected = self._row(row, said)
            if said.join and (before := _joined(done, corrected)) is not None:
                done = before
            elif said.join:
                self._note(said, "there is no article before it on the page to join it to")
                done.append(corrected)
            else:
                first, *split = self._split(corrected, said, last)
                last += len(split)
                done += [first, *split]
        return done

    def _holding(self, row: Document) -> Correction | None:
        """The correction made for a row's text or page."""
        if row.id not in self._corrections or row.reason not in _JUDGED or row.corrected or not row.extracted:
            return None
        found = next((each for each in self._corrections[row.id] if made_for(each, row, self._page_of)), None)
        before = self._newest.get(row.id)
        if before is None or before[0].captured_at <= row.captured_at:
            self._newest[row.id] = (row, found is not None)
        return found

    def _row(self, row: Document, said: Correction) -> Document:
        was = row
        extracted = row.extracted
        for cut in said.drop:
            extracted = self._or_note(said, "drop", cut.first, _without(extracted, cut), extracted)
        for line in said.restore:
            extracted = self._or_note(said, "restore", line.line, _with(extracted, line), extracted)
        if extracted != row.extracted:
            row = _corrected(_reread(row, extracted), "extracted", was.extracted_hash)
        for column in FACTS:
            value, before = getattr(said, column), getattr(row, column)
            if value is not None and (value or None) != before:
                changed: dict[str, Any] = {column: value or None, _FOUND_BY[column]: BY_HAND}
                if column == "published_on":
                    changed |= _another_day(row, value)
                row = _corrected(replace(row, **changed), column, _word(before))
        if said.not_an_article:
            row = _corrected(replace(row, reason=Reason.NOT_AN_ARTICLE), "reason", row.reason)
        if said.not_a_copy_of:
            row = _corrected(row, "relation", None)
        return row

    def _split(self, row: Document, said: Correction, last: int) -> list[Document]:
        """A row as the articles it is to be split into; the later ones take the next free parts of the page."""
        pieces = [row]
        for split in said.split:
            whole = pieces[-1]
            at = _beginning(whole.extracted, split.at)
            if at is None or at == 0:
                self._note(said, f"split: no one paragraph but the first begins with {split.at[:40]!r}")
                continue
            lines = whole.extracted.split("\n")
            head, tail = "\n".join(lines[:at]), "\n".join(lines[at:])
            part = last + len(pieces)
            pieces[-1] = _corrected(_reread(whole, head), "extracted", whole.extracted_hash)
            pieces.append(_corrected(_reread(_next_part(whole, part, split), tail), "part", str(whole.part)))
        return pieces

    def _or_note(self, said: Correction, key: str, quote: str, after: str | None, before: str) -> str:
        if after is None:
            self._note(said, f"{key}: not one place of the text is {quote[:40]!r}")
            return before
        return after

    def _note(self, said: Correction, what: str) -> None:
        note = f"{said.place}: {what} ({said.id})"
        if note not in self.notes:
            self.notes.append(note)


def uncorrected_hash(row: Document) -> str:
    """The `extracted_hash` of a row as it was before it was corrected."""
    return next((each.was or "" for each in row.corrected if each.column == "extracted"), row.extracted_hash)


def made_for(said: Correction, row: Document, page_of: Callable[[Document], str | None]) -> bool:
    """Whether a correction holds for a row: it was made for its text, or for its page (asked for only then)."""
    if said.text == uncorrected_hash(row):
        return True
    return said.page is not None and said.page == page_of(row)


def _corrected(row: Document, column: str, was: str | None) -> Document:
    if any(each.column == column for each in row.corrected):
        return row
    return replace(row, corrected=(*row.corrected, Corrected(column=column, was=was)))


def _word(value: date | str | None) -> str | None:
    return value.isoformat() if isinstance(value, date) else value


def _reread(row: Document, extracted: str, structure: tuple[Span, ...] | None = None) -> Document:
    """The row of another body: normalized, measured and judged anew, with the title and facts it has."""
    found = normalize_body(row.extracted, row.structure_raw)[0].flags
    own = row.flags[: len(row.flags) - len(found)]  # those of extraction stand first
    if structure is None:
        structure = carried(row.structure_raw, row.extracted, extracted)
    body = replace(row, extracted=extracted, extracted_hash=short_hash(extracted), structure_raw=structure)
    read = normalize_document(replace(body, flags=own, reason=None))
    return replace(read, title=row.title)


def _next_part(row: Document, part: int, split: Split) -> Document:
    """The row of an article split off another, before its body is read; what only the first one's head says is gone."""
    title = split.title or None
    return replace(
        row,
        id=document_id(row.url_key, part),
        part=part,
        title=title,
        title_raw=title,
        title_from=BY_HAND if title else None,
        author=None,
        author_from=None,
        captions=(),
        method=BY_HAND,
        agreement=None,
        corrected=(),
    )


def _another_day(row: Document, value: date | str) -> dict[str, Any]:
    """What else a row says of its day once a person has said another: the hour on the page was that of the page's."""
    return {
        "published_at": None,
        "published_at_from": None,
        "published_confidence": HIGH if value else None,
        "zone_from": row.zone_from if row.modified_at else None,
    }


def _joined(done: Sequence[Document], row: Document) -> list[Document] | None:
    """The rows before one of a page, and it, its body now at the end of the last article; None: there is none."""
    at = next(
        (n for n in range(len(done) - 1, -1, -1) if done[n].reason in _JUDGED and done[n].extracted), None
    )
    if at is None:
        return None
    before = done[at]
    structure = before.structure_raw + moved_by(len(before.extracted) + 1, row.structure_raw)
    whole = _reread(before, f"{before.extracted}\n{row.extracted}", structure)
    whole = _corrected(whole, "extracted", before.extracted_hash)
    part = replace(row, reason=Reason.PART_OF, related_to=(before.id,))
    return [*done[:at], whole, *done[at + 1 :], _corrected(part, "part", str(row.part))]


def _beginning(text: str, quote: str) -> int | None:
    """Number of the one line that begins with a quote; None: no line does, or several."""
    found = [number for number, line in enumerate(text.split("\n")) if line.startswith(quote)]
    return found[0] if len(found) == 1 else None


def _without(text: str, cut: Cut) -> str | None:
    """The text without what is to go; None: it is not there, or in more than one place."""
    if cut.words:
        return "".join(text.split(cut.first)) if text.count(cut.first) == 1 else None
    lines = text.split("\n")
    if not cut.last and cut.first in lines:  # a line that is repeated is named whole, and goes wherever it is
        return "\n".join(line for line in lines if line != cut.first)
    first = _beginning(text, cut.first)
    last = _beginning(text, cut.last) if cut.last else first
    if first is None or last is None or last < first:
        return None
    return "\n".join(lines[:first] + lines[last + 1 :])


def _with(text: str, restored: Line) -> str | None:
    """The text with a line of the page brought back; None: it is there, or the place for it is not."""
    lines = text.split("\n") if text else []
    if restored.line in lines:
        return None
    at = len(lines) if restored.after is None else 0
    if restored.after:
        before = _beginning(text, restored.after)
        if before is None:
            return None
        at = before + 1
    return "\n".join([*lines[:at], restored.line, *lines[at:]])
