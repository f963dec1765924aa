"""What is wrong with a TOML file, said to people who do not write TOML every day, and how the line is to be written."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass

ASSIGNED = re.compile(r"""\s*["']?([A-Za-z0-9_-]+)["']?\s*=""")
"""A line that begins to give a key its value."""

FULL_WIDTH = dict(zip(map(ord, "，、＝：［］｛｝＃（）．－＿；　"), ",,=:[]{}#().-_; ", strict=True))
"""Marks of Chinese writing, as TOML has them."""

CURLY = dict.fromkeys(map(ord, "“”„‟＂「」『』"), '"') | dict.fromkeys(map(ord, "‘’‚‛＇"), "'")
"""Quotation marks of writing, as TOML has them."""

_AT = re.compile(r"\(at line (\d+), column (\d+)\)$")
_END = re.compile(r"\(at end of document\)$")
_CONSTANT = re.compile(r"(true|false|yes|no|on|off|none|null|nil)\b", re.IGNORECASE)
_RIGHT = {"yes": "true", "on": "true", "no": "false", "off": "false", "true": "true", "false": "false"}


_SPAN = re.compile(r"\d+(?:\.\d+)?\s?[smhdw]\b")
_DAY = re.compile(r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What tomllib stumbled over."""

    error: str
    """Its own words, without the place."""
    before: str
    """The line up to there."""
    rest: str
    """The line from there on; empty at its end."""

    @property
    def line(self) -> str:
        """The whole line."""
        return self.before + self.rest

    @property
    def value(self) -> str:
        """What stands behind the first = of the line."""
        return self.line.partition("=")[2].strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A way in which people get TOML wrong."""

    holds: Callable[[Fault], bool]
    """Whether a fault is of this kind."""
    words: str
    """What to say of it; {} is the sign or word that stands there."""
    mended: Callable[[Fault], str] = lambda fault: fault.line
    """The line as it is to be written; as it is: that cannot be told."""


def _left_open(fault: Fault) -> bool:
    return fault.error.startswith(("Unterminated string", "Illegal character '\\n'", 'Expected "\'"'))


def _is_curly(fault: Fault) -> bool:
    """Whether a curly or Chinese quotation mark stands where a straight one should."""
    here = fault.rest[:1].translate(CURLY) in ('"', "'") and fault.rest[:1] not in ('"', "'")
    return here or (_left_open(fault) and fault.line.translate(CURLY) != fault.line)


def _constant(fault: Fault) -> str:
    found = _CONSTANT.match(fault.rest)
    word = found[0] if found else ""
    return fault.before + _RIGHT.get(word.lower(), word) + fault.rest[len(word) :]


def _in_quotes(fault: Fault) -> str:
    head, value = fault.line.partition("=")[0], fault.value
    text, mark, remark = value.partition(" #")
    return f'{head.rstrip()} = "{text.rstrip()}"{mark}{remark}'


def _is_bare(fault: Fault) -> bool:
    is_text = fault.value[:1].isalpha() or _SPAN.match(fault.value) is not None
    return not fault.error.startswith("Unclosed") and is_text and '"' not in fault.value


MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        holds=_is_curly,
        words="the quotes are those of a text, not of TOML, which has straight ones",
        mended=lambda f: f.line.translate(CURLY),
    ),
    Mistake(
        holds=lambda f: (
            "Expected '='" in f.error and f.rest.lstrip()[:1] in (":", "：") and ":" not in f.before
        ),
        words="a key and its value are parted by =, not by {}",
        mended=lambda f: f"{f.before.rstrip()} = {f.rest.lstrip()[1:].lstrip()}".translate(CURLY),
    ),
    Mistake(
        holds=lambda f: f.rest[:1].translate(FULL_WIDTH) != f.rest[:1],
        words="{} is a mark of Chinese writing; TOML has its own",
        mended=lambda f: f.line.translate(FULL_WIDTH | CURLY),
    ),
    Mistake(
        holds=lambda f: f.error.startswith("Invalid value") and _CONSTANT.match(f.rest) is not None,
        words="{} is no value of TOML: true and false are written small, and what there is none of is left out",
        mended=_constant,
    ),
    Mistake(
        holds=lambda f: (
            f.error.startswith("Invalid statement") and f.rest.startswith(("//", "/*", "--", ";"))
        ),
        words="a remark begins with #",
        mended=lambda f: f"{f.before}# {f.rest.lstrip('/*-; ')}",
    ),
    Mistake(holds=_left_open, words="a quote is opened in this line and not closed in it"),
    Mistake(
        holds=lambda f: "Unescaped" in f.error,
        words="a backslash in double quotes; write it twice, or the text in single quotes, '…'",
    ),
    Mistake(
        holds=lambda f: f.error.startswith("Unclosed array") or (not f.rest and f.value.startswith("[")),
        words="a list before this is not closed by ], or its entries are not parted by commas",
    ),
    Mistake(
        holds=lambda f: f.error.startswith("Unclosed inline table"),
        words="a { before this is not closed by }, or its entries are not parted by commas",
    ),
    Mistake(
        holds=lambda f: not f.rest.strip() and f.error.startswith(("Invalid value", "Expected '='")),
        words='a key without a value: write KEY = "…", or take the line out',
    ),
    Mistake(
        holds=lambda f: _DAY.match(f.value) is not None,
        words="a day is written 2026-11-01",
        mended=lambda f: _DAY.sub(lambda d: f"{d[1]}-{int(d[2]):02}-{int(d[3]):02}", f.line),
    ),
    Mistake(
        holds=_is_bare,
        words="a text, an address or a span of time stands in quotes",
        mended=_in_quotes,
    ),
    Mistake(holds=lambda f: f.error.startswith("Expected ']'"), words="a [table] that is not closed by ]"),
    Mistake(
        holds=lambda f: f.error.startswith("Expected newline"),
        words="one value a line, with nothing behind it; several are a list, [ … , … ]",
    ),
    Mistake(
        holds=lambda f: f.error.startswith(("Invalid statement", "Invalid value", "Expected '='")),
        words="a line is KEY = VALUE, [table] or # a remark; keys are of Latin letters, digits, - and _",
    ),
)
"""What is said in our words, the surest first; all else is said in tomllib's."""


def in_words(error: str, text: str) -> str:
    """`LINE: not TOML, column N: …` of an error of tomllib, with the line as it should be where that can be told."""
    lines = text.replace("\r\n", "\n").split("\n")
    while len(lines) > 1 and not lines[-1].strip():
        lines.pop()
    at = _AT.search(error)
    number, column = (int(at[1]), int(at[2])) if at else (len(lines), len(lines[-1]) + 1)
    if number > len(lines):
        number, column = len(lines), len(lines[-1]) + 1
    line = lines[number - 1]
    said = _END.sub("", _AT.sub("", error)).strip()
    if said.startswith(("Cannot overwrite", "Cannot declare")):
        return _twice(lines, number, said)
    fault = Fault(error=said, before=line[: column - 1], rest=line[column - 1 :])
    found = next((mistake for mistake in MISTAKES if mistake.holds(fault)), None)
    where = f"{number}: not TOML, column {column}"
    if found is None:
        return f"{where}: {said}"
    constant = _CONSTANT.match(fault.rest)
    sign = constant[0] if constant else fault.rest.lstrip(" \t")[:1]
    words = found.words.replace("{}", "the wide space" if sign == "\u3000" else sign)
    mended = found.mended(fault)
    hint = f"; write: {mended.strip()[:200]}" if mended != line and _reads(mended.strip()) else ""
    return f"{where}: {words}{hint}"


def _reads(line: str) -> bool:
    """Whether a line is TOML by itself, or the beginning or a part of a longer list."""
    for whole in (line, f"{line}]", f"x = [{line}]"):
        try:
            tomllib.loads(whole)
        except tomllib.TOMLDecodeError:
            continue
        return True
    return False


def _twice(lines: list[str], number: int, error: str) -> str:
    """What to say of a table or key that is given again; tomllib stands behind its value."""
    keys = [(n, found[1]) for n, line in enumerate(lines[:number], 1) if (found := ASSIGNED.match(line))]
    if not keys or error.startswith("Cannot declare"):
        return f"{number}: not TOML, column 1: a table of this name is there already; keep one, with all its keys"
    at, key = keys[-1]
    first = next(n for n, name in keys if name == key)
    earlier = f" (line {first} has it too)" if first != at else ""
    return f"{at}: not TOML, column 1: {key} is given twice{earlier}; keep one, with all its values"
