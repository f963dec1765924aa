"""What stands above a text and says facts by label: front matter, the head of a letter or a post; link references,
and what print has on each page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile

from pipeline.extract.variants import either_script

LABELLED_TITLE = either_script(
    r"(?:标\s{0,4}题|题\s?目|篇\s?名|名称|主题|title|subject)\s?[:：]\s?(\S[^\n]{1,119})", re.I
)
LABELLED = 12
"""Lines of a text among which the head of a letter or a post is looked for."""

HEAD_LINE = either_script(
    r"(标\s{0,4}题|题目|篇名|主题|名称|from|to|cc|date|title|subject|author|source|posted by|reply-to|"
    r"发件人|发信人|收件人|抄送|"
    r"作者|来源|日期|时间|看板|信区|栏目|分类|标签|关键词|主题词|索引号|文号|发文字号|(?:发布|发文|公开|制发)(?:机构|机关|单位|日期|时间|方式)|"
    r"(?:成文|生成|印发)日期|有效性|编辑|记者)\s{0,2}[:：]\s{0,4}(\S.{0,119})",
    re.I,
)
POST_LINE = either_script(r"(作者|看板|标题|时间|信区)[ \t\u3000]{1,8}(\S.{0,119})")
"""The head of a post on a telnet board, without colons."""

ORIGINAL = either_script(r"原创\s{1,4}(\S{2,12})\s{1,4}(\S{2,20})\s{1,4}((?:19|20)\d\d\D.{0,40})")
"""The line below a title of a messaging app, copied: 原创, who wrote it, the account, the day."""

FENCES = frozenset({"---", "+++"})
MOST_FRONT = 60
"""Lines of the longest front matter."""

PAIR = re.compile(r"([\w-][\w -]{0,23}+)\s{0,8}[:=：]\s{0,8}(\S.{0,300})")
FRONT = (
    ("标题", either_script(r"title|subject|标\s{0,4}题|题目|篇名|主题|名称", re.I)),
    ("作者", either_script(r"authors?|from|posted by|作者|发[件信]人|记者", re.I)),
    ("来源", either_script(r"source|publisher|来源|发[布文]机[构关]", re.I)),
    (
        "日期",
        either_script(r"date|published(?:_?at|_?on|Date)?|pub_?date|日期|时间|(?:发布|发文|成文)日期", re.I),
    ),
)
"""What the facts are called in front matter, and in a text."""

LISTED = re.compile(r"\[([^\[\]]{0,300})\]\Z")
QUOTED_COMMA = re.compile(r"[\"']?\s{0,3},\s{0,3}[\"']?")

REFERENCES = re.compile(r"references|visible links|参考链接|链接列表", re.I)
REFERENCE = re.compile(r"\s{0,8}\d{1,4}\.\s{1,4}(?:https?|ftp|file|mailto)\S{1,2000}", re.I)
REFERENCE_MARK = re.compile(r"\[\d{1,4}\](?=\S)")
"""What `lynx -dump` writes before the words of a link."""

MARKED = 3
"""References from which their marks are taken out of the text."""

PAGE_NUMBER = either_script(
    r"[-—–－·]\s?\d{1,4}\s?[-—–－·]|第\s?\d{1,4}\s?页\s?(?:[/／,，]?\s?共\s?\d{1,4}\s?页)?"
)
PAGES = 2
"""Numbers of pages from which a text was printed, and lines from which what stands beside them is a running head."""

RUNNING_HEAD = 40
"""Code points of the longest."""


def with_labels(lines: list[str]) -> list[str]:
    """The lines with the facts of front matter (Jekyll's and Hugo's) or of a letter's head first, the title foremost.

    >>> with_labels(["---", "date: 2024-05-06", "title: 老邮局", "---", "邮局还开着。"])
    ['标题：老邮局', '日期：2024-05-06', '邮局还开着。']
    """
    fence = lines[0] if lines else ""
    if fence in FENCES and fence in lines[1:MOST_FRONT]:
        end = lines.index(fence, 1)
        if front := _facts(lines[1:end]):
            return [*front, *lines[end + 1 :]]
    head = list(
        takewhile(bool, (HEAD_LINE.fullmatch(line) or POST_LINE.fullmatch(line) for line in lines[:LABELLED]))
    )
    facts = _facts([f"{line[1]}：{line[2]}" for line in head if line])
    if not any(LABELLED_TITLE.match(line) for line in facts):
        return [ORIGINAL.sub(r"作者：\1　来源：\2　\3", line) for line in lines]
    return [*facts, *lines[len(head) :]]


def _facts(lines: Sequence[str]) -> list[str]:
    """Lines of a label and what it says, as a text says the same; what is no fact of an article goes."""
    said: dict[str, str] = {}
    for line in lines:
        pair = PAIR.fullmatch(line)
        label = next((label for label, key in FRONT if pair and key.fullmatch(pair[1].strip())), None)
        if pair and label and (value := LISTED.sub(r"\1", pair[2]).strip("\"' ")):
            said.setdefault(label, QUOTED_COMMA.sub("、", value))
    return [f"{label}：{said[label]}" for label, _ in FRONT if label in said]


def without_references(lines: list[str]) -> list[str]:
    """The lines without the list of links that `lynx -dump` puts below a page, and without the marks that point there.

    >>> links = [f"{number}. https://a.cn/{number}" for number in (1, 2, 3)]
    >>> without_references(["[1]首页 [2]本地", "邮局还开着。", "References", *links])
    ['首页 本地', '邮局还开着。']
    """
    count = sum(1 for _ in takewhile(REFERENCE.fullmatch, reversed(lines)))
    at = len(lines) - count - 1
    if count < MARKED or at < 0 or not REFERENCES.match(lines[at]):
        return lines
    return [REFERENCE_MARK.sub("", line) for line in lines[:at]]


def without_pages(lines: list[str]) -> list[str]:
    """The lines of a text that was printed without the numbers of its pages and the running heads beside them.

    The first of a head stays where it may be the title: what follows it is no other one.

    >>> without_pages(["小镇文史", "老邮局", "邮局还开着。", "- 1 -", "小镇文史", "门口有钟。", "- 2 -"])
    ['老邮局', '邮局还开着。', '门口有钟。']
    """
    bare = [line.strip() for line in lines]
    there = [at for at, line in enumerate(bare) if line]
    numbers = [nth for nth, at in enumerate(there) if PAGE_NUMBER.fullmatch(bare[at])]
    if len(numbers) < PAGES:
        return lines
    said = Counter(bare)
    beside = {bare[at] for nth in numbers for at in (*there[nth + 1 : nth + 2], there[nth - 1])}
    heads = {line for line in beside if said[line] >= PAGES and len(line) <= RUNNING_HEAD}
    gone = {*(there[nth] for nth in numbers), *(at for at in there if bare[at] in heads)}
    first, below = there[0], bare[there[1]]
    if len(below) > RUNNING_HEAD or below[-1] in "。！？：；":
        gone.discard(first)
    return [line for at, line in enumerate(lines) if at not in gone]
