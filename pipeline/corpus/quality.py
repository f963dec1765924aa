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
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields

from pipeline.records import Flag, Measures, Span
from pipeline.rules.han import IDEOGRAPHS

_HAN = re.compile(f"[{IDEOGRAPHS}]")
_KANA = re.compile(r"[\u3041-\u30ff]")
_LETTER = re.compile(r"[^\W\d_]")
_BROKEN = re.compile(r"[\ufffd\ue000-\uf8ff]+")
_STOPS = re.compile(r"[。！？；…]")
_MARKS = re.compile(r"[，。！？；：、…“”（）《》]")
_NOT_TEXT = re.compile(r"[\W_]+")


PROSE_HAN = 300
"""Han characters that make an article by themselves, whatever else the page quotes."""


def measure(text: str, structure: Sequence[Span] = ()) -> Measures:
    """Measure a normalized text once; linear in its length. Rows of a table (`structure`) are no lists of keywords."""
    rows = {text[span.start : span.end] for span in structure if span.kind == "row"}
    lines = [line for line in text.split("\n") if line.strip()]
    letters = len(_LETTER.findall(text))
    han = len(_HAN.findall(text))
    size = max(len(text), 1)
    return Measures(
        han=han,
        letters=letters,
        han_share=han / max(letters, 1),
        kana_share=len(_KANA.findall(text)) / max(letters, 1),
        sentences=len(_STOPS.findall(text)),
        marks_share=len(_MARKS.findall(text)) / max(han, 1),
        long_share=sum(len(_HAN.findall(x)) for x in lines if _is_prose(x)) / max(han, 1),
        repeated_lines=_repeated(lines) / size,
        top_gram=_top_gram(line for line in lines if not _is_code(line)),
        broken=len(_BROKEN.findall(text)) / size,
        keywords=sum(len(x) for x in lines if x not in rows and _is_keywords(x)) / size,
    )


def words(measures: Measures) -> str:
    """The measures for a person, as `name=value` pairs."""
    return " ".join(f"{f.name}={round(getattr(measures, f.name), 3):g}" for f in fields(measures))


def _is_prose(line: str) -> bool:
    return bool(_STOPS.search(line)) or (len(line) >= 30 and bool(_MARKS.search(line)))


def _is_code(line: str) -> bool:
    """Whether a line is mostly Latin: in a Chinese text a line of code, or of a table of names."""
    return 2 * len(_HAN.findall(line)) < len(_LETTER.findall(line))


def _is_keywords(line: str) -> bool:
    if _STOPS.search(line) or _is_code(line):
        return False
    terms = [t for t in re.split(r"[,，、|｜/ ]", line) if t]
    return len(terms) >= 6 and sum(map(len, terms)) / len(terms) <= 10


def _repeated(lines: list[str]) -> int:
    seen: set[str] = set()
    repeated = 0
    for line in lines:
        key = _NOT_TEXT.sub("", line)
        if len(key) >= 8 and key in seen and not _is_code(line):
            repeated += len(line)
        seen.add(key)
    return repeated


def _top_gram(lines: Iterable[str]) -> float:
    letters = _NOT_TEXT.sub("", "".join(lines))[:20_000]
    grams = Counter(letters[i : i + 10] for i in range(len(letters) - 9))
    if not grams:
        return 0.0
    gram, count = grams.most_common(1)[0]
    if count < 3:
        return 0.0
    # a gram of one repeated character overlaps itself: count characters, not occurrences
    covered = count if len(set(gram)) == 1 else 10 * count
    return min(covered / len(letters), 1.0)


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
