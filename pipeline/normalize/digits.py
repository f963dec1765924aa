"""Numbers: the colon of a time or a ratio and the comma of thousands are half-width; a converter's 壹 is 一 again."""

from __future__ import annotations

import re

_HINT = re.compile("[：，](?:(?<=[0-9].)|(?<=[0-9][ \t].)|(?<=[0-9][ \t]{2}.))[ \t]{0,3}[0-9]")
_TWICE = re.compile("，[ \t]{0,3}[,，]|,[ \t]{0,3}，")
_DOUBLED = re.compile("(?<=[0-9])[ \t]{0,2}[,，](?:[ \t]{0,3}[,，]){1,3}[ \t]{0,3}(?=[0-9])")
_GAP = re.compile("(?<=[0-9])[ \t]{0,2}([：，])[ \t]{0,3}(?=[0-9])")
_TIME = re.compile(r"(?<![\d：:])(?:[01]?\d|2[0-4])：[0-5]\d(?:：[0-5]\d)?(?![\d：xX×])")
_RATIO = re.compile(r"(?<![\d：:])(?<!\d\.)\d{1,3}(?:\.\d{1,9})?：\d{1,3}(?:\.\d{1,9})?(?![\d：xX×])")
_SCALE = re.compile(r"(?:(?<=[尺比为以约是])|^)1：\d{4,7}(?![\d：])", re.MULTILINE)
_THOUSANDS = re.compile(r"(?<![\d，])\d{1,3}(?:，\d{3})+(?![\d，])")
_LABEL = "注图表第骤案式题例章节条款类组型级层区步项"
_COUNTED = "个年月日条项名位家种款分"

_ONE, _FORMAL_ONE = "一", "壹"
_FORMAL = re.compile("[贰貳叁叄肆伍陆陸柒捌玖壹][拾佰仟]|[贰貳叁叄肆柒捌玖][万萬元圆圓]")
"""Sums in words: who writes these writes 壹 too."""
_PLAIN_ONE = re.compile("壹[個个些樣样直起下般切種种次點点位天旦邊边]|[第統统唯之不]壹")
"""As no sum has it."""
_NAMED_ONE = re.compile("壹(?![周週]刊|傳媒|传媒|電視|电视|基金)")
_LEAST_PLAIN = 2
"""Different ones, of which a name or a contract may have one."""
_SHARE_OF_ONES = 0.1
"""Of 一 by 壹 in such a text: a quotation."""


def number_marks(text: str) -> str:
    """10：30, 3：1 and 12，345 get half-width marks; 注1：20个 and 100，200，300 may be something else and stay."""
    if text.isascii():
        return text
    # A doubled mark becomes a single one, which then is a number's.
    if _TWICE.search(text):
        text = _DOUBLED.sub(lambda run: "，" if "，" in run[0] else run[0], text)
    if not _HINT.search(text):
        return text
    return "\n".join(
        _THOUSANDS.sub(_thousands, _clock(_GAP.sub(r"\1", line))) if _HINT.search(line) else line
        for line in text.split("\n")
    )


def _clock(line: str) -> str:
    if "：" not in line:
        return line
    return _SCALE.sub(_half, _RATIO.sub(_half, _TIME.sub(_half, line)))


def _half(match: re.Match[str]) -> str:
    """Half-width, but not after a label nor before what is counted."""
    line = match.string
    left, right = line[match.start() - 1 : match.start()], line[match.end() : match.end() + 1]
    if (left and left in _LABEL) or (right and right in _COUNTED):
        return match[0]
    return match[0].replace("：", ":")


def _thousands(match: re.Match[str]) -> str:
    """One number if its first group has fewer than three digits, or a group is 000; else it may be a list."""
    number = match[0]
    return number.replace("，", ",") if number.find("，") < 3 or "，000" in number else number


def formal_ones(text: str) -> str:
    """壹 is 一 where a careless converter wrote it throughout; in sums and in names of a text that has 一 too it stays.

    >>> formal_ones("壹個人走了壹天，第壹次到這裡。"), formal_ones("壹個月租金人民幣壹仟元，壹次付清。")
    ('一個人走了一天，第一次到這裡。', '壹個月租金人民幣壹仟元，壹次付清。')
    """
    ones = text.count(_FORMAL_ONE)
    if (
        ones < _LEAST_PLAIN
        or text.count(_ONE) > _SHARE_OF_ONES * ones
        or len(set(_PLAIN_ONE.findall(text))) < _LEAST_PLAIN
        or _FORMAL.search(text)
    ):
        return text
    return _NAMED_ONE.sub(_ONE, text)
