"""The answer of a page that asks: what an adviser or an office replies is the article, though its element is named so,
and the question above it is its beginning.

On a board a reply is of a reader and goes. Here the lines above it, or its own first ones, say who replies: a lawyer,
a doctor, an office, or that it is the best answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.extract.layout import Box, Layout, spanning
from pipeline.extract.marks import words_of
from pipeline.extract.variants import either_script

REPLIES = frozenset(["reply", "replies", "respond", "response", "huifu"])
"""Words of the names of a reply's element; any other junk name is meant."""

WORDS = re.compile(r"(?:reply|replies|respond|response|huifu)", re.I)

ADVISER = either_script(
    r"[\u4e00-\u9fff·]{0,8}(?:律师|医生|医师|药师|营养师|咨询师)(?:事务所|(?:的)?(?:解答|回复|回答|答复))?(?=$|[\s:：,，|｜])|主任医师|主治医师|律师事务所|"
    r"(?:最佳|官方|满意|推荐|专家|单位|部门)(?:答案|回答|回复|答复)|(?:回复|答复|办理)(?:单位|部门|机构|结果|内容|时间)\s?[:：]?"
)
"""Who replies, as such a page says before the answer."""

REPLIED = either_script(r"(?:答|答复|回答|回复)\s?[:：]")
"""How the answer itself begins below a question: 答：…"""

NEAR = 3
"""Lines above and at the head of the reply in which that stands."""

SENTENCE = re.compile("[。？！?!，,]")
PARAGRAPHS = 6
"""Paragraphs of the longest question; more above an answer are an article, or other questions."""

HEAD = 40
"""Code points of the longest such line."""


def with_answer(layout: Layout, heading: int | None) -> Layout:
    """The page with the first reply below its heading named no reply, if an adviser or an office gives it."""
    if heading is None:
        return layout
    below = ((i, box.names) for i, box in enumerate(layout.boxes) if box.first > heading and box.names)
    first = next((i for i, names in below if not REPLIES.isdisjoint(words_of(names))), None)
    if first is None or not _is_adviser(layout, layout.boxes[first]):
        return layout
    last = layout.boxes[first].last
    named = [
        _unnamed(box) if first <= i and box.first < last and box.last <= last else box
        for i, box in enumerate(layout.boxes)
    ]
    return replace(layout, boxes=named)


def with_question(layout: Layout, plain: Sequence[float], heading: int | None, boxes: list[int]) -> list[int]:
    """The boxes of the article, behind those of the question that stands between the heading and such an answer.

    `plain` is the weight of each line (weights.py).
    """
    if heading is None or not boxes:
        return boxes
    answer = layout.boxes[boxes[0]]
    between = range(heading + 1, answer.first)
    asked = [i for i in between if plain[i] and SENTENCE.search(layout.lines[i].text)]
    blocks = sorted({layout.lines[i].box for i in asked})
    apart = all(heading < layout.boxes[at].first and layout.boxes[at].last <= answer.first for at in blocks)
    if not blocks or len(blocks) > PARAGRAPHS or not apart or not _is_adviser(layout, answer):
        return boxes
    return [*blocks, *boxes]


def _is_adviser(layout: Layout, reply: Box) -> bool:
    if REPLIED.match(layout.lines[reply.first].text):
        return True
    near = layout.lines[max(0, reply.first - NEAR) : reply.first + NEAR]
    return any(len(line.text) <= HEAD and ADVISER.search(line.text) for line in near)


def _unnamed(box: Box) -> Box:
    copy = spanning(box, box.first, box.last)
    copy.names = WORDS.sub("", box.names)
    return copy
