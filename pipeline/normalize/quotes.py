"""Quotation marks: “” outside, ‘’ inside, paired; straight, corner, doubled and reversed ones repaired."""

from __future__ import annotations

import re

from pipeline.normalize.characters import FULL, HAN, HAN_CHARACTER

_HINT = re.compile("[\"'`“”„‟‘’‚‛「」『』〝〞〟<]")
_DOUBLED = ((re.compile("‘‘(?=[^‘’])"), "“"), (re.compile("(?<=[^‘’])’’"), "”"))
_TEX = re.compile("``([^`'\n]{1,200})(?:''|\")")
_GUILLEMETS = re.compile(f"<<([^<>\n]{{0,100}}[{HAN}][^<>\n]{{0,100}})>>")
_CORNER = re.compile("[「」『』]")
_DOUBLE = re.compile('["“”]')
_WORD = re.compile(f"[A-Za-z0-9{HAN}]")
_SINGLE = re.compile(r"(?<![A-Za-z0-9])'(?![\s'])([^'\"\n]{1,200}?)(?<!\s)'(?![A-Za-z])")
_SINGLE_MIXED = re.compile(
    r"‘([^'‘’\n]{1,200}?)(?<![\s])'(?![A-Za-z])|(?<![A-Za-z0-9])'(?!\s)([^'‘’\n]{1,200}?)’(?![A-Za-z])"
)
_STRAY_SINGLE = re.compile("(?<=[“”])’|‘(?=[“”])")
_NEAR = re.compile(f"[{HAN}{FULL}]")
_INCH = re.compile(r"\d\"")


def quotes(line: str) -> str:
    """Quotes of a Chinese line as “” ‘’; apostrophes, inches and titles in English stay.

    A quotation over several paragraphs keeps its unclosed “. Marks that cannot be paired are left.
    """
    if not _HINT.search(line):
        return line
    line = line.replace("〝", "“").replace("〞", "”").replace("〟", "”").replace("„", "“").replace("‟", "“")
    line = _TEX.sub(r"“\1”", line)
    for doubled, mark in _DOUBLED:
        line = doubled.sub(mark, line)
    line = _GUILLEMETS.sub(r"《\1》", line)
    line = _paired(_corners(line))
    return _singles(line)


def _corners(line: str) -> str:
    """「」 and 『』 by depth: “” outside, ‘’ inside them; a lone closing mark follows its shape."""
    if not _CORNER.search(line):
        return line
    depth = line.count("“", 0, _CORNER.search(line).start()) > line.count(
        "”", 0, _CORNER.search(line).start()
    )  # type: ignore[union-attr]
    level = int(depth)

    def curly(match: re.Match[str]) -> str:
        nonlocal level
        if match[0] in "「『":
            level += 1
            return "“" if level % 2 else "‘"
        if not level:
            return "”" if match[0] == "」" else "’"
        level -= 1
        return "’" if level % 2 else "”"

    return _CORNER.sub(curly, line)


def _paired(line: str) -> str:
    """Double quotes in pairs: straight ones curled, two opening or two closing marks turned."""
    marks = [match.start() for match in _DOUBLE.finditer(line)]
    if not marks or _well_formed(line, marks):
        return line
    characters = list(line)
    straight = '"' in line
    opened: int | None = None
    for number, at in enumerate(marks):
        mark = characters[at]
        if mark == '"' and opened is None and _is_inch(line, at):
            continue
        if (
            mark == "“"
            and opened is not None
            and not straight
            and number + 1 == len(marks)
            and len(marks) % 2
        ):
            continue
        if opened is None:
            if mark == "”" and number + 1 == len(marks):
                continue
            if mark == '"' and not _has_partner(line, marks, number):
                continue
            characters[at] = "“"
            opened = at
        else:
            characters[at] = "”"
            opened = None
    return "".join(characters)


def _well_formed(line: str, marks: list[int]) -> bool:
    """Whether curly quotes alone stand in pairs (nested ones too), but for one that a later paragraph closes."""
    depth = 0
    for at in marks:
        mark = line[at]
        if mark == '"':
            return False
        depth += 1 if mark == "“" else -1
        if depth < 0:
            return False
    return depth == 0 or (depth == 1 and len(marks) % 2 == 1)


def _is_inch(line: str, at: int) -> bool:
    """Whether a straight mark follows a digit and nothing quoted can begin there: 6.1"."""
    return at > 0 and line[at - 1].isdigit() and line[at - 1].isascii()


def _has_partner(line: str, marks: list[int], number: int) -> bool:
    """Whether a later mark can close the straight one that opens here; a paragraph's first may stay open."""
    return number + 1 < len(marks)


def _singles(line: str) -> str:
    """Single quotes round or next to Han become ‘’; an apostrophe is left."""
    if "'" in line:
        line = _SINGLE_MIXED.sub(lambda m: f"‘{m[1] or m[2]}’" if _is_near(m, m[1] or m[2]) else m[0], line)
        line = _SINGLE.sub(lambda m: f"‘{m[1]}’" if _is_near(m, m[1]) else m[0], line)
    if ("’" in line or "‘" in line) and line.count("‘") != line.count("’"):
        line = _STRAY_SINGLE.sub("", line)
    return line


def _is_near(match: re.Match[str], inside: str) -> bool:
    line = match.string
    outside = line[match.start() - 1 : match.start()] + line[match.end() : match.end() + 1]
    return HAN_CHARACTER.search(inside) is not None or _NEAR.search(outside) is not None
