"""Which copy of an article is published.

The canonical copy is chosen apart from the representative of its cluster: the representative is what new
texts are compared with and stays, the canonical copy changes when a better one arrives.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from statistics import median_high

from pipeline.dedupe.records import Member

COMPLETE, BLOATED = 0.85, 1.25
"""A copy shorter than the first share of the cluster's median is cut (a short article loses up to a tenth against
a copy that a site has framed); one longer than the second carries more than the article: pages with their frame and
glued ones are the longest, and the marin project found that keeping the longest kept the worse copy."""

_LATEST = datetime.max.replace(tzinfo=UTC)


def choose(members: Sequence[Member]) -> Member:
    """The copy to publish: sound, the original, native script, complete, early, and by id at last."""
    usual = median_high([member.length for member in members])
    origins = {member.origin_name for member in members if member.origin_name}

    def rank(member: Member) -> tuple[object, ...]:
        return (
            member.flaws,
            not _is_origin(member, origins),
            not member.native,
            not COMPLETE * usual <= member.length <= BLOATED * usual,
            member.published_on or date.max,
            member.fetched_at or _LATEST,
            member.id,
        )

    return min(members, key=rank)


def _is_origin(member: Member, origins: set[str]) -> bool:
    """Whether the copies name its site as the original publisher; that a page names nobody proves nothing."""
    return member.site_name is not None and member.site_name in origins
