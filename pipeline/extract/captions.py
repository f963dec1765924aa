"""Captions that no element names as such: told by their form below a picture, or by their place on the page.

In place a caption and a heading look alike: a short line without an end, below a picture and between paragraphs. So a
place tells only where the markup does (it is centred, and the text is not), or where the page shows both: most
pictures among its paragraphs have such a line, and its headings stand elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise

from pipeline.extract.layout import HEADINGS, Layout, Line
from pipeline.extract.looks import CAPTION
from pipeline.extract.variants import either_script
from pipeline.extract.weights import Weights
from pipeline.rules.han import IDEOGRAPHS

LONGEST = 60
"""Code points of the longest line that a place makes a caption."""

CREDIT_LONGEST = 40
"""The same of a line below a caption that says whose the picture is."""

PICTURES, SHARE = 2, 2 / 3
"""At least so many pictures among the paragraphs have such a line, and this share of them."""

FORM = (
    either_script(
        r"[（(](?:前排|后排|前|后)?(?:左|右|中|居中|中间|左[一二三四1-4]|右[一二三四1-4]|[左右]起)[)）]"
        r"|[（(](?:图片|照片|资料|图)?(?:来源|提供)[:：/／].{1,24}[)）]$"
        r"|(?:视觉中国|东方IC|受访者|网络)\s?(?:资料|供图|图片)$"
        r"|\s(?:图[/／]?文|文[/／]?图|图片?来源[:：].{1,20})$"
    ),
    re.compile(r"[\s/／|（(](?:Getty ?Images|Reuters|AFP|AP|Unsplash|Pexels|Pixabay)[)）]?$", re.I),
    re.compile(r"[（(][^（）()]{2,40}[)）]"),
)
"""What a line below a picture has that is its caption: who stands where, whose picture it is; the last as a whole."""

CREDIT = either_script(r"[（(]?(?:图片|照片|供图|摄影|拍摄|图)(?:来源|提供|作者|者)?[:：/／丨|]\s?.{1,24}")
"""A whole line below a caption that says whose the picture is."""

NUMBER = re.compile(r"[\d０-９一二三四五六七八九十]{1,3}[、.．:： ]|[\d０-９]{1,8}$|第.{1,3}[章节節部]")
"""How a heading begins that is no caption."""

HAN = re.compile(f"[{IDEOGRAPHS}]")

ENDS = "。！？!?…；;”』」：:，,"


def captions(
    layout: Layout, weights: Weights, span: Sequence[int], removed: Mapping[int, str]
) -> dict[int, str]:
    """Line → the rule by which it is a caption, of a body's lines that stand; `removed`: line → why it went before."""
    left = [i for i in span if i not in removed]
    found = dict.fromkeys((i for i in left if _has_form(layout.lines[i])), "caption")
    found |= dict.fromkeys(_by_place(layout, weights, left, found), "caption_place")
    known = {*removed, *found}
    for before, index in pairwise(span):
        is_below = before in found or removed.get(before) == "caption"
        if is_below and index not in known and _is_credit(layout.lines[index]):
            found[index] = "caption"
    return found


def _has_form(line: Line) -> bool:
    text = line.text
    if not line.after_image or len(text) > LONGEST or line.linked:
        return False
    *inside, whole = FORM
    return any(form.search(text) for form in inside) or whole.fullmatch(text) is not None


def _is_credit(line: Line) -> bool:
    text = line.text
    if len(text) > CREDIT_LONGEST:
        return False
    return CREDIT.fullmatch(text) is not None or CAPTION.search(text) is not None


def _by_place(layout: Layout, weights: Weights, left: Sequence[int], known: Collection[int]) -> Iterator[int]:
    """The short lines between paragraphs, each right below a picture, that markup or the rest of the page tells."""
    among = [n for n in range(1, len(left) - 1) if layout.lines[left[n]].after_image]
    if any(_is_short(layout.lines[left[n]]) and layout.lines[left[n + 1]].after_image for n in among):
        return  # pictures in a row, each with its line: there the lines are the article
    pictured = [n for n in among if _is_prose(weights, left, n - 1)]
    fitting = [n for n in pictured if left[n] not in known and _fits(layout, weights, left, n)]
    centred = [n for n in fitting if _is_centred(layout, left[n]) and not _is_centred(layout, left[n + 1])]
    yield from (left[n] for n in centred)
    have = len(fitting) + sum(left[n] in known for n in pictured)
    if have < max(PICTURES, SHARE * len(pictured)):
        return
    if any(
        _is_short(layout.lines[i]) and not layout.lines[i].after_image and not weights.plain[i]
        for i in left[1:]
    ):
        yield from (left[n] for n in fitting if n not in centred)


def _fits(layout: Layout, weights: Weights, left: Sequence[int], n: int) -> bool:
    line = layout.lines[left[n]]
    return (
        _is_short(line)
        and not weights.plain[left[n]]
        and layout.boxes[line.box].tag not in (*HEADINGS, "li", "td", "th", "blockquote", "pre")
        and not layout.lines[left[n + 1]].after_image
        and _is_prose(weights, left, n + 1)
    )


def _is_short(line: Line) -> bool:
    text = line.text
    return (
        len(text) <= LONGEST
        and not line.linked
        and text[-1] not in ENDS
        and HAN.search(text) is not None
        and NUMBER.match(text) is None
    )


def _is_prose(weights: Weights, left: Sequence[int], n: int) -> bool:
    return weights.plain[left[n]] > 0


def _is_centred(layout: Layout, index: int) -> bool:
    return any(layout.boxes[box].centred for box in layout.up(layout.lines[index].box, 2))
