"""The answer sheet agrees with the pages and with itself."""

from __future__ import annotations

import pytest

from pipeline.demo.expected import Expected, expected, outcomes
from pipeline.demo.pages import Reply, build
from pipeline.demo.stories import PAGE_BREAK, stories

BASES = ("http://127.0.0.1:1", "http://127.0.0.1:2")
PAGES = {turn: build(turn, *BASES) for turn in (1, 2)}
WANTED = {turn: expected(turn, *BASES) for turn in (1, 2)}


def reply(url: str, turn: int) -> Reply | None:
    server = "a" if url.startswith(BASES[0]) else "mirror"
    return PAGES[turn][server].get(url.removeprefix(BASES[0]).removeprefix(BASES[1]))


def named(one: Expected) -> str:
    return one.slug


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
