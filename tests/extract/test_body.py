"""What is read of a page: whole pages of our own, one kind of element or line at a time.

Cases write P1 to P6 for paragraphs and MENU for a list of linked titles; `lines` is the body of the one article.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from pipeline.extract import extract_page
from tests.extract.facts import cases

WORDS = {
    "P1": "镇上的老邮局关了十年，去年冬天改成了一间小书店，门口的绿色邮筒还留在原来的地方，漆也重新刷过。",
    "P2": "店主原来是邮递员，他说送了三十年的信，如今换成送书，路还是那些路，只是收信的人老了许多。",
    "P3": "每个月的最后一个周末，孩子们会来听他念故事，念完以后，一人可以盖一枚旧邮戳带回家去。",
    "P4": "书架是拆下来的信格子做的，一格放一本，放不下的大书就平躺在柜台上，谁来了都能翻一翻。",
    "P5": "有人问他赚不赚钱，他笑着摇摇头，说水电费够了就行，反正房子是自己的，也没有别的花销。",
    "P6": "今年春天，邻镇也来了两个年轻人，打听怎么把他们那边的旧邮局租下来，他把账本借给了他们。",
    "MENU": "".join(
        f"<li><a href='/n/{i}.html'>{t}</a></li>"
        for i, t in enumerate(
            ["河边步道下月封闭维修", "图书馆夜间也开放了", "城北菜场搬进新楼", "老桥今年不再通汽车"]
        )
    ),
}
WORD = re.compile("|".join(WORDS))


@pytest.mark.parametrize("case", cases("bodies"), ids=lambda case: case["why"])
def test_the_body_of_a_page(case: dict[str, Any]) -> None:
    page = extract_page(
        WORD.sub(lambda word: WORDS[word[0]], case["html"]).encode(), url="https://www.example.com/1"
    )
    short = {text: word for word, text in WORDS.items()}
    read = [[short.get(line, line) for line in article.extracted.split("\n")] for article in page.articles]
    assert read == [case["lines"]]
