"""Lines that a site repeats on its pages: navigation, disclaimers, credits. They are not the article.

Stripping them before fingerprinting is the largest single gain for every method (10,000 made-up documents, mean F1
over seven kinds of copies): .756 → .978 here, .871 → .957 with datasketch, .842 → .924 with rensa.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

EDGE = 40
"""Furniture stands in so many lines at the head and at the foot of a page."""

REMAINING, REMAINING_SHARE = 80, 0.04
"""Characters, and share of the text, that must remain, else it is a whole page that was repeated, not its frame."""

LONGEST_METADATA = 120
"""A longer line says more than by whom and when."""

_LABEL = re.compile(
    "(?:来源|來源|作者|编辑|編輯|责编|責編|校对|校對|审核|審核|[发發][布表](?:时间|時間|日期)|更新(?:时间|時間|日期)"
    "|(?:浏览|瀏覽|阅读|閱讀|点击|點擊|访问|訪問)(?:量|数|數|率|次数|次數)?)[:：]"
)
_LABELLED = re.compile(rf"(?:文章|责任|責任|本文)?{_LABEL.pattern}[ \u3000]?[^\s:：|｜]{{0,30}}")
_TIME = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{1,2}[:：]\d{2}(?:[:：]\d{2})?")
_DIGITS = re.compile(r"\d+")


def masked(line: str) -> str:
    """The line without its numbers and outer spaces: dates and counters differ, the furniture is one."""
    return _DIGITS.sub("0", line.strip())


def edge_lines(text: str) -> list[str]:
    """The masked lines at the head and the foot of a text, each once, in order."""
    lines = [line for line in text.splitlines() if line.strip()]
    edges = lines if len(lines) <= 2 * EDGE else lines[:EDGE] + lines[-EDGE:]
    return list(dict.fromkeys(masked(line) for line in edges))


def is_metadata(line: str) -> bool:
    """Whether a line only says by whom and when a page was published and how often it was read."""
    if len(line) > LONGEST_METADATA or not _LABEL.search(line):
        return False
    return not any(char.isalnum() for char in _LABELLED.sub("", _TIME.sub("", line)))


def kept_spans(text: str, repeated: Collection[str]) -> list[tuple[int, int]]:
    """The spans of the text, in code points, that stripping the repeated lines and the metadata leaves."""
    whole = [(0, len(text))]
    labelled = _LABEL.search(text) is not None
    if not repeated and not labelled:
        return whole
    lines = text.splitlines(keepends=True)
    last = len(lines) - EDGE
    spans, at, size = [], 0, 0
    for number, line in enumerate(lines):
        edge = number < EDGE or number >= last
        if not (edge and line.strip() and (masked(line) in repeated or (labelled and is_metadata(line)))):
            spans.append((at, at + len(line)))
            size += len(line.strip())
        at += len(line)
    if len(spans) == len(lines):
        return whole
    return spans if size >= REMAINING and size >= REMAINING_SHARE * len(text) else whole


@dataclass(slots=True)
class SiteLines:
    """What one site repeats."""

    repeated: set[str] = field(default_factory=set)
    """Masked lines on enough different articles (lines.py)."""
