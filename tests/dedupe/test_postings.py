from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedupe.postings import Postings

PAIRS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9)), max_size=12)


def added(postings: Postings, pairs: list[tuple[int, int]]) -> None:
    hashes, prints = (np.array([pair[at] for pair in pairs], np.uint64) for at in (0, 1))
    postings.add(hashes, prints)


def found(postings: Postings, hashes: set[int]) -> list[tuple[int, int]]:
    one, other = postings.find(np.array(sorted(hashes), np.uint64))
    return list(zip(one.tolist(), other.tolist(), strict=True))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(PAIRS, max_size=40), st.lists(PAIRS, max_size=20), st.sets(st.integers(0, 20)), st.integers(0, 9)
)
def test_what_was_added_is_found_in_memory_and_from_disk(
    before: list[list[tuple[int, int]]], after: list[list[tuple[int, int]]], asked: set[int], gone: int
) -> None:
    postings = Postings(None)
    for pairs in before:
        added(postings, pairs)
    with tempfile.TemporaryDirectory() as folder:
        postings.write(Path(folder) / "1", np.array([gone], np.uint64))
        kept = [pair for pairs in before for pair in pairs if pair[1] != gone]
        postings = Postings(Path(folder) / "1")
        for pairs in after:
            added(postings, pairs)
        expected = kept + [pair for pairs in after for pair in pairs]
        assert found(postings, asked) == sorted(pair for pair in expected if pair[0] in asked)
