"""What dedupe remembers between batches: members, links, redirects, site lines and sketches.

Persisted as hash-sorted Parquet segments, one for each publication and table; a segment never changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.corpus.relations import Decision


class DedupeIndex:
    """The state of deduplication: opened from a published version, changed in memory, written anew."""

    @classmethod
    def open(cls, folder: Path | None) -> DedupeIndex:
        """The state in the `clusters/` folder of a version, which stays as it is; None: an empty one."""
        raise NotImplementedError

    def write(self, folder: Path) -> None:
        """Write the state into a new folder: hard links to unchanged segments, a new one for the change."""
        raise NotImplementedError

    def remove(self, ids: Sequence[str]) -> tuple[Decision, ...]:
        """Forget documents (takedown) and return the decisions about others that this changes."""
        raise NotImplementedError

    def repeated_lines(self, site: str) -> frozenset[str]:
        """The lines, digits masked, that the site repeats at the head or foot of its pages."""
        raise NotImplementedError
