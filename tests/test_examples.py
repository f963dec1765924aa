"""The declarations of `sources/examples`, each held against a page, a list and addresses in its site's form.

A folder of `tests/examples` bears the name of a declaration. It holds `page.html` (a text of our own in the site's
markup, bytes as the site would send them), `list.xml` or `list.html` (the first of its lists) and `expected.json`: the
page's address, facts, body lines and captions, the `links` the list leads to, addresses `refused`, and `known`: the
fields that extraction still gets wrong, each with what it does (of a body nothing may be missing).
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.crawl.discover import links_of
from pipeline.crawl.scope import on_own_site, scope_of, unwanted
from pipeline.extract import extract_page
from pipeline.records import Kind, Source
from pipeline.sources import load
from pipeline.web.urls import fetch_form

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
SOURCES = ROOT / "sources"
PAGES = Path(__file__).parent / "examples"
EXAMPLES = {source.name: source for source in load(SOURCES / "examples")}
LEAST = 30
"""Declarations that ship at least."""

each = pytest.mark.parametrize("name", EXAMPLES)


def expected(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PAGES / name / "expected.json").read_text("utf-8"))
    return found


def wrong(name: str, source: Source) -> dict[str, object]:
    """What the page of an example, read for `source`, says otherwise than expected: field → what it says."""
    wanted = expected(name)
    page = extract_page((PAGES / name / "page.html").read_bytes(), url=wanted["url"], source=source)
    if len(page.articles) != 1:
        return {"articles": page.reason or len(page.articles)}
    (article,) = page.articles
    got = {
        "title": article.title,
        "author": article.author,
        "published_on": article.published_on and article.published_on.isoformat(),
        "origin_name": article.origin_name,
        "body": _bare(article.extracted.split("\n")),
        "captions": list(article.captions),
        "encoding": page.encoding,
    }
    return {
        key: value for key, value in got.items() if value != (wanted | {"body": _bare(wanted["body"])})[key]
    }


def _bare(lines: list[str]) -> list[str]:
    return [bare for line in lines if (bare := "".join(line.split()))]


def first_list(source: Source) -> tuple[Kind, str]:
    kinds = (Kind.FEED, source.feeds), (Kind.SITEMAP, source.sitemaps)
    named = [(kind, url) for kind, urls in kinds for url in urls]
    return (*named, *((Kind.LISTING, listing.url) for listing in source.listings))[0]


def test_there_are_enough_and_none_is_enabled() -> None:
    assert len(EXAMPLES) >= LEAST
    assert f"holds {len(EXAMPLES)} declarations" in README.read_text("utf-8")
    assert load(SOURCES) == ()
    assert sorted(EXAMPLES) == sorted(folder.name for folder in PAGES.iterdir())
    hants = [name for name in EXAMPLES if ", Traditional" in _text(name)]
    assert min(len(hants), len(EXAMPLES) - len(hants)) >= 10
    assert sum(expected(name)["encoding"] == "gb18030" for name in EXAMPLES) >= 3


def _text(name: str) -> str:
    return (SOURCES / "examples" / f"{name}.toml").read_text("utf-8")


@each
def test_it_says_what_is_not_known(name: str) -> None:
    head, _, rest = _text(name).partition("\n\n")
    assert "not checked live" in head
    assert "\n# Known from: " in head
    assert "\n# Uncertain: " in head
    assert rest
    assert EXAMPLES[name].terms.endswith("not cleared")


@each
def test_it_is_polite_and_expects_something(name: str) -> None:
    source = EXAMPLES[name]
    assert source.delay >= 5
    assert source.every >= 1800
    assert source.expect_links >= 5
    assert 0.3 <= source.expect_kept <= 0.5
    bare = scope_of(replace(source, feeds=(), sitemaps=(), listings=()))
    assert all(on_own_site(bare, url) for url in source.addresses)


@each
def test_its_patterns_take_articles_and_nothing_else(name: str) -> None:
    wanted, scope = expected(name), scope_of(EXAMPLES[name])
    assert len(wanted["refused"]) >= 4
    taken = {url: unwanted(scope, fetch_form(url) or "") for url in (wanted["url"], *wanted["refused"])}
    assert [url for url, reason in taken.items() if reason is None] == [wanted["url"]]


@pytest.mark.parametrize("name", [name for name, source in EXAMPLES.items() if source.exclude])
def test_its_exclude_patterns_refuse_what_include_takes(name: str) -> None:
    source = EXAMPLES[name]
    for pattern in source.exclude:
        others = tuple(other for other in source.exclude if other != pattern)
        scope = scope_of(replace(source, exclude=others))
        assert any(unwanted(scope, url) is None for url in expected(name)["refused"]), pattern


@each
def test_its_list_leads_to_articles(name: str) -> None:
    source, wanted = EXAMPLES[name], expected(name)["links"]
    kind, url = first_list(source)
    body = (PAGES / name / ("list.html" if kind == Kind.LISTING else "list.xml")).read_bytes()
    assert len(wanted) == 5
    assert [link.url for link in links_of(scope_of(source), kind, body, url).links] == wanted


@each
def test_its_page_is_read(name: str) -> None:
    wanted, found = expected(name), wrong(name, EXAMPLES[name])
    assert found.keys() == wanted.get("known", {}).keys()
    if "body" in found:
        lines = found["body"]
        assert isinstance(lines, list)
        assert [line for line in lines if line in _bare(wanted["body"])] == _bare(wanted["body"])


@pytest.mark.parametrize("name", [name for name, source in EXAMPLES.items() if source.body or source.drop])
def test_selectors_stand_only_where_they_are_needed(name: str) -> None:
    assert wrong(name, replace(EXAMPLES[name], body=(), drop=())) != wrong(name, EXAMPLES[name])


@pytest.mark.parametrize("name", [name for name, source in EXAMPLES.items() if source.listings])
def test_the_selector_of_a_listing_finds_less_than_all_links(name: str) -> None:
    source = EXAMPLES[name]
    _, url = first_list(source)
    body = (PAGES / name / "list.html").read_bytes()
    everywhere = replace(source, include=(), exclude=())
    every_link = replace(everywhere, listings=tuple(replace(x, links="a[href]") for x in source.listings))
    chosen, all_of_them = (
        links_of(scope_of(each), Kind.LISTING, body, url) for each in (everywhere, every_link)
    )
    assert len(chosen.links) < len(all_of_them.links)
