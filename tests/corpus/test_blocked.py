"""Which rows must not come back: by address, by id, as the text, as a copy of it; and which may."""

from __future__ import annotations

from dataclasses import asdict
from itertools import permutations

import pytest

from pipeline.archive.blocklist import VALUES, Blocklist, url_hash
from pipeline.corpus.blocked import Blocked, signs
from pipeline.demo.stories import stories
from pipeline.records import Document
from tests.corpus.articles import article, sentences
from tests.corpus.rows import row

TEXT = article(1)


def blocked(*texts: str, **more: frozenset[str]) -> Blocked:
    told = signs(texts)
    return Blocked(
        Blocklist(
            texts=frozenset(value for kind, value in told if kind == "text"),
            near=tuple(tuple(int(v, 16) for v in value.split(",")) for kind, value in told if kind == "near"),
            **more,
        )
    )


def edited(every: int) -> str:
    """The text with a character in so many put into another."""
    return "".join("某" if n % every == every - 1 else char for n, char in enumerate(TEXT))


@pytest.mark.parametrize(
    ("text", "is_copy"),
    [
        (TEXT, True),
        (TEXT.replace("。", "．\n").replace("，", " , "), True),
        (TEXT[: len(TEXT) // 2] + "编者按一句。" + TEXT[len(TEXT) // 2 :], True),
        (edited(150), True),
        (f"{article(2)}\n下面是另一篇\n{TEXT}\n{article(3)}", True),
        (edited(12), False),
        ("".join(sentences(1)[: len(sentences(1)) // 2]), False),
        (article(2), False),
        ("", False),
    ],
    ids=["same", "marks", "insertion", "edited", "among others", "rewritten", "excerpt", "stranger", "empty"],
)
def test_a_copy_is_blocked_and_an_excerpt_is_not(text: str, is_copy: bool) -> None:
    assert blocked(TEXT).has_text(text) == is_copy
    assert blocked(article(5), TEXT, article(6)).has_text(text) == is_copy


def test_notices_of_one_form_with_other_facts_are_no_copies() -> None:
    notices = ["\n".join(story.body) for story in stories() if story.relation == "same_form"]
    assert len(notices) > 4
    for one, other in permutations(notices, 2):
        assert not blocked(one).has_text(other)


def test_a_short_text_blocks_its_equals_alone() -> None:
    notice = "本市明日停水，请储水备用。"
    assert blocked(notice).has_text("本市明日停水 请储水备用")
    assert not blocked(notice).has_text(f"{notice}{article(3)}")


def test_rows_are_known_by_address_and_id_and_copies_that_were_left_are_let_through() -> None:
    by_address = blocked(urls=frozenset({url_hash(row(1).url_key)}))
    assert by_address.blocks(row(1))
    assert not by_address.blocks(row(2))
    assert blocked(ids=frozenset({row(1).id})).blocks(row(1))
    copy = row(2, text=TEXT)
    assert blocked(TEXT).blocks(copy)
    assert not blocked(TEXT, kept=frozenset({copy.id})).blocks(copy)


def test_a_withheld_row_keeps_nothing_of_what_it_said() -> None:
    said = row(1, text=TEXT, extracted=TEXT, title="题目", title_raw="題目", author="某", captions=("图",))
    kept = blocked(ids=frozenset({said.id})).withhold(said)
    told = asdict(kept)
    assert {name: told.pop(name) for name in ("reason", "url", "url_key")} == {
        "reason": "takedown",
        "url": "",
        "url_key": "",
    }
    same = ("id", "capture", "source", "site", "part", "captured_at", "first_seen")
    assert {name: told.pop(name) for name in same} == {name: getattr(said, name) for name in same}
    defaults = asdict(Document(**{name: getattr(said, name) for name in same}, url="", url_key=""))
    assert told == {name: defaults[name] for name in told}
    other = row(2)
    assert blocked(TEXT).withhold(other) is other


def test_signs_are_fit_for_the_blocklist() -> None:
    found = signs([TEXT, TEXT, "短"])
    assert [kind for kind, _ in found] == ["text", "near", "text"]
    for kind, value in found:
        assert VALUES[kind].fullmatch(value)
    assert signs([""]) == []
