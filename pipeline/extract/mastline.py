"""A header line that is people, papers, pages and days, and nothing else.

示例晚报 2023-03-11 第04版 □ 李小山, 李小山 | 示例晚报: papers and portals print these in any order and with any sign
between, so each part is told by what it is, not by where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile

from pipeline.extract.creditline import PAPER, ROLE_ALONE
from pipeline.extract.dates import days_in, find_day
from pipeline.extract.evidence import NOT_A_NAME
from pipeline.extract.names import GAP, SPACED_NAME, closed_up, is_personal_name
from pipeline.extract.unlabelled import AFTER_DAY, COLUMN
from pipeline.extract.variants import either_script

LONGEST = 80
"""Code points of the longest such line."""

PARTS = 9
"""Parts of the longest."""

BETWEEN = re.compile(r"[\s\x1f|｜丨/／╱、，,;；>＞&＆□■◎○●◆▪—–()（）\[\]【】《》]+")

DAY_LABEL = either_script(
    r"(?:(?:发布|发表|刊登|更新|上传)?(?:时间|日期)[\s\x1f:：]{0,3})?(?:\d{1,2}:\d\d\s)?$"
)
"""What a day is, before it, or its time."""

PAGE = either_script(r"(?:第\s?)?[A-Z]?\d{1,3}\s?版|第\d{1,5}期|总第\d{1,5}期")
"""A page or a number of an edition."""

IN_TITLE_BRACKETS = re.compile(r"《([^《》\x1f]{2,12})》")
"""《示例文艺》: a paper, whatever its name."""

SECTION = either_script(r"言论|评论|副刊|观点|要闻|特稿|时评|专栏|社论|[·•‧]")
"""A section of a paper, or the dot before it."""

DID = either_script(
    r"本[报刊网台社]讯|(?:综合|专题|联合|独家)?(?:报道|报导)|综合外电|[\u4e00-\u9fff]{2,3}\d{1,2}日?电"
)
"""What was done, without whom: 本报讯, 综合报道."""

People = tuple[str, ...]


@lru_cache(maxsize=64)
def people_and_papers(line: str) -> tuple[People, People, bool] | None:
    """(people, papers, whether it says what was done) of a line of these, days, pages and roles; None for any other.

    >>> people_and_papers("示例晚报 2023-03-11 第04版 □ 李小山")
    (('李小山',), ('示例晚报',), False)
    >>> people_and_papers("李小山 说 示例晚报")
    """
    if len(line) > LONGEST:
        return None
    for day in reversed(list(days_in(line))):
        line = DAY_LABEL.sub("", line[: day.start]) + GAP + AFTER_DAY.sub("", line[day.end :])
    titled = IN_TITLE_BRACKETS.findall(line)
    line = IN_TITLE_BRACKETS.sub(GAP, line)
    parts = [part for part in BETWEEN.split(SPACED_NAME.sub(closed_up, line)) if part]
    if len(parts) > PARTS:
        return None
    people, papers, told = [], list(titled), False
    for part in parts:
        if PAPER.fullmatch(part) and not COLUMN.fullmatch(part):
            papers.append(part)
        elif is_personal_name(part) and not (COLUMN.fullmatch(part) or NOT_A_NAME.search(part)):
            people.append(part)
        elif DID.fullmatch(part):
            told = True
        elif not (PAGE.fullmatch(part) or ROLE_ALONE.fullmatch(part) or SECTION.fullmatch(part)):
            return None
    return tuple(people), tuple(papers), told


def round_day(lines: Sequence[str]) -> tuple[People, People, bool]:
    """The same of the lines that follow each other round the first with a day and hold nothing else."""
    at = next((n for n, line in enumerate(lines) if find_day(line)), None)
    if at is None or people_and_papers(lines[at]) is None:
        return (), (), False
    before = takewhile(bool, (people_and_papers(line) for line in reversed(lines[:at])))
    behind = takewhile(bool, (people_and_papers(line) for line in lines[at + 1 :]))
    found = [each for each in (*reversed(list(before)), people_and_papers(lines[at]), *behind) if each]
    people = dict.fromkeys(name for names, _, _ in found for name in names)
    papers = dict.fromkeys(name for _, names, _ in found for name in names)
    return tuple(people), tuple(papers), any(told for _, _, told in found)
