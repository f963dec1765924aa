"""Facts of one page in order: what every room does with `records.Right`."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.records import RIGHTS_PLACES, Right

MOST = 64
"""Facts kept of one page; real ones say fewer than twenty, all crawlers of the table by name included."""

LONGEST = 200
"""Code points kept of what was said."""


def ordered(rights: Iterable[Right]) -> tuple[Right, ...]:
    """The facts in the order of their places, each once, cut to LONGEST and MOST."""
    cut = dict.fromkeys(Right(name=r.name, place=r.place, said=r.said[:LONGEST]) for r in rights)
    return tuple(sorted(cut, key=lambda right: RIGHTS_PLACES.index(right.place))[:MOST])
