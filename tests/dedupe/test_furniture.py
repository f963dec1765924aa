from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dedupe.furniture import REPEATS, SiteLines, edge_lines, is_metadata, kept_spans, masked
from tests.corpus.articles import article

HEAD, FOOT = "某某新闻网 > 国内 > 正文", "版权所有 某某新闻网 2023 未经授权禁止转载"


def page(number: int) -> str:
    return f"{HEAD}\n阅读：{number * 37}次\n{article(number)}\n{FOOT}"


def two_articles(_: str) -> float:
    """What other documents are when each is an article of its own, in a frame that is small."""
    return 0.1


def learned(pages: list[str]) -> SiteLines:
    lines = SiteLines()
    for number, text in enumerate(pages):
        lines.learn(f"d{number}", edge_lines(text), two_articles)
    return lines


def test_lines_on_three_articles_are_furniture_whatever_their_numbers() -> None:
    lines = learned([page(n) for n in range(REPEATS)])
    assert lines.repeated == {masked(HEAD), masked("阅读：1次"), masked(FOOT)}


def test_lines_on_two_articles_are_not() -> None:
    assert not learned([page(1), page(2)]).repeated


def test_the_same_document_again_counts_once() -> None:
    lines = SiteLines()
    for _ in range(5):
        lines.learn("d1", edge_lines(page(1)), two_articles)
    assert not lines.repeated


def test_crossing_the_threshold_names_the_earlier_documents() -> None:
    lines = SiteLines()
    assert lines.learn("d1", [FOOT], two_articles) == set()
    assert lines.learn("d2", [FOOT], two_articles) == set()
    assert lines.learn("d3", [FOOT], two_articles) == {"d1", "d2"}
    assert lines.learn("d4", [FOOT], two_articles) == set()


def test_an_article_in_many_versions_counts_once() -> None:
    def shared(other: str) -> float | None:
        return None if other == "d0" else 0.1

    lines = SiteLines()
    for number in range(5):
        assert lines.learn(f"d{number}", [FOOT], shared) == set()
    assert list(lines.seen.values()) == [("d0",)]
    assert lines.learn("d5", [FOOT], two_articles) == set()
    assert lines.learn("d6", [FOOT], shared) == set()
    assert lines.learn("d7", [FOOT], two_articles) == {"d0", "d5"}


def test_two_articles_are_enough_for_a_frame_longer_than_they_are() -> None:
    lines = SiteLines()
    lines.learn("d1", [HEAD], two_articles)
    assert lines.learn("d2", [HEAD], lambda _: 0.5) == {"d1"}
    assert lines.repeated == {masked(HEAD)}


def test_a_page_is_compared_with_no_more_than_a_few() -> None:
    lines = SiteLines()
    asked: list[str] = []
    for number in range(50):
        lines.learn(f"d{number}", [f"第{chr(0x4E00 + number)}行"], two_articles)
    lines.learn("new", [f"第{chr(0x4E00 + number)}行" for number in range(50)], asked.append)
    assert len(asked) == 8


def split(text: str, repeated: set[str]) -> tuple[str, list[str]]:
    """The text that is kept, and the lines that go."""
    spans = kept_spans(text, repeated)
    gaps = zip([0, *(end for _, end in spans)], [*(start for start, _ in spans), len(text)], strict=True)
    removed = [line for start, end in gaps for line in text[start:end].splitlines()]
    return "".join(text[start:end] for start, end in spans), [line for line in removed if line.strip()]


def test_stripping_leaves_the_article() -> None:
    repeated = learned([page(n) for n in range(4)]).repeated
    kept, removed = split(page(9), repeated)
    assert kept.strip() == article(9)
    assert removed == [HEAD, "阅读：333次", FOOT]


def test_a_page_that_is_all_repeated_is_kept_whole() -> None:
    text = article(1)
    assert kept_spans(text, set(edge_lines(text))) == [(0, len(text))]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("来源：某某晚报  发布时间：2024-05-03 13:20  浏览：37次", True),
        ("責任編輯：王某　點擊數：12", True),
        ("文章来源：某某网 | 作者：佚名 | 2024年5月3日 08:00:12", True),
        ("作者：王某某，在本地的中学里教了三十年书，也写过几本关于县城的小册子，这是其中一本的序言", False),
        ("时间：2024年5月3日 地点：人民公园", False),
        ("2024年5月3日", False),
        ("记者：你怎么看这件事？", False),
    ],
)
def test_a_line_of_metadata_is_no_article(line: str, expected: bool) -> None:
    assert is_metadata(line) is expected
    text = f"{line}\n{article(1)}"
    assert split(text, set())[0] == (article(1) if expected else text)


def test_only_the_head_and_the_foot_are_stripped() -> None:
    body = "\n".join(article(n) for n in range(20))
    text = f"{body}\n{FOOT}\n{body}"
    assert kept_spans(text, {masked(FOOT)}) == [(0, len(text))]


@given(
    st.lists(st.sampled_from([HEAD, FOOT, "", "一句正文。" * 30, "另一句。" * 40])),
    st.sampled_from(["\n", "\r\n"]),
)
def test_nothing_is_lost(lines: list[str], end: str) -> None:
    text = end.join(lines)
    kept, removed = split(text, {masked(HEAD), masked(FOOT)})
    assert sorted([*kept.split(), *" ".join(removed).split()]) == sorted(text.split())


def test_old_lines_are_forgotten_but_not_what_is_known() -> None:
    lines = learned([page(n) for n in range(3)])
    lines.learn("d9", [f"只出现一次的第{chr(0x4E00 + n)}行" for n in range(5000)], two_articles)
    lines.forget()
    assert len(lines.seen) == 1000
    assert masked(FOOT) in lines.repeated
