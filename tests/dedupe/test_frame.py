from __future__ import annotations

import random

import pytest

from pipeline.dedupe.frame import own_titles, two_articles
from pipeline.dedupe.prepared import schema
from pipeline.dedupe.sketch import shingles, text_key
from tests.corpus.articles import sentences


def program(seed: int) -> str:
    """Lines of code of words of its own."""
    chance = random.Random(seed)
    words = [
        "".join(chance.choice("bcdfgklmnprst") + chance.choice("aeiou") for _ in range(3)) for _ in range(30)
    ]
    return "\n".join(" ".join(chance.sample(words, 6)) for _ in range(12))


def test_two_programs_under_one_notice_are_two_articles() -> None:
    notice = "".join(sentences(1)[:6])
    one, other, longer = (
        shingles(text_key(f"{notice}\n{text}"))
        for text in (program(1), program(2), program(1).replace("\n", "\nand then "))
    )
    shared = two_articles(one, other, ("", ""))
    assert shared is not None
    assert 0 < shared < 0.5
    assert two_articles(one, longer, ("", "")) is None


def test_what_two_articles_share_stands_round_them_in_one_place() -> None:
    """A page of an article and its source have each their own too: a frame, and code here and there."""
    one, other, text = (sentences(seed, 30) for seed in (1, 2, 3))
    menu, code = "\n".join(sentences(4, 8)), program(5).split("\n")
    source = "\n".join(line for pair in zip(text, [*code, *code[::-1]] * 2, strict=False) for line in pair)
    page = f"{menu}\n" + "\n".join(text)
    head = "\n".join(code[:3])
    for a, b, found in (
        (page, source, None),
        (page, f"{head}\n" + "\n".join(text), 0.0),  # so short that two alone show no frame
        ("\n".join([*one[:16], *text]), "\n".join([*other[:16], *text]), 0.6),
        ("\n".join([*text, *one[:16]]), "\n".join([*text, *other[:16]]), 0.6),
        ("\n".join([*one[:16], *text]), "\n".join([*text, *other[:16]]), None),
    ):
        keys = [shingles(text_key(each)) for each in (a, b)]
        assert two_articles(keys[0], keys[1], ("", "")) == (found and pytest.approx(found, abs=0.1))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('{"name": "甲", "age": 3, "place": "乙"}', {"name", "age", "place"}),
        ('{"name": "甲", "age": 3}', set()),
        (
            '{"a/x": {"type": 1, "says": "甲"}, "a/y": {"type": 2, "says": "乙"}, "b/z": {"type": 3}}',
            {"type", "says"},
        ),
        ('{"one": 1, "two": 2, "three": {"one": 3}, "four": 4}', {"one", "two", "three", "four"}),
        ("没有字段的一句话", set()),
        (
            f'{"一页讲怎样写一个文件的说明。" * 8}\n```\n{{"name": "甲", "age": 3, "place": "乙"}}\n```\n',
            set(),
        ),
    ],
)
def test_the_schema_of_several_records_is_what_recurs(text: str, names: set[str]) -> None:
    assert schema(text) == names


def test_the_name_of_a_book_is_no_word_of_its_chapters() -> None:
    assert own_titles("修船手册: 三、填缝", "修船手册: 四、刷油") == (" 三、填缝", " 四、刷油")
    assert own_titles("三孔石桥_旧镇网", "老船木_旧镇网") == ("三孔石桥", "老船木")
    assert own_titles("三孔石桥", "三孔石桥的碑") == ("三孔石桥", "三孔石桥的碑")
