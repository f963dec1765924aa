"""Lines that a site repeats on its pages: navigation, disclaimers, credits. They are not the article.

Stripping them before fingerprinting is the largest single gain for every method (10,000 made-up documents, mean F1
over seven kinds of copies): .756 → .978 here, .871 → .957 with datasketch, .842 → .924 with rensa.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from pipeline.dedupe.hashing import hash64

EDGE = 40
"""Furniture stands in so many lines at the head and at the foot of a page."""

REPEATS = 3
"""A line on so many different articles of a site is the site's, not the articles'."""

FRAMED = 0.5
"""Where two articles of a site have this share in common, two are enough: no article is longer than its frame by
chance, and three would be compared by it first."""

COMPARED = 8
"""With so many of the documents that have one of its lines a new one is compared, those with most of them first; it
is not counted beside others."""

REMAINING, REMAINING_SHARE = 80, 0.04
"""Characters, and share of the text, that must remain, else it is a whole page that was repeated, not its frame."""

REMEMBERED = 1000
"""So many lines of a site seen once or twice are remembered: those of about its last fifty articles."""

LONGEST_METADATA = 120
"""A longer line says more than by whom and when."""

LONGEST_SITE = 12
"""Letters of a site's name beside the day and the hour of publication."""

_LABEL = re.compile(
    "(?:来源|來源|作者|编辑|編輯|责编|責編|校对|校對|审核|審核|[发發][布表](?:时间|時間|日期)|更新(?:时间|時間|日期)"
    "|(?:浏览|瀏覽|阅读|閱讀|点击|點擊|访问|訪問)(?:量|数|數|率|次数|次數)?)[:：]"
)
_LABELLED = re.compile(rf"(?:文章|责任|責任|本文)?{_LABEL.pattern}[ \u3000]?[^\s:：|｜]{{0,30}}")
_TIME = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{1,2}[:：]\d{2}(?:[:：]\d{2})?")
_DAY_AND_HOUR = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?[ \u3000T]?\d{1,2}[:：]\d{2}")
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
    if len(line) > LONGEST_METADATA:
        return False
    labelled = _LABEL.search(line) is not None
    if not labelled and not _DAY_AND_HOUR.search(line):
        return False
    rest = _LABELLED.sub("", _TIME.sub("", line))
    return sum(char.isalnum() for char in rest) <= (0 if labelled else LONGEST_SITE)


def kept_spans(text: str, repeated: Collection[str]) -> list[tuple[int, int]]:
    """The spans of the text, in code points, that stripping the repeated lines and the metadata leaves."""
    whole = [(0, len(text))]
    labelled = _LABEL.search(text) is not None or _DAY_AND_HOUR.search(text) is not None
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
    """What one site was seen to repeat, and the lines that may still turn out to be repeated."""

    repeated: set[str] = field(default_factory=set)
    """Masked lines seen on REPEATS different articles."""
    seen: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """64-bit hash of a masked line → the articles that have it, one document of each, fewer than REPEATS; oldest line
    first."""

    def having(self, lines: Iterable[str]) -> list[tuple[str, ...]]:
        """The articles that have each of the lines which is not known to be furniture."""
        if not self.seen:
            return []
        keys = (_key(line) for line in lines if line not in self.repeated)
        return [self.seen[key] for key in keys if key in self.seen]

    def learn(self, document: str, lines: Iterable[str], shared: Callable[[str], float | None]) -> set[str]:
        """Count one article's lines; returns the earlier articles that a line just made repeated is on.

        `shared` tells of another document what share of the text it has in common with this one when they are two
        articles, and None when they are versions of one: an article in many versions is counted once.
        """
        keys = {_key(line): line for line in lines if line not in self.repeated}
        others = Counter(other for key in keys for other in self.seen.get(key, ()))
        nearest = sorted(others, key=lambda other: (-others[other], other))[:COMPARED]
        common = {other: None if other == document else shared(other) for other in nearest}
        article = next((other for other in nearest if common[other] is None), document)
        affected: set[str] = set()
        for key, line in keys.items():
            documents = self.seen.pop(key, ())
            if article not in documents and all(common.get(other) is not None for other in documents):
                documents = (*documents, article)
            framed = any((common.get(other) or 0) >= FRAMED for other in documents)
            if len(documents) < (2 if framed else REPEATS):
                self.seen[key] = documents
                continue
            self.repeated.add(line)
            affected.update(documents)
        return affected - {document}

    def forget(self) -> None:
        """Drop the oldest lines beyond REMEMBERED."""
        for line in list(self.seen)[: max(0, len(self.seen) - REMEMBERED)]:
            del self.seen[line]


def _key(line: str) -> int:
    return hash64(line.encode("utf-8", "surrogatepass"))
