"""Quotation marks: “” outside, ‘’ inside, paired; straight, corner, doubled and reversed ones repaired."""

from __future__ import annotations

import re
from itertools import cycle

from pipeline.normalize.characters import FULL, HAN_CHARACTER, is_chinese
from pipeline.rules.han import HAN

_UNUSUAL = "\"'`„‟‘’「」『』〝〞〟<"
CHARACTERS = f"{_UNUSUAL}“”"
"""What `quotes` looks for, as the inside of a class."""
_HINT = re.compile(f"[{_UNUSUAL}]")
_DOUBLED = ((re.compile("(?<!‘)‘‘(?!‘)"), "“"), (re.compile("(?<!’)’’(?!’)"), "”"))
_TEX = re.compile("``([^`'\n]{1,200})(?:''|\")")
_TWICE_SINGLE = re.compile(f"(?<!')''([^'\n]{{0,100}}[{HAN}][^'\n]{{0,100}})''(?!')")
_GUILLEMETS = re.compile(f"<<([^<>\n]{{0,100}}[{HAN}][^<>\n]{{0,100}})>>")
_CORNER = re.compile("[「」『』]")
_CORNER_OR_DOUBLE = re.compile("[「」『』“”]")
_DOUBLE = re.compile('["“”]')
_DOUBLE_OR_CORNER = re.compile('["“”「」]')
_RUNS_ON = re.compile(f"[{HAN}A-Za-z0-9，、,“（(]")
"""The last character of a line that the next one goes on: no stop, no closing mark."""
_OTHER_QUOTE = re.compile("[`'„‟‘’『』〝〞〟]|[0-9]\"|<<")
"""Quotes in quotes, inches: too much to tell across lines."""
_MOST_TURNED = 2
"""Curly marks of a line that may stand the wrong way round: both of a pair."""
_MISPLACED = re.compile("“(?= ?[，。、；：？！”,.;:?!])")
"""An opening mark where none can stand."""
_WORD = re.compile(f"[A-Za-z0-9{HAN}]")
_SINGLE = re.compile(r"(?<![A-Za-z0-9])'(?![\s'])([^'\"\n]{1,200}?)(?<!\s)'(?![A-Za-z])")
_SINGLE_MIXED = re.compile(
    r"‘([^'‘’\n]{1,200}?)(?<![\s])'(?![A-Za-z])|(?<![A-Za-z0-9])'(?!\s)([^'‘’\n]{1,200}?)’(?![A-Za-z])"
)
_TWO_OPENING = re.compile("‘([^‘’\n]{1,200})‘(?![^‘’]*’)")
_STRAY_SINGLE = re.compile("(?<=[“”])’|‘(?=[“”])")
_NEAR = re.compile(f"[{HAN}{FULL}]")


def quotes(line: str) -> str:
    """Quotes of a Chinese line as “” ‘’; apostrophes, inches and titles in English stay.

    A quotation over several paragraphs keeps its unclosed “. Marks that cannot be paired are left.

    >>> quotes('他说:"我读「红楼梦」"')
    '他说:“我读‘红楼梦’”'
    """
    if not _HINT.search(line):
        if "“" not in line and "”" not in line:
            return line
        return line if _is_alternating(line) else _paired(line)
    line = line.replace("〝", "“").replace("〞", "”").replace("〟", "”").replace("„", "“").replace("‟", "“")
    line = _TEX.sub(r"“\1”", line)
    line = _TWICE_SINGLE.sub(r"“\1”", line)
    for doubled, mark in _DOUBLED:
        line = doubled.sub(mark, line)
    line = _GUILLEMETS.sub(r"《\1》", line)
    line = _paired(_corners(line))
    return _singles(line)


def across_lines(text: str) -> tuple[str, frozenset[int]]:
    """The quotes of hard-wrapped paragraphs paired across their lines, and the numbers of those lines.

    A line that ends in no stop runs on. Lines whose quotes pair within themselves are none of this function's.
    """
    if "\n" not in text or not _DOUBLE_OR_CORNER.search(text):
        return text, frozenset()
    lines = text.split("\n")
    taken: set[int] = set()
    first = 0
    for number, line in enumerate(lines):
        if number + 1 < len(lines) and lines[number + 1].strip() and _RUNS_ON.match(line[-1:]):
            continue
        wrapped = lines[first : number + 1]
        if (
            len(wrapped) > 1
            and (paired := _paired_across("\n".join(wrapped))) is not None
            and all(map(is_chinese, wrapped))
        ):
            lines[first : number + 1] = paired.split("\n")
            taken.update(range(first, number + 1))
        first = number + 1
    return "\n".join(lines), frozenset(taken)


def _paired_across(lines: str) -> str | None:
    """The lines with their quotes paired, if they are of one kind, some line's do not pair, and all together do."""
    if _OTHER_QUOTE.search(lines):
        return None
    marks = "".join(_DOUBLE_OR_CORNER.findall(lines))
    each = ["".join(_DOUBLE_OR_CORNER.findall(line)) for line in lines.split("\n")]
    pairs = next((pair for pair in ('""', "“”", "「」") if set(marks) == set(pair)), None)
    if (
        pairs is None
        or marks != pairs * (len(marks) // 2)
        or all(one == pairs * (len(one) // 2) for one in each)
    ):
        return None
    turns = cycle("“”")
    return _DOUBLE_OR_CORNER.sub(lambda _: next(turns), lines)


def _is_alternating(line: str) -> bool:
    """Whether the double quotes open and close by turns: the frequent case."""
    outside, *inside = line.split("“")
    return "”" not in outside and all(part.count("”") == 1 for part in inside)


def _corners(line: str) -> str:
    """「」 and 『』 by depth: “” outside, ‘’ inside; in such a line “” too, so that 「“AI”」 nests."""
    if not _CORNER.search(line):
        return line
    level = 0

    def curly(match: re.Match[str]) -> str:
        nonlocal level
        if match[0] in "「『“":
            level += 1
            return "“" if level % 2 else "‘"
        if not level:
            return "’" if match[0] == "』" else "”"
        level -= 1
        return "’" if level % 2 else "”"

    return _CORNER_OR_DOUBLE.sub(curly, line)


def _paired(line: str) -> str:
    """Double quotes in pairs: straight ones curled, two opening or two closing marks turned."""
    marks = [match.start() for match in _DOUBLE.finditer(line)]
    straight = _straight(line, marks)
    curly = [at for at in marks if line[at] != '"']
    if not straight and _well_formed(line, curly):
        return line
    if len(straight) % 2 == 0 and _well_formed(line, curly, closed=True):
        return _straight_paired(line, marks, straight)
    if len(marks) == 1:
        return _lone(line, marks[0])
    return _turned(line, marks)


def _straight(line: str, marks: list[int]) -> list[int]:
    """The straight marks that are quotes: after a digit only what closes a quotation, else it means inches."""
    found: list[int] = []
    for at in marks:
        if line[at] == '"' and (len(found) % 2 or not _is_inch(line, at)):
            found.append(at)
    return found


def _straight_paired(line: str, marks: list[int], straight: list[int]) -> str:
    """Straight quotes in pairs; whichever of straight and curly is inside the other becomes single."""
    characters = list(line)
    pairs = iter(straight)
    inside = {
        at for first, last in zip(pairs, pairs, strict=False) if last > first + 1 for at in (first, last)
    }
    depth, opens, depth_of_straight = 0, True, 0
    for at in marks:
        if line[at] != '"':
            if not opens and not depth_of_straight:
                characters[at] = "‘" if line[at] == "“" else "’"
            depth += 1 if line[at] == "“" else -1
        elif at in inside:
            characters[at] = ("“" if opens else "”") if depth == 0 else ("‘" if opens else "’")
            opens, depth_of_straight = not opens, depth
    return "".join(characters)


def _turned(line: str, marks: list[int]) -> str:
    """The marks opening and closing by turns; an odd one at the end stays as it is.

    Where a mark is missing the turns would put all after it round the wrong way: such a line is left.
    """
    characters = list(line)
    opened = False
    for number, at in enumerate(marks):
        is_last = number + 1 == len(marks)
        if line[at] == '"' and not opened and (_is_inch(line, at) or is_last):
            continue
        if is_last and ((line[at] == "”" and not opened) or (line[at] == "“" and opened and len(marks) % 2)):
            continue
        characters[at] = "”" if opened else "“"
        opened = not opened
    turned = "".join(characters)
    wrong = sum(line[at] not in {'"', turned[at]} for at in marks)
    is_worse = len(_MISPLACED.findall(turned)) > len(_MISPLACED.findall(line))
    return line if wrong > _MOST_TURNED or is_worse else turned


def _lone(line: str, at: int) -> str:
    """A single straight mark opens a quotation at the start of a paragraph and closes one at its end."""
    if line[at] == '"' and at == 0 and _WORD.match(line, 1):
        return "“" + line[1:]
    if (
        line[at] == '"'
        and at == len(line) - 1
        and at > 0
        and not line[at - 1].isdigit()
        and line[at - 1] != " "
    ):
        return line[:-1] + "”"
    return line


def _well_formed(line: str, marks: list[int], *, closed: bool = False) -> bool:
    """Whether curly quotes stand in pairs (nested ones too), but for one that a later paragraph closes."""
    depth = 0
    for at in marks:
        depth += 1 if line[at] == "“" else -1
        if depth < 0:
            return False
    return depth == 0 or (depth == 1 and len(marks) % 2 == 1 and not closed)


def _is_inch(line: str, at: int) -> bool:
    """Whether a straight mark follows a digit and nothing quoted can begin there: 6.1"."""
    return at > 0 and line[at - 1].isdigit() and line[at - 1].isascii()


def _singles(line: str) -> str:
    """Single quotes round or next to Han become ‘’; an apostrophe is left."""
    if "'" in line:
        line = _SINGLE_MIXED.sub(lambda m: f"‘{m[1] or m[2]}’" if _is_near(m, m[1] or m[2]) else m[0], line)
        line = _SINGLE.sub(lambda m: f"‘{m[1]}’" if _is_near(m, m[1]) else m[0], line)
    if ("’" in line or "‘" in line) and line.count("‘") != line.count("’"):
        line = _TWO_OPENING.sub(r"‘\1’", line)
        line = _STRAY_SINGLE.sub("", line)
    return line


def _is_near(match: re.Match[str], inside: str) -> bool:
    line = match.string
    outside = line[match.start() - 1 : match.start()] + line[match.end() : match.end() + 1]
    return HAN_CHARACTER.search(inside) is not None or _NEAR.search(outside) is not None
