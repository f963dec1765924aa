"""A line that is a byline and nothing else: roles, names, papers and places, and no word besides.

記者李小山／台北報導, 社會中心／綜合報導, 本报记者 李小山 通讯员 王建国, （李小山/文）. What such a line may
hold is told part by part, so that its order and its signs need no pattern each.
"""

from __future__ import annotations

import re

from pipeline.extract.names import ORG, SPACED_NAME, closed_up, is_personal_name, is_sure_name
from pipeline.extract.variants import either_script

LONGEST = 60
"""Code points of the longest byline; a list of all who worked on it has labels of its own (boilerplate.tsv)."""

PARTS = 12
"""Parts of the longest."""

BETWEEN = re.compile(r"[\s、，,;；/／╱|｜︱丨:：&＆+＋・‧()（）\[\]【】〔〕■□◆◇●○▪◎〇⊙◯]+")
"""What stands between the parts of a byline. A full stop is of a sentence."""

SQUARE = re.compile(r"[\s（(]{0,3}[■□◇◎〇⊙◯]")
"""A paper's mark before who wrote it, which says so without a word: ■李小山. ● and ◆ begin the items of lists."""

POST = either_script(
    r"[\u4e00-\u9fff]{0,16}(?:作家|教授|学者|研究员|讲师|博士|律师|医生|教师|学生|评论员|职员|主任|院长|校长|[省市县区镇乡村])"
)
"""What somebody is, or where from, in brackets behind the name."""

_OF = r"(?:\d{0,3}[\u4e00-\u9fffA-Za-z《》]{0,12}?)"
_ROLES = (
    r"(?:全媒体|融媒体|首席|见习|特约|实习|资深|高级|值班|责任|助理|核稿|执行|新媒体|本[报刊网社台版期])*+"
    r"(?:记者|通讯员|特派员|特派记者|评论员|撰稿人?|实习生|编译|编辑|主编|责编|校对|审校|审核|核稿|统稿|采编|采写|采访|撰文|作者|译者|翻译|整理|摄影|摄像|剪辑|制图|供图|供稿|文字|图片|图文|一读|二读|三读|初审|复审|终审)"
)
ROLE_ALONE = either_script(rf"{_OF}{_ROLES}|文|图|片|文图|摄|译|by|text|photos?|words", re.I)
"""What somebody did, with the paper before it: 示例晚报全媒体记者, 文, 图."""

WITH_ROLE = either_script(rf"{_OF}{_ROLES}([\u4e00-\u9fff]{{2,4}}?)(?:[\u4e00-\u9fff]{{0,4}}(?:报道|报导))?")
"""The name glued to a role, and the place behind it: 记者李小山, 本报记者李小山台北报道."""

DID = either_script(r"[\u4e00-\u9fff]{0,4}(?:报道|报导|外电|专电)|翻摄\S{0,8}")
"""综合报道, 台北报导, 综合外电, 翻摄自网络"""

DID_BY = either_script(r"([\u4e00-\u9fff]{2,4})(?:综合|专题|摄影|联合)?(?:报道|报导|编译|整理)")
"""李小山报道"""

DESK = either_script(r"[\u4e00-\u9fff]{2,6}(?:中心|组|编辑部)")
"""社會中心, 娛樂組"""

_NAME = (
    r"[\u4e00-\u9fffA-Za-z]{1,11}(?:(?<![通海预举电情汇播捷简警])报|[周月]刊|杂志|电视台|广播电台|通讯社|[华新央联透同]社|"
    r"(?<=[\u4e00-\u9fff])客户端|融媒体?(?:中心)?|[\u4e00-\u9fff]网|新闻网?)"
)
PAPER = either_script(rf"(?![本我]){_NAME}(?:[·・\-－—]{_NAME})?|[\u4e00-\u9fff]{{2,6}}[A-Z]{{4,10}}")
"""The name of a paper, a station, an agency or a portal."""


SCHOOL = either_script(
    r"[\u4e00-\u9fff]{2,16}(?:小学|中学|[一二三四五六七八九十]中|附[小中]|幼儿园|大学|学院)"
)


UNIT = either_script(r"[\u4e00-\u9fff]{2,14}(?:[科室处部所站局]|办公室|分公司|党支部|团支部)")
"""A part of an office: 内三科."""


def is_byline(line: str) -> bool:
    """Whether a line is roles, names, papers, desks and places alone, and names both who and what they did.

    >>> is_byline("記者李小山／台北報導"), is_byline("记者的一天"), is_byline("李小山")
    (True, False, False)
    >>> is_byline("示例融媒 李小山 王建国")
    True
    >>> is_byline("■本报记者 李小山 文/图"), is_byline("□李小山"), is_byline("■河边步道")
    (True, True, False)
    """
    if len(line) > LONGEST or not line.strip():
        return False
    parts = _parts_of(line)
    if not 0 < len(parts) <= PARTS:
        return False
    if SQUARE.match(line) and is_sure_name(parts[0]):
        parts = [part for part in parts if not POST.fullmatch(part)]
    is_set_wide = len(parts) == 1 and SPACED_NAME.search(line) is not None and is_personal_name(parts[0])
    is_marked = SQUARE.match(line) is not None and (is_set_wide or all(map(is_sure_name, parts)))
    who, what = False, is_marked or bool(_staff(parts))
    for part in parts:
        named, did = _part(part)
        if not (named or did or SCHOOL.fullmatch(part) or UNIT.fullmatch(part)):
            return False
        who, what = who or named, what or did
    return who and what


def staff_of_a_paper(line: str) -> list[str]:
    """The people of a line that is a paper's name and theirs, as county newsrooms sign.

    >>> staff_of_a_paper("示例融媒 李小山 王建国"), staff_of_a_paper("示例晚报 河边步道")
    (['李小山', '王建国'], [])
    """
    return _staff(_parts_of(line)) if len(line) <= LONGEST else []


def _parts_of(line: str) -> list[str]:
    return [part for part in BETWEEN.split(SPACED_NAME.sub(closed_up, line)) if part]


def _staff(parts: list[str]) -> list[str]:
    people = parts[1:]
    is_sure = any(map(is_sure_name, people)) and all(map(is_personal_name, people))
    return people if is_sure and any(form.fullmatch(parts[0]) for form in (PAPER, SCHOOL, UNIT)) else []


def _part(part: str) -> tuple[bool, bool]:
    """(whether a part names somebody, whether it says what was done)."""
    if is_personal_name(part):
        return True, False
    for pattern in (WITH_ROLE, DID_BY):
        if (found := pattern.fullmatch(part)) and is_personal_name(found[1]):
            return True, True
    if DESK.fullmatch(part):
        return True, False
    if ROLE_ALONE.fullmatch(part) or DID.fullmatch(part):
        return False, True
    return len(part) > 2 and ORG.search(part) is not None and not part.isascii(), False
