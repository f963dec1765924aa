"""What stands at each address: every text on its page, in its bytes, the same each time."""

from __future__ import annotations

import html
import re

import pytest

from pipeline.demo.damage import MARKUP, TEXT
from pipeline.demo.expected import Expected, expected, outcomes
from pipeline.demo.pages import Reply, build
from pipeline.demo.sites import SITES, part_path
from pipeline.demo.stories import PAGE_BREAK, Story, stories

BASES = ("http://127.0.0.1:1", "http://127.0.0.1:2")
PAGES = {turn: build(turn, *BASES) for turn in (1, 2)}
WANTED = {turn: expected(turn, *BASES) for turn in (1, 2)}


def reply(url: str, turn: int) -> Reply | None:
    server = "a" if url.startswith(BASES[0]) else "mirror"
    return PAGES[turn][server].get(url.removeprefix(BASES[0]).removeprefix(BASES[1]))


def named(one: Expected) -> str:
    return one.slug


def test_deterministic() -> None:
    assert build(1, *BASES) == PAGES[1]


def test_no_page_is_large() -> None:
    for pages in PAGES[1].values():
        assert all(len(one.body) < 32_768 for one in pages.values())


def test_no_field_is_left_open() -> None:
    for pages in PAGES[2].values():
        for path, one in pages.items():
            assert not re.search(rb"\$\{?[a-z]|\{[a-z]+\}", one.body.split(b"<script")[0]), path


@pytest.mark.parametrize("story", [one for one in stories() if one.path], ids=lambda one: one.slug)
def test_page_prints_its_paragraphs(story: Story) -> None:
    site = SITES[story.site]
    pages = PAGES[story.turns[0]][site.server]
    count = story.printed.count(PAGE_BREAK) + 1
    raw = "".join(pages[part_path(story.path, n)].body.decode(site.charset) for n in range(1, count + 1))
    assert ("&#" in raw) == ("entities" in story.damage)
    if set(story.damage) <= set(MARKUP):
        page = html.unescape(raw).replace("\xa0", "")
        for line in story.printed:
            assert line == PAGE_BREAK or line.removeprefix("## ") in page
        assert story.printed_title in page


def test_pages_change_only_where_declared() -> None:
    changed, gone, new = set(), set(), set()
    for server in ("a", "mirror"):
        before, after = PAGES[1][server], PAGES[2][server]
        gone |= before.keys() - after.keys()
        new |= after.keys() - before.keys()
        changed |= {path for path in before.keys() & after.keys() if before[path] != after[path]}
    assert gone == {one.path for one in stories() if one.turns == (1,)}
    assert new == {one.path for one in stories() if one.turns == (2,)}
    articles = {one.path for one in stories()}
    assert changed & articles == {one.path for one in stories() if one.later}
    assert {"/news/", "/news/feed.xml"} <= changed


def test_changed_pages_say_so() -> None:
    for one in stories():
        if one.later:
            before, after = (PAGES[turn]["a"][one.path].headers() for turn in (1, 2))
            assert before["ETag"] != after["ETag"]
            assert before["Last-Modified"] != after["Last-Modified"]


@pytest.mark.parametrize("one", WANTED[2], ids=named)
def test_answer_sheet_agrees_with_the_pages(one: Expected) -> None:
    turn = 1 if reply(one.url, 2) is None else 2
    assert reply(one.url, turn) is not None
    assert all(piece in one.text for piece in one.sentences)
    assert one.reason == "keyword_spam" or not any(piece in one.text for piece in one.absent)
    assert "## " not in one.text
    assert PAGE_BREAK not in one.text


def test_answer_sheet_of_each_turn() -> None:
    first, second = ({one.slug for one in WANTED[turn]} for turn in (1, 2))
    assert second - first == {one.slug for one in stories() if one.turns == (2,)}
    assert first < second
    texts = [{one.slug: one.text for one in WANTED[turn]} for turn in (1, 2)]
    assert {slug for slug in texts[0] if texts[0][slug] != texts[1][slug]} == {
        one.slug for one in stories() if one.later
    }


def test_parts_of_one_page() -> None:
    glued = [one for one in WANTED[1] if one.part == 2]
    assert len(glued) == 1
    assert any(one.url == glued[0].url and one.part == 1 for one in WANTED[1])


def test_outcomes_stand_at_linked_addresses() -> None:
    links = "".join(
        PAGES[1]["a"][folder].body.decode("gbk" if folder == "/gb/" else "utf-8")
        for folder in ("/gb/", "/news/")
    )
    for url in outcomes(BASES[0]):
        assert f'href="{url.removeprefix(BASES[0])}"' in links


@pytest.mark.parametrize("name", [*TEXT, *MARKUP])
def test_each_damage_damages(name: str) -> None:
    sample = "他说：“2026年的事……”——真的（？）。"
    change = TEXT.get(name) or MARKUP[name]
    assert change(sample) != sample
    assert change("没有可改之处") == "没有可改之处"


def test_markup_damage_is_only_another_spelling() -> None:
    sample = "“的”——"
    assert html.unescape(MARKUP["entities"](sample)) == sample
