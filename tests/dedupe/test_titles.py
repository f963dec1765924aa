"""Which titles of the copies of an article are cut short, and which go on with something else."""

from __future__ import annotations

import pytest

from pipeline.dedupe.titles import LOOKED_AT, whole_titles


@pytest.mark.parametrize(
    ("title", "other", "is_cut"),
    [
        ("没人能复制Chat", "没人能复制ChatGPT", True),
        ("村里的旧磨坊又", "村里的旧磨坊又转了起来", True),
        ("村里的旧磨坊……", "村里的旧磨坊又转了起来", True),
        ("村里的旧磨坊...", "村里的旧磨坊：三年以后", True),
        ("“村里的旧磨坊又", "村里的“旧磨坊”又转了起来", True),
        ("村里的旧磨坊2", "村里的旧磨坊2026年转了起来", True),
        ("村里的旧磨坊", "村里的旧磨坊（图）", False),
        ("村里的旧磨坊", "村里的旧磨坊 又转了起来", False),
        ("村里的旧磨坊", "村里的旧磨坊：三年以后", False),
        ("村里的旧磨坊", "村里的旧磨坊_示例网", False),
        ("村里的旧磨坊", "村里的旧磨坊12条评论", False),
        ("村里的旧磨坊", "村里的旧磨坊又转了起……", False),
        ("村里的旧磨坊", "“村里的旧磨坊”", False),
        ("旧磨坊又", "旧磨坊又转了起来", False),
        ("等等……", "等等看", False),
        ("村里的新磨坊", "村里的旧磨坊又转了起来", False),
        ("", "村里的旧磨坊又转了起来", False),
    ],
)
def test_a_title_is_cut_where_that_of_a_copy_goes_on(title: str, other: str, is_cut: bool) -> None:
    assert whole_titles([("a", title), ("b", other)]) == ({"a": "b"} if is_cut else {})
    assert whole_titles([("b", other), ("a", title)]) == ({"a": "b"} if is_cut else {})


def test_the_first_copy_that_has_it_is_named_and_the_shortest_that_goes_on() -> None:
    whole = "村里的旧磨坊又转了起来"
    copies = [("a", whole[:7]), ("b", f"{whole}了"), ("c", whole), ("d", whole), ("e", whole[:7])]
    assert whole_titles(copies) == {"a": "c", "c": "b", "d": "b", "e": "c"}


def test_subtitles_do_not_hide_what_goes_on_unless_there_are_too_many() -> None:
    title = "村里的旧磨坊"
    many = [(str(n), f"{title}（{sign}）") for n, sign in enumerate("一七三上下不与世丙业丛东丝两严乐")]
    assert len(many) == LOOKED_AT
    last = ("last", f"{title}龟")
    assert whole_titles([("a", title), *many[1:], last])["a"] == "last"
    assert "a" not in whole_titles([("a", title), *many, last])
