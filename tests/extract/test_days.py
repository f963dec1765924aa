"""Days, times and changes in ten markups: what is the article's, what is something else's, what is reckoned."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.extract import extract_page
from pipeline.extract.modified import CHANGES
from pipeline.records import DATE_AFTER_CAPTURE, Article
from tests.extract.facts import BODY, TITLE, URL, cases

CASES = cases("days")

MARKUPS: dict[str, Callable[[str, str], str]] = {
    "spans": lambda said, title: (
        f'<h1>{title}</h1><div class="article-info"><span class="date">{said}</span>'
        f'<span class="source">来源：<a href="https://paper.example/">城北日报</a></span></div>'
    ),
    "table": lambda said, title: (
        f"<h1>{title}</h1><table><tr><td>{said}</td><td>【字体：大 中 小】</td><td>打印</td></tr></table>"
    ),
    "list": lambda said, title: (
        f'<h1>{title}</h1><ul class="info"><li>{said}</li><li>阅读 120</li><li>分享</li></ul>'
    ),
    "account": lambda said, title: (
        f'<h1 class="rich_media_title">{title}</h1><div id="meta_content"><a href="javascript:;" id="js_name">'
        f'城北旧事</a><em id="publish_time" class="rich_media_meta">{said}</em></div>'
    ),
    "blog": lambda said, title: (
        f'<header><h1 class="entry-title">{title}</h1><div class="entry-meta"><time>{said}</time> · '
        f'<a rel="author" href="/author/shiqiao">石桥</a></div></header>'
    ),
    "above": lambda said, title: f'<div class="date">{said}</div><h1>{title}</h1>',
    "centred": lambda said, title: (
        f"<h1 align=center>{title}</h1><p align=center>{said}　来源：城北日报　作者：李小山</p>"
    ),
    "forum": lambda said, title: (
        f'<h1 id="thread_subject">{title}</h1><div class="authi"><a href="/space-uid-12.html">石桥</a>'
        f"<span>|</span><em>{said}</em></div>"
    ),
    "fonts": lambda said, title: (
        f"<center><font size=5><b>{title}</b></font></center><center><font size=2>{said}</font></center><hr>"
    ),
    "definitions": lambda said, title: (
        f"<h1>{title}</h1><dl><dt>石桥</dt><dd>{said}</dd><dd><a href=#c>3 评论</a></dd></dl>"
    ),
}


def read(case: dict[str, Any], markup: str) -> Article:
    """The article of a case's page; `said` stands in the markup, `above`, `between`, `last`, `below` round it."""
    part = dict.fromkeys(("said", "meta", "above", "between", "first", "last", "below", "foot"), "") | case
    paragraphs = "".join(f"<p>{text}</p>" for text in BODY[1:])
    page = (
        f"<html><head><meta charset=utf-8><title>{TITLE}</title>{part['meta']}</head><body>"
        f"<div class=nav><a href=/>首页</a> <a href=/news/>新闻</a> <a href=/life/>生活</a></div>{part['above']}"
        f"<div class=main>{MARKUPS[markup](part['said'], TITLE)}{part['between']}"
        f"<div class=content><p>{part['first']}{BODY[0]}</p>{paragraphs}{part['last']}</div>{part['below']}</div>"
        f"<div class=footer>{part['foot']}<p>关于我们 联系我们</p></div></body></html>"
    )
    at = datetime.fromisoformat(case["captured"]) if "captured" in case else None
    (found,) = extract_page(page.encode(), url=case.get("url", URL), captured_at=at).articles
    return found


@pytest.mark.parametrize("markup", MARKUPS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_days_of_a_page(case: dict[str, Any], markup: str) -> None:
    found = read(case, markup)
    day = found.published_on.isoformat() if found.published_on else None
    assert (day, found.published_at) == (case["day"], case.get("at"))
    changed = found.modified_on.isoformat() if found.modified_on else None
    assert (changed, found.modified_at) == (case.get("changed"), case.get("changed_at"))
    for column in ("zone_from", "published_raw", "published_confidence", "modified_from"):
        if column in case:
            assert getattr(found, column) == case[column], column
    refused = [flag.text for flag in found.flags if flag.name == DATE_AFTER_CAPTURE]
    assert refused == case.get("refused", [])


@pytest.mark.parametrize("markup", MARKUPS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_day_and_time_are_of_one_day(case: dict[str, Any], markup: str) -> None:
    found = read(case, markup)
    for day, at in ((found.published_on, found.published_at), (found.modified_on, found.modified_at)):
        assert at is None or datetime.fromisoformat(at).date() == day
    assert (found.published_confidence is None) == (found.published_on is None)
    assert (found.zone_from is not None) == any(
        at is not None and datetime.fromisoformat(at).tzinfo is not None
        for at in (found.published_at, found.modified_at)
    )


@pytest.mark.parametrize("case", cases("daykinds"), ids=lambda case: case["why"])
def test_day_time_and_change_in_the_markup_of_a_kind_of_site(case: dict[str, Any]) -> None:
    body = "".join(f"<p>{text}</p>" for text in BODY)
    html = case["html"].replace("{title}", TITLE).replace("{body}", body)
    at = datetime(2026, 11, 29, 10, tzinfo=UTC)
    (found,) = extract_page(html.encode(), url=case.get("url", URL), captured_at=at).articles
    told = (found.published_on, found.modified_on)
    assert [day and day.isoformat() for day in told] == [case["day"], case.get("changed")]
    assert (found.published_at or "T").split("T")[1].split("+")[0] == case.get("at", "")


def test_every_reader_of_a_change_decides_a_case() -> None:
    found = {case["modified_from"].split(":")[0] for case in CASES if "modified_from" in case}
    assert found == {name for name, *_ in CHANGES}
