"""Headers of several lines in a body, told by their first line and their last: what copies of WeChat's pages print
above a text, and the form in which boards have news posted.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from pipeline.extract.names import PROVINCES
from pipeline.extract.variants import either_script

ACCOUNT_OPENS = either_script(
    r"(?:原创(?=$|\s)|Original(?=$|\s)|转载$|Reprint$|微信号\s?[:：]?\s?[A-Za-z][\w\-]{4,24}$)"
)
"""The first of the lines that copies of WeChat's pages print above a text: the mark, or the account's name in Latin."""

ACCOUNT_CLOSES = either_script(
    r"(?:收录|收入)[于在](?:合集|话题|专题|标签)|发[表布]于$|\d{1,4}\s?个(?:内容)?$|功能介绍[\s:：]|(?:19|20)\d\d\s?[-/年]\s?\d[\d月日\s:/-]{1,16}$"
)
"""Their last: where it is filed, or the day. What stands between is who wrote it, the account, what that is about."""

NAME = 16
"""Code points of an account's name in a line of its own."""

UNNAMED = 5
"""Lines of such a header that no rule knows; one of them, what the account says of itself, may be a sentence."""

PROVINCE = either_script(PROVINCES)
"""Where it was posted, below the day."""

ACCOUNT_HEAD = 10
"""Lines of the longest such header."""

ACCOUNT_LINE = 120
"""Code points of its longest line, what the account says of itself."""

TAKEN_FROM = either_script(r"以下(?:文章|内容)来源[于於]\s?([^\s，,]{2,20})\s?[，,]\s?作者")
"""What WeChat prints above a text of another account, whose card stands below: the name, a dot, what it is about."""

EVENT_DAY = either_script(r"(?:(?:会议|活动|讲座|报告|演出|展览)?(?:时\s{0,3}间|日\s{0,3}期))\s?[:：]")
EVENT = either_script(
    r"(?:(?:会议|活动|讲座|报告|演出|展览)?地\s{0,3}点|主\s?讲\s?人?|报告人|演讲者|主\s?持\s?人?|嘉宾|参[加会](?:人员|对象)|出席(?:人员|领导))\s?[:：]"
)
"""How a line begins that says where something was held, or who spoke."""

FORM = either_script(
    r"\d\s?[.、]\s?(?:完整)?(?:(?P<head>(?:媒体|新闻|文章)来源|(?:记者|作者)(?:署名|姓名)|(?:新闻|文章)标题|发布(?:时间|日期))"
    r"|(?P<text>(?:新闻|文章)?(?:内文|内容|全文))|(?P<foot>(?:新闻|文章)?(?:连结|链接|网址)|备[注註]|心得))[^。]{0,40}?[:：]"
)
"""A label of the form in which boards have news posted: 1.媒体来源: … 4.完整新闻内文: … 6.备注:"""

FORM_HEADS = 2
"""Such labels above the text's from which it is a form."""


def of_account(lines: Sequence[str], verdicts: list[str | None]) -> None:
    """Take the names between the first and the last line of an account's header, and the card of another account."""
    top = range(min(len(lines), ACCOUNT_HEAD))
    opens = next((i for i in top if ACCOUNT_OPENS.match(lines[i])), None)
    if opens is not None:
        block = list(takewhile(lambda i: verdicts[i] or len(lines[i]) <= ACCOUNT_LINE, top))
        closes = max((i for i in block if ACCOUNT_CLOSES.match(lines[i])), default=-1)
        opens = 0 if opens == 1 and len(lines[0]) <= NAME else opens  # the account above its name in Latin
        unnamed = [lines[i] for i in range(opens, closes + 1) if verdicts[i] is None]
        if closes >= opens and len(unnamed) <= UNNAMED and sum(x[-1] in "。！？" for x in unnamed) <= 1:
            closes += closes + 1 < len(lines) and PROVINCE.fullmatch(lines[closes + 1]) is not None
            verdicts[opens : closes + 1] = [each or "credit" for each in verdicts[opens : closes + 1]]
    for index in top:
        if taken := TAKEN_FROM.match(lines[index]):
            card = [line.rstrip(" .") for line in lines[index + 1 : index + 2]]
            is_card = card == [taken[1]]
            has_dot = is_card and lines[index + 1].endswith(" .") and index + 3 < len(lines)
            if is_card:
                verdicts[index + 1] = "credit"
            if has_dot and len(lines[index + 2]) <= ACCOUNT_LINE:
                verdicts[index + 2] = "credit"
            return


def of_event(lines: Sequence[str], verdicts: list[str | None]) -> None:
    """Give back the day of an event that stands among who speaks and where: a lecture's 主讲人：, 时间：, 地点：."""
    for index, line in enumerate(lines[:ACCOUNT_HEAD]):
        if verdicts[index] and EVENT_DAY.match(line):
            beside = range(max(0, index - 1), min(len(lines), index + 2))
            if any(verdicts[i] is None and EVENT.match(lines[i]) for i in beside):
                verdicts[index] = None


def of_form(lines: Sequence[str], verdicts: list[str | None]) -> None:
    """Take what stands above and below the text in a board's form for news: its labels, what they say, remarks."""
    labels = [(i, found) for i, line in enumerate(lines) if line[0].isdigit() and (found := FORM.match(line))]
    text = next((i for i, found in labels if found["text"]), None)
    if text is None or sum(i < text and bool(found["head"]) for i, found in labels) < FORM_HEADS:
        return
    foot = next((i for i, found in labels if i > text and found["foot"]), len(lines))
    for index in (*range(text + 1), *range(foot, len(lines))):
        verdicts[index] = verdicts[index] or "credit"
