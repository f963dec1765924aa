"""What dedupe takes in and gives out: a text with its provenance, and what it is to the others.

A relation is stated from the point of view of the document that carries it: `contained_in` means "my
text stands in the text of `of`".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType

NEW = "new"
DUPLICATE = "duplicate"
CONTAINED_IN = "contained_in"
CONTAINS = "contains"
SAME_FORM = "same_form"
SPLIT_FROM = "split_from"

TOO_LONG, BEYOND, CAPPED, UNMET = "too-long", "beyond", "capped", "unmet"
"""What bounded the comparison of a text (comparison.PARTLY); the first three are the rules of one that is new."""

OF_TWO = "of-two"
"""The rule of an article that stands in a page beside another one, though each covers no more than a version does."""

Apart = Mapping[str, frozenset[str]]
"""Id of a document → those that somebody says it is no version or part of, named from either side."""

NOTHING_APART: Apart = MappingProxyType({})

Position = tuple[int, str]
"""Place in the order of decisions, and the id, which decides between equals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One text to compare, with what the choice of the canonical copy needs to know about it."""

    id: str
    """Stable id; the same id again is a revision of the document."""
    site: str
    """Host name; lines are counted as furniture per site."""
    url: str = ""
    """Address, kept as provenance."""
    title: str = ""
    """Title, or empty."""
    text: str
    """The normalized text, one line a paragraph."""
    published_on: date | None = None
    """Day of publication; two days 20 apart or more tell a series from a copy."""
    fetched_at: datetime | None = None
    """When it was captured; the last tie-break but one of the canonical choice."""
    origin_name: str | None = None
    """The original publisher as printed (来源); None: the page names none."""
    site_name: str | None = None
    """The site's own name, to be compared with the origins that copies name."""
    native: bool = True
    """Whether the script is native, not converted carelessly from the other one."""
    flaws: int = 0
    """How many kinds of known damage it has: truncation, glue, leftovers."""
    order: int | None = None
    """Its place in the order of decisions, of equals by id: microseconds since 1970 of the capture of this text;
    None: after all that came before, in the order given."""

    @property
    def position(self) -> Position:
        """Where it stands in the order of decisions."""
        return (self.order or 0, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one document is to those before it, why, and whether it may be published."""

    id: str
    """The document."""
    cluster: str
    """Id of its cluster of versions: the id of its first document in the order of decisions."""
    relation: str
    """new, duplicate, contained_in, contains, same_form or split_from."""
    kind: str | None = None
    """duplicate: exact, normalized, edited, light, heavy; contained_in: excerpt or part; contains: fuller or glue."""
    of: tuple[str, ...] = ()
    """The documents the relation points at, best first."""
    score: float | None = None
    """Share 0..1 of this text found in the first of `of`."""
    partner_score: float | None = None
    """Share 0..1 of the text of the first of `of` found in this one."""
    density: float | None = None
    """Share 0..1 of the 5-grams of the sparser matched side that are matched."""
    rule: str = "new"
    """Name of the rule that decided; of a new text where not everything could be looked at: `capped` (more
    candidates than are verified), `too-long` (only its beginning was compared) or `beyond` (only the beginning of
    another one, with which it shares passages)."""
    conflicts: tuple[str, ...] = ()
    """The facts that differ, `here/there`, at most eight."""
    form_id: str | None = None
    """Shared by texts of one form with other facts: the id of the first of them."""
    published: bool = True
    """Whether policy lets it stand in the corpus."""
    reason: str | None = None
    """Why not: duplicate, contained_in, or glued; None: it is published."""
    spans: tuple[tuple[int, int], ...] = ()
    """Code point spans of the text to publish, for split_from; empty: the whole text."""
    whole_title: str | None = None
    """The document of the cluster whose title shows that this one's was cut short; None: none does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deduped:
    """What one batch brought."""

    decisions: tuple[Decision, ...]
    """One for every item, in input order."""
    revised: tuple[Decision, ...]
    """Earlier documents whose relation or publication this batch changed."""
    left: int = 0
    """Documents that should have been decided again and were not, because there were too many (neighbours.MOST)."""
    partly: Mapping[str, str] = field(default_factory=dict)
    """Id of each document that was not compared with all there is, or not to its end → the rule that bounds it
    (comparison.PARTLY)."""
    by_heads: tuple[str, ...] = ()
    """Ids of the clusters that changed and have more copies than decide which one is published (index.HEADS)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One document as the index remembers it: all but its text."""

    decision: Decision
    """What it is to the others."""
    found: Decision
    """What the comparison with the documents before it said, whatever became of it since; without its cluster and
    form, which later ones change."""
    order: int
    """Its place in the order of decisions."""
    print: int
    """64-bit hash of id and text: another text, another print, so that what was said of the old one lapses."""
    text_hash: int
    """64-bit hash of the comparison key, furniture stripped."""
    digest: int
    """64-bit hash of the text as it stands."""
    size: int
    """Code points of the text."""
    length: int
    """Characters of the comparison key."""
    sketched: int
    """Hashes in its sketch."""
    represents: bool
    """Whether its sketch is in the index."""
    site: str
    """Host name."""
    url: str
    """Address."""
    title: str
    """Title, or empty."""
    published_on: date | None
    """Day of publication."""
    fetched_at: datetime | None
    """When it was captured."""
    origin_name: str | None
    """The original publisher it names."""
    site_name: str | None
    """Its own site's name."""
    native: bool
    """Whether the script is native."""
    flaws: int
    """Kinds of known damage."""

    @property
    def id(self) -> str:
        """The document."""
        return self.decision.id

    @property
    def position(self) -> Position:
        """Where it stands in the order of decisions."""
        return (self.order, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One document found in relation to another, with the evidence."""

    id: str
    """The document that was compared."""
    of: str
    """The earlier document."""
    print: int
    """Print of the first when it was compared."""
    of_print: int
    """Print of the other."""
    relation: str
    """duplicate, contained_in, contains or same_form, from the first document's side."""
    kind: str | None
    """edited, light or heavy; for contained_in and contains whether the held text is an excerpt or glued to another."""
    score: float
    """Share of the first text found in the other."""
    partner_score: float
    """Share of the other text found in the first."""
    density: float
    """Share of matched grams inside the matched runs."""
    rule: str
    """Rule that decided."""
    conflicts: tuple[str, ...]
    """Facts that differ."""
    span: tuple[int, int] | None
    """Where in the holder's text the held one stands, for contained_in and contains."""
