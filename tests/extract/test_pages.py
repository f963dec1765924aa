"""Golden pages: our own texts in the markup habits of site families, and a floor below which quality may not fall.

A folder holds `page.html` (bytes as a server would send them) and `expected.json`: the address and Content-Type,
the articles with their facts and body lines, strings that must be `absent`, lines that `maybe` stay (bylines),
fields where `any` value is fine, and the encoding or next part where the page is about them. A first draft
of both is what `corpus page record` writes.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pipeline.extract import extract_page
from pipeline.records import Page

PAGES = sorted((Path(__file__).parents[1] / "pages").glob("*/*/expected.json"))
FLOOR = 0.995
"""Mean bigram F over the golden pages; it only rises."""

LAYOUTS = 50


def _read(path: Path) -> tuple[dict[str, Any], Page]:
    expected = json.loads(path.read_text("utf-8"))
    body = (path.parent / "page.html").read_bytes()
    return expected, extract_page(body, url=expected["url"], content_type=expected.get("content_type", ""))


def _bare(line: str) -> str:
    return re.sub(r"\s+", "", line)


def _bigrams(text: str) -> Counter[str]:
    text = re.sub(r"[\W_]+", "", text)
    return Counter(text[i : i + 2] for i in range(len(text) - 1))


@pytest.mark.parametrize("path", PAGES, ids=lambda p: "/".join(p.parts[-3:-1]))
def test_page_reads_as_expected(path: Path) -> None:
    expected, page = _read(path)
    assert page.reason is None
    assert len(page.articles) == len(expected["articles"])
    for wanted, article in zip(expected["articles"], page.articles, strict=True):
        for field in {"title", "author", "origin_name"} - set(expected.get("any", [])):
            assert getattr(article, field) == wanted[field], field
        assert (article.published_on.isoformat() if article.published_on else None) == wanted["published_on"]
        maybe = {_bare(line) for line in expected.get("maybe", [])}
        kept = [line for line in article.extracted.split("\n") if _bare(line) not in maybe]
        assert [_bare(line) for line in kept] == [_bare(line) for line in wanted["body"]]
        assert list(article.captions) == wanted["captions"]
        assert not [noise for noise in expected["absent"] if noise in article.extracted]
    assert page.encoding == expected.get("declared", "utf-8")
    assert page.next_url == expected.get("next_url")


def test_the_layouts_are_covered() -> None:
    assert len(PAGES) >= LAYOUTS


def test_quality_floor() -> None:
    scores = []
    for path in PAGES:
        expected, page = _read(path)
        wanted = _bigrams("\n".join(line for a in expected["articles"] for line in a["body"]))
        got = _bigrams("\n".join(article.extracted for article in page.articles))
        scores.append(2 * (wanted & got).total() / (wanted.total() + got.total()))
    assert min(scores) >= 0.85
    assert sum(scores) / len(scores) >= FLOOR
