"""Shards: which words of a source file make another shard of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.corpus.shards import source_fingerprint
from pipeline.records import Selector, Source

EXAMPLE = Source(name="example", home="https://news.example/")


def test_a_source_that_says_nothing_of_extraction_has_no_fingerprint() -> None:
    assert source_fingerprint(replace(EXAMPLE, delay=9.0, terms="CC0", include=("*",))) == ""


@pytest.mark.parametrize(
    "said",
    [
        {"body": (Selector(css="p"),)},
        {"drop": (Selector(css="p"),)},
        {"charset": "gbk"},
        {"extractor": "container"},
        {"extractor": "trafilatura"},
    ],
)
def test_what_a_source_says_of_extraction_is_its_fingerprint(said: dict[str, Any]) -> None:
    prints = {source_fingerprint(replace(EXAMPLE, **each)) for each in (said, {}, {"charset": "big5"})}
    assert len(prints) == 3
