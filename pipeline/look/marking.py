"""Two texts laid beside each other, with what differs marked: by lines first, then within the lines that changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby

LINES = 2_000
"""Lines of a text that are compared one by one; of a longer one the rest counts as changed."""

COMPARED = 2_000
"""Code points of both sides of a changed passage that are compared one by one: that is quadratic."""

AROUND = 1
"""Unchanged lines that are shown beside changed ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of a line."""

    text: str
    changed: bool = False
    """Whether the other text has something else here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A line before and after."""

    before: tuple[Piece, ...] = ()
    """Empty: the line is new."""
    after: tuple[Piece, ...] = ()
    """Empty: the line is gone."""
    left_out: int = 0
    """Not a line, but so many unchanged ones that are not shown."""

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return self.before == self.after


def pairs(before: str, after: str) -> list[Pair]:
    """The lines of two texts, those that go together in one pair."""
    old, new = before.split("\n"), after.split("\n")
    found = []
    for tag, a, b, c, d in SequenceMatcher(None, old[:LINES], new[:LINES], autojunk=False).get_opcodes():
        if tag == "equal":
            found += [Pair(before=(Piece(text=line),), after=(Piece(text=line),)) for line in old[a:b]]
        else:
            found += _changed(old[a:b], new[c:d])
    if old[LINES:] or new[LINES:]:
        found += _changed(["\n".join(old[LINES:])] if old[LINES:] else [], ["\n".join(new[LINES:])])
    return found


def changes_of(before: str, after: str) -> list[Pair]:
    """The pairs that differ and their neighbours; between them, how many are left out."""
    all_of = pairs(before, after)
    near = {
        n
        for place, pair in enumerate(all_of)
        if not pair.same
        for n in range(place - AROUND, place + AROUND + 1)
    }
    shown: list[Pair] = []
    for kept, group in groupby(enumerate(all_of), lambda one: one[0] in near):
        of_group = [pair for _, pair in group]
        shown += of_group if kept else [Pair(left_out=len(of_group))]
    return shown


def _changed(old: Sequence[str], new: Sequence[str]) -> list[Pair]:
    """Lines that were replaced: beside each other while both sides have some, then what is over."""
    found = []
    for place in range(max(len(old), len(new))):
        if place >= len(old):
            found.append(Pair(after=(Piece(text=new[place], changed=True),)))
        elif place >= len(new):
            found.append(Pair(before=(Piece(text=old[place], changed=True),)))
        else:
            found.append(_within(old[place], new[place]))
    return found


def _within(before: str, after: str) -> Pair:
    if len(before) + len(after) > COMPARED:
        return Pair(before=(Piece(text=before, changed=True),), after=(Piece(text=after, changed=True),))
    places = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return Pair(
        before=tuple(Piece(text=before[a:b], changed=tag != "equal") for tag, a, b, _, _ in places if a < b),
        after=tuple(Piece(text=after[c:d], changed=tag != "equal") for tag, _, _, c, d in places if c < d),
    )
