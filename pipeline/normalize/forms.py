"""One code point for one character: NFC, radicals, ligatures, full-width Latin, vertical and small marks.

Never NFKC: it destroys ㎡ ① Ⅳ ² ½ and folds the full-width marks that Chinese text is set with.
"""

from __future__ import annotations

import re
import unicodedata

from pipeline.normalize.characters import HAN_CHARACTER, KANA
from pipeline.normalize.script import HANT_CHARACTER
from pipeline.rules import table
from pipeline.rules.han import HAN

_RADICALS = {ord(radical): ideograph for radical, ideograph, _ in table("radicals")}
_LIGATURES = {
    0xFB00: "ff",
    0xFB01: "fi",
    0xFB02: "fl",
    0xFB03: "ffi",
    0xFB04: "ffl",
    0xFB05: "st",
    0xFB06: "st",
}
RADICAL_OR_LIGATURE = "\u2e80-\u2fdf\ufb00-\ufb06"
_IDEOGRAPHS = _LIGATURES | _RADICALS
_RADICAL_RUN = re.compile(f"[{RADICAL_OR_LIGATURE}]+")
_KANGXI = "\u2f00"

_HALVES = "%+-=@#&/*$_'"
_WIDE = {
    0xFF01 + ord(c) - 0x21: c
    for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" + _HALVES
}
_WIDE[0xFF02] = '"'
_WIDE_DIGITS = "０-９"
_WIDE_WORD = "０-９Ａ-Ｚａ-ｚ0-9A-Za-z"
WIDE_FORMS = "".join(map(re.escape, map(chr, _WIDE))) + "．"
_WIDE_CHARACTER = re.compile(f"[{WIDE_FORMS}]")
_WIDE_THOUSANDS = re.compile(f"(?<=[{_WIDE_DIGITS}])，(?=[{_WIDE_DIGITS}]{{3}}(?![{_WIDE_DIGITS}]))")
_WIDE_SCHEME = re.compile("(?<=http|ttps)：//")
_BETWEEN_HAN = re.compile(f"(?<=[{HAN}])(?<![一二三四五六七八九十])．(?=[{HAN}])")
_LABEL_OF_YEAR = re.compile(
    f"^([ \\t]*[0-9{_WIDE_DIGITS}]{{1,2}})．(?=[0-9{_WIDE_DIGITS}]{{4}}年)", re.MULTILINE
)
_WIDE_POINT = re.compile(f"(?<=[{_WIDE_WORD}])．(?=[{_WIDE_WORD}])")

_PRESENTATION = {
    **dict(zip(map(ord, "︐︑︒︓︔︕︖︗︘"), "，、。：；！？〖〗", strict=True)),
    **dict(zip(map(ord, "︵︶︷︸︹︺︻︼︽︾︿﹀﹇﹈"), "（）{}〔〕【】《》〈〉[]", strict=True)),
    **dict(zip(map(ord, "﹁﹂﹃﹄"), "「」『』", strict=True)),
    **dict(zip(map(ord, "﹐﹑﹒﹔﹕﹖﹗﹙﹚﹛﹜﹝﹞"), "，、.；：？！（）{}〔〕", strict=True)),
    **dict(zip(map(ord, "﹟﹠﹡﹢﹣﹤﹥﹦﹨﹩﹪﹫"), "#&*+-<>=\\$%@", strict=True)),
    **dict(zip(map(ord, "｡｢｣､"), "。「」、", strict=True)),
    ord("︙"): "…",
    ord("︰"): "：",
    ord("︱"): "—",
    ord("﹘"): "—",
}
PRESENTATION_FORMS = "".join(map(re.escape, map(chr, _PRESENTATION)))
"""This, `RADICAL_OR_LIGATURE` and `WIDE_FORMS`: what the fixes here look for, as the inside of a class."""
_PRESENTATION_CHARACTER = re.compile(f"[{PRESENTATION_FORMS}]")
_BRACKETS = "︵︶︿﹀︽︾"
_BESIDE_HAN = re.compile(f"[{_BRACKETS}](?:(?<=[{HAN}].)|(?=[{HAN}]))")
"""Vertical brackets beside Han are brackets; elsewhere they are the eyes of a face: (︶︿︶)."""
_PLAIN_FORMS = {code: mark for code, mark in _PRESENTATION.items() if chr(code) not in _BRACKETS}
_HALF_KANA = re.compile(f"[\uff66-\uff9f{KANA}]")


def compose(text: str) -> str:
    """Unicode NFC, which also replaces the compatibility ideographs U+F900–FAFF."""
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def radicals(text: str) -> str:
    """Kangxi and supplementary radicals used as characters, and Latin ligatures.

    Source: Unicode's EquivalentUnifiedIdeograph.txt (rules/radicals.tsv).
    """
    if text.isascii():
        return text
    return _RADICAL_RUN.sub(_ideographs, text)


def _ideographs(match: re.Match[str]) -> str:
    """The characters of a run, but of supplementary radicals that stand in a row away from Han: a list of them."""
    run, text = match[0], match.string
    beside = text[match.start() - 1 : match.start()] + text[match.end() : match.end() + 1]
    if len(run) > 1 and max(run) < _KANGXI and not HAN_CHARACTER.search(beside):
        return run
    return run.translate(_IDEOGRAPHS)


def width(text: str) -> str:
    """Full-width letters, digits and signs become half-width; ，：；？！（）～￥ stay (clreq).

    ， between full-width digits in groups of three is a thousands mark; ． between letters or digits is
    a point, and between Han the dot of a name if the line has 。 for its stops; after the label of a line
    that begins with a year it is no point of a number.
    """
    if text.isascii():
        return text
    if not _WIDE_CHARACTER.search(text):
        return text
    text = _WIDE_THOUSANDS.sub(",", text)
    text = _LABEL_OF_YEAR.sub(r"\1. ", text)
    text = _WIDE_POINT.sub(".", text).translate(_WIDE)
    text = "\n".join(map(_wide_stops, text.split("\n"))) if "．" in text else text
    return _WIDE_SCHEME.sub("://", text)


def _wide_stops(line: str) -> str:
    """．, which science journals use for 。 and Taiwan for the dot of a name or title: the line's other marks tell."""
    if "。" in line or ("，" not in line and HANT_CHARACTER.search(line)):
        line = _BETWEEN_HAN.sub("·", line)
    return line.replace("．", ".")


def presentation_forms(text: str) -> str:
    """Vertical, small and half-width forms of marks become the ordinary marks."""
    if text.isascii() or not _PRESENTATION_CHARACTER.search(text) or _HALF_KANA.search(text):
        return text
    return _BESIDE_HAN.sub(lambda match: match[0].translate(_PRESENTATION), text).translate(_PLAIN_FORMS)
