"""One code point for one character: NFC, radicals, ligatures, full-width Latin, vertical and small marks.

Never NFKC: it destroys ㎡ ① Ⅳ ² ½ and folds the full-width marks that Chinese text is set with.
"""

from __future__ import annotations

import re
import unicodedata

from pipeline.normalize.characters import HAN, KANA, rows

_RADICALS = {ord(radical): ideograph for radical, ideograph, _ in rows("radicals.tsv")}
_LIGATURES = {
    0xFB00: "ff",
    0xFB01: "fi",
    0xFB02: "fl",
    0xFB03: "ffi",
    0xFB04: "ffl",
    0xFB05: "st",
    0xFB06: "st",
}
_RADICAL_OR_LIGATURE = re.compile("[\u2e80-\u2fdf\ufb00-\ufb06]")

_HALVES = "%+-=@#&/*$_'"
_WIDE = {
    0xFF01 + ord(c) - 0x21: c
    for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" + _HALVES
}
_WIDE[0xFF02] = '"'
_WIDE_DIGITS = "０-９"
_WIDE_WORD = "０-９Ａ-Ｚａ-ｚ0-9A-Za-z"
_WIDE_CHARACTER = re.compile(f"[{''.join(map(re.escape, map(chr, _WIDE)))}．]")
_WIDE_THOUSANDS = re.compile(f"(?<=[{_WIDE_DIGITS}])，(?=[{_WIDE_DIGITS}]{{3}}(?![{_WIDE_DIGITS}]))")
_WIDE_SCHEME = re.compile("(?<=http|ttps)：//")
_BETWEEN_HAN = re.compile(f"(?<=[{HAN}])(?<![一二三四五六七八九十])．(?=[{HAN}])")
_WIDE_POINT = re.compile(f"(?<=[{_WIDE_WORD}])．(?=[{_WIDE_WORD}])")

_TIME = re.compile(r"(?<![\d：])(?:[01]?\d|2[0-4])：[0-5]\d(?:：[0-5]\d)?(?![\d：])")
_RATIO = re.compile(r"(?<![\d：.])\d{1,3}(?:\.\d+)?：\d{1,3}(?:\.\d+)?(?![\d：])")
_SCALE = re.compile(r"(?<=[尺比为以约是])1：\d{4,7}(?![\d：])|^1：\d{4,7}(?![\d：])", re.MULTILINE)
_THOUSANDS = re.compile(r"(?<![\d，])\d{1,3}(?:，\d{3})+(?![\d，])")
_LABEL = "注图表第骤案式题例章节条款类组型级层区步项"
_COUNTED = "个年月日条项名位家种款分"

_PRESENTATION = {
    **dict(zip(map(ord, "︐︑︒︓︔︕︖︗︘"), "，、。：；！？〖〗")),
    **dict(zip(map(ord, "︵︶︷︸︹︺︻︼︽︾︿﹀﹇﹈"), "（）{}〔〕【】《》〈〉[]")),
    **dict(zip(map(ord, "﹁﹂﹃﹄"), "「」『』")),
    **dict(zip(map(ord, "﹐﹑﹒﹔﹕﹖﹗﹙﹚﹛﹜﹝﹞"), "，、.；：？！（）{}〔〕")),
    **dict(zip(map(ord, "﹟﹠﹡﹢﹣﹤﹥﹦﹨﹩﹪﹫"), "#&*+-<>=\\$%@")),
    **dict(zip(map(ord, "｡｢｣､"), "。「」、")),
    ord("︙"): "…",
    ord("︰"): "：",
    ord("︱"): "—",
    ord("﹘"): "—",
}
_PRESENTATION_CHARACTER = re.compile(f"[{''.join(map(re.escape, map(chr, _PRESENTATION)))}]")
_HALF_KANA = re.compile(f"[\uff66-\uff9f{KANA}]")


def compose(text: str) -> str:
    """Unicode NFC, which also replaces the compatibility ideographs U+F900–FAFF."""
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def radicals(text: str) -> str:
    """Kangxi and supplementary radicals used as characters, and Latin ligatures.

    Source: Unicode's EquivalentUnifiedIdeograph.txt (rules/radicals.tsv).
    """
    if text.isascii() or not _RADICAL_OR_LIGATURE.search(text):
        return text
    return text.translate(_LIGATURES | _RADICALS)


def width(text: str) -> str:
    """Full-width letters, digits and signs become half-width; ，：；？！（）～￥ stay (clreq).

    ， between full-width digits in groups of three is a thousands mark; ． between letters or digits is
    a point, and between Han the dot of a name if the line has 。 for its stops. ： in a time or a ratio of numbers is half-width.
    """
    if text.isascii():
        return text
    if not _WIDE_CHARACTER.search(text):
        return _thousands(_clock(text))
    text = _WIDE_THOUSANDS.sub(",", text)
    text = _WIDE_POINT.sub(".", text).translate(_WIDE)
    text = "\n".join(map(_wide_stops, text.split("\n"))) if "．" in text else text
    return _thousands(_clock(_WIDE_SCHEME.sub("://", text)))


def _clock(text: str) -> str:
    """Full-width colons in times and ratios become half-width, but not after a label (注1：20个)."""
    if "：" not in text:
        return text

    def half(match: re.Match[str]) -> str:
        before = match.string[match.start() - 1 : match.start()]
        after = match.string[match.end() : match.end() + 1]
        if (before and before in _LABEL) or (after and after in _COUNTED):
            return match[0]
        return match[0].replace("：", ":")

    return _SCALE.sub(half, _RATIO.sub(half, _TIME.sub(half, text)))


def _thousands(text: str) -> str:
    """Full-width commas inside one number; 100，200，300 may be three, so its first group decides, or 000."""
    if "，" not in text:
        return text
    return _THOUSANDS.sub(
        lambda match: match[0].replace("，", ",") if match[0].find("，") < 3 or "，000" in match[0] else match[0], text
    )


def _wide_stops(line: str) -> str:
    """．, which science journals use for 。 and Taiwan for the dot of a name: the line's other stops tell."""
    if "。" in line:
        line = _BETWEEN_HAN.sub("·", line)
    return line.replace("．", ".")


def presentation_forms(text: str) -> str:
    """Vertical, small and half-width forms of marks become the ordinary marks."""
    if text.isascii() or not _PRESENTATION_CHARACTER.search(text) or _HALF_KANA.search(text):
        return text
    return text.translate(_PRESENTATION)
