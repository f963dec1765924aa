"""What stands below the last sentence of a body of sentences: seldom the article's.

Words of furniture cannot all be known: of 172 lines such as sites set below a text, written without a look at the
rules, these knew .70. The bodies of 61 of 63 reference pages end with a mark; the lines of the other two have labels or
are a product's name. So the place decides: below sentences, short lines without a mark at their end are of the page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.extract.dates import find_day
from pipeline.extract.layout import HEADINGS, Layout
from pipeline.extract.variants import either_script

MARKS = "。！？!?…；;：:，,、”」』’）)】］]》.~～—"
"""What a sentence or a quotation ends with, or a line that goes on."""

LONGEST = 40
"""Code points of such a line."""

MOST = 12
"""Such lines: more are a part of the article (ours)."""

SENTENCES = 3
"""Lines above that end with a mark, at least."""

SHARE = 0.8
"""And their share of these, headings apart: verses, lists and notes have fewer."""

KEPT_IN = HEADINGS | {"li", "td", "th", "dd", "dt", "pre", "blockquote"}
"""Elements whose lines need no mark, unless the last sentence stands in the same one."""

SIGNED = 16
"""Code points of a line that is a day: who signed stands above it."""

MONTH = re.compile(
    r"(?:(?:19|20)\d\d|[一二][〇○零一二三四五六七八九]{3})年(?:\d{1,2}|[一二三四五六七八九十]{1,2})月"
)
"""The same without a day: 二〇一六年九月."""

GREETING = ("：", ":")
"""How the first line of a letter ends, whose last is who wrote it."""

CLAUSE = re.compile(r"\S{0,30}[，,]")
CLAUSES = 2
"""Lines of a tail that may be of the article for a comma in them: more are titles of other articles."""

OWN = either_script(
    r"(?:附[件录表图:：]|抄[送报]|此致|敬礼|注[:：]|[\u4e00-\u9fffA-Za-z]{2,8}\s?[:：]\s?\S)|[—–]{1,2}[^—–]+$|[^\u3400-\u9fff]*$"
)
"""How a line begins that is the article's own: enclosures, labels with a value, a dash, no Han at all."""


def below_sentences(layout: Layout, kept: Sequence[int]) -> list[int]:
    """Those of the kept lines of a body, in page order, that stand below its last sentence and are none."""
    texts = [layout.lines[i].text for i in kept]
    marked = [text[-1] in MARKS for text in texts]
    above = len(texts) - next((n for n, is_marked in enumerate(reversed(marked)) if is_marked), len(texts))
    tail = list(kept[above:])
    headings = sum(layout.boxes[layout.lines[i].box].tag in HEADINGS for i in kept[:above])
    if not 0 < len(tail) <= MOST or sum(marked) < max(SENTENCES, SHARE * (above - headings)):
        return []
    shared = set(layout.up(layout.lines[kept[above - 1]].box))
    is_own = any(
        len(layout.lines[i].text) > LONGEST
        or OWN.match(layout.lines[i].text)
        or (len(tail) <= CLAUSES and CLAUSE.match(layout.lines[i].text))
        or any(
            layout.boxes[box].tag in KEPT_IN for box in layout.up(layout.lines[i].box) if box not in shared
        )
        for i in tail
    )
    last = texts[-1]
    is_day = len(last) <= SIGNED and (find_day(last) is not None or MONTH.fullmatch(last) is not None)
    is_signed = texts[0].endswith(GREETING) or is_day
    return [] if is_own or is_signed else tail
