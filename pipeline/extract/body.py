"""The article's text: the lines of its element, less what is not the article, checked by trafilatura.

trafilatura enters the project only here, and only with text of the chosen element.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import trafilatura

from pipeline.extract.boilerplate import judge, trim
from pipeline.extract.container import Weights
from pipeline.extract.layout import SPACE, Layout, Line
from pipeline.extract.names import kinds
from pipeline.extract.title import letters

HOLDS = 0.35
"""An element with this share of the body's weight is the article, whatever its name or style says."""

HEAD_LINE = 80
"""Code points of the longest line that an element named as header line may take out."""

SHORT = 80
"""Han characters below which the container's reading is doubted and trafilatura is asked."""

CAPTION = re.compile(
    r"^[（(【\[]?(?:[▲▼△▽↑↓◀◆]|图为|圖為|图注|圖註|图说|圖說|图[:：|｜]|图\d{1,2}[:：.、 ]|圖[:：/／]|资料图|資料圖|图集|"
    r"封面圖|封面图|示意图|示意圖|网络图|配图|題圖|题图|航拍图|效果图|图源|图片说明|圖片說明)|"
    r"(?:(?<![拍])摄|攝|供图|供圖|截图|截圖|资料图片?|資料照片?|資料圖片?|資料照|视频截图|图片社|圖片社|视觉中国|視覺中國|"
    r"IC photo|东方IC|圖／.{1,12}|图/.{1,12}|（圖：.{1,14}|翻攝.{0,16}|提供|設計對白)[）)】\]。]?$"
)
BULLETED = "●►▶★◎☆■◆▸➤→»"
"""A line that begins so and holds a link is a teaser of another article."""

TEASER = 6
"""Code points of the shortest linked bracket that is a teaser and not a reference."""

ADVERTISEMENT = re.compile(r"广告|廣告|推广|推廣|AD|赞助|贊助|Sponsored")
"""As the whole text of a line's first element: a label on the line, not a word of it."""

ADVERTISEMENT_LINE = 90

CAPTION_LONGEST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one element yields."""

    text: str
    captions: tuple[str, ...]
    method: str
    rules: tuple[tuple[int, str], ...]
    """(line index, rule that removed it) for the lines of the element."""
    start: int
    """Index of the element's first line."""
    stop: int
    """One past its last line."""
    kept: tuple[int, ...]
    """Indexes of the lines that stayed, in order."""


def read_body(layout: Layout, weights: Weights, box: int, title: str | None = None) -> Reading:
    """The body inside one element, with the rule that removed each line that is not in it."""
    span = range(layout.boxes[box].first, layout.boxes[box].last)
    removed: dict[int, str] = {}
    whole = sum(weights.plain[i] for i in span) or 1.0
    by_box: dict[int, str | None] = {}
    for index in span:
        rule = _by_element(layout, weights, index, box, whole, by_box) or _by_shape(layout, index)
        if rule:
            removed[index] = rule
    left = [i for i in span if i not in removed]
    verdicts = judge([layout.lines[i].text for i in left], [weights.plain[i] for i in left])
    removed.update({i: rule for i, rule in zip(left, verdicts) if rule})
    _repeated_title(layout, left, removed, title)
    kept = [i for i in span if i not in removed]
    captions = tuple(layout.lines[i].text for i in span if removed.get(i) == "caption")
    return Reading(
        text=text_of(layout, kept),
        captions=captions,
        method="container",
        rules=tuple(sorted(removed.items())),
        start=span.start,
        stop=span.stop,
        kept=tuple(kept),
    )


def text_of(layout: Layout, kept: Sequence[int]) -> str:
    """The text of kept lines, one line a paragraph, without credits and teasers glued to their ends."""
    return "\n".join(trim([_without_teaser(layout.lines[i]) for i in kept]))


def _without_teaser(line: Line) -> str:
    """The line without a last bracket that is one link: （相關報導的標題）."""
    if not line.linked or line.text[-1] not in "）)":
        return line.text
    opening = max(line.text.rfind("（"), line.text.rfind("("))
    inside = line.text[opening + 1 : -1].strip()
    if (
        opening > 0
        and len(inside) >= TEASER
        and any(p.href and SPACE.sub(" ", p.text).strip() == inside for p in line.pieces)
    ):
        return line.text[:opening].rstrip()
    return line.text


def _by_element(
    layout: Layout, weights: Weights, index: int, container: int, whole: float, known: dict[int, str | None]
) -> str | None:
    """The rule by which an element between the line and the container takes the line out."""
    line = layout.lines[index]
    inside = {piece.box for piece in line.pieces if piece.text.strip()}
    start = inside.pop() if len(inside) == 1 and not line.preformatted else line.box
    chain = []
    box = start
    while box != container and box >= 0 and box not in known:
        chain.append(box)
        box = layout.boxes[box].parent
    rule = known.get(box) if box != container else None
    for box in reversed(chain):
        rule = rule or _element_rule(layout, weights, box, whole)
        known[box] = rule
    if rule == "head" and len(line.text) > HEAD_LINE:
        return None
    return rule


def _element_rule(layout: Layout, weights: Weights, index: int, whole: float) -> str | None:
    box = layout.boxes[index]
    holds = sum(weights.plain[box.first : box.last]) >= HOLDS * whole
    if box.tag == "figcaption" or (box.tag == "caption" and not holds):
        return "caption"
    if holds:
        return None
    said = kinds(box.names)
    if box.hidden:
        return "hidden"
    if "caption" in said:
        return "caption"
    if "junk" in said or box.tag in ("nav", "footer", "aside", "form"):
        return "junk"
    if "head" in said and "body" not in said:
        return "head"
    return None


def _by_shape(layout: Layout, index: int) -> str | None:
    """Link lines and captions, by how they look."""
    line = layout.lines[index]
    length = len(line.text)
    label = next(piece.text.strip() for piece in line.pieces if piece.text.strip())
    if length < ADVERTISEMENT_LINE and len(line.pieces) > 1 and ADVERTISEMENT.fullmatch(label):
        return "advertisement"
    if line.linked and line.text[0] in BULLETED and "。" not in line.text:
        return "links"
    if line.linked * 2 > length and (length < 60 and not line.text.endswith(("。", "！", "？"))):
        return "links"
    if (
        length <= CAPTION_LONGEST
        and CAPTION.search(line.text)
        and (line.after_image or line.text[0] in "▲▼△▽↑↓")
    ):
        return "caption"
    return None


def _repeated_title(layout: Layout, left: list[int], removed: dict[int, str], title: str | None) -> None:
    for index in [i for i in left if i not in removed][:3]:
        if title and letters(layout.lines[index].text) == letters(title):
            removed[index] = "title"


def ask_trafilatura(html: str) -> str:
    """trafilatura's reading of an element or a page, '' where it finds nothing or fails."""
    try:
        found = trafilatura.extract(html, include_comments=False, include_tables=True, with_metadata=False)
    except Exception:  # lxml and trafilatura raise many kinds on hostile markup; the result is the same
        return ""
    return found or ""
