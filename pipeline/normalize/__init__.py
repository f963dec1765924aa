"""From the text of a page to the text a careful Chinese editor would have set.

The order of the fixes stands in `FIXES` and nowhere else. Each is a pure function `str -> str`; those of
`PAGE_FIXES` see the whole text, those of `LINE_FIXES` one line of Chinese at a time, both with protected
spans (URLs, code) taken out. The rules are those of W3C clreq and GB/T 15834, the base of the script
conversion is OpenCC's t2s. Any text is accepted and none raises.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
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
    script,
    spacing,
    spans,
    triggers,
)
from pipeline.normalize.characters import FULL, HANGUL, KANA, is_chinese
from pipeline.normalize.differences import Change, changes
from pipeline.records import Flag
from pipeline.rules.han import HAN

Fix = tuple[str, Callable[[str], str], str]
Record = Callable[[str, str, str], None]

PAGE_FIXES: tuple[Fix, ...] = (
    ("mojibake", mojibake.mojibake, "UTF-8 read as GBK or Latin-1, where decoding again gives Chinese"),
    ("line_ends", markup.line_ends, "CR, form feed, NEL, U+2028 become LF"),
    ("invisibles", markup.invisibles, "zero-width, bidi, control and private-use characters removed"),
)
FORM_FIXES: tuple[Fix, ...] = (
    ("compose", forms.compose, "NFC (never NFKC)"),
    ("radicals", forms.radicals, "Kangxi radicals and ligatures as ordinary characters"),
    ("width", forms.width, "full-width letters, digits and signs narrowed"),
    ("presentation_forms", forms.presentation_forms, "vertical, small and half-width marks as ordinary ones"),
    ("odd_spaces", spacing.odd_spaces, "no-break, ideographic and thin spaces as plain ones"),
)
"""Before the protected spans are taken out, since full-width letters may belong to a URL; and after `MARKUP_FIXES`."""
MARKUP_FIXES: tuple[Fix, ...] = (
    ("entities", markup.entities, "`&nbsp;` `&amp;lt;` `&#x4e2d;` decoded, only with the semicolon"),
    ("tags", markup.tags, "literal HTML tags and comments removed"),
)
NUMBER_FIXES: tuple[Fix, ...] = (
    ("number_marks", digits.number_marks, "10：30 and 1，234 get half-width marks"),
    ("trailing_spaces", spacing.trailing_spaces, "no space at line ends"),
)
"""On the whole text, protected spans taken out."""
LINE_FIXES: tuple[Fix, ...] = (
    ("space_runs", spacing.space_runs, "no indent, one space for several"),
    ("letter_spacing", spacing.letter_spacing, "中 国 人 工 joined"),
    ("dashes", punctuation.dashes, "two or more dashes become ——"),
    ("ellipses", punctuation.ellipses, "... 。。。 … become ……"),
    ("name_dots", punctuation.name_dots, "• ‧ ・ in names become ·"),
    ("quotes", quotes.quotes, "straight, corner, doubled and reversed quotes become “” ‘’ in pairs"),
    ("brackets", brackets.brackets, "( ) beside or round Han become （）"),
    ("marks", punctuation.marks, ", : ; ? ! . become full-width in Chinese context, doubled ones single"),
    ("mark_spaces", spacing.mark_spaces, "no space round full-width marks"),
    ("latin_spaces", spacing.latin_spaces, "no space between Han and Latin letters or digits"),
)
"""On each line that is Chinese."""
TEXT_FIXES: tuple[Fix, ...] = (
    ("script", script.simplify, "Traditional to Simplified (OpenCC t2s), then the repair table"),
    ("blank_lines", spacing.blank_lines, "one blank line for several, none at the ends"),
)
"""On the whole text, before the protected spans are put back."""

FIXES: tuple[Fix, ...] = (
    *PAGE_FIXES,
    *FORM_FIXES,
    *MARKUP_FIXES,
    *NUMBER_FIXES,
    *LINE_FIXES,
    *TEXT_FIXES,
)
"""Name, function and description of every fix, in the one order they run in."""

_HAN, _OTHER = 1, 2
_EVERY_FIX = -1
SOUGHT = {
    "space_runs": " \t",
    "letter_spacing": " \t",
    "dashes": punctuation.DASH_CHARACTERS,
    "ellipses": punctuation.ELLIPSIS_CHARACTERS,
    "name_dots": punctuation.NAME_DOT_CHARACTERS,
    "quotes": quotes.CHARACTERS,
    "brackets": "()",
    "marks": punctuation.MARK_CHARACTERS,
    "mark_spaces": " \t",
    "latin_spaces": " \t",
}
"""Inside of a class: the characters without which a line fix changes nothing; and `DOUBLED_STOPS` for some."""
_TRIGGERS = triggers.trigger_table([HAN, KANA + HANGUL, *(SOUGHT[name] for name, _, _ in LINE_FIXES)])

_UNUSUAL = triggers.trigger_table(
    [markup.UNSEEN + markup.LINE_ENDS + forms.OTHER_FORMS + spacing.ODD + mojibake.SUSPECT]
)
"""What `PAGE_FIXES` and `FORM_FIXES` look for: most texts have none."""

_ROUNDS = 5
_UNSETTLED = re.compile(
    "[-,:;?!.()\"'`<>… 「」『』‘’](?:(?<=[「」『』])|(?<=[‘’])(?:(?<=[“”‘’].)|(?=[“”]))"
    f"|(?<![‘’])(?:(?<=[{HAN}{FULL}].)|(?=[{HAN}{FULL}])| (?=[{HAN}{FULL}])))"
)
"""A half-width mark or space beside Han or a full-width mark: what another round might still change."""
_UNSETTLED_RUN = re.compile("([。，、；“”·•・—―─–])(?:(?<![·•・—―─–])\\1|\\1\\1|(?<=—)[―─–⸺⸻-]|(?<=[―─–])—)")
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


def normalize(text: str, *, target: str = "Hans", spacing: str = "remove") -> Normalized:
    """Normalize a text of any length and any number of lines.

    `target` is Hans, Hant-TW, Hant-HK or keep; `spacing` (between Han and Latin) remove or keep.
    Raises `ValueError` for another target or spacing, never for a text.
    """
    changed: set[str] = set()
    result, _ = _run(text, target, spacing, lambda name, *_: changed.add(name))
    written_in = script.detect(text)
    flags = damage.find(result)
    if "invisibles" in changed:
        flags += damage.private_use(text)
    if written_in == "pseudo-Hant":
        flags += (damage.pseudo_traditional(script.traditional_slips(text)),)
    fixes = tuple(name for name, _, _ in FIXES if name in changed)
    return Normalized(text=result, fixes=fixes, flags=flags, script=written_in)


def normalize_text(text: str) -> str:
    """The normalized text alone, with the default target and spacing."""
    return _run(text, "Hans", "remove", _unrecorded)[0]


def normalize_title(text: str, *, target: str = "Hans", spacing: str = "remove") -> str:
    """A title: normalized, and one line."""
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


def _run(text: str, target: str, spacing: str, record: Record) -> tuple[str, dict[str, str]]:
    """The text and its protected spans (span to stand-in); `record` hears of each change: fix, before, after."""
    if target not in script.TARGETS:
        raise ValueError(f"target script {target!r} is not one of {', '.join(script.TARGETS)}")
    if spacing not in {"remove", "keep"}:
        raise ValueError(f"spacing {spacing!r} is neither remove nor keep")
    if triggers.of_text(text, _UNUSUAL) or not unicodedata.is_normalized("NFC", text):
        text = _applied((*PAGE_FIXES, *FORM_FIXES), text, record)
    protected: dict[str, str] = {}
    shielded = spans.shield(text, protected)
    text = _applied(MARKUP_FIXES, shielded, record)
    if text != shielded:
        text = spans.shield(_applied(FORM_FIXES, text, record), protected)
    text = _applied(NUMBER_FIXES, text, record)
    text = _lines_fixed(text, spacing, record)
    converted = script.convert(text, target)
    if converted != text:
        record("script", text, converted)
    text = _applied(TEXT_FIXES[1:], converted, record)
    return spans.restore(text, protected), protected


def _lines_fixed(text: str, spacing: str, record: Record) -> str:
    """The text with `LINE_FIXES` run on each different Chinese line once, as far as it has what they look for."""
    if text.isascii():
        return text
    has_doubled = any(doubled in text for doubled in punctuation.DOUBLED_STOPS)
    fixed: dict[str, str] = {}
    lines = text.split("\n")
    for number, (line, bits) in enumerate(zip(lines, triggers.of_lines(text, _TRIGGERS))):
        fixes = _fixes_for(_EVERY_FIX if has_doubled else bits, spacing)
        if not fixes or not bits & _HAN:
            continue
        if line not in fixed:
            is_fixed = is_chinese(line, has_other=bits & _OTHER != 0)
            fixed[line] = _settled(fixes, line, spacing, record) if is_fixed else line
        lines[number] = fixed[line]
    return "\n".join(lines)


@lru_cache(maxsize=4096)
def _fixes_for(bits: int, spacing: str) -> tuple[Fix, ...]:
    """The fixes of `LINE_FIXES` that can change a line with these bits of `_TRIGGERS`."""
    fixes = LINE_FIXES if spacing == "remove" else LINE_FIXES[:-1]
    return tuple(fix for number, fix in enumerate(fixes, 2) if bits >> number & 1)


def _settled(fixes: tuple[Fix, ...], line: str, spacing: str, record: Record) -> str:
    """The line after the fixes, all run again while one made a context for another: 中,...A needs two rounds."""
    for _ in range(_ROUNDS):
        before, line = line, _applied(fixes, line, record)
        if line == before or not _is_unsettled(line):
            break
        fixes = _fixes_for(_EVERY_FIX, spacing)
    return line


def _is_unsettled(line: str) -> bool:
    has_mixed_quotes = "'" in line and "’" in line
    return has_mixed_quotes or bool(_UNSETTLED.search(line) or _UNSETTLED_RUN.search(line))


def _unrecorded(*_: str) -> None:
    pass


def explain(text: str, *, target: str = "Hans", spacing: str = "remove") -> tuple[Change, ...]:
    """Every place that a fix changed, fix by fix in the order they run, with a few characters round it."""
    trail: list[tuple[str, str, str]] = []
    _, protected = _run(text, target, spacing, lambda *step: trail.append(step))
    return tuple(
        change
        for name, before, after in trail
        for change in changes(name, spans.restore(before, protected), spans.restore(after, protected))
    )


def _applied(fixes: Iterable[Fix], text: str, record: Record) -> str:
    for name, function, _ in fixes:
        fixed = function(text)
        if fixed != text:
            record(name, text, fixed)
            text = fixed
    return text


def fixes_table() -> str:
    """The fixes as a Markdown table, for the README."""
    rows = [f"| {number} | `{name}` | {text} |" for number, (name, _, text) in enumerate(FIXES, 1)]
    return "\n".join(["| | fix | what it does |", "|---|---|---|", *rows])
