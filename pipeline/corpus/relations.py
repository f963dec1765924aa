"""What dedupe takes in and gives out: a text with its provenance, and what it is to the others.

A relation is stated from the point of view of the document that carries it: `contained_in` means "my
text stands in the text of `of`".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

NEW = "new"
DUPLICATE = "duplicate"
CONTAINED_IN = "contained_in"
CONTAINS = "contains"
SAME_FORM = "same_form"
SPLIT_FROM = "split_from"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one document is to those before it, why, and whether it may be published."""

    id: str
    """The document."""
    cluster: str
    """Id of its cluster of versions: the id of the document that opened it."""
    relation: str
    """new, duplicate, contained_in, contains, same_form or split_from."""
    kind: str | None = None
    """duplicate: exact, normalized, light, heavy; contained_in: excerpt; contains: glue or fuller."""
    of: tuple[str, ...] = ()
    """The documents the relation points at, best first."""
    score: float | None = None
    """Share 0..1 of this text found in the first of `of`."""
    partner_score: float | None = None
    """Share 0..1 of the text of the first of `of` found in this one."""
    density: float | None = None
    """Share 0..1 of the 5-grams of the sparser matched side that are matched."""
    rule: str = "new"
    """Name of the rule that decided."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A result so unusual that a person should confirm it before it is published."""

    kind: str
    """source_loss, large_cluster or large_form."""
    subject: str
    """The site, the cluster id or the form id."""
    detail: str
    """The figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one batch brought."""

    decisions: tuple[Decision, ...]
    """One for every item, in input order."""
    revised: tuple[Decision, ...]
    """Earlier documents whose relation or publication this batch changed."""
    alarms: tuple[Alarm, ...]
    """What should be confirmed before publication."""
