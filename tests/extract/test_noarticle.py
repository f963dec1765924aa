"""Pages without an article: each has the reason of its kind, and no article is taken for one of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.extract import extract_page
from pipeline.extract.layout import read_layout
from pipeline.extract.noarticle import _links_only, _shown
from pipeline.records import Reason, Selector, Source
from pipeline.rules import table

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases" / "noarticle.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_why_a_page_has_no_article(case: dict[str, str | None]) -> None:
    page = extract_page(str(case["html"]).encode(), url="https://a.example/1")
    assert page.reason == case["reason"]
    assert bool(page.articles) == (case["reason"] is None)


def test_what_a_source_names_as_its_body_is_read() -> None:
    case = next(case for case in CASES if case["reason"] == "list_page")
    source = Source(name="a", home="https://a.example/", body=(Selector(css="div.list"),))
    page = extract_page(str(case["html"]).encode(), url="https://a.example/1", source=source)
    assert page.reason is None


def test_every_notice_is_of_a_known_kind() -> None:
    assert {row[0] for row in table("notices")} == {"verify", "login", "deleted", "seen", "said"}
    assert all(len(row) == 3 and row[2] for row in table("notices"))


class NeverScanned(list[int]):
    """Lines in which none is looked up one by one: that of all lines among all takes the square of their number."""

    def __contains__(self, _: object) -> bool:
        raise AssertionError("looked up in a list")


def test_what_was_read_is_looked_up_in_constant_time() -> None:
    html = "<div>" + "".join(f"<p><a href=/{n}.html>河边步道第{n}段</a></p>" for n in range(40)) + "</div>"
    layout = read_layout(LexborHTMLParser(html))
    read = NeverScanned(range(3))
    assert list(_shown(layout, read, 1.0)) == []
    assert _links_only(layout, read) == Reason.LIST_PAGE
