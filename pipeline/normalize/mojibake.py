"""Mojibake that decoding again cures: UTF-8 read as GBK or Latin-1, GBK read as Latin-1."""

from __future__ import annotations

import re

from pipeline.normalize import triggers
from pipeline.normalize.characters import FULL
from pipeline.normalize.forms import width
from pipeline.rules.han import HAN

# UTF-8 of Han begins E4–E9, of full-width marks EF BC, of 。、《》 E3 80: these pairs read as GBK.
_PAIRS = [bytes((lead, second)) for lead in range(0xE4, 0xEA) for second in range(0x80, 0xC0)] + [
    b"\xef\xbc",
    b"\xe3\x80",
]
_GBK_PAIRS = "".join(pair.decode("gbk", "ignore") for pair in _PAIRS)
_AS_GBK = re.compile(f"[{_GBK_PAIRS}]")
_AS_LATIN = re.compile(
    "[\u0080-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
)
_LATIN_LEADS = "\u00b0-\u00b6\u00b8-\u00d6\u00d8-\u00f7"
"""First bytes of UTF-8 and GBK Han as Latin-1, but for · and ×, which Chinese text has."""
_FREQUENT = "锛銆鈥鐨鏄鍦涓浜鏈鎴鍥澶杩浠鍒璇鍜浣鍑寰鍙濂浼瀛鏃"
"""What the UTF-8 of ，。“ and of the most frequent Han (的是在一了有我国大…) begins with as GBK."""
SUSPECT = _FREQUENT + _LATIN_LEADS
"""Characters, as the inside of a class, without which no text is mojibake."""
_SUSPECTS = triggers.trigger_table([SUSPECT])
_NOT_LATIN = re.compile(f"[{HAN}]")
_CURED = re.compile(f"[{HAN}{FULL}\u0000-\u007f·\u3000～￥\u2030\u2103\u00b0\u00d7]*\\Z")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_C1 = dict.fromkeys(range(0x80, 0xA0))
_LEAST_HITS = 3


def mojibake(text: str) -> str:
    """Lines of mojibake are decoded again if that gives Chinese throughout, else they stay.

    A line counts as mojibake when a fifth of its characters are such as wrong decoding produces.
    """
    if text.isascii() or not triggers.of_text(text, _SUSPECTS):
        return text
    return "\n".join(_cured(line) for line in text.split("\n"))


def uncured(text: str) -> list[tuple[int, int]]:
    """Where lines of mojibake lie that `mojibake` could not cure: offsets of their first and last code points + 1."""
    if text.isascii() or not triggers.of_text(text, _SUSPECTS):
        return []
    spans, start = [], 0
    for line in text.split("\n"):
        if _reads_as_gbk(line) or _reads_as_latin(line):
            spans.append((start, start + len(line)))
        start += len(line) + 1
    return spans


def _reads_as_gbk(line: str) -> bool:
    return len(_AS_GBK.findall(line)) >= max(_LEAST_HITS, len(line) // 5)


def _reads_as_latin(line: str) -> bool:
    return not _NOT_LATIN.search(line) and len(_AS_LATIN.findall(line)) >= max(_LEAST_HITS, len(line) // 5)


def _cured(line: str) -> str:
    plain = width(_CONTROL.sub("", line))
    if _reads_as_gbk(plain):
        return _decoded(plain, "gb18030", "utf-8") or line
    if _reads_as_latin(plain):
        return (
            _decoded(plain, "latin-1", "utf-8")
            or _decoded(plain, "cp1252", "utf-8")
            or _decoded(plain, "latin-1", "gb18030")
            or _decoded(plain.translate(_C1), "latin-1", "gb18030")
            or line
        )
    return line


def _decoded(line: str, wrong: str, right: str) -> str | None:
    """The line as its bytes read in the right encoding; None if they cannot, or are not Chinese then."""
    try:
        result = line.encode(wrong).decode(right)
    except UnicodeError:
        return None
    han = _NOT_LATIN.findall(result)
    return (
        result if len(han) >= _LEAST_HITS and _CURED.match(result) and all(map(_is_frequent, han)) else None
    )


def _is_frequent(han: str) -> bool:
    """Whether a Han is of GB 2312's first level, the 3,755 frequent ones: chance decoding gives others."""
    return han.encode("gb2312", "ignore")[:1] <= b"\xd7" and han.encode("gb2312", "ignore") != b""
