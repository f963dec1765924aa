"""Is this text an article worth publishing: measured once, judged by an ordered table of rules.

The rules are those of MassiveText (Rae et al. 2021, "Gopher", arXiv:2112.11446, table A1), C4 (Raffel et al. 2020,
arXiv:1910.10683) and what followed them (ChineseWebText, Chen et al. 2023, arXiv:2311.01149; WanJuan-CC, Qiu et al.
2024), carried from words to Han characters: a Chinese word is about 1.6 characters, a Chinese sentence about 25. Where
the papers give no Chinese number, the threshold is set from what real short news, notices and poems need to survive,
and says so.
The first rule that fails is the reason; every rule's measure is kept with the row.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, fields
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline.records import Flag, Measures, Span
from pipeline.rules.han import IDEOGRAPHS

Numbers = NDArray[np.int64]

_BROKEN_RUN = re.compile("[\ufffd\ue000-\uf8ff]+")
_HAN, _KANA, _STOP, _MARK, _BROKEN, _LETTER, _WORD = (1 << bit for bit in range(7))
_LISTED = (IDEOGRAPHS, "\u3041-\u30ff", "。！？；…", "，。！？；：、…“”（）《》", "\ufffd\ue000-\uf8ff")
"""Classes of characters, in the order of the first five bits."""
_COUNTED = (_HAN, _KANA, _STOP, _MARK, _BROKEN, _LETTER)
_TERM_END = re.compile("[,，、|｜/ ]")

_GRAM = 10
"""Letters and digits of the grams whose repetition is measured."""
_SEEN = 20_000
"""So many of a text's letters and digits are looked at for it."""
_FACTORS = np.array([pow(0x9E3779B97F4A7C15, n + 1, 1 << 64) for n in range(_GRAM)], np.uint64)


LONG_LINE = 30
"""Characters of a line with a mark that is prose although no sentence ends in it."""

PROSE_HAN = 300
"""Han characters that make an article by themselves, whatever else the page quotes."""


def measure(text: str, structure: Sequence[Span] = ()) -> Measures:
    """Measure a normalized text once; linear in its length. Rows of a table (`structure`) are no lists of keywords."""
    rows = {text[span.start : span.end] for span in structure if span.kind == "row"}
    lines, found = text.split("\n"), _counted(text)
    letters, han = int(found.letters.sum()), int(found.han.sum())
    is_code, has_stop = 2 * found.han < found.letters, found.stops > 0
    is_prose = has_stop | ((found.sizes >= LONG_LINE) & (found.marks > 0))
    no_code = np.flatnonzero(~is_code).tolist()
    terms = [lines[n] for n in np.flatnonzero(~has_stop & ~is_code).tolist() if _is_keywords(lines[n])]
    size = max(len(text), 1)
    return Measures(
        han=han,
        letters=letters,
        han_share=han / max(letters, 1),
        kana_share=int(found.kana.sum()) / max(letters, 1),
        sentences=int(found.stops.sum()),
        marks_share=int(found.marks.sum()) / max(han, 1),
        long_share=int(found.han[is_prose].sum()) / max(han, 1),
        repeated_lines=_repeated(lines, found.keys, set(no_code)) / size,
        top_gram=_top_gram("".join(found.keys[n] for n in no_code)[:_SEEN]),
        broken=len(_BROKEN_RUN.findall(text)) / size if found.broken.any() else 0.0,
        keywords=sum(len(line) for line in terms if line not in rows) / size,
    )


@dataclass(frozen=True, slots=True)
class _Counted:
    """Of each line of a text, how many of its characters are of each class."""

    keys: list[str]
    """Its letters and digits."""
    sizes: Numbers
    """All of its characters."""
    han: Numbers
    kana: Numbers
    stops: Numbers
    marks: Numbers
    broken: Numbers
    letters: Numbers


def _counted(text: str) -> _Counted:
    codes = np.frombuffer((text + "\n").encode("utf-32-le", "surrogatepass"), np.uint32)
    classes = _classes().take(codes)
    is_end = codes == ord("\n")
    ends = np.flatnonzero(is_end)
    starts = np.append(0, ends[:-1] + 1)
    keys = codes[is_end | (classes & _WORD > 0)].tobytes().decode("utf-32-le", "surrogatepass").split("\n")
    counts = [np.add.reduceat(classes & bit > 0, starts, dtype=np.int64) for bit in _COUNTED]
    return _Counted(keys, ends - starts, *counts)


@cache
def _classes() -> NDArray[np.uint8]:
    """For every code point the classes it belongs to."""
    table = np.zeros(sys.maxunicode + 1, np.uint8)
    for bit, listed in enumerate(_LISTED):
        for first, last in re.findall("(.)(?:-(.))?", listed):
            table[ord(first) : ord(last or first) + 1] |= 1 << bit
    every = np.arange(sys.maxunicode + 1, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    for found in re.finditer(r"[^\W_]+", every):
        table[found.start() : found.end()] |= _WORD
        for letters in re.finditer(r"[^\d]+", found[0]):
            table[found.start() + letters.start() : found.start() + letters.end()] |= _LETTER
    return table


def words(measures: Measures) -> str:
    """The measures for a person, as `name=value` pairs."""
    return " ".join(f"{f.name}={round(getattr(measures, f.name), 3):g}" for f in fields(measures))


def _is_keywords(line: str) -> bool:
    """Whether a line without a stop, no code, is a row of short terms; a blank one is none."""
    terms = [t for t in _TERM_END.split(line) if t]
    return len(terms) >= 6 and sum(map(len, terms)) / len(terms) <= 10 and not line.isspace()


def _repeated(lines: Sequence[str], keys: Sequence[str], no_code: Container[int]) -> int:
    seen: set[str] = set()
    repeated = 0
    for number, key in enumerate(keys):
        if len(key) >= 8:
            if key in seen and number in no_code:
                repeated += len(lines[number])
            seen.add(key)
    return repeated


def _top_gram(letters: str) -> float:
    grams = Counter(letters[n : n + _GRAM] for n in _maybe_thrice(letters))
    if not grams:
        return 0.0
    gram, count = grams.most_common(1)[0]
    if count < 3:
        return 0.0
    # a gram of one repeated character overlaps itself: count characters, not occurrences
    covered = count if len(set(gram)) == 1 else _GRAM * count
    return min(covered / len(letters), 1.0)


def _maybe_thrice(letters: str) -> list[int]:
    """Where grams begin whose hash comes three times: all that come so often, and hardly ever others."""
    codes = np.frombuffer(letters.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    count = len(codes) - _GRAM + 1
    if count < 3:
        return []
    hashes = np.zeros(count, np.uint64)
    for n, factor in enumerate(_FACTORS):
        hashes += codes[n : n + count] * factor
    ordered = np.sort(hashes)
    often = ordered[2:][ordered[2:] == ordered[:-2]]
    return np.flatnonzero(np.isin(hashes, often)).tolist() if len(often) else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A reason not to publish."""

    reason: str
    """The word that stands in the row."""
    fails: Callable[[Measures], bool]
    """True when the text must not be published."""
    source: str
    """Where the rule and its threshold come from."""


RULES: tuple[Rule, ...] = (
    Rule(
        reason="no_text",
        fails=lambda m: m.letters == 0,
        source="there is nothing to read",
    ),
    Rule(
        reason="not_chinese",
        fails=lambda m: (m.han_share < 0.3 and m.han < PROSE_HAN) or m.kana_share > 0.1,
        source="ChineseWebText: share of Chinese characters ≥ 0.3, unless there is an article's worth of them beside"
        " the code or Latin a tutorial quotes; kana above a tenth is Japanese",
    ),
    Rule(
        reason="too_short",
        fails=lambda m: m.han < 50,
        source="Gopher: ≥ 50 words. Half of it here: a whole short news item or notice has 60 to 100 characters",
    ),
    Rule(
        reason="broken_text",
        fails=lambda m: m.broken > 0.01,
        source="WanJuan-CC drops garbled text; more than one broken character in a hundred cannot be read",
    ),
    Rule(
        reason="keyword_spam",
        fails=lambda m: m.keywords > 0.5,
        source="C4 keeps lines that end a sentence; a text made mostly of term lists is made for search engines",
    ),
    Rule(
        reason="repetitive",
        fails=lambda m: m.repeated_lines > 0.3 or m.top_gram > 0.2,
        source="Gopher A1: duplicate line fraction ≤ 0.30, top n-gram share ≤ 0.20",
    ),
    Rule(
        reason="no_sentences",
        fails=lambda m: m.sentences == 0 and m.marks_share < 0.01,
        source="C4: a page without a sentence end is no prose; verse and old texts have commas at least",
    ),
    Rule(
        reason="link_list",
        fails=lambda m: m.long_share < 0.15 and m.han >= 50 and m.sentences < 3,
        source="C4: lines must end in a mark; headlines under each other are a list page",
    ),
)


def judge(measures: Measures, flags: tuple[Flag, ...] = ()) -> str | None:
    """The reason of the first rule that fails, None when the text may be published."""
    if any(flag.name == "mojibake" and flag.start is None for flag in flags):
        return "broken_text"
    return next((rule.reason for rule in RULES if rule.fails(measures)), None)
