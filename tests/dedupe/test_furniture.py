from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dedupe.furniture import edge_lines, is_metadata, kept_spans, masked
from tests.corpus.articles import article

HEAD, FOOT = "某某新闻网 > 国内 > 正文", "版权所有 某某新闻网 2023 未经授权禁止转载"


def page(number: int) -> str:
    return f"{HEAD}\n阅读：{number * 37}次\n{article(number)}\n{FOOT}"


def test_the_lines_of_a_page_are_those_at_its_edges_without_their_numbers() -> None:
    assert edge_lines(page(1))[:2] == [HEAD, "阅读：0次"]
    assert edge_lines(page(1)) == edge_lines(page(1) + "\n" + FOOT), "each once"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (" 2024年5月12日 第3版 阅读：1024 ", "0年0月0日 第0版 阅读：0"),
        ("SHA256 与 H5N1、4K 和 12a", "SHA256 与 H5N1、4K 和 12a"),
        ("第１２版", "第0版"),
        ("没有数字", "没有数字"),
    ],
)
def test_numbers_are_masked_but_those_within_a_word(line: str, expected: str) -> None:
    assert masked(line) == expected


def split(text: str, repeated: set[str]) -> tuple[str, list[str]]:
    """The text that is kept, and the lines that go."""
    spans = kept_spans(text, repeated)
    gaps = zip([0, *(end for _, end in spans)], [*(start for start, _ in spans), len(text)], strict=True)
    removed = [line for start, end in gaps for line in text[start:end].splitlines()]
    return "".join(text[start:end] for start, end in spans), [line for line in removed if line.strip()]


def test_stripping_leaves_the_article() -> None:
    repeated = {masked(HEAD), masked("阅读：1次"), masked(FOOT)}
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
    body = "\n".join(article(n, 40) for n in range(10))
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


def test_a_number_within_a_word_is_a_name() -> None:
    assert masked("第3页 2024年5月1日") == masked("第12页 2023年11月30日")
    assert masked("SHA256 校验和") != masked("SHA512 校验和")


def test_the_title_is_no_edge_line_where_it_has_a_number() -> None:
    text = "第8期 水情\n上游来水平稳。\n水情"
    assert edge_lines(text, "第8期 水情") == ["上游来水平稳。", "水情"]
    assert edge_lines(text, "水情") == ["第0期 水情", "上游来水平稳。", "水情"]
