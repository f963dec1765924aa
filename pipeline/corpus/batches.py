"""Work over many captures, cut into batches of references; and what is said of an item that broke its worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

R = TypeVar("R")

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
class Steps(Generic[R]):
    """What is done with a batch, cut where files are read and written: between, nothing of the builder's is seen.

    Who sees the folders calls it; a worker that does not gets what was gathered, and what it made is kept for it.
    """

    gather: Callable[[Batch], Any]
    """What the work takes, out of the files."""
    work: Callable[[Any], Any]
    """What comes of it, without any file."""
    keep: Callable[[Batch, Any], R]
    """What the batch gives back, once what was made stands where it belongs."""
    whole: Callable[[Batch], R] | None = None
    """All three at once, where that is another thing."""

    def __call__(self, batch: Batch) -> R:
        """The three steps, one after the other."""
        if self.whole is not None:
            return self.whole(batch)
        return self.keep(batch, self.work(self.gather(batch)))


def as_made(_batch: Batch, made: R) -> R:
    """For `keep`: what was made is what the batch gives back."""
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A single item that kills, hangs or breaks its worker."""

    batch: Batch
    """The item: a batch of one."""
    why: str
    """killed, timeout, or the exception's name and message."""
