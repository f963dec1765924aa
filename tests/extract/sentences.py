"""Pages in the words of the cases: S1 to S6 for sentences, MENU for a list of linked titles, TITLE for the title."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

from pipeline.extract.layout import Layout, read_layout
from pipeline.extract.weights import Weights, weigh

SENTENCES = {
    "S1": "城北的旧粮库改成食堂以后，每天中午都要排队。",
    "S2": "老人们说，一荤两素的套餐比自己买菜还便宜。",
    "S3": "负责人介绍，食堂每天供应四百份午餐和晚餐。",
    "S4": "送餐的电动车，是街道里几家小店一起凑的钱。",
    "S5": "三个月过去，投诉簿上只写了两行很短的意见。",
    "S6": "明年春天，第二家食堂将在河对岸的旧厂开张。",
    "MENU": "<ul><li><a href=1>河边步道下月封闭维修</a><li><a href=2>图书馆夜间也开放了</a></ul>",
    "TITLE": "旧粮库变身社区食堂",
}
WORDS = re.compile("|".join(SENTENCES))


def layout_of(html: str) -> Layout:
    return read_layout(LexborHTMLParser(WORDS.sub(lambda word: SENTENCES[word[0]], html)))


def weights_of(layout: Layout) -> Weights:
    """The weights of a page; its heading is the line that is the title."""
    texts = [line.text for line in layout.lines]
    return weigh(layout, texts.index(SENTENCES["TITLE"]) if SENTENCES["TITLE"] in texts else None)
