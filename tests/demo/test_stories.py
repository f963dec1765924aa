"""The sample site's articles are well-formed, written as the corpus wants them, and not copies of each other."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest

from pipeline.demo.damage import MARKUP, TEXT
from pipeline.demo.sites import SITES
from pipeline.demo.stories import ARTICLES, PAGE_BREAK, Story, stories, turned

ALL = stories()
PUBLISHED = [one for one in ALL if one.reason is None]
HAN = re.compile(r"[\u4e00-\u9fff]")
ASCII_MARK = re.compile(r"[\u4e00-\u9fff][,:;?!()\"']|[,:;?!()\"'][\u4e00-\u9fff]")
LOOSE = re.compile(r"[\u4e00-\u9fff] +\S|\S +[\u4e00-\u9fff]")
OPENING = {"“": "”", "《": "》", "（": "）"}


def named(one: Story) -> str:
    return one.slug


def grams(one: Story) -> set[str]:
    text = "".join(HAN.findall("".join(one.body)))
    return {text[at : at + 5] for at in range(len(text) - 4)}


def unpaired(line: str) -> Iterator[str]:
    for opening, closing in OPENING.items():
        if line.count(opening) != line.count(closing):
            yield opening


def test_there_are_enough() -> None:
    assert len([one for one in ALL if one.path]) >= 40
    assert {one.site for one in ALL} == set(SITES)
    assert len({one.section for one in PUBLISHED}) >= 20


def test_no_file_is_left_unread() -> None:
    printed = {path.name.removesuffix(".printed.txt") for path in ARTICLES.glob("*.printed.txt")}
    assert printed <= {one.slug for one in ALL}
    assert {path.stem for path in (ARTICLES / "forms").glob("*.txt")} <= {one.of for one in ALL}


def test_addresses_are_unique() -> None:
    addresses = [(SITES[one.site].server, one.path) for one in ALL if one.path]
    assert len(addresses) == len(set(addresses))


@pytest.mark.parametrize("one", ALL, ids=named)
def test_known_names(one: Story) -> None:
    assert set(one.damage) <= set(TEXT) | set(MARKUP)
    assert len(one.printed) == len(one.body)
    slugs = {other.slug for other in ALL}
    assert one.glued_below is None or one.glued_below in slugs
    assert one.relation in (None, "same_form") or one.of in slugs


@pytest.mark.parametrize("one", PUBLISHED, ids=named)
def test_length(one: Story) -> None:
    assert 300 <= len(HAN.findall("".join(one.body))) <= 1500


@pytest.mark.parametrize("one", PUBLISHED, ids=named)
@pytest.mark.parametrize("turn", [1, 2])
def test_written_in_the_form_of_the_corpus(one: Story, turn: int) -> None:
    for line in (one.title, *turned(one, turn)[0]):
        if line == PAGE_BREAK:
            continue
        line = line.removeprefix("## ")
        assert not ASCII_MARK.search(line), line
        assert not LOOSE.search(line), line
        assert not list(unpaired(line)), line
        assert "…" not in line.replace("……", ""), line


@pytest.mark.parametrize("one", PUBLISHED, ids=named)
def test_paragraphs_end_as_sentences(one: Story) -> None:
    for line in one.body:
        if len(line) > 30 and line != PAGE_BREAK:
            assert line[-1] in "。！？……”：", line


def test_only_declared_copies_are_alike() -> None:
    own = [one for one in PUBLISHED if one.relation is None and one.of is None]
    sets = {one.slug: grams(one) for one in own}
    alike = [
        (left, right)
        for left, right in itertools.combinations(sets, 2)
        if len(sets[left] & sets[right]) >= 0.1 * min(len(sets[left]), len(sets[right]))
    ]
    assert alike == []


def test_declared_copies_are_alike() -> None:
    by_slug = {one.slug: one for one in ALL}
    for one in ALL:
        if one.reason in ("duplicate", "contained_in"):
            assert one.of is not None
            original = grams(by_slug[one.of])
            assert len(grams(one) & original) > 0.85 * len(grams(one)), one.slug
    forms = [one for one in ALL if one.relation == "same_form"]
    assert len(forms) >= 6
    assert len({one.title for one in forms}) == len(forms)


def test_two_turns_differ_as_declared() -> None:
    assert [one.slug for one in ALL if one.turns == (1,)]
    assert [one.slug for one in ALL if one.turns == (2,)]
    changed = [one for one in ALL if turned(one, 1) != turned(one, 2)]
    assert changed == [one for one in ALL if one.later]
    assert changed
