"""Marks of Chinese text: full-width in Chinese context, …… and ——, · in names.

Sources: W3C clreq (marks, dash U+2014 twice, ellipsis U+2026 twice, name dot U+00B7) and GB/T 15834.
"""

from __future__ import annotations

import re

from pipeline.normalize.characters import (
    CLOSING,
    FULL,
    HAN_CHARACTER,
    KANA_CHARACTER,
    LETTER,
    NEAR,
    OPENING,
    SHIELD,
    STOPS,
    after,
    before,
    is_han,
)
from pipeline.rules.han import HAN

DASH_CHARACTERS = "―─–⸺⸻—\\-"
ELLIPSIS_CHARACTERS = ".…⋯‥·•・"
NAME_DOT_CHARACTERS = "•‧・･∙⋅."
MARK_CHARACTERS = ",:;?!."
"""What the fixes here look for, as the inside of a class; besides `DOUBLED_STOPS`."""
DOUBLED_STOPS = ("，，", "、、", "；；", "。。", "，。", "，？", "，！", "？。", "！。", "。？")

_DASHES = re.compile("[—―─–⸺⸻-][—―─–⸺⸻-]*")
_ODD_DASH = re.compile("[―─–⸺⸻]")
_LONE_BOX = re.compile(f"─(?<=[{HAN}{CLOSING}]─)(?=[{HAN}{OPENING}])")
"""Half a dash, as Taiwan sets it, not of a drawing."""
_BOX = re.compile("[\u2500-\u257f]")
_ODD_DOTS = re.compile("[⋯‥]|。。。|···|•••|・・・")
_DOTS = re.compile("[…⋯‥]+|\\.{3,}|。{3,}|·{3,}|•{3,}|・{3,}")
_WORD_OR_HAN = re.compile(f"[{HAN}{LETTER}0-9]")
_LAST_WORD = re.compile(f"[{HAN}] ?[A-Za-z0-9]{{1,20}}\\Z")
"""Of a Chinese line that ends in dots."""
_RULE_LENGTH = 8
"""A run of more dashes is a drawn line."""
_NAME_DOT = re.compile(f"[•‧・･∙⋅](?<=[{HAN}{LETTER}].)(?=[{HAN}{LETTER}])")
_MARK = re.compile(r"[,:;?!.](?:(?<=\.)\.*|(?<!\.)[,:;?!]*)")
_AFTER_HAN = tuple(
    (half, re.compile(f"{re.escape(half)}(?<=[{HAN}]{re.escape(half)})(?![=():])"), full)
    for half, full in zip(",:;?!", "，：；？！", strict=True)
)
"""The frequent case, without a call for each mark: right after Han."""
_FULL_MARK = str.maketrans(",:;?!.", "，：；？！。")
_DOUBLED = ("，，", "、、", "；；")
_TWO_STOPS = re.compile("(?<!。)。。(?!。)")
_STRAY_COMMA = re.compile(f"，(?<=[{HAN}{CLOSING}]，)(?=[。？！](?![{STOPS}]))")
"""Between a sentence and its stop, as programs set one against recognition; not in a row of marks (，。？！)."""
_STRAY_STOP = re.compile(f"(?<=[{HAN}{CLOSING}][？！])。(?![{STOPS}])|？(?<=。？)\\Z")
"""Behind another; a question mark behind 。 at the end is left of a lost space."""
_SENTENCE_HAN = 6
_PART = re.compile(f"[{HAN}{LETTER}0-9] ?[,，] ?(?=[{HAN}])")
"""The comma of a sentence."""

_CAPITALIZED = re.compile("[A-Z][a-z]")
_DECREMENT = re.compile(r"(?<![A-Za-z])[a-z]--\Z")
_HAN_NUMBER = re.compile("[（(]?[一二三四五六七八九十]{1,3}[)）]?\\Z")
_CLOSED = f"{CLOSING}…—"
_WORD = re.compile(f"[{LETTER}0-9{SHIELD}]")
_LATIN_NAME = "[A-Za-z0-9][A-Za-z0-9+.%℃\\-]{0,20}"
_LIST_COMMAS = re.compile(
    f"[A-Za-z0-9](?:(?<=[{HAN}{STOPS}].)|(?<=[{HAN}{STOPS}] .)|(?<=\\A[A-Z]))[A-Za-z0-9+.%℃\\-]{{0,20}}"
    f"(?:,{_LATIN_NAME}){{1,8}}(?= ?[{HAN}]|[{STOPS}])"
)
"""Latin words, numbers and what is measured between Han, of a list or of two clauses; also where the line begins."""
_COMMA = re.compile("(?<![0-9]),|,(?![0-9])")
_LABEL = re.compile(f"(?:\\A|[{STOPS}])[A-Z]{{2,5}}\\Z")
_VALUE = re.compile("[0-9.-]+(?!:)")
"""A label that is an acronym and its number: CPU:8核; not a time, not an address of hardware."""
_NUMBERED = re.compile("[0-9]{1,2}[.、)](?![0-9])")
_NEXT_ITEM = re.compile(f" ?[0-9]{{1,2}}[.、] ?(?=[{HAN}])")
_REFERENCE = re.compile("&[A-Za-z][A-Za-z0-9]{0,31}\\Z")
"""A character reference that is none, up to its semicolon."""
_FRAMED = re.compile("(-{3,60}|—{3,60}|─{3,60})[^-—─].*[^-—─]\\1\\Z")
"""Drawn on both sides of a heading: ----正文----."""
_SHIELDED_COMMA = re.compile(f"(?<=[{SHIELD}]), ?(?=[{SHIELD}]|\\[[^\\[\\]\\n]{{1,60}}[{SHIELD}])")
NAME_SYLLABLE = (
    "阿埃艾安奥巴贝比彼波伯博布查达戴丹德蒂丁杜多厄尔法夫菲费弗福盖戈格古哈海汉赫亨华霍基吉加贾杰卡凯康柯科克肯库"
    "拉莱兰朗劳勒雷里利莉林琳卢鲁路伦罗洛马玛麦曼梅蒙米密莫默姆穆纳娜内尼妮纽诺帕佩皮普奇乔琼萨塞森莎什斯史丝索"
    "塔泰坦汤特提图托瓦万威韦维温沃乌西希夏肖辛休雅亚扬耶伊因尤约泽扎詹珍朱兹茨佐"
    "愛貝達爾費蓋漢華賈傑凱萊蘭勞雷裡莉盧魯倫羅馬瑪麥蒙納內紐諾帕喬瓊薩絲湯圖維韋溫烏澤茲"
)
_HAN_BEFORE, _HAN_BEHIND = re.compile(f"[{HAN}]{{1,9}}\\Z"), re.compile(f"[{HAN}]{{1,9}}")
_PIECE = 9
_CLAUSE = 4
"""Han of the shortest clause that is told from a name or a word with a dot in it."""
_TOKEN = re.compile("[^ ，。、；：？！（）“”,.;:?!()]+")
_NAME_STOP = re.compile(f"\\.(?<=[{NAME_SYLLABLE}]{{2}}\\.)(?=[{NAME_SYLLABLE}]{{2}})")


def dashes(line: str) -> str:
    """Two or more dashes of any kind become ——; single ones are connectors and stay, as do rule lines.

    Hyphens need Han or a full-width mark beside them: `--help`, `i--`, `a--b`, `甲 --乙` and arrows stay.
    """
    if "─" in line:
        line = _LONE_BOX.sub("—", line)
    if "--" not in line and "———" not in line and "—-" not in line and not _ODD_DASH.search(line):
        return line
    if not _WORD_OR_HAN.search(line) or _FRAMED.match(line):
        return line
    return _DASHES.sub(_dash, line)


def _dash(match: re.Match[str]) -> str:
    line, run = match.string, match[0]
    left, right = before(line, match.start()), after(line, match.end())
    if (len(run) == 1 and run not in "⸺⸻") or len(run) > _RULE_LENGTH or run == "——":
        return run
    if left.isdigit() and right.isdigit() and set(run) <= set("-–—"):
        return run
    if _BOX.match(left) or _BOX.match(right):
        return run
    if set(run) == {"-"}:
        near, following = line[match.start() - 1 : match.start()], line[match.end() : match.end() + 1]
        is_option = run == "--" and near == " " and following not in {"", " "}
        if following == ">" or (near and near in "<=+*/") or is_option:
            return run
        is_decrement = _DECREMENT.search(line[max(0, match.start() - 2) : match.end()])
        return run if is_decrement or not (NEAR.match(left) or NEAR.match(right)) else "——"
    return "——"


def ellipses(line: str) -> str:
    """Three or more dots or full stops, or any ellipsis character, become …… beside Han or a mark.

    `1...100`, `f(...)`, `../path` and English stay.
    """
    if "…" not in line and "..." not in line and not _ODD_DOTS.search(line):
        return line
    return _DOTS.sub(_ellipsis, line)


def _ellipsis(match: re.Match[str]) -> str:
    line, run = match.string, match[0]
    if match.end() == len(line) and _LAST_WORD.search(line[max(0, match.start() - 22) : match.start()]):
        return "……"
    if run[0] == "。" or NEAR.match(before(line, match.start())) or NEAR.match(after(line, match.end())):
        return "……"
    return run


def name_dots(line: str) -> str:
    """The dot between the parts of a foreign name is U+00B7 (not • ‧ ・); a stop between such parts too.

    What has kana beside it, up to a space or mark, is Japanese and keeps ・.
    """
    if KANA_CHARACTER.search(line):
        return _TOKEN.sub(
            lambda match: match[0] if KANA_CHARACTER.search(match[0]) else name_dots(match[0]), line
        )
    line = _NAME_DOT.sub("·", line)
    return _NAME_STOP.sub("·", line) if "." in line else line


def marks(line: str) -> str:
    """, : ; ? ! . become full-width beside Han or a full-width mark, and at the end of a Chinese line.

    They stay between digits (1,000 3.14 3:00), inside all-Latin quotes and brackets, in list numbers and
    file names; `.` changes only after Han or a closing mark, or at the end.

    >>> marks("共1,000人,用Node.js.")
    '共1,000人，用Node.js。'
    """
    for half, pattern, full in _AFTER_HAN:
        if half in line:
            line = pattern.sub(full, line)
    line = _MARK.sub(_mark, line)
    if "," in line:
        line = _LIST_COMMAS.sub(lambda match: _COMMA.sub("，", match[0]), line)
        line = _SHIELDED_COMMA.sub("，", line)
    for doubled in _DOUBLED:
        while doubled in line:
            line = line.replace(doubled, doubled[0])
    if any(doubled in line for doubled in DOUBLED_STOPS[3:]):
        line = _STRAY_STOP.sub("", _STRAY_COMMA.sub("", _TWO_STOPS.sub("。", line)))
    return line


def _mark(match: re.Match[str]) -> str:
    line, run, start, end = match.string, match[0], match.start(), match.end()
    left, right = before(line, start), after(line, end)
    if run[0] == ".":
        return _stop(line, start, left, right) if run == "." else run
    near, following = line[start - 1 : start], line[end : end + 1]
    if run == ";" and _NEXT_ITEM.match(line, end):
        return "；"
    if near.isdigit() and following.isdigit():
        return run
    if near == "*":
        left = line[:start].rstrip("*")[-1:]
    if run == ":" and following.isdigit() and _LABEL.search(line[max(0, start - 6) : start]):
        return "：" if _VALUE.match(line, end) else run
    if run[0] in "?!" and _NUMBERED.match(line, end):
        return run.translate(_FULL_MARK)
    if run == ";" and _REFERENCE.search(line[max(0, start - 33) : start]):
        return run
    if following == "=" or run == "::":
        return run
    if start == 0 and run == ":" and following == " ":  # of a line that is quoted from another's post
        return run
    if following in {")", "("} and run in {":", ";"}:
        return run
    if is_han(left) or is_han(right):
        return run.translate(_FULL_MARK)
    if right and right in CLOSING:
        return run.translate(_FULL_MARK) if _holds_han(line, start, right) else run
    if (left and left in FULL and left not in OPENING) or (right and right in FULL):
        return run.translate(_FULL_MARK)
    if not right and left and (_WORD.match(left) or left in "%℃)]") and not (run == ";" and near == ")"):
        return run.translate(_FULL_MARK)
    return run


def _stop(line: str, start: int, left: str, right: str) -> str:
    following = line[start + 1 : start + 2]
    if (
        following.isascii()
        and following.isalnum()
        and not (is_han(left) and _CAPITALIZED.match(line, start + 1))
    ):
        return "."
    if _HAN_NUMBER.match(line, 0, start):
        return "."
    if is_han(following) and is_han(line[start - 1 : start]) and _is_dot(line, start):
        return "."
    if is_han(left) or (left and left in _CLOSED):
        return "。" if left not in "”’）" or not right or NEAR.match(right) else "."
    if (not right or right in "”’") and left and ((left.isalpha() and left.isascii()) or left >= SHIELD[0]):
        return "。" if not right or _holds_han(line, start, right) else "."
    if not right and left in {"%", "℃"}:
        return "。"
    if not right and (left in {"]", ")"} or left.isdigit()):
        return "。" if len(HAN_CHARACTER.findall(line)) >= _SENTENCE_HAN or _PART.search(line) else "."
    return "."


def _is_dot(line: str, at: int) -> bool:
    """Whether a point between two Han is a dot of a name, of a list or in a word (敏.感), not the stop of a sentence.

    So it is beside a piece of one or two Han between two such points, before a single Han and a mark, and beside less
    than a clause where the line has 。 for its stops.
    """
    left, right = _HAN_BEFORE.search(line[max(0, at - _PIECE) : at]), _HAN_BEHIND.match(line, at + 1)
    if left is None or right is None:
        return False
    before_left, after_right = at - len(left[0]) - 1, right.end()
    if (len(left[0]) < 3 and line[max(0, before_left)] == ".") or (
        len(right[0]) < 3 and line[after_right : after_right + 1] == "."
    ):
        return True
    if len(right[0]) == 1 and line[after_right : after_right + 1] in {*STOPS, *CLOSING}:
        return True
    return "。" in line and min(len(left[0]), len(right[0])) < _CLAUSE


def _holds_han(line: str, end: int, closing: str) -> bool:
    """Whether the quotation or bracket that `closing` ends has Han before `end` (200 characters at most)."""
    opening = OPENING[CLOSING.index(closing)]
    start = line.rfind(opening, max(0, end - 200), end)
    return HAN_CHARACTER.search(line, max(start, end - 200, 0), end) is not None
