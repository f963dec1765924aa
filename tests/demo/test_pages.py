"""What stands at each address: every text on its page, in its bytes, the same each time."""

from __future__ import annotations

import html
import re

import pytest

from pipeline.demo.damage import MARKUP
from pipeline.demo.pages import build
from pipeline.demo.render import part_path
from pipeline.demo.sites import SITES
from pipeline.demo.stories import PAGE_BREAK, Story, stories

BASES = ("http://127.0.0.1:1", "http://127.0.0.1:2")
PAGES = {turn: build(turn, *BASES) for turn in (1, 2)}


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


def test_first_turn_does_not_name_what_is_yet_to_come() -> None:
    for coming in (one.path.encode() for one in stories() if one.turns == (2,)):
        assert not [path for path, one in PAGES[1]["a"].items() if coming in one.body]
