"""From the text of a page to the text a careful Chinese editor would have set.

The order of the fixes stands in `FIXES` and nowhere else. Each is a pure function `str -> str` of the whole
text or of one line of Chinese; protected spans (URLs, code) are taken out before most of them. The rules are
those of W3C clreq and GB/T 15834, the base of the script conversion is OpenCC's t2s. Any text is accepted and
none raises.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from pipeline.normalize import (
    brackets,
    damage,
    digits,
    forms,
    markup,
    mojibake,
    punctuation,
    quotes,
    readings,
    script,
    spacing,
    spans,
    triggers,
)
from pipeline.normalize.characters import FULL, HANGUL, KANA, is_chinese
from pipeline.normalize.differences import Difference, differences
from pipeline.records import Flag
from pipeline.rules.han import HAN

Record = Callable[[str, str, str], None]


@dataclass(frozen=True, slots=True)
class Fix:
    """One fix, and all that is said of it anywhere."""

    name: str
    """As a row's `fixes` and `corpus normalize --explain` call it."""
    function: Callable[[str], str]
    """What does it."""
    on: str
    """What it is run on, and when; see `FIXES`."""
    sought: str
    """Inside of a class: the characters without which it changes nothing, but for `DOUBLED_STOPS`; "" is any."""
    words: str
    """What it does, for the README."""


_SPACE = " \t"
FIXES = (
    Fix(
        "mojibake",
        mojibake.mojibake,
        "page",
        mojibake.SUSPECT,
        "UTF-8, GBK or Big5 read as Latin-1 or Windows-1252, UTF-8 as GBK, decoded again",
    ),
    Fix("line_ends", markup.line_ends, "page", markup.LINE_ENDS, "CR, form feed, NEL, U+2028 become LF"),
    Fix(
        "invisibles",
        markup.invisibles,
        "page",
        markup.UNSEEN,
        "zero-width, bidi, control and private-use characters removed",
    ),
    Fix("compose", forms.compose, "form", "", "NFC (never NFKC)"),
    Fix(
        "radicals",
        forms.radicals,
        "form",
        forms.RADICAL_OR_LIGATURE,
        "Kangxi radicals and ligatures as ordinary characters",
    ),
    Fix("width", forms.width, "form", forms.WIDE_FORMS, "full-width letters, digits and signs narrowed"),
    Fix(
        "presentation_forms",
        forms.presentation_forms,
        "form",
        forms.PRESENTATION_FORMS,
        "vertical, small and half-width marks as ordinary ones",
    ),
    Fix(
        "readings",
        readings.readings,
        "form",
        readings.TONED,
        "環(huán)境 loses the readings that a converter to Traditional left",
    ),
    Fix(
        "odd_spaces",
        spacing.odd_spaces,
        "form",
        spacing.ODD,
        "no-break, ideographic and thin spaces as plain ones",
    ),
    Fix(
        "entities",
        markup.entities,
        "markup",
        "&",
        "`&nbsp;` `&amp;lt;` `&#x4e2d;` decoded, only with the semicolon",
    ),
    Fix("tags", markup.tags, "markup", "<", "literal HTML tags and comments removed"),
    Fix(
        "repeated_readings",
        readings.repeated_readings,
        "number",
        ")）",
        "国(guo)(guo)家 loses readings that were set against recognition",
    ),
    Fix("number_marks", digits.number_marks, "number", "：，", "10：30 and 1，234 get half-width marks"),
    Fix(
        "formal_ones",
        digits.formal_ones,
        "number",
        "壹",
        "壹個 is 一個 where a converter wrote 壹 throughout",
    ),
    Fix(
        "lost_spaces",
        spacing.lost_spaces,
        "number",
        "?？",
        "???? at the beginnings of lines and ? ? between words, left of spaces lost in decoding, removed",
    ),
    Fix("trailing_spaces", spacing.trailing_spaces, "number", _SPACE, "no space at line ends"),
    Fix("space_runs", spacing.space_runs, "line", _SPACE, "no indent, one space for several"),
    Fix("letter_spacing", spacing.letter_spacing, "line", _SPACE, "中 国 人 工 joined"),
    Fix("line_breaks", spacing.line_breaks, "line", _SPACE, "spaces where lines of print ended removed"),
    Fix("dashes", punctuation.dashes, "line", punctuation.DASH_CHARACTERS, "two or more dashes become ——"),
    Fix("ellipses", punctuation.ellipses, "line", punctuation.ELLIPSIS_CHARACTERS, "... 。。。 … become ……"),
    Fix(
        "name_dots",
        punctuation.name_dots,
        "line",
        punctuation.NAME_DOT_CHARACTERS,
        "• ‧ ・ in names become ·",
    ),
    Fix(
        "quotes",
        quotes.quotes,
        "line",
        quotes.CHARACTERS,
        "straight, corner, doubled and reversed quotes become “” ‘’ in pairs",
    ),
    Fix("brackets", brackets.brackets, "line", "()", "( ) beside or round Han become （）"),
    Fix(
        "marks",
        punctuation.marks,
        "line",
        punctuation.MARK_CHARACTERS,
        ", : ; ? ! . become full-width in Chinese context, doubled ones single",
    ),
    Fix("mark_spaces", spacing.mark_spaces, "line", _SPACE, "no space round full-width marks"),
    Fix(
        "latin_spaces",
        spacing.latin_spaces,
        "line",
        _SPACE,
        "no space between Han and Latin letters or digits",
    ),
    Fix(
        "script",
        script.simplify,
        "text",
        script.CONVERTIBLE,
        "Traditional to Simplified (OpenCC t2s), then the repair table",
    ),
    Fix("blank_lines", spacing.blank_lines, "text", "\n", "one blank line for several, none at the ends"),
)
"""Every fix, in the one order they run in; what a new one needs stands in its entry and nowhere else.

`page`: on the whole text. `form`: before the protected spans are taken out, since full-width letters may belong to
a URL; and again after `markup` changed something. From `markup` on the spans are out. `number`: on the whole text.
`line`: on each line that is Chinese. `text`: on the whole text, before the spans are put back.
"""


def _on(*stages: str) -> tuple[Fix, ...]:
    return tuple(fix for fix in FIXES if fix.on in stages)


_PAGE, _FORM, _MARKUP, _NUMBER = _on("page"), _on("form"), _on("markup"), _on("number")
_PAGE_AND_FORM = _on("page", "form")
_AFTER_MARKUP = (_PAGE[0], *_FORM)
"""A tag may have joined a line of mojibake to another."""
_LINE, (_SCRIPT, *_ENDING) = _on("line"), _on("text")
_QUOTES = next(fix for fix in FIXES if fix.name == "quotes")

_HAN, _OTHER = 1, 2
_EVERY_FIX = -1
_TRIGGERS = triggers.trigger_table([HAN, KANA + HANGUL, *(fix.sought for fix in _LINE)])
_UNUSUAL = triggers.trigger_table(["".join(fix.sought for fix in _PAGE_AND_FORM)])
"""What the fixes of page and form look for, but for `compose`: most texts have none."""

_ROUNDS = 5
_UNSETTLED = re.compile(
    "[-,:;?!.()\"'`<>… 「」『』‘’](?:(?<=[「」『』])|(?<=[‘’])(?:(?<=[“”‘’].)|(?=[“”]))"
    f"|(?<![‘’])(?:(?<=[{HAN}{FULL}].)|(?=[{HAN}{FULL}])| (?=[{HAN}{FULL}])))"
)
"""A half-width mark or space beside Han or a full-width mark: what another round might still change."""
_UNSETTLED_RUN = re.compile(
    "([。，、；“”·•・—―─–])(?:(?<![·•・—―─–])\\1|\\1\\1|(?<=—)[―─–⸺⸻-]|(?<=[―─–])—)|，(?=[。？！])|[？！]。|。？\\Z"
)
"""A run that a space between its halves had hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalized:
    """A text in the corpus's form, and what was done to it."""

    text: str
    """The normalized text."""
    fixes: tuple[str, ...]
    """Names of the fixes that changed something, in the order of `FIXES`."""
    flags: tuple[Flag, ...]
    """Damage that was not repaired, offsets into `text`."""
    script: str
    """Script of the input: Hans, Hant, mixed, pseudo-Hant, or none."""


def normalize(
    text: str,
    *,
    target: str = "Hans",
    spacing: str = "remove",
    verbatim: Sequence[tuple[int, int]] = (),
) -> Normalized:
    """Normalize a text of any length and any number of lines.

    `target` is Hans, Hant-TW, Hant-HK or keep; `spacing` (between Han and Latin) remove or keep; `verbatim` are
    the places [start, end) of code and formulas, in order, of which only the encoding is repaired.
    Raises `ValueError` for another target or spacing, never for a text.
    """
    changed: set[str] = set()
    result, _ = _run(text, target, spacing, lambda name, *_: changed.add(name), verbatim)
    written_in = script.detect(text)
    flags = damage.find(result)
    if "invisibles" in changed:
        flags += damage.private_use(text)
    if written_in == "pseudo-Hant":
        flags += (damage.pseudo_traditional(script.traditional_slips(text)),)
    fixes = tuple(fix.name for fix in FIXES if fix.name in changed)
    return Normalized(text=result, fixes=fixes, flags=flags, script=written_in)


def normalize_text(text: str) -> str:
    """The normalized text alone, with the default target and spacing.

    >>> normalize_text("終於倫理課講完了,大家鬆了口氣.")
    '终于伦理课讲完了，大家松了口气。'
    """
    return _run(text, "Hans", "remove", _unrecorded)[0]


def normalize_title(text: str, *, target: str = "Hans", spacing: str = "remove") -> str:
    """A title: normalized, and one line.

    >>> normalize_title("標題<br>副標題 ")
    '标题 副标题'
    """
    return " ".join(_run(text, target, spacing, _unrecorded)[0].split())


def normalize_lines(lines: Iterable[str], *, target: str = "Hans", spacing: str = "remove") -> Iterator[str]:
    """Normalize a stream paragraph by paragraph (up to a blank line); yields lines without their ends."""
    block: list[str] = []
    for line in lines:
        line = line.rstrip("\r\n")
        if line.strip():
            block.append(line)
        elif block:
            yield from (*_run("\n".join(block), target, spacing, _unrecorded)[0].split("\n"), "")
            block = []
    if block:
        yield from _run("\n".join(block), target, spacing, _unrecorded)[0].split("\n")


def _run(
    text: str, target: str, spacing: str, record: Record, verbatim: Sequence[tuple[int, int]] = ()
) -> tuple[str, dict[str, str]]:
    """The text and its protected spans (span to stand-in); `record` hears of each change: fix, before, after."""
    if target not in script.TARGETS:
        raise ValueError(f"target script {target!r} is not one of {', '.join(script.TARGETS)}")
    if spacing not in {"remove", "keep"}:
        raise ValueError(f"spacing {spacing!r} is neither remove nor keep")
    protected: dict[str, str] = {}
    if verbatim:
        text = _set_aside(text, verbatim, protected, record)
    elif triggers.of_text(text, _UNUSUAL) or not unicodedata.is_normalized("NFC", text):
        text = _applied(_PAGE_AND_FORM, text, record)
    aside = set(protected)
    shielded = spans.shield(text, protected)
    text = _applied(_MARKUP, shielded, record)
    if text != shielded:
        text = _applied(_MARKUP, text, record)
        # a tag may have stood inside of a longer span
        text = spans.restore(text, {span: sign for span, sign in protected.items() if span not in aside})
        text = spans.shield(_applied(_AFTER_MARKUP, text, record), protected)
    text = _applied(_NUMBER, text, record)
    paired, wrapped = quotes.across_lines(text)
    if paired != text:
        record(_QUOTES.name, text, paired)
    text = _lines_fixed(paired, spacing, record, wrapped)
    converted = script.convert(text, target)
    if converted != text:
        record(_SCRIPT.name, text, converted)
    text = _applied(_ENDING, converted, record)
    return spans.restore(text, protected), protected


def _set_aside(
    text: str, verbatim: Sequence[tuple[int, int]], protected: dict[str, str], record: Record
) -> str:
    """The text after the fixes of page and form, with a stand-in for each place that stays as it is."""
    pieces, at = [], 0
    for start, end in verbatim:
        if at <= start < end:
            pieces += [
                _applied(_PAGE_AND_FORM, text[at:start], record),
                spans.stand_in(_applied(_PAGE, text[start:end], record), protected),
            ]
            at = end
    return "".join([*pieces, _applied(_PAGE_AND_FORM, text[at:], record)])


def _lines_fixed(text: str, spacing: str, record: Record, wrapped: Set[int]) -> str:
    """The text with each different Chinese line fixed once, by the fixes that find what they look for in it.

    The quotes of the lines numbered in `wrapped` are paired already.
    """
    if text.isascii():
        return text
    has_doubled = any(doubled in text for doubled in punctuation.DOUBLED_STOPS)
    fixed: dict[tuple[str, bool], str] = {}
    lines = text.split("\n")
    for number, (line, bits) in enumerate(zip(lines, triggers.of_lines(text, _TRIGGERS), strict=True)):
        key = line, number in wrapped
        fixes = _fixes_for(_EVERY_FIX if has_doubled else bits, spacing, key[1])
        if not fixes or not bits & _HAN:
            continue
        if key not in fixed:
            is_fixed = is_chinese(line, has_other=bits & _OTHER != 0)
            fixed[key] = _settled(fixes, line, spacing, record, key[1]) if is_fixed else line
        lines[number] = fixed[key]
    return "\n".join(lines)


@lru_cache(maxsize=4096)
def _fixes_for(bits: int, spacing: str, is_wrapped: bool) -> tuple[Fix, ...]:
    """The fixes for lines that can change a line with these bits of `_TRIGGERS`."""
    return tuple(
        fix
        for number, fix in enumerate(_LINE, 2)
        if bits >> number & 1
        and (spacing == "remove" or fix.name != "latin_spaces")
        and not (is_wrapped and fix is _QUOTES)
    )


def _settled(fixes: tuple[Fix, ...], line: str, spacing: str, record: Record, is_wrapped: bool) -> str:
    """The line after the fixes, all run again while one made a context for another: 中,...A needs two rounds."""
    for _ in range(_ROUNDS):
        before, line = line, _applied(fixes, line, record)
        if line == before or not _is_unsettled(line):
            break
        fixes = _fixes_for(_EVERY_FIX, spacing, is_wrapped)
    return line


def _is_unsettled(line: str) -> bool:
    has_mixed_quotes = "'" in line and ("’" in line or "‘" in line)
    return has_mixed_quotes or bool(_UNSETTLED.search(line) or _UNSETTLED_RUN.search(line))


def _unrecorded(*_: str) -> None:
    pass


def explain(
    text: str,
    *,
    target: str = "Hans",
    spacing: str = "remove",
    verbatim: Sequence[tuple[int, int]] = (),
) -> tuple[Difference, ...]:
    """Every place that a fix changed, fix by fix in the order they run, with a few characters round it."""
    return tuple(
        difference
        for name, before, after in steps(text, target=target, spacing=spacing, verbatim=verbatim)
        for difference in differences(name, before, after)
    )


def steps(
    text: str,
    *,
    target: str = "Hans",
    spacing: str = "remove",
    verbatim: Sequence[tuple[int, int]] = (),
) -> list[tuple[str, str, str]]:
    """(fix, before, after) of each fix that changed something, in the order they run.

    Both are the whole text, or the line that a fix of lines was run on; of a text of one line without `verbatim`
    places each step begins with what the one before it left.
    """
    trail: list[tuple[str, str, str]] = []
    _, protected = _run(text, target, spacing, lambda *step: trail.append(step), verbatim)
    return [
        (name, spans.restore(before, protected), spans.restore(after, protected))
        for name, before, after in trail
    ]


def _applied(fixes: Iterable[Fix], text: str, record: Record) -> str:
    for fix in fixes:
        fixed = fix.function(text)
        if fixed != text:
            record(fix.name, text, fixed)
            text = fixed
    return text


def fixes_table() -> str:
    """The fixes as a Markdown table, for the README."""
    rows = [f"| {number} | `{fix.name}` | {fix.words} |" for number, fix in enumerate(FIXES, 1)]
    return "\n".join(["| | fix | what it does |", "|---|---|---|", *rows])
