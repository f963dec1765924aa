"""Bodies that no element shows: which is found, and what is never one.

Cases write P1 to P6 for paragraphs, SHORT for a line, U1 for P1 in JSON escapes, X1 in those of WeChat; OTHER1 and
OTHER2 are of other articles; BASE64«…» is what stands between the signs, in Base64. A `body` of null is a page without
an article.
"""

from __future__ import annotations

import json
import re
import time
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest

from pipeline.extract import extract_page
from pipeline.extract.scripts import values
from pipeline.records import Selector, Source
from tests.extract.facts import cases
from tests.timing import TIME_LIMIT

URL = "https://www.example.cn/a/1.html"

TEXTS = {
    "P1": "镇上的老邮局去年冬天关了门，柜台后面的那面挂钟却一直没有停，隔着玻璃还能看见钟摆来回地走。",
    "P2": "今年开春，三个返乡的年轻人把它租下来，打扫了整整两个星期，从墙缝里找出几十封没有寄出的信。",
    "P3": "他们按信封上的地址一家一家去问，有的人家已经搬走，有的人拆开信，站在门口半天没有说话。",
    "P4": "最远的一封要送到河对岸的林场，收信的人今年八十一岁，她说写信的人当年答应过要教她认字。",
    "P5": "如今邮局里摆了四张长桌，谁都可以坐下来写信，邮票由镇里的小卖部赞助，每个月收走一次。",
    "P6": "负责收信的老邮差退休前跑了三十年山路，他说信比人走得慢，可是信总会走到。",
    "OTHER1": "县里的长途车站从下个月起停用一号门，旅客请改走西侧的临时通道，出租车上客点一并迁到广场北边。",
    "OTHER2": "今年的龙舟赛定在端午前一天，报名的队伍比去年多了六支，河道两岸当天上午八点起禁止停车。",
    "SHORT": "镇图书馆明天闭馆一天。",
    "HEAD": "老邮局重新开张",
}
WORD = re.compile("|".join(TEXTS) + "|[UX][1-6]")
IN_BASE64 = re.compile(r"BASE64«(.*?)»")


def written(text: str) -> str:
    """The text of a case with its words spelled out."""

    def spell(found: re.Match[str]) -> str:
        word = found[0]
        if word[0] == "U":
            return json.dumps(TEXTS[f"P{word[1]}"])[1:-1]
        if word[0] == "X":
            return f"\\x26lt;p\\x26gt;{TEXTS[f'P{word[1]}']}\\x26lt;/p\\x26gt;\\x0a"
        return TEXTS[word]

    return IN_BASE64.sub(lambda found: b64encode(found[1].encode()).decode(), WORD.sub(spell, text))


@pytest.mark.parametrize("case", cases("embedded"), ids=lambda case: case["why"])
def test_the_body_of_a_page_that_may_show_none(case: dict[str, Any]) -> None:
    page = extract_page(written(case["html"]).encode(), url=URL)
    if case["body"] is None:
        assert page.articles == ()
        assert page.reason == "no_body"
        return
    (article,) = page.articles
    assert article.extracted.split("\n") == [written(line) for line in case["body"]]
    assert article.method == case["method"]
    for fact in {"title", "author", "origin_name"} & case.keys():
        assert getattr(article, fact) == written(case[fact]), fact
    if "day" in case:
        assert str(article.published_on) == case["day"]


P = TEXTS["P1"]
STATE = "<title>t</title><script>window.__STATE__=%s</script>"
HOSTILE = {
    "nested brackets": STATE % ('{"a":[' * 10_000 + f'"{P}"'),
    "nested lists of paragraphs": STATE % ('{"content":["一二",' * 10_000 + f'"{P}"' + "]}" * 10_000),
    "brackets that close nothing": STATE % ("]}" * 500_000 + P),
    "escapes": STATE % ('{"content":"' + "\\u4e2d" * 300_000 + '"}'),
    "backslashes": STATE % ('"' + "\\" * 999_999 + P * 9),
    "escaped quotes without an end": STATE % ('{"content":"' + '\\"' * 400_000 + P),
    "quotes of three kinds": STATE % ("\"'`" * 300_000 + P),
    "comments without an end": STATE % ("/*" * 400_000 + P),
    "patterns without an end": STATE % ("=/[" * 400_000 + P),
    "half surrogates": STATE % ('{"content":"' + "\\ud83d" * 9_000 + P + '"}'),
    "short strings": STATE % ('"一",' * 800_000),
    "keys": STATE % ('"content":' * 300_000 + f'"{P}"'),
    "thousands of texts": STATE % (f'{{"a":"{P}"}},' * 9_000),
    "thousands of texts in one object": STATE % ("{" + f'"content":"{P}",' * 9_000 + "}"),
    "thousands of texts, each a bracket deeper": STATE % (f'{{"a":"{P}",' * 9_000),
    "a text put together without end": "<script>" + f"html += '{P}';" * 20_000 + "</script>",
    "thousands of facts": STATE % ('{"title":"一二三四",' * 30_000 + f'"content":"{P}"'),
    "JSON in JSON in JSON": STATE % (json.dumps(json.dumps(json.dumps({"content": P * 9_000})))),
    "hundreds of scripts": ("<script>" + '"一",' * 20_000 + "</script>") * 100,
    "percent signs": STATE % ('"%7B' + "%E4%B8%AD" * 100_000 + '"'),
    "a text of tags": STATE % ('{"content":"' + "<p>" * 90_000 + P * 9 + '"}'),
    "a text of entities": STATE % ('{"content":"' + "&lt;" * 90_000 + P * 9 + '"}'),
    "an attribute without an end": STATE % ('{"content":"' + "<p " * 90_000 + P * 9 + '"}'),
    "one line in noscript": f"<noscript>{P * 60_000}</noscript>",
    "nested noscript": f"<noscript><div>{'<div>' * 10_000}{P * 9}</noscript>",
    "templates in templates": "<template shadowrootmode=open>" * 5_000 + P * 9,
    "a large noscript in noscripts": "<noscript><font>" * 250 + f"<meta content={P}>" * 6_000,
    "thousands of templates": f"<x-a><template shadowrootmode=open><p>{P}</p></template></x-a>" * 5_000,
    "thousands of frames": f"<iframe srcdoc='<p>{P}</p>'></iframe>" * 9_000,
    "frames of brackets": f"<iframe srcdoc='{'<div>' * 20_000}{P * 9}'></iframe>" * 12,
    "noscripts of brackets": f"<noscript>{'<div>' * 3_000}{P * 9}{'</div>' * 3_000}</noscript>" * 12,
    "a frame of brackets": f"<iframe srcdoc='{'<div>' * 20_000}{P * 9}'></iframe>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_is_answered_in_time(name: str) -> None:
    body = HOSTILE[name].encode("utf-8", "replace")
    start = time.process_time()
    page = extract_page(body, url=URL)
    assert time.process_time() - start < TIME_LIMIT
    assert page.articles or page.reason


def test_a_script_of_fifty_megabytes_is_read_to_the_cap() -> None:
    late = "{" + '"k":1,' * 8_300_000 + f'"content":"{P}"}}'
    early = f'{{"content":"{P}",' + '"k":1,' * 8_300_000 + "}"
    start = time.process_time()
    assert values(late, is_json=True) == []
    assert [value.text for value in values(early, is_json=True)] == [P]
    assert time.process_time() - start < TIME_LIMIT


def test_the_selectors_of_a_source_come_before_what_no_element_shows() -> None:
    html = written(
        "<title>HEAD</title><div class=a>SHORT</div><noscript><p>P1</p><p>P2</p></noscript>"
    ).encode()
    source = Source(name="example", home="https://www.example.cn/", body=(Selector(css=".a"),))
    page = extract_page(html, url=URL, source=source)
    assert (page.articles[0].extracted, page.articles[0].method) == (TEXTS["SHORT"], "selector")
    source = replace(source, body=(Selector(css=".gone"),), drop=(Selector(css="p.x"),))
    page = extract_page(html.replace(b"</noscript>", b"<p class=x>x</p></noscript>"), url=URL, source=source)
    assert (page.articles[0].extracted.count("\n"), page.articles[0].method) == (1, "noscript")
    assert [flag.name for flag in page.articles[0].flags] == ["body_selector_missed"]
