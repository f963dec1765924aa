"""*Cluster*: the versions of one article on a time line, what each is to the others, and what two of them share.

The common passages are those that deduplication compares by: runs of 5-grams of the comparison keys, carried back to
the texts. So what is marked is what was measured, also where wording was rearranged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
from markupsafe import Markup

from pipeline.corpus.edition import CLUSTERS
from pipeline.corpus.read import hidden
from pipeline.dedupe import overlap
from pipeline.dedupe.canonical import choose
from pipeline.dedupe.index import DedupeIndex
from pipeline.dedupe.overlap import NOTHING, Side
from pipeline.dedupe.prepared import compared_spans, stripped
from pipeline.dedupe.records import Link, Member
from pipeline.dedupe.sketch import key_positions, shingles, text_key
from pipeline.errors import UsageError
from pipeline.look import pictures, rows
from pipeline.look.asked import Asked
from pipeline.look.marking import Piece
from pipeline.look.pictures import Point
from pipeline.records import WITHHELD

SHOWN = 100
"""So many members of a cluster are listed, the first of it and the published one among them."""

Way = Callable[[Member, Member], Member]

WAYS: tuple[tuple[str, Way], ...] = (
    ("it has the fewest damages", lambda member, best: replace(member, flaws=best.flaws)),
    ("the others name its site as their origin", lambda member, best: replace(member, origin_name=None)),
    ("its script is native", lambda member, best: replace(member, native=best.native)),
    (
        "it is complete, and no more than the article",
        lambda member, best: replace(member, length=best.length),
    ),
    ("it was published first", lambda member, best: replace(member, published_on=best.published_on)),
    ("it was captured first", lambda member, best: replace(member, fetched_at=best.fetched_at)),
)
"""What may have decided the choice of the canonical copy (dedupe/canonical.py): had all been alike in it, another would
have been chosen. In the order of that choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One of two texts laid beside each other."""

    member: Member
    title: str | None
    lines: tuple[tuple[Piece, ...], ...]
    """Its paragraphs, what the other has too marked."""
    share: float
    """Of its comparison key that the other has too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """What the page shows."""

    id: str
    """Of the cluster as it is now."""
    asked: str
    """The id asked for, which may be that of a cluster that this one took in."""
    version: str
    members: tuple[Member, ...]
    """In the order of decisions, at most SHOWN."""
    size: int
    """Members in all."""
    published: str | None
    """Id of the published copy; None: the cluster is withheld as a whole."""
    why: tuple[str, ...]
    """What decided for it; empty where nothing was to be chosen."""
    line: Markup
    """The time line."""
    beyond: tuple[Link, ...]
    """Links to documents of other clusters, with the evidence."""
    titles: dict[str, str]
    """Id → title of the documents at the ends of these links."""
    pair: tuple[Text, Text] | None
    """The published copy, or the one asked for, beside another; None: there are no two texts."""


def read(asked: Asked) -> Cluster:
    """*Cluster*; UsageError where the version knows none of this id."""
    folder, ident = asked.version, asked.path["id"]
    found = DedupeIndex.open(folder / CLUSTERS)
    now = found.root(ident)
    found.load_clusters([now])
    away = hidden(folder.parent)
    members = sorted(
        (member for member in found.members(now) if member.id not in away), key=lambda member: member.position
    )
    if not members:
        raise UsageError(f"{ident}: version {folder.name} knows no cluster of this id")
    published = next((member for member in members if member.decision.published), None)
    found.load_links([member.id for member in members[:SHOWN]])
    shown = members[:SHOWN]
    if published is not None and published not in shown:
        shown = [*shown[:-1], published]
    beyond = _beyond(found, shown, away)
    ends = {end for link in beyond for end in (link.id, link.of)}
    return Cluster(
        id=now,
        asked=ident,
        version=folder.name,
        members=tuple(shown),
        size=len(members),
        published=published.id if published is not None else None,
        why=_why(members, published),
        line=pictures.timeline(
            [_point(member) for member in shown], "The members of the cluster by their day"
        ),
        beyond=beyond,
        titles={end: member.title for end in ends if (member := found.get(end)) is not None},
        pair=_pair(found, folder, shown, published, asked),
    )


def _point(member: Member) -> Point:
    tone = "good" if member.decision.published else "bar"
    return Point(day=_day(member), label=member.site or member.id[:8], told=member.title, tone=tone)


def _day(member: Member) -> date | None:
    return member.published_on or (member.fetched_at.date() if member.fetched_at else None)


def _why(members: Sequence[Member], published: Member | None) -> tuple[str, ...]:
    """What decided for the published copy."""
    if published is None or len(members) < 2:
        return ()
    if choose(members).id != published.id:
        return ("it is the one of which the parts of a glued page are known",)
    told = tuple(
        words
        for words, alike in WAYS
        if choose([alike(member, published) for member in members]).id != published.id
    )
    return told or ("nothing else tells them apart but the id",)


def _beyond(found: DedupeIndex, members: Sequence[Member], away: frozenset[str]) -> tuple[Link, ...]:
    """The links of some members to documents of other clusters."""
    inside = {member.id for member in members}
    links = {
        (link.id, link.of, link.relation): link
        for member in members
        for link in found.links(member.id)
        if not {link.id, link.of} <= inside and not {link.id, link.of} & away
    }
    return tuple(links[key] for key in sorted(links))[:SHOWN]


def _pair(
    found: DedupeIndex, folder: Path, members: Sequence[Member], published: Member | None, asked: Asked
) -> tuple[Text, Text] | None:
    """Two texts with what they share; those asked for, else the published one and the first other."""
    by_id = {member.id: member for member in members}
    for name in ("left", "right"):
        if (said := asked.text(name)) and said not in by_id:
            raise UsageError(f"{name}={said}: no member of this cluster has this id")
    left = by_id.get(asked.text("left")) or published or members[0]
    others = [member for member in members if member.id != left.id]
    right = by_id.get(asked.text("right")) or next(iter(others), None)
    if right is None or right.id == left.id:
        return None
    texts = {
        row.id: row
        for row in rows.documents(folder, "id", [left.id, right.id])
        if row.reason is None or row.reason in WITHHELD
    }
    if not {left.id, right.id} <= texts.keys():
        return None
    repeated = [found.repeated_lines(member.site) for member in (left, right)]
    both = [texts[member.id].text for member in (left, right)]
    keys = [shingles(text_key(stripped(text, lines))) for text, lines in zip(both, repeated, strict=True)]
    measured = overlap.measure(*keys) or NOTHING
    one, two = (
        Text(
            member=member,
            title=texts[member.id].title,
            lines=_lines(text, passages(text, lines, side)),
            share=side.coverage,
        )
        for member, text, lines, side in zip(
            (left, right), both, repeated, (measured.a, measured.b), strict=True
        )
    )
    return one, two


def passages(text: str, repeated: frozenset[str], side: Side) -> list[tuple[int, int]]:
    """Where a text says what the other says too, in code points: its runs, joined over what is no letter."""
    if not side.runs:
        return []
    kept = np.concatenate([np.arange(start, end) for start, end in compared_spans(text, repeated)])
    positions = kept[key_positions(stripped(text, repeated))]
    found: list[tuple[int, int]] = []
    for first, last in side.runs:
        start, end = int(positions[first]), int(positions[last - 1]) + 1
        while end < len(text) and not text[end].isalnum() and text[end] != "\n":
            end += 1  # the full stop belongs to the sentence before
        if found and not any(char.isalnum() for char in text[found[-1][1] : start]):
            start = found.pop()[0]
        found.append((start, end))
    return found


def _lines(text: str, spans: Sequence[tuple[int, int]]) -> tuple[tuple[Piece, ...], ...]:
    """A text as lines of pieces, those inside of the spans marked."""
    lines, at = [], 0
    for line in text.split("\n"):
        edges = sorted(
            {0, len(line)} | {min(max(edge - at, 0), len(line)) for span in spans for edge in span}
        )
        pieces = [
            Piece(
                text=line[start:end],
                changed=any(first <= at + start and at + end <= last for first, last in spans),
            )
            for start, end in pairwise(edges)
        ]
        lines.append(tuple(pieces))
        at += len(line) + 1
    return tuple(lines)
