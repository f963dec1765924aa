"""Plain text: the paragraphs, the title and the facts of a text, and what is left of a page saved as one.

Cases write the words of test_embedded.py.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from pipeline.extract import extract_page, line_report
from pipeline.extract.plain import MOST_LINES, paragraphs
from pipeline.markdown import to_markdown
from tests.extract.facts import cases
from tests.extract.test_embedded import TEXTS, TIME_LIMIT, written

URL = "file:///notes/a.txt"
P = TEXTS["P1"]
HOSTILE = {
    "one line": P * 60_000,
    "lines": f"{P}\n" * 7_900,
    "short lines to the cap": "一\n" * 7_900 + P,
    "blank lines": "\n" * 900_000 + P,
    "short lines": "一\n" * 900_000 + P,
    "separators": "一|" * 900_000 + P,
    "stamps": "发表于 05-06 08:00\n" * 90_000 + P,
    "signs of headings": "# " * 900_000 + P,
    "brackets": f"{P}\n" + "<" * 900_000,
    "file names": f"{P}\n" + "a.jpg" * 200_000,
    "titles": "老邮局重新开张\n" * 200_000 + P,
    "spaces": f"{P}\n" + " " * 900_000 + "。",
    "commas": f"{P}\n" + "，" * 900_000,
}


@pytest.mark.parametrize("case", cases("texts"), ids=lambda case: case["why"])
def test_a_text_reads_as_expected(case: dict[str, Any]) -> None:
    page = extract_page(written(case["text"]).encode(), url=URL, content_type="text/plain")
    assert page.reason == case.get("reason")
    if "reason" in case:
        return
    (article,) = page.articles
    assert article.extracted.split("\n") == [written(line) for line in case["body"]]
    assert article.title == (written(case["title"]) if case["title"] else article.title)
    assert article.method == "text"
    for fact in {"author", "origin_name"} & case.keys():
        assert getattr(article, fact) == case[fact], fact
    assert list(article.captions) == case.get("captions", list(article.captions))
    if "day" in case:
        assert str(article.published_on) == case["day"]


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "gb18030", "big5hkscs"])
def test_the_encoding_is_found_as_that_of_a_page(codec: str) -> None:
    body = (
        "鎮上的老郵局去年冬天關了門，櫃檯後面的掛鐘一直沒有停，隔著玻璃還能看見。"
        if codec == "big5hkscs"
        else P
    )
    text = f"老街的秋天\n\n{body}"
    page = extract_page(text.encode(codec), url=URL, content_type="text/plain; charset=iso-8859-1")
    assert page.articles[0].extracted == body


@pytest.mark.parametrize(
    ("head", "method"),
    [
        ("<!DOCTYPE html>", "container"),
        ("\ufeff \n<p>", "container"),
        ("<?xml version='1.0'?><html>", "container"),
        ("一<p>二</p><p>三</p><p>四</p>", "container"),
        ("一 <p> 二", "text"),
        ("", "text"),
    ],
)
def test_what_is_html_is_read_as_html_whatever_it_is_called(head: str, method: str) -> None:
    page = extract_page(f"{head}\n{P}\n\n{P}".encode(), url=URL, content_type="text/plain")
    assert page.articles[0].method == method
    page = extract_page(f"{head}\n{P}\n\n{P}".encode(), url=URL, content_type="text/html")
    assert page.articles[0].method == "container"


def test_the_line_report_of_a_text_tells_its_menu() -> None:
    text = written("首页\n新闻\n财经\n体育\nHEAD\nP1\nP2")
    report = line_report(text.encode(), url=URL, content_type="text/markdown")
    assert [kept for kept, _, _ in report] == [False] * 5 + [True] * 2


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_answered_in_time(name: str) -> None:
    start = time.process_time()
    page = extract_page(HOSTILE[name].encode(), url=URL, content_type="text/plain")
    assert time.process_time() - start < TIME_LIMIT
    assert page.articles or page.reason


def test_paragraphs_lose_no_character() -> None:
    text = "\n".join([*(P[:40] for _ in range(5)), "", "　　" + P, " x", P * 3])
    assert "".join("".join(paragraphs(text)).split()) == "".join(text.split())


def test_a_text_of_more_lines_than_a_book_is_too_large() -> None:
    for number, reason in ((MOST_LINES, None), (MOST_LINES + 1, "too_large")):
        page = extract_page((P + "\n" * number).encode(), url=URL, content_type="text/plain")
        assert page.reason == reason


MARKDOWN = """\
# HEAD

P1

## 怎么**送**

- 先分拣
- 再给每封信都盖上[邮戳](https://a.example/)
  1. 看邮编
  2. 看门牌

> P2

P3 先跑 `make post`。[^1]

| 信 | 邮票 |
| --- | --- |
| 平信 | 三枚 |

```python
def post(n):
    return n * 2
```

### 收信的人

P4
"""


def test_markdown_gives_what_it_says_and_is_written_again() -> None:
    (article,) = extract_page(
        written(MARKDOWN + "\n[^1]: 见镇志。").encode(), url=URL, content_type="text/markdown"
    ).articles
    assert "**" not in article.extracted
    assert "https:" not in article.extracted
    assert "平信 | 三枚" in article.extracted
    again = to_markdown(article.extracted, article.structure, article.title)
    said = written(MARKDOWN).replace("**", "").replace("[邮戳](https://a.example/)", "邮戳")
    assert again == f"{said}\n\\[1\\] 见镇志。\n"


@pytest.mark.parametrize(
    "line",
    [
        "- 一条没有别的记号的线",
        "1. 一个数字开头的段落",
        "> 别人信里的话也这样开头",
        "他说：“你这个**，给我**！”",
        "长三米*宽四米*高五米",
    ],
)
def test_signs_that_any_text_has_are_no_markdown(line: str) -> None:
    (article,) = extract_page(
        written(f"HEAD\n\nP1\n\n{line}\n\nP2").encode(), url=URL, content_type="text/plain"
    ).articles
    assert line in article.extracted.split("\n")


@pytest.mark.parametrize(
    "unit", ["```a\n", "> " * 9 + "一\n", "| a\n|--|\n", "    - 一\n", "[a](b", "**一", "`一"]
)
def test_hostile_markdown_is_answered_in_time(unit: str) -> None:
    body = f"# 题\n{P}\n" + unit * (7_000 if "\n" in unit else 300_000)
    start = time.process_time()
    extract_page(body.encode(), url=URL, content_type="text/plain")
    assert time.process_time() - start < TIME_LIMIT
