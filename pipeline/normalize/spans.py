"""Spans that no rule may touch: URLs, addresses, paths, code, mentions, DOIs and hashtags.

Each distinct span is replaced by one private-use character while the rules run. Private use is removed
from every input before (markup.invisibles), so a stand-in can never be mistaken for text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pipeline.normalize import blocks, gaps
from pipeline.normalize.characters import KANA, SHIELD
from pipeline.rules.han import HAN

_FIRST = 0xF0000
_LAST = 0xFFFFD
_DEEPEST = 3
"""A URL inside a call inside a fence."""

_URL_CHARACTER = r"[A-Za-z0-9\-._~/?#@$&*+=%!,;:'()\[\]|]"
_REST = rf"(?:{_URL_CHARACTER}|(?<=[/=?#&_\-])[{HAN}]+)+"
_BOUND = r"[\-+]?[A-Za-z0-9.∞π]{1,12}"
_TONES = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ"
_STRING = "(?:\"[^\"\n]{0,60}\"|'[^'\n]{0,60}')"
_VALUE = "'[a-z0-9_.#%\\-]{1,30}'"
_TOP = "com|cn|net|org|gov|edu|tw|hk|info|biz|jp|uk|cc|top"

# Every alternative is either bounded or begins where its own characters cannot stand before it, so that a
# run of such characters is tried once: the whole is linear.
_SPAN = re.compile(
    "(?=[!-~])(?:"
    + "|".join(
        (
            r"(?<!`)`(?!`)[^`\n]{1,300}`(?!`)",
            rf"(?<!`)``(?!`)(?:(?!''[{HAN}，、。]|`)[^\n]|`(?!`)){{1,300}}``(?!`)",
            r"\((?P<eye>[T;Q><oO^=xX@\-])_(?P=eye)\)|\(>_<\)|\([oO]_[oO]\)",
            r"\](?:\((?=[^\s()]{0,200}[./#:])[!-'*-~]"
            r"(?:[^\s()]|\([^\s()]{0,100}\)){0,500}(?: \"[^\"\n]{0,200}\")?\))",
            r"!\[(?=[^\[\]\n]{0,200}\]\()",
            r"\[(?:ti|ar|al|au|by|re|ve|offset):(?=[^\[\]\n]{0,60}\])",
            r"\\\((?:[^\\\n]|\\(?![()\[\]])){1,500}\\\)|\\\[(?:[^\\\n]|\\(?![()\[\]])){1,500}\\\]",
            r"(?<![A-Za-z0-9$\\])\$(?=[^\s$])(?=[^$\n]{0,300}[\\^_={}+*/<>(]|[A-Za-z]\$)"
            r"[ -#%-~]{1,300}(?<=[^\s\\])\$(?![A-Za-z0-9$])",
            rf"\[{_BOUND}, ?{_BOUND}\)|\({_BOUND}, ?{_BOUND}\]|\((?=[^()\n]{{0,20}}∞){_BOUND}, ?{_BOUND}\)",
            r"[:;]-[()DPp/|](?![A-Za-z0-9])|(?<![</]o):[Pp](?![A-Za-z0-9])",
            rf"\([{KANA}ー・ ]{{1,30}}\)|\((?=[a-z ]{{0,20}}[{_TONES}])[a-z{_TONES}ü ]{{1,30}}\)",
            rf"(?P<url>(?<![A-Za-z])(?:[A-Za-z][A-Za-z0-9+.\-]{{1,15}}://|www\.|(?:mailto|tel|magnet):(?=[A-Za-z0-9?+])){_REST})",
            rf"(?P<data>(?<![A-Za-z])data:[a-z]+/[a-z0-9.+\-]+[;,]{_REST})",
            r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9\-]{0,62})(?:\.[A-Za-z0-9\-]{1,63})+"
            r"(?::[A-Za-z0-9/._~\-]*[A-Za-z0-9/_~\-])?",
            r"(?<![A-Za-z0-9@_])@(?:param|prop|property|arg|returns?|throws)(?: \{[^{}\n]{1,60}\})?"
            r" \[?[A-Za-z_$][A-Za-z0-9_.$=\[\]]{0,60}(?= )",
            rf"(?<![A-Za-z0-9@_{SHIELD}])@[A-Za-z0-9_][A-Za-z0-9_\-]{{0,30}}",
            rf"(?P<host>(?<![A-Za-z0-9.@_\-])(?:[a-z0-9\-]{{1,63}}\.){{1,5}}(?:{_TOP})(?![A-Za-z0-9\-]|\.[A-Za-z])(?::\d{{2,5}})?(?:/{_REST}|/)?)",
            r"(?<![\d.])10\.\d{4,9}/[A-Za-z0-9._;()/:\-]*[A-Za-z0-9]",
            r"(?<![A-Za-z0-9_.~/<])(?<!&lt;)(?:~|\.{1,2})?(?:/[A-Za-z0-9._@+\-]+){2,}/?",
            r"(?<![A-Za-z0-9_.])(?:~|\.{1,2})/[A-Za-z0-9._@+\-]+",
            rf"(?<![A-Za-z0-9])[A-Za-z]:\\(?:[^\s\"<>|?*,，。；、：（）“”]|,(?![{HAN}])){{0,255}}",
            r"(?<![A-Za-z0-9_.])[a-z_][A-Za-z0-9_.]{0,60}\([^()\n\"']{0,60}[\"'][^\"'\n]{0,200}[\"'][^()\n]{0,100}\)",
            r"(?<![A-Za-z0-9_.])[A-Za-z_][A-Za-z0-9_.\-]{0,60}=[\"'][^\"'\n]{0,200}[\"']",
            rf"(?<![A-Za-z0-9#&{SHIELD}])(?<!&amp;)#(?!\d{{1,4}}#)(?=[^#\n]{{0,39}}\w)[^#\s，。；：…—“”‘’「」『』〝〞()（）]{{1,40}}#(?!#)",
            rf"(?<![A-Za-z0-9#&/{SHIELD}])(?<!&amp;)#[A-Za-z0-9_]{{1,60}}",
            r"(?<![A-Za-z0-9!])--[a-z][a-z0-9\-]{1,40}(?![A-Za-z0-9])",
            rf"(?<![A-Za-z0-9:{HAN}]):[a-z][a-z0-9_+\-]{{1,30}}:(?![A-Za-z0-9:])",
            rf":[a-z][a-z0-9+.\-]{{0,30}}:(?=`)|(?<=[{HAN}A-Za-z0-9] ):[a-z]{{1,20}}!?(?= [{HAN}A-Za-z0-9])",
            rf"(?:^|(?<=[{HAN}A-Za-z0-9] )):[a-z][a-z_]{{1,20}}(?: [A-Za-z_*][A-Za-z0-9_*]{{0,40}}){{0,2}}:"
            rf"(?= [{HAN}A-Za-z0-9`*]|\Z)",
            rf"[{{\[]{_STRING}(?:, ?{_STRING}){{1,40}},?[}}\]]|\[\"[^\"\n]{{0,60}}\"\]",
            r"\('[^'\n]{0,60}'(?:, ?'[^'\n]{0,60}'){1,40}\)",
            r"\{\{[^{}\n]{1,200}\}\}",
            r"\{[\"'][^\"'\n]{1,40}[\"'] ?: ?(?:[\"'\[{0-9\-]|[Tt]rue|[Ff]alse|null|None)[^{}\n]{0,300}\}",
            r"\{ ?[A-Za-z_][A-Za-z0-9_]{0,30}: ?(?:[\"'\[{0-9]|true|false|null)[^{}\n]{0,300}\}",
            rf"{_VALUE}(?:(?:, ?|[，、/|]){_VALUE}){{1,20}}",
            r"(?<![A-Za-z0-9_.])[a-z][A-Za-z0-9_]{0,40}: \"[ !#-~]{0,60}\"",
            r"import [ -~]{1,100} from [\"'][^\"'\n]{1,100}[\"']",
            r"^\.\. (?:_[^:`\n]{1,60}: (?=\S)|[a-z][a-z\-]{1,30}::)",
            rf"~/(?:[{HAN}A-Za-z0-9_\-]{{1,40}}/){{0,8}}[{HAN}A-Za-z0-9_\-]{{1,40}}\.[a-z0-9]{{1,5}}(?![A-Za-z0-9])",
            r"Yahoo!",
        )
    )
    + ")"
)
_HINTS = {
    **{sign: re.compile(re.escape(sign)) for sign in "@`#\\/"},
    '"': re.compile('"(?:(?<=[=({[]")|(?<=, ")|(?<=[A-Za-z0-9_]: "))'),
    "'": re.compile("'(?:(?<=[=({[]')|(?<=, ')|(?=[,，、/|])|(?<= from '))"),
    "-": re.compile("-(?<=--)"),
    ":": re.compile(
        ":(?:(?<=mailto:)|(?<=tel:)|(?<=magnet:)|(?<=data:)|(?=[Pp-])|(?<!\\S:)(?=[a-z])"
        f"|(?=[a-z][a-z0-9+.\\-]{{0,30}}:`)|(?<![A-Za-z0-9:{HAN}]:)(?=[a-z][a-z0-9_+\\-]{{1,30}}:))"
    ),
    ".": re.compile(rf"\.(?:(?<=www\.)|{_TOP}|(?=\. [_a-z]))"),
    "!": re.compile("!(?:(?<=oo!)|(?=\\[))"),
    "]": re.compile("\\](?:(?=\\()|(?<=[A-Za-z0-9.∞π]\\]))"),
    "$": re.compile("\\$"),
    "[": re.compile("\\[[\\-+A-Za-z0-9.∞π]"),
    ";": re.compile(";(?=-)"),
    "{": re.compile("\\{(?: ?[A-Za-z_]|\\{)"),
    "∞": re.compile("∞"),
    "(": re.compile(f"\\((?:[{KANA}a-z{_TONES}]|._)"),
}
"""Every span has one of these, looked for by its rarest character first, since most texts and lines have none."""
_ENTITY_IN_URL = re.compile(
    r"&(?:nbsp|ensp|emsp|thinsp|lt|gt|quot|apos|[lr][sd]quo|mdash|hellip|#\d+|#x[0-9a-f]+);", re.IGNORECASE
)


def shield(text: str, numbers: dict[str, str]) -> str:
    """Replace each protected span by a stand-in; `numbers`, from span to stand-in, grows.

    Beyond 65,534 different spans the rest stay unprotected, which only a hostile text reaches.
    """
    text = _without(blocks.ranges(text), text, numbers)
    text = _without(gaps.gaps(text), text, numbers)
    hints = [hint for sign, hint in _HINTS.items() if sign in text and hint.search(text)]
    if not hints:
        return text

    def replaced(match: re.Match[str]) -> str:
        span, rest = match[0], ""
        if match.lastgroup:
            span, rest = _trimmed(span)
            if not _SPAN.fullmatch(span):
                return match[0]
        known = stand_in(span, numbers)
        return match[0] if known == span else known + rest

    lines = text.split("\n")
    for number, line in enumerate(lines):
        if any(hint.search(line) for hint in hints):
            shielded = _SPAN.sub(replaced, line)
            # what is cut off a URL may begin the next span
            lines[number] = shielded if shielded == line else _SPAN.sub(replaced, shielded)
    return "\n".join(lines)


def _without(ranges: Iterable[tuple[int, int]], text: str, numbers: dict[str, str]) -> str:
    """The text with a stand-in for each place [start, end), in order, noted in `numbers`."""
    pieces, at = [], 0
    for start, end in ranges:
        pieces += [text[at:start], stand_in(text[start:end], numbers)]
        at = end
    return "".join([*pieces, text[at:]])


def stand_in(span: str, numbers: dict[str, str]) -> str:
    """The character that stands for a span, noted in `numbers`; the span itself when there are none left."""
    if span not in numbers:
        if len(numbers) > _LAST - _FIRST:
            return span
        numbers[span] = chr(_FIRST + len(numbers))
    return numbers[span]


def restore(text: str, numbers: Mapping[str, str]) -> str:
    """Put the spans back; a span may hold a stand-in of an earlier one."""
    if not numbers:
        return text
    spans = {ord(stand_in): span for span, stand_in in numbers.items()}
    for _ in range(_DEEPEST):
        text = text.translate(spans)
    return text


def _trimmed(url: str) -> tuple[str, str]:
    """Cut what belongs to the sentence: closing marks, unpaired brackets, an escaped entity."""
    entity = _ENTITY_IN_URL.search(url)
    end = entity.start() if entity else len(url)
    while end:
        last = url[end - 1]
        unpaired = (last == ")" and url.count("(", 0, end) < url.count(")", 0, end)) or (
            last == "]" and url.count("[", 0, end) < url.count("]", 0, end)
        )
        if last not in ".,;:!?'(|[" and not unpaired:
            break
        end -= 1
    return url[:end], url[end:]
