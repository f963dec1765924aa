"""Section, canonical address and site name of a page, and who decides between author and source."""

from __future__ import annotations

from typing import Any

import pytest

from tests.extract.facts import article, cases

DAY = "<div>2023-03-11 08:05</div>"


@pytest.mark.parametrize(
    ("above", "section"),
    [
        ("<div>首页 > 乡村 > 手艺</div>", "手艺"),
        ("<div>当前位置：首页 » 乡村 » 正文</div>", "乡村"),
        ("<div>您现在的位置：城北网 - 乡村</div>", "乡村"),
        ("<div>Home / 手艺 / 旧磨坊又转了起来</div>", "手艺"),
        ("<div>首页 > 正文</div>", None),
        ("<div>首页 乡村 手艺</div>", None),
        ("<div>乡村 > 手艺</div>", None),
        (f"<div>首页 > {'手艺' * 30}</div>", "手艺" * 20),
        ("<div>首页 > 乡村 > 手艺</div>" + "<p>城北</p>" * 11, "手艺"),
        ("<div>首页 > 乡村 > 手艺</div>" + "<p>城北</p>" * 12, None),
        ("<div>首页 > 乡村</div><div>首页 > 手艺</div>", "手艺"),
    ],
)
def test_section_is_the_last_step_of_the_breadcrumb_near_the_title(above: str, section: str | None) -> None:
    assert article({"above": above, "head": DAY}).section == section


@pytest.mark.parametrize(
    ("meta", "canonical"),
    [
        ('<link rel="canonical" href="/i/2">', "https://www.example.com/i/2"),
        ('<meta property="og:url" content="https://a.example/3">', "https://a.example/3"),
        (
            '<link rel="canonical" href="/i/2"><meta property="og:url" content="/i/3">',
            "https://www.example.com/i/2",
        ),
        ('<link rel="canonical" href="javascript:void(0)">', None),
        ('<link rel="canonical" href="http://[::1">', None),
        ('<link rel="canonical" href="">', None),
        ("", None),
    ],
)
def test_canonical_address_is_absolute_http_or_none(meta: str, canonical: str | None) -> None:
    assert article({"meta": meta, "head": DAY}).canonical_url == canonical


def test_site_name_and_day_are_those_of_the_page() -> None:
    found = article({"meta": '<meta property="og:site_name" content="城北网">', "head": DAY})
    assert (found.site_name, str(found.published_on), found.published_from) == (
        "城北网",
        "2023-03-11",
        "printed",
    )
    assert article({"head": DAY}).site_name is None


def test_one_name_beside_the_day_is_not_both_author_and_source() -> None:
    found = article({"head": "<div>来源：李小山</div><div>2023-03-11 李小山</div>"})
    assert (found.author, found.origin_name) == (None, "李小山")
    found = article({"head": "<div>城北报 2023-03-11 作者：城北报</div>"})
    assert (found.author, found.origin_name) == ("城北报", None)


@pytest.mark.parametrize("case", cases("reprint_terms"), ids=lambda case: case["why"])
def test_the_nearest_line_that_says_who_may_reprint(case: dict[str, Any]) -> None:
    assert article(case).reprint_terms == case["terms"]
