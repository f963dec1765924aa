"""Spaces: odd ones, runs, indents, letter-spaced Han, spaces round full-width marks, Han next to Latin."""

from __future__ import annotations

import re
from itertools import pairwise

from pipeline.normalize.characters import FULL, LETTER, SHIELD, STOPS
from pipeline.rules.han import HAN

ODD = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
"""Spaces other than the plain one, as the inside of a class."""
_ODD_SPACE = re.compile(f"[{ODD}]")
_LINE_EDGE = re.compile(r"(?<![ \t])[ \t]++(?:(?=\n)|\Z)")
_RUN = re.compile("[ \t]{2,}|\t")
_BLANK_LINES = re.compile("\n{3,}")

# One Han, one space, one Han …: at least three of them. Each match consumes its run, so this is linear.
_LETTER_SPACED = re.compile(f"(?<![{HAN}])(?<![{HAN}] )[{HAN}](?: [{HAN}](?![{HAN}])){{2,}}")

_HAN_PAIR = re.compile(f"[{HAN}]{{2}}")
_SPACED_HAN = re.compile(f" (?<=[{HAN}] )(?=[{HAN}])")
_LETTER_SPACED_LEAST = 2

_LAST_NARROW = "\u10ff"
_BREAK = re.compile(f" (?<=[{HAN}{FULL},;:?!] )(?=[{HAN}{FULL}])")
_BREAK_BEHIND = f"{STOPS},;:?!”"
"""What a break behind tells nothing: a space stands there also in other texts."""
_PARAGRAPH_END = "。？！?!”"
_LEAST_BREAKS = 3
_NARROWEST = 32
"""Columns of the narrowest printed line whose breaks are told; a Han takes two. Headlines in a row are shorter."""
_UNEVEN = 3
"""Columns that one such line may be longer or shorter than another: a mark hangs, a digit is half a Han."""
_INDENT = 4
"""Columns that the first of a paragraph is shorter."""

_LOST_INDENT = re.compile(f"^([?？]{{2,8}})(?=[{HAN}0-9“《（])", re.MULTILINE)
_LEAST_INDENTS = 3
_LOST_PAIR = re.compile(f"(?<=[{HAN}])\\? \\? ?(?=[{HAN}])")
_LEAST_BETWEEN = 4
_LOST_BETWEEN = re.compile(f"\\?(?<=[{HAN}]\\?)(?:[{HAN}]\\?){{{_LEAST_BETWEEN - 1},}}(?=[{HAN}])")
"""One between each two characters, where a sign was that a text is cut up with against recognition."""
_ABSTRACT = re.compile("^摘(?:[?？] ?){1,2}要", re.MULTILINE)
"""The heading of a paper's abstract, whose two characters are set apart."""
_LOST_RUN = re.compile(r" ?(?:\? ){5,}\??")

# Every pattern begins with the space it removes, and looks behind that: spaces are rare, places between are not.
_MARKS = f"{STOPS}（）《》〈〉【】〔〕「」『』"
_MARK_SPACE = re.compile(f" (?<!\\| )(?!\\|)(?:(?=[{_MARKS}])|(?<=[{_MARKS}] ))")
"""Not the spaces of the bar between cells or links."""
_QUOTE_SPACE = re.compile(
    f" (?<!\\| )(?!\\|)(?:(?<=“ )|(?=”)|(?<=‘ )(?=[{HAN}])|(?<=[{HAN}] )(?=’)|(?<=[{HAN}{FULL}] )(?=[“‘])"
    f"|(?<=[”’] )(?=[{HAN}{FULL}])|(?=[“‘][{HAN}])|(?<=[{HAN}][”’] ))"
)
_DASH_SPACE = re.compile(" (?<!\\| )(?!\\|)(?:(?=——|……)|(?<=—— )|(?<=…… ))")
_NAME_DOT_SPACE = re.compile(f"(?<=[{HAN}]) ?· ?(?=[{HAN}])")

_LABEL = rf"(?:\d{{1,2}}|[A-Za-z])(?:[)）]|[.、] ?(?=[{HAN}]))"
"""The number or letter of a list inside a line: a)选项 b)选项, 1.苹果 2.香蕉, A. 对 B. 错."""
_WORD_START = rf"(?!{_LABEL})[{LETTER}0-9℃°±]|[$¥￥€£](?=\d)"
_WORD_END = rf"(?<=[{LETTER}0-9%‰℃℉°⁰-⁹₀-₉²³㎡)] )|(?<=[A-Za-z][+#] )|(?<=\+\+ )"
_LATIN_SPACE = re.compile(
    rf" (?:(?<=[{HAN}] )(?={_WORD_START})|(?:{_WORD_END})(?=[{HAN}])|(?<=[0-9] )(?=[%‰] ?(?:[{HAN}{FULL}]|\Z)))"
)
_UNIT = (
    "年月日号时点分秒折个只件家位名次版岁天周倍度米元块万亿千百美英公厘毫平立吨克寸升座条张台辆部届种句门楼只号"
    "個號時點歲塊萬億釐噸昇條張臺檯颱輛屆種門樓隻祇衹"
)
_MARKER = re.compile(rf"[{SHIELD}]?(?:#{{1,6}}|[\-*+>•](?: \[[ xX]\])?|\d{{1,3}}[.)]) ")
"""What begins a heading, a quotation or an item of Markdown, with the space that makes it one."""
_HEADING_NUMBER = re.compile(
    rf"[{SHIELD}]?(?:#{{1,6}} )?(?:(?:[\-*+] )?\[?\d{{1,3}}(?:\.\d{{1,3}})+ (?![{_UNIT}])"
    rf"|\d{{1,3}}(?:\.\d{{1,3}})* (?![{_UNIT}]|小[时時])|[A-Za-z0-9]{{1,3}}[.)] )(?=[{HAN}])"
)

_CAPTION = re.compile(
    f"((?:附?[图圖表]|例) ?[0-9]{{1,3}}(?:[.-][0-9]{{1,3}}){{0,2}}) (?=[{HAN}])(?![{_UNIT}])"
)
"""Of a figure, a table or an example; where the line ends in a stop it is a sentence: 图 1 展示了……"""


def odd_spaces(text: str) -> str:
    """No-break, ideographic, thin and other spaces become the plain space."""
    return _ODD_SPACE.sub(" ", text)


def trailing_spaces(text: str) -> str:
    """No space or tab at a line's end."""
    if " \n" in text or "\t\n" in text or text.endswith((" ", "\t")):
        return _LINE_EDGE.sub("", text)
    return text


def space_runs(line: str) -> str:
    """No indent, and one space for a run of spaces or tabs."""
    if "  " in line or "\t" in line:
        line = _RUN.sub(" ", line)
    return line.strip(" \t")


def letter_spacing(line: str) -> str:
    """Three or more single Han set apart by single spaces are joined (中 国 人 工); other spaces are separators.

    In a line where every Han stands alone (人 工 AI 技 术) all of them are joined.

    >>> letter_spacing("中 国 人 来自 四川")
    '中国人 来自 四川'
    """
    if " " not in line or len(_SPACED_HAN.findall(line)) < _LETTER_SPACED_LEAST:
        return line
    if not _HAN_PAIR.search(line):
        return _SPACED_HAN.sub("", line)
    return _LETTER_SPACED.sub(lambda match: match[0].replace(" ", ""), line)


def line_breaks(line: str) -> str:
    """A paragraph copied from print, with a space wherever a line of equal width ended, loses them.

    The last line of one of several paragraphs may be shorter.
    """
    if line.count(" ") < _LEAST_BREAKS:
        return line
    breaks = [found.start() for found in _BREAK.finditer(line)]
    inside = sum(line[at - 1] not in _BREAK_BEHIND for at in breaks)
    if len(breaks) < _LEAST_BREAKS or 2 * inside < len(breaks):
        return line
    widths = [
        sum(2 if character > _LAST_NARROW else 1 for character in line[start + 1 : end])
        for start, end in pairwise([-1, *breaks])
    ]
    usual = sorted(widths[1:])[len(breaks) // 2]
    even, is_first = 0, True
    for at, width in zip(breaks, widths, strict=True):
        is_last = line[at - 1] in _PARAGRAPH_END
        if -_UNEVEN - (_INDENT if is_first else 0) <= width - usual <= _UNEVEN:
            even += 1
        elif width > usual or not is_last:
            return line
        is_first = is_last
    return _BREAK.sub("", line) if usual >= _NARROWEST and even >= _LEAST_BREAKS else line


def lost_spaces(text: str) -> str:
    """Without the question marks left of spaces: ????记者 at the beginnings of several lines, ? ? between words.

    One between each two characters goes too (敏?感?内?容).
    """
    if "摘?" in text or "摘？" in text:
        text = _ABSTRACT.sub("摘要", text)
    if "? ?" in text:
        text = _LOST_PAIR.sub(" ", _LOST_RUN.sub(" ", text))
    if text.count("?") >= _LEAST_BETWEEN:
        text = _LOST_BETWEEN.sub(lambda run: run[0].replace("?", ""), text)
    if "??" not in text and "？？" not in text:
        return text
    found = _LOST_INDENT.findall(text)
    if len(found) < _LEAST_INDENTS or len(set(found)) > 1:
        return text
    return _LOST_INDENT.sub("", text)


def mark_spaces(line: str) -> str:
    """No space round full-width marks, nor round quotes, dashes and ellipses in Chinese context.

    >>> mark_spaces("- 《书》 ，好")
    '- 《书》，好'
    """
    if " " not in line:
        return line
    marker = _MARKER.match(line)
    start = marker.end() if marker else 0
    rest = _QUOTE_SPACE.sub("", _MARK_SPACE.sub("", line[start:]))
    if " ·" in rest or "· " in rest:
        rest = _NAME_DOT_SPACE.sub("·", rest)
    return line[:start] + _DASH_SPACE.sub("", rest)


def latin_spaces(line: str) -> str:
    """No space between Han and Latin letters or digits (GB/T 15834 has none, clreq calls it layout).

    Kept: next to protected spans, and after a number that starts a line (1 引言, 图1 架构).
    """
    if " " not in line:
        return line
    caption = _CAPTION.match(line)
    if caption and line[-1] not in STOPS:
        return caption[1].replace(" ", "") + " " + _LATIN_SPACE.sub("", line[caption.end() :])
    heading = _HEADING_NUMBER.match(line)
    start = heading.end() if heading else 0
    return line[:start] + _LATIN_SPACE.sub("", line[start:])


def blank_lines(text: str) -> str:
    """One blank line for several, none at the beginning and the end."""
    if "\n\n\n" in text:
        text = _BLANK_LINES.sub("\n\n", text)
    return text.strip("\n")
