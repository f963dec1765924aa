"""Which document is a copy, an excerpt, a glued page or another instance of a form: the order of the steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pipeline.corpus.dedupe_index import DedupeIndex
from pipeline.corpus.relations import Item, Outcome


def dedupe(
    items: Sequence[Item], index: DedupeIndex, texts: Callable[[Sequence[str]], Mapping[str, str]]
) -> Outcome:
    """Compare a batch with all that the index knows and with itself, in order, and update the index.

    `texts` gives the stored texts of earlier documents by id; an id it does not give is not compared.
    An item whose id the index knows replaces that document's old state. Raises ValueError for an id
    given twice in one batch.
    """
    raise NotImplementedError


def fingerprint() -> str:
    """Hash of the code, rules and parameters of deduplication, hex."""
    raise NotImplementedError
