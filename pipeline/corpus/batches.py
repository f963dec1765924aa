"""Work over many captures, cut into batches of references; and what is said of an item that broke its worker."""

from __future__ import annotations

from dataclasses import dataclass

PER_BATCH = 64
"""About a second of work: long enough to hide the call, short enough to lose little with a killed worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A run of items of one file."""

    file: str
    """Which file; what it is relative to is the function's business."""
    start: int
    """Index of the first item, from 0."""
    count: int
    """Number of items, at least 1."""

    def halves(self) -> tuple[Batch, Batch]:
        """The batch cut in two."""
        left = self.count // 2
        return (
            Batch(file=self.file, start=self.start, count=left),
            Batch(file=self.file, start=self.start + left, count=self.count - left),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A single item that kills, hangs or breaks its worker."""

    batch: Batch
    """The item: a batch of one."""
    why: str
    """killed, timeout, or the exception's name and message."""
