"""The page of a listing after one, however it is called and however far back it is."""

from __future__ import annotations

import pytest

from pipeline.crawl.pagination import older_page

HERE = "https://news.example.cn/list/index_140.html"
NEXT = "https://news.example.cn/list/index_141.html"


@pytest.mark.parametrize(
    "links",
    [
        "<a href='index_139.html'>上一页</a><a href='index_141.html'>下一页</a>",
        "<a href='/list/index_141.html'> 下页 </a>",
        "<a href='index_1.html'>1</a><a href='index_140.html'>140</a><a href='index_141.html'>141</a>",
        "<link rel=next href='/list/index_141.html'><a href='/other.html'>下一页</a>",
        "<a href='index_999.html'>141</a><a class=n rel='nofollow next' href='index_141.html'>→</a>",
        "<a href='index_141.html'>Older posts</a>",
        "<base href='/list/'><a href='index_141.html'>&gt;</a>",
    ],
)
def test_the_next_page_is_found(links: str) -> None:
    assert older_page(f"<html><body>{links}</body></html>", HERE, 140) == NEXT


@pytest.mark.parametrize("number", [1, 2, 9])
def test_a_page_that_is_a_folder_of_its_own_is_found(number: int) -> None:
    here = "https://news.example.cn/list" + (f"/{number}" if number > 1 else "")
    links = f"<a href='/list/{number + 1}'>下一页</a>"
    assert older_page(links, here, number) == f"https://news.example.cn/list/{number + 1}"


def test_raw_han_in_the_query_is_sent_as_the_page_is_encoded() -> None:
    links = "<a href='/list.asp?lb=渠&amp;page=2'>下一页</a>"
    at = "https://news.example.cn/list.asp?lb=%C7%FE"
    assert older_page(links, at, 1, "gbk") == "https://news.example.cn/list.asp?lb=%C7%FE&page=2"


@pytest.mark.parametrize(
    "links",
    [
        "<a href='/a/141.html'>第141篇：渠边的老槐树</a>",
        "<a href='index_140.html'>下一页</a>",
        "<a href='https://elsewhere.example/2'>下一页</a>",
        "<a href='javascript:go(141)'>下一页</a>",
        "<a href='/a/9.html'>下一篇</a>",
        "",
    ],
)
def test_what_is_no_next_page_is_not_followed(links: str) -> None:
    assert older_page(f"<html><body>{links}</body></html>", HERE, 140) is None
