"""Marks of Chinese text: full-width in Chinese context, …… and ——, · in names, brackets in pairs.

Sources: W3C clreq (marks, dash U+2014 twice, ellipsis U+2026 twice, name dot U+00B7) and GB/T 15834.
"""

from __future__ import annotations

import re

from pipeline.normalize.characters import CLOSING, FULL, HAN, HAN_CHARACTER, LETTER, OPENING, is_han

_DASHES = re.compile("(?<![\u2500-\u257f\\-]) ?(?:[—―─–⸺⸻]{2,}|[⸺⸻]|[-—―─–]{2,}) ?(?![\u2500-\u257f])")
_DOTS = re.compile(" ?(?:[…⋯‥]+|\\.{3,}|。{3,}|·{3,}|•{3,}|・{3,})")
_NAME_DOT = re.compile(f"(?<=[{HAN}{LETTER}])[•‧・･∙⋅·](?=[{HAN}{LETTER}])")
_BRACKET = re.compile("[()（）]")
_MARK = re.compile(r"[,:;?!]+|(?<!\.)\.(?!\.)")
_FULL_MARK = str.maketrans(",:;?!.", "，：；？！。")
_DOUBLED = re.compile("，{2,}|、{2,}|；{2,}|(?<!。)。。(?!。)")
_DEEPEST = 16
_SENTENCE_HAN = 6

_DECREMENT = re.compile(r"(?<![A-Za-z])[a-z]--\Z")
_HAN_NUMBER = re.compile("[（(]?[一二三四五六七八九十]{1,3}[)）]?\\Z")
_NEAR = re.compile(f"[{HAN}{FULL}]")
_CLOSED = f"{CLOSING}…—"
_WORD = re.compile(f"[{LETTER}0-9]")
_CALL = re.compile(r"(?:[a-z_][A-Za-z0-9_.]{0,60}|(?<![A-Za-z0-9])[A-Za-z])\Z")
_ARGUMENTS = re.compile(r"[\x20-\x27\x2a-\x7e…]*\Z")
_LIST_COMMA = re.compile(
    f"(?<=[{HAN}])([A-Za-z][A-Za-z0-9+.\\-]{{0,20}}),(?=[A-Za-z][A-Za-z0-9+.\\-]{{0,20}} ?[{HAN}])"
)
_NAME_SYLLABLE = (
    "阿埃艾安奥巴贝比彼波伯博布查达戴丹德蒂丁杜多厄尔法夫菲费弗福盖戈格古哈海汉赫亨华霍基吉加贾杰卡凯康柯科克肯库"
    "拉莱兰朗劳勒雷里利莉林琳卢鲁路伦罗洛马玛麦曼梅蒙米密莫默姆穆纳娜内尼妮纽诺帕佩皮普奇乔琼萨塞森莎什斯史丝索"
    "塔泰坦汤特提图托瓦万威韦维温沃乌西希夏肖辛休雅亚扬耶伊因尤约泽扎詹珍朱兹茨佐"
    "愛貝達爾費蓋漢華賈傑凱萊蘭勞雷裡莉盧魯倫羅馬瑪麥蒙納內紐諾帕喬瓊薩絲湯圖維韋溫烏澤茲"
)
_NAME_STOP = re.compile(f"(?<=[{_NAME_SYLLABLE}]{{2}})\\.(?=[{_NAME_SYLLABLE}]{{2}})")


def dashes(line: str) -> str:
    """Two or more dashes of any kind become ——; single ones are connectors and stay, as do rule lines.

    Hyphens need Han or a full-width mark beside them: `--help`, `i--` and `a--b` stay.
    """
    if not _DASHES.search(line) or not _WORD_OR_HAN.search(line):
        return line
    return _DASHES.sub(_dash, line)


_WORD_OR_HAN = re.compile(f"[{HAN}{LETTER}0-9]")


def _dash(match: re.Match[str]) -> str:
    line, run = match.string, match[0].strip(" ")
    before, after = line[match.start() - 1 : match.start()], line[match.end() : match.end() + 1]
    if len(run) > 8 or (before.isdigit() and after.isdigit() and set(run) <= set("-–—")):
        return match[0]
    if set(run) == {"-"} and (not (_NEAR.match(before) or _NEAR.match(after)) or _DECREMENT.search(line[: match.start() + 2][-4:])):
        return match[0]
    return "——"


def ellipses(line: str) -> str:
    """Three or more dots or full stops, or any ellipsis character, become …… beside Han or a mark.

    `1...100`, `f(...)`, `../path` and English stay.
    """
    if not _DOTS.search(line):
        return line
    return _DOTS.sub(_ellipsis, line)


def _ellipsis(match: re.Match[str]) -> str:
    line, run = match.string, match[0].strip(" ")
    before, after = line[match.start() - 1 : match.start()], line[match.end() : match.end() + 1]
    if (
        run[0] == "。"
        or _NEAR.match(before)
        or _NEAR.match(after)
        or (after == " " and _NEAR.match(line[match.end() + 1 :][:1]))
    ):
        return "……"
    return match[0]


def name_dots(line: str) -> str:
    """The dot between the parts of a foreign name is U+00B7 (not • ‧ ・); a stop between such parts too."""
    line = _NAME_DOT.sub("·", line)
    return _NAME_STOP.sub("·", line) if "." in line else line


def brackets(line: str) -> str:
    """Brackets are full-width if Han is inside or beside them; both halves of a pair are alike.

    Call brackets (`f()`, `f(x)`), list numbers `1)` and all-Latin brackets in Latin text stay.
    """
    if "(" not in line and ")" not in line:
        return line
    characters = list(line)
    stack: list[int] = []
    for match in _BRACKET.finditer(line):
        at = match.start()
        if match[0] in "(（":
            stack.append(at)
            if len(stack) > _DEEPEST:
                return line
        elif stack:
            start = stack.pop()
            if _is_wide_pair(line, start, at):
                characters[start], characters[at] = "（", "）"
        elif match[0] == ")" and line[at - 1 : at] not in {":", ";", "-"} and not _is_list_number(line, at) and _is_beside(line, at, at):
            characters[at] = "）"
    for at in stack:
        if line[at] == "(" and _is_beside(line, at, at):
            characters[at] = "（"
    return "".join(characters)


def _is_wide_pair(line: str, start: int, end: int) -> bool:
    if line[start] == "（" or line[end] == "）":
        return True
    if HAN_CHARACTER.search(line, start + 1, end):
        return True
    if _CALL.search(line[max(0, start - 62) : start]) and _ARGUMENTS.match(line, start + 1, end):
        return False
    inside = line[start + 1 : end]
    if inside and not _WORD.search(inside) and not set(inside) & set("?!…") and not _NEAR.search(inside):
        return _has_stand_in(inside)
    return _is_beside(line, start, end)


def _has_stand_in(inside: str) -> bool:
    return any("\U000f0000" <= character <= "\U0010fffd" for character in inside)


def _is_beside(line: str, start: int, end: int) -> bool:
    """Whether the visible neighbour before `start` or after `end` is Han or a full-width mark."""
    return _NEAR.match(_before(line, start)) is not None or _NEAR.match(_after(line, end + 1)) is not None


def _is_list_number(line: str, at: int) -> bool:
    """Whether a closing bracket ends a number or letter that stands alone: `1)`, `a)`."""
    start = at
    while start and at - start < 3 and line[start - 1].isascii() and line[start - 1].isalnum():
        start -= 1
    return start < at and (start == 0 or line[start - 1] in " ；;，,。")


def marks(line: str) -> str:
    """, : ; ? ! . become full-width beside Han or a full-width mark, and at the end of a Chinese line.

    They stay between digits (1,000 3.14 3:00), inside all-Latin quotes and brackets, in list numbers and
    file names; `.` changes only after Han or a closing mark, or at the end.
    """
    line = _MARK.sub(_mark, line)
    if "," in line:
        line = _LIST_COMMA.sub(r"\1，", line)
    return _DOUBLED.sub(lambda match: match[0][0], line)


def _before(line: str, at: int) -> str:
    if at >= 2 and line[at - 1] == " ":
        return line[at - 2]
    return line[at - 1 : at]


def _after(line: str, at: int) -> str:
    if line[at : at + 1] == " ":
        at += 1
    return line[at : at + 1]


def _mark(match: re.Match[str]) -> str:
    line, run, start, end = match.string, match[0], match.start(), match.end()
    left, right = _before(line, start), _after(line, end)
    if run == ".":
        return _stop(line, start, left, right)
    near, following = line[start - 1 : start], line[end : end + 1]
    if near.isdigit() and following.isdigit():
        return run
    if following == "=" or run == "::" or (following in {")", "("} and run in {":", ";"}):
        return run
    if is_han(left) or is_han(right):
        return run.translate(_FULL_MARK)
    if right and right in CLOSING:
        return run.translate(_FULL_MARK) if _holds_han(line, start, right) else run
    if (left and left in FULL and left not in OPENING) or (right and right in FULL):
        return run.translate(_FULL_MARK)
    if not right and left and (_WORD.match(left) or left in "%℃)]"):
        return run.translate(_FULL_MARK)
    return run


def _stop(line: str, start: int, left: str, right: str) -> str:
    following = line[start + 1 : start + 2]
    if following.isascii() and following.isalnum():
        return "."
    if _HAN_NUMBER.match(line, 0, start):
        return "."
    if is_han(left) or (left and left in _CLOSED):
        return "。" if left not in "”’）" or not right or _NEAR.match(right) else "."
    if (not right or right in "”’") and left and left.isascii() and left.isalpha():
        return "。" if not right or _holds_han(line, start, right) else "."
    if not right and (left in {"%", "]"} or left.isdigit()):
        return "。" if len(HAN_CHARACTER.findall(line)) >= _SENTENCE_HAN else "."
    return "."


def _holds_han(line: str, end: int, closing: str) -> bool:
    """Whether the quotation or bracket that `closing` ends has Han before `end` (200 characters at most)."""
    opening = OPENING[CLOSING.index(closing)]
    start = line.rfind(opening, max(0, end - 200), end)
    return HAN_CHARACTER.search(line, max(start, end - 200, 0), end) is not None
