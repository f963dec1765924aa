"""Which characters are Han, kana, full-width marks or Latin; the classes all the other rules speak in.

Each constant is the inside of a regular-expression character class, so that rules can join them.
"""

from __future__ import annotations

import re
from pathlib import Path

RULES = Path(__file__).resolve().parent.parent / "rules"

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003347f〇々"
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
KANA_CHARACTER = re.compile(f"[{KANA}]")
HANGUL_CHARACTER = re.compile(f"[{HANGUL}]")
_LATIN_WORD = re.compile("[A-Za-z]{2,}")


def is_han(character: str) -> bool:
    """Whether one character (or the empty string) is Han."""
    return character != "" and HAN_CHARACTER.match(character) is not None


def is_japanese(line: str) -> bool:
    """Whether kana make up a good part of a line's East Asian characters (a fifth), so it is not Chinese."""
    if not KANA_CHARACTER.search(line):
        return False
    return len(KANA_CHARACTER.findall(line)) * 4 >= len(HAN_CHARACTER.findall(line))


def is_chinese(line: str) -> bool:
    """Whether a line is Chinese text: it has Han, and is not Japanese, Korean, or an English sentence.

    An English sentence that names a Chinese word has more than twice as many Latin words as Han.
    """
    if not HAN_CHARACTER.search(line) or is_japanese(line):
        return False
    wide = (len(line.encode("utf-8", "surrogatepass")) - len(line)) // 2
    if HANGUL_CHARACTER.search(line) and len(HANGUL_CHARACTER.findall(line)) * 2 > wide:
        return False
    if wide * 6 > len(line):
        return True
    han = len(HAN_CHARACTER.findall(line))
    return len(_LATIN_WORD.findall(line)) <= 2 * han


def rows(name: str) -> list[list[str]]:
    """The rows of a rule table: tab-separated cells, `#` starts a comment line.

    Raises `OSError` if the package's own table is missing.
    """
    lines = (RULES / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]
