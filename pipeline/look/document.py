"""*Document*: a row beside the page it was made of, and everything that was found out and decided on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq

from pipeline import extract, normalize
from pipeline.archive import index
from pipeline.archive.cdxj import Ref
from pipeline.corpus import feed, tombstones
from pipeline.corpus.life import with_life
from pipeline.corpus.read import CHANGES_FILE, list_versions, version_key
from pipeline.errors import CorpusError, UsageError
from pipeline.explain import editors_of, explain_lines, modified_by, published_by, way_of
from pipeline.folders import load_sources
from pipeline.look import rows
from pipeline.look.alongside import Alongside, Told, alongside, capture_at, lines_of
from pipeline.look.asked import Asked
from pipeline.look.changed import IN_CONTEXT, Piece, pieces
from pipeline.look.paragraphs import Paragraph, paragraphs
from pipeline.look.words import why
from pipeline.records import USABLE, Capture, Document, Flag, Source

RELEASES = 200
"""So many releases, the newest ones, are asked what they changed of a document."""

MEMBERS = 50
"""Members of a cluster that are listed; its own page has all."""

_WORDS = {fix.name: fix.words for fix in normalize.FIXES} | {
    IN_CONTEXT: "what a fix does in sight of the whole text, as quotes over several paragraphs"
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that is known of a document."""

    name: str
    value: str
    read: str = ""
    """Where or by what rule it was read."""
    raw: str = ""
    """As the page prints it, where that is something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """A fix that changed something."""

    fix: str
    places: int
    words: str
    """What it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a release did to a document."""

    version: str
    is_there: bool
    """Whether that version is still kept, so that its text can be looked at."""
    kind: str
    cause: str
    text_changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPage:
    """What the page shows."""

    document: Document
    version: str
    why: str
    """Why it is not published; "": it is."""
    related: tuple[tuple[str, str], ...]
    """(id, title) of the documents that it copies, contains or is contained in."""
    paragraphs: tuple[Paragraph, ...]
    facts: tuple[Fact, ...]
    fixed: tuple[Fixed, ...]
    differ: tuple[Told, ...]
    """Lines on which the two readers of the body differ."""
    cut: tuple[Told, ...]
    """Lines of the body that a rule took out."""
    parts: tuple[tuple[date, str], ...]
    """(day, id) of the captures of the article's further pages."""
    flags: tuple[Flag, ...]
    """Doubts about the whole text."""
    siblings: tuple[Document, ...]
    """Other rows of the same address in this version."""
    members: tuple[Document, ...]
    """The other members of its cluster, with their texts left out."""
    history: tuple[Step, ...]
    """What each release did to it, the newest first."""
    captures: tuple[Ref, ...]
    """Every visit of its address, the newest first."""
    explained: tuple[str, ...]
    """As `corpus explain` says it."""
    missing: str
    """Why its page cannot be shown; "": it can."""

    @property
    def day(self) -> str:
        """The day (UTC) under which its capture stands in the archive."""
        return self.document.captured_at.date().isoformat()


def read(asked: Asked) -> DocumentPage:
    """A document of a version by its id; UsageError where it has none, with the ticket where it was taken down."""
    folder, ident = asked.version, asked.path["id"]
    about = rows.files_about(folder, ident)
    found = rows.documents(folder, "id", [ident], about) if about else []
    if not found:
        raise UsageError(_no_row(folder, ident))
    document = next((row for row in found if row.capture == asked.text("capture")), found[0])
    (document,) = with_life(folder, [document])
    siblings = rows.documents(folder, "url_key", [document.url_key], about, most=2 * MEMBERS)
    cluster = [document.cluster] if document.cluster else []
    members = tuple(_members(rows.documents(folder, "cluster", cluster, about, most=2 * MEMBERS), document))
    pages, missing = _pages(asked, document)
    of_page = lines_of(document, [told for page in pages for told in page.told])
    told = pieces(document)
    captures = (
        index.find(asked.folders.raw, url_keys=[document.url_key]) if asked.folders.raw.is_dir() else []
    )
    return DocumentPage(
        document=document,
        version=folder.name,
        why=why(document.reason) if document.reason else "",
        related=tuple(_related(document, members)),
        paragraphs=tuple(paragraphs(document, told, of_page)),
        facts=tuple(facts(document)),
        fixed=tuple(_fixed(told)),
        differ=tuple(told for page in pages for told in page.differ),
        cut=tuple(told for page in pages for told in page.cut if told.rule not in extract.DECIDED),
        parts=tuple((page.told[0].day, page.told[0].capture) for page in pages[1:] if page.told),
        flags=tuple(flag for flag in document.flags if flag.start is None),
        siblings=tuple(row for row in siblings if row.capture != document.capture or row.id != ident)[
            :MEMBERS
        ],
        members=members,
        history=tuple(history(asked.folders.clean, document.id)),
        captures=tuple(sorted(captures, key=lambda ref: ref.fetched_at, reverse=True)),
        explained=tuple(explain_lines(document)),
        missing=missing,
    )


def _no_row(folder: Path, ident: str) -> str:
    for row in tombstones.read(folder).to_pylist():
        if row["id"] == ident:
            return f"{ident}: taken down on {row['taken_down_on']}, ticket {row['ticket']}"
    return f"{ident}: version {folder.name} has no document of this id"


def source_of(asked: Asked, name: str) -> Source | None:
    """The declaration of a source as its file has it now; None where there is none, or none that reads."""
    try:
        return next((s for s in load_sources(asked.folders.sources) if s.name == name), None)
    except CorpusError:
        return None


def _pages(asked: Asked, document: Document) -> tuple[list[Alongside], str]:
    """Its page and those on which the article goes on, with the account of their lines; or why there is none."""
    raw = asked.folders.raw
    try:
        first = capture_at(raw, document.capture, document.captured_at.date())
        captures = [first, *_further(raw, first)]
    except (CorpusError, OSError) as error:
        return [], str(error)
    if not first.body:
        return [], "this visit brought no body"
    source = source_of(asked, document.source)
    return [alongside(capture, source) for capture in captures], ""


def _further(raw: Path, first: Capture) -> list[Capture]:
    """The further pages of an article, as they lie in the archive file of its first."""
    if first.next_part is None or first.place is None:
        return []
    day = first.fetched_at.date()
    found = index.find(raw, day, day + timedelta(days=1), sources=[first.source])
    parts = [ref for ref in found if ref.part_of == first.url_key and ref.file == first.place.file]
    return [capture_at(raw, ref.id, ref.fetched_at.date()) for ref in parts if ref.outcome in USABLE]


def facts(document: Document) -> Iterable[Fact]:
    """What is known of a document, with where each was read."""
    d = document
    agree = "one reader" if d.agreement is None else f"two readers agree on {d.agreement:.0%}"
    told = (
        ("title", d.title, d.title_from, d.title_raw if d.title_raw != d.title else ""),
        ("author", d.author, d.author_from, ""),
        ("affiliation", d.affiliation, "beside the author", ""),
        ("editors", editors_of(d), "", ""),
        ("published", d.published_at or d.published_on, published_by(d), d.published_raw),
        ("modified", d.modified_at or d.modified_on, modified_by(d), d.modified_raw),
        ("origin", d.origin_name, d.origin_from, d.origin_url),
        ("came by", way_of(d), "", ""),
        ("site", d.site_name, "", ""),
        ("section", " > ".join(d.sections) or d.section, "", ""),
        ("tags", ", ".join(d.tags), "", ""),
        ("reprint terms", d.reprint_terms, "printed", ""),
        ("canonical address", d.canonical_url, "the page's own hint", ""),
        ("body", f"{d.han:,} Han characters", f"{d.method}; {agree}" if d.method else "", ""),
        ("access", d.access or "", d.access_from or "", d.access_raw or ""),
        ("rendered", "in a browser" * d.rendered, "", "the page as it came has no article"),
        ("script", d.script, "", ""),
        (
            "decoded as",
            d.encoding,
            d.encoding_from,
            f"{d.replacements} characters lost" * bool(d.replacements),
        ),
        ("first seen", f"{d.first_seen:%Y-%m-%d %H:%M} UTC", "", ""),
        ("captured", f"{d.captured_at:%Y-%m-%d %H:%M} UTC", "", ""),
        ("last verified", d.last_verified, "the last visit on which its page said this", ""),
        ("page gone since", d.gone_since, "visits; the row stays", ""),
        ("revised", f"{d.revised} times" * bool(d.revised), "earlier texts of it", ""),
        ("terms", d.terms, "the source's file", ""),
    )
    for name, value, read_from, raw in told:
        if value:
            yield Fact(name=name, value=str(value), read=read_from or "", raw=raw or "")
    for each in d.corrected:
        yield Fact(
            name=f"corrected: {each.column}",
            value=str(getattr(d, each.column, "")),
            raw=each.was or "nothing",
        )


def _fixed(told: Iterable[Iterable[Piece]]) -> Iterable[Fixed]:
    """The fixes that changed something, in the order they run, and in how many places each."""
    places = Counter(name for line in told for piece in line for name in piece.fixes)
    for name, words in _WORDS.items():
        if places[name]:
            yield Fixed(fix=name, places=places[name], words=words)


def _members(found: Iterable[Document], document: Document) -> Iterable[Document]:
    """The other members of its cluster; of rows of one document the published one."""
    first = {row.id: row for row in reversed(list(found)) if row.id != document.id}
    return islice(first.values(), MEMBERS)


def _related(document: Document, members: Iterable[Document]) -> Iterable[tuple[str, str]]:
    titles = {row.id: row.title for row in members}
    return ((ident, titles.get(ident) or ident) for ident in document.related_to)


def history(clean: Path, ident: str) -> Iterable[Step]:
    """What each of the newest RELEASES did to a document, the newest first."""
    have = list_versions(clean)
    files = {version: clean / version / CHANGES_FILE for version in have} | feed.files(clean)
    for version in sorted(files, key=version_key, reverse=True)[:RELEASES]:
        for row in _rows(files[version], ident):
            yield Step(
                version=version,
                is_there=version in have,
                kind=row["kind"] or "",
                cause=row["cause"] or "",
                text_changed=row["old_text_hash"] != row["new_text_hash"],
            )


def _rows(path: Path, ident: str) -> list[dict[str, str | None]]:
    if not path.is_file():
        return []
    columns = ["kind", "cause", "old_text_hash", "new_text_hash"]
    found: list[dict[str, str | None]] = pq.read_table(
        path, columns=columns, filters=[("id", "=", ident)]
    ).to_pylist()
    return found


def day_of(said: str) -> date:
    """A day in an address; UsageError for one that is none."""
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise UsageError(f"{said}: a day looks like 2026-11-30") from None
