"""Which characters are Han, kana, full-width marks or Latin; the classes all the other rules speak in.

Each constant is the inside of a regular-expression character class, so that rules can join them.
"""

from __future__ import annotations

import re

from pipeline.rules.han import HAN

KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fd-\u30ff\u31f0-\u31ff"
HANGUL = "\u1100-\u11ff\u3131-\u3163\uac00-\ud7a3"
LETTER = (
    "A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u03ff\u0400-\u04ff\u2160-\u217f"
)
OPENING = "（《〈【〔〖「『“‘"
CLOSING = "）》〉】〕〗」』”’"
STOPS = "，。、；：？！"
FULL = STOPS + OPENING + CLOSING + "…—"
"""Marks that are set in Chinese text; curly quotes, the ellipsis and the dash also stand in English."""

SHIELD = "\U000f0000-\U000ffffd"
"""Stand-ins for protected spans (URLs, code): private-use characters, which no input keeps."""

HAN_CHARACTER = re.compile(f"[{HAN}]")
NEAR = re.compile(f"[{HAN}{FULL}]")
"""What makes a mark beside it Chinese."""
KANA_CHARACTER = re.compile(f"[{KANA}]")
HANGUL_CHARACTER = re.compile(f"[{HANGUL}]")
CHINESE_ONLY = re.compile("[这這们們吗嗎你妳她呢吧哪很说說么麼]")
"""Frequent characters that Japanese does not write."""
_LATIN_WORD = re.compile("[A-Za-z]+(?:[0-9]+[A-Za-z]*)*")
_GRAMMAR_WORD = re.compile(
    r"(?<![A-Za-z])(?:the|an?|is|are|was|were|be|been|and|or|but|of|to|in|on|for|with|by|at|from|as|that|which|this|it|"
    r"The|This|It|He|She|They|We|You|What|How|he|she|they|we|you|me|him|her|his|has|had|have|not|will|would|can|do|does|did|what|when|where|how)(?![A-Za-z])"
)


_INDENT = re.compile(f"[ \t]*[{SHIELD}]?(?=(?:[\\-*+•]|[0-9]{{1,3}}[.)])[ \t])|[ \t]*")
"""Of an item, also where it is protected: how far a line is indented says nothing of its language."""
_REFERENCE = re.compile(r"\[(?:[JMDCNPSRGZ]|EB|DB|CP)(?:/OL)?\] ?[.,:]")
"""The kind of a work in a list of references (GB/T 7714), which is set with half-width marks."""
_PAGES = re.compile(r"[0-9]{1,4}\([0-9]{1,3}\): ?[0-9]{1,5}[-–][0-9]")
"""Volume, number and pages of another: 18(1): 21-28."""
_TAGGED = re.compile(r"[^\n]{0,60}?(?:[^\s/]{1,20}/[A-Za-z]{1,3}[ \t]{1,3}){4}")
"""Words with the letters of their part of speech, as corpora are tagged: 国/n 的/u."""
_ENCLOSED = re.compile(f"[\\[(（《“\"'][{HAN}·]{{1,40}}[\\])）》”\"'{SHIELD}]")
_SENTENCE_WORDS = 5


_NAME = "[A-Za-z_][A-Za-z0-9_]{0,60}"
_CODE = re.compile(
    "[ \t]{0,40}(?:"
    + "|".join(
        (
            rf"{_NAME}(?:[.\[][A-Za-z0-9_.\[\]]{{0,60}})?[ ]?[+\-*/|&]?=[ ]?[\"'\[{{]",
            r"[{\[]?[ ]?\"[A-Za-z_][A-Za-z0-9_\-]{0,60}\"[ ]?:[ ]?[\"'\[{0-9tfn]",
            rf"(?:def|function|func|fn)[ ]{_NAME}[ ]?\(|(?:class|struct|interface)[ ]{_NAME}[ ]?[:({{]",
            rf"(?:var|let|const|int|float|double|char|bool|auto|String)[ ]{_NAME}[ ]?[=;]",
            r"(?:if|for|while|switch)[ ]?\([^()]{0,100}[=<>!&|;][^()]{0,100}",
            r"(?:public|private|protected|static)[ ][A-Za-z]",
            r"(?:print|printf|echo|console\.log|System\.out\.print(?:ln)?|alert)[ ]?\(?[\"']",
            r"(?:SELECT|INSERT|UPDATE|DELETE|CREATE)[ ][A-Za-z*(]",
            r"//|/\*|\*/|#include|#define|<\?php|>>>[ ]|\$[ ][a-z]|\"\"\"",
            r"def[ ][^\s(]{1,60}\([^()\n]{0,100}\)[^\n]{0,60}:\Z|SELECT[ ][^\n]{1,200}[ ]FROM[ ]",
            r"(?:git|docker|sudo|pip3?|npm|npx|yarn|curl|wget|brew|conda)[ ](?:[a-z][a-z\-]{1,20}[ ])?--?[A-Za-z]",
            r"msg(?:id|str|ctxt)(?:_plural|\[\d\])?[ ]\"|export[ ][A-Z_]{1,40}=",
            r"(?:[a-z][a-z0-9\-]{1,20}[ ]|[A-Za-z_][A-Za-z0-9_., ]{0,60}=[ ])[ -~]{1,150}?[ ]#[ ]",
            r"\[?\d{4}[\-/]\d\d[\-/]\d\d[T ]\d\d:\d\d:\d\d[0-9,.Z]{0,10}\]?[ ][\[(]?(?:\[[^\]\n]{0,30}\][ ])?"
            r"(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|CRITICAL)(?![A-Za-z])",
        )
    )
    + ")"
)


def before(line: str, at: int) -> str:
    """The visible character before an offset: one space is skipped; empty at the beginning."""
    if at >= 2 and line[at - 1] == " ":
        return line[at - 2]
    return line[at - 1 : at]


def after(line: str, at: int) -> str:
    """The visible character from an offset on: one space is skipped; empty at the end."""
    if line[at : at + 1] == " ":
        at += 1
    return line[at : at + 1]


def is_han(character: str) -> bool:
    """Whether one character (or the empty string) is Han; the block of nearly all of them is asked first."""
    return "\u4e00" <= character <= "\u9fff" or HAN_CHARACTER.match(character) is not None


def is_japanese(line: str) -> bool:
    """Whether kana make up a good part of a line: a fifth, or two thirds beside characters only Chinese has."""
    if not KANA_CHARACTER.search(line):
        return False
    kana, han = len(KANA_CHARACTER.findall(line)), len(HAN_CHARACTER.findall(line))
    return kana > 2 * han if CHINESE_ONLY.search(line) else kana * 4 >= han


def is_code(line: str) -> bool:
    """Whether a line is source code by how it begins: an assignment, a declaration, a call, JSON, a comment."""
    return _CODE.match(line) is not None


def _is_english(line: str) -> bool:
    """Whether a line is an English sentence whose only Han stand in brackets, quotes or the text of a link."""
    return (
        len(_LATIN_WORD.findall(line)) >= _SENTENCE_WORDS
        and _GRAMMAR_WORD.search(line) is not None
        and not HAN_CHARACTER.search(_ENCLOSED.sub("", line))
    )


def is_chinese(line: str, *, has_other: bool = True) -> bool:
    """Whether a line is Chinese text: it has Han, and is not Japanese, Korean, code, or an English sentence.

    Nor is an entry of a list of references, or tagged text. An English sentence that names a Chinese word has more than
    twice as many Latin words as Han, or more words than Han with two small words of grammar (and, the, is) among them.
    `has_other` is False where the caller knows that the line has neither kana nor Hangul.
    """
    if not HAN_CHARACTER.search(line) or (line[0] < "\x80" and (is_code(line) or _is_english(line))):
        return False
    if "/" in line and _TAGGED.match(line):
        return False
    if ("[" in line and _REFERENCE.search(line)) or (
        "(" in line and "。" not in line and _PAGES.search(line)
    ):
        return False
    if line[0] in " \t" or line[0] >= SHIELD[0]:
        line = _INDENT.sub("", line, count=1)
    wide = (len(line.encode("utf-8", "surrogatepass")) - len(line)) // 2
    if has_other and (is_japanese(line) or len(HANGUL_CHARACTER.findall(line)) * 2 > wide):
        return False
    if wide * 6 > len(line):
        return True
    han = len(HAN_CHARACTER.findall(line))
    words = len(_LATIN_WORD.findall(line))
    return words <= han or (words <= 2 * han and not _GRAMMAR_WORD.search(line))
